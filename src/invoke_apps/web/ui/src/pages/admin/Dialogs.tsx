import { Button, Modal, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { DialogEnd } from "../../components/DialogEnd";
import { Refusal } from "../../components/Refusal";
import { texts } from "../../texts";

/** Say that something was done. */
export function said(message: string): void {
  notifications.show({ color: "teal", message });
}

interface Props {
  title: string;
  lead: ReactNode;
  confirm: string;
  cancel?: string;
  color?: string;
  /** The first words of the keys of what is then read anew. */
  changes: string[];
  act(): Promise<string>;
  onClose(): void;
}

/** A question before something that others feel; `act` does it and returns what is then said. */
export function ConfirmDialog({ title, lead, confirm, cancel, color, changes, act, onClose }: Props) {
  const queries = useQueryClient();
  const acting = useMutation({
    meta: { quiet: true },
    mutationFn: act,
    onSuccess: (message) => {
      said(message);
      for (const word of changes) void queries.invalidateQueries({ queryKey: [word] });
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={title} centered closeButtonProps={{ "aria-label": texts.common.close }}>
      <Stack>
        {typeof lead === "string" ? <Text size="sm">{lead}</Text> : lead}
        <Refusal error={acting.error} />
        <DialogEnd onCancel={onClose} cancel={cancel} isCareful>
          <Button color={color ?? "red"} loading={acting.isPending} onClick={() => acting.mutate()}>
            {confirm}
          </Button>
        </DialogEnd>
      </Stack>
    </Modal>
  );
}
