import { Button, Collapse, Group, SegmentedControl, Select, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconAdjustmentsHorizontal, IconSearch, IconStar, IconStarFilled } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import { api, data } from "../../api/client";
import { useMe, useSession } from "../../app/session";
import { gallery as galleryTexts } from "../../texts/gallery";
import { countOf, type Filter } from "./filter";

const words = galleryTexts;

interface Props {
  filter: Filter;
  onChange(change: Partial<Filter>): void;
}

/** Looks for a word while it is typed, once the typing rests. */
function SearchField({ value, onChange }: { value: string; onChange(value: string): void }) {
  const [text, setText] = useState(value);
  const [rested] = useDebouncedValue(text, 250);
  const told = useRef(value);
  useEffect(() => {
    if (value !== told.current) setText(value); // somebody else changed it: Back, or a cleared filter
    told.current = value;
  }, [value]);
  useEffect(() => {
    if (rested === told.current) return;
    told.current = rested;
    onChange(rested);
  }, [rested, onChange]);
  return (
    <TextInput
      type="search"
      aria-label={words.search}
      placeholder={words.searchHint}
      leftSection={<IconSearch size={16} aria-hidden />}
      style={{ flex: "1 1 200px" }}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
    />
  );
}

function ModelChoice({ value, onChange }: { value: string | null; onChange(value: string | null): void }) {
  const models = useQuery({
    queryKey: ["models", "main-names"],
    queryFn: async () => {
      const found = await data(api.GET("/api/v2/models", { params: { query: { model_type: "main" } } }));
      return [...new Set(found.models.map((model) => model.name))];
    },
  });
  const names = models.data ?? [];
  return (
    <Select
      label={words.model}
      placeholder={words.anyModel}
      searchable
      clearable
      data={value && !names.includes(value) ? [...names, value] : names}
      value={value}
      onChange={onChange}
    />
  );
}

function PersonChoice({ value, onChange }: { value: string | null; onChange(value: string | null): void }) {
  const me = useMe();
  const [text, setText] = useState("");
  const [search] = useDebouncedValue(text.trim(), 250);
  const [chosen, setChosen] = useState<{ value: string; label: string } | null>(null);
  const found = useQuery({
    queryKey: ["directory", search],
    enabled: search.length >= 2,
    placeholderData: keepPreviousData,
    retry: false,
    queryFn: () => data(api.GET("/api/v1/auth/directory", { params: { query: { search } } })),
  });
  const options = [
    { value: me.user_id, label: me.display_name },
    ...(found.data?.items ?? []).map((each) => ({ value: each.user_id, label: each.display_name })),
    ...(chosen && value === chosen.value ? [chosen] : []),
  ];
  const unique = [...new Map(options.map((each) => [each.value, each])).values()];
  return (
    <Select
      label={words.person}
      placeholder={words.anyPerson}
      nothingFoundMessage={words.personHint}
      searchable
      clearable
      searchValue={text}
      onSearchChange={setText}
      data={unique}
      value={value}
      onChange={(next, option) => {
        setChosen(option ? { value: option.value, label: option.label } : null);
        onChange(next);
      }}
    />
  );
}

function Fields({ filter, onChange }: Props) {
  const { status } = useSession();
  return (
    <SimpleGrid cols={{ base: 2, sm: 3, xl: 6 }} spacing="xs">
      <Select
        label={words.category}
        placeholder={words.anyCategory}
        clearable
        data={Object.entries(words.categories).map(([value, label]) => ({ value, label }))}
        value={filter.category}
        onChange={(category) => onChange({ category: category as Filter["category"] })}
      />
      <ModelChoice value={filter.model} onChange={(model) => onChange({ model })} />
      {status.multiuser_enabled && (
        <PersonChoice value={filter.person} onChange={(person) => onChange({ person })} />
      )}
      <TextInput
        type="date"
        label={words.since}
        value={filter.since}
        onChange={(event) => onChange({ since: event.currentTarget.value })}
      />
      <TextInput
        type="date"
        label={words.until}
        value={filter.until}
        onChange={(event) => onChange({ until: event.currentTarget.value })}
      />
      <Select
        label={words.order}
        allowDeselect={false}
        data={[
          { value: "DESC", label: words.newest },
          { value: "ASC", label: words.oldest },
        ]}
        value={filter.order}
        onChange={(order) => onChange({ order: order as Filter["order"] })}
      />
    </SimpleGrid>
  );
}

/** What narrows the pictures down. */
export function FilterBar({ filter, onChange }: Props) {
  const { status } = useSession();
  const [isOpen, setIsOpen] = useState(false);
  const [wasOpen, setWasOpen] = useState(false); // what few unfold is not rendered with the page
  const count = countOf(filter);
  return (
    <Stack gap="xs">
      <Group gap="xs">
        <SearchField value={filter.search} onChange={(search) => onChange({ search })} />
        {filter.board === null && status.multiuser_enabled && (
          <SegmentedControl
            aria-label={words.whose}
            value={filter.scope}
            onChange={(scope) => onChange({ scope: scope as Filter["scope"] })}
            data={[
              { value: "own", label: words.mine },
              { value: "visible", label: words.visible },
            ]}
          />
        )}
        <Button
          variant={filter.isStarred ? "filled" : "default"}
          aria-pressed={filter.isStarred}
          leftSection={filter.isStarred ? <IconStarFilled size={16} /> : <IconStar size={16} />}
          onClick={() => onChange({ isStarred: !filter.isStarred })}
        >
          {words.starredOnly}
        </Button>
        <Button
          variant={count > 0 ? "filled" : "default"}
          aria-expanded={isOpen}
          leftSection={<IconAdjustmentsHorizontal size={16} />}
          onClick={() => {
            setIsOpen(!isOpen);
            setWasOpen(true);
          }}
        >
          {words.filtersOn(count)}
        </Button>
      </Group>
      <Collapse expanded={isOpen}>
        {wasOpen && <Fields filter={filter} onChange={onChange} />}
      </Collapse>
    </Stack>
  );
}

/** How many pictures match. */
export function Total({ count, isLowerBound }: { count: number; isLowerBound: boolean }) {
  return (
    <Text size="sm" c="dimmed" role="status" component="span">
      {isLowerBound ? words.atLeast(count) : words.total(count)}
    </Text>
  );
}
