import { ActionIcon, Box, Button, CopyButton, Group, Modal, ScrollArea, Stack, Text } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import {
  IconChevronLeft,
  IconChevronRight,
  IconCopy,
  IconDownload,
  IconFolderShare,
  IconInfoCircle,
  IconReload,
  IconStar,
  IconStarFilled,
  IconTrash,
} from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, type ReactNode, useEffect, useState } from "react";

import { api, data } from "../../api/client";
import { allBoards } from "../../api/lists";
import { time } from "../../components/format";
import { fullOf } from "../../components/picture";
import { texts } from "../../texts";
import { gallery as galleryTexts } from "../../texts/gallery";
import { ToolButton } from "./BulkBar";
import { altOf, type Picture, usePicture } from "./pictures";

const words = galleryTexts;
type Metadata = Record<string, unknown>;

/** What a value of a picture's metadata says to people. */
function said(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.map(said).filter(Boolean).join(", ");
  if (typeof value === "object") {
    const { name, model, weight, key } = value as Metadata;
    const called = said(name ?? model ?? key) || JSON.stringify(value);
    return weight === undefined ? called : `${called} (${said(weight)})`;
  }
  return String(value);
}

function Entry({ term, children }: { term: string; children: ReactNode }) {
  return (
    <div>
      <Text component="dt" size="xs" c="dimmed">
        {term}
      </Text>
      <Text component="dd" size="sm" m={0} style={{ overflowWrap: "anywhere", whiteSpace: "pre-wrap" }}>
        {children}
      </Text>
    </div>
  );
}

function Details({ picture }: { picture: Picture }) {
  const boards = useQuery(allBoards);
  const metadata = useQuery({
    queryKey: ["metadata", picture.image_name],
    staleTime: Infinity, // how it was made never changes
    queryFn: async () => {
      const path = { image_name: picture.image_name };
      return ((await data(api.GET("/api/v1/images/i/{image_name}/metadata", { params: { path } }))) ?? null) as Metadata | null;
    },
  });
  const how = metadata.data;
  const prompt = said(how?.["positive_prompt"]);
  const board = boards.data?.find((each) => each.board_id === picture.board_id);
  return (
    <Stack gap="sm" component="dl" m={0}>
      {prompt && (
        <Entry term={words.prompt}>
          {prompt}
          <CopyButton value={prompt}>
            {({ copied, copy }) => (
              <Button size="compact-xs" variant="subtle" ml={6} leftSection={<IconCopy size={12} />} onClick={copy}>
                {copied ? texts.common.copied : words.copyPrompt}
              </Button>
            )}
          </CopyButton>
        </Entry>
      )}
      {Object.entries(words.fields).map(([key, term]) => {
        const value = said(how?.[key]);
        return value ? (
          <Entry key={key} term={term}>
            {value}
          </Entry>
        ) : null;
      })}
      {how === null && <Entry term={words.metadata}>{words.noMetadata}</Entry>}
      <Entry term={words.size}>
        {picture.width} × {picture.height}, {Math.ceil(picture.size_bytes / 1024).toLocaleString()} KiB
      </Entry>
      <Entry term={words.made}>{time(picture.created_at)}</Entry>
      <Entry term={words.kind}>{words.categories[picture.image_category]}</Entry>
      <Entry term={words.lies}>{board?.board_name ?? (picture.board_id === null ? words.uncategorised : "…")}</Entry>
      <Entry term={words.file}>{picture.image_name}</Entry>
    </Stack>
  );
}

interface Props {
  names: readonly string[];
  /** null: it is closed. */
  name: string | null;
  /** A dialog is above it, which hears the keys. */
  isBehind: boolean;
  onShow(name: string | null): void;
  onRecall(name: string): void;
  onMove(name: string): void;
  onStar(name: string, starred: boolean): void;
  onDownload(name: string): void;
  onDelete(name: string): void;
}

