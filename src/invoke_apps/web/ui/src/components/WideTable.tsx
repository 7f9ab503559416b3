import { Table, VisuallyHidden } from "@mantine/core";
import type { ReactNode } from "react";

import { common } from "../texts/common";

/** What stands above a column. */
interface Column {
  head: string;
  /** Numbers stand one below the other. */
  isNumber?: boolean;
  /** There is no room for it on a narrow screen. */
  isForWide?: boolean;
}

/** The last column of a table whose rows one can do something with: its head is read aloud only. */
export const ACTIONS = Symbol("actions");

interface Props {
  label: string;
  columns: (string | Column | typeof ACTIONS)[];
  /** Pixels; on a narrower screen the table is moved sideways, by the keyboard too. */
  minWidth: number;
  verticalSpacing?: number | "xs";
  /** The rows. */
  children: ReactNode;
}

/** Return a column of numbers. */
export function numbers(head: string): Column {
  return { head, isNumber: true };
}

/** A table with more columns than a phone is wide. */
export function WideTable({ label, columns, minWidth, verticalSpacing, children }: Props) {
  return (
    <Table.ScrollContainer minWidth={minWidth} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
      <Table aria-label={label} verticalSpacing={verticalSpacing} className="wide-table">
        <Table.Thead>
          <Table.Tr>
            {columns.map((column) => {
              if (column === ACTIONS) {
                return (
                  <Table.Th key="actions">
                    <VisuallyHidden>{common.actions}</VisuallyHidden>
                  </Table.Th>
                );
              }
              const { head, isNumber, isForWide }: Column = typeof column === "string" ? { head: column } : column;
              return (
                <Table.Th key={head} ta={isNumber ? "right" : undefined} visibleFrom={isForWide ? "md" : undefined}>
                  {head}
                </Table.Th>
              );
            })}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>{children}</Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
