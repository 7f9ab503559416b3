import { useQuery } from "@tanstack/react-query";

import { api, BACKGROUND, data, type Schemas } from "../../../api/client";
import type { Board } from "../../../api/lists";
import { type Me, useMe, useSession } from "../../../app/session";

export type Level = "read" | "write" | "admin";
export type Visibility = Schemas["Visibility"];
export type Share = Schemas["boards_ShareView"];

export const LEVELS: readonly Level[] = ["read", "write", "admin"];
export const VISIBILITIES: readonly Visibility[] = ["private", "shared", "public"];
export const UNCATEGORIZED = "none";

/** What one may do with a board, as the server would decide. */
export interface Abilities {
  writes: boolean;
  manages: boolean;
  owns: boolean;
}

export function abilities(board: Board, me: Me): Abilities {
  return {
    writes: board.permission !== "read",
    manages: board.permission === "admin" || board.permission === "owner",
    owns: board.permission === "owner" || me.is_admin,
  };
}

/** Whether there are other people here to share with. */
export function useHasPeople(): boolean {
  return useSession().status.multiuser_enabled;
}

/** Why one may see a board oneself. */
export function useOwnReasons(boardId: string): Schemas["ReasonView"][] | undefined {
  const me = useMe();
  const hasPeople = useHasPeople();
  const access = useQuery({
    queryKey: ["boards", "why"],
    enabled: hasPeople,
    queryFn: () => {
      const params = { path: { user_id: me.user_id } };
      return data(api.GET("/api/v1/auth/users/{user_id}/access", { params, ...BACKGROUND }));
    },
  });
  return access.data?.boards.find((each) => each.board_id === boardId)?.reasons;
}

export function useShares(boardId: string) {
  return useQuery({
    queryKey: ["board", boardId, "shares"],
    queryFn: async () => {
      const params = { path: { board_id: boardId } };
      const found = await data(api.GET("/api/v1/boards/{board_id}/shares", { params, ...BACKGROUND }));
      return found.shares.sort((a, b) => a.display_name.localeCompare(b.display_name));
    },
  });
}

/** Give people their levels; each is named by id or by e-mail address. */
export async function shareWith(boardId: string, people: readonly Invited[]): Promise<void> {
  for (const level of LEVELS) {
    const of = people.filter((each) => each.level === level);
    if (of.length === 0) continue;
    await api.POST("/api/v1/boards/{board_id}/share", {
      params: { path: { board_id: boardId } },
      body: {
        user_ids: of.flatMap((each) => each.person.userId ?? []),
        emails: of.flatMap((each) => (each.person.userId === null ? each.person.name : [])),
        permission: level,
      },
    });
  }
}

/** Somebody who was chosen; without an id the name is an e-mail address. */
export interface Person {
  userId: string | null;
  name: string;
}

export interface Invited {
  person: Person;
  level: Level;
}
