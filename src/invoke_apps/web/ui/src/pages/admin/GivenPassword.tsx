import { Switch } from "@mantine/core";

import { PasswordFields } from "../../components/PasswordFields";
import { admin as adminTexts } from "../../texts/admin";
import { GeneratePassword } from "./GeneratePassword";

export interface Given {
  password: string;
  again: string;
  /** It was made here, so that it can be shown to be passed on. */
  generated: boolean;
  mustChange: boolean;
}

export const NO_PASSWORD: Given = { password: "", again: "", generated: false, mustChange: true };

interface Props {
  label: string;
  given: Given;
  error?: string | undefined;
  onChange(given: Given): void;
}

/** A password for somebody else: typed twice or generated, and whether they choose another first. */
export function GivenPassword({ label, given, error, onChange }: Props) {
  return (
    <>
      <PasswordFields
        label={label}
        password={given.password}
        again={given.again}
        onPassword={(password) => onChange({ ...given, password, generated: false })}
        onAgain={(again) => onChange({ ...given, again })}
        error={error}
      />
      <GeneratePassword
        generated={given.generated ? given.password : null}
        onGenerated={(password) => onChange({ ...given, password, again: password, generated: true })}
      />
      <Switch
        label={adminTexts.people.mustChangeSwitch}
        checked={given.mustChange}
        onChange={(event) => onChange({ ...given, mustChange: event.currentTarget.checked })}
      />
    </>
  );
}
