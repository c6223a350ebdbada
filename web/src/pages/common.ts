/** What both pages share: the language switch, copy buttons, polling that rests while nobody looks. */

import { copyText, h, icon } from "../dom";
import { LANGUAGE_NAMES, language, rememberLanguage, t, type Language } from "../i18n";

/** Sets the page's language and fills its language switch. */
export function startPage(): void {
  document.documentElement.lang = language;
  const select = document.querySelector<HTMLSelectElement>("#language");
  if (select === null) return;
  select.setAttribute("aria-label", "Language · 語言 · 语言");
  for (const [code, name] of Object.entries(LANGUAGE_NAMES)) {
    select.append(h("option", { value: code, selected: code === language, lang: code }, name));
  }
  select.addEventListener("change", () => {
    rememberLanguage(select.value as Language);
    const url = new URL(location.href);
    url.searchParams.set("lang", select.value);
    location.assign(url);
  });
}

/** A link inside the site that keeps a language chosen by hand. */
export function sitePath(path: string): string {
  const chosen = new URLSearchParams(location.search).get("lang");
  return chosen === null ? path : `${path}?lang=${encodeURIComponent(chosen)}`;
}

/** A button that copies what `value` gives and says so. */
export function copyButton(value: () => string, text: string, label?: string): HTMLButtonElement {
  const words = h("span", {}, text);
  const sign = h("span", { class: "button-icon" }, icon("copy"));
  const button = h("button", { class: "button", type: "button", "aria-label": label }, sign, words);
  let timer: ReturnType<typeof setTimeout> | undefined;
  button.addEventListener("click", () => {
    void copyText(value()).then((copied) => {
      clearTimeout(timer);
      words.textContent = copied ? t("action.copied") : t("action.copyFailed");
      sign.replaceChildren(icon(copied ? "check" : "alert"));
      timer = setTimeout(() => {
        words.textContent = text;
        sign.replaceChildren(icon("copy"));
      }, SHOWN_MS);
    });
  });
  return button;
}

/** An address or command with its copy button. */
export function copyRow(value: string, label: string): HTMLElement {
  return h("div", { class: "copy-row" }, h("code", { tabindex: "0" }, value), copyButton(() => value, t("action.copy"), label));
}

/** Calls `work` every `everyMs` while the page is visible, and at once when it becomes visible again. */
export function pollWhileVisible(work: () => Promise<void>, everyMs: number): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const run = async () => {
    clearTimeout(timer);
    if (document.hidden) return;
    await work();
    clearTimeout(timer);
    timer = setTimeout(() => void run(), everyMs);
  };
  document.addEventListener("visibilitychange", () => void run());
  timer = setTimeout(() => void run(), everyMs);
}

const SHOWN_MS = 2_000;
