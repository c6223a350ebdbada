/** A small set of emoji, drawn by the device's own font. Arrow keys go through them. */

import { useRef, type KeyboardEvent } from "react";
import { t } from "../../i18n/app";
import styles from "./Room.module.css";

const GROUPS = [
  { name: "chat.emoji.faces", emoji: "😀 😂 🤣 😊 😍 🥰 😘 😎 🤩 🥳 😅 😉 🙂 🤔 😮 😱 😭 🥺 😴 🤯 😡 🙄 🤗 😇" },
  { name: "chat.emoji.hands", emoji: "👍 👎 👏 🙌 🙏 💪 👋 🤝 ✌️ 👌 🤞 🫶" },
  { name: "chat.emoji.hearts", emoji: "❤️ 🧡 💛 💚 💙 💜 💔 💯 🔥 ✨ 🎉 🎊 🏆 👑 🚀 ⭐" },
  { name: "chat.emoji.things", emoji: "🐱 🐶 🐼 🦊 🐰 🐯 🌸 🌈 ☕ 🍺 🍜 🧋 🎂 🎁 🎮 🎵" },
] as const;

export function EmojiPicker({ onPick }: { onPick: (emoji: string) => void }) {
  const menu = useRef<HTMLDivElement>(null);
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS }[event.key];
    if (step === undefined) return;
    const buttons = [...(menu.current?.querySelectorAll("button") ?? [])];
    const at = buttons.findIndex((button) => button === document.activeElement);
    event.preventDefault();
    buttons[Math.max(0, Math.min(buttons.length - 1, at + step))]?.focus();
  };
  return (
    <div ref={menu} id="emoji-menu" popover="auto" className={styles.emojiMenu} onKeyDown={onKeyDown}>
      {GROUPS.map(({ name, emoji }, group) => (
        <div key={name} role="group" aria-label={t(name)} className={styles.emojiGroup}>
          {emoji.split(" ").map((each, at) => (
            <button key={each} type="button" tabIndex={group === 0 && at === 0 ? 0 : -1} onClick={() => onPick(each)}>
              {each}
            </button>
          ))}
        </div>
      ))}
    </div>
  );
}

/** As many as the style sheet puts into a row. */
const COLUMNS = 8;
