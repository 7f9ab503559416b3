import {
  Button,
  CloseButton,
  Combobox,
  Group,
  Loader,
  Select,
  Stack,
  Text,
  TextInput,
  useCombobox,
} from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useState } from "react";

import { api, BACKGROUND, data, Problem } from "../../../api/client";
import { texts } from "../../../texts";
import { boards as boardsTexts } from "../../../texts/boards";
import { type Level, LEVELS, type Person } from "./boards";

const words = boardsTexts;

interface LevelProps {
  label: string;
  value: Level;
  onChange(level: Level): void;
}

export function LevelSelect({ label, value, onChange }: LevelProps) {
  return (
    <Select
      aria-label={label}
      allowDeselect={false}
      w={110}
      value={value}
      onChange={(level) => level && onChange(level as Level)}
      data={LEVELS.map((level) => ({ value: level, label: words.levels[level] }))}
    />
  );
}

/** What the levels mean, beside where they are chosen. */
export function LevelHelp() {
  return (
    <Stack gap={2} component="section" aria-label={words.levelHelp}>
      <Text size="sm" fw={600}>
        {words.levelHelp}
      </Text>
      {LEVELS.map((level) => (
        <Text key={level} size="sm">
          <b>{words.levels[level]}</b> – {words.levelTells[level]}
        </Text>
      ))}
    </Stack>
  );
}

interface PeopleProps {
  label: string;
  /** Whom not to offer, by id. */
  without: ReadonlySet<string>;
  /** Whom to offer before anything is typed. */
  first?: readonly Person[];
  takesAddresses?: boolean;
  autoFocus?: boolean;
  onPick(person: Person): void;
}

/** Find a person who has an account here. */
export function PeopleSelect({ label, without, first = [], takesAddresses = false, autoFocus, onPick }: PeopleProps) {
  const [search, setSearch] = useState("");
  const [typed] = useDebouncedValue(search.trim(), 250);
  const [isClosed, setIsClosed] = useState(false);
  const combobox = useCombobox({ onDropdownClose: () => combobox.resetSelectedOption() });
  const found = useQuery({
    queryKey: ["directory", typed],
    enabled: typed.length >= 2 && !isClosed,
    staleTime: 10_000,
    placeholderData: (before) => before,
    queryFn: async () => {
      const answer = data(api.GET("/api/v1/auth/directory", { params: { query: { search: typed } }, ...BACKGROUND }));
      return (await answer).items.map((each): Person => ({ userId: each.user_id, name: each.display_name }));
    },
  });
  if (found.error instanceof Problem && found.error.status === 404 && !isClosed) setIsClosed(true);
  const isShort = search.trim().length < 2;
  const people = (isShort ? first : (found.data ?? [])).filter(
    (each) => each.userId !== null && !without.has(each.userId),
  );
  const offered = people.map((each) => each.userId).join();
  useEffect(() => {
    if (offered !== "") combobox.selectFirstOption(); // so that Enter takes whoever was meant
  }, [offered, combobox.selectFirstOption]);
  const isSearching = !isShort && (found.isFetching || typed !== search.trim());
  if (isClosed && takesAddresses) return <AddressInput label={label} onPick={onPick} />;

  const pick = (id: string) => {
    const person = people.find((each) => each.userId === id);
    setSearch("");
    combobox.closeDropdown();
    if (person) onPick(person);
  };
  const isNobody = people.length === 0 && !isShort && !isSearching;
  return (
    <Combobox store={combobox} onOptionSubmit={pick}>
      <Combobox.Target withExpandedAttribute>
        <TextInput
          label={label}
          description={words.peopleHint}
          data-autofocus={autoFocus || undefined}
          autoFocus={autoFocus}
          autoComplete="off"
          value={search}
          error={found.error?.message}
          rightSection={isSearching ? <Loader size={14} aria-label={texts.common.loading} /> : undefined}
          onChange={(event) => {
            setSearch(event.currentTarget.value);
            combobox.openDropdown();
          }}
          onClick={() => combobox.openDropdown()}
          onBlur={() => combobox.closeDropdown()}
        />
      </Combobox.Target>
      <Combobox.Dropdown hidden={people.length === 0 && !isNobody}>
        <Combobox.Options aria-label={label}>
          {people.map((each) => (
            <Combobox.Option key={each.userId} value={each.userId ?? ""}>
              {each.name}
            </Combobox.Option>
          ))}
        </Combobox.Options>
        {isNobody && <Combobox.Empty role="status">{words.nobody}</Combobox.Empty>}
      </Combobox.Dropdown>
    </Combobox>
  );
}

/** Where the server keeps to itself who has an account, people are named by their address. */
function AddressInput({ label, onPick }: { label: string; onPick(person: Person): void }) {
  const [address, setAddress] = useState("");
  const add = () => {
    if (!address.includes("@")) return;
    onPick({ userId: null, name: address.trim() });
    setAddress("");
  };
  return (
    <Group align="flex-end" wrap="nowrap">
      <TextInput
        flex={1}
        type="email"
        label={label}
        description={words.closedDirectory}
        value={address}
        onChange={(event) => setAddress(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter") return;
          event.preventDefault();
          add();
        }}
      />
      <Button variant="default" onClick={add}>
        {words.add}
      </Button>
    </Group>
  );
}

interface PersonRowProps {
  name: string;
  note?: ReactNode;
  level: Level;
  onLevel(level: Level): void;
  onDrop(): void;
}

/** Somebody who is about to be added. */
export function NewPersonRow({ name, note, level, onLevel, onDrop }: PersonRowProps) {
  return (
    <Group wrap="nowrap" gap="xs">
      <div style={{ flex: 1, minWidth: 0 }}>
        <Text size="sm" fw={500} truncate>
          {name}
        </Text>
        {note && <Text size="xs">{note}</Text>}
      </div>
      <LevelSelect label={words.levelOf(name)} value={level} onChange={onLevel} />
      <CloseButton aria-label={words.dropPerson(name)} onClick={onDrop} />
    </Group>
  );
}
