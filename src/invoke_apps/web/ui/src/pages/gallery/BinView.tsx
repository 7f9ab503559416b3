import { Button, Group, Modal, Paper, Stack, Text } from "@mantine/core";
import { IconArrowBackUp, IconTrashX } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { createContext, useCallback, useContext, useMemo, useState } from "react";

import { api, data, type Schemas } from "../../api/client";
import { time } from "../../components/format";
import { DialogEnd } from "../../components/DialogEnd";
import { Loaded } from "../../components/Page";
import { binThumbnailOf } from "../../components/picture";
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
  const [asks, setAsks] = useState<Asks | null>(null);
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
            onClick={() => setAsks({ names: null })}
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
                <Button
                  color="red"
                  size="xs"
                  leftSection={<IconTrashX size={16} />}
                  loading={acts.removeForGood.isPending}
                  onClick={() => setAsks({ names: [...selection.selected] })}
                >
                  {words.removeForGood}
                </Button>
              </Group>
            </Paper>
          </div>
        )}
      </Stack>
      <Confirmation
        asks={asks}
        total={total}
        onClose={() => setAsks(null)}
        onConfirm={({ names: chosen }) => {
          if (chosen === null) acts.empty.mutate();
          else acts.removeForGood.mutate(chosen);
        }}
      />
    </Known>
  );
}

/** What is to go for good; null: everything. */
interface Asks {
  names: string[] | null;
}

interface ConfirmationProps {
  /** null: the dialog is closed. */
  asks: Asks | null;
  total: number;
  onClose(): void;
  onConfirm(asks: Asks): void;
}

function Confirmation({ asks, total, onClose, onConfirm }: ConfirmationProps) {
  const [shown, setShown] = useState(asks); // what stands in it while it closes
  if (asks !== null && asks !== shown) setShown(asks);
  const chosen = shown?.names ?? null;
  return (
    <Modal
      opened={asks !== null}
      onClose={onClose}
      title={chosen === null ? words.emptyTitle : words.removeForGoodTitle}
      centered
    >
      <Stack>
        <Text>{words.goneWarning(chosen === null ? total : chosen.length)}</Text>
        <DialogEnd isCareful onCancel={onClose}>
          <Button
            color="red"
            onClick={() => {
              onClose();
              if (asks !== null) onConfirm(asks);
            }}
          >
            {chosen === null ? words.emptyBin : words.removeForGood}
          </Button>
        </DialogEnd>
      </Stack>
    </Modal>
  );
}
