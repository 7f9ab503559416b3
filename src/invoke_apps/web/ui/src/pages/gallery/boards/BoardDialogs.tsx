import { Modal } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useState } from "react";

import type { Board } from "../../../api/lists";
import { useMe } from "../../../app/session";
import { boards as boardsTexts } from "../../../texts/boards";
import { AccessDialog } from "./AccessDialog";
import { BoardForm } from "./BoardForm";
import type { Deed } from "./BoardMenuItems";
import { abilities } from "./boards";
import { DeleteDialog } from "./DeleteDialog";
import { LeaveDialog } from "./LeaveDialog";
import { LinksDialog } from "./LinksDialog";
import { ManageDialog } from "./ManageDialog";
import { ShareDialog } from "./ShareDialog";
import { TransferDialog } from "./TransferDialog";
import { VisibilityDialog } from "./VisibilityDialog";

const words = boardsTexts;

const TITLES: Record<Deed, string> = {
  create: words.newBoard,
  share: words.share,
  manage: words.manage,
  visibility: words.visibility,
  links: words.links,
  details: words.details,
  edit: words.editTitle,
  transfer: words.transfer,
  leave: words.leave,
  delete: words.remove,
};
const NEEDS: Partial<Record<Deed, keyof ReturnType<typeof abilities>>> = {
  share: "manages",
  manage: "manages",
  visibility: "manages",
  links: "manages",
  edit: "manages",
  transfer: "owns",
  delete: "owns",
};

interface Props {
  deed: Deed | null;
  board: Board | undefined;
  onSwitch(deed: Deed): void;
  onClose(): void;
  onCreated(boardId: string): void;
  onGone(boardId: string): void;
}

/** The dialog of a board; it closes by itself when the board, or the right to do this, is gone. */
export function BoardDialogs({ deed, board, onSwitch, onClose, onCreated, onGone }: Props) {
  const me = useMe();
  const isSmall = useMediaQuery("(max-width: 36em)");
  const needed = deed === null ? undefined : NEEDS[deed];
  const isAllowed =
    deed === "create" || (board !== undefined && (needed === undefined || abilities(board, me)[needed]));
  const isOpen = deed !== null && isAllowed;

  // What stands in it while it closes.
  const [shown, setShown] = useState<{ deed: Deed; board: Board | undefined } | null>(null);
  if (isOpen && (shown?.deed !== deed || shown.board !== board)) setShown({ deed, board });

  const of = isOpen ? { deed, board } : shown;
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title={of && TITLES[of.deed]}
      size={of?.deed === "details" || of?.deed === "manage" || of?.deed === "links" ? "lg" : "md"}
      fullScreen={isSmall ?? false}
      returnFocus={false}
      onExitTransitionEnd={() => {
        const place = shown?.board ? `[data-board="${shown.board.board_id}"] .board-open` : "[data-new-board]";
        document.querySelector<HTMLElement>(place)?.focus();
        setShown(null);
        onClose();
      }}
    >
      {of && <Content deed={of.deed} board={of.board} onSwitch={onSwitch} onClose={onClose} onCreated={onCreated} onGone={onGone} />}
    </Modal>
  );
}

type ContentProps = Omit<Props, "deed"> & { deed: Deed };

function Content({ deed, board, onSwitch, onClose, onCreated, onGone }: ContentProps) {
  if (deed === "create") return <BoardForm board={null} onClose={onClose} onCreated={onCreated} />;
  if (board === undefined) return null;
  switch (deed) {
    case "share":
      return <ShareDialog board={board} onClose={onClose} onManage={() => onSwitch("manage")} />;
    case "manage":
      return <ManageDialog board={board} onClose={onClose} />;
    case "visibility":
      return <VisibilityDialog board={board} onClose={onClose} />;
    case "links":
      return <LinksDialog board={board} />;
    case "details":
      return <AccessDialog board={board} />;
    case "edit":
      return <BoardForm board={board} onClose={onClose} onCreated={onCreated} />;
    case "transfer":
      return <TransferDialog board={board} onClose={onClose} />;
    case "leave":
      return <LeaveDialog board={board} onClose={onClose} onGone={onGone} />;
    case "delete":
      return <DeleteDialog board={board} onClose={onClose} onGone={onGone} />;
  }
}
