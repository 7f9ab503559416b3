import "./print.css";

import { Alert, Badge, Button, Group, Paper, SegmentedControl, Select, Stack, Table, Text } from "@mantine/core";
import { IconDownload, IconPrinter } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { api, BACKGROUND, data, type Schemas } from "../../api/client";
import { Loaded, Page } from "../../components/Page";
import { texts } from "../../texts";
import { admin as adminTexts } from "../../texts/admin";
import { csv, save } from "./csv";
import { time } from "./format";
import { usePersonNames } from "./names";
import { PersonSelect } from "./PersonSelect";

const words = adminTexts.access;

type Reason = Schemas["ReasonView"];
type OfBoard = Schemas["BoardAccessView"];
type OfPerson = Schemas["PersonBoardsView"];

/** Why somebody has access, in words. */
function saidReason(reason: Reason, names: (userId: string) => string): string {
  return [
    words.sources[reason.source] ?? reason.source,
    `(${words.permissions[reason.permission]})`,
    reason.granted_by && words.grantedBy(names(reason.granted_by)),
    reason.since && words.since(time(reason.since)),
  ]
    .filter(Boolean)
    .join(" ");
}

function Reasons({ reasons, names }: { reasons: Reason[]; names: (userId: string) => string }) {
  return (
    <Stack gap={0}>
      {reasons.map((reason) => (
        <Text size="sm" key={`${reason.source} ${reason.permission}`}>
          {saidReason(reason, names)}
        </Text>
      ))}
    </Stack>
  );
}

function Tools({ rows, name, table }: { rows: number; name: string; table(): (string | number | null)[][] }) {
  return (
    <Group justify="space-between" className="no-print">
      <Text size="sm" role="status">
        {words.found(rows)}
      </Text>
      <Group gap="xs">
        <Button
          size="xs"
          variant="default"
          leftSection={<IconDownload size={14} />}
          onClick={() => save(`${name}.csv`, csv(table()))}
        >
          {words.csv}
        </Button>
        <Button size="xs" variant="default" leftSection={<IconPrinter size={14} />} onClick={() => window.print()}>
          {words.print}
        </Button>
      </Group>
    </Group>
  );
}

