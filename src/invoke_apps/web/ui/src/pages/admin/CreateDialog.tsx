import { Alert, Button, Group, Modal, SegmentedControl, Stack, Switch, Text, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { api, data, Problem, type Schemas } from "../../api/client";
import { CopyField } from "../../components/CopyField";
import { DialogEnd } from "../../components/DialogEnd";
import { time } from "../../components/format";
import { Refusal } from "../../components/Refusal";
import { texts } from "../../texts";
import { admin as adminTexts } from "../../texts/admin";
import { GivenPassword, NO_PASSWORD } from "./GivenPassword";

const words = adminTexts.people;

type Made = Schemas["ManagedUserView"] | Schemas["InvitedUserView"];

interface Props {
  how: "password" | "invitation";
  onClose(): void;
}

/** A new account: with a first password that is passed on, or with a link to choose one. */
export function CreateDialog({ how: first, onClose }: Props) {
  const queries = useQueryClient();
  const [how, setHow] = useState(first);
  const [email, setEmail] = useState("");
  const [name, setName] = useState("");
  const [isAdmin, setIsAdmin] = useState(false);
  const [given, setGiven] = useState(NO_PASSWORD);

  const create = useMutation({
    meta: { quiet: true },
    mutationFn: () =>
      data<Made>(
        api.POST("/api/v1/auth/users", {
          body: {
            email,
            display_name: name || null,
            is_admin: isAdmin,
            ...(how === "password" && { password: given.password, must_change_password: given.mustChange }),
          },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["people"] }),
  });
  const problem = create.error instanceof Problem ? create.error : null;
  const beside = ["email", "display_name", "password"];
  const isElsewhere = create.error !== null && !beside.some((field) => problem?.fields[field]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (how === "invitation" || given.password === given.again) create.mutate();
  };

  if (create.data) {
    const made = create.data;
    const isInvited = "invitation_expires_at" in made;
    return (
      <Modal
        opened
        onClose={onClose}
        centered
        title={isInvited ? words.invitedTitle(made.display_name) : words.createdTitle(made.display_name)}
        closeButtonProps={{ "aria-label": texts.common.close }}
      >
        <Stack>
          {!isInvited && <Text size="sm">{words.createdLead}</Text>}
          {!isInvited && given.generated && (
            <CopyField label={words.generated} value={given.password} description={words.generatedHint} />
          )}
          {isInvited && made.invitation_url === null && <Alert color="teal">{words.invitedMailed(made.email)}</Alert>}
          {isInvited && made.invitation_url !== null && (
            <CopyField label={words.invitationLink} value={made.invitation_url} description={words.invitedLink} />
          )}
          {isInvited && <Text size="sm">{words.expires(time(made.invitation_expires_at))}</Text>}
          <Group justify="flex-end">
            <Button onClick={onClose}>{adminTexts.done}</Button>
          </Group>
        </Stack>
      </Modal>
    );
  }
  return (
    <Modal opened onClose={onClose} centered title={words.createTitle} closeButtonProps={{ "aria-label": texts.common.close }}>
      <form onSubmit={submit}>
        <Stack>
          <SegmentedControl
            fullWidth
            aria-label={words.how}
            value={how}
            onChange={(value) => setHow(value as typeof how)}
            data={[
              { value: "password", label: words.byPassword },
              { value: "invitation", label: words.byInvitation },
            ]}
          />
          <Text size="sm">{how === "password" ? words.byPasswordLead : words.byInvitationLead}</Text>
          {isElsewhere && <Refusal error={create.error} />}
          <TextInput
            label={words.email}
            type="email"
            required
            autoComplete="off"
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
            error={problem?.fields["email"]}
            data-autofocus
          />
          <TextInput
            label={words.displayName}
            description={words.displayNameHint}
            autoComplete="off"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={problem?.fields["display_name"]}
          />
          {how === "password" && (
            <GivenPassword
              label={texts.account.password}
              given={given}
              error={problem?.fields["password"]}
              onChange={setGiven}
            />
          )}
          <Switch
            label={words.adminSwitch}
            description={words.adminHint}
            checked={isAdmin}
            onChange={(event) => setIsAdmin(event.currentTarget.checked)}
          />
          <DialogEnd onCancel={onClose}>
            <Button type="submit" loading={create.isPending}>
              {how === "password" ? words.create : words.createInvite}
            </Button>
          </DialogEnd>
        </Stack>
      </form>
    </Modal>
  );
}
