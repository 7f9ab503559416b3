import { Alert } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconCircleX } from "@tabler/icons-react";
import type { ReactNode } from "react";

const KINDS = {
  good: { Icon: IconCircleCheck, color: "var(--mantine-color-teal-6)", role: "status" },
  warning: { Icon: IconAlertTriangle, color: "var(--mantine-color-orange-6)", role: "status" },
  bad: { Icon: IconCircleX, color: "var(--mantine-color-red-6)", role: "alert" },
} as const;

interface Props {
  kind: keyof typeof KINDS;
  title: string;
  children?: ReactNode;
}

/** How something stands. Its colour is the sign's: words on a coloured ground have too little contrast. */
export function Notice({ kind, title, children }: Props) {
  const { Icon, color, role } = KINDS[kind];
  return (
    <Alert variant="default" role={role} title={title} icon={<Icon color={color} />}>
      {children}
    </Alert>
  );
}
