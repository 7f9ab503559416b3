import { Button, FileButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPhoto, IconPhotoUp } from "@tabler/icons-react";
import type { UseMutationResult } from "@tanstack/react-query";
import { lazy, Suspense } from "react";

import type { Schemas } from "../../api/client";
import { texts } from "../../texts";

const words = texts.generate;
const GalleryChoice = lazy(async () => ({ default: (await import("./GalleryChoice")).GalleryChoice }));

interface Props {
  /** What the picture is chosen for, as the dialog's title. */
  title: string;
  /** What a click on a picture in the dialog does. */
  labelOf(name: string): string;
  upload: UseMutationResult<Schemas["ImageView"], Error, File>;
  onChoose(name: string): void;
}

/** The ways to a picture: a file, or one that is there already. */
export function PictureSource({ title, labelOf, upload, onChoose }: Props) {
  const [isChoosing, choosing] = useDisclosure(false);
  return (
    <>
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
      <Button size="xs" variant="default" leftSection={<IconPhoto size={14} aria-hidden />} onClick={choosing.open}>
        {words.fromGallery}
      </Button>
      {isChoosing && (
        <Suspense>
          <GalleryChoice
            title={title}
            labelOf={labelOf}
            onClose={choosing.close}
            onChoose={(name) => {
              choosing.close();
              onChoose(name);
            }}
          />
        </Suspense>
      )}
    </>
  );
}
