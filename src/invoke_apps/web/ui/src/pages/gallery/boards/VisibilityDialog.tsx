import { Button, Radio, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { api } from "../../../api/client";
import type { Board } from "../../../api/lists";
import { queries } from "../../../app/queries";
import { useMe } from "../../../app/session";
import { DialogEnd } from "../../../components/DialogEnd";
import { Refusal } from "../../../components/Refusal";
import { texts } from "../../../texts";
import { boards as boardsTexts } from "../../../texts/boards";
import { VISIBILITIES, type Visibility } from "./boards";

const words = boardsTexts;

interface Props {
  board: Board;
  onClose(): void;
}

/** What the board is to people without a share in it. */
export function VisibilityDialog({ board, onClose }: Props) {
  const me = useMe();
  const [chosen, setChosen] = useState<Visibility>(board.board_visibility);
  const save = useMutation({
    meta: { quiet: true },
    mutationFn: () =>
      api.PATCH("/api/v1/boards/{board_id}", {
        params: { path: { board_id: board.board_id } },
        body: { board_visibility: chosen },
      }),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ["boards"] });
      void queries.invalidateQueries({ queryKey: ["board", board.board_id] });
      onClose();
    },
  });
  const isOwn = board.user_id === me.user_id;
  return (
    <Stack>
      <Radio.Group
        label={words.visibilityOf(board.board_name)}
        description={words.visibilityStays}
        value={chosen}
        onChange={(value) => setChosen(value as Visibility)}
      >
        <Stack mt="sm">
          {VISIBILITIES.map((each) => (
            <Radio
              key={each}
              value={each}
              label={words.visibilities[each]}
              description={each === "private" && !isOwn ? words.privateOfOthers : words.visibilityTells[each]}
            />
          ))}
        </Stack>
      </Radio.Group>
      {board.board_visibility !== "private" && chosen === "private" && (
        <Text size="sm" role="status">
          {words.visibilityCloses}
        </Text>
      )}
      <Refusal error={save.error} />
      <DialogEnd onCancel={onClose}>
        <Button disabled={chosen === board.board_visibility} loading={save.isPending} onClick={() => save.mutate()}>
          {texts.common.save}
        </Button>
      </DialogEnd>
    </Stack>
  );
}
