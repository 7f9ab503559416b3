import "./gallery.css";

import { Button, Center, FileButton, Group, Stack, Text } from "@mantine/core";
import { useDisclosure, useMediaQuery } from "@mantine/hooks";
import { IconArrowLeft, IconFolders, IconTrash, IconUpload } from "@tabler/icons-react";
import { getRouteApi } from "@tanstack/react-router";
import { type DragEvent, useCallback, useMemo, useState } from "react";

import { Loaded, Page } from "../../components/Page";
import { texts } from "../../texts";
import { gallery as galleryTexts } from "../../texts/gallery";
import { useActs } from "./acts";
import { BinView } from "./BinView";
import { BoardsPanel } from "./BoardsPanel";
import { BulkBar } from "./BulkBar";
import { FilterBar, Total } from "./FilterBar";
import { ANY, countOf, type Filter } from "./filter";
import { Lightbox } from "./Lightbox";
import { MoveDialog } from "./MoveDialog";
import { Face, PictureGrid, type Place } from "./PictureGrid";
import { PictureMenu } from "./PictureMenu";
import { knownPicture, type Names, useNames } from "./pictures";
import { useSelection } from "./selection";
import { UploadList } from "./UploadList";
import { upload } from "./uploading";

const words = galleryTexts;
const route = getRouteApi("/gallery");
const NO_NAMES: string[] = [];
const TILE = { wide: 150, narrow: 104 }; // pixels

function areStarred(names: readonly string[]): boolean {
  return names.every((name) => knownPicture(name)?.starred ?? false);
}

/** Files that are dropped on the gallery are uploaded to the board that is shown. */
function useFileDrop(onFiles: (files: File[]) => void) {
  const [depth, setDepth] = useState(0);
  const areFiles = (event: DragEvent) => event.dataTransfer.types.includes("Files");
  return {
    isOver: depth > 0,
    handlers: {
      onDragEnter: (event: DragEvent) => areFiles(event) && setDepth((old) => old + 1),
      onDragLeave: (event: DragEvent) => areFiles(event) && setDepth((old) => Math.max(0, old - 1)),
      onDragOver: (event: DragEvent) => areFiles(event) && event.preventDefault(),
      onDrop: (event: DragEvent) => {
        if (!areFiles(event)) return;
        event.preventDefault();
        setDepth(0);
        onFiles([...event.dataTransfer.files]);
      },
    },
  };
}

interface PicturesProps {
  board: string | null;
  search: string;
  /** A picture that is looked at from the beginning, as where a link of another page led here. */
  opened: string | null;
  tileSize: number;
  onSearch(text: string): void;
}

function Pictures({ board, search, opened, tileSize, onSearch }: PicturesProps) {
  const navigate = route.useNavigate();
  const acts = useActs();
  const [chosen, setChosen] = useState<Omit<Filter, "board" | "search">>({ ...ANY, scope: "own" });
  const filter = useMemo(() => ({ ...chosen, board, search }), [chosen, board, search]);
  const query = useNames(filter);
  const names = query.data?.names ?? NO_NAMES;
  const selection = useSelection(names);
  const [shown, setShown] = useState<string | null>(opened);
  const [menu, setMenu] = useState<{ name: string; at: Place } | null>(null);
  const [moved, setMoved] = useState<readonly string[] | null>(null);
  const isNarrowed = countOf(filter) > 0 || filter.isStarred || search !== "";

  const change = useCallback(
    ({ search: text, ...rest }: Partial<Filter>) => {
      if (text !== undefined) onSearch(text);
      if (Object.keys(rest).length > 0) setChosen((old) => ({ ...old, ...rest }));
    },
    [onSearch],
  );
  const recall = (name: string) => void navigate({ to: "/", search: { image: name } });
  const star = (of: string[], starred = !areStarred(of)) => acts.star.mutate({ names: of, starred });
  const focusBack = (name: string | null) => {
    if (name) window.setTimeout(() => document.querySelector<HTMLElement>(`[data-name="${name}"]`)?.focus(), 0);
  };
  const show = (name: string | null) => {
    if (name === null) focusBack(shown);
    else selection.activate(name);
    if (name === null && opened) void navigate({ search: (old) => ({ ...old, image: undefined }), replace: true });
    setShown(name);
  };
  const listed = menu ? (selection.selected.has(menu.name) ? [...selection.selected] : [menu.name]) : NO_NAMES;
  const isEmpty = (found: Names) => found.names.length === 0;
  return (
    <Stack gap="xs" style={{ flex: 1, minWidth: 0, minHeight: 0, position: "relative" }}>
      <FilterBar filter={filter} onChange={change} />
      {query.data && <Total count={names.length} isLowerBound={query.data.isLowerBound} />}
      <div style={{ flex: 1, minHeight: 0 }}>
        <Loaded query={query}>
          {(found) =>
            isEmpty(found) ? (
              <Center mih={200}>
                <Stack align="center" gap="xs">
                  <Text>{isNarrowed ? words.noMatch : words.empty}</Text>
                  {isNarrowed ? (
                    <Button variant="default" onClick={() => change({ ...ANY, search: "" })}>
                      {words.clearFilters}
                    </Button>
                  ) : (
                    <Text size="sm" c="dimmed">
                      {words.emptyHint}
                    </Text>
                  )}
                </Stack>
              </Center>
            ) : (
              <PictureGrid
                label={words.pictures}
                names={names}
                selection={selection}
                tileSize={tileSize}
                Face={Face}
                isDraggable
                onOpen={show}
                onMenu={(name, at) => setMenu({ name, at })}
                onStar={star}
                onDelete={(of) => acts.remove.mutate(of)}
              />
            )
          }
        </Loaded>
      </div>
      {selection.selected.size > 0 && (
        <div className="gallery-floor">
          <BulkBar
            count={selection.selected.size}
            onMove={() => setMoved([...selection.selected])}
            onStar={(starred) => star([...selection.selected], starred)}
            onDownload={() => acts.download.mutate([...selection.selected])}
            onDelete={() => acts.remove.mutate([...selection.selected])}
            onClear={selection.clear}
          />
        </div>
      )}
      <PictureMenu
        at={menu?.at ?? null}
        count={listed.length}
        isStarred={menu !== null && areStarred(listed)}
        onClose={() => {
          focusBack(menu?.name ?? null);
          setMenu(null);
        }}
        onOpen={() => menu && show(menu.name)}
        onRecall={() => menu && recall(menu.name)}
        onMove={() => setMoved(listed)}
        onStar={(starred) => star(listed, starred)}
        onDownload={() => acts.download.mutate(listed)}
        onDelete={() => acts.remove.mutate(listed)}
      />
      <Lightbox
        names={names}
        name={shown}
        isBehind={moved !== null}
        onShow={show}
        onRecall={recall}
        onMove={(name) => setMoved([name])}
        onStar={(name, starred) => star([name], starred)}
        onDownload={(name) => acts.download.mutate([name])}
        onDelete={(name) => acts.remove.mutate([name])}
      />
      <MoveDialog
        names={moved}
        onClose={() => setMoved(null)}
        onMove={(to, of) => acts.move.mutate({ board: to, names: of })}
      />
    </Stack>
  );
}

