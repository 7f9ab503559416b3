import { ActionIcon, Group, Paper, Text, Tooltip } from "@mantine/core";
import { IconDownload, IconFolderShare, IconStar, IconStarOff, IconTrash, IconX } from "@tabler/icons-react";
import type { ReactNode } from "react";

import { gallery as galleryTexts } from "../../texts/gallery";

const words = galleryTexts;

export function ToolButton({ label, onClick, children }: { label: string; onClick(): void; children: ReactNode }) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" size="lg" color="gray" c="var(--mantine-color-text)" aria-label={label} onClick={onClick}>
        {children}
      </ActionIcon>
    </Tooltip>
  );
}

interface Props {
  count: number;
  onMove(): void;
  onStar(starred: boolean): void;
  onDownload(): void;
  onDelete(): void;
  onClear(): void;
}

/** What can be done with all that is selected. */
export function BulkBar({ count, onMove, onStar, onDownload, onDelete, onClear }: Props) {
  return (
    <Paper withBorder shadow="md" px="sm" py={4} role="toolbar" aria-label={words.selectionTools}>
      <Group gap={4} wrap="nowrap">
        <Text size="sm" fw={600} role="status" mr={4}>
          {words.selected(count)}
        </Text>
        <ToolButton label={words.move} onClick={onMove}>
          <IconFolderShare size={18} />
        </ToolButton>
        <ToolButton label={words.star} onClick={() => onStar(true)}>
          <IconStar size={18} />
        </ToolButton>
        <ToolButton label={words.unstar} onClick={() => onStar(false)}>
          <IconStarOff size={18} />
        </ToolButton>
        <ToolButton label={count === 1 ? words.download : words.downloadZip} onClick={onDownload}>
          <IconDownload size={18} />
        </ToolButton>
        <ToolButton label={words.remove} onClick={onDelete}>
          <IconTrash size={18} />
        </ToolButton>
        <ToolButton label={words.clear} onClick={onClear}>
          <IconX size={18} />
        </ToolButton>
      </Group>
    </Paper>
  );
}
