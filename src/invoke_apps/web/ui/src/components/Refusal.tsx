import { Alert } from "@mantine/core";

import { Problem } from "../api/client";
import { texts } from "../texts";

/** What was refused, where it was asked; the fields of a form that show their own are left out by whoever shows them. */
export function Refusal({ error }: { error: Error | null }) {
  if (error === null) return null;
  const fields = error instanceof Problem ? Object.values(error.fields) : [];
  return (
    <Alert color="red" role="alert" title={texts.common.failed}>
      {fields.length > 0 ? fields.join(" ") : error.message}
    </Alert>
  );
}
