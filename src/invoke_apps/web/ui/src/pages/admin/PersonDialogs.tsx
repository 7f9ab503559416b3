import {
  Alert,
  Button,
  Group,
  List,
  Modal,
  NumberInput,
  Radio,
  SegmentedControl,
  Select,
  Stack,
  Switch,
  Text,
  Textarea,
  TextInput,
} from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { api, data, Problem, type Schemas } from "../../api/client";
import { useMe } from "../../app/session";
import { CopyField } from "../../components/CopyField";
import { DialogEnd } from "../../components/DialogEnd";
import { bytes, count, time } from "../../components/format";
import { Loaded } from "../../components/Page";
import { Refusal } from "../../components/Refusal";
import { texts } from "../../texts";
import { admin as adminTexts } from "../../texts/admin";
import { ConfirmDialog, said } from "./Dialogs";
import { GivenPassword, NO_PASSWORD } from "./GivenPassword";
import { Notice } from "./Notice";
import { PersonSelect } from "./PersonSelect";

const words = adminTexts.people;
const GB = 1e9;
const BOARDS_SHOWN = 5;

type Person = Schemas["ManagedUserView"];
export type Asked = "edit" | "password" | "sessions" | "factor" | "deactivate" | "delete";

interface Props {
  person: Person;
  onClose(): void;
}

const close = { "aria-label": texts.common.close };

/** The dialog of one thing that is done with an account. */
export function PersonDialog({ person, what, isLast, onClose }: Props & { what: Asked; isLast: boolean }) {
  const me = useMe();
  const name = person.display_name;
  const params = { path: { user_id: person.user_id } };
  if (isLast && (what === "deactivate" || what === "delete")) {
    return (
      <Modal opened onClose={onClose} centered title={words.lastAdmin(name)} closeButtonProps={close}>
        <Stack>
          <Text size="sm">{words.lastAdminLead}</Text>
          <Group justify="flex-end">
            <Button onClick={onClose}>{texts.common.close}</Button>
          </Group>
        </Stack>
      </Modal>
    );
  }
  switch (what) {
    case "edit":
      return <EditDialog person={person} isLast={isLast} onClose={onClose} />;
    case "password":
      return <PasswordDialog person={person} onClose={onClose} />;
    case "delete":
      return <DeleteDialog person={person} onClose={onClose} />;
    case "deactivate":
      return (
        <ConfirmDialog
          title={words.deactivateTitle(name)}
          lead={
            <>
              <Text size="sm">{words.deactivateLead}</Text>
              {person.user_id === me.user_id && <Alert color="yellow">{words.deactivateSelf}</Alert>}
            </>
          }
          confirm={words.deactivate}
          changes={["people"]}
          act={async () => {
            await api.PATCH("/api/v1/auth/users/{user_id}", { params, body: { is_active: false } });
            return words.deactivated(name);
          }}
          onClose={onClose}
        />
      );
    case "sessions":
      return (
        <ConfirmDialog
          title={words.endTitle(name)}
          lead={words.endLead}
          confirm={words.endSessions}
          changes={["people", "person"]}
          act={async () => {
            await api.DELETE("/api/v1/auth/users/{user_id}/sessions", { params });
            return words.ended(name);
          }}
          onClose={onClose}
        />
      );
    case "factor":
      return (
        <ConfirmDialog
          title={words.factorTitle(name)}
          lead={words.factorLead}
          confirm={words.resetSecondFactor}
          changes={["people"]}
          act={async () => {
            await api.DELETE("/api/v1/auth/users/{user_id}/totp", { params });
            return words.factorOff;
          }}
          onClose={onClose}
        />
      );
  }
}

