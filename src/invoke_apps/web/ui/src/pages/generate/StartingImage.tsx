import { Box, Button, Group, Image, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconBrush, IconTrash } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { type DragEvent, lazy, Suspense, useState } from "react";

import { DRAGGED, thumbnailOf } from "../../components/picture";
import { texts } from "../../texts";
import { PictureSource } from "./PictureSource";
import { uploaded } from "./uploaded";
import type { Wish } from "./wish";

const words = texts.generate;
const Strength = lazy(async () => ({ default: (await import("./Strength")).Strength }));
const MaskDialog = lazy(async () => ({ default: (await import("./MaskDialog")).MaskDialog }));

interface Props {
  start: Wish["start"];
  onChange(start: Wish["start"]): void;
}

/** The picture that a generation begins with: dropped, chosen, or recalled. */
export function StartingImage({ start, onChange }: Props) {
  const [isOver, setIsOver] = useState(false);
  const [isMasking, masking] = useDisclosure(false);
  const begin = (name: string) => onChange({ name, strength: start?.strength ?? 0.75, mask: null });
  const upload = useMutation({
    mutationFn: (file: File) => uploaded(file, "user"),
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
            {start.mask && (
              <Image src={thumbnailOf(start.mask)} alt={words.mask.shown} w={96} h={96} fit="contain" radius="sm" />
            )}
            <Stack gap={6} align="flex-start">
              <Button
                size="xs"
                variant="default"
                leftSection={<IconTrash size={14} aria-hidden />}
                onClick={() => onChange(null)}
              >
                {words.remove}
              </Button>
              <Button
                size="xs"
                variant="default"
                leftSection={<IconBrush size={14} aria-hidden />}
                onClick={masking.open}
              >
                {start.mask ? words.mask.change : words.mask.open}
              </Button>
              {start.mask && (
                <Button size="xs" variant="default" onClick={() => onChange({ ...start, mask: null })}>
                  {words.mask.remove}
                </Button>
              )}
            </Stack>
          </Group>
        ) : (
          <Group gap="sm">
            <PictureSource
              title={words.chooseFromGallery}
              labelOf={words.beginWith}
              upload={upload}
              onChoose={begin}
            />
            <Text size="xs">{words.startingHint}</Text>
          </Group>
        )}
        {start && (
          <Suspense>
            <Strength value={start.strength} onChange={(strength) => onChange({ ...start, strength })} />
          </Suspense>
        )}
      </Stack>
      {isMasking && start && (
        <Suspense>
          <MaskDialog
            name={start.name}
            mask={start.mask}
            onClose={masking.close}
            onMask={(mask) => {
              masking.close();
              onChange({ ...start, mask });
            }}
          />
        </Suspense>
      )}
    </Box>
  );
}
