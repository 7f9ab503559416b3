import { queryOptions } from "@tanstack/react-query";

import { api, BACKGROUND, data, type Schemas } from "./client";

/** What several pages ask for: one key each, so that they share the answer. */

export type Board = Schemas["BoardView"];
export type Model = Schemas["ModelView"];

export const QUEUE = { queue_id: "default" } as const;

/** All boards that one may see, archived ones too, the newest first. */
export const allBoards = queryOptions({
  queryKey: ["boards", "all"],
  queryFn: async (): Promise<Board[]> => {
    const params = { query: { all: true, archived: true } };
    const found = await data(api.GET("/api/v1/boards", { params, ...BACKGROUND }));
    return Array.isArray(found) ? found : found.items;
  },
});

/** Whether one may put pictures on a board. */
export function isOpenTo(board: Board): boolean {
  return board.permission !== "read" && !board.archived;
}

export const allModels = queryOptions({
  queryKey: ["models", "list"],
  queryFn: async (): Promise<Model[]> => (await data(api.GET("/api/v2/models"))).models,
});

/** How many jobs stand where, and whether the queue is paused. */
export const queueStatus = queryOptions({
  queryKey: ["queue-status"],
  queryFn: () => data(api.GET("/api/v1/queue/{queue_id}/status", { params: { path: QUEUE }, ...BACKGROUND })),
});
