import { Center, Loader } from "@mantine/core";

import { t } from "../texts";

export function Busy() {
  return (
    <Center mih="40vh">
      <Loader role="status" aria-label={t("common", "loading")} />
    </Center>
  );
}
