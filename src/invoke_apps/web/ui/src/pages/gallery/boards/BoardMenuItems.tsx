import { Menu } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import {
  IconArchive,
  IconArchiveOff,
  IconDoorExit,
  IconEye,
  IconInfoCircle,
  IconLink,
  IconPencil,
  IconPhotoUp,
  IconShare,
  IconTrash,
  IconUserUp,
  IconUsers,
} from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";

import { api, data, type Schemas } from "../../../api/client";
import type { Board } from "../../../api/lists";
import { queries } from "../../../app/queries";
import { useMe } from "../../../app/session";
import { boards as boardsTexts } from "../../../texts/boards";
import { abilities, useHasPeople, useOwnReasons } from "./boards";

const words = boardsTexts;

export type Deed =
  | "create"
  | "share"
  | "manage"
  | "visibility"
  | "links"
  | "details"
  | "edit"
  | "transfer"
  | "leave"
  | "delete";

interface Props {
  board: Board;
  onChoose(deed: Deed): void;
}

/** What one may do with a board: the same behind its button and behind a right click. */
export function BoardMenuItems({ board, onChoose }: Props) {
  const me = useMe();
  const hasPeople = useHasPeople();
  const reasons = useOwnReasons(board.board_id);
  const { manages, owns } = abilities(board, me);
  const change = useMutation({
    mutationFn: (body: Schemas["BoardBody"]) =>
      data(api.PATCH("/api/v1/boards/{board_id}", { params: { path: { board_id: board.board_id } }, body })),
    onSuccess: (_after, body) => {
      void queries.invalidateQueries({ queryKey: ["boards"] });
      const said =
        body.archived === undefined
          ? words.coverSet
          : body.archived
            ? words.archivedNow(board.board_name)
            : words.unarchivedNow(board.board_name);
      notifications.show({ message: said });
    },
  });
  const item = (deed: Deed, label: string, Icon: typeof IconShare, color?: string) => (
    <Menu.Item leftSection={<Icon size={16} aria-hidden />} onClick={() => onChoose(deed)} {...(color && { color })}>
      {label}
    </Menu.Item>
  );
  return (
    <>
      {manages && hasPeople && (
        <>
          {item("share", words.share, IconShare)}
          {item("manage", words.manage, IconUsers)}
          {item("visibility", words.visibility, IconEye)}
        </>
      )}
      {manages && item("links", words.links, IconLink)}
      {manages && <Menu.Divider />}
      {item("details", manages || reasons?.some((each) => each.source === "grant") ? words.details : words.detailsOnly, IconInfoCircle)}
      {manages && (
        <>
          {item("edit", words.edit, IconPencil)}
          {board.cover_image_name !== null && (
            <Menu.Item
              leftSection={<IconPhotoUp size={16} aria-hidden />}
              onClick={() => change.mutate({ cover_image_name: null })}
            >
              {words.newestCover}
            </Menu.Item>
          )}
          <Menu.Item
            leftSection={board.archived ? <IconArchiveOff size={16} aria-hidden /> : <IconArchive size={16} aria-hidden />}
            onClick={() => change.mutate({ archived: !board.archived })}
          >
            {board.archived ? words.unarchive : words.archive}
          </Menu.Item>
        </>
      )}
      {(owns || reasons?.some((each) => each.source === "grant")) && <Menu.Divider />}
      {owns && hasPeople && item("transfer", words.transfer, IconUserUp)}
      {reasons?.some((each) => each.source === "grant") && item("leave", words.leave, IconDoorExit)}
      {owns && item("delete", words.remove, IconTrash, "red")}
    </>
  );
}
