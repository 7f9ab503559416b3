import { useDebouncedCallback } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { api, BACKGROUND, data } from "../../api/client";
import { queries } from "../../app/queries";
import { EMPTY, type Wish } from "./wish";

const KEY = "interface.generate";
const params = { path: { queue_id: "default" }, query: { key: KEY } };

/** Return the form as the person left it, on whichever device, and how it is changed and kept. */
export function useRemembered(): [Wish | null, (change: Partial<Wish>) => void] {
  const [wish, setWish] = useState<Wish | null>(null);
  const kept = useQuery({
    queryKey: ["client-state", KEY],
    queryFn: async () => {
      const text = await data(api.GET("/api/v1/client_state/{queue_id}/get_by_key", { params }));
      return { wish: read(text) };
    },
  });
  useEffect(() => {
    if (kept.data) setWish((now) => now ?? kept.data.wish);
    else if (kept.isError) setWish((now) => now ?? EMPTY);
  }, [kept.data, kept.isError]);

  const keep = useDebouncedCallback(
    (next: Wish) => {
      queries.setQueryData(["client-state", KEY], { wish: next });
      // What is typed is worth more than a refusal to remember it.
      void api
        .POST("/api/v1/client_state/{queue_id}/set_by_key", { params, body: JSON.stringify(next), ...BACKGROUND })
        .catch(() => undefined);
    },
    { delay: 600, flushOnUnmount: true },
  );
  const change = (part: Partial<Wish>) => {
    setWish((now) => {
      const next = { ...(now ?? EMPTY), ...part };
      keep(next);
      return next;
    });
  };
  return [wish, change];
}

function read(text: string | null): Wish {
  if (!text) return EMPTY;
  try {
    return { ...EMPTY, ...(JSON.parse(text) as Partial<Wish>) };
  } catch {
    return EMPTY; // another program's, under our key
  }
}
