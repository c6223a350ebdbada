import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiError, type PlayInfo } from "../api";
import { FakeVideo } from "../test/fake-video";
import { browser, playInfo } from "../test/play-info";
import type { EngineContext } from "./engines/engine";
import { Session, type State } from "./session";

interface StageOptions {
  answer?: PlayInfo | ApiError;
  preferred?: string;
  unsupported?: string[];
}

/** A session with a server and engines that do what the test says. */
class Stage {
  readonly video = new FakeVideo();
  /** What the server answers now. */
  answer: PlayInfo | ApiError;
  asked = 0;
  started: EngineContext[] = [];
  destroyed = 0;
  stills = 0;
  muted = 0;
  states: State[] = [];
  session: Session;

  constructor({ answer, preferred, unsupported = [] }: StageOptions) {
    this.answer = answer ?? playInfo(["http-flv", "ws-flv", "hls"]);
    this.session = new Session(
      {
        video: this.video as unknown as HTMLVideoElement,
        support: browser(unsupported),
        ask: async () => {
          this.asked += 1;
          if (this.answer instanceof ApiError) throw this.answer;
          return this.answer;
        },
        load: async () => (context) => {
          this.started.push(context);
          return { keepsLiveEdge: false, receivedBytes: () => 0, destroy: () => (this.destroyed += 1) };
        },
        resolve: (source) => source.url,
        onChange: ({ state }) => {
          if (this.states.at(-1) !== state) this.states.push(state);
        },
        onFirstFrame: () => {},
        onTeardown: () => (this.stills += 1),
        onMuted: () => (this.muted += 1),
      },
      preferred,
    );
  }

  get engine(): EngineContext {
    const engine = this.started.at(-1);
    if (engine === undefined) throw new Error("no engine was started");
    return engine;
  }

  get tried(): string[] {
    return this.started.map(({ source }) => source.protocol);
  }

  get state(): State {
    return this.session.current.state;
  }

  /** Lets the picture run for `seconds`. */
  async play(seconds: number): Promise<void> {
    for (let i = 0; i < seconds * 4; i += 1) {
      this.video.ranges = [[0, this.video.currentTime + 0.5]];
      this.video.moveTo(this.video.currentTime + 0.25);
      await vi.advanceTimersByTimeAsync(250);
    }
  }
}

const gone = new ApiError(404, "stream_not_found", "");
const down = new ApiError(0, "unreachable", "");
let stage: Stage;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  stage.session.destroy();
  vi.useRealTimers();
});

async function open(options: StageOptions = {}): Promise<void> {
  stage = new Stage(options);
  await vi.advanceTimersByTimeAsync(0);
}

test("plays the server's first choice", async () => {
  await open();
  expect(stage.state).toBe("loading");
  await stage.play(1);
  expect(stage.tried).toEqual(["http-flv"]);
  expect(stage.state).toBe("playing");
});

test("plays the line asked for", async () => {
  await open({ preferred: "hls" });
  expect(stage.tried).toEqual(["hls"]);
});

test("a source that fails is followed by the next", async () => {
  await open();
  stage.engine.onFailure("network", "refused");
  await vi.advanceTimersByTimeAsync(0);
  expect(stage.tried).toEqual(["http-flv", "ws-flv"]);
  expect(stage.session.current.tried.get("http-flv")).toBe("refused");
  await stage.play(1);
  expect(stage.state).toBe("playing");
});

test("a source that shows no picture in time is followed by the next", async () => {
  await open();
  await vi.advanceTimersByTimeAsync(8_000);
  expect(stage.tried).toEqual(["http-flv", "ws-flv"]);
});

test("a late word from a source given up changes nothing", async () => {
  await open();
  const first = stage.engine;
  first.onFailure("network", "refused");
  await vi.advanceTimersByTimeAsync(0);
  first.onFailure("network", "refused again");
  first.onEnd();
  await vi.advanceTimersByTimeAsync(0);
  expect(stage.tried).toEqual(["http-flv", "ws-flv"]);
});

test("when every source fails it says so, waits, and tries again", async () => {
  await open();
  for (let i = 0; i < 3; i += 1) {
    stage.engine.onFailure("network", "refused");
    await vi.advanceTimersByTimeAsync(0);
  }
  expect(stage.state).toBe("reconnecting");
  expect(stage.session.current.cause).toBe("sources-failed");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(stage.tried).toHaveLength(4);
});

test("a stream that is not live is asked for until it is", async () => {
  await open({ answer: gone });
  expect(stage.state).toBe("not-live");
  await vi.advanceTimersByTimeAsync(20_000);
  expect(stage.started).toEqual([]);
  stage.answer = playInfo(["http-flv"]);
  await vi.advanceTimersByTimeAsync(5_000);
  await stage.play(1);
  expect(stage.state).toBe("playing");
});

