import {
  ActionIcon,
  Button,
  Group,
  Menu,
  Modal,
  NumberInput,
  SimpleGrid,
  Stack,
  Table,
  Text,
  Title,
  Tooltip,
} from "@mantine/core";
import {
  IconAdjustments,
  IconDots,
  IconFilter,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlayerStop,
  IconX,
} from "@tabler/icons-react";
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, lazy, Suspense, useCallback, useState } from "react";

import { api, BACKGROUND, data, Problem, type Schemas } from "../../api/client";
import { QUEUE, queueStatus } from "../../api/lists";
import { useEvent } from "../../app/events";
import { DialogEnd } from "../../components/DialogEnd";
import { ago, count, duration, percent, time } from "../../components/format";
import { Loaded, Page } from "../../components/Page";
import { Refusal } from "../../components/Refusal";
import { ACTIONS, numbers, WideTable } from "../../components/WideTable";
import { texts } from "../../texts";
import { admin as adminTexts } from "../../texts/admin";
import { ConfirmDialog, said } from "./Dialogs";
import { Figure } from "./Figure";
import { Notice } from "./Notice";
import { PersonSelect } from "./PersonSelect";
import type { Share } from "./Plots";

const words = adminTexts.queue;
const states = adminTexts.people.jobStates;
const STRETCH = 100;

const SharesPlot = lazy(async () => ({ default: (await import("./Plots")).SharesPlot }));

type Job = Schemas["ItemView"];
type Wish = { kind: "cancel" | "limits"; share: Share };

async function jobsOf(status: "pending" | "in_progress", userId: string | null, limit: number): Promise<Job[]> {
  const query = { status, user_id: userId, limit };
  return data(api.GET("/api/v1/queue/{queue_id}/list_all", { params: { path: QUEUE, query }, ...BACKGROUND }));
}

/** Cancel whatever of a person waits or runs: a batch at a time, in as few calls as the server takes. */
async function cancelAllOf(userId: string): Promise<number> {
  const batches = new Set<string>();
  for (const status of ["in_progress", "pending"] as const) {
    for (const job of await jobsOf(status, userId, 1000)) if (job.batch_id) batches.add(job.batch_id);
  }
  if (batches.size === 0) return 0;
  const body = { batch_ids: [...batches] };
  const { canceled } = await data(
    api.PUT("/api/v1/queue/{queue_id}/cancel_by_batch_ids", { params: { path: QUEUE }, body }),
  );
  // More than a thousand jobs: the next ones show once these are gone.
  return canceled === 0 ? 0 : canceled + (await cancelAllOf(userId));
}

function Processor() {
  const queries = useQueryClient();
  const status = useQuery(queueStatus);
  const turn = useMutation({
    mutationFn: (goesOn: boolean) =>
      goesOn
        ? api.PUT("/api/v1/queue/{queue_id}/processor/resume", { params: { path: QUEUE } })
        : api.PUT("/api/v1/queue/{queue_id}/processor/pause", { params: { path: QUEUE } }),
    onSuccess: (_answer, goesOn) => {
      said(goesOn ? words.resumedNow : words.pausedNow);
      for (const word of ["queue-status", "queue"]) void queries.invalidateQueries({ queryKey: [word] });
    },
  });
  if (status.data === undefined) return null;
  return status.data.processor.is_started ? (
    <Button
      variant="default"
      leftSection={<IconPlayerPause size={16} />}
      loading={turn.isPending}
      onClick={() => turn.mutate(false)}
    >
      {words.pause}
    </Button>
  ) : (
    <Button leftSection={<IconPlayerPlay size={16} />} loading={turn.isPending} onClick={() => turn.mutate(true)}>
      {words.resume}
    </Button>
  );
}

type Limit = "max_pending" | "max_running" | "gpu_seconds_per_day";

const LIMITS: { limit: Limit; label: string; isWhole: boolean }[] = [
  { limit: "max_pending", label: words.maxPending, isWhole: true },
  { limit: "max_running", label: words.maxRunning, isWhole: true },
  { limit: "gpu_seconds_per_day", label: words.gpuPerDay, isWhole: false },
];

