import { Button } from "@mantine/core";
import { Link, type ErrorComponentProps } from "@tanstack/react-router";

import { Page, Refused } from "../components/Page";
import { t } from "../texts";

export function Trouble({ error, reset }: ErrorComponentProps) {
  return (
    <Page title={t("common", "failed")}>
      <Refused error={error} again={reset} />
    </Page>
  );
}

export function Lost() {
  return (
    <Page title={t("common", "notFound")}>
      <Button component={Link} to="/" w="fit-content">
        {t("common", "home")}
      </Button>
    </Page>
  );
}
