import { Badge, Card, Drawer, Group, Select, SimpleGrid, Stack, Text, TextInput, UnstyledButton } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import type { Schemas } from "../../api/client";
import { allModels } from "../../api/lists";
import { useMe } from "../../app/session";
import { bytes } from "../../components/format";
import { Loaded, Page } from "../../components/Page";
import { texts } from "../../texts";
import { models as modelsTexts } from "../../texts/models";
import { ModelDetails } from "./ModelDetails";

const words = modelsTexts;
type Model = Schemas["ModelView"];

/** The models that one may use; administrators also look after them here. */
export function ModelsPage() {
  const me = useMe();
  const [search, setSearch] = useState("");
  const [kind, setKind] = useState("");
  const [opened, setOpened] = useState<string | null>(null);
  const models = useQuery(allModels);
  const wanted = search.trim().toLocaleLowerCase();
  const shown = (model: Model) =>
    (!kind || model.type === kind) &&
    [model.name, model.description, ...model.trigger_phrases].some((text) => text.toLocaleLowerCase().includes(wanted));
  const chosen = models.data?.find((model) => model.key === opened);
  return (
    <Page title={texts.common.models} lead={me.is_admin ? words.lead : `${words.lead} ${words.readOnly}`}>
      <Group align="flex-end">
        <TextInput
          type="search"
          label={words.search}
          flex="1 1 200px"
          maw={{ sm: 320 }}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
        <Select
          label={words.kind}
          flex="1 1 140px"
          maw={{ sm: 220 }}
          allowDeselect={false}
          value={kind}
          onChange={(value) => setKind(value ?? "")}
          data={[
            { value: "", label: words.anyKind },
            ...Object.entries(words.types).map(([value, label]) => ({ value, label })),
          ]}
        />
      </Group>
      <Loaded query={models} isEmpty={(all) => !all.some(shown)} empty={words.none}>
        {(all) => (
          <SimpleGrid cols={{ base: 1, sm: 2, xl: 3 }}>
            {all.filter(shown).map((model) => (
              <Card key={model.key} withBorder component="article" aria-label={model.name}>
                <UnstyledButton onClick={() => setOpened(model.key)}>
                  <Stack gap={4}>
                    <Text fw={600}>{model.name}</Text>
                    <Group gap={6}>
                      <Badge tt="none">{words.types[model.type] ?? model.type}</Badge>
                      <Badge tt="none" variant="default">
                        {words.bases[model.base] ?? model.base}
                      </Badge>
                      <Text size="xs">{bytes(model.file_size)}</Text>
                    </Group>
                    {model.description && (
                      <Text size="sm" lineClamp={3}>
                        {model.description}
                      </Text>
                    )}
                  </Stack>
                </UnstyledButton>
              </Card>
            ))}
          </SimpleGrid>
        )}
      </Loaded>
      <Drawer
        opened={chosen !== undefined}
        onClose={() => setOpened(null)}
        position="right"
        size="md"
        title={chosen?.name}
      >
        {chosen && <ModelDetails key={chosen.key} model={chosen} mayEdit={me.is_admin} />}
      </Drawer>
    </Page>
  );
}
