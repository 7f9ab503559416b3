import "./boards/boards.css";

import { ActionIcon, Group, Select, Stack, Switch, Text, TextInput, Title, Tooltip } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { IconLibraryPhoto, IconPlus, IconSearch, IconStack2 } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState } from "react";

import { api, BACKGROUND, data } from "../../api/client";
import { allBoards, type Board } from "../../api/lists";
import { queries } from "../../app/queries";
import { useMe } from "../../app/session";
import { Loaded } from "../../components/Page";
import { boards as boardsTexts } from "../../texts/boards";
import { BoardDialogs } from "./boards/BoardDialogs";
import type { Deed } from "./boards/BoardMenuItems";
import { BoardRow, PlaceRow } from "./boards/BoardRow";
import { UNCATEGORIZED } from "./boards/boards";

const words = boardsTexts;
type Order = keyof typeof words.orders;
type Row = { heading: string } | { board: Board };

interface Props {
  /** A board's id, "none" for uncategorized, null for everything. */
  selected: string | null;
  onSelect(boardId: string | null): void;
  onDropImages(boardId: string, names: string[]): void;
}

/** The boards that one may see, what can be done with them, and which one is looked at. */
export function BoardsPanel({ selected, onSelect, onDropImages }: Props) {
  const me = useMe();
  const [search, setSearch] = useState("");
  const [order, setOrder] = useLocalStorage<Order>({ key: "boards-order", defaultValue: "newest" });
  const [showsArchived, setShowsArchived] = useLocalStorage({ key: "boards-archived", defaultValue: false });
  const [dialog, setDialog] = useState<{ deed: Deed; boardId: string | null } | null>(null);
  const boards = useQuery(allBoards);
  const uncategorized = useQuery({
    queryKey: ["images", "uncategorized-count"],
    queryFn: async () => {
      const query = { board_id: UNCATEGORIZED, is_intermediate: false, limit: 1 };
      return (await data(api.GET("/api/v1/images", { params: { query }, ...BACKGROUND }))).total;
    },
  });
  useFallback(boards.data, boards.isFetching, selected, onSelect);

  const isSearched = search.trim() !== "";
  const rows = useMemo(() => {
    const wanted = search.trim().toLocaleLowerCase();
    const shown = (boards.data ?? []).filter((board) =>
      wanted !== ""
        ? board.board_name.toLocaleLowerCase().includes(wanted) && (showsArchived || !board.archived)
        : showsArchived || !board.archived || board.board_id === selected,
    );
    return arranged(shown, order, me.user_id, me.is_admin);
  }, [boards.data, search, showsArchived, order, selected, me.user_id, me.is_admin]);

  const dialogBoard = boards.data?.find((board) => board.board_id === dialog?.boardId);
  return (
    <Stack component="section" aria-label={words.title} gap="xs">
      <Group justify="space-between" wrap="nowrap">
        <Title order={2} size="h4">
          {words.title}
        </Title>
        <Tooltip label={words.newBoard}>
          <ActionIcon
            variant="light"
            size="lg"
            aria-label={words.newBoard}
            data-new-board
            onClick={() => setDialog({ deed: "create", boardId: null })}
          >
            <IconPlus size={18} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </Group>
      <TextInput
        type="search"
        aria-label={words.search}
        placeholder={words.search}
        leftSection={<IconSearch size={16} aria-hidden />}
        value={search}
        onChange={(event) => setSearch(event.currentTarget.value)}
      />
      <Group gap="xs" wrap="nowrap" justify="space-between">
        <Select
          size="xs"
          aria-label={words.order}
          allowDeselect={false}
          maw={130}
          value={order}
          onChange={(value) => value && setOrder(value as Order)}
          data={Object.entries(words.orders).map(([value, label]) => ({ value, label }))}
        />
        <Switch
          size="xs"
          label={words.showArchived}
          checked={showsArchived}
          onChange={(event) => setShowsArchived(event.currentTarget.checked)}
        />
      </Group>
      <div>
        <PlaceRow
          id={null}
          name={words.everything}
          note={words.everythingHint}
          isSelected={selected === null}
          cover={<IconStack2 size={20} stroke={1.5} aria-hidden />}
          onSelect={() => onSelect(null)}
        />
        <PlaceRow
          id={UNCATEGORIZED}
          name={words.uncategorized}
          note={uncategorized.data === undefined ? words.uncategorizedHint : words.pictures(uncategorized.data)}
          isSelected={selected === UNCATEGORIZED}
          cover={<IconLibraryPhoto size={20} stroke={1.5} aria-hidden />}
          onSelect={() => onSelect(UNCATEGORIZED)}
          onDrop={(names) => onDropImages(UNCATEGORIZED, names)}
        />
      </div>
      <Loaded query={boards}>
        {() =>
          rows.length === 0 ? (
            <Text size="sm" className="board-note" role="status">
              {isSearched ? words.noneFound : words.noneYet}
            </Text>
          ) : (
            <Rows
              rows={rows}
              selected={selected}
              onSelect={onSelect}
              onDropImages={onDropImages}
              onDeed={(deed, boardId) => setDialog({ deed, boardId })}
            />
          )
        }
      </Loaded>
      <BoardDialogs
        deed={dialog?.deed ?? null}
        board={dialogBoard}
        onSwitch={(deed) => setDialog((before) => before && { ...before, deed })}
        onClose={() => setDialog(null)}
        onCreated={(boardId) => {
          setSearch("");
          onSelect(boardId);
        }}
        onGone={(boardId) => {
          if (selected === boardId) onSelect(null);
        }}
      />
    </Stack>
  );
}

