import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";

import { api } from "../../api/client";
import { queries } from "../../app/queries";
import { Page } from "../../components/Page";
import { texts } from "../../texts";
import { BoardsPanel } from "./BoardsPanel";

export function GalleryPage() {
  const { board } = useSearch({ from: "/gallery" });
  const navigate = useNavigate();
  const select = useCallback(
    (id: string | null) => void navigate({ to: "/gallery", search: id === null ? {} : { board: id }, replace: true }),
    [navigate],
  );
  const move = async (boardId: string, names: string[]) => {
    await api.POST("/api/v1/board_images/batch", { body: { board_id: boardId, image_names: names } });
    await queries.invalidateQueries({ queryKey: ["boards"] });
  };
  return (
    <Page title={texts.common.gallery}>
      <div style={{ maxWidth: 300 }}>
        <BoardsPanel selected={board ?? null} onSelect={select} onDropImages={(id, names) => void move(id, names)} />
      </div>
    </Page>
  );
}
