import { useEffect } from "react";

import { BASE } from "../api/client";
import { texts } from "../texts";
import { queries } from "./queries";
import { useSession } from "./session";

type Body = Record<string, unknown>;
type Hear = (body: Body) => void;

const hearers = new Map<string, Set<Hear>>();

/** What is read anew when something happened, by the first word of its key. */
const CHANGES: Record<string, string[]> = {
  queue_item_status_changed: ["queue"],
  batch_enqueued: ["queue"],
  queue_counts: ["queue-status"],
  board_changed: ["boards", "board"],
  image_created: ["images", "boards"],
  image_changed: ["images", "boards"],
  image_deleted: ["images", "boards", "bin"],
  model_install_progress: ["models"],
};

/** Hear events of one name while a component is there. */
export function useEvent(name: string, hear: Hear): void {
  useEffect(() => {
    const of = hearers.get(name) ?? new Set();
    hearers.set(name, of);
    of.add(hear);
    return () => {
      of.delete(hear);
    };
  }, [name, hear]);
}

/** Listen to the server while somebody is signed in; the browser comes back after every break. */
export function useEventStream(): void {
  const session = useSession();
  const isHeld = session.mustEnroll || session.me?.must_change_password;
  const id = isHeld ? null : (session.me?.user_id ?? null);
  useEffect(() => {
    if (id === null) return undefined;
    let stream: EventSource | null = null;
    let timer = 0;
    let isOver = false;
    let wait = 500;
    let wasOpen = false;
    const due = new Set<string>();

    const invalidate = (words: string[]) => {
      for (const word of words) due.add(word);
      if (timer !== 0) return; // many changes at once are one reading
      timer = window.setTimeout(() => {
        timer = 0;
        for (const word of due) void queries.invalidateQueries({ queryKey: [word] });
        due.clear();
      }, 150);
    };
    const over = () => {
      isOver = true;
      stream?.close();
      session.ended(texts.account.deactivated);
    };
    const open = () => {
      if (isOver) return;
      stream = new EventSource(`${BASE}api/v1/queue/default/events`);
      stream.onopen = () => {
        wait = 500;
        // Before its first event a stream has no place to go on from: what came meanwhile was missed.
        if (wasOpen) void queries.invalidateQueries();
        wasOpen = true;
      };
      for (const name of Object.keys(CHANGES)) {
        stream.addEventListener(name, (event) => {
          invalidate(CHANGES[name] ?? []);
          say(name, event);
        });
      }
      stream.addEventListener("invocation_progress", (event) => say("invocation_progress", event));
      stream.addEventListener("resync", () => void queries.invalidateQueries());
      stream.addEventListener("session_ended", over);
      stream.onerror = () => {
        if (stream?.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
        window.setTimeout(async () => {
          const answer = await fetch("api/v1/auth/me", { headers: { "X-Background": "1" } }).catch(() => null);
          if (answer?.status === 401 || answer?.status === 403) over();
          else open();
        }, wait);
        wait = Math.min(wait * 2, 5000);
      };
    };
    const say = (name: string, event: Event) => {
      const of = hearers.get(name);
      if (!of?.size || !(event instanceof MessageEvent)) return;
      const body = JSON.parse(event.data) as Body;
      for (const hear of of) hear(body);
    };
    open();
    return () => {
      isOver = true;
      window.clearTimeout(timer);
      stream?.close();
    };
  }, [id]);
}
