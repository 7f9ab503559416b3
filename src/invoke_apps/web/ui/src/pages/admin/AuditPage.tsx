import {
  ActionIcon,
  Autocomplete,
  Button,
  Code,
  Modal,
  Paper,
  Select,
  SimpleGrid,
  Stack,
  Table,
  Text,
  TextInput,
  Title,
} from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconDownload, IconListSearch, IconShieldCheck } from "@tabler/icons-react";
import { keepPreviousData, useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";

import { api, BACKGROUND, data, type Schemas } from "../../api/client";
import { count, endOf, startOf, time } from "../../components/format";
import { Page } from "../../components/Page";
import { ACTIONS, WideTable } from "../../components/WideTable";
import { texts } from "../../texts";
import { admin as adminTexts } from "../../texts/admin";
import { csv, save } from "./csv";
import { said } from "./Dialogs";
import { LoadedPages } from "./LoadedPages";
import { Notice } from "./Notice";

const words = adminTexts.audit;
const MOST_EXPORTED = 100_000;

type Entry = Schemas["EntryView"];

interface Filters {
  actor: string;
  action: string | null;
  target: string;
  since: string;
  until: string;
}

const ALL: Filters = { actor: "", action: null, target: "", since: "", until: "" };

function stretch(filters: Filters, cursor: string | null, limit: number) {
  const query = {
    actor: filters.actor.trim() || null,
    action: filters.action,
    target: filters.target.trim() || null,
    since: startOf(filters.since),
    until: endOf(filters.until),
    cursor,
    limit,
  };
  return data(api.GET("/api/v1/audit", { params: { query }, ...BACKGROUND }));
}

function actionName(action: string): string {
  return (adminTexts.actionNames as Record<string, string>)[action] ?? action;
}

/** The actions by the kind of thing that they are done to; the kind itself stands for all of them. */
function actionChoices() {
  const kinds = new Map<string, { value: string; label: string }[]>();
  const failed: { value: string; label: string }[] = [];
  for (const [action, label] of Object.entries(adminTexts.actionNames)) {
    if (action.endsWith("failed")) {
      failed.push({ value: action, label });
      continue;
    }
    const kind = action.split(".")[0] ?? action;
    kinds.set(kind, [...(kinds.get(kind) ?? []), { value: action, label }]);
  }
  const groups = [...kinds.entries()].map(([kind, items]) => ({
    group: adminTexts.actionKinds[kind] ?? kind,
    items:
      items.length > 1 && !items.some((each) => each.value === kind)
        ? [{ value: kind, label: words.allOf(adminTexts.actionKinds[kind] ?? kind) }, ...items]
        : items,
  }));
  return [{ group: words.failures, items: failed }, ...groups];
}

/** By whom: whoever has an account is offered, and whatever is typed is looked for. */
function ActorField({ value, onChange }: { value: string; onChange(value: string): void }) {
  const [typed] = useDebouncedValue(value.trim(), 200);
  const people = useQuery({
    queryKey: ["people", "addresses", typed],
    placeholderData: (before) => before,
    queryFn: () =>
      data(api.GET("/api/v1/auth/users", { params: { query: { search: typed || null, limit: 10 } }, ...BACKGROUND })),
  });
  const found = people.data === undefined ? [] : Array.isArray(people.data) ? people.data : people.data.items;
  return (
    <Autocomplete
      label={words.actor}
      placeholder={words.actorHint}
      data={found.map((each) => each.email)}
      filter={({ options }) => options}
      value={value}
      onChange={onChange}
    />
  );
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return "–";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function Details({ entry, onClose }: { entry: Entry; onClose(): void }) {
  const fields = [...new Set([...Object.keys(entry.before ?? {}), ...Object.keys(entry.after ?? {})])];
  const facts: [string, string | null][] = [
    [words.at, time(entry.at, true)],
    [words.who, entry.actor.email ?? words.nobody],
    [words.via, entry.actor.via],
    [words.address, entry.actor.address],
    [words.osUser, entry.actor.operating_system_user],
    [words.target, [entry.target.kind, entry.target.id].filter(Boolean).join(" ")],
    [words.request, entry.request_id],
  ];
  return (
    <Modal opened onClose={onClose} centered size="lg" title={`${words.entry(entry.entry_id)}: ${actionName(entry.action)}`}>
      <Stack>
        <Table variant="vertical" layout="fixed" aria-label={words.entry(entry.entry_id)}>
          <Table.Tbody>
            {facts
              .filter((fact) => fact[1])
              .map(([name, value]) => (
                <Table.Tr key={name}>
                  <Table.Th w={140}>{name}</Table.Th>
                  <Table.Td style={{ overflowWrap: "anywhere" }}>{value}</Table.Td>
                </Table.Tr>
              ))}
          </Table.Tbody>
        </Table>
        <Title order={2} size="h5">
          {words.changes}
        </Title>
        {fields.length === 0 ? (
          <Text size="sm">{words.noDetails}</Text>
        ) : (
          <WideTable label={words.changes} columns={[words.field, words.before, words.after]} minWidth={420}>
            {fields.map((field) => (
              <Table.Tr key={field}>
                <Table.Td>{field}</Table.Td>
                <Table.Td style={{ overflowWrap: "anywhere" }}>{shown(entry.before?.[field])}</Table.Td>
                <Table.Td style={{ overflowWrap: "anywhere" }}>{shown(entry.after?.[field])}</Table.Td>
              </Table.Tr>
            ))}
          </WideTable>
        )}
      </Stack>
    </Modal>
  );
}

function Verification({ found }: { found: Schemas["VerificationView"] }) {
  return found.ok ? (
    <Notice kind="good" title={words.verifiedTitle}>
      <Text size="sm">{words.verified(count(found.entries))}</Text>
      <Text size="xs" style={{ overflowWrap: "anywhere" }}>
        {words.head}: <Code>{found.head}</Code>
      </Text>
    </Notice>
  ) : (
    <Notice kind="bad" title={words.brokenTitle}>
      {found.first_bad !== null && <Text size="sm">{words.brokenAt(found.first_bad)}</Text>}
      {found.trouble && <Text size="sm">{found.trouble}</Text>}
    </Notice>
  );
}

/** What was done here, by whom; and whether the log itself is as it was written. */
export function AuditPage() {
  const [filters, setFilters] = useState(ALL);
  const [settled] = useDebouncedValue(filters, 250);
  const [looked, setLooked] = useState<Entry | null>(null);
  const choices = useMemo(actionChoices, []);
  const change = (more: Partial<Filters>) => setFilters((before) => ({ ...before, ...more }));

  const log = useInfiniteQuery({
    queryKey: ["audit", settled],
    initialPageParam: null as string | null,
    staleTime: 0,
    placeholderData: keepPreviousData,
    queryFn: ({ pageParam }) => stretch(settled, pageParam, 50),
    // New entries come on top while one looks at the top.
    refetchInterval: (query) => (query.state.data && query.state.data.pages.length > 1 ? false : 10_000),
    getNextPageParam: (page) => page.next_cursor,
  });
  const verify = useMutation({ mutationFn: () => data(api.GET("/api/v1/audit/verify")) });
  const exporting = useMutation({
    mutationFn: async () => {
      const entries: Entry[] = [];
      let cursor: string | null = null;
      do {
        const page: Schemas["AuditPageView"] = await stretch(settled, cursor, 1000);
        entries.push(...page.items);
        cursor = page.next_cursor;
      } while (cursor !== null && entries.length < MOST_EXPORTED);
      const head = ["entry_id", "at", "actor_id", "actor_email", "address", "via", "operating_system_user"];
      const rows = entries.map((each) => [
        ...[each.entry_id, each.at, each.actor.user_id, each.actor.email, each.actor.address, each.actor.via],
        ...[each.actor.operating_system_user, each.action, each.target.kind, each.target.id],
        each.before && JSON.stringify(each.before),
        each.after && JSON.stringify(each.after),
        each.request_id,
      ]);
      const all = [[...head, "action", "target_kind", "target_id", "before", "after", "request_id"], ...rows];
      save("audit-log.csv", csv(all));
      return entries.length;
    },
    onSuccess: (entries) => said(words.exported(count(entries))),
  });
  const isFiltered = Object.entries(filters).some(([name, value]) => value !== ALL[name as keyof Filters]);

  return (
    <Page
      title={texts.common.audit}
      lead={words.lead}
      actions={
        <>
          <Button
            variant="default"
            leftSection={<IconDownload size={16} />}
            loading={exporting.isPending}
            onClick={() => exporting.mutate()}
          >
            {words.exportButton}
          </Button>
          <Button
            leftSection={<IconShieldCheck size={16} />}
            loading={verify.isPending}
            onClick={() => verify.mutate()}
          >
            {words.verify}
          </Button>
        </>
      }
    >
      {verify.data && <Verification found={verify.data} />}
      <Paper withBorder p="sm">
        <SimpleGrid cols={{ base: 1, xs: 2, md: 3, xl: 5 }} spacing="sm">
          <ActorField value={filters.actor} onChange={(actor) => change({ actor })} />
          <Select
            label={words.action}
            placeholder={words.anyAction}
            data={choices}
            value={filters.action}
            onChange={(action) => change({ action })}
            searchable
            clearable
            clearButtonProps={{ "aria-label": adminTexts.clearChoice }}
          />
          <TextInput
            label={words.target}
            placeholder={words.targetHint}
            value={filters.target}
            onChange={(event) => change({ target: event.currentTarget.value })}
          />
          <TextInput
            type="date"
            label={words.since}
            value={filters.since}
            max={filters.until || undefined}
            onChange={(event) => change({ since: event.currentTarget.value })}
          />
          <TextInput
            type="date"
            label={words.until}
            value={filters.until}
            min={filters.since || undefined}
            onChange={(event) => change({ until: event.currentTarget.value })}
          />
        </SimpleGrid>
        {isFiltered && (
          <Button mt="sm" size="xs" variant="default" onClick={() => setFilters(ALL)}>
            {words.clear}
          </Button>
        )}
      </Paper>
      <LoadedPages
        query={log}
        empty={words.none}
        items={(page) => page.items}
        total={(page) => page.total}
        say={(number, first) =>
          first.total_is_lower_bound ? words.lowerBound(number, first.total) : adminTexts.total(number, first.total)
        }
      >
        {(entries) => (
          <WideTable
            label={words.table}
            columns={[words.at, words.who, words.what, words.target, ACTIONS]}
            minWidth={780}
            verticalSpacing={6}
          >
            {entries.map((entry) => (
              <Table.Tr key={entry.entry_id}>
                <Table.Td style={{ whiteSpace: "nowrap" }}>{time(entry.at, true)}</Table.Td>
                <Table.Td miw={190}>
                  <Text size="sm" style={{ overflowWrap: "anywhere" }}>
                    {entry.actor.email ?? entry.actor.operating_system_user ?? words.nobody}
                  </Text>
                  <Text size="xs">{[entry.actor.via, entry.actor.address].filter(Boolean).join(", ")}</Text>
                </Table.Td>
                <Table.Td>{actionName(entry.action)}</Table.Td>
                <Table.Td maw={240}>
                  <Text size="sm">{adminTexts.actionKinds[entry.target.kind] ?? entry.target.kind}</Text>
                  {entry.target.id && (
                    <Text size="xs" truncate title={entry.target.id}>
                      {entry.target.id}
                    </Text>
                  )}
                </Table.Td>
                <Table.Td>
                  <ActionIcon
                    variant="subtle"
                    color="gray"
                    aria-label={words.details(entry.entry_id)}
                    onClick={() => setLooked(entry)}
                  >
                    <IconListSearch size={18} />
                  </ActionIcon>
                </Table.Td>
              </Table.Tr>
            ))}
          </WideTable>
        )}
      </LoadedPages>
      {looked && <Details entry={looked} onClose={() => setLooked(null)} />}
    </Page>
  );
}
