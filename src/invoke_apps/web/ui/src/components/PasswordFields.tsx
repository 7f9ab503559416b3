import { List, PasswordInput, Progress, Stack, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";

import { api, BACKGROUND, data } from "../api/client";
import { texts } from "../texts";

const COLORS = ["red", "red", "orange", "teal", "green"];
const WORDS = [
  texts.account.strength["weak"],
  texts.account.strength["weak"],
  texts.account.strength["moderate"],
  texts.account.strength["strong"],
  texts.account.strength["strong"],
];

interface Props {
  label: string;
  password: string;
  again: string;
  onPassword(value: string): void;
  onAgain(value: string): void;
  error?: string | undefined;
}

/** A new password, typed twice, with its strength as one types. */
export function PasswordFields({ label, password, again, onPassword, onAgain, error }: Props) {
  const [typed] = useDebouncedValue(password, 250);
  const strength = useQuery({
    queryKey: ["password-strength", typed],
    enabled: typed !== "",
    gcTime: 0, // a password stays nowhere
    placeholderData: (before) => before,
    queryFn: () =>
      data(
        api.POST("/api/v1/auth/password-strength", {
          body: { password: typed },
          ...BACKGROUND,
        }),
      ),
  });
  const found = password === "" ? undefined : strength.data;
  const said = [...(found?.shortcomings ?? []), ...(found?.accepted ? (found?.advice ?? []) : [])];
  return (
    <Stack gap="xs">
      <PasswordInput
        label={label}
        value={password}
        onChange={(event) => onPassword(event.currentTarget.value)}
        autoComplete="new-password"
        required
        error={error}
      />
      {found && (
        <div aria-live="polite">
          <Progress
            value={(found.score + 1) * 20}
            color={found.accepted ? COLORS[found.score] : "red"}
            size="sm"
            aria-label={texts.account.strengthLabel}
          />
          <Text size="xs" mt={4} data-testid="strength">
            {WORDS[found.score]}
          </Text>
          {said.length > 0 && (
            <List size="xs">
              {said.map((each) => (
                <List.Item key={each}>{each}</List.Item>
              ))}
            </List>
          )}
        </div>
      )}
      <PasswordInput
        label={texts.account.confirm}
        value={again}
        onChange={(event) => onAgain(event.currentTarget.value)}
        autoComplete="new-password"
        required
        error={again !== "" && again !== password ? texts.account.differ : undefined}
      />
    </Stack>
  );
}
