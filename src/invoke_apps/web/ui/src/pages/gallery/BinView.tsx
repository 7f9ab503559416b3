import { Button, Group, Modal, Paper, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconArrowBackUp, IconTrashX } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { createContext, useCallback, useContext, useMemo } from "react";

import { api, data, type Schemas } from "../../api/client";
import { time } from "../../components/format";
import { Loaded } from "../../components/Page";
import { binThumbnailOf } from "../../components/picture";
import { texts } from "../../texts";
import { gallery as galleryTexts } from "../../texts/gallery";
import { useActs } from "./acts";
import { type FaceProps, PictureGrid, Thumbnail } from "./PictureGrid";
import { useSelection } from "./selection";

const words = galleryTexts;
const STRETCH = 200;
const MOST_OFFSET = 10_000; // the server leads no further

type Binned = Schemas["BinnedImageView"];
const Known = createContext<ReadonlyMap<string, Binned>>(new Map());

function BinFace({ name }: FaceProps) {
  const picture = useContext(Known).get(name);
  return <Thumbnail src={binThumbnailOf(name)} alt={picture ? words.binAlt(time(picture.deleted_at)) : words.notLoaded} />;
}

/** What one deleted: to bring back, or to be rid of for good. */
export function BinView({ tileSize }: { tileSize: number }) {
  const acts = useActs();
  const [asks, { open, close }] = useDisclosure(false);
  const query = useInfiniteQuery({
    queryKey: ["bin"],
    initialPageParam: 0,
    queryFn: ({ pageParam }) =>
      data(api.GET("/api/v1/images/bin", { params: { query: { offset: pageParam, limit: STRETCH } } })),
    getNextPageParam: (last) => {
      const next = last.offset + last.items.length;
      return last.items.length > 0 && next < last.total && next <= MOST_OFFSET ? next : null;
    },
  });
  const byName = useMemo(
    () => new Map((query.data?.pages ?? []).flatMap((page) => page.items).map((each) => [each.image_name, each])),
    [query.data],
  );
  const names = useMemo(() => [...byName.keys()], [byName]);
  const selection = useSelection(names);
  const total = query.data?.pages.at(-1)?.total ?? 0;
  const { hasNextPage, isFetching, fetchNextPage } = query;
  const more = useCallback(() => {
    if (hasNextPage && !isFetching) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);
  const count = selection.selected.size;
  return (
    <Known value={byName}>
      <Stack gap="xs" style={{ flex: 1, minHeight: 0, position: "relative" }}>
        <Group justify="space-between">
          <Text size="sm" c="dimmed" role="status">
            {words.total(total)}
          </Text>
          <Button
            color="red"
            size="xs"
            disabled={total === 0}
            leftSection={<IconTrashX size={16} />}
            onClick={open}
          >
            {words.emptyBin}
          </Button>
        </Group>
        <div style={{ flex: 1, minHeight: 0 }}>
          <Loaded query={query} isEmpty={() => names.length === 0} empty={words.binEmpty}>
            {() => (
              <PictureGrid
                label={words.bin}
                names={names}
                total={total}
                selection={selection}
                tileSize={tileSize}
                Face={BinFace}
                onEnd={more}
              />
            )}
          </Loaded>
        </div>
        {count > 0 && (
          <div className="gallery-floor">
            <Paper withBorder shadow="md" px="sm" py={6} role="toolbar" aria-label={words.selectionTools}>
              <Group gap="sm" wrap="nowrap">
                <Text size="sm" fw={600} role="status">
                  {words.selected(count)}
                </Text>
                <Button
                  size="xs"
                  leftSection={<IconArrowBackUp size={16} />}
                  loading={acts.bringBack.isPending}
                  onClick={() => acts.bringBack.mutate([...selection.selected])}
                >
                  {words.restore}
                </Button>
              </Group>
            </Paper>
          </div>
        )}
      </Stack>
      <Modal opened={asks} onClose={close} title={words.emptyTitle} centered>
        <Stack>
          <Text>{words.emptyWarning(total)}</Text>
          <Group justify="flex-end">
            <Button variant="default" data-autofocus onClick={close}>
              {texts.common.cancel}
            </Button>
            <Button
              color="red"
              onClick={() => {
                close();
                acts.empty.mutate();
              }}
            >
              {words.emptyBin}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </Known>
  );
}
