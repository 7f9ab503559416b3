import { useCallback, useEffect, useMemo, useRef, useState } from "react";

/** The names that are selected. */
export interface Selected extends Iterable<string> {
  readonly size: number;
  has(name: string): boolean;
}

const NOTHING = new Set<string>();

/** All names of a list but some. A set of a hundred thousand takes a tenth of a second to make, this takes nothing. */
class AllBut implements Selected {
  constructor(
    private readonly list: readonly string[],
    private readonly left: ReadonlySet<string> = NOTHING,
  ) {}

  get size(): number {
    return this.list.length - this.left.size;
  }

  /** Whether a name of the list is selected. */
  has(name: string): boolean {
    return !this.left.has(name);
  }

  toggled(name: string): AllBut {
    return new AllBut(this.list, toggled(this.left, name));
  }

  *[Symbol.iterator](): Iterator<string> {
    for (const name of this.list) if (!this.left.has(name)) yield name;
  }
}

function toggled(names: Iterable<string>, name: string): Set<string> {
  const next = new Set(names);
  if (!next.delete(name)) next.add(name);
  return next;
}

export interface Selection {
  selected: Selected;
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
  const [selected, setSelected] = useState<Selected>(NOTHING);
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
    setSelected((old) => (old instanceof AllBut ? old.toggled(name) : toggled(old, name)));
  }, []);
  const extend = useCallback((name: string) => {
    const to = list.current.indexOf(name);
    const began = anchor.current === null ? -1 : list.current.indexOf(anchor.current);
    const from = began < 0 ? to : began;
    if (began < 0) anchor.current = name;
    activate(name);
    const stretch = list.current.slice(Math.min(from, to), Math.max(from, to) + 1);
    setSelected(stretch.length === list.current.length ? new AllBut(list.current) : new Set(stretch));
  }, []);
  const all = useCallback(() => setSelected(new AllBut(list.current)), []);
  const clear = useCallback(() => setSelected(NOTHING), []);
  return useMemo(
    () => ({ selected, active, activate, only, toggle, extend, all, clear }),
    [selected, active, only, toggle, extend, all, clear],
  );
}
