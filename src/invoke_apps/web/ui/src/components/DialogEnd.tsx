import { Button, Group } from "@mantine/core";
import type { ReactNode } from "react";

import { texts } from "../texts";

interface Props {
  onCancel(): void;
  /** What the way back is called. */
  cancel?: string;
  /** The way back has the focus first, where the deed is not undone. */
  isCareful?: boolean;
  children: ReactNode;
}

/** The end of a dialog: the way back, then the deed. */
export function DialogEnd({ onCancel, cancel, isCareful, children }: Props) {
  return (
    <Group justify="flex-end" mt="xs">
      <Button variant="default" onClick={onCancel} data-autofocus={isCareful || undefined}>
        {cancel ?? texts.common.cancel}
      </Button>
      {children}
    </Group>
  );
}