function LimitsDialog({ share, onClose }: { share: Share; onClose(): void }) {
  const queries = useQueryClient();
  const [weight, setWeight] = useState<number | string>(share.weight);
  const [limits, setLimits] = useState<Record<Limit, number | string>>({
    max_pending: share.max_pending ?? "",
    max_running: share.max_running ?? "",
    gpu_seconds_per_day: share.gpu_seconds_per_day ?? "",
  });
  const orNull = (limit: Limit) => (limits[limit] === "" ? null : Number(limits[limit]));
  const save = useMutation({
    meta: { quiet: true },
    mutationFn: () =>
      api.PATCH("/api/v1/queue/{queue_id}/users/{user_id}", {
        params: { path: { ...QUEUE, user_id: share.user_id } },
        body: {
          weight: Number(weight),
          max_pending: orNull("max_pending"),
          max_running: orNull("max_running"),
          gpu_seconds_per_day: orNull("gpu_seconds_per_day"),
        },
      }),
    onSuccess: () => {
      said(adminTexts.people.saved);
      void queries.invalidateQueries({ queryKey: ["queue"] });
      onClose();
    },
  });
  const fields = save.error instanceof Problem ? save.error.fields : {};
  return (
    <Modal opened onClose={onClose} centered title={words.limitsTitle(share.display_name)}>
      <form
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Stack>
          {Object.keys(fields).length === 0 && <Refusal error={save.error} />}
          <NumberInput
            label={words.weight}
            description={words.weightHint}
            required
            hideControls
            decimalScale={3}
            value={weight}
            onChange={setWeight}
            error={fields["weight"]}
            data-autofocus
          />
          {LIMITS.map(({ limit, label, isWhole }) => (
            <NumberInput
              key={limit}
              label={label}
              description={words.serverLimit}
              allowDecimal={!isWhole}
              min={0}
              hideControls
              value={limits[limit]}
              onChange={(value) => setLimits({ ...limits, [limit]: value })}
              error={fields[limit]}
            />
          ))}
          <DialogEnd onCancel={onClose}>
            <Button type="submit" loading={save.isPending}>
              {texts.common.save}
            </Button>
          </DialogEnd>
        </Stack>
      </form>
    </Modal>
  );
}

interface SharesProps {
  shares: Share[];
  wish(wish: Wish): void;
  filter(share: Share): void;
}

function Shares({ shares, wish, filter }: SharesProps) {
  const hasGroups = shares.some((share) => share.group !== null);
  return (
    <WideTable
      label={words.sharesTitle}
      columns={[
        adminTexts.person,
        ...(hasGroups ? [words.group] : []),
        numbers(words.waiting),
        numbers(words.running),
        numbers(words.gpuToday),
        numbers(words.used),
        numbers(words.fair),
        numbers(words.weight),
        numbers(words.wait),
        ACTIONS,
      ]}
      minWidth={760}
      verticalSpacing="xs"
    >
      {shares.map((share) => (
        <Table.Tr key={share.user_id}>
          <Table.Td fw={600}>{share.display_name}</Table.Td>
          {hasGroups && <Table.Td>{share.group ?? "–"}</Table.Td>}
          <Table.Td ta="right">{count(share.pending)}</Table.Td>
          <Table.Td ta="right">{count(share.in_progress)}</Table.Td>
          <Table.Td ta="right">{duration(share.gpu_seconds)}</Table.Td>
          <Table.Td ta="right">{percent(share.share)}</Table.Td>
          <Table.Td ta="right">{percent(share.fair_share)}</Table.Td>
          <Table.Td ta="right">{count(share.weight)}</Table.Td>
          <Table.Td ta="right">{duration(share.expected_wait_seconds)}</Table.Td>
          <Table.Td>
            <Menu position="bottom-end" width={210} withinPortal>
              <Menu.Target>
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  aria-label={adminTexts.people.actionsOf(share.display_name)}
                >
                  <IconDots size={18} />
                </ActionIcon>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item leftSection={<IconFilter size={16} />} onClick={() => filter(share)}>
                  {words.onlyThem}
                </Menu.Item>
                <Menu.Item
                  leftSection={<IconAdjustments size={16} />}
                  onClick={() => wish({ kind: "limits", share })}
                >
                  {words.limits}
                </Menu.Item>
                {share.pending + share.in_progress > 0 && (
                  <Menu.Item
                    leftSection={<IconPlayerStop size={16} />}
                    onClick={() => wish({ kind: "cancel", share })}
                  >
                    {words.cancelPerson}
                  </Menu.Item>
                )}
              </Menu.Dropdown>
            </Menu>
          </Table.Td>
        </Table.Tr>
      ))}
    </WideTable>
  );
}

