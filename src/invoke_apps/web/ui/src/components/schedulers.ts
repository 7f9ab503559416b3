import type { Schemas } from "../api/client";

export type Scheduler = Schemas["SchedulerName"];

/** By the names that the server takes. */
export const SCHEDULERS: Scheduler[] = [
  "ddim", "ddpm", "deis", "dpmpp_2m", "dpmpp_2m_k", "dpmpp_sde", "euler", "euler_k", "euler_a",
  "heun", "kdpm_2", "kdpm_2_a", "lcm", "lms", "pndm", "tcd", "unipc", "unipc_k",
];
