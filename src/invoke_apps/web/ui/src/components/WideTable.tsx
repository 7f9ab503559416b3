import { Table } from "@mantine/core";
import type { ReactNode } from "react";

interface Props {
  label: string;
  /** Pixels; on a narrower screen the table is moved sideways, by the keyboard too. */
  minWidth: number;
  verticalSpacing?: number | "xs";
  children: ReactNode;
}

/** A table with more columns than a phone is wide. */
export function WideTable({ label, minWidth, verticalSpacing, children }: Props) {
  return (
    <Table.ScrollContainer minWidth={minWidth} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
      <Table aria-label={label} verticalSpacing={verticalSpacing}>
        {children}
      </Table>
    </Table.ScrollContainer>
  );
}
