import { ActionIcon, Menu, Text, Tooltip, UnstyledButton } from "@mantine/core";
import { IconDots, IconLock, IconPhoto, IconUsers, IconWorld } from "@tabler/icons-react";
import { type ComponentPropsWithoutRef, type DragEvent, type ReactNode, useState } from "react";

import type { Board } from "../../../api/lists";
import { useMe } from "../../../app/session";
import { DRAGGED, thumbnailOf } from "../../../components/picture";
import { boards as boardsTexts } from "../../../texts/boards";
import { BoardMenuItems, type Deed } from "./BoardMenuItems";
import { abilities, useHasPeople, type Visibility } from "./boards";

const words = boardsTexts;
const ICONS: Record<Visibility, typeof IconLock> = { private: IconLock, shared: IconUsers, public: IconWorld };

interface PlaceProps extends Omit<ComponentPropsWithoutRef<"div">, "id" | "onSelect" | "onDrop"> {
  /** As the API names it; null: everything. */
  id: string | null;
  name: string;
  note: string;
  isSelected: boolean;
  cover: ReactNode;
  mark?: ReactNode;
  actions?: ReactNode;
  onSelect(): void;
  /** Absent where no picture may be put. */
  onDrop?: ((names: string[]) => void) | undefined;
}

/** A place that pictures lie in: chosen by a click, and where it takes pictures they can be dropped on it. */
export function PlaceRow({ id, name, note, isSelected, cover, mark, actions, onSelect, onDrop, ...others }: PlaceProps) {
  const [isOver, setIsOver] = useState(false);
  const over = (event: DragEvent) => {
    if (!onDrop || !event.dataTransfer.types.includes(DRAGGED)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "move";
    setIsOver(true);
  };
  const leave = (event: DragEvent) => {
    if (!(event.relatedTarget instanceof Node && event.currentTarget.contains(event.relatedTarget))) setIsOver(false);
  };
  const drop = (event: DragEvent) => {
    setIsOver(false);
    const text = event.dataTransfer.getData(DRAGGED);
    if (!onDrop || text === "") return;
    event.preventDefault();
    const names: unknown = JSON.parse(text);
    if (Array.isArray(names)) onDrop(names.filter((each) => typeof each === "string"));
  };
  return (
    <div
      {...others}
      className="board-row"
      data-board={id ?? ""}
      data-selected={isSelected || undefined}
      data-accepts={isOver || undefined}
      onDragEnter={over}
      onDragOver={over}
      onDragLeave={leave}
      onDrop={drop}
    >
      <UnstyledButton className="board-open" aria-current={isSelected || undefined} onClick={onSelect}>
        <span className="board-cover">{cover}</span>
        <span style={{ minWidth: 0, flex: 1 }}>
          <Text component="span" display="block" size="sm" fw={500} truncate>
            {name}
          </Text>
          <Text component="span" display="block" size="xs" className="board-note" truncate>
            {isOver ? words.drop : note}
          </Text>
        </span>
        {mark}
      </UnstyledButton>
      {actions}
    </div>
  );
}

interface Props {
  board: Board;
  isSelected: boolean;
  onSelect(): void;
  onDeed(deed: Deed): void;
  onDrop(names: string[]): void;
}

/** One board of the list. */
export function BoardRow({ board, isSelected, onSelect, onDeed, onDrop }: Props) {
  const me = useMe();
  const hasPeople = useHasPeople();
  const isOwn = board.user_id === me.user_id;
  const [opensDialog, setOpensDialog] = useState(false);
  const items = (
    <BoardMenuItems
      board={board}
      onChoose={(deed) => {
        setOpensDialog(true);
        onDeed(deed);
      }}
    />
  );
  // A dialog takes the focus, and gives it back to the board itself.
  const menu = { width: 250, returnFocus: !opensDialog, onOpen: () => setOpensDialog(false) };
  return (
    <Menu {...menu} position="bottom-start" offset={2}>
      <Menu.ContextMenu>
        <PlaceRow
          id={board.board_id}
          name={board.board_name}
          note={noteOf(board, isOwn)}
          isSelected={isSelected}
          cover={
            board.cover_image_name === null ? (
              <IconPhoto size={20} stroke={1.5} aria-hidden />
            ) : (
              <img src={thumbnailOf(board.cover_image_name)} alt="" loading="lazy" />
            )
          }
          mark={hasPeople && <VisibilityMark board={board} />}
          onSelect={onSelect}
          onDrop={abilities(board, me).writes ? onDrop : undefined}
          actions={
            <Menu {...menu} position="bottom-end">
              <Menu.Target>
                <ActionIcon variant="subtle" color="gray" aria-label={words.actions(board.board_name)}>
                  <IconDots size={18} aria-hidden />
                </ActionIcon>
              </Menu.Target>
              <Menu.Dropdown>{items}</Menu.Dropdown>
            </Menu>
          }
        />
      </Menu.ContextMenu>
      <Menu.Dropdown>{items}</Menu.Dropdown>
    </Menu>
  );
}

function noteOf(board: Board, isOwn: boolean): string {
  const parts = [];
  if (!isOwn) parts.push(words.by(board.owner_username), words.levels[board.permission]);
  if (board.image_count + board.asset_count === 0) parts.push(words.empty);
  if (board.image_count > 0) parts.push(words.pictures(board.image_count));
  if (board.asset_count > 0) parts.push(words.assets(board.asset_count));
  if (board.archived) parts.push(words.isArchived);
  return parts.join(" · ");
}

function VisibilityMark({ board }: { board: Board }) {
  const Icon = ICONS[board.board_visibility];
  const label = words.visibilities[board.board_visibility];
  return (
    <Tooltip label={label} openDelay={400}>
      <Icon size={16} className="board-note" role="img" aria-label={label} style={{ flex: "none" }} />
    </Tooltip>
  );
}
