import { Button, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";

import { api } from "../../../api/client";
import type { Board } from "../../../api/lists";
import { queries } from "../../../app/queries";
import { useMe } from "../../../app/session";
import { DialogEnd } from "../../../components/DialogEnd";
import { Refusal } from "../../../components/Refusal";
import { boards as boardsTexts } from "../../../texts/boards";

const words = boardsTexts;

interface Props {
  board: Board;
  onClose(): void;
  onGone(boardId: string): void;
}

/** Give up one's own share in a board. */
export function LeaveDialog({ board, onClose, onGone }: Props) {
  const me = useMe();
  const staysInSight = board.board_visibility !== "private" || me.is_admin;
  const leave = useMutation({
    meta: { quiet: true },
    mutationFn: () =>
      api.DELETE("/api/v1/boards/{board_id}/share/{user_id}", {
        params: { path: { board_id: board.board_id, user_id: me.user_id } },
      }),
    onSuccess: () => {
      notifications.show({ message: words.left(board.board_name) });
      if (!staysInSight) onGone(board.board_id);
      void queries.invalidateQueries({ queryKey: ["boards"] });
      onClose();
    },
  });
  return (
    <Stack>
      <Text size="sm">{words.leaveTells(board.board_name)}</Text>
      {board.board_visibility !== "private" && <Text size="sm">{words.leaveOpen}</Text>}
      <Refusal error={leave.error} />
      <DialogEnd onCancel={onClose}>
        <Button color="red" loading={leave.isPending} onClick={() => leave.mutate()}>
          {words.leave}
        </Button>
      </DialogEnd>
    </Stack>
  );
}