function EditDialog({ person, isLast, onClose }: Props & { isLast: boolean }) {
  const queries = useQueryClient();
  const me = useMe();
  const [email, setEmail] = useState(person.email);
  const [name, setName] = useState(person.display_name);
  const [isAdmin, setIsAdmin] = useState(person.is_admin);
  const [triedLast, setTriedLast] = useState(false);
  const [note, setNote] = useState(person.note);
  const [quota, setQuota] = useState("keep");
  const [size, setSize] = useState<number | string>(
    person.storage_quota_bytes === null ? 10 : person.storage_quota_bytes / GB,
  );

  const save = useMutation({
    meta: { quiet: true },
    mutationFn: () => {
      const body: Schemas["UserChangesBody"] = {
        ...(email !== person.email && { email }),
        ...(name !== person.display_name && { display_name: name }),
        ...(isAdmin !== person.is_admin && { is_admin: isAdmin }),
        ...(note !== person.note && { note }),
        ...(quota === "default" && { storage_quota_bytes: "default" as const }),
        ...(quota === "none" && { storage_quota_bytes: null }),
        ...(quota === "own" && { storage_quota_bytes: Math.round(Number(size) * GB) }),
      };
      return api.PATCH("/api/v1/auth/users/{user_id}", { params: { path: { user_id: person.user_id } }, body });
    },
    onSuccess: () => {
      said(words.saved);
      for (const word of ["people", "person"]) void queries.invalidateQueries({ queryKey: [word] });
      if (person.user_id === me.user_id) void queries.invalidateQueries({ queryKey: ["me"] });
      onClose();
    },
  });
  const problem = save.error instanceof Problem ? save.error : null;
  const beside = ["email", "display_name", "note", "storage_quota_bytes"];
  const isElsewhere = save.error !== null && !beside.some((field) => problem?.fields[field]);
  const inForce = person.storage_quota_bytes === null ? words.noQuota : bytes(person.storage_quota_bytes);
  return (
    <Modal opened onClose={onClose} centered title={words.editTitle(person.display_name)} closeButtonProps={close}>
      <form
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Stack>
          {isElsewhere && <Refusal error={save.error} />}
          <TextInput
            label={words.displayName}
            required
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={problem?.fields["display_name"]}
            data-autofocus
          />
          <TextInput
            label={words.email}
            type="email"
            required
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
            error={problem?.fields["email"]}
          />
          <Switch
            label={words.adminSwitch}
            description={words.adminHint}
            checked={isAdmin}
            onChange={(event) => {
              if (isLast) setTriedLast(true);
              else setIsAdmin(event.currentTarget.checked);
            }}
          />
          {triedLast && (
            <Notice kind="warning" title={words.lastAdmin(person.display_name)}>
              {words.lastAdminLead}
            </Notice>
          )}
          {person.user_id === me.user_id && person.is_admin && !isAdmin && (
            <Alert color="yellow" role="alert">
              {words.demotesYou}
            </Alert>
          )}
          <Select
            label={words.quota}
            allowDeselect={false}
            value={quota}
            onChange={(value) => setQuota(value ?? "keep")}
            data={[
              { value: "keep", label: words.quotaKeep(inForce) },
              { value: "default", label: words.quotaDefault },
              { value: "none", label: words.quotaNone },
              { value: "own", label: words.quotaOwn },
            ]}
            error={problem?.fields["storage_quota_bytes"]}
          />
          {quota === "own" && (
            <NumberInput
              label={words.quotaSize}
              min={0}
              max={1_000_000}
              decimalScale={3}
              required
              value={size}
              onChange={setSize}
              {...stepButtons}
            />
          )}
          <Textarea
            label={words.note}
            description={words.noteHint}
            autosize
            minRows={2}
            maxRows={6}
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
            error={problem?.fields["note"]}
          />
          <DialogEnd onCancel={onClose}>
            <Button type="submit" loading={save.isPending}>
              {texts.common.save}
            </Button>
          </DialogEnd>
        </Stack>
      </form>
    </Modal>
  );
}

// The arrows beside a number are for the mouse alone; the keyboard has its own.
const stepButtons = { hideControls: true } as const;

function PasswordDialog({ person, onClose }: Props) {
  const queries = useQueryClient();
  const [how, setHow] = useState("link");
  const [given, setGiven] = useState(NO_PASSWORD);
  const params = { path: { user_id: person.user_id } };

  const link = useMutation({
    meta: { quiet: true },
    mutationFn: () => data(api.POST("/api/v1/auth/users/{user_id}/reset-link", { params })),
  });
  const set = useMutation({
    meta: { quiet: true },
    mutationFn: () =>
      api.PATCH("/api/v1/auth/users/{user_id}", {
        params,
        body: { password: given.password, must_change_password: given.mustChange },
      }),
    onSuccess: () => {
      said(words.passwordSet);
      for (const word of ["people", "person"]) void queries.invalidateQueries({ queryKey: [word] });
      onClose();
    },
  });
  const problem = set.error instanceof Problem ? set.error : null;
  return (
    <Modal opened onClose={onClose} centered title={words.passwordTitle(person.display_name)} closeButtonProps={close}>
      <form
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          if (how === "link") link.mutate();
          else if (given.password === given.again) set.mutate();
        }}
      >
        <Stack>
          <SegmentedControl
            fullWidth
            aria-label={words.passwordHow}
            value={how}
            onChange={setHow}
            data={[
              { value: "link", label: words.byLink },
              { value: "set", label: words.bySetting },
            ]}
          />
          <Text size="sm">{how === "link" ? words.byLinkLead : words.bySettingLead}</Text>
          {how === "link" && <Refusal error={link.error} />}
          {how === "link" && link.data?.reset_url === null && (
            <Alert color="teal" role="status">
              {words.resetMailed(person.email)}
            </Alert>
          )}
          {how === "link" && link.data?.reset_url && (
            <CopyField
              label={words.resetLink}
              value={link.data.reset_url}
              description={words.expires(time(link.data.expires_at))}
            />
          )}
          {how === "set" && (
            <>
              {set.error && !problem?.fields["password"] && <Refusal error={set.error} />}
              <GivenPassword
                label={texts.account.newPassword}
                given={given}
                error={problem?.fields["password"]}
                onChange={setGiven}
              />
            </>
          )}
          <DialogEnd onCancel={onClose} cancel={link.data ? texts.common.close : texts.common.cancel}>
            {how === "set" && (
              <Button type="submit" loading={set.isPending}>
                {words.setPassword}
              </Button>
            )}
            {how === "link" && !link.data && (
              <Button type="submit" loading={link.isPending}>
                {words.makeLink}
              </Button>
            )}
          </DialogEnd>
        </Stack>
      </form>
    </Modal>
  );
}

