import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import type { Schemas } from "../api/client";
import { queueStatus } from "../api/lists";
import { texts } from "../texts";

const words = texts.generate;

type Props = Pick<Schemas["ItemView"], "expected_wait_seconds" | "expected_wait_p90_seconds">;

/** When a job that waits starts; of a paused queue nobody knows. */
export function ExpectedWait({ expected_wait_seconds: median, expected_wait_p90_seconds: late }: Props) {
  const { data: status } = useQuery(queueStatus);
  if (median == null) return null;
  const isPaused = status?.processor.is_started === false;
  return <Text size="xs">{isPaused ? words.paused : words.expected(median, late ?? median)}</Text>;
}
