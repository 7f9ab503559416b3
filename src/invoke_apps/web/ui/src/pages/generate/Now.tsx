import { Badge, Button, Card, Group, Image, Progress, Stack, Text } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { memo, useCallback, useState } from "react";

import { api, BACKGROUND, data, type Schemas } from "../../api/client";
import { useEvent } from "../../app/events";
import { queries } from "../../app/queries";
import { useMe } from "../../app/session";
import { ExpectedWait } from "../../components/ExpectedWait";
import { texts } from "../../texts";

const words = texts.generate;
type Item = Schemas["ItemView"];
const LISTED = 100; // more are counted on the page of the queue
const QUEUE = { path: { queue_id: "default" } } as const;

interface Told {
  step: number;
  steps: number;
  preview: string | null;
}

/** Return one's own jobs that run or wait, the running ones first. */
function useUnfinished() {
  const { user_id } = useMe();
  return useQuery({
    queryKey: ["queue", "unfinished", user_id],
    queryFn: async () => {
      const [running, waiting] = await Promise.all(
        (["in_progress", "pending"] as const).map((status) =>
          data(
            api.GET("/api/v1/queue/{queue_id}/list_all", {
              params: { ...QUEUE, query: { status, user_id, limit: LISTED } },
              ...BACKGROUND,
            }),
          ),
        ),
      );
      return { running: running ?? [], waiting: waiting ?? [] };
    },
    // Expected waits grow shorter without any event.
    refetchInterval: (query) => (query.state.data?.waiting.length ? 5000 : false),
  });
}

/** What is being made for this person just now, and what comes next. */
export const Now = memo(function Now() {
  const jobs = useUnfinished();
  const [told, setTold] = useState<Record<number, Told>>({});
  useEvent(
    "invocation_progress",
    useCallback((body) => {
      const { item_id, step, steps, preview } = body as unknown as Told & { item_id: number };
      setTold((known) => ({
        ...known,
        [item_id]: { step, steps, preview: preview ?? known[item_id]?.preview ?? null },
      }));
    }, []),
  );
  const cancel = useMutation({
    mutationFn: (item_id: number) =>
      data(api.PUT("/api/v1/queue/{queue_id}/i/{item_id}/cancel", { params: { path: { queue_id: "default", item_id } } })),
    onSettled: () => queries.invalidateQueries({ queryKey: ["queue"] }),
  });
  const { user_id } = useMe();
  const cancelAll = useMutation({
    mutationFn: () =>
      // An administrator's own alone, too.
      data(api.PUT("/api/v1/queue/{queue_id}/cancel_all_except_current", { params: { ...QUEUE, query: { user_id } } })),
    onSettled: () => queries.invalidateQueries({ queryKey: ["queue"] }),
  });
  const running = jobs.data?.running ?? [];
  const waiting = jobs.data?.waiting ?? [];
  if (running.length === 0 && waiting.length === 0) return <Text size="sm">{words.nothingRuns}</Text>;
  return (
    <Stack gap="sm">
      {running.map((item) => (
        <Running key={item.item_id} item={item} told={told[item.item_id]} onCancel={() => cancel.mutate(item.item_id)} />
      ))}
      {waiting.slice(0, 3).map((item) => (
        <Waiting key={item.item_id} item={item} onCancel={() => cancel.mutate(item.item_id)} />
      ))}
      {waiting.length > 1 && (
        <Group justify="space-between">
          <Text size="sm">{words.waiting(waiting.length, waiting.length === LISTED)}</Text>
          <Button size="xs" variant="default" loading={cancelAll.isPending} onClick={() => cancelAll.mutate()}>
            {words.cancelAll}
          </Button>
        </Group>
      )}
    </Stack>
  );
});

function Running({ item, told, onCancel }: { item: Item; told: Told | undefined; onCancel(): void }) {
  const prompt = item.generation?.prompt ?? "";
  const step = told?.step ?? item.progress?.step ?? 0;
  const steps = told?.steps ?? item.progress?.steps ?? item.generation?.steps ?? 1;
  return (
    <Card withBorder padding="sm" data-testid="running">
      <Group wrap="nowrap" align="flex-start">
        {told?.preview && (
          <Image
            src={told.preview}
            alt={words.previewAlt(prompt)}
            w={160}
            h={160}
            fit="contain"
            radius="sm"
            style={{ imageRendering: "auto" }}
          />
        )}
        <Stack gap="xs" style={{ flex: 1, minWidth: 0 }}>
          <Text size="sm" lineClamp={2}>
            {prompt}
          </Text>
          <Progress value={(100 * step) / steps} aria-label={words.progress} size="lg" transitionDuration={200} />
          <Group justify="space-between">
            <Text size="xs" role="status">
              {step > 0 ? words.step(step, steps) : words.begins}
            </Text>
            <Button size="xs" variant="default" onClick={onCancel}>
              {words.cancel}
            </Button>
          </Group>
        </Stack>
      </Group>
    </Card>
  );
}

function Waiting({ item, onCancel }: { item: Item; onCancel(): void }) {
  return (
    <Card withBorder padding="xs" data-testid="waiting">
      <Group wrap="nowrap" justify="space-between">
        <Stack gap={2} style={{ minWidth: 0 }}>
          <Text size="sm" truncate>
            {item.generation?.prompt}
          </Text>
          <Group gap="xs">
            {item.position != null && (
              <Badge variant="default" tt="none">
                {words.position(item.position)}
              </Badge>
            )}
            <ExpectedWait {...item} />
          </Group>
        </Stack>
        <Button size="xs" variant="default" flex="none" onClick={onCancel}>
          {words.cancel}
        </Button>
      </Group>
    </Card>
  );
}
