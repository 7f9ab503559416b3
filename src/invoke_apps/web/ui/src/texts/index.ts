import { account } from "./account";
import { admin } from "./admin";
import { boards } from "./boards";
import { common } from "./common";
import { gallery } from "./gallery";
import { generate } from "./generate";
import { models } from "./models";
import { profile } from "./profile";
import { queue } from "./queue";

/** Every text that people see, by area: one place for whoever translates them. */
export const texts = { common, account, boards, generate, gallery, queue, models, profile, admin };
