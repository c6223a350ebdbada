/** The cache of what the server said, and how stubbornly it is asked again. */

import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "../../api";

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // A refusal will be the same next time; silence and the server's own mistakes may pass.
      retry: (failures, error) => failures < 3 && error instanceof ApiError && (error.status === 0 || error.status >= 500),
      retryDelay: (attempt) => Math.min(1_000 * 2 ** attempt, 10_000) * (0.75 + Math.random() / 2),
    },
    mutations: { retry: false },
  },
});
