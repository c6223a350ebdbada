/** Where one writes. Enter sends, but never while an input method is still composing. */

import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { codeText } from "../api/errors";
import { t } from "../../i18n/app";
import { Button, IconButton } from "../parts/Button/Button";
import type { DanmakuLook } from "./danmaku";
import { DanmakuMenu } from "./DanmakuMenu";
import { isComposing } from "./ime";
import styles from "./Room.module.css";
import type { RoomNow } from "./use-room";

const MESSAGE_CHARS_MAX = 500;

export function Composer({ now, look, onLook }: { now: RoomNow; look: DanmakuLook; onLook: (look: DanmakuLook) => void }) {
  const [text, setText] = useState("");
  const [colour, setColour] = useState("#ffffff");
  const [mode, setMode] = useState("scroll");
  const [told, setTold] = useState<string>();
  const [isSending, setIsSending] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const isJoined = now.link === "joined";
  const isLost = now.link === "lost" || now.link === "joining";
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
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key !== "Enter" || isComposing(event.nativeEvent)) return;
    event.preventDefault();
    void send();
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
      <div className={styles.write}>
        <IconButton
          icon="danmaku"
          label={t("danmaku.settings")}
          popoverTarget="danmaku-menu"
        />
        <DanmakuMenu look={look} onLook={onLook} colour={colour} onColour={setColour} mode={mode} onMode={setMode} />
        <input
          ref={input}
          value={text}
          maxLength={MESSAGE_CHARS_MAX}
          aria-label={t("chat.write")}
          placeholder={now.slowSeconds > 0 ? t("chat.slow", { seconds: now.slowSeconds }) : t("chat.write")}
          enterKeyHint="send"
          autoComplete="off"
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKeyDown}
        />
        <Button kind="main" icon="send" aria-label={t("chat.send")} busy={isSending || !isJoined || text.trim() === ""} onClick={() => void send()} />
      </div>
    </div>
  );
}
