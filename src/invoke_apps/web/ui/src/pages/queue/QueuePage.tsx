import {
  ActionIcon,
  Alert,
  Badge,
  Button,
  Card,
  Group,
  Menu,
  Progress,
  SegmentedControl,
  Select,
  Stack,
  Text,
} from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconDots, IconRefresh, IconX } from "@tabler/icons-react";
import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { useCallback, useState } from "react";

import { api, BACKGROUND, data, type Schemas } from "../../api/client";
import { QUEUE, queueStatus } from "../../api/lists";
import { useEvent } from "../../app/events";
import { queries } from "../../app/queries";
import { useMe } from "../../app/session";
import { ExpectedWait } from "../../components/ExpectedWait";
import { ago } from "../../components/format";
import { Page } from "../../components/Page";
import { PictureButton } from "../../components/PictureButton";
import { Soon } from "../../components/Soon";
import { texts } from "../../texts";

const words = texts.queue;
const STRETCH = 50;

type Item = Schemas["ItemView"];
type Status = Schemas["JobStatus"];

const COLOURS: Record<Status, string> = {
  pending: "gray",
  in_progress: "indigo",
  completed: "teal",
  failed: "red",
  canceled: "gray",
};

/** Every job that one may know of: one's own in full, others' as shape only. */
export function QueuePage() {
  return (
    <Page title={texts.common.queue} lead={<Counts />} actions={<Ends />}>
      <Soon>
        <Jobs />
      </Soon>
    </Page>
  );
}

function Jobs() {
  const me = useMe();
  const [whose, setWhose] = useState<"mine" | "everybody">("mine");
  const [status, setStatus] = useState<Status | "">("");
  const jobs = useInfiniteQuery({
    queryKey: ["queue", "list", whose, status, me.user_id],
    initialPageParam: 0,
    queryFn: ({ pageParam }) =>
      data(
        api.GET("/api/v1/queue/{queue_id}/list_all", {
          params: {
            path: QUEUE,
            query: {
              user_id: whose === "mine" ? me.user_id : null,
              status: status || null,
              order_dir: "DESC",
              offset: pageParam,
              limit: STRETCH,
            },
          },
          ...BACKGROUND,
        }),
      ),
    getNextPageParam: (last, pages) => (last.length === STRETCH ? pages.length * STRETCH : undefined),
  });
  const items = jobs.data?.pages.flat() ?? [];
  return (
    <>
      <Group justify="space-between" align="flex-end">
        <SegmentedControl
          aria-label={words.whose}
          value={whose}
          onChange={(value) => setWhose(value as typeof whose)}
          data={[
            { value: "mine", label: words.mine },
            { value: "everybody", label: words.everybody },
          ]}
        />
        <Select
          label={words.state}
          w={160}
          value={status}
          allowDeselect={false}
          onChange={(value) => setStatus((value ?? "") as Status | "")}
          data={[
            { value: "", label: words.anyState },
            ...Object.entries(words.states).map(([value, label]) => ({ value, label })),
          ]}
        />
      </Group>
      {jobs.isError && items.length === 0 && (
        <Alert color="red" role="alert" title={texts.common.failed}>
          <Stack align="flex-start">
            <Text size="sm">{jobs.error.message}</Text>
            <Button size="xs" variant="default" onClick={() => void jobs.refetch()}>
              {texts.common.retry}
            </Button>
          </Stack>
        </Alert>
      )}
      {jobs.isSuccess && items.length === 0 && <Text>{words.none}</Text>}
      <Stack gap="xs" component="ul" aria-label={texts.common.queue} p={0} m={0} style={{ listStyle: "none" }}>
        {items.map((item) => (
          <li key={item.item_id}>
            <Job item={item} isMine={item.user_id === me.user_id} mayEnd={item.user_id === me.user_id || me.is_admin} />
          </li>
        ))}
      </Stack>
      {jobs.hasNextPage && (
        <Button variant="default" loading={jobs.isFetchingNextPage} onClick={() => void jobs.fetchNextPage()}>
          {words.more}
        </Button>
      )}
    </>
  );
}

function Counts() {
  const status = useQuery(queueStatus);
  if (!status.data) return null;
  const { queue, processor } = status.data;
  const mine = queue.user_pending + queue.user_in_progress;
  return (
    <>
      {words.counts(queue.pending, queue.in_progress, mine)}
      {queue.waiting > 0 && ` ${words.held(queue.waiting)}`}
      {!processor.is_started && ` ${words.paused}`}
    </>
  );
}

