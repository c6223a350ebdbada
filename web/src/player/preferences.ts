/** What a viewer set once and expects to find again on this device. */

export interface SoundPreference {
  volume: number;
  muted: boolean;
}

export function loadSound(): SoundPreference {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(SOUND_KEY) ?? "{}");
    if (typeof stored === "object" && stored !== null) {
      const { volume, muted } = stored as Partial<SoundPreference>;
      return {
        volume: typeof volume === "number" && volume >= 0 && volume <= 1 ? volume : 1,
        // Silent until the viewer has once asked for sound: nobody is startled.
        muted: muted !== false,
      };
    }
  } catch {
    // Storage switched off, or not ours: the defaults do.
  }
  return { volume: 1, muted: true };
}

export function saveSound(preference: SoundPreference): void {
  try {
    localStorage.setItem(SOUND_KEY, JSON.stringify(preference));
  } catch {
    // Private mode: it just will not be remembered.
  }
}

const SOUND_KEY = "weir.sound";
