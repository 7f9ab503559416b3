import { Badge, Group, Stack, Table, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { api, BACKGROUND, data, type Schemas } from "../../../api/client";
import type { Board } from "../../../api/lists";
import { useMe } from "../../../app/session";
import { day } from "../../../components/format";
import { Loaded } from "../../../components/Page";
import { boards as boardsTexts } from "../../../texts/boards";
import { abilities, useHasPeople, useOwnReasons, useShares } from "./boards";

const words = boardsTexts;
type Reason = Schemas["ReasonView"];

/** What a board is, what one may do there, and who else has access, and why. */
export function AccessDialog({ board }: { board: Board }) {
  const me = useMe();
  const hasPeople = useHasPeople();
  const { manages } = abilities(board, me);
  const reasons = useOwnReasons(board.board_id) ?? [];
  const isOwn = board.user_id === me.user_id;
  return (
    <Stack>
      <Title order={3} size="h4" style={{ overflowWrap: "anywhere" }}>
        {board.board_name}
      </Title>
      <Text size="sm" style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
        {board.description || words.noDescription}
      </Text>
      <Table variant="vertical" layout="fixed" withTableBorder>
        <Table.Tbody>
          {hasPeople && <Fact name={words.owner}>{isOwn ? words.youOf(board.owner_username) : board.owner_username}</Fact>}
          {hasPeople && (
            <Fact name={words.visibility}>
              <b>{words.visibilities[board.board_visibility]}</b> –{" "}
              {board.board_visibility === "private" && !isOwn
                ? words.privateOfOthers
                : words.visibilityTells[board.board_visibility]}
            </Fact>
          )}
          {hasPeople && (
            <Fact name={words.yours}>
              <b>{words.levels[board.permission]}</b>
              {reasons.map((each) => (
                <Text key={each.source} size="sm">
                  {words.ownReasons[each.source]}
                </Text>
              ))}
            </Fact>
          )}
          <Fact name={words.content}>
            {words.pictures(board.image_count)}
            {board.asset_count > 0 && `, ${words.assets(board.asset_count)}`}
          </Fact>
          <Fact name={words.created}>{day(board.created_at)}</Fact>
        </Table.Tbody>
      </Table>
      {manages && hasPeople && <Report board={board} />}
      {!manages && reasons.some((each) => each.source === "grant") && <Shares board={board} />}
    </Stack>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <Table.Tr>
      <Table.Th w={110}>{name}</Table.Th>
      <Table.Td>{children}</Table.Td>
    </Table.Tr>
  );
}

/** Everybody who has access, with every reason: for those who manage the board. */
function Report({ board }: { board: Board }) {
  const me = useMe();
  const report = useQuery({
    queryKey: ["board", board.board_id, "access"],
    queryFn: () => {
      const params = { path: { board_id: board.board_id } };
      return data(api.GET("/api/v1/boards/{board_id}/access", { params, ...BACKGROUND }));
    },
  });
  return (
    <Loaded query={report}>
      {(found) => {
        const names = new Map(found.people.map((each) => [each.user_id, each.display_name]));
        return (
          <AccessTable>
            {found.people.map((person) => (
              <Table.Tr key={person.user_id}>
                <Table.Td>
                  <Group gap={6}>
                    {person.user_id === me.user_id ? words.youOf(person.display_name) : person.display_name}
                    {!person.is_active && (
                      <Badge size="sm" variant="default">
                        {words.deactivated}
                      </Badge>
                    )}
                  </Group>
                  <Text size="xs" style={{ overflowWrap: "anywhere" }}>
                    {person.email}
                  </Text>
                </Table.Td>
                <Table.Td>{words.levels[person.permission]}</Table.Td>
                <Table.Td>
                  {person.reasons.map((reason) => (
                    <Text key={reason.source} size="sm">
                      {reasonOf(reason, names)}
                    </Text>
                  ))}
                </Table.Td>
              </Table.Tr>
            ))}
            {found.everybody !== null && (
              <Table.Tr>
                <Table.Td>{words.everybody}</Table.Td>
                <Table.Td>{words.levels[found.everybody]}</Table.Td>
                <Table.Td>{words.reasons.visibility}</Table.Td>
              </Table.Tr>
            )}
            {found.working_links > 0 && (
              <Table.Tr>
                <Table.Td>{words.linkHolders}</Table.Td>
                <Table.Td>{words.levels.read}</Table.Td>
                <Table.Td>{words.workingLinks(found.working_links)}</Table.Td>
              </Table.Tr>
            )}
          </AccessTable>
        );
      }}
    </Loaded>
  );
}

/** Who has a share: for those who have one themselves. */
function Shares({ board }: { board: Board }) {
  const me = useMe();
  const shares = useShares(board.board_id);
  return (
    <Loaded query={shares}>
      {(found) => (
        <AccessTable>
          <Table.Tr>
            <Table.Td>{board.owner_username}</Table.Td>
            <Table.Td>{words.levels.owner}</Table.Td>
            <Table.Td>{words.reasons.owner}</Table.Td>
          </Table.Tr>
          {found.map((share) => (
            <Table.Tr key={share.user_id}>
              <Table.Td>{share.user_id === me.user_id ? words.youOf(share.display_name) : share.display_name}</Table.Td>
              <Table.Td>{words.levels[share.permission]}</Table.Td>
              <Table.Td>{words.grantedOn(day(share.created_at))}</Table.Td>
            </Table.Tr>
          ))}
        </AccessTable>
      )}
    </Loaded>
  );
}

function AccessTable({ children }: { children: ReactNode }) {
  return (
    <Table.ScrollContainer minWidth={320} scrollAreaProps={{ viewportProps: { tabIndex: 0, "aria-label": words.access, role: "region" } }}>
      <Table captionSide="top">
        <Table.Caption ta="left" fz="sm" fw={600} c="inherit">
          {words.access}
        </Table.Caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{words.person}</Table.Th>
            <Table.Th>{words.level}</Table.Th>
            <Table.Th>{words.why}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>{children}</Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function reasonOf(reason: Reason, names: ReadonlyMap<string, string>): string {
  if (reason.source !== "grant" || reason.since === null) return words.reasons[reason.source];
  const by = reason.granted_by === null ? undefined : names.get(reason.granted_by);
  return by === undefined ? words.grantedOn(day(reason.since)) : words.grantedBy(by, day(reason.since));
}
