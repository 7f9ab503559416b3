import { Select } from "@mantine/core";

import { texts } from "../../texts";
import { useBoards } from "./boards";

interface Props {
  selected: string | null;
  onSelect(boardId: string | null): void;
  onDropImages(boardId: string, names: string[]): void;
}

/** The boards, to choose from. */
export function BoardsPanel({ selected, onSelect }: Props) {
  const boards = useBoards();
  const options = (boards.data ?? []).map((board) => ({ value: board.board_id, label: board.board_name }));
  return (
    <Select
      label={texts.gallery.board}
      placeholder={texts.gallery.allPictures}
      clearable
      searchable
      data={[{ value: "none", label: texts.gallery.uncategorised }, ...options]}
      value={selected}
      onChange={onSelect}
    />
  );
}
