import { Badge, Button, Group, Stack, Text } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";

import { api, BACKGROUND, data, type Schemas } from "../../../api/client";
import { queries } from "../../../app/queries";
import { ago } from "../../../components/format";
import { Loaded } from "../../../components/Page";
import { texts } from "../../../texts";
import { profile as profileTexts } from "../../../texts/profile";
import { Panel } from "./Panel";

const words = profileTexts;
type Session = Schemas["SessionView"];

/** Return browser and system, as far as a browser tells them. */
function device({ user_agent }: Session): string {
  const agent = user_agent ?? "";
  const browser = /(Firefox|Edg|OPR|Chrome|Safari|curl|python)[^\s/]*/i.exec(agent)?.[1]?.replace("Edg", "Edge");
  const system = /(Windows|Android|iPhone|iPad|Mac OS X|Linux)/.exec(agent)?.[1]?.replace("Mac OS X", "macOS");
  return [browser, system].filter(Boolean).join(", ") || words.unknownDevice;
}

/** Where one is signed in, and how that is ended. */
export function Sessions() {
  const sessions = useQuery({
    queryKey: ["sessions"],
    queryFn: async () => (await data(api.GET("/api/v1/auth/sessions", BACKGROUND))).items,
  });
  const settled = () => queries.invalidateQueries({ queryKey: ["sessions"] });
  const end = useMutation({
    mutationFn: (session_id: string) =>
      api.DELETE("/api/v1/auth/sessions/{session_id}", { params: { path: { session_id } } }),
    onSettled: settled,
  });
  const endOthers = useMutation({ mutationFn: () => api.DELETE("/api/v1/auth/sessions"), onSettled: settled });
  return (
    <Panel title={words.sessions}>
      <Loaded query={sessions}>
        {(items) => (
          <Stack gap="xs">
            {items.map((each) => (
              <Group key={each.session_id} justify="space-between" wrap="nowrap">
                <div style={{ minWidth: 0 }}>
                  <Group gap="xs">
                    <Text size="sm" fw={500}>
                      {device(each)}
                    </Text>
                    {each.current && <Badge tt="none">{words.thisOne}</Badge>}
                  </Group>
                  <Text size="xs">
                    {[each.address, words.lastSeen(ago(each.last_seen_at))].filter(Boolean).join(", ")}
                  </Text>
                </div>
                {!each.current && (
                  <Button
                    size="xs"
                    variant="default"
                    aria-label={words.endSession(device(each))}
                    onClick={() => end.mutate(each.session_id)}
                  >
                    {texts.common.signOut}
                  </Button>
                )}
              </Group>
            ))}
            {items.length > 1 && (
              <Group>
                <Button size="xs" variant="default" loading={endOthers.isPending} onClick={() => endOthers.mutate()}>
                  {words.endOthers}
                </Button>
              </Group>
            )}
          </Stack>
        )}
      </Loaded>
    </Panel>
  );
}