/** One picture in full, and those beside it by the arrow keys. */
export function Lightbox(props: Props) {
  const { names, name, isBehind, onShow } = props;
  const isWide = useMediaQuery("(min-width: 48em)", true);
  const [hasDetails, setHasDetails] = useState<boolean | null>(null);
  const showsDetails = hasDetails ?? isWide;
  const { data: picture } = usePicture(name);
  const index = name === null ? -1 : names.indexOf(name);
  const next = index < 0 ? undefined : names[index + 1];
  const previous = index < 0 ? undefined : names[index - 1];

  useEffect(() => {
    // Those beside it are there when one turns to them.
    for (const beside of [next, previous]) if (beside) new Image().src = fullOf(beside);
  }, [next, previous]);

  const turn = (to: string | undefined) => to !== undefined && onShow(to);
  const remove = () => {
    if (name === null) return;
    props.onDelete(name);
    onShow(next ?? previous ?? null);
  };
  const press = (event: KeyboardEvent) => {
    if (isBehind || name === null || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "ArrowRight") turn(next);
    else if (event.key === "ArrowLeft") turn(previous);
    else if (event.key === "Home") turn(names[0]);
    else if (event.key === "End") turn(names.at(-1));
    else if (event.key === "Delete") remove();
    else if (event.key === "s" && picture) props.onStar(name, !picture.starred);
    else if (event.key === "i") setHasDetails(!showsDetails);
    else return;
    event.preventDefault();
  };
  return (
    <Modal
      opened={name !== null}
      onClose={() => onShow(null)}
      onKeyDown={press}
      closeOnEscape={!isBehind}
      fullScreen
      padding="sm"
      transitionProps={{ duration: 0 }}
      title={index >= 0 ? words.place(index + 1, names.length) : words.notLoaded}
      styles={{
        content: { display: "flex", flexDirection: "column" },
        body: { flex: 1, minHeight: 0, display: "flex", flexDirection: "column", gap: 8 },
      }}
    >
      {name !== null && (
        <>
          <Group gap={4} role="toolbar" aria-label={words.details}>
            <ToolButton
              label={picture?.starred ? words.unstar : words.star}
              onClick={() => props.onStar(name, !picture?.starred)}
            >
              {picture?.starred ? <IconStarFilled size={18} /> : <IconStar size={18} />}
            </ToolButton>
            <ToolButton label={words.move} onClick={() => props.onMove(name)}>
              <IconFolderShare size={18} />
            </ToolButton>
            <ToolButton label={words.download} onClick={() => props.onDownload(name)}>
              <IconDownload size={18} />
            </ToolButton>
            <ToolButton label={words.remove} onClick={remove}>
              <IconTrash size={18} />
            </ToolButton>
            <ToolButton
              label={showsDetails ? words.hideDetails : words.showDetails}
              onClick={() => setHasDetails(!showsDetails)}
            >
              <IconInfoCircle size={18} />
            </ToolButton>
            <Button size="xs" leftSection={<IconReload size={16} />} onClick={() => props.onRecall(name)}>
              {words.recall}
            </Button>
          </Group>
          <Box style={{ flex: 1, minHeight: 0, display: "flex", gap: 12, flexDirection: isWide ? "row" : "column" }}>
            <div className="lightbox-picture">
              {picture === null ? (
                <Text>{words.gone}</Text>
              ) : (
                <img key={name} src={fullOf(name)} alt={altOf(picture)} width={picture?.width} height={picture?.height} />
              )}
              {previous !== undefined && (
                <ActionIcon
                  className="lightbox-turn"
                  data-side="left"
                  size="xl"
                  variant="default"
                  radius="xl"
                  aria-label={words.previous}
                  onClick={() => turn(previous)}
                >
                  <IconChevronLeft />
                </ActionIcon>
              )}
              {next !== undefined && (
                <ActionIcon
                  className="lightbox-turn"
                  data-side="right"
                  size="xl"
                  variant="default"
                  radius="xl"
                  aria-label={words.next}
                  onClick={() => turn(next)}
                >
                  <IconChevronRight />
                </ActionIcon>
              )}
            </div>
            {showsDetails && picture && (
              <ScrollArea
                w={isWide ? 300 : "100%"}
                h={isWide ? undefined : 200}
                viewportProps={{ tabIndex: 0, role: "region", "aria-label": words.details }}
              >
                <Details picture={picture} />
              </ScrollArea>
            )}
          </Box>
        </>
      )}
    </Modal>
  );
}
