/** How messages over the picture look: here for everybody's, and the colour and place of one's own. */

import { t } from "../../i18n/app";
import { CheckField } from "../parts/Field/Field";
import type { DanmakuLook } from "./danmaku";
import styles from "./Room.module.css";

export const COLOURS = ["#ffffff", "#ffd54a", "#ff8a80", "#80d8ff", "#b9f6ca", "#ea80fc"] as const;

export function DanmakuMenu({
  look,
  onLook,
  colour,
  onColour,
  mode,
  onMode,
}: {
  look: DanmakuLook;
  onLook: (look: DanmakuLook) => void;
  /** Colour and place of one's own messages, where one can write some. */
  colour?: string;
  onColour?: (colour: string) => void;
  mode?: string;
  onMode?: (mode: string) => void;
}) {
  return (
    <div id="danmaku-menu" popover="auto" className={styles.danmakuMenu}>
      <CheckField label={t("danmaku.on")} checked={look.isOn} onChange={(event) => onLook({ ...look, isOn: event.target.checked })} />
      <label>
        <span>{t("danmaku.opacity")}</span>
        <input type="range" min="0.2" max="1" step="0.1" value={look.opacity} onChange={(event) => onLook({ ...look, opacity: Number(event.target.value) })} />
      </label>
      <label>
        <span>{t("danmaku.area")}</span>
        <select value={look.area} onChange={(event) => onLook({ ...look, area: Number(event.target.value) })}>
          <option value="0.25">{t("danmaku.area.quarter")}</option>
          <option value="0.5">{t("danmaku.area.half")}</option>
          <option value="1">{t("danmaku.area.all")}</option>
        </select>
      </label>
      <label>
        <span>{t("danmaku.speed")}</span>
        <select value={look.crossS} onChange={(event) => onLook({ ...look, crossS: Number(event.target.value) })}>
          <option value="12">{t("danmaku.speed.slow")}</option>
          <option value="8">{t("danmaku.speed.middle")}</option>
          <option value="5">{t("danmaku.speed.fast")}</option>
        </select>
      </label>
      {onMode !== undefined && onColour !== undefined && (
        <>
          <hr />
          <label>
            <span>{t("danmaku.place")}</span>
            <select value={mode} onChange={(event) => onMode(event.target.value)}>
              <option value="scroll">{t("danmaku.place.scroll")}</option>
              <option value="top">{t("danmaku.place.top")}</option>
              <option value="bottom">{t("danmaku.place.bottom")}</option>
            </select>
          </label>
          <fieldset>
            <legend>{t("danmaku.colour")}</legend>
            {COLOURS.map((each) => (
              <label key={each} className={styles.colour} style={{ background: each }}>
                <input type="radio" name="colour" value={each} checked={colour === each} aria-label={each} onChange={() => onColour(each)} />
              </label>
            ))}
          </fieldset>
        </>
      )}
    </div>
  );
}
