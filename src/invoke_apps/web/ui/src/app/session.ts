import { queryOptions, useQuery } from "@tanstack/react-query";

import { api, BACKGROUND, data, onSignedOut, Problem, type Schemas } from "../api/client";
import { queryClient } from "./client";

export type Me = Schemas["UserView"];

export const statusQuery = queryOptions({
  queryKey: ["status"],
  queryFn: () => data(api.GET("/api/v1/auth/status", BACKGROUND)),
  staleTime: 5_000,
});

/** Who is signed in; null: nobody. */
export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: async (): Promise<Me | null> => {
    try {
      return (await data(api.GET("/api/v1/auth/me", BACKGROUND))) ?? null;
    } catch (error) {
      if (error instanceof Problem && error.status === 401) return null;
      throw error;
    }
  },
  staleTime: 30_000,
});

/** Only below the gate, which lets nobody through who is not signed in. */
export function useMe(): Me {
  const { data: me } = useQuery(meQuery);
  if (!me) throw new Error("Nobody is signed in.");
  return me;
}

let reason = "";

/** Why this page is not signed in any more; empty: it never was, or its person left. */
export function endedReason(): string {
  return reason;
}

/** Forget all that was seen, and show the sign-in in place: the address stays where one was. */
export function signedOut(why: string): void {
  const wasIn = Boolean(queryClient.getQueryData(meQuery.queryKey));
  if (wasIn) reason = why;
  queryClient.setQueryData(meQuery.queryKey, null);
  queryClient.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "me" && queryKey[0] !== "status" });
  void queryClient.invalidateQueries({ queryKey: ["status"] });
}

export function signedIn(me: Me): void {
  reason = "";
  queryClient.setQueryData(meQuery.queryKey, me);
}

onSignedOut((problem) => signedOut(problem.message));
