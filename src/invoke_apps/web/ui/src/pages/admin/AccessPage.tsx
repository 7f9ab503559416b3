import "./print.css";

import { Alert, Badge, Button, Group, Paper, SegmentedControl, Select, Stack, Table, Text } from "@mantine/core";
import { IconDownload, IconPrinter } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { api, data, type Schemas } from "../../api/client";
import { allBoards } from "../../api/lists";
import { time } from "../../components/format";
import { Loaded, Page } from "../../components/Page";
import { WideTable } from "../../components/WideTable";
import { texts } from "../../texts";
import { admin as adminTexts } from "../../texts/admin";
import { csv, save } from "./csv";
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

interface Row {
  key: string;
  name: string;
  /** What is to be known about it beside its name. */
  mark: string | false;
  /** The second column. */
  about: string;
  permission: string;
  reasons: Reason[];
}

interface ReviewProps {
  /** Of the file. */
  name: string;
  /** Of the first two columns. */
  headings: [string, string];
  rows: Row[];
  names: (userId: string) => string;
}

/** Rights and their reasons, to be read, printed or taken along. */
function Review({ name, headings, rows, names }: ReviewProps) {
  const columns = [...headings, words.permission, words.why];
  const table = () => [
    columns,
    ...rows.map((row) => [
      row.name,
      row.about,
      row.permission,
      row.reasons.map((reason) => saidReason(reason, names)).join("; "),
    ]),
  ];
  return (
    <>
      <Group justify="space-between" className="no-print">
        <Text size="sm" role="status">
          {words.found(rows.length)}
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
      <WideTable label={words.table} columns={columns} minWidth={640} verticalSpacing="xs">
        {rows.map((row) => (
          <Table.Tr key={row.key}>
            <Table.Td>
              <Group gap={6}>
                <Text size="sm" fw={600}>
                  {row.name}
                </Text>
                {row.mark && <Badge variant="default">{row.mark}</Badge>}
              </Group>
            </Table.Td>
            <Table.Td>{row.about}</Table.Td>
            <Table.Td>{row.permission}</Table.Td>
            <Table.Td>
              <Reasons reasons={row.reasons} names={names} />
            </Table.Td>
          </Table.Tr>
        ))}
      </WideTable>
    </>
  );
}

function BoardAccess({ found }: { found: OfBoard }) {
  const names = usePersonNames(found.people.flatMap((each) => each.reasons.map((reason) => reason.granted_by)));
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
      <Review
        name="board-access"
        headings={[adminTexts.people.name, adminTexts.people.email]}
        rows={found.people.map((each) => ({
          key: each.user_id,
          name: each.display_name,
          mark: !each.is_active && each.user_id !== "system" && words.inactive,
          about: each.email,
          permission: words.permissions[each.permission],
          reasons: each.reasons,
        }))}
        names={names}
      />
    </Stack>
  );
}

function PersonAccess({ found }: { found: OfPerson }) {
  const granters = found.boards.flatMap((each) => each.reasons.map((reason) => reason.granted_by));
  const names = usePersonNames([...granters, ...found.boards.map((each) => each.owner_id)]);
  if (found.boards.length === 0) return <Text role="status">{words.noBoards}</Text>;
  return (
    <Stack>
      <Review
        name="person-access"
        headings={[words.board, words.owner]}
        rows={found.boards.map((each) => ({
          key: each.board_id,
          name: each.board_name,
          mark: each.archived && words.archived,
          about: names(each.owner_id),
          permission: words.permissions[each.permission],
          reasons: each.reasons,
        }))}
        names={names}
      />
    </Stack>
  );
}

/** Who has access to which board, and why: of one board, or of one person. */
export function AccessPage() {
  const [by, setBy] = useState("board");
  const [boardId, setBoardId] = useState<string | null>(null);
  const [userId, setUserId] = useState<string | null>(null);

  const boards = useQuery({ ...allBoards, enabled: by === "board" });
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
