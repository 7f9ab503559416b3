import { SimpleGrid } from "@mantine/core";

import { Page } from "../../components/Page";
import { texts } from "../../texts";
import { Account } from "./profile/Account";
import { ApiKeys } from "./profile/ApiKeys";
import { ChangePassword } from "./profile/ChangePassword";
import { Factor } from "./profile/Factor";
import { Figures } from "./profile/Figures";
import { Sessions } from "./profile/Sessions";

/** All that a person does with their own account. */
export function ProfilePage() {
  return (
    <Page title={texts.common.profile}>
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="md">
        <Account />
        <Figures />
        <ChangePassword />
        <Factor />
        <Sessions />
        <ApiKeys />
      </SimpleGrid>
    </Page>
  );
}
