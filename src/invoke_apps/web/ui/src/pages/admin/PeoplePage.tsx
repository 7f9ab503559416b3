import {
  ActionIcon,
  Anchor,
  Badge,
  Button,
  Group,
  Menu,
  Progress,
  Select,
  Stack,
  Table,
  Text,
  TextInput,
  Tooltip,
} from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import {
  IconDots,
  IconDownload,
  IconKey,
  IconLock,
  IconLockOpen,
  IconLogout,
  IconPencil,
  IconSearch,
  IconShieldOff,
  IconTrash,
  IconUserCheck,
  IconUserMinus,
  IconUserPlus,
  IconChartBar,
} from "@tabler/icons-react";
import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, BACKGROUND, BASE, data, type Schemas } from "../../api/client";
import { useMe } from "../../app/session";
import { ago, bytes, time } from "../../components/format";
import { Page } from "../../components/Page";
import { ACTIONS, WideTable } from "../../components/WideTable";
import { texts } from "../../texts";
import { admin as adminTexts } from "../../texts/admin";
import { CreateDialog } from "./CreateDialog";
import { said } from "./Dialogs";
import { LoadedPages } from "./LoadedPages";
import { type Asked, PersonDialog } from "./PersonDialogs";
import { PersonDrawer } from "./PersonDrawer";

const words = adminTexts.people;

export type Person = Schemas["ManagedUserView"];

function isLocked(person: Person): boolean {
  return person.locked_until !== null && new Date(person.locked_until).getTime() > Date.now();
}

function State({ person }: { person: Person }) {
  return (
    <Group gap={4}>
      {person.is_active ? (
        <Badge variant="dot" color="teal">
          {words.active}
        </Badge>
      ) : (
        <Badge variant="dot" color="gray">
          {words.inactive}
        </Badge>
      )}
      {isLocked(person) && (
        <Tooltip label={words.lockedUntil(time(person.locked_until))}>
          <Badge color="red" variant="filled" leftSection={<IconLock size={10} />}>
            {words.locked}
          </Badge>
        </Tooltip>
      )}
      {person.must_change_password && <Badge variant="default">{words.mustChange}</Badge>}
    </Group>
  );
}

function Storage({ person }: { person: Person }) {
  const quota = person.storage_quota_bytes;
  const part = quota === null ? null : quota === 0 ? 100 : Math.min(100, (100 * person.storage_bytes) / quota);
  return (
    <Stack gap={2} miw={120}>
      <Text size="sm">
        {words.usedOf(bytes(person.storage_bytes), quota === null ? words.noQuota : bytes(quota))}
      </Text>
      {part !== null && (
        <Progress
          value={part}
          size="sm"
          color={part >= 100 ? "red" : part > 80 ? "orange" : "indigo"}
          aria-label={words.usedLabel(person.display_name)}
        />
      )}
    </Stack>
  );
}

interface MenuProps {
  person: Person;
  ask(what: Asked): void;
  open(): void;
}

function PersonMenu({ person, ask, open }: MenuProps) {
  const queries = useQueryClient();
  const name = person.display_name;
  const changed = (message: string) => {
    said(message);
    void queries.invalidateQueries({ queryKey: ["people"] });
  };
  const params = { path: { user_id: person.user_id } };
  const activate = useMutation({
    mutationFn: () => api.PATCH("/api/v1/auth/users/{user_id}", { params, body: { is_active: true } }),
    onSuccess: () => changed(words.activated(name)),
  });
  const unlock = useMutation({
    mutationFn: () => api.POST("/api/v1/auth/users/{user_id}/unlock", { params }),
    onSuccess: () => changed(words.unlocked(name)),
  });
  return (
    <Menu position="bottom-end" width={230} withinPortal>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={words.actionsOf(name)}>
          <IconDots size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconChartBar size={16} />} onClick={open}>
          {words.details}
        </Menu.Item>
        <Menu.Item leftSection={<IconPencil size={16} />} onClick={() => ask("edit")}>
          {words.edit}
        </Menu.Item>
        <Menu.Item leftSection={<IconKey size={16} />} onClick={() => ask("password")}>
          {words.resetPassword}
        </Menu.Item>
        {isLocked(person) && (
          <Menu.Item leftSection={<IconLockOpen size={16} />} onClick={() => unlock.mutate()}>
            {words.unlock}
          </Menu.Item>
        )}
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => ask("sessions")}>
          {words.endSessions}
        </Menu.Item>
        {person.second_factor && (
          <Menu.Item leftSection={<IconShieldOff size={16} />} onClick={() => ask("factor")}>
            {words.resetSecondFactor}
          </Menu.Item>
        )}
        <Menu.Item
          component="a"
          href={`${BASE}api/v1/auth/users/${person.user_id}/export`}
          download
          leftSection={<IconDownload size={16} />}
        >
          {words.exportAll}
        </Menu.Item>
        <Menu.Divider />
        {person.is_active ? (
          <Menu.Item leftSection={<IconUserMinus size={16} />} onClick={() => ask("deactivate")}>
            {words.deactivate}
          </Menu.Item>
        ) : (
          <Menu.Item leftSection={<IconUserCheck size={16} />} onClick={() => activate.mutate()}>
            {words.activate}
          </Menu.Item>
        )}
        <Menu.Item leftSection={<IconTrash size={16} />} onClick={() => ask("delete")}>
          {words.delete}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** Who can sign in here, and everything an administrator does with accounts. */
