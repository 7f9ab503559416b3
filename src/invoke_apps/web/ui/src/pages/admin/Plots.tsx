import "@mantine/charts/styles.css";

import { BarChart, DonutChart } from "@mantine/charts";
import { Stack, Text, Title } from "@mantine/core";

import type { Schemas } from "../../api/client";
import { bytes, count, percent } from "../../components/format";
import { admin as adminTexts } from "../../texts/admin";

const words = adminTexts.people;
const queue = adminTexts.queue;

export type Share = Schemas["OverviewView"]["items"][number];
type JobState = keyof typeof words.jobStates;

/** A person's jobs by state, and how much of their storage is used. */
export function PersonPlots({ statistics, quota }: { statistics: Schemas["StatisticsView"]; quota: number | null }) {
  const states = Object.keys(words.jobStates) as JobState[];
  const jobs = states.map((state) => ({ state: words.jobStates[state], [words.jobs]: statistics.jobs[state] }));
  const told = states.map((state) => `${words.jobStates[state]}: ${count(statistics.jobs[state])}`).join(", ");
  const used = statistics.storage_bytes;
  return (
    <Stack>
      <Title order={2} size="h5">
        {words.jobsPlot}
      </Title>
      <Text size="sm">{told}</Text>
      <div role="img" aria-label={`${words.jobsPlot}: ${told}`}>
        <BarChart
          h={180}
          data={jobs}
          dataKey="state"
          series={[{ name: words.jobs, color: "indigo.5" }]}
          tickLine="y"
          withTooltip
          yAxisProps={{ allowDecimals: false, width: 44 }}
          barChartProps={{ accessibilityLayer: false }}
        />
      </div>
      <Title order={2} size="h5">
        {words.storagePlot}
      </Title>
      <Text size="sm">{words.usedOf(bytes(used), quota === null ? words.noQuota : bytes(quota))}</Text>
      {quota !== null && quota > 0 && (
        <div role="img" aria-label={`${words.storagePlot}: ${words.usedOf(bytes(used), bytes(quota))}`}>
          <DonutChart
            size={140}
            thickness={18}
            withTooltip={false}
            chartLabel={percent(used / quota)}
            pieChartProps={{ accessibilityLayer: false }}
            data={[
              { name: words.storageUsed, value: used, color: used > quota ? "red.6" : "indigo.5" },
              { name: words.storageFree, value: Math.max(0, quota - used), color: "gray.5" },
            ]}
          />
        </div>
      )}
    </Stack>
  );
}

/** What each person used of today's GPU time, beside what was theirs. */
export function SharesPlot({ shares }: { shares: Share[] }) {
  const rows = shares.map((share) => ({
    name: share.display_name,
    [queue.used]: Math.round(share.share * 1000) / 10,
    [queue.fair]: Math.round(share.fair_share * 1000) / 10,
  }));
  const told = shares
    .map((each) => `${each.display_name}: ${percent(each.share)} / ${percent(each.fair_share)}`)
    .join(", ");
  return (
    <div role="img" aria-label={`${queue.sharesPlot}: ${told}`}>
      <BarChart
        h={Math.max(160, 60 + rows.length * 44)}
        data={rows}
        dataKey="name"
        orientation="vertical"
        withLegend
        tickLine="x"
        gridAxis="x"
        series={[
          { name: queue.used, color: "indigo.5" },
          { name: queue.fair, color: "teal.6" },
        ]}
        valueFormatter={(value) => `${value} %`}
        yAxisProps={{ width: 110 }}
        barChartProps={{ accessibilityLayer: false }}
      />
    </div>
  );
}
