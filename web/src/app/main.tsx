/** Starts the app. */

import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { loadTexts } from "../i18n/app";
import { queryClient } from "./api/query-client";
import { Broken, NotFound, ROUTES } from "./router";
import { Pages, startRouting } from "./routing";
import { TopBar } from "./parts/TopBar/TopBar";
import { Toasts } from "./parts/Toast/Toast";

/** On phones the keyboard covers the page; what has to fit above it reads this. */
function followVisibleHeight(): void {
  const viewport = window.visualViewport;
  if (viewport === null) return;
  const note = () => {
    const { dataset, style } = document.documentElement;
    style.setProperty("--visible-height", `${viewport.height}px`);
    // As wide as a phone held upright, and much lower: a keyboard covers the rest, whichever viewport it shrinks.
    dataset.keyboard = String(viewport.width < PHONE_PX && viewport.height < viewport.width * 1.3 && isWriting());
  };
  viewport.addEventListener("resize", note);
  document.addEventListener("focusin", note);
  document.addEventListener("focusout", () => requestAnimationFrame(note));
  note();
}

function isWriting(): boolean {
  return document.activeElement?.matches("input, textarea") === true;
}

const PHONE_PX = 600;

followVisibleHeight();
const root = document.querySelector("#root");
if (root !== null) {
  void Promise.all([loadTexts(), startRouting(ROUTES, NotFound)]).then(() =>
    createRoot(root).render(
      <StrictMode>
        <QueryClientProvider client={queryClient}>
          <TopBar />
          <Pages broken={<Broken />} />
          <Toasts />
        </QueryClientProvider>
      </StrictMode>,
    ),
  );
}
