import { account } from "./account";
import { common } from "./common";
import { generate } from "./generate";
import { queue } from "./queue";

/**
 * The texts that the first page needs; those of other areas lie beside them and are loaded with their pages.
 * Every text that people see stands in this folder: one place for whoever translates them.
 */
export const texts = { common, account, generate, queue };