function DeleteDialog({ person, onClose }: Props) {
  const queries = useQueryClient();
  const [fate, setFate] = useState("delete");
  const [heir, setHeir] = useState<string | null>(null);
  const [typed, setTyped] = useState("");
  const name = person.display_name;
  const path = { user_id: person.user_id };

  const content = useQuery({
    queryKey: ["person", person.user_id, "content"],
    staleTime: 0,
    queryFn: () => data(api.GET("/api/v1/auth/users/{user_id}/content", { params: { path } })),
  });
  const remove = useMutation({
    meta: { quiet: true },
    mutationFn: () =>
      api.DELETE("/api/v1/auth/users/{user_id}", {
        params: { path, query: { transfer_to: fate === "transfer" ? heir : null } },
      }),
    onSuccess: () => {
      said(words.deleted(name));
      void queries.invalidateQueries();
      onClose();
    },
  });
  const isSure = typed.trim().toLowerCase() === person.email.toLowerCase();
  return (
    <Modal opened onClose={onClose} centered size="lg" title={words.deleteTitle(name)} closeButtonProps={close}>
      <form
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          if (isSure && (fate === "delete" || heir !== null)) remove.mutate();
        }}
      >
        <Stack>
          <Loaded query={content}>
            {(all) => (
              <div>
                <Text fw={600}>
                  {words.content(count(all.boards.length), count(all.images), bytes(all.storage_bytes))}
                </Text>
                <Text size="sm">
                  {words.contentMore(count(all.workflows), count(all.style_presets), count(all.unfinished_jobs))}
                </Text>
                {all.boards.length > 0 && (
                  <List size="sm" mt={4} aria-label={words.theirBoards}>
                    {all.boards.slice(0, BOARDS_SHOWN).map((board) => (
                      <List.Item key={board.board_id}>
                        {words.boardLine(board.board_name, board.image_count, board.guests_image_count)}
                      </List.Item>
                    ))}
                    {all.boards.length > BOARDS_SHOWN && (
                      <List.Item>{words.moreBoards(all.boards.length - BOARDS_SHOWN)}</List.Item>
                    )}
                  </List>
                )}
              </div>
            )}
          </Loaded>
          <Radio.Group label={words.deleteWhat} value={fate} onChange={setFate}>
            <Stack gap="xs" mt="xs">
              <Radio value="delete" label={words.deleteAll} />
              <Radio value="transfer" label={words.deleteTransfer} />
            </Stack>
          </Radio.Group>
          {fate === "transfer" && (
            <PersonSelect
              label={words.heir}
              required
              system
              active
              without={person.user_id}
              value={heir}
              onChange={setHeir}
            />
          )}
          <Alert color={fate === "delete" ? "red" : "yellow"} role="status">
            {fate === "delete" ? words.deletedWith : words.transferred}
          </Alert>
          <TextInput
            label={words.typeEmail}
            description={person.email}
            autoComplete="off"
            required
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
          <Refusal error={remove.error} />
          <DialogEnd onCancel={onClose}>
            <Button
              type="submit"
              color="red"
              loading={remove.isPending}
              disabled={!isSure || (fate === "transfer" && heir === null)}
            >
              {words.deleteButton}
            </Button>
          </DialogEnd>
        </Stack>
      </form>
    </Modal>
  );
}
