import { SCHEDULERS } from "../../components/schedulers";
import { texts } from "../../texts";
import type { Guide, Model, Wish } from "./wish";

const words = texts.generate;
type Metadata = Record<string, unknown>;
interface Named {
  key?: string;
  name?: string;
}

function weightOf(value: unknown): number {
  return typeof value === "number" ? value : 1;
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
  const list = (key: string) => (Array.isArray(metadata[key]) ? (metadata[key] as Metadata[]) : []);
  /** The models of a list that are here; of those that are not it is said. */
  const here = (key: string, modelOf: (entry: Metadata) => unknown) =>
    list(key).flatMap((entry) => {
      const named = modelOf(entry);
      const found = known(named);
      if (!found) missing.push(words.missingBeside(label(named)));
      return found ? [{ entry, model: found.key }] : [];
    });
  const guides = (key: string, model: string, weight: string): Guide[] =>
    here(key, (entry) => entry[model]).map(({ entry, model: found }) => {
      const { image_name: image } = (entry["image"] ?? {}) as { image_name?: string };
      return { model: found, image: image ?? null, weight: weightOf(entry[weight]) };
    });
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
      loras: here("loras", (entry) => entry["model"]).map(({ entry, model: lora }) => ({
        model: lora,
        weight: weightOf(entry["weight"]),
      })),
      controlnets: guides("controlnets", "control_model", "control_weight"),
      ipAdapters: guides("ipAdapters", "ip_adapter_model", "weight"),
      embeddings: here("embeddings", (entry) => entry).map((each) => each.model),
      start: start ? { name: start, strength: number("strength") ?? 0.75, mask: text("mask_image") || null } : null,
      count: 1,
    },
    missing,
  };
}
