import { Badge, Group, Paper, Progress, SimpleGrid, Stack, Table, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { api, BACKGROUND, data, type Schemas } from "../../api/client";
import { bytes, count, time } from "../../components/format";
import { Loaded, Page } from "../../components/Page";
import { WideTable } from "../../components/WideTable";
import { texts } from "../../texts";
import { admin as adminTexts } from "../../texts/admin";
import { Notice } from "./Notice";

const words = adminTexts.health;
const AGAIN = 10_000;

type Health = Schemas["HealthView"];

function Answer({ answer }: { answer: string }) {
  return answer === "ok" ? (
    <Badge variant="dot" color="teal">
      {words.ok}
    </Badge>
  ) : (
    <Text size="sm" fw={600} c="red">
      {answer}
    </Text>
  );
}

function Part({ name, answer, children }: { name: string; answer?: string; children: ReactNode }) {
  return (
    <Paper withBorder p="md" component="section" aria-label={name}>
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h5">
          {name}
        </Title>
        {answer !== undefined && <Answer answer={answer} />}
      </Group>
      <Stack gap={6}>{children}</Stack>
    </Paper>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <Group justify="space-between" wrap="nowrap">
      <Text size="sm">{name}</Text>
      <Text size="sm" fw={600} ta="right">
        {value}
      </Text>
    </Group>
  );
}

function Room({ label, free, total }: { label: string; free: number; total: number }) {
  const used = total > 0 ? (100 * (total - free)) / total : 0;
  return (
    <Progress
      value={used}
      color={used > 95 ? "red" : used > 85 ? "orange" : "indigo"}
      aria-label={label}
    />
  );
}

/** The name of the machine: what follows it tells boots and containers apart, for the server alone. */
function machine(host: string): string {
  return host.split("/", 1)[0] ?? host;
}

function Workers({ workers }: { workers: Health["queue"]["workers"] }) {
  if (workers.length === 0) return <Text size="sm">{words.noWorkers}</Text>;
  return (
    <WideTable
      label={words.workers}
      columns={[words.host, words.process, words.devices, words.memory]}
      minWidth={640}
    >
      {workers.map((worker) => (
        <Table.Tr key={worker.worker_id}>
          <Table.Td>{machine(worker.host)}</Table.Td>
          <Table.Td>{worker.process_id}</Table.Td>
          <Table.Td>{worker.devices.join(", ")}</Table.Td>
          <Table.Td miw={220}>
            {worker.memory.length === 0
              ? words.noMemory
              : worker.memory.map((memory) => (
                  <Stack gap={2} key={memory.device}>
                    <Text size="sm">
                      {memory.device}: {words.free(bytes(memory.free_bytes), bytes(memory.total_bytes))}
                    </Text>
                    <Room
                      label={words.memoryLabel(memory.device)}
                      free={memory.free_bytes}
                      total={memory.total_bytes}
                    />
                  </Stack>
                ))}
          </Table.Td>
        </Table.Tr>
      ))}
    </WideTable>
  );
}

function Errors({ errors }: { errors: Health["last_errors"] }) {
  if (errors.length === 0) return <Text size="sm">{words.noErrors}</Text>;
  return (
    <WideTable label={words.errors} columns={[words.at, words.source, words.message, words.errorId]} minWidth={640}>
      {errors.map((fault, number) => (
        <Table.Tr key={`${fault.at} ${number}`}>
          <Table.Td style={{ whiteSpace: "nowrap" }}>{time(fault.at, true)}</Table.Td>
          <Table.Td>{fault.source}</Table.Td>
          <Table.Td style={{ overflowWrap: "anywhere" }}>{fault.message}</Table.Td>
          <Table.Td>{fault.error_id ?? "–"}</Table.Td>
        </Table.Tr>
      ))}
    </WideTable>
  );
}

/** How the server fares, as it stands now. */
export function HealthPage() {
  const health = useQuery({
    queryKey: ["health"],
    staleTime: 0,
    refetchInterval: AGAIN,
    queryFn: () => data(api.GET("/api/v1/system/health", { ...BACKGROUND })),
  });
  const isStale = health.data !== undefined && (health.isError || health.failureCount > 0 || health.isPaused);
  return (
    <Page
      title={texts.common.health}
      lead={words.lead}
      actions={
        health.data && (
          <Text size="sm" role="status">
            {words.asOf(time(health.data.at, true))}
          </Text>
        )
      }
    >
      {isStale && (
        <Notice kind="warning" title={words.stale} />
      )}
      <Loaded query={health}>
        {(found) => {
          const isGood = [found.database, found.storage, found.queue].every((part) => part.answer === "ok");
          const disk = found.storage.disk;
          return (
            <Stack>
              <Notice kind={isGood ? "good" : "bad"} title={isGood ? words.good : words.trouble}>
                {words.version} {found.version}
              </Notice>
              <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="md">
                <Part name={words.database} answer={found.database.answer}>
                  <Fact name={words.size} value={bytes(found.database.size_bytes)} />
                </Part>
                <Part name={words.storage} answer={found.storage.answer}>
                  <Fact name={words.pictures} value={count(found.storage.images)} />
                  <Fact name={words.size} value={bytes(found.storage.images_bytes)} />
                  <Fact
                    name={words.disk}
                    value={disk ? words.free(bytes(disk.free_bytes), bytes(disk.total_bytes)) : words.diskUnknown}
                  />
                  {disk && <Room label={words.diskLabel} free={disk.free_bytes} total={disk.total_bytes} />}
                </Part>
                <Part name={words.people}>
                  <Fact name={words.accounts} value={words.accountsOf(found.users.active, found.users.total)} />
                  <Fact name={words.sessions} value={count(found.users.sessions)} />
                </Part>
                <Part name={words.queue} answer={found.queue.answer}>
                  <Fact name={words.state} value={found.queue.is_paused ? words.pausedState : words.runningState} />
                  <Fact name={words.waiting} value={count(found.queue.pending)} />
                  <Fact name={words.running} value={count(found.queue.in_progress)} />
                  <Fact name={words.failed} value={count(found.queue.failed)} />
                </Part>
              </SimpleGrid>
              <Part name={words.workers}>
                <Workers workers={found.queue.workers} />
              </Part>
              <Part name={words.errors}>
                <Errors errors={found.last_errors} />
              </Part>
            </Stack>
          );
        }}
      </Loaded>
    </Page>
  );
}
