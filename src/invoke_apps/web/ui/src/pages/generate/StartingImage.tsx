import { Box, Button, FileButton, Group, Image, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPhoto, IconPhotoUp, IconTrash } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { type DragEvent, lazy, Suspense, useState } from "react";

import { api, data } from "../../api/client";
import { DRAGGED, thumbnailOf } from "../../components/picture";
import { texts } from "../../texts";
import type { Wish } from "./wish";

const words = texts.generate;
const Strength = lazy(async () => ({ default: (await import("./Strength")).Strength }));
const GalleryChoice = lazy(async () => ({ default: (await import("./GalleryChoice")).GalleryChoice }));

interface Props {
  start: Wish["start"];
  onChange(start: Wish["start"]): void;
}

/** The picture that a generation begins with: dropped, chosen, or recalled. */
export function StartingImage({ start, onChange }: Props) {
  const [isOver, setIsOver] = useState(false);
  const [isChoosing, choosing] = useDisclosure(false);
  const begin = (name: string) => onChange({ name, strength: start?.strength ?? 0.75 });
  const upload = useMutation({
    mutationFn: (file: File) =>
      data(
        api.POST("/api/v1/images/upload", {
          params: { query: { image_category: "user" } },
          body: { file: file as unknown as string },
          bodySerializer: () => {
            const form = new FormData();
            form.set("file", file);
            return form;
          },
        }),
      ),
    onSuccess: (image) => begin(image.image_name),
  });
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setIsOver(false);
    const names = event.dataTransfer.getData(DRAGGED);
    const name = names ? (JSON.parse(names) as string[])[0] : undefined;
    const file = event.dataTransfer.files[0];
    if (name) begin(name);
    else if (file) upload.mutate(file);
  };
  return (
    <Box
      role="group"
      aria-label={words.startingImage}
      onDragOver={(event: DragEvent) => {
        event.preventDefault();
        setIsOver(true);
      }}
      onDragLeave={() => setIsOver(false)}
      onDrop={drop}
      p="xs"
      style={{
        border: `1px dashed var(--mantine-color-${isOver ? "blue-5" : "default-border"})`,
        borderRadius: "var(--mantine-radius-sm)",
      }}
    >
      <Stack gap="xs">
        <Text size="sm" fw={500}>
          {words.startingImage}
        </Text>
        {start ? (
          <Group wrap="nowrap" align="flex-start">
            <Image
              src={thumbnailOf(start.name)}
              alt={words.startingImage}
              w={96}
              h={96}
              fit="contain"
              radius="sm"
            />
            <Button
              size="xs"
              variant="default"
              leftSection={<IconTrash size={14} aria-hidden />}
              onClick={() => onChange(null)}
            >
              {words.remove}
            </Button>
          </Group>
        ) : (
          <Group gap="sm">
            <FileButton accept="image/*" onChange={(file) => file && upload.mutate(file)}>
              {(props) => (
                <Button
                  {...props}
                  size="xs"
                  variant="default"
                  loading={upload.isPending}
                  leftSection={<IconPhotoUp size={14} aria-hidden />}
                >
                  {words.choose}
                </Button>
              )}
            </FileButton>
            <Button
              size="xs"
              variant="default"
              leftSection={<IconPhoto size={14} aria-hidden />}
              onClick={choosing.open}
            >
              {words.fromGallery}
            </Button>
            <Text size="xs">{words.startingHint}</Text>
          </Group>
        )}
        {start && (
          <Suspense>
            <Strength value={start.strength} onChange={(strength) => onChange({ ...start, strength })} />
          </Suspense>
        )}
      </Stack>
      {isChoosing && (
        <Suspense>
          <GalleryChoice
            onClose={choosing.close}
            onChoose={(name) => {
              choosing.close();
              begin(name);
            }}
          />
        </Suspense>
      )}
    </Box>
  );
}
