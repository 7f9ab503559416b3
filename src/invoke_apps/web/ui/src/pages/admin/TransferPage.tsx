import {
  Alert,
  Badge,
  Button,
  Group,
  List,
  MultiSelect,
  Paper,
  Radio,
  SimpleGrid,
  Stack,
  Table,
  Text,
  TextInput,
  Title,
} from "@mantine/core";
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { api, BACKGROUND, data, Problem, type Schemas } from "../../api/client";
import { bytes, count, endOf, startOf, time } from "../../components/format";
import { Page } from "../../components/Page";
import { Refusal } from "../../components/Refusal";
import { ACTIONS, WideTable } from "../../components/WideTable";
import { texts } from "../../texts";
import { admin as adminTexts } from "../../texts/admin";
import { ConfirmDialog, said } from "./Dialogs";
import { LoadedPages } from "./LoadedPages";
import { usePersonNames } from "./names";
import { PersonSelect } from "./PersonSelect";

const words = adminTexts.transfer;
const BOARDS_SHOWN = 10;

type Wish = Schemas["TransferBody"];
type Plan = Schemas["PlanView"];
type Transfer = Schemas["TransferView"];

async function send(wish: Wish, dryRun: boolean): Promise<Plan | Transfer> {
  return data(api.POST("/api/v1/system/assets/transfer", { body: { ...wish, dry_run: dryRun } }));
}

function isNothing(plan: Plan): boolean {
  return plan.boards.length + plan.images + plan.workflows + plan.style_presets === 0;
}

function Preview({ plan }: { plan: Plan }) {
  if (isNothing(plan)) {
    return (
      <Alert color="yellow" role="status">
        {words.previewNothing}
      </Alert>
    );
  }
  const boards = plan.boards.slice(0, BOARDS_SHOWN);
  return (
    <Paper withBorder p="md" component="section" aria-label={words.previewTitle}>
      <Title order={2} size="h5" mb="xs">
        {words.previewTitle}
      </Title>
      <SimpleGrid cols={{ base: 2, sm: 5 }} spacing="xs">
        {[
          [words.boards, count(plan.boards.length)],
          [words.images, count(plan.images)],
          [words.size, bytes(plan.storage_bytes)],
          [words.workflows, count(plan.workflows)],
          [words.presets, count(plan.style_presets)],
        ].map(([name, value]) => (
          <div key={name}>
            <Text size="xs">{name}</Text>
            <Text fw={650}>{value}</Text>
          </div>
        ))}
      </SimpleGrid>
      {boards.length > 0 && (
        <List size="sm" mt="sm">
          {boards.map((board) => (
            <List.Item key={board.board_id}>{board.board_name}</List.Item>
          ))}
          {plan.boards.length > BOARDS_SHOWN && (
            <List.Item>{adminTexts.people.moreBoards(plan.boards.length - BOARDS_SHOWN)}</List.Item>
          )}
        </List>
      )}
    </Paper>
  );
}

function TransferForm() {
  const queries = useQueryClient();
  const [from, setFrom] = useState<string | null>("system");
  const [to, setTo] = useState<string | null>(null);
  const [what, setWhat] = useState("whole");
  const [boardIds, setBoardIds] = useState<string[]>([]);
  const [since, setSince] = useState("");
  const [until, setUntil] = useState("");

  const content = useQuery({
    queryKey: ["person", from, "content"],
    enabled: from !== null && what === "boards",
    staleTime: 0,
    queryFn: () =>
      data(
        api.GET("/api/v1/auth/users/{user_id}/content", { params: { path: { user_id: from ?? "" } }, ...BACKGROUND }),
      ),
  });
  const wish: Wish | null =
    from === null || to === null || (what === "boards" && boardIds.length === 0)
      ? null
      : {
          from_user_id: from,
          to_user_id: to,
          board_ids: what === "boards" ? boardIds : null,
          since: what === "date" ? startOf(since) : null,
          until: what === "date" ? endOf(until) : null,
        };
  const preview = useMutation({
    meta: { quiet: true },
    mutationFn: async (asked: Wish) => ({ asked, plan: (await send(asked, true)) as Plan }),
  });
  const execute = useMutation({
    meta: { quiet: true },
    mutationFn: async (asked: Wish) => (await send(asked, false)) as Transfer,
    onSuccess: (done) => {
      said(words.executed(count(done.boards), count(done.images)));
      preview.reset();
      setBoardIds([]);
      for (const word of ["transfers", "people", "person", "boards", "images"]) {
        void queries.invalidateQueries({ queryKey: [word] });
      }
    },
  });
  // What was previewed counts only for what is asked now.
  const plan = preview.data && JSON.stringify(preview.data.asked) === JSON.stringify(wish) ? preview.data.plan : null;
  const fields = preview.error instanceof Problem ? preview.error.fields : {};
  const submit = (event: FormEvent) => {
    event.preventDefault();
    execute.reset();
    if (wish !== null) preview.mutate(wish);
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="md">
          <PersonSelect
            label={words.from}
            required
            system
            value={from}
            onChange={(userId) => {
              setFrom(userId);
              setBoardIds([]);
            }}
            without={to}
          />
          <PersonSelect
            label={words.to}
            required
            system
            active
            value={to}
            onChange={setTo}
            without={from}
          />
        </SimpleGrid>
        <Radio.Group label={words.what} value={what} onChange={setWhat}>
          <Stack gap="xs" mt="xs">
            <Radio value="whole" label={words.whole} description={words.wholeLead} />
            <Radio value="boards" label={words.byBoard} description={words.byBoardLead} />
            <Radio value="date" label={words.byDate} description={words.byDateLead} />
          </Stack>
        </Radio.Group>
        {what === "boards" && (
          <MultiSelect
            label={words.boards}
            description={words.boardsHint}
            required
            searchable
            clearable
            clearButtonProps={{ "aria-label": adminTexts.clearChoice }}
            limit={100}
            nothingFoundMessage={words.noBoards}
            value={boardIds}
            onChange={setBoardIds}
            error={content.isError ? content.error.message : undefined}
            data={(content.data?.boards ?? []).map((board) => ({
              value: board.board_id,
              label: adminTexts.people.boardLine(board.board_name, board.image_count, board.guests_image_count),
            }))}
          />
        )}
        {what === "date" && (
          <Group>
            <TextInput
              type="date"
              label={words.since}
              value={since}
              max={until || undefined}
              onChange={(event) => setSince(event.currentTarget.value)}
              error={fields["since"]}
            />
            <TextInput
              type="date"
              label={words.until}
              value={until}
              min={since || undefined}
              onChange={(event) => setUntil(event.currentTarget.value)}
              error={fields["until"]}
            />
          </Group>
        )}
        {Object.keys(fields).length === 0 && <Refusal error={preview.error} />}
        <Refusal error={execute.error} />
        {plan && <Preview plan={plan} />}
        <Group>
          <Button type="submit" variant={plan ? "default" : "filled"} loading={preview.isPending}>
            {words.preview}
          </Button>
          {plan && wish && !isNothing(plan) && (
            <Button loading={execute.isPending} onClick={() => execute.mutate(wish)}>
              {words.execute}
            </Button>
          )}
        </Group>
      </Stack>
    </form>
  );
}

