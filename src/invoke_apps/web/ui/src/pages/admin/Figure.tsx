import { Paper, Text } from "@mantine/core";

/** A number with its name. */
export function Figure({ name, value, hint }: { name: string; value: string; hint?: string }) {
  return (
    <Paper withBorder p="sm">
      <Text size="xs">{name}</Text>
      <Text fw={650} size="lg">
        {value}
      </Text>
      {hint && <Text size="xs">{hint}</Text>}
    </Paper>
  );
}
