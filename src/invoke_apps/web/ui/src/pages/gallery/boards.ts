import { useQuery } from "@tanstack/react-query";

import { api, BACKGROUND, data, type Schemas } from "../../api/client";

export type Board = Schemas["BoardView"];

/** All boards that one sees, to name them and to move pictures there. */
export function useBoards(isWanted = true) {
  return useQuery({
    queryKey: ["boards", "all-of-them"],
    enabled: isWanted,
    queryFn: async (): Promise<Board[]> => {
      const answer = await data(api.GET("/api/v1/boards", { params: { query: { all: true } }, ...BACKGROUND }));
      return Array.isArray(answer) ? answer : answer.items;
    },
  });
}
