import { SCHEDULERS } from "../../components/schedulers";
import { texts } from "../../texts";
import type { Model, Wish } from "./wish";

const words = texts.generate;
type Metadata = Record<string, unknown>;
interface Named {
  key?: string;
  name?: string;
}

/** Return the wish that a picture's metadata tells of, and in words what could not be taken over. */
export function recalled(
  metadata: Metadata,
  models: Model[],
  before: Wish,
): { wish: Wish; missing: string[] } {
  const missing: string[] = [];
  const known = (value: unknown): Model | undefined => {
    const { key, name } = (value ?? {}) as Named;
    return models.find((each) => each.key === key) ?? models.find((each) => each.name === name);
  };
  const number = (key: string) => (typeof metadata[key] === "number" ? (metadata[key] as number) : null);
  const text = (key: string) => (typeof metadata[key] === "string" ? (metadata[key] as string) : "");
  const label = (value: unknown) => ((value ?? {}) as Named).name ?? ((value ?? {}) as Named).key ?? "?";

  const model = known(metadata["model"]);
  if (metadata["model"] && !model) missing.push(words.missingModel(label(metadata["model"])));
  const loras: Wish["loras"] = [];
  for (const each of Array.isArray(metadata["loras"]) ? metadata["loras"] : []) {
    const { model: named, weight } = each as { model?: Named; weight?: number };
    const lora = known(named);
    if (lora) loras.push({ model: lora.key, weight: weight ?? 1 });
    else missing.push(words.missingLora(label(named)));
  }
  for (const [key, kind] of Object.entries(words.notTaken)) {
    const used = metadata[key];
    if (Array.isArray(used) ? used.length > 0 : used) missing.push(kind);
  }
  const scheduler = SCHEDULERS.find((each) => each === metadata["scheduler"]) ?? null;
  const start = text("init_image");
  return {
    wish: {
      ...before,
      prompt: text("positive_prompt"),
      negativePrompt: text("negative_prompt"),
      model: model?.key ?? before.model,
      width: number("width"),
      height: number("height"),
      steps: number("steps"),
      guidance: number("cfg_scale"),
      scheduler,
      seed: number("seed"),
      loras,
      start: start ? { name: start, strength: number("strength") ?? 0.75, mask: text("mask_image") || null } : null,
      count: 1,
    },
    missing,
  };
}
