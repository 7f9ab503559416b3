import { ActionIcon, Alert, Button, Group, Modal, Select, Stack, Text, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { api, BACKGROUND, data, type Problem, type Schemas } from "../../../api/client";
import { queries } from "../../../app/queries";
import { CopyField } from "../../../components/CopyField";
import { day } from "../../../components/format";
import { Loaded } from "../../../components/Page";
import { texts } from "../../../texts";
import { profile as profileTexts } from "../../../texts/profile";
import { Panel } from "./Panel";

const words = profileTexts;

/** Keys for programs that work in one's name. */
export function ApiKeys() {
  const [isOpen, { open, close }] = useDisclosure(false);
  const keys = useQuery({
    queryKey: ["api-keys"],
    queryFn: async () => (await data(api.GET("/api/v1/auth/api-keys", BACKGROUND))).items,
  });
  const remove = useMutation({
    mutationFn: (key_id: string) => api.DELETE("/api/v1/auth/api-keys/{key_id}", { params: { path: { key_id } } }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["api-keys"] }),
  });
  return (
    <Panel title={words.keys} lead={words.keysLead}>
      <Loaded query={keys} isEmpty={(items) => items.length === 0} empty={words.noKeys}>
        {(items) => (
          <Stack gap="xs">
            {items.map((each) => (
              <Group key={each.key_id} justify="space-between" wrap="nowrap">
                <div style={{ minWidth: 0 }}>
                  <Text size="sm" fw={500} truncate>
                    {each.name}
                  </Text>
                  <Text size="xs">
                    {each.scope}, {each.expires_at ? words.keyUntil(day(each.expires_at)) : words.keyForever}
                  </Text>
                </div>
                <ActionIcon
                  variant="default"
                  aria-label={words.removeKey(each.name)}
                  onClick={() => remove.mutate(each.key_id)}
                >
                  <IconTrash size={16} aria-hidden />
                </ActionIcon>
              </Group>
            ))}
          </Stack>
        )}
      </Loaded>
      <Group>
        <Button variant="default" onClick={open}>
          {words.newKey}
        </Button>
      </Group>
      <Modal opened={isOpen} onClose={close} title={words.newKey}>
        <NewKey onDone={close} />
      </Modal>
    </Panel>
  );
}

function NewKey({ onDone }: { onDone(): void }) {
  const [name, setName] = useState("");
  const [scope, setScope] = useState<Schemas["Scope"]>("generate");
  const [days, setDays] = useState("90");
  const make = useMutation({
    meta: { quiet: true },
    mutationFn: () => {
      const expires_at = days ? new Date(Date.now() + Number(days) * 86_400_000).toISOString() : null;
      return data(api.POST("/api/v1/auth/api-keys", { body: { name, scope, expires_at } }));
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ["api-keys"] }),
  });
  const problem = make.error as Problem | null;
  const send = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  if (make.data) {
    const { key } = make.data;
    return (
      <Stack>
        <Alert color="yellow">{words.keyMade}</Alert>
        <CopyField label={words.keys} value={key} />
        <Group>
          <Button variant="default" onClick={onDone}>
            {texts.common.close}
          </Button>
        </Group>
      </Stack>
    );
  }
  return (
    <form onSubmit={send}>
      <Stack>
        <TextInput
          label={words.keyName}
          required
          data-autofocus
          value={name}
          error={problem?.fields["name"] ?? problem?.message}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Select
          label={words.scope}
          allowDeselect={false}
          value={scope}
          data={Object.entries(words.scopes).map(([value, label]) => ({ value, label }))}
          onChange={(value) => setScope((value ?? "read") as Schemas["Scope"])}
        />
        <Select
          label={words.expires}
          allowDeselect={false}
          value={days}
          data={["30", "90", "365", ""].map((value) => ({ value, label: words.ends[value] ?? value }))}
          onChange={(value) => setDays(value ?? "90")}
        />
        <Button type="submit" loading={make.isPending}>
          {words.create}
        </Button>
      </Stack>
    </form>
  );
}
