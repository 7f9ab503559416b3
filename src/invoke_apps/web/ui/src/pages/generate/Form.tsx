import {
  Alert,
  Box,
  Button,
  Checkbox,
  Group,
  NumberInput,
  Select,
  Stack,
  Switch,
  Textarea,
  UnstyledButton,
} from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconChevronDown, IconSparkles } from "@tabler/icons-react";
import { type FormEvent, type KeyboardEvent, lazy, memo, type ReactNode, Suspense } from "react";

import type { Problem, Schemas } from "../../api/client";
import { SCHEDULERS, type Scheduler } from "../../components/schedulers";
import { Soon } from "../../components/Soon";
import { texts } from "../../texts";
import "./generate.css";
import { StartingImage } from "./StartingImage";
import { type Change, DIMENSION_STEP, type Model, RATIOS, ratioOf, sized, type Wish } from "./wish";

const words = texts.generate;
const Beside = lazy(async () => ({ default: (await import("./Beside")).Beside }));

interface Props {
  wish: Wish;
  models: Model[];
  model: Model | undefined; // the chosen one
  boards: Schemas["BoardView"][]; // on which one may put pictures
  problem: Problem | null;
  isSending: boolean;
  onChange(change: Change): void;
  onSend(): void;
}

/** Return what was said of a field, by the end of its name. */
function refusalOf(problem: Problem | null): (name: string) => string | undefined {
  const fields = Object.entries(problem?.fields ?? {});
  return (name) => fields.find(([field]) => field.endsWith(name))?.[1];
}

/** What one asks for. */
export function Form({ wish, models, model, boards, problem, isSending, onChange, onSend }: Props) {
  const fields = Object.entries(problem?.fields ?? {});
  const refusal = refusalOf(problem);
  const shown = [
    ...["prompt", "model", "width", "height", "steps", "cfg_scale", "scheduler", "seed", "runs"],
    ...["loras", "controlnets", "ip_adapters", "embeddings"],
  ];
  const isElsewhere = problem !== null && !fields.some(([field]) => shown.some((name) => field.endsWith(name)));
  const send = (event: FormEvent) => {
    event.preventDefault();
    onSend();
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      onSend();
    }
  };
  return (
    <form onSubmit={send} onKeyDown={keys} aria-label={words.form}>
      <Stack gap="sm">
        <Textarea
          label={words.prompt}
          description={words.promptHint}
          rows={3}
          classNames={{ input: "grows" }}
          value={wish.prompt}
          error={refusal("prompt")}
          onChange={(event) => onChange({ prompt: event.currentTarget.value })}
        />
        <Textarea
          label={words.negativePrompt}
          rows={1}
          classNames={{ input: "grows" }}
          value={wish.negativePrompt}
          error={refusal("negative_prompt")}
          onChange={(event) => onChange({ negativePrompt: event.currentTarget.value })}
        />
        <Settings
          wish={wish}
          models={models}
          model={model}
          boards={boards}
          problem={problem}
          onChange={onChange}
        />
        {problem && isElsewhere && (
          <Alert color="red" role="alert">
            {problem.message}
          </Alert>
        )}
        <Box className="send">
          <Button
            type="submit"
            size="md"
            fullWidth
            loading={isSending}
            leftSection={<IconSparkles size={18} aria-hidden />}
          >
            {words.generate}
          </Button>
        </Box>
      </Stack>
    </form>
  );
}

type SettingsProps = Pick<Props, "wish" | "models" | "model" | "boards" | "problem" | "onChange">;

/** Whether nothing that is shown below the prompts differs. */
function isSame(one: SettingsProps, other: SettingsProps): boolean {
  const { prompt: _, negativePrompt: __, ...settings } = one.wish;
  return (
    (Object.keys(settings) as (keyof typeof settings)[]).every((key) => one.wish[key] === other.wish[key]) &&
    (["models", "model", "boards", "problem", "onChange"] as const).every((key) => one[key] === other[key])
  );
}

/** What is folded away at first. By itself, so that unfolding renders nothing else. */
function More({ isRefused, children }: { isRefused: boolean; children: ReactNode }) {
  const [isOpen, { toggle }] = useDisclosure(false);
  return (
    <>
      <UnstyledButton type="button" onClick={toggle} aria-expanded={isOpen} fz="sm" fw={500}>
        <Group gap={4}>
          <IconChevronDown
            size={16}
            aria-hidden
            style={{ transform: isOpen ? "rotate(180deg)" : undefined }}
          />
          {words.more}
        </Group>
      </UnstyledButton>
      {(isOpen || isRefused) && <Soon>{children}</Soon>}
    </>
  );
}

