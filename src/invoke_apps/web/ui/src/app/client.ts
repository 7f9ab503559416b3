import { notifications } from "@mantine/notifications";
import { MutationCache, QueryClient } from "@tanstack/react-query";

import { Problem } from "../api/client";
import { t } from "../texts";

/** Show a refusal; those of single fields are shown beside the fields too. */
export function showProblem(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  notifications.show({ id: message, title: t("common", "problem"), message, color: "red", autoClose: 8000 });
}

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      // What was refused is refused again; a server that restarts is asked until it answers.
      retry: (count, error) => !(error instanceof Problem && error.status > 0 && error.status < 500) && count < 20,
      retryDelay: (count) => Math.min(500 * 2 ** count, 5000),
      networkMode: "always",
    },
    mutations: { networkMode: "always" },
  },
  mutationCache: new MutationCache({
    onError: (error, _values, _context, mutation) => {
      const inForm = error instanceof Problem && Object.keys(error.fields).length > 0;
      if (mutation.meta?.quiet || (inForm && mutation.meta?.form)) return;
      showProblem(error);
    },
  }),
});
