import { Card, Stack, Text, Title } from "@mantine/core";
import { type ReactNode, useId } from "react";

interface Props {
  title: string;
  lead?: string;
  children: ReactNode;
}

/** One subject of the profile. */
export function Panel({ title, lead, children }: Props) {
  const id = useId();
  return (
    <Card withBorder component="section" aria-labelledby={id}>
      <Stack gap="sm">
        <Title order={2} size="h4" id={id}>
          {title}
        </Title>
        {lead && <Text size="sm">{lead}</Text>}
        {children}
      </Stack>
    </Card>
  );
}
