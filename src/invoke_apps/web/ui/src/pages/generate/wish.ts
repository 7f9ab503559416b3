import type { Schemas } from "../../api/client";
import type { Scheduler } from "../../components/schedulers";

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
  start: { name: string; strength: number; mask: string | null } | null; // the mask: another picture's name
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
        mask_image_name: wish.start?.mask ?? null,
        loras: wish.loras,
      },
      runs: wish.count,
      origin: "interface",
    },
    prepend: wish.isFirst,
  };
}
