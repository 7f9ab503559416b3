import { Alert, Button, Group, PasswordInput, Stack } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { api } from "../../../api/client";
import { queries } from "../../../app/queries";
import { PasswordFields } from "../../../components/PasswordFields";
import { texts } from "../../../texts";
import { profile as profileTexts } from "../../../texts/profile";
import { Panel } from "./Panel";

const words = profileTexts;

/** Another password for oneself. */
export function ChangePassword() {
  const [current, setCurrent] = useState("");
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const change = useMutation({
    meta: { quiet: true },
    mutationFn: () => api.PATCH("/api/v1/auth/me", { body: { current_password: current, new_password: password } }),
    onSuccess: () => {
      setCurrent("");
      setPassword("");
      setAgain("");
      notifications.show({ message: words.passwordChanged });
      void queries.invalidateQueries({ queryKey: ["sessions"] });
    },
  });
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (password === again) change.mutate();
  };
  return (
    <Panel title={words.password} lead={words.passwordLead}>
      <form onSubmit={send}>
        <Stack gap="sm">
          {change.error && (
            <Alert color="red" role="alert">
              {change.error.message}
            </Alert>
          )}
          <PasswordInput
            label={texts.account.currentPassword}
            autoComplete="current-password"
            required
            value={current}
            onChange={(event) => setCurrent(event.currentTarget.value)}
          />
          <PasswordFields
            label={texts.account.newPassword}
            password={password}
            again={again}
            onPassword={setPassword}
            onAgain={setAgain}
          />
          <Group>
            <Button type="submit" loading={change.isPending}>
              {texts.account.changePassword}
            </Button>
          </Group>
        </Stack>
      </form>
    </Panel>
  );
}
