import { account } from "./account";
import { admin } from "./admin";
import { common } from "./common";
import { gallery } from "./gallery";
import { generate } from "./generate";
import { models } from "./models";
import { queue } from "./queue";

/** Every text that people see, by area: one place for whoever translates them. */
const catalogue = { common, account, generate, gallery, queue, models, admin };

type Catalogue = typeof catalogue;
type Values<T> = T extends (...values: infer V) => string ? V : [];

/** Return a text: `t("common", "save")`, with what stands in it after the name. */
export function t<A extends keyof Catalogue, N extends keyof Catalogue[A]>(
  area: A,
  name: N,
  ...values: Values<Catalogue[A][N]>
): string {
  const text = catalogue[area][name] as unknown;
  return typeof text === "function" ? (text as (...all: unknown[]) => string)(...values) : (text as string);
}