test("plays again within 8 s after a server comes back, without a reload", async () => {
  await open();
  await stage.play(10);
  stage.answer = down;
  stage.engine.onFailure("network", "connection lost");
  await vi.advanceTimersByTimeAsync(10_000);
  expect(stage.state).toBe("reconnecting");
  expect(stage.session.current.cause).toBe("unreachable");
  expect(stage.stills).toBe(1);
  stage.answer = playInfo(["http-flv"]);
  const before = stage.started.length;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(stage.started.length).toBe(before + 1);
  await stage.play(1);
  expect(stage.state).toBe("playing");
});

test("a stream gone for long has ended, and plays again if it returns", async () => {
  await open();
  await stage.play(10);
  stage.answer = gone;
  stage.engine.onEnd();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(stage.state).toBe("reconnecting");
  await vi.advanceTimersByTimeAsync(40_000);
  expect(stage.state).toBe("ended");
  stage.answer = playInfo(["http-flv"]);
  await vi.advanceTimersByTimeAsync(6_000);
  await stage.play(1);
  expect(stage.state).toBe("playing");
});

test("a picture that stands still is shown as such and connected anew", async () => {
  await open();
  await stage.play(10);
  await vi.advanceTimersByTimeAsync(4_000);
  expect(stage.state).toBe("reconnecting");
  expect(stage.session.current.cause).toBe("stalled");
  await vi.advanceTimersByTimeAsync(5_000);
  expect(stage.tried).toEqual(["http-flv", "http-flv"]);
});

test("a stream held for its publisher is waited for on the open connection", async () => {
  await open();
  await stage.play(10);
  stage.answer = { ...playInfo(["http-flv"]), is_live: false };
  await vi.advanceTimersByTimeAsync(20_000);
  expect(stage.state).toBe("reconnecting");
  expect(stage.tried).toEqual(["http-flv"]);
  await stage.play(1);
  expect(stage.state).toBe("playing");
});

test("a source the browser chokes on in mid-stream is not the first to be tried again", async () => {
  await open();
  await stage.play(10);
  stage.engine.onFailure("media", "decode error");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(stage.tried).toEqual(["http-flv", "ws-flv"]);
});

test("refused stays refused until the viewer tries again", async () => {
  await open({ answer: new ApiError(403, "play_refused", "") });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(stage.state).toBe("refused");
  expect(stage.asked).toBe(1);
  stage.answer = playInfo(["http-flv"]);
  stage.session.retry();
  await stage.play(1);
  expect(stage.state).toBe("playing");
});

test("a codec the browser lacks is said with the lines that were considered", async () => {
  await open({ unsupported: ["avc1"] });
  expect(stage.state).toBe("unsupported");
  expect(stage.session.current.rejected.map(({ protocol }) => protocol)).toEqual(["http-flv", "ws-flv", "hls"]);
  expect(stage.started).toEqual([]);
});

test("a browser that forbids sound plays in silence", async () => {
  stage = new Stage({});
  stage.video.refusal = new DOMException("no", "NotAllowedError");
  await vi.advanceTimersByTimeAsync(0);
  expect(stage.video.muted).toBe(true);
  expect(stage.muted).toBe(1);
  await stage.play(1);
  expect(stage.state).toBe("playing");
});

test("a browser that forbids even that asks for a tap, and does not give up the source", async () => {
  stage = new Stage({});
  stage.video.refusal = new DOMException("no", "NotAllowedError");
  stage.video.refusesSilent = true;
  await vi.advanceTimersByTimeAsync(30_000);
  expect(stage.state).toBe("blocked");
  expect(stage.tried).toEqual(["http-flv"]);
  stage.video.refusal = undefined;
  await stage.video.play();
  await stage.play(1);
  expect(stage.state).toBe("playing");
});

test("a long pause stops the download, and play connects anew", async () => {
  await open();
  await stage.play(5);
  stage.video.pause();
  expect(stage.state).toBe("paused");
  await vi.advanceTimersByTimeAsync(20_000);
  expect(stage.destroyed).toBe(1);
  expect(stage.state).toBe("paused");
  await stage.video.play();
  await vi.advanceTimersByTimeAsync(0);
  expect(stage.tried).toEqual(["http-flv", "http-flv"]);
});

test("a paused viewer is not pulled back in when the stream drops", async () => {
  await open();
  await stage.play(5);
  stage.video.pause();
  stage.engine.onEnd();
  await vi.advanceTimersByTimeAsync(30_000);
  expect(stage.state).toBe("paused");
  expect(stage.tried).toEqual(["http-flv"]);
});

test("a gap in the stream's clock is skipped", async () => {
  await open();
  await stage.play(2);
  stage.video.ranges = [
    [0, stage.video.currentTime],
    [100, 102],
  ];
  await vi.advanceTimersByTimeAsync(250);
  expect(stage.video.currentTime).toBeCloseTo(100.01);
});

test("far behind live it jumps ahead", async () => {
  await open();
  await stage.play(2);
  stage.video.ranges = [[0, 60]];
  // The old, short readings have to leave the window first.
  for (let i = 0; i < 16; i += 1) {
    stage.video.moveTo(stage.video.currentTime + 0.25);
    await vi.advanceTimersByTimeAsync(250);
  }
  expect(stage.video.currentTime).toBeGreaterThan(50);
});
