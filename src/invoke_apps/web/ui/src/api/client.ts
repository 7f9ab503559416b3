import createClient, { type Middleware } from "openapi-fetch";

import type { components, paths } from "./schema";

export type Schemas = components["schemas"];

/** The address of the server below which everything lies; ends with a slash. */
export const BASE = new URL(document.baseURI).pathname;

/** A refusal of the server (RFC 9457), or of the network (status 0). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly slug: string = "",
    readonly fields: Record<string, string> = {},
    readonly retryAfter: number | null = null,
  ) {
    super(message);
  }
}

/** Read anew for each request: half-way through a sign-in an answer replaces it. */
export function csrfToken(): string | null {
  const found = /(?:^|;\s*)(?:__Host-)?invoke_csrf=([^;]*)/.exec(document.cookie);
  return found?.[1] ? decodeURIComponent(found[1]) : null;
}

export async function problemOf(answer: Response): Promise<Problem> {
  let body: {
    detail?: string;
    title?: string;
    type?: string;
    error_id?: string;
    errors?: { field: string; message: string }[];
  } = {};
  try {
    body = await answer.json();
  } catch {
    // A proxy's page, say: the status has to do.
  }
  const fields = Object.fromEntries((body.errors ?? []).map((each) => [each.field, each.message]));
  const retryAfter = Number(answer.headers.get("Retry-After"));
  const said = body.detail ?? body.title ?? `The server answered ${answer.status}.`;
  return new Problem(
    answer.status,
    body.error_id ? `${said} (${body.error_id})` : said,
    (body.type ?? "").split(":").pop() ?? "",
    fields,
    retryAfter > 0 ? retryAfter : null,
  );
}

type Listener = (problem: Problem) => void;
const listeners = new Set<Listener>();

/** Be told of every 401, and of every 403 that asks for a second factor first. */
export function onRefused(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export async function request(input: Request): Promise<Response> {
  const token = csrfToken();
  if (token && input.method !== "GET" && input.method !== "HEAD") {
    input.headers.set("X-CSRF-Token", token);
  }
  let answer: Response;
  try {
    answer = await fetch(input);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem(0, "The server does not answer. It is tried again.");
  }
  return answer;
}

const refusals: Middleware = {
  async onResponse({ response, request: asked }) {
    if (response.ok) return undefined;
    const problem = await problemOf(response);
    const signingIn = asked.url.endsWith("/auth/login");
    const mustEnroll = problem.slug === "second-factor-setup-required";
    if ((response.status === 401 && !signingIn) || mustEnroll) {
      for (const listener of listeners) listener(problem);
    }
    throw problem;
  },
};

export const api = createClient<paths>({
  baseUrl: BASE.replace(/\/$/, ""),
  fetch: request,
  // Lists are repeated parameters: categories=general&categories=user.
  querySerializer: { array: { style: "form", explode: true } },
});
api.use(refusals);

/** Return the body of an answer; refusals were thrown before. */
export async function data<T>(answer: Promise<{ data?: T }>): Promise<T> {
  return (await answer).data as T;
}

/** What a page asks for by itself prolongs no sign-in. */
export const BACKGROUND = { headers: { "X-Background": "1" } } as const;
