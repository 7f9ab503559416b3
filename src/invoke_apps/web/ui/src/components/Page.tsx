import { Group, Stack, Text, Title } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { texts } from "../texts";
import { Soon } from "./Soon";
import { Unloaded } from "./Unloaded";

interface Props {
  title: string;
  lead?: ReactNode;
  actions?: ReactNode;
  /** It fills the window; what scrolls is a part of it. */
  isFull?: boolean;
  children: ReactNode;
}

const FULL = "calc(100dvh - var(--app-shell-header-height) - 2 * var(--app-shell-padding))";

/** A page: its one heading, what can be done with all of it, and its content. */
export function Page({ title, lead, actions, isFull = false, children }: Props) {
  return (
    <Stack gap="md" h={isFull ? FULL : undefined} mih={isFull ? 480 : undefined}>
      <Group justify="space-between" align="flex-end">
        <div>
          <Title order={1} size="h2">
            {title}
          </Title>
          {lead && (
            <Text size="sm" c="dimmed">
              {lead}
            </Text>
          )}
        </div>
        {actions && <Group gap="xs">{actions}</Group>}
      </Group>
      <Soon>{children}</Soon>
    </Stack>
  );
}

interface LoadedProps<T> {
  query: UseQueryResult<T>;
  isEmpty?: (value: T) => boolean;
  empty?: ReactNode;
  children(value: T): ReactNode;
}

/** What a query found; before that a spinner, after a refusal what was said and a way to try again. */
export function Loaded<T>({ query, isEmpty, empty, children }: LoadedProps<T>) {
  if (query.data !== undefined) {
    if (isEmpty?.(query.data)) return <Text c="dimmed">{empty ?? texts.common.nothing}</Text>;
    return <>{children(query.data)}</>;
  }
  return <Unloaded query={query} />;
}
