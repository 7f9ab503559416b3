import { useSyncExternalStore } from "react";

import { BASE, csrfToken } from "../../api/client";
import { queries } from "../../app/queries";
import { texts } from "../../texts";
import { gallery as galleryTexts } from "../../texts/gallery";

/** A file on its way to the server. */
export interface Upload {
  id: number;
  file: string;
  state: "waiting" | "sending" | "done" | "refused";
  /** Per cent of the bytes that were sent. */
  progress: number;
  said: string;
}

const AT_ONCE = 2;

// Outside of the page: uploads go on while one looks at another.
let uploads: readonly Upload[] = [];
let nextId = 1;
let sending = 0;
const waiting: { id: number; file: File; board: string | null }[] = [];
const listeners = new Set<() => void>();

function set(next: readonly Upload[]): void {
  uploads = next;
  for (const listener of listeners) listener();
}

function change(id: number, to: Partial<Upload>): void {
  set(uploads.map((upload) => (upload.id === id ? { ...upload, ...to } : upload)));
}

function refusal(answer: XMLHttpRequest): string {
  try {
    const body = JSON.parse(answer.responseText) as { detail?: string; title?: string };
    return body.detail ?? body.title ?? texts.common.failed;
  } catch {
    return texts.common.failed; // a proxy's page, say
  }
}

function send({ id, file, board }: (typeof waiting)[number]): Promise<void> {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest(); // fetch tells no progress of what it sends
    const query = new URLSearchParams({ image_category: "user", ...(board && { board_id: board }) });
    request.open("POST", `${BASE}api/v1/images/upload?${query}`);
    const token = csrfToken();
    if (token) request.setRequestHeader("X-CSRF-Token", token);
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) change(id, { progress: Math.floor((100 * event.loaded) / event.total) });
    };
    request.onload = () => {
      if (request.status === 201) change(id, { state: "done", progress: 100, said: galleryTexts.uploaded });
      else change(id, { state: "refused", said: refusal(request) });
      resolve();
    };
    request.onerror = () => {
      change(id, { state: "refused", said: texts.common.failed });
      resolve();
    };
    const form = new FormData();
    form.append("file", file);
    change(id, { state: "sending" });
    request.send(form);
  });
}

async function work(): Promise<void> {
  if (sending >= AT_ONCE) return;
  sending += 1;
  for (let next = waiting.shift(); next; next = waiting.shift()) await send(next);
  sending -= 1;
  if (sending === 0) {
    for (const area of ["images", "boards"]) void queries.invalidateQueries({ queryKey: [area] });
  }
}

/** Send files to a board; null or "none": to none. */
export function upload(files: Iterable<File>, board: string | null): void {
  const added: Upload[] = [];
  for (const file of files) {
    added.push({ id: nextId, file: file.name, state: "waiting", progress: 0, said: galleryTexts.waiting });
    waiting.push({ id: nextId, file, board });
    nextId += 1;
  }
  set([...uploads, ...added]);
  for (let n = 0; n < AT_ONCE; n += 1) void work();
}

/** Forget the uploads that are over. */
export function forgetUploads(): void {
  set(uploads.filter((each) => each.state === "waiting" || each.state === "sending"));
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useUploads(): readonly Upload[] {
  return useSyncExternalStore(subscribe, () => uploads);
}
