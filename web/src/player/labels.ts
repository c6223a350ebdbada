/** Gives media-chrome its language. Loaded before its elements, which read it when they are made. */

import { setLanguage } from "media-chrome/dist/utils/i18n.js";
import "media-chrome/dist/lang/zh-CN.js";
import "media-chrome/dist/lang/zh-TW.js";
import type { Language } from "../i18n";

export function useLanguage(language: Language): void {
  setLanguage(language);
}
