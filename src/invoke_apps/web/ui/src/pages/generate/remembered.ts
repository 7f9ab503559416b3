import { useDebouncedCallback } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";

import { api, BACKGROUND, data } from "../../api/client";
import { queries } from "../../app/queries";
import { type Change, EMPTY, type Wish } from "./wish";

const KEY = "interface.generate";
const params = { path: { queue_id: "default" }, query: { key: KEY } };

/** Return the form as the person left it, on whichever device, and how it is changed and kept. */
export function useRemembered(): [Wish | null, (change: Change) => void] {
  const [wish, setWish] = useState<Wish | null>(null);
  const latest = useRef<Wish>(EMPTY); // two changes within one rendering both count
  const kept = useQuery({
    queryKey: ["client-state", KEY],
    queryFn: async () => {
      const text = await data(api.GET("/api/v1/client_state/{queue_id}/get_by_key", { params }));
      return { wish: read(text) };
    },
  });
  useEffect(() => {
    if (wish || kept.isPending) return;
    latest.current = kept.data?.wish ?? EMPTY;
    setWish(latest.current);
  }, [wish, kept.data, kept.isPending]);

  const leaving = useRef(false);
  const keep = useDebouncedCallback(
    (next: Wish) => {
      queries.setQueryData(["client-state", KEY], { wish: next });
      // What is typed is worth more than a refusal to remember it.
      void api
        .POST("/api/v1/client_state/{queue_id}/set_by_key", {
          params,
          body: JSON.stringify(next),
          keepalive: leaving.current, // such a request outlives its page; it may have 64 kB at most
          ...BACKGROUND,
        })
        .catch(() => undefined);
    },
    { delay: 600, flushOnUnmount: true },
  );
  useEffect(() => {
    const leave = () => {
      leaving.current = true;
      keep.flush();
      leaving.current = false;
    };
    window.addEventListener("pagehide", leave);
    return () => window.removeEventListener("pagehide", leave);
  }, [keep]);
  // It stays the same function, so that what does not show a change need not be rendered for it.
  const change = useCallback(
    (part: Change) => {
      const parts = typeof part === "function" ? part(latest.current) : part;
      latest.current = { ...latest.current, ...parts };
      setWish(latest.current);
      keep(latest.current);
    },
    [keep],
  );
  return [wish, change];
}

function read(text: string | null): Wish {
  if (!text) return EMPTY;
  try {
    const wish = { ...EMPTY, ...(JSON.parse(text) as Partial<Wish>) };
    return wish.start ? { ...wish, start: { ...wish.start, mask: wish.start.mask ?? null } } : wish;
  } catch {
    return EMPTY; // another program's, under our key
  }
}
