import { Button, Modal, Select, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { allBoards, isOpenTo } from "../../api/lists";
import { DialogEnd } from "../../components/DialogEnd";
import { gallery as galleryTexts } from "../../texts/gallery";

const words = galleryTexts;

interface Props {
  /** null: the dialog is closed. */
  names: readonly string[] | null;
  onClose(): void;
  onMove(board: string, names: readonly string[]): void;
}

/** Asks for a board that one may add to. */
export function MoveDialog({ names, onClose, onMove }: Props) {
  const boards = useQuery({ ...allBoards, enabled: names !== null });
  const [board, setBoard] = useState<string | null>(null);
  const open = (boards.data ?? []).filter(isOpenTo);
  return (
    <Modal opened={names !== null} onClose={onClose} title={words.moveTitle(names?.length ?? 0)} centered>
      <Stack>
        <Select
          data-autofocus
          label={words.board}
          searchable
          openOnFocus={false}
          limit={200}
          data={[
            { value: "none", label: words.uncategorised },
            ...open.map((each) => ({ value: each.board_id, label: each.board_name })),
          ]}
          value={board}
          onChange={setBoard}
        />
        <DialogEnd onCancel={onClose}>
          <Button
            disabled={board === null}
            onClick={() => {
              if (board !== null && names !== null) onMove(board, names);
              onClose();
            }}
          >
            {words.moveButton}
          </Button>
        </DialogEnd>
      </Stack>
    </Modal>
  );
}
