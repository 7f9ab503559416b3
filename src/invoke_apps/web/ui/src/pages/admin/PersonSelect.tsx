import { Select, type SelectProps } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { api, data, type Schemas } from "../../api/client";
import { admin as adminTexts } from "../../texts/admin";

type Managed = Schemas["ManagedUserView"];

interface Props extends Omit<SelectProps, "data" | "value" | "onChange" | "onSearchChange" | "searchValue"> {
  value: string | null;
  onChange(userId: string | null, person: Managed | null): void;
  /** Who is left out. */
  without?: string | null;
  /** Whether the internal account can be chosen, which owns what was made before there were accounts. */
  system?: boolean;
  /** Only whoever can sign in. */
  active?: boolean;
}

/** One person, found by a part of their name or address among however many. */
export function PersonSelect({ value, onChange, without, system, active, ...rest }: Props) {
  const [search, setSearch] = useState("");
  const [chosen, setChosen] = useState<{ value: string; label: string } | null>(null);
  const [typed] = useDebouncedValue(search === chosen?.label ? "" : search.trim(), 200);
  const people = useQuery({
    queryKey: ["people", "choice", typed, active ?? null],
    placeholderData: keepPreviousData,
    queryFn: () =>
      data(
        api.GET("/api/v1/auth/users", {
          params: { query: { search: typed || null, limit: 20, is_active: active ? true : null } },
        }),
      ),
  });
  const found = people.data === undefined ? [] : Array.isArray(people.data) ? people.data : people.data.items;
  const options = [
    ...(system ? [{ value: "system", label: adminTexts.system }] : []),
    ...found.map((each) => ({ value: each.user_id, label: `${each.display_name} (${each.email})` })),
  ].filter((each) => each.value !== without);
  if (value !== null && chosen?.value === value && !options.some((each) => each.value === value)) {
    options.push(chosen);
  }
  return (
    <Select
      {...rest}
      data={options}
      value={value}
      onChange={(userId, option) => {
        setChosen(option === null ? null : { value: option.value, label: option.label });
        onChange(userId, found.find((each) => each.user_id === userId) ?? null);
      }}
      searchable
      clearable
      searchValue={search}
      onSearchChange={setSearch}
      filter={({ options: all }) => all /* the server filters */}
      nothingFoundMessage={adminTexts.nobody}
      comboboxProps={{ withinPortal: true }}
      clearButtonProps={{ "aria-label": adminTexts.clearChoice }}
    />
  );
}
