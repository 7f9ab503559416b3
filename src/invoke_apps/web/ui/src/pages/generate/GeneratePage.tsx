import { Button, Card, Grid, Stack, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useMemo, useRef } from "react";

import { api, data, Problem } from "../../api/client";
import { allBoards, allModels, isOpenTo } from "../../api/lists";
import { queries, tell } from "../../app/queries";
import { Loaded, Page } from "../../components/Page";
import { Soon } from "../../components/Soon";
import { texts } from "../../texts";
import { Form } from "./Form";
import { Now } from "./Now";
import { Presets } from "./Presets";
import { useRemembered } from "./remembered";
import { Results } from "./Results";
import { bodyOf, type Change, EMPTY, type Guide, lackingOf, type Model, type Wish } from "./wish";

const words = texts.generate;

/** The page on which pictures are asked for. */
export function GeneratePage() {
  const [wish, change] = useRemembered();
  const models = useQuery(allModels);
  return (
    <Page
      title={texts.common.generate}
      actions={
        wish && (
          <>
            <Presets wish={wish} onChange={change} />
            <Button variant="default" size="xs" onClick={() => change({ ...EMPTY, model: wish.model, board: wish.board })}>
              {words.reset}
            </Button>
          </>
        )
      }
    >
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, md: 5 }}>
          <Soon>
            <Loaded query={models}>{(known) => wish && <Asking wish={wish} models={known} onChange={change} />}</Loaded>
          </Soon>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 7 }}>
          <Stack>
            <Card withBorder component="section" aria-label={words.now}>
              <Stack gap="sm">
                <Title order={2} size="h4">
                  {words.now}
                </Title>
                <Soon>
                  <Now />
                </Soon>
              </Stack>
            </Card>
            <section aria-label={words.results}>
              <Stack gap="sm">
                <Title order={2} size="h4">
                  {words.results}
                </Title>
                <Soon>
                  <Results />
                </Soon>
              </Stack>
            </section>
          </Stack>
        </Grid.Col>
      </Grid>
    </Page>
  );
}

interface Props {
  wish: Wish;
  models: Model[];
  onChange(change: Change): void;
}

function Asking({ wish, models, onChange }: Props) {
  const mains = models.filter((each) => each.type === "main");
  const model = mains.find((each) => each.key === wish.model) ?? mains[0];
  const boards = useQuery(allBoards);
  const writable = useMemo(() => (boards.data ?? []).filter(isOpenTo), [boards.data]);
  const sending = useRef<{ body: string; key: string } | null>(null);
  const send = useMutation({
    meta: { quiet: true },
    mutationFn: () => {
      const lacking = lackingOf(wish);
      if (Object.keys(lacking).length > 0) throw new Problem(400, Object.values(lacking)[0] ?? "", "", lacking);
      const body = bodyOf({ ...wish, board: board?.board_id ?? null }, model?.key ?? "");
      const text = JSON.stringify(body);
      // Sent again because no answer came, it is still one wish.
      if (sending.current?.body !== text) sending.current = { body: text, key: randomKey() };
      return data(
        api.POST("/api/v1/queue/{queue_id}/enqueue_batch", {
          params: { path: { queue_id: "default" }, header: { "Idempotency-Key": sending.current.key } },
          body,
        }),
      );
    },
    onError: (error) => {
      // A proxy's 502 says as little of what became of it as no answer at all.
      if (error instanceof Problem && error.status >= 400 && error.status < 500) sending.current = null;
    },
    onSuccess: (sent) => {
      sending.current = null;
      notifications.show({ message: words.sent(sent.enqueued) });
      void queries.invalidateQueries({ queryKey: ["queue"] });
      void queries.invalidateQueries({ queryKey: ["queue-status"] });
    },
  });
  const board = writable.find((each) => each.board_id === wish.board);
  useRecall(wish, models, (next) => {
    send.reset();
    onChange(next);
  });
  return (
    <Form
      wish={{ ...wish, board: boards.isSuccess ? (board?.board_id ?? null) : wish.board }}
      models={models}
      model={model}
      boards={writable}
      problem={send.error as Problem | null}
      isSending={send.isPending}
      onChange={onChange}
      onSend={() => {
        if (!send.isPending) send.mutate();
      }}
    />
  );
}

/** Return 128 random bits; `crypto.randomUUID` is there on HTTPS only, and a server at home has none. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Take over how a picture was made, once, where the address names one. */
function useRecall(wish: Wish, models: Model[], onChange: (wish: Wish) => void): void {
  const { image } = useSearch({ from: "/" });
  const navigate = useNavigate();
  const asked = useRef<string | null>(null);
  useEffect(() => {
    if (!image) asked.current = null; // the same picture may be asked for again
    if (!image || asked.current === image) return;
    asked.current = image;
    const take = async () => {
      const metadata = await data(
        api.GET("/api/v1/images/i/{image_name}/metadata", { params: { path: { image_name: image } } }),
      );
      await navigate({ to: "/", search: {}, replace: true });
      if (!metadata) {
        notifications.show({ message: words.noMetadata });
        return;
      }
      const { recalled } = await import("./recall");
      const { wish: next, missing } = recalled(metadata, models, wish);
      const { start } = next;
      if (start) {
        if (!(await isThere(start.name))) {
          next.start = null;
          missing.push(words.missingImage);
        } else if (start.mask && !(await isThere(start.mask))) {
          next.start = { ...start, mask: null };
          missing.push(words.missingMask);
        }
      }
      const guides = async (of: Guide[]) => {
        const there = await Promise.all(of.map(({ image: name }) => name !== null && isThere(name)));
        if (!there.every(Boolean)) missing.push(words.missingGuide);
        return of.map((each, index) => (there[index] ? each : { ...each, image: null }));
      };
      next.controlnets = await guides(next.controlnets);
      next.ipAdapters = await guides(next.ipAdapters);
      onChange(next);
      notifications.show({ message: missing.length ? words.recalledSome(missing) : words.recalled });
    };
    void take().catch(tell);
  }, [image, models, wish, navigate, onChange]);
}

async function isThere(name: string): Promise<boolean> {
  const found = api.GET("/api/v1/images/i/{image_name}", { params: { path: { image_name: name } } });
  return found.then(
    () => true,
    () => false,
  );
}
