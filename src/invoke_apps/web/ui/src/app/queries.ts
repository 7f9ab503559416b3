import { notifications } from "@mantine/notifications";
import { MutationCache, QueryClient } from "@tanstack/react-query";

import { Problem } from "../api/client";
import { texts } from "../texts";

function mayHelp(count: number, error: Error): boolean {
  const status = error instanceof Problem ? error.status : 0;
  return (status === 0 || status === 503) && count < 30;
}

/** Say what the server refused, unless the form that asked says it beside its fields. */
export function tell(error: unknown): void {
  if (error instanceof Problem && error.status === 401) return; // the sign-in page says it
  notifications.show({
    color: "red",
    title: texts.common.failed,
    message: error instanceof Error ? error.message : String(error),
    autoClose: 8000,
  });
}

export const queries = new QueryClient({
  defaultOptions: {
    // Events say what changed; time alone makes nothing stale.
    queries: { staleTime: 60_000, retry: mayHelp, retryDelay: (n) => Math.min(500 * 2 ** n, 5000) },
    mutations: { retry: false },
  },
  mutationCache: new MutationCache({
    onError: (error, _variables, _context, mutation) => {
      if (!mutation.meta?.["quiet"]) tell(error);
    },
  }),
});
