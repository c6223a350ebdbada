/** How videos and messages over them play on this device; the players' own menus change the same. */

import { useState } from "react";
import { LANGUAGE_NAMES } from "../../i18n";
import { number, t } from "../../i18n/app";
import { loadSound, saveSound } from "../../player/preferences";
import { loadVideoPreference, RATES, saveVideoPreference, type VideoPreference } from "../../player/vod/preferences";
import { CheckField, SelectField } from "../parts/Field/Field";
import { Box, pageStyles } from "../parts/Page/Page";
import { toast } from "../parts/Toast/Toast";
import { loadLook, saveLook, type DanmakuLook } from "../room/danmaku";

const HEIGHTS = [2160, 1440, 1080, 720, 480, 360] as const;
const OPACITIES = [1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2] as const;

export function Playback() {
  const [video, setVideo] = useState(loadVideoPreference);
  const [look, setLook] = useState(loadLook);
  const [sound, setSound] = useState(loadSound);
  const change = (part: Partial<VideoPreference>) => {
    const next = { ...video, ...part };
    setVideo(next);
    saveVideoPreference(next);
    toast(t("saved"));
  };
  const changeLook = (part: Partial<DanmakuLook>) => {
    const next = { ...look, ...part };
    setLook(next);
    saveLook(next);
    toast(t("saved"));
  };
  const startMuted = (muted: boolean) => {
    const next = { ...sound, muted };
    setSound(next);
    saveSound(next);
    toast(t("saved"));
  };
  const languages: [string, string][] = Object.entries(LANGUAGE_NAMES);
  // What was chosen in a player may be a language these pages have no texts in.
  if (video.captions !== undefined && !(video.captions in LANGUAGE_NAMES)) languages.push([video.captions, video.captions]);
  return (
    <div className={pageStyles.stack}>
      <p className="hint">{t("playback.hint")}</p>
      <Box>
        <h2>{t("playback.videos")}</h2>
        <CheckField label={t("playback.muted")} checked={sound.muted} onChange={({ target }) => startMuted(target.checked)} />
        <SelectField label={t("playback.quality")} value={video.height ?? ""} onChange={({ target }) => change({ height: target.value === "" ? undefined : Number(target.value) })}>
          <option value="">{t("playback.quality.auto")}</option>
          {HEIGHTS.map((height) => (
            <option key={height} value={height}>
              {t("playback.quality.lines", { height })}
            </option>
          ))}
        </SelectField>
        <SelectField label={t("playback.speed")} value={video.rate} onChange={({ target }) => change({ rate: Number(target.value) })}>
          {RATES.map((rate) => (
            <option key={rate} value={rate}>
              {rate === 1 ? t("playback.speed.normal") : `${number(rate)}×`}
            </option>
          ))}
        </SelectField>
        <SelectField label={t("playback.captions")} value={video.captions ?? ""} onChange={({ target }) => change({ captions: target.value === "" ? undefined : target.value })}>
          <option value="">{t("playback.captions.off")}</option>
          {languages.map(([tag, name]) => (
            <option key={tag} value={tag}>
              {name}
            </option>
          ))}
        </SelectField>
      </Box>
      <Box>
        <h2>{t("playback.danmaku")}</h2>
        <CheckField label={t("danmaku.on")} checked={look.isOn} onChange={({ target }) => changeLook({ isOn: target.checked })} />
        <SelectField label={t("danmaku.opacity")} value={look.opacity} disabled={!look.isOn} onChange={({ target }) => changeLook({ opacity: Number(target.value) })}>
          {OPACITIES.map((opacity) => (
            <option key={opacity} value={opacity}>
              {`${Math.round(opacity * 100)} %`}
            </option>
          ))}
        </SelectField>
        <SelectField label={t("danmaku.area")} value={look.area} disabled={!look.isOn} onChange={({ target }) => changeLook({ area: Number(target.value) })}>
          <option value="0.25">{t("danmaku.area.quarter")}</option>
          <option value="0.5">{t("danmaku.area.half")}</option>
          <option value="1">{t("danmaku.area.all")}</option>
        </SelectField>
        <SelectField label={t("danmaku.speed")} value={look.crossS} disabled={!look.isOn} onChange={({ target }) => changeLook({ crossS: Number(target.value) })}>
          <option value="12">{t("danmaku.speed.slow")}</option>
          <option value="8">{t("danmaku.speed.middle")}</option>
          <option value="5">{t("danmaku.speed.fast")}</option>
        </SelectField>
      </Box>
    </div>
  );
}
