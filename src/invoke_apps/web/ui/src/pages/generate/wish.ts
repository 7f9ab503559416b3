import type { Schemas } from "../../api/client";
import type { Scheduler } from "../../components/schedulers";
import { texts } from "../../texts";

const words = texts.generate;

export type Model = Schemas["ModelView"];

/** A model that follows a picture: a ControlNet or an IP-Adapter. */
export interface Guide {
  model: string;
  image: string | null; // null: not chosen yet
  weight: number;
}

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
  controlnets: Guide[];
  ipAdapters: Guide[];
  embeddings: string[];
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
  controlnets: [],
  ipAdapters: [],
  embeddings: [],
  start: null,
  count: 1,
  board: null,
  isFirst: false,
};

/** What becomes of a form: some fields' new values, or how these come of the values it has. */
export type Change = Partial<Wish> | ((wish: Wish) => Partial<Wish>);

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

/** Return how a prompt names an embedding. */
export function tokenOf(embedding: string): string {
  return `<${embedding}>`;
}

/** Return what is still to be chosen, by the name of its field. */
export function lackingOf(wish: Wish): Record<string, string> {
  const lacking: Record<string, string> = {};
  if (wish.controlnets.some((each) => each.image === null)) lacking["controlnets"] = words.lacksPicture;
  if (wish.ipAdapters.some((each) => each.image === null)) lacking["ip_adapters"] = words.lacksPicture;
  return lacking;
}

function guidesOf(guides: Guide[]): Schemas["GuideBody"][] {
  return guides.map(({ model, image, weight }) => ({ model, image_name: image ?? "", weight }));
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
        controlnets: guidesOf(wish.controlnets),
        ip_adapters: guidesOf(wish.ipAdapters),
        embeddings: wish.embeddings,
      },
      runs: wish.count,
      origin: "interface",
    },
    prepend: wish.isFirst,
  };
}
