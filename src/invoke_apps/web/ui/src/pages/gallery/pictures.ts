import { skipToken, useQuery } from "@tanstack/react-query";

import { api, BACKGROUND, data, type Schemas } from "../../api/client";
import { queries } from "../../app/queries";
import { time } from "../../components/format";
import { gallery as galleryTexts } from "../../texts/gallery";
import { type Filter, parameters } from "./filter";

export type Picture = Schemas["ImageView"];

/** The server takes so many names in one call. */
export const MOST_NAMES = 1000;

export interface Names {
  names: string[];
  isLowerBound: boolean;
}

/** The names of all pictures that match, in order: what a picture is, is asked for when it comes into sight. */
export function useNames(filter: Filter) {
  const queryKey = ["images", "names", filter];
  return useQuery({
    queryKey,
    structuralSharing: false, // a hundred thousand names are compared in vain
    placeholderData: (last: Names | undefined, query) => {
      const of = query?.queryKey[2] as Filter | undefined;
      return of?.board === filter.board && of.scope === filter.scope ? last : undefined;
    },
    queryFn: async ({ signal }): Promise<Names> => {
      const isReread = queries.getQueryData(queryKey) !== undefined;
      const found = await data(
        api.GET("/api/v1/images/names", {
          params: { query: parameters(filter) },
          signal,
          ...(isReread && BACKGROUND),
        }),
      );
      const names = filter.isStarred ? found.image_names.slice(0, found.starred_count) : found.image_names;
      return { names, isLowerBound: found.total_is_lower_bound };
    },
  });
}

interface Wish {
  name: string;
  signal: AbortSignal;
  resolve(picture: Picture | null): void;
  reject(error: unknown): void;
}

let wishes: Wish[] = [];

async function fetchWished(): Promise<void> {
  const due = wishes.filter((wish) => !wish.signal.aborted);
  wishes = [];
  for (let at = 0; at < due.length; at += MOST_NAMES) {
    const part = due.slice(at, at + MOST_NAMES);
    try {
      const image_names = [...new Set(part.map((wish) => wish.name))];
      const found = await data(api.POST("/api/v1/images/images_by_names", { body: { image_names }, ...BACKGROUND }));
      const byName = new Map(found.map((picture) => [picture.image_name, picture]));
      for (const wish of part) wish.resolve(byName.get(wish.name) ?? null);
    } catch (error) {
      for (const wish of part) wish.reject(error);
    }
  }
}

/** Ask for one picture, in one call with all others that come into sight now; null: it is no longer there. */
function wished(name: string, signal: AbortSignal): Promise<Picture | null> {
  return new Promise((resolve, reject) => {
    // A little later: what is rendered in several parts is one call.
    if (wishes.length === 0) window.setTimeout(() => void fetchWished(), 30);
    wishes.push({ name, signal, resolve, reject });
  });
}

const keyOf = (name: string) => ["images", "one", name];

export function usePicture(name: string | null) {
  return useQuery({
    queryKey: keyOf(name ?? ""),
    queryFn: name === null ? skipToken : ({ signal }) => wished(name, signal),
    gcTime: 60_000,
  });
}

/** Return what is known of a picture by now. */
export function knownPicture(name: string): Picture | null | undefined {
  return queries.getQueryData<Picture | null>(keyOf(name));
}

/** Show at once that pictures bear the mark or do not. */
export function markStarred(names: Iterable<string>, starred: boolean): void {
  for (const name of names) {
    if (knownPicture(name)) {
      queries.setQueryData<Picture | null>(keyOf(name), (old) => (old ? { ...old, starred } : old));
    }
  }
}

/** Show at once that pictures are no longer there. */
export function leaveOut(names: readonly string[]): void {
  const gone = new Set(names);
  queries.setQueriesData<Names>({ queryKey: ["images", "names"] }, (old) =>
    old ? { ...old, names: old.names.filter((name) => !gone.has(name)) } : old,
  );
}

export function altOf(picture: Picture | null | undefined): string {
  if (!picture) return galleryTexts.notLoaded;
  const kind = picture.image_origin === "external" ? galleryTexts.uploadOf : galleryTexts.picture;
  const said = kind(time(picture.created_at), picture.width, picture.height);
  return picture.starred ? `${said}, ${galleryTexts.starredAlt}` : said;
}
