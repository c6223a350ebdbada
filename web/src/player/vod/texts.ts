/** The words of the video player; they come with it. */

import { fill, language, type Language } from "../../i18n";

const en = {
  settings: "Settings",
  quality: "Quality",
  auto: "Automatic",
  autoNow: "Automatic ({height}p)",
  speed: "Speed",
  normal: "Normal",
  captions: "Captions",
  off: "Off",
  theatre: "Wide view",
  loading: "Loading…",
  failed: "The video does not play",
  network: "The connection is down. It goes on by itself as soon as the server answers.",
  unsupported: "This browser cannot decode the video. Try another one, or wait until the other qualities are ready.",
  expired: "The permission to watch has ended. Reload the page.",
  retry: "Try again",
  play: "Play",
  resumed: "Resumed at {time}",
  fromStart: "From the start",
  unmute: "Turn on sound",
};

type Texts = Record<keyof typeof en, string>;

const TEXTS: Readonly<Record<Language, Texts>> = {
  en,
  "zh-TW": {
    settings: "設定",
    quality: "畫質",
    auto: "自動",
    autoNow: "自動（{height}p）",
    speed: "播放速度",
    normal: "正常",
    captions: "字幕",
    off: "關閉",
    theatre: "寬螢幕",
    loading: "載入中…",
    failed: "影片無法播放",
    network: "連線中斷了，恢復後會自動繼續播放。",
    unsupported: "這個瀏覽器無法解碼這部影片，請換一個瀏覽器，或等其他畫質轉檔完成。",
    expired: "觀看權限已過期，請重新整理頁面。",
    retry: "再試一次",
    play: "播放",
    resumed: "從 {time} 繼續播放",
    fromStart: "從頭播放",
    unmute: "開啟聲音",
  },
  "zh-CN": {
    settings: "设置",
    quality: "清晰度",
    auto: "自动",
    autoNow: "自动（{height}p）",
    speed: "播放速度",
    normal: "正常",
    captions: "字幕",
    off: "关闭",
    theatre: "宽屏",
    loading: "加载中…",
    failed: "视频无法播放",
    network: "连接中断了，恢复后会自动继续播放。",
    unsupported: "这个浏览器无法解码该视频，请换一个浏览器，或等其他清晰度转码完成。",
    expired: "观看权限已过期，请刷新页面。",
    retry: "再试一次",
    play: "播放",
    resumed: "从 {time} 继续播放",
    fromStart: "从头播放",
    unmute: "打开声音",
  },
};

export function words(key: keyof Texts, values?: Record<string, string | number>): string {
  return fill(TEXTS[language][key], values);
}
