import { Alert, SimpleGrid, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { memo } from "react";

import { api, BACKGROUND, data } from "../../api/client";
import { useMe } from "../../app/session";
import { Loaded } from "../../components/Page";
import { PictureButton } from "../../components/PictureButton";
import { texts } from "../../texts";

const words = texts.generate;
const SHOWN = 24;

/** The last that was made for this person, the newest first, failures among it. */
export const Results = memo(function Results() {
  const { user_id } = useMe();
  const jobs = useQuery({
    queryKey: ["queue", "results", user_id],
    queryFn: async () => {
      const lists = await Promise.all(
        (["completed", "failed"] as const).map((status) =>
          data(
            api.GET("/api/v1/queue/{queue_id}/list_all", {
              params: { path: { queue_id: "default" }, query: { status, user_id, limit: SHOWN, order_dir: "DESC" } },
              ...BACKGROUND,
            }),
          ),
        ),
      );
      return lists.flat().sort((one, other) => other.item_id - one.item_id).slice(0, SHOWN);
    },
  });
  return (
    <Loaded query={jobs} isEmpty={(items) => items.length === 0} empty={words.noResults}>
      {(items) => (
        <SimpleGrid cols={{ base: 2, xs: 3, lg: 4 }} spacing="xs">
          {items.map((item) =>
            item.status === "failed" ? (
              <Alert key={item.item_id} color="red" p="xs">
                <Text size="xs" lineClamp={5}>
                  {words.failed(item.error_message ?? item.error_type ?? "")}
                </Text>
              </Alert>
            ) : (
              (item.image_names ?? []).map((name) => (
                <PictureButton key={name} name={name} prompt={item.generation?.prompt ?? ""} />
              ))
            ),
          )}
        </SimpleGrid>
      )}
    </Loaded>
  );
});
