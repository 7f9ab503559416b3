import { ActionIcon, Button, Checkbox, Group, Menu, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPalette, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { api, data } from "../../api/client";
import { queries } from "../../app/queries";
import { useMe } from "../../app/session";
import { texts } from "../../texts";
import type { Wish } from "./wish";

const words = texts.generate;
const PLACE = "{prompt}"; // where a preset has what is typed

/** Return the prompt of a preset with what was typed in its place. */
function filled(template: string, prompt: string): string {
  if (!template) return prompt;
  return template.includes(PLACE) ? template.replaceAll(PLACE, prompt) : [prompt, template].filter(Boolean).join(", ");
}

interface Props {
  wish: Wish;
  onChange(change: Partial<Wish>): void;
}

/** Styles that are laid over a prompt: apply one, keep one's own. */
export function Presets({ wish, onChange }: Props) {
  const me = useMe();
  const [isSaving, saving] = useDisclosure(false);
  const presets = useQuery({
    queryKey: ["style-presets"],
    queryFn: () => data(api.GET("/api/v1/style_presets")),
  });
  const remove = useMutation({
    mutationFn: (style_preset_id: string) =>
      api.DELETE("/api/v1/style_presets/i/{style_preset_id}", { params: { path: { style_preset_id } } }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["style-presets"] }),
  });
  const known = presets.data ?? [];
  return (
    <>
      <Menu position="bottom-end" width={260}>
        <Menu.Target>
          <Button variant="default" size="xs" leftSection={<IconPalette size={14} aria-hidden />}>
            {words.presets}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {known.length === 0 && <Menu.Label>{words.noPresets}</Menu.Label>}
          {known.map((each) => (
            <Menu.Item
              key={each.id}
              onClick={() =>
                onChange({
                  prompt: filled(each.preset_data.positive_prompt, wish.prompt),
                  negativePrompt: filled(each.preset_data.negative_prompt, wish.negativePrompt),
                })
              }
            >
              {each.name}
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item onClick={saving.open}>{words.savePreset}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal opened={isSaving} onClose={saving.close} title={words.savePreset} closeButtonProps={{ "aria-label": words.close }}>
        <Stack>
          <NewPreset wish={wish} onSaved={saving.close} />
          {known.some((each) => each.user_id === me.user_id) && <Text size="sm">{words.presets}</Text>}
          {known
            .filter((each) => each.user_id === me.user_id)
            .map((each) => (
              <Group key={each.id} justify="space-between" wrap="nowrap">
                <Text size="sm" truncate>
                  {each.name}
                </Text>
                <ActionIcon
                  variant="subtle"
                  color="red"
                  aria-label={words.deletePreset(each.name)}
                  onClick={() => remove.mutate(each.id)}
                >
                  <IconTrash size={16} aria-hidden />
                </ActionIcon>
              </Group>
            ))}
        </Stack>
      </Modal>
    </>
  );
}

function NewPreset({ wish, onSaved }: { wish: Wish; onSaved(): void }) {
  const [name, setName] = useState("");
  const [isPublic, setIsPublic] = useState(false);
  const save = useMutation({
    meta: { quiet: true },
    mutationFn: () => {
      const form = new FormData();
      const body = { name, type: "user", is_public: isPublic, positive_prompt: wish.prompt, negative_prompt: wish.negativePrompt };
      form.set("data", JSON.stringify(body));
      return data(
        api.POST("/api/v1/style_presets", { body: { data: JSON.stringify(body) }, bodySerializer: () => form }),
      );
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["style-presets"] });
      onSaved();
    },
  });
  const send = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form onSubmit={send}>
      <Stack>
        <TextInput
          label={words.presetName}
          description={words.presetHint}
          required
          data-autofocus
          value={name}
          error={save.error?.message}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Checkbox
          label={words.presetPublic}
          checked={isPublic}
          onChange={(event) => setIsPublic(event.currentTarget.checked)}
        />
        <Button type="submit" loading={save.isPending}>
          {words.save}
        </Button>
      </Stack>
    </form>
  );
}
