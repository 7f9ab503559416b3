import { Badge, Drawer, Group, SimpleGrid, Stack, Table, Tabs, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";

import { api, BACKGROUND, data, type Schemas } from "../../api/client";
import { ago, count, duration, time } from "../../components/format";
import { Loaded } from "../../components/Page";
import { WideTable } from "../../components/WideTable";
import { texts } from "../../texts";
import { admin as adminTexts } from "../../texts/admin";
import { Figure } from "./Figure";

const words = adminTexts.people;

type Person = Schemas["ManagedUserView"];

const PersonPlots = lazy(async () => ({ default: (await import("./Plots")).PersonPlots }));

function Statistics({ person }: { person: Person }) {
  const path = { user_id: person.user_id };
  const statistics = useQuery({
    queryKey: ["person", person.user_id, "statistics"],
    staleTime: 0,
    refetchInterval: 15_000,
    queryFn: () => data(api.GET("/api/v1/auth/users/{user_id}/statistics", { params: { path }, ...BACKGROUND })),
  });
  return (
    <Loaded query={statistics}>
      {(found) => (
        <Stack>
          <SimpleGrid cols={{ base: 2, sm: 3 }} spacing="xs">
            <Figure name={words.images} value={count(found.images)} />
            <Figure name={words.boards} value={count(found.boards)} />
            <Figure name={words.workflows} value={count(found.workflows)} />
            <Figure name={words.gpuTime} value={duration(found.gpu_seconds)} />
            <Figure name={words.activeSessions} value={count(found.active_sessions)} />
            <Figure name={words.lastSignIn} value={ago(found.last_login_at)} />
          </SimpleGrid>
          <Text size="sm">
            {words.memberSince}: {time(person.created_at)}
          </Text>
          <Suspense fallback={<Text size="sm">{adminTexts.chartLoading}</Text>}>
            <PersonPlots statistics={found} quota={person.storage_quota_bytes} />
          </Suspense>
        </Stack>
      )}
    </Loaded>
  );
}

/** What a browser calls itself, in two words. */
function device(agent: string | null): string {
  if (!agent) return words.unknownDevice;
  const browser = /(Firefox|Edg|OPR|Chrome|Safari|curl|python-httpx)\/?([\d]+)?/.exec(agent);
  const system = /(Windows|Mac OS X|Android|iPhone|iPad|Linux)/.exec(agent);
  const name = browser?.[1]?.replace("Edg", "Edge").replace("OPR", "Opera");
  return name ? [name, browser?.[2], system && `(${system[1]})`].filter(Boolean).join(" ") : agent.slice(0, 60);
}

function Sessions({ person }: { person: Person }) {
  const path = { user_id: person.user_id };
  const sessions = useQuery({
    queryKey: ["person", person.user_id, "sessions"],
    staleTime: 0,
    refetchInterval: 15_000,
    queryFn: () =>
      data(api.GET("/api/v1/auth/users/{user_id}/sessions", { params: { path, query: { limit: 200 } }, ...BACKGROUND })),
  });
  return (
    <Loaded query={sessions} isEmpty={(page) => page.items.length === 0} empty={words.noSessions}>
      {(page) => (
        <WideTable
          label={words.sessions}
          columns={[words.device, words.address, words.signedIn, words.lastSeen, words.ends]}
          minWidth={520}
        >
          {page.items.map((session) => (
            <Table.Tr key={session.session_id}>
              <Table.Td title={session.user_agent ?? undefined}>
                <Group gap={4}>
                  {device(session.user_agent)}
                  {session.current && <Badge size="sm">{words.thisSession}</Badge>}
                </Group>
              </Table.Td>
              <Table.Td>{session.address ?? "–"}</Table.Td>
              <Table.Td title={time(session.created_at)}>{ago(session.created_at)}</Table.Td>
              <Table.Td title={time(session.last_seen_at)}>{ago(session.last_seen_at)}</Table.Td>
              <Table.Td>{time(session.expires_at)}</Table.Td>
            </Table.Tr>
          ))}
        </WideTable>
      )}
    </Loaded>
  );
}

/** One person's numbers and sign-ins, beside the list. */
export function PersonDrawer({ person, onClose }: { person: Person | null; onClose(): void }) {
  const [tab, setTab] = useState<string | null>("statistics");
  if (person === null) return null;
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size="lg"
      title={
        <Text fw={650} component="span">
          {person.display_name}
        </Text>
      }
      closeButtonProps={{ "aria-label": texts.common.close }}
    >
      <Stack>
        <div>
          <Text size="sm">{person.email}</Text>
          {person.note && <Text size="sm">{person.note}</Text>}
        </div>
        <Tabs value={tab} onChange={setTab} keepMounted={false}>
          <Tabs.List mb="md">
            <Tabs.Tab value="statistics">{words.statistics}</Tabs.Tab>
            <Tabs.Tab value="sessions">{words.sessions}</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="statistics">
            <Statistics person={person} />
          </Tabs.Panel>
          <Tabs.Panel value="sessions">
            <Sessions person={person} />
          </Tabs.Panel>
        </Tabs>
      </Stack>
    </Drawer>
  );
}
