import { Anchor, Button, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import type { Board } from "../../../api/lists";
import { queries } from "../../../app/queries";
import { DialogEnd } from "../../../components/DialogEnd";
import { Refusal } from "../../../components/Refusal";
import { boards as boardsTexts } from "../../../texts/boards";
import { type Invited, shareWith, useShares } from "./boards";
import { LevelHelp, NewPersonRow, PeopleSelect } from "./parts";

const words = boardsTexts;

interface Props {
  board: Board;
  onClose(): void;
  onManage(): void;
}

/** Choose people, and what each may do. */
export function ShareDialog({ board, onClose, onManage }: Props) {
  const [invited, setInvited] = useState<Invited[]>([]);
  const shares = useShares(board.board_id);
  const save = useMutation({
    meta: { quiet: true },
    mutationFn: () => shareWith(board.board_id, invited),
    onSuccess: () => {
      notifications.show({ message: words.sharedNow });
      onClose();
    },
    onSettled: () => {
      void queries.invalidateQueries({ queryKey: ["board", board.board_id] });
      void queries.invalidateQueries({ queryKey: ["boards"] });
    },
  });
  const held = shares.data?.map((each) => each.user_id) ?? [];
  const taken = new Set([board.user_id, ...held, ...invited.flatMap((each) => each.person.userId ?? [])]);
  const put = (index: number, level: Invited["level"]) =>
    setInvited((before) => before.map((each, at) => (at === index ? { ...each, level } : each)));
  return (
    <Stack>
      <Text size="sm">{words.shareLead(board.board_name)}</Text>
      <PeopleSelect
        label={words.people}
        without={taken}
        takesAddresses
        autoFocus
        onPick={(person) => setInvited((before) => [...before, { person, level: "read" }])}
      />
      {invited.length > 0 && (
        <Stack gap="xs" component="section" aria-label={words.chosen}>
          {invited.map((each, index) => (
            <NewPersonRow
              key={each.person.userId ?? each.person.name}
              name={each.person.name}
              level={each.level}
              onLevel={(level) => put(index, level)}
              onDrop={() => setInvited((before) => before.filter((_, at) => at !== index))}
            />
          ))}
        </Stack>
      )}
      <LevelHelp />
      {held.length > 0 && (
        <Text size="sm">
          {words.already(held.length)}{" "}
          <Anchor component="button" type="button" size="sm" underline="always" onClick={onManage}>
            {words.manage}
          </Anchor>
        </Text>
      )}
      <Refusal error={save.error} />
      <DialogEnd onCancel={onClose}>
        <Button disabled={invited.length === 0} loading={save.isPending} onClick={() => save.mutate()}>
          {words.saveSharing}
        </Button>
      </DialogEnd>
    </Stack>
  );
}
