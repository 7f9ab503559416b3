import { Button, Group, SimpleGrid, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { api, BACKGROUND, data } from "../../../api/client";
import { useMe } from "../../../app/session";
import { bytes, duration } from "../../../components/format";
import { Loaded } from "../../../components/Page";
import { profile as profileTexts } from "../../../texts/profile";
import { Panel } from "./Panel";

const words = profileTexts;

/** What one has made and keeps here. */
export function Figures() {
  const { user_id } = useMe();
  const figures = useQuery({
    queryKey: ["statistics", user_id],
    queryFn: () =>
      data(api.GET("/api/v1/auth/users/{user_id}/statistics", { params: { path: { user_id } }, ...BACKGROUND })),
  });
  return (
    <Panel title={words.statistics}>
      <Loaded query={figures}>
        {(found) => (
          <SimpleGrid cols={{ base: 2, xs: 3 }} component="dl" m={0}>
            {[
              [words.figures.images, found.images],
              [words.figures.boards, found.boards],
              [words.figures.workflows, found.workflows],
              [words.figures.storage, bytes(found.storage_bytes)],
              [words.figures.gpu, duration(found.gpu_seconds)],
              [words.figures.jobs, found.jobs.completed],
            ].map(([label, value]) => (
              <div key={label}>
                <Text component="dt" size="sm">
                  {label}
                </Text>
                <Text component="dd" fw={600} size="lg" m={0}>
                  {value}
                </Text>
              </div>
            ))}
          </SimpleGrid>
        )}
      </Loaded>
      <Group>
        <Button component="a" variant="default" href={`api/v1/auth/users/${user_id}/export`} download>
          {words.export}
        </Button>
      </Group>
    </Panel>
  );
}