function Groups({ groups }: { groups: Schemas["GroupShareView"][] }) {
  return (
    <WideTable
      label={words.groups}
      columns={[
        words.group,
        numbers(words.members),
        numbers(words.waiting),
        numbers(words.running),
        numbers(words.gpuToday),
        numbers(words.used),
        numbers(words.fair),
        numbers(words.weight),
      ]}
      minWidth={640}
      verticalSpacing="xs"
    >
      {groups.map((group) => (
        <Table.Tr key={group.name}>
          <Table.Td fw={600}>{group.name}</Table.Td>
          <Table.Td ta="right">{count(group.members)}</Table.Td>
          <Table.Td ta="right">{count(group.pending)}</Table.Td>
          <Table.Td ta="right">{count(group.in_progress)}</Table.Td>
          <Table.Td ta="right">{duration(group.gpu_seconds)}</Table.Td>
          <Table.Td ta="right">{percent(group.share)}</Table.Td>
          <Table.Td ta="right">{percent(group.fair_share)}</Table.Td>
          <Table.Td ta="right">{count(group.weight)}</Table.Td>
        </Table.Tr>
      ))}
    </WideTable>
  );
}

/** The step that a running job is at, as the server says it. */
function useSteps(): Map<number, { step: number; steps: number }> {
  const [at, setAt] = useState(new Map<number, { step: number; steps: number }>());
  useEvent(
    "invocation_progress",
    useCallback((body) => {
      const { item_id: id, step, steps } = body;
      if (typeof id !== "number" || typeof step !== "number" || typeof steps !== "number") return;
      setAt((before) => new Map(before).set(id, { step, steps }));
    }, []),
  );
  return at;
}

function Jobs({ userId }: { userId: string | null }) {
  const queries = useQueryClient();
  const [limit, setLimit] = useState(STRETCH);
  const steps = useSteps();
  const jobs = useQuery({
    queryKey: ["queue", "everybody", userId, limit],
    placeholderData: keepPreviousData,
    queryFn: async () => {
      const [running, pending] = await Promise.all([
        jobsOf("in_progress", userId, limit),
        jobsOf("pending", userId, limit),
      ]);
      const place = (job: Job) => job.position ?? Number.MAX_SAFE_INTEGER;
      pending.sort((one, other) => place(one) - place(other) || one.item_id - other.item_id);
      return { jobs: [...running, ...pending], isMore: pending.length === limit && limit < 1000 };
    },
  });
  const cancel = useMutation({
    mutationFn: (id: number) =>
      api.PUT("/api/v1/queue/{queue_id}/i/{item_id}/cancel", { params: { path: { ...QUEUE, item_id: id } } }),
    onSuccess: (_answer, id) => said(words.jobCancelled(id)),
    onSettled: () => queries.invalidateQueries({ queryKey: ["queue"] }),
  });
  return (
    <Loaded query={jobs} isEmpty={(found) => found.jobs.length === 0} empty={words.noJobs}>
      {(found) => (
        <Stack gap="xs">
          <WideTable
            label={words.jobsTitle}
            columns={[
              numbers(words.job),
              adminTexts.person,
              words.prompt,
              words.state,
              numbers(words.position),
              numbers(words.wait),
              words.since,
              ACTIONS,
            ]}
            minWidth={860}
            verticalSpacing={6}
          >
            {found.jobs.map((job) => {
              const step = steps.get(job.item_id) ?? job.progress;
              const since = job.started_at ?? job.created_at;
              return (
                <Table.Tr key={job.item_id}>
                  <Table.Td ta="right">{job.item_id}</Table.Td>
                  <Table.Td title={job.user_email ?? undefined}>{job.user_display_name}</Table.Td>
                  <Table.Td maw={320}>
                    <Text size="sm" truncate title={job.generation?.prompt}>
                      {job.generation?.prompt}
                    </Text>
                  </Table.Td>
                  <Table.Td>
                    {states[job.status]}
                    {job.status === "in_progress" && step && (
                      <Text span size="xs">
                        {" "}
                        ({words.step(step.step, step.steps)})
                      </Text>
                    )}
                  </Table.Td>
                  <Table.Td ta="right">{job.position ?? "–"}</Table.Td>
                  <Table.Td ta="right">{duration(job.expected_wait_seconds ?? null)}</Table.Td>
                  <Table.Td title={time(since, true)}>{ago(since)}</Table.Td>
                  <Table.Td>
                    <Tooltip label={words.cancel}>
                      <ActionIcon
                        variant="subtle"
                        color="gray"
                        aria-label={words.cancelJob(job.item_id)}
                        onClick={() => cancel.mutate(job.item_id)}
                      >
                        <IconX size={16} />
                      </ActionIcon>
                    </Tooltip>
                  </Table.Td>
                </Table.Tr>
              );
            })}
          </WideTable>
          {found.isMore && (
            <Group>
              <Button variant="default" loading={jobs.isFetching} onClick={() => setLimit((now) => Math.min(1000, now * 3))}>
                {words.showMore}
              </Button>
            </Group>
          )}
        </Stack>
      )}
    </Loaded>
  );
}

