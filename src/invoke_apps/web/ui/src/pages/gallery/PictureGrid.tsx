import "./gallery.css";

import { useElementSize, useMergedRef } from "@mantine/hooks";
import { IconCheck, IconPhotoOff, IconStarFilled } from "@tabler/icons-react";
import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import {
  type ComponentType,
  type DragEvent,
  type KeyboardEvent,
  memo,
  type MouseEvent,
  startTransition,
  useEffect,
  useRef,
  useState,
} from "react";

import { DRAGGED, thumbnailOf } from "../../components/picture";
import { gallery as galleryTexts } from "../../texts/gallery";
import { altOf, usePicture } from "./pictures";
import type { Selection } from "./selection";

const GAP = 8; // pixels
const OVERSCAN = 2; // rows, above and below what is seen
const REST = 80; // milliseconds in sight until a row has its faces: not what is scrolled past
const MOST_TILES = 240;

/** How tiles of about the wished size fill a width, and few enough of them a height. */
function layout(width: number, height: number, wished: number): { columns: number; size: number } {
  for (let least = wished; ; least += 16) {
    const columns = Math.max(1, Math.floor((width + GAP) / (least + GAP)));
    const size = Math.floor((width - GAP * (columns - 1)) / columns);
    const rows = Math.ceil(height / (size + GAP)) + 1 + 2 * OVERSCAN;
    if (columns * rows <= MOST_TILES || columns === 1) return { columns, size };
  }
}

export interface FaceProps {
  name: string;
}

/** What stands where a picture is not shown: not yet, or not at all. */
function Blank({ label, isLost = false }: { label: string; isLost?: boolean }) {
  return (
    <span className="gallery-lost" role="img" aria-label={label}>
      {isLost && <IconPhotoOff aria-hidden />}
    </span>
  );
}

/** A picture's thumbnail, or that it cannot be shown. */
export function Thumbnail({ src, alt }: { src: string; alt: string }) {
  const [isLost, setIsLost] = useState(false);
  const image = useRef<HTMLImageElement>(null);
  useEffect(() => {
    const shown = image.current;
    // A browser goes on loading what is no longer in the page, and what is in sight waits behind it.
    return () => {
      if (shown && !shown.complete) shown.removeAttribute("src");
    };
  }, [isLost]);
  if (isLost) return <Blank label={alt} isLost />;
  return <img ref={image} src={src} alt={alt} draggable={false} decoding="async" onError={() => setIsLost(true)} />;
}

/** A picture that is there. */
export function Face({ name }: FaceProps) {
  const { data: picture } = usePicture(name);
  return (
    <>
      <Thumbnail src={thumbnailOf(name)} alt={altOf(picture)} />
      <span className="gallery-mark gallery-star" data-part="star" data-on={picture?.starred || undefined} aria-hidden>
        <IconStarFilled size={16} />
      </span>
    </>
  );
}

interface TileProps {
  name: string;
  index: number;
  total: number;
  x: number;
  y: number;
  size: number;
  isSelected: boolean;
  isTabStop: boolean;
  isDraggable: boolean;
  isResting: boolean;
  Face: ComponentType<FaceProps>;
}

const Tile = memo(function Tile(props: TileProps) {
  const { name, index, total, x, y, size, isSelected, isTabStop, isDraggable, isResting } = props;
  return (
    <div
      role="option"
      className="tile gallery-tile"
      data-name={name}
      data-selected={isSelected || undefined}
      aria-selected={isSelected}
      aria-setsize={total}
      aria-posinset={index + 1}
      tabIndex={isTabStop ? 0 : -1}
      draggable={isDraggable}
      style={{ width: size, height: size, transform: `translate(${x}px, ${y}px)` }}
    >
      {isResting ? (
        <>
          <span className="gallery-mark gallery-check" data-part="check" aria-hidden>
            <IconCheck size={16} />
          </span>
          <props.Face name={name} />
        </>
      ) : (
        <Blank label={galleryTexts.notLoaded} />
      )}
    </div>
  );
});

/**
 * Return those of the rows in sight that have been there for a while. A face asks the server and is much more to
 * render than the tile that bears it: who scrolls through thousands sees tiles, and faces where they slow down.
 */