/** What is done with many jobs at once: one's own only, an administrator's too. */
function Ends() {
  const { user_id, is_admin } = useMe();
  const status = useQuery(queueStatus);
  const isStarted = status.data?.processor.is_started ?? true;
  const params = { path: QUEUE, query: { user_id } };
  const settled = () => queries.invalidateQueries({ queryKey: ["queue"] });
  const processor = useMutation({
    mutationFn: (isToRun: boolean) =>
      isToRun
        ? data(api.PUT("/api/v1/queue/{queue_id}/processor/resume", { params: { path: QUEUE } }))
        : data(api.PUT("/api/v1/queue/{queue_id}/processor/pause", { params: { path: QUEUE } })),
    onSettled: () => queries.invalidateQueries({ queryKey: ["queue-status"] }),
  });
  const cancel = useMutation({
    mutationFn: () => data(api.PUT("/api/v1/queue/{queue_id}/cancel_all_except_current", { params })),
    onSuccess: ({ canceled }) => notifications.show({ message: words.canceled(canceled) }),
    onSettled: settled,
  });
  const forget = useMutation({
    mutationFn: () => data(api.PUT("/api/v1/queue/{queue_id}/prune", { params })),
    onSuccess: ({ deleted }) => notifications.show({ message: words.cleared(deleted) }),
    onSettled: settled,
  });
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="default" size="lg" aria-label={words.actions}>
          <IconDots size={18} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => cancel.mutate()}>{words.cancelMine}</Menu.Item>
        <Menu.Item onClick={() => forget.mutate()}>{words.clearMine}</Menu.Item>
        {is_admin && (
          <>
            <Menu.Divider />
            <Menu.Item onClick={() => processor.mutate(!isStarted)}>{isStarted ? words.pause : words.resume}</Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

interface JobProps {
  item: Item;
  isMine: boolean;
  mayEnd: boolean;
}

function Job({ item, isMine, mayEnd }: JobProps) {
  const id = item.item_id;
  const settled = () => queries.invalidateQueries({ queryKey: ["queue"] });
  const cancel = useMutation({
    mutationFn: () =>
      data(api.PUT("/api/v1/queue/{queue_id}/i/{item_id}/cancel", { params: { path: { ...QUEUE, item_id: id } } })),
    onSettled: settled,
  });
  const retry = useMutation({
    mutationFn: () => data(api.PUT("/api/v1/queue/{queue_id}/retry_items_by_id", { params: { path: QUEUE }, body: [id] })),
    onSettled: settled,
  });
  const isUnfinished = item.status === "pending" || item.status === "in_progress";
  const prompt = item.generation?.prompt;
  return (
    <Card withBorder padding="xs" component="article" aria-label={`${words.job} ${id}`}>
      <Group wrap="nowrap" align="flex-start" justify="space-between">
        <Stack gap={4} style={{ minWidth: 0, flex: 1 }}>
          <Group gap="xs">
            <Badge color={COLOURS[item.status]} variant={item.status === "in_progress" ? "filled" : "default"} tt="none">
              {words.states[item.status]}
              {item.position != null && `, ${words.position(item.position)}`}
            </Badge>
            {!isMine && <Text size="sm">{item.user_display_name ?? words.somebody}</Text>}
            <Text size="xs">
              {item.completed_at ? words.ended(ago(item.completed_at)) : words.created(ago(item.created_at))}
            </Text>
          </Group>
          <Text size="sm" lineClamp={2} fs={prompt === undefined ? "italic" : undefined}>
            {prompt ?? words.hidden}
          </Text>
          {item.status === "pending" && <ExpectedWait {...item} />}
          {item.status === "in_progress" && isMine && <Steps item={item} />}
          {item.status === "failed" && item.error_message && (
            <Text size="sm" c="red">
              {item.error_message}
            </Text>
          )}
          {(item.image_names ?? []).length > 0 && (
            <Group gap={4}>
              {item.image_names?.map((name) => (
                <PictureButton key={name} name={name} prompt={prompt ?? ""} size={56} />
              ))}
            </Group>
          )}
        </Stack>
        {mayEnd && isUnfinished && (
          <ActionIcon variant="default" aria-label={words.cancel(id)} loading={cancel.isPending} onClick={() => cancel.mutate()}>
            <IconX size={16} aria-hidden />
          </ActionIcon>
        )}
        {isMine && (item.status === "failed" || item.status === "canceled") && (
          <ActionIcon variant="default" aria-label={words.retry(id)} loading={retry.isPending} onClick={() => retry.mutate()}>
            <IconRefresh size={16} aria-hidden />
          </ActionIcon>
        )}
      </Group>
    </Card>
  );
}

/** How far a running job is, told many times a second without asking. */
function Steps({ item }: { item: Item }) {
  const [told, setTold] = useState({ step: item.progress?.step ?? 0, steps: item.progress?.steps ?? 1 });
  useEvent(
    "invocation_progress",
    useCallback(
      (body) => {
        if (body["item_id"] === item.item_id) setTold({ step: Number(body["step"]), steps: Number(body["steps"]) });
      },
      [item.item_id],
    ),
  );
  return (
    <Group gap="xs" wrap="nowrap">
      <Progress
        value={(100 * told.step) / told.steps}
        style={{ flex: 1, maxWidth: 320 }}
        aria-label={words.progress(item.item_id)}
      />
      <Text size="xs">{words.step(told.step, told.steps)}</Text>
    </Group>
  );
}
