import { Alert, Button, CloseButton, Group, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { api, data } from "../../../api/client";
import type { Board } from "../../../api/lists";
import { queries } from "../../../app/queries";
import { useMe } from "../../../app/session";
import { DialogEnd } from "../../../components/DialogEnd";
import { Refusal } from "../../../components/Refusal";
import { boards as boardsTexts } from "../../../texts/boards";
import { type Person, useShares } from "./boards";
import { PeopleSelect } from "./parts";

const words = boardsTexts;

interface Props {
  board: Board;
  onClose(): void;
}

/** Give a board to somebody else. */
export function TransferDialog({ board, onClose }: Props) {
  const me = useMe();
  const shares = useShares(board.board_id);
  const [heir, setHeir] = useState<Person | null>(null);
  const transfer = useMutation({
    meta: { quiet: true },
    mutationFn: (to: Person) =>
      data(
        api.POST("/api/v1/boards/{board_id}/transfer", {
          params: { path: { board_id: board.board_id } },
          body: { user_id: to.userId ?? "" },
        }),
      ),
    onSuccess: (_after, to) => {
      notifications.show({ message: words.transferred(to.name) });
      void queries.invalidateQueries({ queryKey: ["boards"] });
      void queries.invalidateQueries({ queryKey: ["board", board.board_id] });
      onClose();
    },
  });
  const first = (shares.data ?? []).map((each): Person => ({ userId: each.user_id, name: each.display_name }));
  const isOwn = board.user_id === me.user_id;
  return (
    <Stack>
      <Text size="sm">{words.transferLead(board.board_name)}</Text>
      {heir === null ? (
        <PeopleSelect
          label={words.heir}
          without={new Set([board.user_id])}
          first={first}
          autoFocus
          onPick={setHeir}
        />
      ) : (
        <Group wrap="nowrap" role="group" aria-label={words.heir}>
          <Text size="sm" flex={1} truncate>
            {words.heir}: <b>{heir.name}</b>
          </Text>
          <CloseButton aria-label={words.otherHeir} onClick={() => setHeir(null)} />
        </Group>
      )}
      <Alert color="orange" variant="outline">
        {isOwn ? words.transferTells : words.transferTellsAdmin(board.owner_username)}
      </Alert>
      <Refusal error={transfer.error} />
      <DialogEnd onCancel={onClose}>
        <Button
          disabled={heir === null}
          loading={transfer.isPending}
          onClick={() => heir && transfer.mutate(heir)}
        >
          {heir === null ? words.transfer : words.transferTo(heir.name)}
        </Button>
      </DialogEnd>
    </Stack>
  );
}
