import { Button, Group, TextInput } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useRef, useState } from "react";

import { texts } from "../texts";

interface Props {
  label: string;
  value: string;
  description?: string;
}

/** A text to take along, such as a link that is shown this once. */
export function CopyField({ label, value, description }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const [isCopied, setIsCopied] = useState(false);
  const copy = async () => {
    input.current?.select();
    try {
      await navigator.clipboard.writeText(value);
      setIsCopied(true);
    } catch {
      // Without HTTPS a page reaches no clipboard but through what is selected.
      setIsCopied(document.execCommand("copy"));
    }
  };
  return (
    <Group align="flex-end" wrap="nowrap" gap="xs">
      <TextInput
        ref={input}
        flex={1}
        label={label}
        description={description}
        readOnly
        value={value}
        onFocus={(event) => event.currentTarget.select()}
      />
      <Button
        variant="default"
        leftSection={isCopied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
        onClick={() => void copy()}
      >
        <span aria-live="polite">{isCopied ? texts.common.copied : texts.common.copy}</span>
      </Button>
    </Group>
  );
}
