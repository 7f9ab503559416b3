import { Button, Group, Stack, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { api, data, type Problem } from "../../../api/client";
import { queries } from "../../../app/queries";
import { useMe } from "../../../app/session";
import { texts } from "../../../texts";
import { profile as profileTexts } from "../../../texts/profile";
import { Panel } from "./Panel";

const words = profileTexts;

/** Who one is to others. */
export function Account() {
  const me = useMe();
  const [name, setName] = useState(me.display_name);
  const save = useMutation({
    meta: { quiet: true },
    mutationFn: () => data(api.PATCH("/api/v1/auth/me", { body: { display_name: name } })),
    onSuccess: (changed) => {
      queries.setQueryData(["me"], changed);
      notifications.show({ message: words.saved });
    },
  });
  const problem = save.error as Problem | null;
  const send = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Panel title={words.account}>
      <form onSubmit={send}>
        <Stack gap="sm">
          <TextInput label={words.email} description={words.emailHint} value={me.email} readOnly />
          <TextInput
            label={words.name}
            autoComplete="name"
            value={name}
            error={problem?.fields["display_name"] ?? problem?.message}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Group>
            <Button type="submit" loading={save.isPending} disabled={name === me.display_name}>
              {texts.common.save}
            </Button>
          </Group>
        </Stack>
      </form>
    </Panel>
  );
}