function useResting(rows: readonly number[]): ReadonlySet<number> {
  const [resting, setResting] = useState<ReadonlySet<number>>(() => new Set());
  const came = useRef(new Map<number, number>());
  const timer = useRef(0);
  useEffect(() => {
    const since = came.current;
    const there = new Set(rows);
    for (const row of since.keys()) if (!there.has(row)) since.delete(row);
    for (const row of rows) if (!since.has(row)) since.set(row, performance.now());
    if (timer.current !== 0 || rows.every((row) => resting.has(row))) return;
    const look = () => {
      const now = performance.now();
      const due = [...since].filter(([, at]) => now - at >= REST).map(([row]) => row);
      timer.current = due.length < since.size ? window.setTimeout(look, REST / 2) : 0;
      startTransition(() => setResting(new Set(due))); // in a transition the browser is free between two faces
    };
    timer.current = window.setTimeout(look, REST);
  }, [rows, resting]);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  return resting;
}

export interface Place {
  x: number;
  y: number;
}

interface Props {
  label: string;
  names: readonly string[];
  /** How many there are, where not all their names are read yet. */
  total?: number;
  selection: Selection;
  tileSize: number;
  Face: ComponentType<FaceProps>;
  isDraggable?: boolean;
  onOpen?(name: string): void;
  onMenu?(name: string, at: Place): void;
  onStar?(names: string[]): void;
  onDelete?(names: string[]): void;
  onEnd?(): void;
}

/** Return the picture that an event is of, and which part of it. */
function hit(event: { target: EventTarget }): { name: string; part: string | undefined; tile: HTMLElement } | null {
  if (!(event.target instanceof Element)) return null;
  const tile = event.target.closest<HTMLElement>("[data-name]");
  const name = tile?.dataset["name"];
  const part = event.target.closest<HTMLElement>("[data-part]")?.dataset["part"];
  return tile && name ? { name, part, tile } : null;
}