function History() {
  const [asked, setAsked] = useState<Transfer | null>(null);
  const history = useInfiniteQuery({
    queryKey: ["transfers"],
    initialPageParam: 0,
    staleTime: 0,
    refetchInterval: 15_000,
    queryFn: ({ pageParam }) => {
      const query = { offset: pageParam, limit: 50 };
      return data(api.GET("/api/v1/system/assets/transfers", { params: { query }, ...BACKGROUND }));
    },
    getNextPageParam: (page) => {
      const next = page.offset + page.items.length;
      return next < page.total ? next : null;
    },
  });
  const all = history.data?.pages.flatMap((page) => page.items) ?? [];
  const names = usePersonNames(all.flatMap((each) => [each.from_user_id, each.to_user_id, each.started_by]));
  const undone = new Set(all.map((each) => each.undoes));
  return (
    <>
      <LoadedPages query={history} empty={words.noHistory} items={(page) => page.items} total={(page) => page.total}>
        {(transfers) => (
          <WideTable
            label={words.table}
            columns={[words.at, words.from, words.to, words.moved, words.by, words.status, ACTIONS]}
            minWidth={820}
            verticalSpacing="xs"
          >
            {transfers.map((each) => {
              const [from, to] = [names(each.from_user_id), names(each.to_user_id)];
              return (
                <Table.Tr key={each.transfer_id}>
                  <Table.Td style={{ whiteSpace: "nowrap" }}>{time(each.created_at)}</Table.Td>
                  <Table.Td>{from}</Table.Td>
                  <Table.Td>{to}</Table.Td>
                  <Table.Td>
                    {words.movedWhat(count(each.boards), count(each.images), count(each.workflows))}
                  </Table.Td>
                  <Table.Td>{names(each.started_by)}</Table.Td>
                  <Table.Td>
                    <Group gap={4}>
                      <Text size="sm">{words.statuses[each.status] ?? each.status}</Text>
                      {each.undoes && <Badge variant="default">{words.isUndo}</Badge>}
                      {undone.has(each.transfer_id) && <Badge variant="default">{words.wasUndone}</Badge>}
                    </Group>
                  </Table.Td>
                  <Table.Td>
                    {!undone.has(each.transfer_id) && (
                      <Button
                        size="xs"
                        variant="default"
                        aria-label={words.undoOf(from, to)}
                        onClick={() => setAsked(each)}
                      >
                        {words.undo}
                      </Button>
                    )}
                  </Table.Td>
                </Table.Tr>
              );
            })}
          </WideTable>
        )}
      </LoadedPages>
      {asked && (
        <ConfirmDialog
          title={words.undoTitle}
          lead={words.undoLead(names(asked.from_user_id), names(asked.to_user_id))}
          confirm={words.undo}
          color="indigo"
          changes={["transfers", "people", "person", "boards", "images"]}
          act={async () => {
            const path = { transfer_id: asked.transfer_id };
            await api.POST("/api/v1/system/assets/transfers/{transfer_id}/undo", { params: { path } });
            return words.undone;
          }}
          onClose={() => setAsked(null)}
        />
      )}
    </>
  );
}

/** Content of one account goes to another: shown before, done at once, and undone. */
export function TransferPage() {
  return (
    <Page title={texts.common.transfer} lead={words.lead}>
      <Paper withBorder p="md">
        <TransferForm />
      </Paper>
      <Title order={2} size="h4">
        {words.history}
      </Title>
      <History />
    </Page>
  );
}
