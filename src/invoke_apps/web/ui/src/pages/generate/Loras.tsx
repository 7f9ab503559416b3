import { ActionIcon, Group, NumberInput, Select, Stack, Text } from "@mantine/core";
import { IconX } from "@tabler/icons-react";

import { texts } from "../../texts";
import type { Model, Wish } from "./wish";

const words = texts.generate;

interface Props {
  loras: Wish["loras"];
  known: Model[];
  error?: string | undefined;
  onChange(loras: Wish["loras"]): void;
}

/** The LoRAs of a generation, each with its weight. */
export function Loras({ loras, known, error, onChange }: Props) {
  const rest = known.filter((model) => !loras.some((each) => each.model === model.key));
  if (known.length === 0 && loras.length === 0) return null;
  const name = (key: string) => known.find((model) => model.key === key)?.name ?? key;
  return (
    <Stack gap="xs">
      <Select
        label={words.loras}
        placeholder={words.addLora}
        data={rest.map((model) => ({ value: model.key, label: model.name }))}
        value={null}
        error={error}
        disabled={rest.length === 0}
        searchable
        onChange={(key) => key && onChange([...loras, { model: key, weight: 1 }])}
      />
      {loras.map((each) => (
        <Group key={each.model} wrap="nowrap" gap="xs">
          <Text size="sm" truncate style={{ flex: 1 }}>
            {name(each.model)}
          </Text>
          <NumberInput
            aria-label={words.weightOf(name(each.model))}
            w={96}
            size="xs"
            min={-10}
            max={10}
            step={0.05}
            decimalScale={2}
            value={each.weight}
            onChange={(weight) =>
              onChange(loras.map((old) => (old === each ? { ...old, weight: Number(weight) || 0 } : old)))
            }
          />
          <ActionIcon
            variant="subtle"
            aria-label={words.removeLora(name(each.model))}
            onClick={() => onChange(loras.filter((old) => old !== each))}
          >
            <IconX size={16} aria-hidden />
          </ActionIcon>
        </Group>
      ))}
    </Stack>
  );
}
