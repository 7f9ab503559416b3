import { Button, Stack, Textarea, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { api, data, Problem } from "../../../api/client";
import { allBoards, type Board } from "../../../api/lists";
import { queries } from "../../../app/queries";
import { DialogEnd } from "../../../components/DialogEnd";
import { Refusal } from "../../../components/Refusal";
import { texts } from "../../../texts";
import { boards as boardsTexts } from "../../../texts/boards";

const words = boardsTexts;

interface Props {
  /** null: a new one. */
  board: Board | null;
  onClose(): void;
  onCreated(boardId: string): void;
}

/** The name and description of a board, new or old. */
export function BoardForm({ board, onClose, onCreated }: Props) {
  const [name, setName] = useState(board?.board_name ?? "");
  const [description, setDescription] = useState(board?.description ?? "");
  const save = useMutation({
    meta: { quiet: true },
    mutationFn: async () => {
      const made =
        board ?? (await data(api.POST("/api/v1/boards", { params: { query: { board_name: name } } })));
      if (board === null && description === "") return made;
      const params = { path: { board_id: made.board_id } };
      const body = { board_name: name, description };
      return data(api.PATCH("/api/v1/boards/{board_id}", { params, body }));
    },
    onSuccess: (saved) => {
      queries.setQueryData(allBoards.queryKey, (before) =>
        before && [saved, ...before.filter((each) => each.board_id !== saved.board_id)],
      );
      void queries.invalidateQueries({ queryKey: ["boards"] });
      if (board === null) onCreated(saved.board_id);
      onClose();
    },
  });
  const fields = save.error instanceof Problem ? save.error.fields : {};
  const isAtField = "board_name" in fields || "description" in fields;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label={words.name}
          required
          maxLength={300}
          data-autofocus
          value={name}
          error={fields["board_name"]}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Textarea
          label={words.description}
          description={words.descriptionHint}
          autosize
          minRows={3}
          maxRows={10}
          maxLength={10_000}
          value={description}
          error={fields["description"]}
          onChange={(event) => setDescription(event.currentTarget.value)}
        />
        {!isAtField && <Refusal error={save.error} />}
        <DialogEnd onCancel={onClose}>
          <Button type="submit" loading={save.isPending}>
            {board === null ? words.create : texts.common.save}
          </Button>
        </DialogEnd>
      </Stack>
    </form>
  );
}