export function GalleryPage() {
  const { board = null, image = null, q = "", view } = route.useSearch();
  const navigate = route.useNavigate();
  const acts = useActs();
  const isWide = useMediaQuery("(min-width: 62em)", true);
  const tileSize = useMediaQuery("(min-width: 36em)", true) ? TILE.wide : TILE.narrow;
  const [showsBoards, { toggle, close }] = useDisclosure(false);
  const send = useCallback((files: File[]) => upload(files, board === "none" ? null : board), [board]);
  const drop = useFileDrop(send);
  const search = useCallback(
    (text: string) =>
      void navigate({ search: (old) => ({ ...old, q: text === "" ? undefined : text }), replace: true }),
    [navigate],
  );
  const isBin = view === "bin";

  if (isBin) {
    return (
      <Page
        isFull
        title={words.bin}
        lead={words.binLead}
        actions={
          <Button
            variant="default"
            leftSection={<IconArrowLeft size={16} />}
            onClick={() => void navigate({ search: {} })}
          >
            {words.backToGallery}
          </Button>
        }
      >
        <BinView tileSize={tileSize} />
      </Page>
    );
  }
  const panel = (
    <BoardsPanel
      selected={board}
      onSelect={(to) => {
        close();
        void navigate({ search: (old) => ({ ...old, board: to ?? undefined }) });
      }}
      onDropImages={(to, names) => acts.move.mutate({ board: to, names })}
    />
  );
  return (
    <Page
      isFull
      title={texts.common.gallery}
      actions={
        <>
          {!isWide && (
            <Button
              variant="default"
              leftSection={<IconFolders size={16} />}
              aria-expanded={showsBoards}
              onClick={toggle}
            >
              {words.boards}
            </Button>
          )}
          <Button
            variant="default"
            leftSection={<IconTrash size={16} />}
            onClick={() => void navigate({ search: { view: "bin" } })}
          >
            {words.bin}
          </Button>
          <FileButton
            multiple
            accept="image/png,image/jpeg,image/webp"
            onChange={send}
            inputProps={{ "aria-label": words.uploadFiles }}
          >
            {(props) => (
              <Button {...props} leftSection={<IconUpload size={16} />}>
                {words.upload}
              </Button>
            )}
          </FileButton>
        </>
      }
    >
      <UploadList />
      {!isWide && showsBoards && (
        <aside aria-label={words.boards} style={{ maxHeight: "55dvh", overflowY: "auto", flexShrink: 0 }}>
          {panel}
        </aside>
      )}
      <Group align="stretch" wrap="nowrap" gap="md" style={{ flex: 1, minHeight: 0, position: "relative" }} {...drop.handlers}>
        {isWide && (
          <aside aria-label={words.boards} style={{ width: 240, flexShrink: 0, overflowY: "auto" }}>
            {panel}
          </aside>
        )}
        <Pictures board={board} search={q} opened={image} tileSize={tileSize} onSearch={search} />
        {drop.isOver && (
          <div className="gallery-drop">
            <Text fw={600}>{words.dropHere}</Text>
          </div>
        )}
      </Group>
    </Page>
  );
}
