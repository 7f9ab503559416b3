import { useQueries } from "@tanstack/react-query";

import { api, BACKGROUND, data } from "../../api/client";
import { admin as adminTexts } from "../../texts/admin";

/** What people are called, by id: ids of accounts that are gone stay ids. */
export function usePersonNames(ids: (string | null)[]): (userId: string) => string {
  const wanted = [...new Set(ids)].filter((id): id is string => id !== null && id !== "system");
  const found = useQueries({
    queries: wanted.map((id) => ({
      queryKey: ["person", id, "name"],
      retry: false,
      queryFn: async () =>
        (await data(api.GET("/api/v1/auth/users/{user_id}", { params: { path: { user_id: id } }, ...BACKGROUND })))
          .display_name,
    })),
    combine: (answers) => new Map(wanted.map((id, number) => [id, answers[number]?.data])),
  });
  return (userId) => (userId === "system" ? adminTexts.systemName : (found.get(userId) ?? userId));
}
