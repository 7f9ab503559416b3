import { Alert, Button, Center, Paper, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { api, Problem } from "../../api/client";
import { useSession } from "../../app/session";
import { PasswordFields } from "../../components/PasswordFields";
import { texts } from "../../texts";

const words = texts.account;

/** Whoever was given a password chooses another before anything else. */
export function ChoosePasswordPage() {
  const { signedIn, signOut } = useSession();
  const [current, setCurrent] = useState("");
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const change = useMutation({
    meta: { quiet: true },
    mutationFn: async () => {
      await api.PATCH("/api/v1/auth/me", { body: { current_password: current, new_password: password } });
      await signedIn();
    },
  });
  const problem = change.error instanceof Problem ? change.error : null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (password === again) change.mutate();
  };
  return (
    <Center component="main" mih="100%" p="md">
      <Paper withBorder p="xl" w={420} maw="100%">
        <form onSubmit={submit}>
          <Stack>
            <Title order={1} size="h3">
              {words.mustChange}
            </Title>
            <Text size="sm">{words.mustChangeLead}</Text>
            {problem && (
              <Alert color="red" role="alert">
                {problem.message}
              </Alert>
            )}
            <PasswordInput
              label={words.currentPassword}
              autoComplete="current-password"
              required
              value={current}
              onChange={(event) => setCurrent(event.currentTarget.value)}
            />
            <PasswordFields
              label={words.newPassword}
              password={password}
              again={again}
              onPassword={setPassword}
              onAgain={setAgain}
            />
            <Button type="submit" loading={change.isPending}>
              {words.changePassword}
            </Button>
            <Button variant="subtle" onClick={() => void signOut()}>
              {texts.common.signOut}
            </Button>
          </Stack>
        </form>
      </Paper>
    </Center>
  );
}