/** Everybody's jobs and shares, and what an administrator does about them. */
export function OverviewPage() {
  const [userId, setUserId] = useState<string | null>(null);
  const [wish, setWish] = useState<Wish | null>(null);
  const status = useQuery(queueStatus);
  const overview = useQuery({
    queryKey: ["queue", "overview", userId],
    placeholderData: keepPreviousData,
    refetchInterval: 10_000, // GPU time passes, and with it waits, without an event
    queryFn: () =>
      data(
        api.GET("/api/v1/queue/{queue_id}/overview", {
          params: { path: QUEUE, query: { user_id: userId } },
          ...BACKGROUND,
        }),
      ),
  });
  return (
    <Page title={texts.common.overview} lead={words.lead} actions={<Processor />}>
      {status.data?.processor.is_started === false && (
        <Notice kind="warning" title={words.paused}>
          {words.pausedLead}
        </Notice>
      )}
      <PersonSelect
        label={words.filter}
        placeholder={adminTexts.everybody}
        value={userId}
        onChange={setUserId}
        maw={360}
      />
      <Loaded query={overview}>
        {(found) => (
          <Stack>
            <SimpleGrid cols={{ base: 2, sm: 3, lg: 5 }} spacing="xs">
              <Figure name={words.waiting} value={count(found.items.reduce((all, each) => all + each.pending, 0))} />
              <Figure name={words.running} value={count(found.items.reduce((all, each) => all + each.in_progress, 0))} />
              <Figure
                name={words.peopleIn}
                value={count(found.items.filter((each) => each.pending + each.in_progress > 0).length)}
              />
              <Figure
                name={words.gap}
                value={found.fairness_gap.toFixed(1)}
                hint={words.gapHint(found.fairness_bound.toFixed(1))}
              />
              {found.wait_accuracy && (
                <Figure
                  name={words.accuracy}
                  value={`± ${percent(found.wait_accuracy.median_error)}`}
                  hint={words.accuracyHint(count(found.wait_accuracy.compared))}
                />
              )}
            </SimpleGrid>
            <div>
              <Title order={2} size="h4">
                {words.sharesTitle}
              </Title>
              <Text size="sm">{words.sharesLead}</Text>
            </div>
            {found.items.length === 0 ? (
              <Text>{words.noShares}</Text>
            ) : (
              <>
                <Suspense fallback={<Text size="sm">{adminTexts.chartLoading}</Text>}>
                  <SharesPlot shares={found.items} />
                </Suspense>
                <Shares shares={found.items} wish={setWish} filter={(share) => setUserId(share.user_id)} />
                {found.groups.length > 0 && <Groups groups={found.groups} />}
              </>
            )}
          </Stack>
        )}
      </Loaded>
      <Title order={2} size="h4">
        {words.jobsTitle}
      </Title>
      <Jobs userId={userId} />
      {wish?.kind === "limits" && <LimitsDialog share={wish.share} onClose={() => setWish(null)} />}
      {wish?.kind === "cancel" && (
        <ConfirmDialog
          title={words.cancelTitle(wish.share.display_name)}
          lead={words.cancelLead(wish.share.pending + wish.share.in_progress)}
          confirm={words.cancelPerson}
          cancel={words.keep}
          changes={["queue", "queue-status"]}
          act={async () => words.cancelled(await cancelAllOf(wish.share.user_id))}
          onClose={() => setWish(null)}
        />
      )}
    </Page>
  );
}
