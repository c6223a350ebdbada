/**
 * Which lane a message over the picture runs in. A lane is free for the next one when the last has wholly come in and
 * the next cannot catch up with it. When none is free the message is not shown: the picture matters more. Pure.
 */

export class Lanes {
  /** Per lane: when the last one has come in, and when it will be gone. */
  private readonly lanes: { inAt: number; goneAt: number }[];

  constructor(count: number) {
    this.lanes = Array.from({ length: count }, () => ({ inAt: 0, goneAt: 0 }));
  }

  /** A lane for a message of `width` on a picture of `pictureWidth`, crossing in `crossMs`; nothing when all are taken. */
  take(now: number, width: number, pictureWidth: number, crossMs: number): number | undefined {
    const speed = (pictureWidth + width) / crossMs;
    const reachesEndAt = now + pictureWidth / speed;
    const lane = this.lanes.findIndex(({ inAt, goneAt }) => inAt <= now && goneAt <= reachesEndAt);
    if (lane < 0) return undefined;
    this.lanes[lane] = { inAt: now + (width + GAP_PX) / speed, goneAt: now + crossMs };
    return lane;
  }

  /** A lane for one that stands still until `untilMs`. */
  hold(now: number, untilMs: number): number | undefined {
    const lane = this.lanes.findIndex(({ goneAt }) => goneAt <= now);
    if (lane < 0) return undefined;
    this.lanes[lane] = { inAt: untilMs, goneAt: untilMs };
    return lane;
  }
}

const GAP_PX = 24;
