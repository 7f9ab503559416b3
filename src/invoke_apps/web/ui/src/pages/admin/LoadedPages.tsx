import { Button, Group, Stack, Text } from "@mantine/core";
import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { Unloaded } from "../../components/Unloaded";
import { texts } from "../../texts";
import { admin as adminTexts } from "../../texts/admin";

interface Props<P, T> {
  query: UseInfiniteQueryResult<InfiniteData<P>>;
  items(page: P): T[];
  total(page: P): number;
  /** How what is shown and what there is are told; otherwise "50 of 312". */
  say?(shown: number, first: P): string;
  empty: string;
  children(items: T[]): ReactNode;
}

/** The stretches of a long list that were asked for so far, and a way to ask for the next. */
export function LoadedPages<P, T>({ query, items, total, say, empty, children }: Props<P, T>) {
  if (query.data === undefined) return <Unloaded query={query} />;
  const all = query.data.pages.flatMap(items);
  const first = query.data.pages[0];
  if (all.length === 0 || first === undefined) return <Text role="status">{empty}</Text>;
  return (
    <Stack gap="xs">
      {children(all)}
      <Group justify="space-between">
        <Text size="sm" role="status">
          {say ? say(all.length, first) : adminTexts.total(all.length, total(first))}
        </Text>
        {query.hasNextPage && (
          <Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {texts.common.more}
          </Button>
        )}
      </Group>
    </Stack>
  );
}
