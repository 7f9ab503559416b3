import { ActionIcon, Button, Checkbox, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { api, data, type Schemas } from "../../api/client";
import { queries } from "../../app/queries";
import { useMe } from "../../app/session";
import { texts } from "../../texts";
import type { Wish } from "./wish";

const words = texts.generate;

interface Props {
  wish: Wish;
  known: Schemas["StylePresetView"][];
  onClose(): void;
}

/** Keeps the prompts as a style, and forgets one's own. */
export function PresetsDialog({ wish, known, onClose }: Props) {
  const me = useMe();
  const remove = useMutation({
    mutationFn: (style_preset_id: string) =>
      api.DELETE("/api/v1/style_presets/i/{style_preset_id}", { params: { path: { style_preset_id } } }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["style-presets"] }),
  });
  return (
    <Modal opened onClose={onClose} title={words.savePreset} closeButtonProps={{ "aria-label": words.close }}>
      <Stack>
        <NewPreset wish={wish} onSaved={onClose} />
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
