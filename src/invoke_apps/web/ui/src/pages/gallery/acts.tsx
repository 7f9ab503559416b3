import { Button, Group, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";

import { api, data } from "../../api/client";
import { queries, tell } from "../../app/queries";
import { texts } from "../../texts";
import { gallery as galleryTexts } from "../../texts/gallery";
import { leaveOut, markStarred, MOST_NAMES } from "./pictures";

const words = galleryTexts;

/** Do something with many pictures, so many at once as the server takes; return with which it did. */
async function inParts(names: readonly string[], act: (part: string[]) => Promise<string[]>): Promise<string[]> {
  const done: string[] = [];
  for (let at = 0; at < names.length; at += MOST_NAMES) {
    done.push(...(await act(names.slice(at, at + MOST_NAMES))));
  }
  return done;
}

function reread(...areas: string[]): void {
  for (const area of areas) void queries.invalidateQueries({ queryKey: [area] });
}

async function restore(names: readonly string[]): Promise<string[]> {
  return inParts(names, async (image_names) => {
    const answer = await data(api.POST("/api/v1/images/bin/restore", { body: { image_names } }));
    return answer.restored_images;
  });
}

function restored(done: string[], asked: readonly string[]): void {
  const all = done.length === asked.length;
  notifications.show({
    color: all ? "green" : "yellow",
    message: all ? words.restored(done.length) : words.restoredSome(done.length, asked.length),
  });
  reread("images", "boards", "bin");
}

function offerUndo(names: string[], asked: number): void {
  const id = `deleted-${names[0]}`;
  const undo = () => {
    notifications.hide(id);
    restore(names).then((done) => restored(done, names), tell);
  };
  notifications.show({
    id,
    color: names.length === asked ? "blue" : "yellow",
    autoClose: 12_000,
    closeButtonProps: { "aria-label": texts.common.close },
    message: (
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm">
          {names.length === asked ? words.deleted(names.length) : words.deletedSome(names.length, asked)}
        </Text>
        {names.length > 0 && (
          <Button size="compact-sm" variant="default" onClick={undo}>
            {words.undo}
          </Button>
        )}
      </Group>
    ),
  });
}

/** Let the browser save what lies at an address of the server. */
function save(address: string, name: string): void {
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
}

async function pack(names: readonly string[]): Promise<void> {
  const parts = Math.ceil(names.length / MOST_NAMES);
  if (parts > 1) notifications.show({ message: words.zipParts(parts) });
  await inParts(names, async (image_names) => {
    const made = await data(api.POST("/api/v1/images/download", { body: { image_names } }));
    save(`api/v1/images/download/${made.bulk_download_item_name}`, "");
    return image_names;
  });
}

/** What people do with pictures. */
export function useActs() {
  const move = useMutation({
    mutationFn: ({ board, names }: { board: string; names: readonly string[] }) =>
      inParts(names, async (image_names) => {
        const answer = await data(api.POST("/api/v1/board_images/batch", { body: { board_id: board, image_names } }));
        return answer.added_images;
      }),
    onSuccess: (done, { names }) =>
      notifications.show({
        color: done.length === names.length ? "green" : "yellow",
        message: words.moved(done.length, names.length),
      }),
    onSettled: () => reread("images", "boards"),
  });
  const star = useMutation({
    mutationFn: ({ names, starred }: { names: readonly string[]; starred: boolean }) => {
      markStarred(names, starred);
      return inParts(names, async (image_names) =>
        starred
          ? (await data(api.POST("/api/v1/images/star", { body: { image_names } }))).starred_images
          : (await data(api.POST("/api/v1/images/unstar", { body: { image_names } }))).unstarred_images,
      );
    },
    onSuccess: (done, { names }) => {
      if (done.length < names.length) {
        notifications.show({ color: "yellow", message: words.notAll(done.length, names.length) });
      }
    },
    onSettled: () => reread("images"),
  });
  const remove = useMutation({
    mutationFn: (names: readonly string[]) =>
      inParts(names, async (image_names) => {
        const answer = await data(api.POST("/api/v1/images/delete", { body: { image_names } }));
        return answer.deleted_images;
      }),
    onSuccess: (done, names) => {
      leaveOut(done);
      offerUndo(done, names.length);
    },
    onSettled: () => reread("images", "boards", "bin"),
  });
  const bringBack = useMutation({
    mutationFn: (names: readonly string[]) => restore(names),
    onSuccess: restored,
  });
  const removeForGood = useMutation({
    mutationFn: (names: readonly string[]) =>
      inParts(names, async (image_names) => {
        const answer = await data(api.POST("/api/v1/images/bin/delete", { body: { image_names } }));
        return answer.deleted_images;
      }),
    onSuccess: (done, names) =>
      notifications.show({
        color: done.length === names.length ? "blue" : "yellow",
        message: done.length === names.length ? words.emptied(done.length) : words.notAll(done.length, names.length),
      }),
    onSettled: () => reread("bin"),
  });
  const empty = useMutation({
    mutationFn: () => data(api.POST("/api/v1/images/bin/empty")),
    onSuccess: (done) => notifications.show({ message: words.emptied(done.deleted_images.length) }),
    onSettled: () => reread("bin"),
  });
  const download = useMutation({
    mutationFn: async (names: readonly string[]) => {
      const [name] = names;
      if (names.length === 1 && name) save(`api/v1/images/i/${name}/full`, name);
      else await pack(names);
    },
  });
  return { move, star, remove, bringBack, removeForGood, empty, download };
}

export type Acts = ReturnType<typeof useActs>;
