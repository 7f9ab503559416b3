import { useCallback, useEffect, useMemo, useRef, useState } from "react";

const NOTHING: ReadonlySet<string> = new Set();

export interface Selection {
  selected: ReadonlySet<string>;
  /** The one that the keyboard stands on. */
  active: string | null;
  activate(name: string | null): void;
  only(name: string): void;
  toggle(name: string): void;
  /** From where the selection began to here. */
  extend(name: string): void;
  all(): void;
  clear(): void;
}

/** What is selected of a list; who leaves the list is selected no longer. */
export function useSelection(names: readonly string[]): Selection {
  const [selected, setSelected] = useState(NOTHING);
  const [active, activate] = useState<string | null>(null);
  const anchor = useRef<string | null>(null);
  const list = useRef(names);
  list.current = names;

  useEffect(() => {
    setSelected((old) => {
      if (old.size === 0) return old;
      const there = new Set(names);
      const kept = [...old].filter((name) => there.has(name));
      return kept.length === old.size ? old : new Set(kept);
    });
  }, [names]);

  const only = useCallback((name: string) => {
    anchor.current = name;
    activate(name);
    setSelected(new Set([name]));
  }, []);
  const toggle = useCallback((name: string) => {
    anchor.current = name;
    activate(name);
    setSelected((old) => {
      const next = new Set(old);
      if (!next.delete(name)) next.add(name);
      return next;
    });
  }, []);
  const extend = useCallback((name: string) => {
    const to = list.current.indexOf(name);
    const began = anchor.current === null ? -1 : list.current.indexOf(anchor.current);
    const from = began < 0 ? to : began;
    if (began < 0) anchor.current = name;
    activate(name);
    setSelected(new Set(list.current.slice(Math.min(from, to), Math.max(from, to) + 1)));
  }, []);
  const all = useCallback(() => setSelected(new Set(list.current)), []);
  const clear = useCallback(() => setSelected(NOTHING), []);
  return useMemo(
    () => ({ selected, active, activate, only, toggle, extend, all, clear }),
    [selected, active, only, toggle, extend, all, clear],
  );
}
