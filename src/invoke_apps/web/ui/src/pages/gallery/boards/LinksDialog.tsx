import { Alert, Badge, Button, Checkbox, Divider, Group, PasswordInput, Select, Stack, Text, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { api, BACKGROUND, data, type Schemas } from "../../../api/client";
import type { Board } from "../../../api/lists";
import { queries } from "../../../app/queries";
import { CopyField } from "../../../components/CopyField";
import { time } from "../../../components/format";
import { Loaded } from "../../../components/Page";
import { Refusal } from "../../../components/Refusal";
import { boards as boardsTexts } from "../../../texts/boards";

const words = boardsTexts;
const DAY = 24 * 60 * 60 * 1000; // milliseconds

/** Links that show a board to people without an account: make them, copy them, take them back. */
export function LinksDialog({ board }: { board: Board }) {
  const params = { path: { board_id: board.board_id } };
  const refresh = () => queries.invalidateQueries({ queryKey: ["board", board.board_id] });
  const links = useQuery({
    queryKey: ["board", board.board_id, "links"],
    queryFn: () =>
      data(api.GET("/api/v1/boards/{board_id}/links", { params: { ...params, query: { limit: 100 } }, ...BACKGROUND })),
  });
  const [days, setDays] = useState("30");
  const [password, setPassword] = useState("");
  const [showsMetadata, setShowsMetadata] = useState(false);
  const make = useMutation({
    meta: { quiet: true },
    gcTime: 0, // the address stays nowhere
    mutationFn: () =>
      data(
        api.POST("/api/v1/boards/{board_id}/links", {
          params,
          body: {
            expires_at: new Date(Date.now() + Number(days) * DAY).toISOString(),
            password: password || null,
            metadata: showsMetadata,
          },
        }),
      ),
    onSuccess: () => {
      setPassword("");
      void refresh();
    },
  });
  const revoke = useMutation({
    meta: { quiet: true },
    mutationFn: (linkId: string) =>
      api.DELETE("/api/v1/boards/{board_id}/links/{link_id}", { params: { path: { ...params.path, link_id: linkId } } }),
    onSuccess: (_answer, linkId) => {
      notifications.show({ message: words.revoked });
      if (make.data?.link_id === linkId) make.reset();
    },
    onSettled: refresh,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  return (
    <Stack>
      <Text size="sm">{words.linksLead(board.board_name)}</Text>
      <form onSubmit={submit}>
        <Stack gap="sm">
          <Group grow align="flex-start">
            <Select
              label={words.expiry}
              allowDeselect={false}
              value={days}
              onChange={(value) => value && setDays(value)}
              data={EXPIRIES}
            />
            <PasswordInput
              label={words.linkPassword}
              description={words.linkPasswordHint}
              inputWrapperOrder={["label", "input", "description", "error"]}
              autoComplete="new-password"
              maxLength={1024}
              value={password}
              onChange={(event) => setPassword(event.currentTarget.value)}
            />
          </Group>
          <Checkbox
            label={words.linkMetadata}
            checked={showsMetadata}
            onChange={(event) => setShowsMetadata(event.currentTarget.checked)}
          />
          <Button type="submit" loading={make.isPending} style={{ alignSelf: "flex-start" }}>
            {words.newLink}
          </Button>
        </Stack>
      </form>
      {make.data && (
        <Alert color="teal" variant="outline" role="status">
          <Text size="sm" fw={600} mb="xs">
            {words.linkMade}
          </Text>
          <CopyField key={make.data.link_id} label={words.linkAddress} value={make.data.url} />
        </Alert>
      )}
      <Refusal error={make.error ?? revoke.error} />
      <Divider />
      <Title order={3} size="sm">
        {words.existing}
      </Title>
      <Loaded query={links} isEmpty={(found) => found.items.length === 0} empty={words.noLinks}>
        {(found) => (
          <Stack gap="sm" role="list" aria-label={words.existing}>
            {found.items.map((link) => (
              <LinkRow
                key={link.link_id}
                link={link}
                isRevoking={revoke.isPending}
                onRevoke={() => revoke.mutate(link.link_id)}
              />
            ))}
          </Stack>
        )}
      </Loaded>
    </Stack>
  );
}

const EXPIRIES = Object.entries(words.expiries).map(([value, label]) => ({ value, label }));

interface RowProps {
  link: Schemas["LinkView"];
  isRevoking: boolean;
  onRevoke(): void;
}

function LinkRow({ link, isRevoking, onRevoke }: RowProps) {
  const [asks, setAsks] = useState(false);
  const made = time(link.created_at);
  const isPast = new Date(link.expires_at) <= new Date();
  const notes = [
    isPast ? words.ended(time(link.expires_at)) : words.until(time(link.expires_at)),
    ...(link.has_password ? [words.hasPassword] : []),
    ...(link.metadata ? [words.hasMetadata] : []),
  ];
  return (
    <Group role="listitem" wrap="nowrap" gap="sm">
      <div style={{ flex: 1, minWidth: 0 }}>
        <Group gap="xs">
          <Text size="sm" fw={500}>
            {words.made(made)}
          </Text>
          <Badge size="sm" variant="default">
            {link.works ? words.works : words.worksNot}
          </Badge>
        </Group>
        <Text size="xs">{notes.join(" · ")}</Text>
      </div>
      {asks ? (
        <Group gap="xs">
          <Button size="xs" color="red" autoFocus loading={isRevoking} onClick={onRevoke}>
            {words.revokeConfirm}
          </Button>
          <Button size="xs" variant="default" onClick={() => setAsks(false)}>
            {words.keep}
          </Button>
        </Group>
      ) : (
        <Button size="xs" variant="default" aria-label={words.revokeOf(made)} onClick={() => setAsks(true)}>
          {words.revoke}
        </Button>
      )}
    </Group>
  );
}
