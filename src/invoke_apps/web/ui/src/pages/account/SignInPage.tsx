import { Alert, Button, Center, Checkbox, Divider, Group, Paper, PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { api, BASE, Problem } from "../../api/client";
import { useSession } from "../../app/session";
import { texts } from "../../texts";

const words = texts.account;

/** Sign-in; the address stays what it was, so that one is then where one wanted to be. */
export function SignInPage() {
  const { status, reason, signedIn } = useSession();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [remember, setRemember] = useState(false);
  const [code, setCode] = useState("");
  const [asksCode, setAsksCode] = useState(false);

  const login = useMutation({
    meta: { quiet: true },
    mutationFn: async () => {
      await api.POST("/api/v1/auth/login", {
        body: { email, password, remember_me: remember, session: "cookie", totp: code || null },
      });
      await signedIn();
    },
    onError: (error) => {
      if (error instanceof Problem && error.slug === "second-factor-required") setAsksCode(true);
    },
  });
  const problem = login.error instanceof Problem ? login.error : null;
  const isFirstAsk = problem?.slug === "second-factor-required" && code === "";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    login.mutate();
  };
  return (
    <Center component="main" mih="100%" p="md">
      <Paper withBorder p="xl" w={400} maw="100%">
        <form onSubmit={submit}>
          <Stack>
            <Group gap="sm">
              <img src="favicon.svg" alt="" width={32} height={32} />
              <Title order={1} size="h3">
                {words.signIn}
              </Title>
            </Group>
            {reason ? (
              <Alert color="yellow" role="status">
                {reason}
              </Alert>
            ) : (
              <Text size="sm">{words.signInLead}</Text>
            )}
            {problem && !isFirstAsk && (
              <Alert color="red" role="alert">
                {problem.message}
              </Alert>
            )}
            <TextInput
              label={words.email}
              type="email"
              autoComplete="username"
              required
              autoFocus
              value={email}
              onChange={(event) => setEmail(event.currentTarget.value)}
            />
            <PasswordInput
              label={words.password}
              autoComplete="current-password"
              required
              value={password}
              onChange={(event) => setPassword(event.currentTarget.value)}
            />
            {asksCode && (
              <TextInput
                label={words.code}
                description={words.codeHint}
                autoComplete="one-time-code"
                autoFocus
                required
                value={code}
                onChange={(event) => setCode(event.currentTarget.value)}
              />
            )}
            <Checkbox
              label={words.remember}
              description={words.rememberHint}
              checked={remember}
              onChange={(event) => setRemember(event.currentTarget.checked)}
            />
            <Button type="submit" loading={login.isPending}>
              {words.signIn}
            </Button>
            {status.oidc_providers.length > 0 && <Divider label={words.providers} />}
            {status.oidc_providers.map((provider) => (
              <Button
                key={provider.name}
                component="a"
                variant="default"
                href={`${BASE}api/v1/auth/oidc/${provider.name}/login`}
              >
                {words.withProvider(provider.label)}
              </Button>
            ))}
          </Stack>
        </form>
      </Paper>
    </Center>
  );
}
