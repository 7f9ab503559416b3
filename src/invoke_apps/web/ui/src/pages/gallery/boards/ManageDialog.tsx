import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconUserPlus } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { api } from "../../../api/client";
import type { Board } from "../../../api/lists";
import { queries } from "../../../app/queries";
import { DialogEnd } from "../../../components/DialogEnd";
import { day } from "../../../components/format";
import { Loaded } from "../../../components/Page";
import { Refusal } from "../../../components/Refusal";
import { texts } from "../../../texts";
import { boards as boardsTexts } from "../../../texts/boards";
import { type Invited, type Level, type Share, shareWith, useShares } from "./boards";
import { LevelHelp, LevelSelect, NewPersonRow, PeopleSelect } from "./parts";

const words = boardsTexts;

interface Props {
  board: Board;
  onClose(): void;
}

/** Who has a share in a board: change levels, add people, remove them. */
export function ManageDialog({ board, onClose }: Props) {
  const shares = useShares(board.board_id);
  const [changed, setChanged] = useState<Record<string, Level>>({});
  const [invited, setInvited] = useState<Invited[]>([]);
  const [adds, setAdds] = useState(false);

  const refresh = () => {
    void queries.invalidateQueries({ queryKey: ["board", board.board_id] });
    void queries.invalidateQueries({ queryKey: ["boards"] });
  };
  // Somebody else may have changed or removed a share meanwhile: only what still differs is sent.
  const differing = (shares.data ?? []).flatMap((each): Invited[] => {
    const level = changed[each.user_id];
    if (level === undefined || level === each.permission) return [];
    return [{ person: { userId: each.user_id, name: each.display_name }, level }];
  });
  const wanted = [...differing, ...invited];
  const save = useMutation({
    meta: { quiet: true },
    mutationFn: () => shareWith(board.board_id, wanted),
    onSuccess: () => {
      notifications.show({ message: words.sharedNow });
      onClose();
    },
    onSettled: refresh,
  });
  const remove = useMutation({
    meta: { quiet: true },
    mutationFn: (share: Share) =>
      api.DELETE("/api/v1/boards/{board_id}/share/{user_id}", {
        params: { path: { board_id: board.board_id, user_id: share.user_id } },
      }),
    onSuccess: (_answer, share) => notifications.show({ message: words.removed(share.display_name) }),
    onSettled: refresh,
  });
  const taken = new Set([
    board.user_id,
    ...(shares.data ?? []).map((each) => each.user_id),
    ...invited.flatMap((each) => each.person.userId ?? []),
  ]);
  const isOpenToAll = board.board_visibility !== "private";
  return (
    <Stack>
      <Text size="sm">{words.manageLead(board.board_name)}</Text>
      {isOpenToAll && (
        <Alert color="blue" variant="outline">
          <b>{words.visibilities[board.board_visibility]}</b> – {words.visibilityTells[board.board_visibility]}
        </Alert>
      )}
      <Stack gap="xs" component="section" aria-label={words.sharedWith}>
        <Group wrap="nowrap">
          <Text size="sm" fw={500} flex={1} truncate>
            {board.owner_username}
          </Text>
          <Text size="sm">{words.levels.owner}</Text>
        </Group>
        <Loaded query={shares} isEmpty={(found) => found.length === 0 && invited.length === 0} empty={words.noShares}>
          {(found) =>
            found.map((share) => (
              <ShareRow
                key={share.user_id}
                share={share}
                level={changed[share.user_id] ?? (share.permission as Level)}
                isRemoving={remove.isPending}
                onLevel={(level) => setChanged((before) => ({ ...before, [share.user_id]: level }))}
                onRemove={() => remove.mutate(share)}
              />
            ))
          }
        </Loaded>
        {invited.map((each, index) => (
          <NewPersonRow
            key={each.person.userId ?? each.person.name}
            name={each.person.name}
            note={words.isNew}
            level={each.level}
            onLevel={(level) =>
              setInvited((before) => before.map((other, at) => (at === index ? { ...other, level } : other)))
            }
            onDrop={() => setInvited((before) => before.filter((_, at) => at !== index))}
          />
        ))}
      </Stack>
      {adds ? (
        <PeopleSelect
          label={words.addUser}
          without={taken}
          takesAddresses
          autoFocus
          onPick={(person) => setInvited((before) => [...before, { person, level: "read" }])}
        />
      ) : (
        <Button
          variant="default"
          leftSection={<IconUserPlus size={16} aria-hidden />}
          style={{ alignSelf: "flex-start" }}
          onClick={() => setAdds(true)}
        >
          {words.addUser}
        </Button>
      )}
      <LevelHelp />
      <Refusal error={save.error ?? remove.error} />
      <DialogEnd onCancel={onClose}>
        <Button disabled={wanted.length === 0} loading={save.isPending} onClick={() => save.mutate()}>
          {words.saveChanges}
        </Button>
      </DialogEnd>
    </Stack>
  );
}

interface ShareRowProps {
  share: Share;
  level: Level;
  isRemoving: boolean;
  onLevel(level: Level): void;
  onRemove(): void;
}

function ShareRow({ share, level, isRemoving, onLevel, onRemove }: ShareRowProps) {
  const [asks, setAsks] = useState(false);
  if (asks) {
    return (
      <Alert color="orange" variant="outline" role="group" aria-label={words.removeOf(share.display_name)}>
        <Stack gap="xs">
          <Text size="sm">{words.removal(share.display_name)}</Text>
          <Group gap="xs">
            <Button size="xs" color="red" autoFocus loading={isRemoving} onClick={onRemove}>
              {words.confirmRemoval}
            </Button>
            <Button size="xs" variant="default" onClick={() => setAsks(false)}>
              {words.keep}
            </Button>
          </Group>
        </Stack>
      </Alert>
    );
  }
  return (
    <Group gap="xs" wrap="nowrap" role="group" aria-label={share.display_name}>
      <div style={{ flex: 1, minWidth: 0 }}>
        <Text size="sm" fw={500} truncate>
          {share.display_name}
        </Text>
        <Text size="xs" truncate>
          {share.email ?? words.grantedOn(day(share.created_at))}
        </Text>
      </div>
      <LevelSelect label={words.levelOf(share.display_name)} value={level} onChange={onLevel} />
      <Button
        variant="default"
        px="xs"
        aria-label={words.removeOf(share.display_name)}
        onClick={() => setAsks(true)}
      >
        {texts.common.remove}
      </Button>
    </Group>
  );
}