function BoardAccess({ found }: { found: OfBoard }) {
  const granters = found.people.flatMap((each) => each.reasons.map((reason) => reason.granted_by));
  const names = usePersonNames(granters);
  const rows = () => [
    [adminTexts.people.name, adminTexts.people.email, words.permission, words.why],
    ...found.people.map((each) => [
      each.display_name,
      each.email,
      words.permissions[each.permission],
      each.reasons.map((reason) => saidReason(reason, names)).join("; "),
    ]),
  ];
  return (
    <Stack>
      <Paper withBorder p="md">
        <Text fw={650}>{found.board_name}</Text>
        <Text size="sm">
          {words.visibility}: {words.visibilities[found.board_visibility]}
        </Text>
        <Text size="sm">
          {found.everybody === null ? words.nobodyElse : words.everybodyMay(words.permissions[found.everybody])}
        </Text>
        <Text size="sm">{found.working_links === 0 ? words.noLinks : words.links(found.working_links)}</Text>
      </Paper>
      <Tools rows={found.people.length} name="board-access" table={rows} />
      <Table.ScrollContainer minWidth={640} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
        <Table verticalSpacing="xs" aria-label={words.table}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{adminTexts.people.name}</Table.Th>
              <Table.Th>{adminTexts.people.email}</Table.Th>
              <Table.Th>{words.permission}</Table.Th>
              <Table.Th>{words.why}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {found.people.map((each) => (
              <Table.Tr key={each.user_id}>
                <Table.Td>
                  <Group gap={6}>
                    <Text size="sm" fw={600}>
                      {each.display_name}
                    </Text>
                    {!each.is_active && each.user_id !== "system" && <Badge variant="default">{words.inactive}</Badge>}
                  </Group>
                </Table.Td>
                <Table.Td>{each.email}</Table.Td>
                <Table.Td>{words.permissions[each.permission]}</Table.Td>
                <Table.Td>
                  <Reasons reasons={each.reasons} names={names} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Stack>
  );
}

function PersonAccess({ found }: { found: OfPerson }) {
  const granters = found.boards.flatMap((each) => each.reasons.map((reason) => reason.granted_by));
  const names = usePersonNames([...granters, ...found.boards.map((each) => each.owner_id)]);
  const rows = () => [
    [words.board, words.owner, words.permission, words.why],
    ...found.boards.map((each) => [
      each.board_name,
      names(each.owner_id),
      words.permissions[each.permission],
      each.reasons.map((reason) => saidReason(reason, names)).join("; "),
    ]),
  ];
  if (found.boards.length === 0) return <Text role="status">{words.noBoards}</Text>;
  return (
    <Stack>
      <Tools rows={found.boards.length} name="person-access" table={rows} />
      <Table.ScrollContainer minWidth={640} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
        <Table verticalSpacing="xs" aria-label={words.table}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{words.board}</Table.Th>
              <Table.Th>{words.owner}</Table.Th>
              <Table.Th>{words.permission}</Table.Th>
              <Table.Th>{words.why}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {found.boards.map((each) => (
              <Table.Tr key={each.board_id}>
                <Table.Td>
                  <Group gap={6}>
                    <Text size="sm" fw={600}>
                      {each.board_name}
                    </Text>
                    {each.archived && <Badge variant="default">{words.archived}</Badge>}
                  </Group>
                </Table.Td>
                <Table.Td>{names(each.owner_id)}</Table.Td>
                <Table.Td>{words.permissions[each.permission]}</Table.Td>
                <Table.Td>
                  <Reasons reasons={each.reasons} names={names} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Stack>
  );
}

/** Who has access to which board, and why: of one board, or of one person. */
export function AccessPage() {
  const [by, setBy] = useState("board");
  const [boardId, setBoardId] = useState<string | null>(null);
  const [userId, setUserId] = useState<string | null>(null);

  const boards = useQuery({
    queryKey: ["boards", "everybody's"],
    enabled: by === "board",
    queryFn: async () => {
      const query = { all: true, archived: true };
      const found = await data(api.GET("/api/v1/boards", { params: { query }, ...BACKGROUND }));
      return Array.isArray(found) ? found : found.items;
    },
  });
  // Looking is written down in the audit log: it is done when one asks, and not again by itself.
  const ofBoard = useQuery({
    queryKey: ["access", "board", boardId],
    enabled: by === "board" && boardId !== null,
    staleTime: 0,
    queryFn: () =>
      data(api.GET("/api/v1/boards/{board_id}/access", { params: { path: { board_id: boardId ?? "" } } })),
    refetchOnWindowFocus: false,
  });
  const ofPerson = useQuery({
    queryKey: ["access", "person", userId],
    enabled: by === "person" && userId !== null,
    staleTime: 0,
    queryFn: () =>
      data(api.GET("/api/v1/auth/users/{user_id}/access", { params: { path: { user_id: userId ?? "" } } })),
    refetchOnWindowFocus: false,
  });
  const isChosen = by === "board" ? boardId !== null : userId !== null;
  return (
    <Page title={texts.common.access} lead={words.lead}>
      <Group align="flex-end" gap="sm" className="no-print">
        <SegmentedControl
          aria-label={words.by}
          value={by}
          onChange={setBy}
          data={[
            { value: "board", label: words.byBoard },
            { value: "person", label: words.byPerson },
          ]}
        />
        {by === "board" ? (
          <Select
            label={words.board}
            placeholder={words.boardHint}
            data={(boards.data ?? []).map((board) => ({
              value: board.board_id,
              label: `${board.board_name} (${board.owner_username})`,
            }))}
            value={boardId}
            onChange={setBoardId}
            searchable
            clearable
            clearButtonProps={{ "aria-label": adminTexts.clearChoice }}
            limit={100}
            nothingFoundMessage={words.noBoardFound}
            flex="1 1 260px"
            maw={480}
          />
        ) : (
          <PersonSelect
            label={adminTexts.person}
            system
            value={userId}
            onChange={setUserId}
            flex="1 1 260px"
            maw={480}
          />
        )}
      </Group>
      {boards.isError && by === "board" && (
        <Alert color="red" role="alert">
          {boards.error.message}
        </Alert>
      )}
      {!isChosen && <Text>{words.choose}</Text>}
      {by === "board" && boardId !== null && <Loaded query={ofBoard}>{(found) => <BoardAccess found={found} />}</Loaded>}
      {by === "person" && userId !== null && (
        <Loaded query={ofPerson}>{(found) => <PersonAccess found={found} />}</Loaded>
      )}
    </Page>
  );
}
