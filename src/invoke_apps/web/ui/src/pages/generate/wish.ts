import type { Schemas } from "../../api/client";
import { SCHEDULERS, type Scheduler } from "../../components/schedulers";
import { texts } from "../../texts";

const words = texts.generate;

export type Model = Schemas["ModelView"];

/** What the form holds; null: the model's default settings decide. */
export interface Wish {
  prompt: string;
  negativePrompt: string;
  model: string | null;
  width: number | null;
  height: number | null;
  steps: number | null;
  guidance: number | null;
  scheduler: Scheduler | null;
  seed: number | null; // null: another one each time
  loras: { model: string; weight: number }[];
  start: { name: string; strength: number } | null;
  count: number;
  board: string | null;
  isFirst: boolean;
}

export const EMPTY: Wish = {
  prompt: "",
  negativePrompt: "",
  model: null,
  width: null,
  height: null,
  steps: null,
  guidance: null,
  scheduler: null,
  seed: null,
  loras: [],
  start: null,
  count: 1,
  board: null,
  isFirst: false,
};

export const RATIOS: Record<string, number> = {
  "1:1": 1, "4:3": 4 / 3, "3:4": 3 / 4, "3:2": 3 / 2, "2:3": 2 / 3, "16:9": 16 / 9, "9:16": 9 / 16,
};
export const DIMENSION_STEP = 8;

/** Return the side in pixels as models take it. */
function rounded(pixels: number): number {
  return Math.max(16, Math.round(pixels / DIMENSION_STEP) * DIMENSION_STEP);
}

/** Return a size of this ratio with about as many pixels as another has. */
export function sized(ratio: number, pixels: number): { width: number; height: number } {
  const height = Math.sqrt(pixels / ratio);
  return { width: rounded(height * ratio), height: rounded(height) };
}

/** Return the name of the ratio of a size; null: it has none. */
export function ratioOf(width: number, height: number): string | null {
  const found = Object.entries(RATIOS).find(([, ratio]) => {
    const meant = sized(ratio, width * height);
    return meant.width === width && meant.height === height;
  });
  return found?.[0] ?? null;
}

/** Return what the server is asked. */
export function bodyOf(wish: Wish, model: string): Schemas["EnqueueBody"] {
  return {
    batch: {
      generation: {
        model,
        prompt: wish.prompt,
        negative_prompt: wish.negativePrompt,
        width: wish.width,
        height: wish.height,
        steps: wish.steps,
        cfg_scale: wish.guidance,
        scheduler: wish.scheduler,
        seed: wish.seed,
        board_id: wish.board,
        init_image: wish.start && { image_name: wish.start.name, strength: wish.start.strength },
        loras: wish.loras,
      },
      runs: wish.count,
      origin: "interface",
    },
    prepend: wish.isFirst,
  };
}

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
      start: start ? { name: start, strength: number("strength") ?? 0.75 } : null,
      count: 1,
    },
    missing,
  };
}