/** Pictures in rows, of which only those in sight are in the page; one is reached by the Tab key, the others from it. */
export function PictureGrid(props: Props) {
  const { label, names, total = names.length, selection, tileSize, onOpen, onMenu, onStar, onDelete, onEnd } = props;
  const { selected, active } = selection;
  const scroller = useRef<HTMLDivElement>(null);
  const { ref: measured, width, height } = useElementSize<HTMLDivElement>();
  const ref = useMergedRef(scroller, measured);
  const { columns, size } = layout(width, height, tileSize);
  const rows = Math.ceil(names.length / columns);
  const activeIndex = active === null ? -1 : names.indexOf(active);
  const tabStop = activeIndex < 0 ? 0 : activeIndex;
  const mustFocus = useRef(false);
  const touched = useRef(false);

  const virtual = useVirtualizer({
    count: width > 0 ? rows : 0,
    getScrollElement: () => scroller.current,
    estimateSize: () => size + GAP,
    overscan: OVERSCAN,
    paddingEnd: 56, // what floats above the floor hides no picture
    rangeExtractor: (range) => {
      // The Tab key must find its stop wherever one has scrolled to.
      const shown = defaultRangeExtractor(range);
      const row = Math.floor(tabStop / columns);
      return row < range.count && !shown.includes(row) ? [...shown, row].sort((a, b) => a - b) : shown;
    },
  });
  useEffect(() => virtual.measure(), [size, columns, virtual]);

  useEffect(() => {
    if (!mustFocus.current || active === null) return;
    mustFocus.current = false;
    scroller.current?.querySelector<HTMLElement>(`[data-name="${active}"]`)?.focus({ preventScroll: true });
  });

  const items = virtual.getVirtualItems();
  const resting = useResting(virtual.getVirtualIndexes());
  const lastRow = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (rows > 0 && lastRow >= rows - 3) onEnd?.();
  }, [lastRow, rows, onEnd]);

  const chosen = (name: string) => (selected.has(name) ? [...selected] : [name]);

  const click = (event: MouseEvent) => {
    const on = hit(event);
    if (!on) {
      selection.clear();
      return;
    }
    if (on.part === "star" && onStar) onStar([on.name]);
    else if (event.shiftKey) selection.extend(on.name);
    else if (event.ctrlKey || event.metaKey || on.part === "check") selection.toggle(on.name);
    else if (touched.current && selected.size > 0) selection.toggle(on.name);
    else if (touched.current && onOpen) onOpen(on.name);
    else selection.only(on.name);
  };

  const go = (index: number, event: KeyboardEvent) => {
    const to = Math.max(0, Math.min(names.length - 1, index));
    const name = names[to];
    if (name === undefined) return;
    mustFocus.current = true;
    virtual.scrollToIndex(Math.floor(to / columns));
    if (event.shiftKey) {
      if (selected.size === 0 && active !== null) selection.toggle(active);
      selection.extend(name);
    } else selection.activate(name);
  };
  const page = Math.max(1, Math.floor(height / (size + GAP))) * columns;
  const press = (event: KeyboardEvent) => {
    const at = tabStop;
    const name = names[at];
    if (name === undefined) return;
    const isCommand = event.ctrlKey || event.metaKey;
    const steps: Record<string, number> = {
      ArrowRight: at + 1,
      ArrowLeft: at - 1,
      ArrowDown: at + columns < names.length ? at + columns : at,
      ArrowUp: at - columns >= 0 ? at - columns : at,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: names.length - 1,
    };
    const step = steps[event.key];
    if (step !== undefined) go(step, event);
    else if (event.key === " ") selection.toggle(name);
    else if (event.key === "Enter" && onOpen) onOpen(name);
    else if (isCommand && event.key.toLowerCase() === "a") selection.all();
    else if (event.key === "Escape" && selected.size > 0) selection.clear();
    else if (event.key === "Delete" && onDelete) onDelete(chosen(name));
    else if (event.key === "s" && !isCommand && onStar) onStar(chosen(name));
    else return;
    event.preventDefault();
  };

  const menu = (event: MouseEvent) => {
    const on = hit(event);
    if (!on || !onMenu) return;
    event.preventDefault();
    if (selected.has(on.name)) selection.activate(on.name);
    else selection.only(on.name);
    const box = on.tile.getBoundingClientRect();
    const isPointed = event.clientX > 0 || event.clientY > 0;
    onMenu(on.name, isPointed ? { x: event.clientX, y: event.clientY } : { x: box.left + 20, y: box.top + 20 });
  };

  const drag = (event: DragEvent) => {
    const on = hit(event);
    if (!on) return;
    event.dataTransfer.setData(DRAGGED, JSON.stringify(chosen(on.name)));
    event.dataTransfer.effectAllowed = "move";
    const picture = on.tile.querySelector("img");
    if (picture) event.dataTransfer.setDragImage(picture, 24, 24);
  };

  const tiles = items.flatMap((row) =>
    Array.from({ length: Math.min(columns, names.length - row.index * columns) }, (_, column) => {
      const index = row.index * columns + column;
      const name = names[index] ?? "";
      return (
        <Tile
          key={name}
          name={name}
          index={index}
          total={total}
          x={column * (size + GAP)}
          y={row.start}
          size={size}
          isSelected={selected.has(name)}
          isTabStop={index === tabStop}
          isDraggable={props.isDraggable ?? false}
          isResting={resting.has(row.index)}
          Face={props.Face}
        />
      );
    }),
  );
  return (
    <div ref={ref} className="gallery-scroller" data-testid="scroller">
      <div
        role="listbox"
        aria-label={label}
        aria-multiselectable
        className="gallery-sheet"
        style={{ height: virtual.getTotalSize() }}
        onPointerDown={(event) => {
          touched.current = event.pointerType === "touch";
        }}
        onClick={click}
        onDoubleClick={(event) => {
          const on = hit(event);
          if (on && !on.part) onOpen?.(on.name);
        }}
        onKeyDown={press}
        onContextMenu={menu}
        onDragStart={drag}
        onFocus={(event) => {
          const on = hit(event);
          if (on && on.name !== active) selection.activate(on.name);
        }}
      >
        {tiles}
      </div>
    </div>
  );
}
