import { Alert, Button, Center, Loader, Stack, Text } from "@mantine/core";

import { texts } from "../texts";

interface Props {
  query: { isError: boolean; error: Error | null; refetch(): unknown };
}

/** What stands where nothing was found yet: a spinner, or after a refusal what was said and a way to try again. */
export function Unloaded({ query }: Props) {
  if (!query.isError) {
    return (
      <Center mih={160}>
        <Loader aria-label={texts.common.loading} />
      </Center>
    );
  }
  return (
    <Alert color="red" role="alert" title={texts.common.failed}>
      <Stack align="flex-start">
        <Text size="sm">{query.error?.message}</Text>
        <Button size="xs" variant="default" onClick={() => void query.refetch()}>
          {texts.common.retry}
        </Button>
      </Stack>
    </Alert>
  );
}
