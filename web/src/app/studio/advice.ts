/** What the server says about a stream, in the host's language. What it says newly is passed on as it is. Pure. */

import { t } from "../../i18n/app";

export function adviceText(sentence: string): string {
  for (const [pattern, words] of KNOWN) {
    const found = pattern.exec(sentence);
    if (found !== null) return words(found);
  }
  return sentence;
}

const KNOWN: readonly (readonly [RegExp, (found: RegExpExecArray) => string])[] = [
  [/^Keyframe interval is (\d+) s/, ([, seconds = ""]) => t("advice.keyframes", { seconds })],
  [/^No picture comes in/, () => t("advice.noPicture")],
  [/^No sound comes in/, () => t("advice.noSound")],
  [/^The sound is MP3/, () => t("advice.mp3")],
  [/^(\d+) packets of the last seconds/, ([, count = ""]) => t("advice.dropped", { count })],
  [/^The sound is (\d+) ms ahead/, ([, ms = ""]) => t("advice.soundAhead", { ms })],
  [/^The sound is (\d+) ms behind/, ([, ms = ""]) => t("advice.soundBehind", { ms })],
  [/^Only (\d+) of (\d+) pictures/, ([, now = "", usual = ""]) => t("advice.frameRate", { now, usual })],
  [/^The bitrate fell/, () => t("advice.bitrate")],
];
