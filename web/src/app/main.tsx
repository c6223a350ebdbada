/** Starts the app. */

import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { loadTexts } from "../i18n/app";
import { queryClient } from "./api/query-client";
import { router } from "./router";
import { Toasts } from "./parts/Toast/Toast";

/** On phones the keyboard covers the page; what has to fit above it reads this. */
function followVisibleHeight(): void {
  const viewport = window.visualViewport;
  if (viewport === null) return;
  const note = () => document.documentElement.style.setProperty("--visible-height", `${viewport.height}px`);
  viewport.addEventListener("resize", note);
  note();
}

followVisibleHeight();
const root = document.querySelector("#root");
if (root !== null) {
  void loadTexts().then(() =>
    createRoot(root).render(
      <StrictMode>
        <QueryClientProvider client={queryClient}>
          <RouterProvider router={router} />
          <Toasts />
        </QueryClientProvider>
      </StrictMode>,
    ),
  );
}
