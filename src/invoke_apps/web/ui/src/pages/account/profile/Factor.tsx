import { Button, Group, Modal, PasswordInput, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { api } from "../../../api/client";
import { queries } from "../../../app/queries";
import { useMe } from "../../../app/session";
import { texts } from "../../../texts";
import { profile as profileTexts } from "../../../texts/profile";
import { Enrolment } from "./Enrolment";
import { Panel } from "./Panel";

const words = profileTexts;

/** The second factor: whether there is one, and the ways to it and away from it. */
export function Factor() {
  const me = useMe();
  const [isOpen, { open, close }] = useDisclosure(false);
  const title = me.second_factor ? words.turnOff : words.setUp;
  const done = () => {
    close();
    void queries.refetchQueries({ queryKey: ["me"] });
  };
  return (
    <Panel title={words.factor} lead={me.second_factor ? words.factorOn : words.factorOff}>
      <Group>
        <Button variant={me.second_factor ? "default" : "filled"} onClick={open}>
          {title}
        </Button>
      </Group>
      <Modal opened={isOpen} onClose={done} title={title}>
        {me.second_factor ? <TurnOff onDone={done} /> : <Enrolment onDone={done} />}
      </Modal>
    </Panel>
  );
}

function TurnOff({ onDone }: { onDone(): void }) {
  const [password, setPassword] = useState("");
  const remove = useMutation({
    meta: { quiet: true },
    mutationFn: () => api.DELETE("/api/v1/auth/totp", { body: { password } }),
    onSuccess: onDone,
  });
  const send = (event: FormEvent) => {
    event.preventDefault();
    remove.mutate();
  };
  return (
    <form onSubmit={send}>
      <Stack>
        <Text size="sm">{words.factorOff}</Text>
        <PasswordInput
          label={texts.account.currentPassword}
          autoComplete="current-password"
          required
          data-autofocus
          value={password}
          error={remove.error?.message}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <Button type="submit" color="red" loading={remove.isPending}>
          {words.turnOff}
        </Button>
      </Stack>
    </form>
  );
}
