import { useEffect } from "react";

import { BASE, type Schemas } from "../api/client";
import { t } from "../texts";
import { queryClient } from "./client";
import { meQuery, signedOut } from "./session";

/** What the server says of its own accord, and which lists each makes old. */
const MAKES_OLD: Record<string, string[]> = {
  board_changed: ["boards", "images"],
  image_created: ["images", "boards"],
  image_changed: ["images"],
  image_deleted: ["images", "boards", "bin"],
  batch_enqueued: ["queue"],
  queue_item_status_changed: ["queue"],
  queue_counts: ["queue-status"],
  model_changed: ["models"],
};

export interface Progress {
  item_id: number;
  step: number;
  steps: number;
  preview: string | null;
}

export const progressKey = (item: number) => ["progress", item];
const RETRY = 1500; // ms: a restart takes longer than one try, and people wait
const GATHER = 150; // ms: a batch of pictures comes as many events, and is read once

type Listener = (name: string, body: unknown) => void;
const listeners = new Set<Listener>();

/** Be told of every event by name; returns what ends it. */
export function onEvent(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Listen for as long as the page is shown to somebody signed in; comes back after the server was away. */
export function useEventStream(): void {
  useEffect(() => {
    let source: EventSource;
    let again: number | undefined;
    let gathering: number | undefined;
    let lost = false;
    const old = new Set<string>();

    const makeOld = (names: string[]) => {
      for (const name of names) old.add(name);
      gathering ??= window.setTimeout(() => {
        gathering = undefined;
        for (const name of old) void queryClient.invalidateQueries({ queryKey: [name] });
        old.clear();
      }, GATHER);
    };
    const heard = (name: string, event: Event) => {
      const body: unknown = JSON.parse((event as MessageEvent<string>).data);
      makeOld(MAKES_OLD[name] ?? []);
      if (name === "resync") void queryClient.invalidateQueries();
      if (name === "invocation_progress") {
        const progress = body as Progress;
        queryClient.setQueryData(progressKey(progress.item_id), progress);
      }
      if (name === "queue_counts") {
        queryClient.setQueryData(["queue-status"], body as Schemas["_queue_views_StatusView"]);
      }
      for (const listener of listeners) listener(name, body);
    };
    const connect = () => {
      source = new EventSource(`${BASE}api/v1/queue/default/events`);
      for (const name of [...Object.keys(MAKES_OLD), "resync", "invocation_progress"]) {
        source.addEventListener(name, (event) => heard(name, event));
      }
      source.addEventListener("session_ended", () => {
        source.close();
        signedOut(t("account", "deactivated"));
      });
      source.onopen = () => {
        if (lost) void queryClient.invalidateQueries();
        lost = false;
      };
      source.onerror = () => {
        lost = true;
        // A browser tries again by itself unless it was refused; whether we are still signed in, `me` says.
        source.close();
        void queryClient.invalidateQueries({ queryKey: meQuery.queryKey });
        again = window.setTimeout(connect, RETRY);
      };
    };
    connect();
    return () => {
      window.clearTimeout(again);
      window.clearTimeout(gathering);
      source.close();
    };
  }, []);
}
