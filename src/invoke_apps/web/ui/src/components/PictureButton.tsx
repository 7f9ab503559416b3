import { Button, Group, Image, Modal, Stack, Text, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconDownload, IconSparkles } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";

import { texts } from "../texts";
import { fullOf, thumbnailOf } from "./picture";

const words = texts.generate;

interface Props {
  name: string;
  prompt: string;
  size?: number; // CSS pixels; without it, as wide as there is room
}

/** A picture made by a job, small; a click opens it. */
export function PictureButton({ name, prompt, size }: Props) {
  const [isOpen, { open, close }] = useDisclosure(false);
  const alt = words.pictureAlt(prompt);
  return (
    <>
      <UnstyledButton onClick={open} w={size ?? "100%"}>
        <Image
          src={thumbnailOf(name)}
          alt={alt}
          w={size ?? "100%"}
          h={size}
          radius="sm"
          fit="cover"
          loading="lazy"
          style={{ aspectRatio: "1" }}
        />
      </UnstyledButton>
      <Modal
        opened={isOpen}
        onClose={close}
        size="xl"
        title={words.picture}
        closeButtonProps={{ "aria-label": words.close }}
      >
        <Stack gap="sm">
          <Image src={fullOf(name)} alt={alt} mah="70vh" fit="contain" radius="sm" />
          <Text size="sm">{prompt}</Text>
          <Group gap="xs">
            <Button
              renderRoot={(props) => <Link {...props} to="/" search={{ image: name }} />}
              onClick={close}
              size="xs"
              leftSection={<IconSparkles size={14} aria-hidden />}
            >
              {words.useSettings}
            </Button>
            <Button
              component="a"
              href={fullOf(name)}
              download={name}
              size="xs"
              variant="default"
              leftSection={<IconDownload size={14} aria-hidden />}
            >
              {words.download}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
