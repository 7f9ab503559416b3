import { Button, Stack } from "@mantine/core";
import { IconDice5 } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";

import { api, data } from "../../api/client";
import { CopyField } from "../../components/CopyField";
import { admin as adminTexts } from "../../texts/admin";

const words = adminTexts.people;

/** A password that meets the rules, drawn by the server and shown to be passed on. */
export function GeneratePassword({ generated, onGenerated }: { generated: string | null; onGenerated(value: string): void }) {
  const generate = useMutation({
    mutationFn: () => data(api.GET("/api/v1/auth/generate-password")),
    onSuccess: ({ password }) => onGenerated(password),
  });
  return (
    <Stack gap="xs">
      <Button
        variant="default"
        size="xs"
        leftSection={<IconDice5 size={16} />}
        loading={generate.isPending}
        onClick={() => generate.mutate()}
        style={{ alignSelf: "flex-start" }}
      >
        {words.generate}
      </Button>
      {generated && <CopyField label={words.generated} value={generated} description={words.generatedHint} />}
    </Stack>
  );
}
