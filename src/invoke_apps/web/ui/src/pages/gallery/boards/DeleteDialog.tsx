import { Button, Radio, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

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

/** Delete a board, and say before what becomes of what lies on it. */
export function DeleteDialog({ board, onClose, onGone }: Props) {
  const me = useMe();
  const [fate, setFate] = useState("keep");
  const remove = useMutation({
    meta: { quiet: true },
    mutationFn: () =>
      api.DELETE("/api/v1/boards/{board_id}", {
        params: { path: { board_id: board.board_id }, query: { include_images: fate === "drop" } },
      }),
    onSuccess: () => {
      notifications.show({ message: words.removedNow(board.board_name) });
      onGone(board.board_id);
      for (const word of ["boards", "images", "bin"]) void queries.invalidateQueries({ queryKey: [word] });
      onClose();
    },
  });
  const count = board.image_count + board.asset_count;
  return (
    <Stack>
      <Text size="sm">
        {words.removeLead(board.board_name, count)} {words.removeTells}
      </Text>
      {count > 0 && (
        <Radio.Group label={words.removeWhat} value={fate} onChange={setFate}>
          <Stack mt="xs">
            <Radio value="keep" label={words.keepPictures} description={words.keepPicturesHint} />
            <Radio
              value="drop"
              label={words.dropPictures}
              description={me.is_admin ? words.dropPicturesAdminHint : words.dropPicturesHint}
            />
          </Stack>
        </Radio.Group>
      )}
      <Refusal error={remove.error} />
      <DialogEnd onCancel={onClose}>
        <Button color="red" loading={remove.isPending} onClick={() => remove.mutate()}>
          {words.remove}
        </Button>
      </DialogEnd>
    </Stack>
  );
}
