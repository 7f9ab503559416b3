import { CloseButton, Group, Paper, Progress, ScrollArea, Stack, Text } from "@mantine/core";

import { gallery as galleryTexts } from "../../texts/gallery";
import { forgetUploads, type Upload, useUploads } from "./uploading";

const words = galleryTexts;

function Line({ upload }: { upload: Upload }) {
  const isRefused = upload.state === "refused";
  return (
    <li>
      <Group justify="space-between" wrap="nowrap" gap="xs">
        <Text size="sm" truncate>
          {upload.file}
        </Text>
        {upload.state !== "sending" && !isRefused && <Text size="xs">{upload.said}</Text>}
      </Group>
      {isRefused ? (
        <Text size="xs" c="var(--mantine-color-error)" role="alert">
          {upload.said}
        </Text>
      ) : (
        <Progress
          size="sm"
          value={upload.progress}
          color={upload.state === "done" ? "green" : undefined}
          aria-label={words.uploadProgress(upload.file)}
        />
      )}
    </li>
  );
}

/** The files that are or were sent, until one closes the list. */
export function UploadList() {
  const uploads = useUploads();
  if (uploads.length === 0) return null;
  const over = uploads.filter((each) => each.state === "done").length;
  return (
    <Paper withBorder p="sm" component="section" aria-label={words.uploads}>
      <Group justify="space-between" mb={4}>
        <Text size="sm" fw={600} role="status">
          {words.uploading(over, uploads.length)}
        </Text>
        <CloseButton aria-label={words.closeUploads} onClick={forgetUploads} />
      </Group>
      <ScrollArea.Autosize mah={160} viewportProps={{ tabIndex: 0, role: "group", "aria-label": words.uploads }}>
        <Stack gap={6} component="ul" m={0} p={0} style={{ listStyle: "none" }}>
          {uploads.slice(-200).map((each) => (
            <Line key={each.id} upload={each} />
          ))}
        </Stack>
      </ScrollArea.Autosize>
    </Paper>
  );
}
