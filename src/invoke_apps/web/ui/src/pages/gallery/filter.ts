import type { Schemas } from "../../api/client";
import { endOf, startOf } from "../../components/format";

/** Which pictures are shown, and in what order. */
export interface Filter {
  /** null: no board is chosen; "none": those on no board. */
  board: string | null;
  search: string;
  scope: "own" | "visible";
  isStarred: boolean;
  category: Schemas["ImageCategory"] | null;
  model: string | null;
  person: string | null;
  /** Days as the browser writes them, 2026-03-01; both are included. */
  since: string;
  until: string;
  order: "ASC" | "DESC";
}

export const ANY: Omit<Filter, "board" | "search" | "scope"> = {
  isStarred: false,
  category: null,
  model: null,
  person: null,
  since: "",
  until: "",
  order: "DESC",
};

/** Return the parameters of the image lists that stand for a filter. */
export function parameters(filter: Filter) {
  return {
    is_intermediate: false,
    board_id: filter.board ?? undefined,
    scope: filter.board === null ? filter.scope : undefined,
    search_term: filter.search.trim() || undefined,
    starred_first: filter.isStarred || undefined,
    categories: filter.category ? [filter.category] : undefined,
    model: filter.model ?? undefined,
    user_id: filter.person ?? undefined,
    since: startOf(filter.since) ?? undefined,
    until: endOf(filter.until) ?? undefined,
    order_dir: filter.order,
  };
}

/** Return how many of the folded filters narrow the list. */
export function countOf(filter: Filter): number {
  return [filter.category, filter.model, filter.person, filter.since, filter.until].filter(Boolean).length;
}
