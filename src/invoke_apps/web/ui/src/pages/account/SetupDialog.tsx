import { Alert, Button, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { api, Problem } from "../../api/client";
import { useSession } from "../../app/session";
import { PasswordFields } from "../../components/PasswordFields";
import { texts } from "../../texts";

const words = texts.account;

/** The guide's Administrator Setup: it cannot be dismissed, for nothing works before it. */
export function SetupDialog() {
  const { status, signedIn } = useSession();
  const [email, setEmail] = useState("");
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const [code, setCode] = useState("");

  const setup = useMutation({
    meta: { quiet: true },
    mutationFn: async () => {
      await api.POST("/api/v1/auth/setup", {
        body: { email, display_name: name || null, password, setup_code: code || null },
      });
      await api.POST("/api/v1/auth/login", { body: { email, password, session: "cookie" } });
      await signedIn();
    },
  });
  const problem = setup.error instanceof Problem ? setup.error : null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (password === again) setup.mutate();
  };
  return (
    <main>
      <Modal
        opened
        onClose={() => undefined}
        withCloseButton={false}
        closeOnEscape={false}
        closeOnClickOutside={false}
        centered
        title={status.recovery ? words.recoveryTitle : words.setupTitle}
      >
        <form onSubmit={submit}>
          <Stack>
            <Text size="sm">{status.recovery ? words.recoveryLead : words.setupLead}</Text>
            {problem && Object.keys(problem.fields).length === 0 && (
              <Alert color="red" role="alert">
                {problem.message}
              </Alert>
            )}
            <TextInput
              label={words.email}
              type="email"
              required
              autoComplete="username"
              value={email}
              onChange={(event) => setEmail(event.currentTarget.value)}
              error={problem?.fields["email"]}
              data-autofocus
            />
            <TextInput
              label={words.displayName}
              autoComplete="name"
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
              error={problem?.fields["display_name"]}
            />
            <PasswordFields
              label={words.password}
              password={password}
              again={again}
              onPassword={setPassword}
              onAgain={setAgain}
              error={problem?.fields["password"]}
            />
            {status.setup_code_required && (
              <TextInput
                label={words.setupCode}
                description={words.setupCodeHint}
                required
                value={code}
                onChange={(event) => setCode(event.currentTarget.value)}
                error={problem?.fields["setup_code"]}
              />
            )}
            <Button type="submit" loading={setup.isPending}>
              {words.setupButton}
            </Button>
          </Stack>
        </form>
      </Modal>
    </main>
  );
}
