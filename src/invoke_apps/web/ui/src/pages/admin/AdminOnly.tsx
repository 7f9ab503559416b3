import { Anchor, Center, Stack, Text, Title } from "@mantine/core";
import { IconShieldLock } from "@tabler/icons-react";
import { Link, Outlet } from "@tanstack/react-router";

import { useMe } from "../../app/session";
import { texts } from "../../texts";
import { admin as adminTexts } from "../../texts/admin";

/** Everything below Admin; to everybody else it is said why there is nothing to see. */
export function AdminOnly() {
  if (useMe().is_admin) return <Outlet />;
  return (
    <Center mih={320}>
      <Stack align="center" maw={440} ta="center">
        <IconShieldLock size={40} aria-hidden />
        <Title order={1} size="h3">
          {adminTexts.refused}
        </Title>
        <Text>{adminTexts.refusedLead}</Text>
        <Anchor component={Link} to="/">
          {texts.common.home}
        </Anchor>
      </Stack>
    </Center>
  );
}
