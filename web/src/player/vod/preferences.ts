/** What a viewer chose for videos on this device. */

export interface VideoPreference {
  /** Lines of the picture to stay at; nothing: what the line carries. */
  height?: number | undefined;
  rate: number;
  /** Language of the captions; nothing: none. */
  captions?: string | undefined;
}

export const RATES = [0.5, 0.75, 1, 1.25, 1.5, 2] as const;
const KEY = "weir.video";

export function loadVideoPreference(): VideoPreference {
  try {
    const { height, rate, captions } = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<VideoPreference>;
    return {
      height: typeof height === "number" ? height : undefined,
      rate: RATES.some((each) => each === rate) ? (rate as number) : 1,
      captions: typeof captions === "string" ? captions : undefined,
    };
  } catch {
    return { rate: 1 };
  }
}

export function saveVideoPreference(preference: VideoPreference): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(preference));
  } catch {
    // No storage here: it holds until the page is left.
  }
}
