/** How players behave on this device. */

import { useState } from "react";
import { t } from "../../i18n/app";
import { loadSound, saveSound } from "../../player/preferences";
import { loadVideoPreference, RATES, saveVideoPreference, type VideoPreference } from "../../player/vod/preferences";
import { CheckField, SelectField } from "../parts/Field/Field";
import { Box } from "../parts/Page/Page";
import { loadLook, saveLook, type DanmakuLook } from "../room/danmaku";

const HEIGHTS = [360, 480, 720, 1080] as const;

export function Playback() {
  const [sound, setSound] = useState(loadSound);
  const [video, setVideo] = useState(loadVideoPreference);
  const [look, setLook] = useState(loadLook);
  const changeVideo = (change: Partial<VideoPreference>) => {
    const next = { ...video, ...change };
    setVideo(next);
    saveVideoPreference(next);
  };
  const changeLook = (change: Partial<DanmakuLook>) => {
    const next = { ...look, ...change };
    setLook(next);
    saveLook(next);
  };
  return (
    <>
      <p className="hint">{t("settings.device")}</p>
      <Box>
        <h2>{t("settings.player")}</h2>
        <CheckField
          label={t("settings.muted")}
          checked={sound.muted}
          onChange={(event) => {
            const next = { ...sound, muted: event.target.checked };
            setSound(next);
            saveSound(next);
          }}
        />
        <SelectField label={t("settings.height")} hint={t("settings.heightHint")} value={video.height ?? ""} onChange={(event) => changeVideo({ height: Number(event.target.value) || undefined })}>
          <option value="">{t("settings.heightAuto")}</option>
          {HEIGHTS.map((height) => (
            <option key={height} value={height}>
              {height}p
            </option>
          ))}
        </SelectField>
        <SelectField label={t("settings.rate")} value={video.rate} onChange={(event) => changeVideo({ rate: Number(event.target.value) })}>
          {RATES.map((rate) => (
            <option key={rate} value={rate}>
              {rate}×
            </option>
          ))}
        </SelectField>
      </Box>
      <Box>
        <h2>{t("danmaku.settings")}</h2>
        <CheckField label={t("danmaku.on")} checked={look.isOn} onChange={(event) => changeLook({ isOn: event.target.checked })} />
        <SelectField label={t("danmaku.opacity")} value={look.opacity} onChange={(event) => changeLook({ opacity: Number(event.target.value) })}>
          {[0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1].map((opacity) => (
            <option key={opacity} value={opacity}>
              {Math.round(opacity * 100)} %
            </option>
          ))}
        </SelectField>
        <SelectField label={t("danmaku.area")} value={look.area} onChange={(event) => changeLook({ area: Number(event.target.value) })}>
          <option value="0.25">{t("danmaku.area.quarter")}</option>
          <option value="0.5">{t("danmaku.area.half")}</option>
          <option value="1">{t("danmaku.area.all")}</option>
        </SelectField>
        <SelectField label={t("danmaku.speed")} value={look.crossS} onChange={(event) => changeLook({ crossS: Number(event.target.value) })}>
          <option value="12">{t("danmaku.speed.slow")}</option>
          <option value="8">{t("danmaku.speed.middle")}</option>
          <option value="5">{t("danmaku.speed.fast")}</option>
        </SelectField>
      </Box>
    </>
  );
}
