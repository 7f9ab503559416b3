import { Alert, Button, Group, Stack, Text, Title } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import { type ReactNode, useEffect } from "react";

import { t } from "../texts";
import { Busy } from "./Busy";

/** A page: its one heading, which is the tab's title too, what can be done, and its content. */
export function Page({ title, actions, children }: { title: string; actions?: ReactNode; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · ${t("common", "product")}`;
  }, [title]);
  return (
    <Stack>
      <Group justify="space-between">
        <Title order={1} size="h2">
          {title}
        </Title>
        {actions}
      </Group>
      {children}
    </Stack>
  );
}

/** What a query found; meanwhile a loader, and a refusal with a button to try again. */
export function Loaded<T>({ query, children }: { query: UseQueryResult<T>; children: (found: T) => ReactNode }) {
  if (query.data !== undefined) return children(query.data);
  if (query.error) return <Refused error={query.error} again={() => void query.refetch()} />;
  return <Busy />;
}

export function Refused({ error, again }: { error: Error; again?: () => void }) {
  return (
    <Alert color="red" title={t("common", "failed")} role="alert">
      <Text size="sm" mb="sm">
        {error.message}
      </Text>
      {again && (
        <Button size="xs" variant="default" onClick={again}>
          {t("common", "retry")}
        </Button>
      )}
    </Alert>
  );
}
