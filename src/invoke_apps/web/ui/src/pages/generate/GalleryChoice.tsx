import { Button, Image, Modal, SimpleGrid, Stack, Text, TextInput, UnstyledButton } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";

import { api, data } from "../../api/client";
import { useMe } from "../../app/session";
import { thumbnailOf } from "../../components/picture";
import { texts } from "../../texts";

const words = texts.generate;
const STRETCH = 30;

interface Props {
  title: string;
  labelOf(name: string): string;
  onClose(): void;
  onChoose(name: string): void;
}

/** Pictures that are there already, to choose one of them. */
export function GalleryChoice({ title, labelOf, onClose, onChoose }: Props) {
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={title}
      closeButtonProps={{ "aria-label": words.close }}
    >
      <Found labelOf={labelOf} onChoose={onChoose} />
    </Modal>
  );
}

function Found({ labelOf, onChoose }: Pick<Props, "labelOf" | "onChoose">) {
  const me = useMe();
  const [typed, setTyped] = useState("");
  const [term] = useDebouncedValue(typed.trim(), 250);
  const pictures = useInfiniteQuery({
    queryKey: ["images", "choice", term, me.user_id],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) =>
      data(
        api.GET("/api/v1/images", {
          params: {
            query: {
              search_term: term || null,
              is_intermediate: false,
              // Everything is visible to administrators: what they begin with is likely their own.
              scope: me.is_admin ? null : "visible",
              cursor: pageParam,
              limit: STRETCH,
            },
          },
        }),
      ),
    getNextPageParam: (last) => last.next_cursor,
  });
  const items = pictures.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Stack gap="sm">
      <TextInput
        label={words.searchPictures}
        description={words.searchHint}
        data-autofocus
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      {pictures.isError && (
        <Text size="sm" c="red" role="alert">
          {pictures.error.message}
        </Text>
      )}
      {pictures.isSuccess && items.length === 0 && <Text size="sm">{words.noPictures}</Text>}
      <SimpleGrid cols={{ base: 3, xs: 5 }} spacing="xs">
        {items.map((each) => (
          <UnstyledButton
            key={each.image_name}
            aria-label={labelOf(each.image_name)}
            onClick={() => onChoose(each.image_name)}
          >
            <Image
              src={thumbnailOf(each.image_name)}
              alt=""
              radius="sm"
              fit="cover"
              loading="lazy"
              style={{ aspectRatio: "1" }}
            />
          </UnstyledButton>
        ))}
      </SimpleGrid>
      {pictures.hasNextPage && (
        <Button
          size="xs"
          variant="default"
          loading={pictures.isFetchingNextPage}
          onClick={() => void pictures.fetchNextPage()}
        >
          {texts.queue.more}
        </Button>
      )}
    </Stack>
  );
}