/** All but the prompts: apart from them, because a letter typed there must not wait for twenty fields. */
const Settings = memo(function Settings({ wish, models, model, boards, problem, onChange }: SettingsProps) {
  const usual = model?.default_settings;
  const width = wish.width ?? usual?.width ?? 512;
  const height = wish.height ?? usual?.height ?? 512;
  const refusal = refusalOf(problem);
  const isRefused = Object.keys(problem?.fields ?? {}).length > 0;
  const mains = models.filter((each) => each.type === "main");
  return (
    <>
      <Select
        label={words.model}
        data={mains.map((each) => ({ value: each.key, label: each.name }))}
        value={model?.key ?? null}
        allowDeselect={false}
        searchable={mains.length > 8}
        error={refusal("model")}
        placeholder={words.noModel}
        // Another model has other habits: what was set for the last one is no wish for this one.
        onChange={(key) =>
          onChange({ model: key, width: null, height: null, steps: null, guidance: null, scheduler: null })
        }
      />
      {mains.length === 0 && <Alert color="yellow">{words.noModels}</Alert>}
      <Group grow align="flex-start">
        <Select
          label={words.ratio}
          data={[...Object.keys(RATIOS), ...(ratioOf(width, height) ? [] : [words.ownRatio])]}
          value={ratioOf(width, height) ?? words.ownRatio}
          allowDeselect={false}
          onChange={(name) => {
            const ratio = RATIOS[name ?? ""];
            if (ratio) onChange(sized(ratio, width * height));
          }}
        />
        <NumberInput
          label={words.width}
          min={16}
          step={DIMENSION_STEP}
          value={width}
          error={refusal("width")}
          onChange={(value) => onChange({ width: Number(value) || null })}
        />
        <NumberInput
          label={words.height}
          min={16}
          step={DIMENSION_STEP}
          value={height}
          error={refusal("height")}
          onChange={(value) => onChange({ height: Number(value) || null })}
        />
      </Group>
      <Group grow align="flex-start">
        <NumberInput
          label={words.count}
          min={1}
          max={10_000}
          value={wish.count}
          error={refusal("runs")}
          onChange={(value) => onChange({ count: Number(value) || 1 })}
        />
        <Select
          label={words.board}
          data={[
            { value: "", label: words.noBoard },
            ...boards.map((board) => ({ value: board.board_id, label: board.board_name })),
          ]}
          value={wish.board ?? ""}
          allowDeselect={false}
          searchable={boards.length > 8}
          error={refusal("board_id")}
          onChange={(board) => onChange({ board: board || null })}
        />
      </Group>
      <More isRefused={isRefused}>
        <Stack gap="sm">
          <Group grow align="flex-start">
            <NumberInput
              label={words.steps}
              min={1}
              placeholder={String(usual?.steps ?? "")}
              value={wish.steps ?? usual?.steps ?? ""}
              error={refusal("steps")}
              onChange={(value) => onChange({ steps: Number(value) || null })}
            />
            <NumberInput
              label={words.guidance}
              min={1}
              max={100}
              step={0.5}
              value={wish.guidance ?? usual?.cfg_scale ?? ""}
              error={refusal("cfg_scale")}
              onChange={(value) => onChange({ guidance: Number(value) || null })}
            />
          </Group>
          <Select
            label={words.scheduler}
            data={[{ value: "", label: words.modelsChoice }, ...SCHEDULERS.map((each) => ({ value: each, label: each }))]}
            value={wish.scheduler ?? ""}
            allowDeselect={false}
            error={refusal("scheduler")}
            onChange={(value) => onChange({ scheduler: (value || null) as Scheduler | null })}
          />
          <Group grow align="flex-end">
            <NumberInput
              label={words.seed}
              description={words.seedHint}
              min={0}
              max={2 ** 32 - 1}
              allowDecimal={false}
              disabled={wish.seed === null}
              value={wish.seed ?? ""}
              error={refusal("seed")}
              onChange={(value) => onChange({ seed: value === "" ? 0 : Number(value) })}
            />
          </Group>
          <Switch
            label={words.randomSeed}
            checked={wish.seed === null}
            onChange={(event) =>
              onChange({ seed: event.currentTarget.checked ? null : Math.floor(Math.random() * 2 ** 32) })
            }
          />
          <Suspense>
            <Beside wish={wish} models={models} main={model} refusal={refusal} onChange={onChange} />
          </Suspense>
          <Checkbox
            label={words.priority}
            description={words.priorityHint}
            checked={wish.isFirst}
            onChange={(event) => onChange({ isFirst: event.currentTarget.checked })}
          />
        </Stack>
      </More>
      <StartingImage start={wish.start} onChange={(start) => onChange({ start })} />
    </>
  );
}, isSame);
