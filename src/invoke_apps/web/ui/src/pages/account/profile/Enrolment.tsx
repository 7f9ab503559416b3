import { Alert, Button, Code, Group, Stack, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useEffect, useMemo, useState } from "react";
import { encode } from "uqr";

import { api, data } from "../../../api/client";
import { texts } from "../../../texts";
import { profile as profileTexts } from "../../../texts/profile";

const words = profileTexts;

/** A text as a QR code: one path, drawn here, so that the secret goes nowhere. */
function QrCode({ text }: { text: string }) {
  const { size, data: cells } = useMemo(() => encode(text, { border: 2 }), [text]);
  const path = cells.flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : ""))).join("");
  return (
    <svg role="img" aria-label={words.qr} viewBox={`0 0 ${size} ${size}`} width={200} height={200}>
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" shapeRendering="crispEdges" />
    </svg>
  );
}

/** The way to a second factor: a secret for the app, a code back, recovery codes to keep. */
export function Enrolment({ onDone }: { onDone(): void }) {
  const [code, setCode] = useState("");
  // No query: asked again, it would be another secret than the app has by then.
  const offered = useMutation({
    meta: { quiet: true },
    mutationFn: () => data(api.POST("/api/v1/auth/totp/enroll")),
  });
  const { mutate: offer } = offered;
  useEffect(() => offer(), [offer]);
  const confirm = useMutation({
    meta: { quiet: true },
    mutationFn: () => data(api.POST("/api/v1/auth/totp/confirm", { body: { code } })),
  });
  const send = (event: FormEvent) => {
    event.preventDefault();
    confirm.mutate();
  };
  if (confirm.data) return <Recovery codes={confirm.data.recovery_codes} onDone={onDone} />;
  if (offered.error) {
    return (
      <Alert color="red" role="alert">
        {offered.error.message}
      </Alert>
    );
  }
  if (!offered.data) return <Text>{texts.common.loading}</Text>;
  return (
    <form onSubmit={send}>
      <Stack gap="sm">
        <Text size="sm">{words.scan}</Text>
        <QrCode text={offered.data.otpauth_uri} />
        <div>
          <Text size="sm">{words.secret}</Text>
          <Code data-testid="secret">{offered.data.secret}</Code>
        </div>
        <TextInput
          label={words.code}
          autoComplete="one-time-code"
          inputMode="numeric"
          required
          value={code}
          error={confirm.error?.message}
          onChange={(event) => setCode(event.currentTarget.value)}
        />
        <Group>
          <Button type="submit" loading={confirm.isPending}>
            {words.confirm}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Recovery({ codes, onDone }: { codes: string[]; onDone(): void }) {
  const file = `data:text/plain;charset=utf-8,${encodeURIComponent(`${codes.join("\n")}\n`)}`;
  return (
    <Stack gap="sm">
      <Text fw={600}>{words.recovery}</Text>
      <Text size="sm">{words.recoveryLead}</Text>
      <Code block data-testid="recovery-codes">
        {codes.join("\n")}
      </Code>
      <Group>
        <Button component="a" href={file} download="recovery-codes.txt" variant="default">
          {words.download}
        </Button>
        <Button onClick={onDone}>{words.keptThem}</Button>
      </Group>
    </Stack>
  );
}
