import { Alert, Button, Group, NumberInput, Select, Stack, Table, TagsInput, Text, Textarea, TextInput, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { api, data, type Problem, type Schemas } from "../../api/client";
import { queries } from "../../app/queries";
import { bytes, day } from "../../components/format";
import { SCHEDULERS, type Scheduler } from "../../components/schedulers";
import { texts } from "../../texts";
import { models as modelsTexts } from "../../texts/models";

const words = modelsTexts;
type Model = Schemas["ModelView"];

interface Props {
  model: Model;
  mayEdit: boolean;
}

/** What is known of a model, with its Default Settings; nothing to press for whoever may change nothing. */
export function ModelDetails({ model, mayEdit }: Props) {
  const facts = [
    [words.kind, words.types[model.type] ?? model.type],
    [words.base, words.bases[model.base] ?? model.base],
    [words.format, model.format],
    [words.size, bytes(model.file_size)],
    [words.source, model.source],
    [words.path, model.path],
    [words.phrases, model.trigger_phrases.join(", ")],
    [words.added, day(model.created_at)],
  ].filter(([, value]) => value);
  return (
    <Stack>
      {!mayEdit && model.description && <Text size="sm">{model.description}</Text>}
      <Table variant="vertical" layout="fixed">
        <Table.Tbody>
          {facts.map(([label, value]) => (
            <Table.Tr key={label}>
              <Table.Th scope="row" w={130}>
                {label}
              </Table.Th>
              <Table.Td style={{ overflowWrap: "anywhere" }}>{value}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {model.type === "main" && (
        <section aria-label={words.defaults}>
          <Stack gap="sm">
            <Title order={3} size="h5">
              {words.defaults}
            </Title>
            <Text size="sm">{words.defaultsLead}</Text>
            {mayEdit ? <Defaults model={model} /> : <ReadDefaults model={model} />}
          </Stack>
        </section>
      )}
      {mayEdit && <Words model={model} />}
    </Stack>
  );
}

function useChange(model: Model) {
  return useMutation({
    meta: { quiet: true },
    mutationFn: (body: Schemas["ModelBody"]) =>
      data(api.PATCH("/api/v2/models/i/{key}", { params: { path: { key: model.key } }, body })),
    onSuccess: () => {
      notifications.show({ message: words.saved });
      return queries.invalidateQueries({ queryKey: ["models"] });
    },
  });
}

function ReadDefaults({ model }: { model: Model }) {
  const { steps, cfg_scale, scheduler, width, height } = model.default_settings;
  return (
    <Table variant="vertical" layout="fixed">
      <Table.Tbody>
        {[
          [words.steps, steps],
          [words.guidance, cfg_scale],
          [words.scheduler, scheduler],
          [words.width, width],
          [words.height, height],
        ].map(([label, value]) => (
          <Table.Tr key={label}>
            <Table.Th scope="row" w={130}>
              {label}
            </Table.Th>
            <Table.Td>{value ?? words.notSet}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function Refusal({ problem }: { problem: Problem | null }) {
  if (!problem || Object.keys(problem.fields).length > 0) return null;
  return (
    <Alert color="red" role="alert">
      {problem.message}
    </Alert>
  );
}

function Defaults({ model }: { model: Model }) {
  const [chosen, setChosen] = useState(model.default_settings);
  const change = useChange(model);
  const problem = change.error as Problem | null;
  const refusal = (name: string) => Object.entries(problem?.fields ?? {}).find(([field]) => field.endsWith(name))?.[1];
  const number = (name: "steps" | "cfg_scale" | "width" | "height") => ({
    value: chosen[name] ?? "",
    placeholder: words.notSet,
    error: refusal(name),
    onChange: (value: number | string) => setChosen({ ...chosen, [name]: value === "" ? null : Number(value) }),
  });
  const send = (event: FormEvent) => {
    event.preventDefault();
    change.mutate({ default_settings: chosen });
  };
  return (
    <form onSubmit={send}>
      <Stack gap="sm">
        <Refusal problem={problem} />
        <Group grow>
          <NumberInput label={words.steps} min={1} {...number("steps")} />
          <NumberInput label={words.guidance} min={1} step={0.5} {...number("cfg_scale")} />
        </Group>
        <Select
          label={words.scheduler}
          data={SCHEDULERS}
          clearable
          placeholder={words.notSet}
          value={chosen.scheduler}
          error={refusal("scheduler")}
          onChange={(value) => setChosen({ ...chosen, scheduler: value as Scheduler | null })}
        />
        <Group grow>
          <NumberInput label={words.width} min={16} step={8} {...number("width")} />
          <NumberInput label={words.height} min={16} step={8} {...number("height")} />
        </Group>
        <Group>
          <Button type="submit" loading={change.isPending}>
            {texts.common.save}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Words({ model }: { model: Model }) {
  const [name, setName] = useState(model.name);
  const [description, setDescription] = useState(model.description);
  const [phrases, setPhrases] = useState(model.trigger_phrases);
  const change = useChange(model);
  const problem = change.error as Problem | null;
  const send = (event: FormEvent) => {
    event.preventDefault();
    change.mutate({ name, description, trigger_phrases: phrases });
  };
  return (
    <form onSubmit={send} aria-label={words.edit}>
      <Stack gap="sm">
        <Title order={3} size="h5">
          {words.edit}
        </Title>
        <Refusal problem={problem} />
        <TextInput
          label={words.name}
          required
          value={name}
          error={problem?.fields["name"]}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Textarea
          label={words.description}
          autosize
          value={description}
          error={problem?.fields["description"]}
          onChange={(event) => setDescription(event.currentTarget.value)}
        />
        <TagsInput
          label={words.phrases}
          value={phrases}
          error={problem?.fields["trigger_phrases"]}
          onChange={setPhrases}
        />
        <Group>
          <Button type="submit" variant="default" loading={change.isPending}>
            {texts.common.save}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
