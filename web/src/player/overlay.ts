/** The card over the picture: what is the matter, why, and what to do about it. */

import { h, icon, setText, type IconName } from "../dom";
import { language, t, type Key } from "../i18n";
import { codecNames, protocolName } from "./protocols";
import type { Snapshot, State } from "./session";

export interface OverlayActions {
  retry(): void;
  play(): void;
}

type Action = keyof OverlayActions | "home";

interface Card {
  icon?: IconName;
  title: Key;
  text: string;
  action?: Action;
  label?: Key;
}

export interface Overlay {
  root: HTMLElement;
  show(snapshot: Snapshot): void;
}

export function createOverlay(actions: OverlayActions): Overlay {
  const sign = h("div", { class: "lp-sign" });
  const title = h("p", { class: "lp-title" });
  const text = h("p", { class: "lp-text" });
  const slot = h("div", { class: "lp-action" });
  const root = h(
    "div",
    { class: "lp-overlay" },
    h("div", { class: "lp-card", role: "status" }, sign, title, text),
    slot,
  );
  let shown = "";
  return {
    root,
    show(snapshot) {
      const card = cardFor(snapshot);
      root.hidden = card === undefined;
      // The same card again must not take the focus from its button.
      const key = JSON.stringify(card ?? null);
      if (card === undefined || key === shown) {
        shown = key;
        return;
      }
      shown = key;
      sign.replaceChildren(card.icon === undefined ? h("span", { class: "lp-spinner" }) : icon(card.icon));
      setText(title, t(card.title as "state.loading.title"));
      setText(text, card.text);
      slot.replaceChildren(...(card.action === undefined ? [] : [button(card.action, card.label, actions)]));
    },
  };
}

function button(action: Action, label: Key | undefined, actions: OverlayActions): HTMLElement {
  const words = t((label ?? "action.retry") as "action.retry");
  if (action === "home") return h("a", { class: "button button-light", href: "/" }, words);
  return h("button", { class: "button button-light", type: "button", onclick: () => actions[action]() }, words);
}

/** The words for a state; none while the picture speaks for itself. */
export function cardFor(snapshot: Snapshot): Card | undefined {
  const { cause, error, state } = snapshot;
  const cards: Record<State, () => Card | undefined> = {
    playing: () => undefined,
    paused: () => undefined,
    loading: () => ({ title: "state.loading.title", text: t("state.loading.text") }),
    blocked: () => ({
      icon: "play",
      title: "state.blocked.title",
      text: t("state.blocked.text"),
      action: "play",
      label: "action.play",
    }),
    "not-live": () => ({
      icon: "signal",
      title: "state.notLive.title",
      text: t("state.notLive.text"),
      action: "retry",
      label: "action.check",
    }),
    reconnecting: () => ({ title: "state.reconnecting.title", text: reconnectingText(cause), action: "retry" }),
    ended: () => ({
      icon: "stop",
      title: "state.ended.title",
      text: t("state.ended.text"),
      action: "home",
      label: "action.home",
    }),
    refused: () => ({ icon: "lock", title: "state.refused.title", text: t("state.refused.text"), action: "retry" }),
    unsupported: () => ({ icon: "alert", title: "state.unsupported.title", text: unsupportedText(snapshot), action: "retry" }),
    failed: () => ({
      icon: "alert",
      title: "state.failed.title",
      text: t("state.failed.text", { code: error?.code ?? "unknown" }),
      action: "home",
      label: "action.home",
    }),
  };
  return cards[state]();
}

function reconnectingText(cause: Snapshot["cause"]): string {
  switch (cause) {
    case "unreachable":
      return t("state.reconnecting.unreachable");
    case "stalled":
      return t("state.reconnecting.stalled");
    case "sources-failed":
      return t("state.reconnecting.sources");
    default:
      return t("state.reconnecting.gone");
  }
}

function unsupportedText({ rejected, tried }: Snapshot): string {
  const codecs = [...new Set(rejected.flatMap((rejection) => rejection.codecs))];
  const protocols = [...new Set([...rejected.map(({ protocol }) => protocol), ...tried.keys()])];
  const list = (items: string[]) => (items.length > 0 ? new Intl.ListFormat(language).format(items) : t("stats.none"));
  return t("state.unsupported.text", {
    codecs: list(codecs.map((codec) => `${codecNames([codec])} (${codec})`)),
    protocols: list(protocols.map(protocolName)),
  });
}
