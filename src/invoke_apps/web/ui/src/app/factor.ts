import { onRefused } from "../api/client";

let needed = false;
const listeners = new Set<() => void>();

/** Whether the server refuses everything until a second factor is set up. */
export const needsFactor = () => needed;

export function onNeedsFactor(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function setNeedsFactor(value: boolean): void {
  needed = value;
  for (const listener of listeners) listener();
}

onRefused((problem) => {
  if (problem.slug === "second-factor-setup-required") setNeedsFactor(true);
});