interface RowsProps {
  rows: Row[];
  selected: string | null;
  onSelect(boardId: string): void;
  onDropImages(boardId: string, names: string[]): void;
  onDeed(deed: Deed, boardId: string): void;
}

/** The boards; of many only those that are in sight. */
function Rows({ rows, selected, onSelect, onDropImages, onDeed }: RowsProps) {
  const frame = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => frame.current,
    estimateSize: (index) => ("heading" in (rows[index] ?? {}) ? 32 : 52),
    getItemKey: (index) => keyOf(rows[index]),
    overscan: 8,
  });
  return (
    <div className="board-list" ref={frame} tabIndex={-1}>
      <div role="list" style={{ height: virtual.getTotalSize(), position: "relative" }}>
        {virtual.getVirtualItems().map((item) => {
          const row = rows[item.index];
          if (row === undefined) return null;
          return (
            <div
              key={item.key}
              role="listitem"
              aria-setsize={rows.length}
              aria-posinset={item.index + 1}
              style={{ position: "absolute", top: 0, left: 0, right: 0, transform: `translateY(${item.start}px)` }}
            >
              {"heading" in row ? (
                <Title order={3} size="xs" className="board-note" px={8} pt={10} pb={4}>
                  {row.heading}
                </Title>
              ) : (
                <BoardRow
                  board={row.board}
                  isSelected={selected === row.board.board_id}
                  onSelect={() => onSelect(row.board.board_id)}
                  onDeed={(deed) => onDeed(deed, row.board.board_id)}
                  onDrop={(names) => onDropImages(row.board.board_id, names)}
                />
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function keyOf(row: Row | undefined): string {
  if (row === undefined) return "";
  return "heading" in row ? row.heading : row.board.board_id;
}

/** Own boards first, then those of others, each in the order that was wished; archived ones last. */
function arranged(boards: Board[], order: Order, me: string, isAdmin: boolean): Row[] {
  const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const compare: Record<Order, (a: Board, b: Board) => number> = {
    newest: (a, b) => b.created_at.localeCompare(a.created_at),
    oldest: (a, b) => a.created_at.localeCompare(b.created_at),
    name: (a, b) => collator.compare(a.board_name, b.board_name),
  };
  const sorted = [...boards].sort(compare[order]);
  const group = (heading: string, of: Board[]): Row[] =>
    of.length === 0 ? [] : [{ heading }, ...of.map((board) => ({ board }))];
  const isOwn = (board: Board) => board.user_id === me;
  return [
    ...group(words.own, sorted.filter((board) => isOwn(board) && !board.archived)),
    ...group(isAdmin ? words.others : words.shared, sorted.filter((board) => !isOwn(board) && !board.archived)),
    ...group(words.archived, sorted.filter((board) => board.archived)),
  ];
}

/** When a board is no longer there for this person, look at everything instead, and read pictures anew. */
function useFallback(
  boards: Board[] | undefined,
  isFetching: boolean,
  selected: string | null,
  onSelect: (boardId: null) => void,
): void {
  const before = useRef<Map<string, Board> | null>(null);
  useEffect(() => {
    if (boards === undefined || isFetching) return;
    const now = new Map(boards.map((board) => [board.board_id, board]));
    const known = before.current;
    before.current = now;
    if (known !== null && (known.size !== now.size || [...known.keys()].some((id) => !now.has(id)))) {
      void queries.invalidateQueries({ queryKey: ["images"] });
    }
    if (selected === null || selected === UNCATEGORIZED || now.has(selected)) return;
    const lost = known?.get(selected);
    if (lost) notifications.show({ color: "yellow", message: words.lost(lost.board_name), autoClose: 8000 });
    onSelect(null);
  }, [boards, isFetching, selected, onSelect]);
}
