import { Button, Center, Paper, Stack, Text, Title } from "@mantine/core";

import { useSession } from "../../app/session";
import { texts } from "../../texts";
import { profile as profileTexts } from "../../texts/profile";
import { Enrolment } from "./profile/Enrolment";

const words = profileTexts;

/** Whoever needs a second factor sets it up before anything else. */
export function MustEnrollPage() {
  const { signedIn, signOut } = useSession();
  return (
    <Center component="main" mih="100%" p="md">
      <Paper withBorder p="xl" w={420} maw="100%">
        <Stack>
          <Title order={1} size="h3">
            {words.mustEnroll}
          </Title>
          <Text size="sm">{words.mustEnrollLead}</Text>
          <Enrolment onDone={() => void signedIn()} />
          <Button variant="subtle" onClick={() => void signOut()}>
            {texts.common.signOut}
          </Button>
        </Stack>
      </Paper>
    </Center>
  );
}
