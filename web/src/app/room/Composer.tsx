/** Where one writes. Enter sends, but never while an input method is still composing. */

import { useEffect, useId, useRef, useState, type KeyboardEvent } from "react";
import { codeText } from "../api/errors";
import { t } from "../../i18n/app";
import { Button, IconButton } from "../parts/Button/Button";
import type { DanmakuLook } from "./danmaku";
import { DanmakuMenu } from "./DanmakuMenu";
import { EmojiPicker } from "./Emoji";
import { isComposing } from "./ime";
import { complete, meant, typedName } from "./mentions";
import styles from "./Room.module.css";
import type { RoomNow } from "./use-room";

const MESSAGE_CHARS_MAX = 500;
const SUGGESTED_MAX = 6;

export function Composer({ now, look, onLook }: { now: RoomNow; look: DanmakuLook; onLook: (look: DanmakuLook) => void }) {
  const [text, setText] = useState("");
  const [colour, setColour] = useState("#ffffff");
  const [mode, setMode] = useState("scroll");
  const [told, setTold] = useState<string>();
  const [isSending, setIsSending] = useState(false);
  const [typed, setTyped] = useState<string>();
  const [chosen, setChosen] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  const isJoined = now.link === "joined";
  const isLost = now.link === "lost" || now.link === "joining";
  const suggested = typed === undefined ? [] : meant(now.people, typed, SUGGESTED_MAX);
  useEffect(() => {
    if (now.refusal?.code === "silenced") setTold(codeText("silenced"));
  }, [now.refusal]);

  const send = async () => {
    const content = text.trim();
    if (content === "" || isSending || now.room === undefined) return;
    setIsSending(true);
    const refusal = await now.room.say(content, { colour, mode });
    setIsSending(false);
    if (refusal === undefined) {
      setText("");
      setTold(undefined);
    } else {
      const wait = refusal.retry_after_ms;
      setTold(wait ? t("chat.tooFast", { seconds: Math.ceil(wait / 1000) }) : codeText(refusal.code, refusal.message));
    }
    input.current?.focus();
  };
  const write = (next: string, caret: number) => {
    setText(next.slice(0, MESSAGE_CHARS_MAX));
    setTyped(undefined);
    requestAnimationFrame(() => {
      input.current?.focus();
      input.current?.setSelectionRange(caret, caret);
    });
  };
  const mention = (username: string) => {
    const next = complete(text, input.current?.selectionStart ?? text.length, username);
    write(next.text, next.caret);
  };
  const insert = (emoji: string) => {
    const at = input.current?.selectionStart ?? text.length;
    write(text.slice(0, at) + emoji + text.slice(at), at + emoji.length);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    if (isComposing(event.nativeEvent)) return;
    const person = suggested[chosen];
    if (person !== undefined && (event.key === "Enter" || event.key === "Tab")) mention(person.username);
    else if (person !== undefined && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      setChosen((chosen + (event.key === "ArrowDown" ? 1 : suggested.length - 1)) % suggested.length);
    } else if (person !== undefined && event.key === "Escape") setTyped(undefined);
    else if (event.key === "Enter") void send();
    else return;
    event.preventDefault();
  };
  return (
    <div className={styles.composer}>
      <p className={styles.told} role="alert" hidden={told === undefined}>
        {told}
      </p>
      {isLost && (
        <p className={styles.told} role="status">
          {now.link === "lost" ? t("chat.lost") : t("chat.joining")}
        </p>
      )}
      {suggested.length > 0 && (
        <ul id={id} role="listbox" aria-label={t("chat.mentions")} className={styles.suggested}>
          {suggested.map((person, at) => (
            // The input keeps the focus and works the list by its keys; the pointer chooses here.
            <li key={person.id} id={`${id}-${at}`} role="option" aria-selected={at === chosen} onPointerDown={(event) => event.preventDefault()} onClick={() => mention(person.username)}>
              <b>@{person.username}</b> {person.name !== person.username && person.name}
            </li>
          ))}
        </ul>
      )}
      <div className={styles.write}>
        <IconButton icon="danmaku" label={t("danmaku.settings")} popoverTarget="danmaku-menu" />
        <DanmakuMenu look={look} onLook={onLook} colour={colour} onColour={setColour} mode={mode} onMode={setMode} />
        <input
          ref={input}
          value={text}
          maxLength={MESSAGE_CHARS_MAX}
          role="combobox"
          aria-label={t("chat.write")}
          aria-autocomplete="list"
          aria-expanded={suggested.length > 0}
          aria-controls={suggested.length > 0 ? id : undefined}
          aria-activedescendant={suggested.length > 0 ? `${id}-${chosen}` : undefined}
          placeholder={now.slowSeconds > 0 ? t("chat.slow", { seconds: now.slowSeconds }) : t("chat.write")}
          enterKeyHint="send"
          autoComplete="off"
          onChange={(event) => {
            setText(event.target.value);
            setTyped(typedName(event.target.value, event.target.selectionStart ?? event.target.value.length));
            setChosen(0);
          }}
          onKeyDown={onKeyDown}
          onBlur={() => setTyped(undefined)}
        />
        <IconButton icon="smile" label={t("chat.emoji")} popoverTarget="emoji-menu" />
        <EmojiPicker onPick={insert} />
        <Button kind="main" icon="send" aria-label={t("chat.send")} busy={isSending || !isJoined || text.trim() === ""} onClick={() => void send()} />
      </div>
    </div>
  );
}