export function PeoplePage() {
  const me = useMe();
  const [search, setSearch] = useState("");
  const [role, setRole] = useState("any");
  const [state, setState] = useState("any");
  const [typed] = useDebouncedValue(search.trim(), 200);
  const [creates, setCreates] = useState<"password" | "invitation" | null>(null);
  const [asked, setAsked] = useState<{ person: Person; what: Asked } | null>(null);
  const [shown, setShown] = useState<Person | null>(null);

  const people = useInfiniteQuery({
    queryKey: ["people", "list", typed, role, state],
    initialPageParam: null as string | null,
    placeholderData: keepPreviousData,
    refetchInterval: 30_000, // other administrators and commands change accounts, and no event says so
    queryFn: async ({ pageParam }) => {
      const page = await data(
        api.GET("/api/v1/auth/users", {
          params: {
            query: {
              search: typed || null,
              is_admin: role === "any" ? null : role === "admin",
              is_active: state === "any" ? null : state === "active",
              limit: 50,
              cursor: pageParam,
            },
          },
          ...BACKGROUND,
        }),
      );
      return page as Schemas["UserPage"]; // as a limit is given
    },
    getNextPageParam: (page) => page.next_cursor,
  });
  const admins = useQuery({
    queryKey: ["people", "administrators"],
    queryFn: async () => {
      const query = { is_admin: true, is_active: true, limit: 2 };
      return (await data(api.GET("/api/v1/auth/users", { params: { query }, ...BACKGROUND }))) as Schemas["UserPage"];
    },
  });
  const isLast = (person: Person) => admins.data?.total === 1 && person.is_admin && person.is_active;

  return (
    <Page
      title={texts.common.people}
      lead={words.lead}
      actions={
        <>
          <Button variant="default" leftSection={<IconUserPlus size={16} />} onClick={() => setCreates("invitation")}>
            {words.invite}
          </Button>
          <Button leftSection={<IconUserPlus size={16} />} onClick={() => setCreates("password")}>
            {words.add}
          </Button>
        </>
      }
    >
      <Group align="flex-end" gap="sm">
        <TextInput
          label={words.searchLabel}
          placeholder={words.searchHint}
          leftSection={<IconSearch size={16} />}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
          flex="1 1 220px"
        />
        <Select
          label={words.roleLabel}
          allowDeselect={false}
          value={role}
          onChange={(value) => setRole(value ?? "any")}
          data={[
            { value: "any", label: words.anyRole },
            { value: "admin", label: words.admins },
            { value: "user", label: words.users },
          ]}
          w={170}
        />
        <Select
          label={words.stateLabel}
          allowDeselect={false}
          value={state}
          onChange={(value) => setState(value ?? "any")}
          data={[
            { value: "any", label: words.anyState },
            { value: "active", label: words.activeOnly },
            { value: "inactive", label: words.inactiveOnly },
          ]}
          w={150}
        />
      </Group>
      <LoadedPages query={people} empty={words.none} items={(page) => page.items} total={(page) => page.total}>
        {(all) => (
          <WideTable
            label={words.table}
            columns={[
              words.name,
              { head: words.email, isForWide: true },
              words.roles,
              words.state,
              words.lastSignIn,
              words.storage,
              ACTIONS,
            ]}
            minWidth={660}
            verticalSpacing="xs"
          >
            {all.map((person) => (
              <Table.Tr key={person.user_id}>
                <Table.Td miw={170} maw={220}>
                  <Anchor
                    component="button"
                    type="button"
                    size="sm"
                    fw={600}
                    ta="left"
                    onClick={() => setShown(person)}
                  >
                    {person.display_name}
                  </Anchor>
                  {person.user_id === me.user_id && (
                    <Text span size="sm">
                      {" "}
                      ({words.you})
                    </Text>
                  )}
                  <Text size="xs" hiddenFrom="md" style={{ overflowWrap: "anywhere" }}>
                    {person.email}
                  </Text>
                  {person.note && (
                    <Text size="xs" lineClamp={1} title={person.note}>
                      {person.note}
                    </Text>
                  )}
                </Table.Td>
                <Table.Td visibleFrom="md">{person.email}</Table.Td>
                <Table.Td>
                  {person.is_admin ? <Badge>{words.isAdmin}</Badge> : <Text size="sm">{words.isUser}</Text>}
                </Table.Td>
                <Table.Td>
                  <State person={person} />
                </Table.Td>
                <Table.Td>
                  <Text size="sm" title={time(person.last_login_at)}>
                    {ago(person.last_login_at)}
                  </Text>
                </Table.Td>
                <Table.Td>
                  <Storage person={person} />
                </Table.Td>
                <Table.Td>
                  <PersonMenu
                    person={person}
                    ask={(what) => setAsked({ person, what })}
                    open={() => setShown(person)}
                  />
                </Table.Td>
              </Table.Tr>
            ))}
          </WideTable>
        )}
      </LoadedPages>
      {creates && <CreateDialog how={creates} onClose={() => setCreates(null)} />}
      {asked && (
        <PersonDialog
          person={asked.person}
          what={asked.what}
          isLast={isLast(asked.person)}
          onClose={() => setAsked(null)}
        />
      )}
      <PersonDrawer person={shown} onClose={() => setShown(null)} />
    </Page>
  );
}
