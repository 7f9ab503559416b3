import { ActionIcon, Button, Code, Group, Image, NumberInput, Paper, Select, Stack, Text } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";

import { thumbnailOf } from "../../components/picture";
import { texts } from "../../texts";
import { PictureSource } from "./PictureSource";
import { uploaded } from "./uploaded";
import { type Change, type Guide, type Model, tokenOf, type Wish } from "./wish";

const words = texts.generate;

interface Props {
  wish: Pick<Wish, "loras" | "controlnets" | "ipAdapters" | "embeddings">;
  /** All models; of them those are offered that are made for the main model's family. */
  models: Model[];
  main: Model | undefined;
  refusal(field: string): string | undefined;
  onChange(change: Change): void;
}

/** The models that are used beside the main one. */
export function Beside({ wish, models, main, refusal, onChange }: Props) {
  const fitting = (type: Model["type"]) =>
    models.filter((each) => each.type === type && (!main || each.base === main.base));
  return (
    <>
      <Loras
        loras={wish.loras}
        known={fitting("lora")}
        error={refusal("loras")}
        onChange={(loras) => onChange({ loras })}
      />
      <Guides
        words={words.controlnets}
        guides={wish.controlnets}
        known={fitting("controlnet")}
        error={refusal("controlnets")}
        onChange={(controlnets) => onChange({ controlnets })}
      />
      <Guides
        words={words.ipAdapters}
        guides={wish.ipAdapters}
        known={fitting("ip_adapter")}
        error={refusal("ip_adapters")}
        onChange={(ipAdapters) => onChange({ ipAdapters })}
      />
      <Embeddings
        chosen={wish.embeddings}
        known={fitting("embedding")}
        error={refusal("embeddings")}
        onChange={onChange}
      />
    </>
  );
}

function nameOf(known: Model[], key: string): string {
  return known.find((model) => model.key === key)?.name ?? key;
}

interface AddProps {
  label: string;
  placeholder: string;
  known: Model[];
  /** The keys of those that are chosen already. */
  chosen: string[];
  error: string | undefined;
  onAdd(key: string): void;
}

/** The choice of one more model. */
function Add({ label, placeholder, known, chosen, error, onAdd }: AddProps) {
  const rest = known.filter((model) => !chosen.includes(model.key));
  return (
    <Select
      label={label}
      placeholder={placeholder}
      data={rest.map((model) => ({ value: model.key, label: model.name }))}
      value={null}
      error={error}
      disabled={rest.length === 0}
      searchable
      onChange={(key) => key && onAdd(key)}
    />
  );
}

interface WeightProps {
  name: string;
  value: number;
  min: number;
  max: number;
  onChange(weight: number): void;
}

function Weight({ name, value, min, max, onChange }: WeightProps) {
  return (
    <NumberInput
      aria-label={words.weightOf(name)}
      w={96}
      size="xs"
      min={min}
      max={max}
      step={0.05}
      decimalScale={2}
      value={value}
      onChange={(weight) => onChange(Number(weight) || 0)}
    />
  );
}

function Remove({ name, onRemove }: { name: string; onRemove(): void }) {
  return (
    <ActionIcon variant="subtle" aria-label={words.removeModel(name)} onClick={onRemove}>
      <IconX size={16} aria-hidden />
    </ActionIcon>
  );
}

interface ListProps<T> {
  known: Model[];
  error: string | undefined;
  onChange(chosen: T[]): void;
}

/** The LoRAs of a generation, each with its weight. */
function Loras({ loras, known, error, onChange }: ListProps<Wish["loras"][number]> & Pick<Wish, "loras">) {
  if (known.length === 0 && loras.length === 0) return null;
  return (
    <Stack gap="xs">
      <Add
        label={words.loras}
        placeholder={words.addLora}
        known={known}
        chosen={loras.map((each) => each.model)}
        error={error}
        onAdd={(key) => onChange([...loras, { model: key, weight: 1 }])}
      />
      {loras.map((each) => {
        const name = nameOf(known, each.model);
        return (
          <Group key={each.model} wrap="nowrap" gap="xs">
            <Text size="sm" truncate style={{ flex: 1 }}>
              {name}
            </Text>
            <Weight
              name={name}
              min={-10}
              max={10}
              value={each.weight}
              onChange={(weight) => onChange(loras.map((old) => (old === each ? { ...old, weight } : old)))}
            />
            <Remove name={name} onRemove={() => onChange(loras.filter((old) => old !== each))} />
          </Group>
        );
      })}
    </Stack>
  );
}

