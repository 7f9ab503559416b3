import { Button, Menu } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPalette } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";

import { api, data } from "../../api/client";
import { texts } from "../../texts";
import type { Wish } from "./wish";

const words = texts.generate;
const PresetsDialog = lazy(async () => ({ default: (await import("./PresetsDialog")).PresetsDialog }));
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
  const [isSaving, saving] = useDisclosure(false);
  const presets = useQuery({
    queryKey: ["style-presets"],
    queryFn: () => data(api.GET("/api/v1/style_presets")),
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
      {isSaving && (
        <Suspense>
          <PresetsDialog wish={wish} known={known} onClose={saving.close} />
        </Suspense>
      )}
    </>
  );
}