interface GuidesProps extends ListProps<Guide> {
  words: typeof words.controlnets | typeof words.ipAdapters;
  guides: Guide[];
}

/** Models that follow a picture, each with its picture and its weight. */
function Guides({ words: own, guides, known, error, onChange }: GuidesProps) {
  if (known.length === 0 && guides.length === 0) return null;
  return (
    <Stack gap="xs">
      <Add
        label={own.label}
        placeholder={own.add}
        known={known}
        chosen={guides.map((each) => each.model)}
        error={error}
        onAdd={(key) => onChange([...guides, { model: key, image: null, weight: 1 }])}
      />
      {guides.map((each) => (
        <GuideFields
          key={each.model}
          guide={each}
          name={nameOf(known, each.model)}
          picture={own.picture}
          choose={own.choose}
          onChange={(part) => onChange(guides.map((old) => (old.model === each.model ? { ...old, ...part } : old)))}
          onRemove={() => onChange(guides.filter((old) => old !== each))}
        />
      ))}
    </Stack>
  );
}

interface GuideProps {
  guide: Guide;
  name: string; // of its model
  picture: string;
  choose: string;
  onChange(part: Partial<Guide>): void;
  onRemove(): void;
}

function GuideFields({ guide, name, picture, choose, onChange, onRemove }: GuideProps) {
  const upload = useMutation({
    mutationFn: (file: File) => uploaded(file, "user"),
    onSuccess: (image) => onChange({ image: image.image_name }),
  });
  return (
    <Paper withBorder p="xs" role="group" aria-label={name}>
      <Stack gap="xs">
        <Group wrap="nowrap" gap="xs">
          <Text size="sm" truncate style={{ flex: 1 }}>
            {name}
          </Text>
          <Weight name={name} min={-1} max={2} value={guide.weight} onChange={(weight) => onChange({ weight })} />
          <Remove name={name} onRemove={onRemove} />
        </Group>
        <Group gap="xs">
          {guide.image ? (
            <Image src={thumbnailOf(guide.image)} alt={picture} w={64} h={64} fit="contain" radius="sm" />
          ) : (
            <Text size="xs">{picture}:</Text>
          )}
          <PictureSource
            title={choose}
            labelOf={words.take}
            upload={upload}
            onChoose={(image) => onChange({ image })}
          />
        </Group>
      </Stack>
    </Paper>
  );
}

interface EmbeddingsProps {
  chosen: string[];
  known: Model[];
  error: string | undefined;
  onChange(change: Change): void;
}

function appended(prompt: string, token: string): string {
  return prompt.trim() === "" ? token : `${prompt.trimEnd()} ${token}`;
}

/** Embeddings: words that a prompt may use once they are chosen. */
function Embeddings({ chosen, known, error, onChange }: EmbeddingsProps) {
  if (known.length === 0 && chosen.length === 0) return null;
  return (
    <Stack gap="xs">
      <Add
        label={words.embeddings}
        placeholder={words.addEmbedding}
        known={known}
        chosen={chosen}
        error={error}
        onAdd={(key) => onChange({ embeddings: [...chosen, key] })}
      />
      {chosen.map((key) => {
        const name = nameOf(known, key);
        const token = tokenOf(name);
        return (
          <Group key={key} gap="xs" role="group" aria-label={name}>
            <Code style={{ flex: 1, overflow: "visible", overflowWrap: "anywhere" }}>{token}</Code>
            <Button
              size="compact-xs"
              variant="default"
              onClick={() => onChange((wish) => ({ prompt: appended(wish.prompt, token) }))}
            >
              {words.intoPrompt}
            </Button>
            <Button
              size="compact-xs"
              variant="default"
              onClick={() => onChange((wish) => ({ negativePrompt: appended(wish.negativePrompt, token) }))}
            >
              {words.intoNegative}
            </Button>
            <Remove name={name} onRemove={() => onChange({ embeddings: chosen.filter((old) => old !== key) })} />
          </Group>
        );
      })}
    </Stack>
  );
}
