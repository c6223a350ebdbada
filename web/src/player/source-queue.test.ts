import { beforeEach, expect, test } from "vitest";
import { timeRanges } from "../test/fake-video";
import { type Buffer, SourceQueue } from "./source-queue";

/** Takes one append at a time and refuses what a real source buffer refuses. */
class FakeBuffer extends EventTarget {
  updating = false;
  appended: number[] = [];
  removed: [number, number][] = [];
  ranges: [number, number][] = [];
  full = false;

  get buffered() {
    return timeRanges(this.ranges);
  }

  appendBuffer(bytes: BufferSource): void {
    if (this.updating) throw new DOMException("busy", "InvalidStateError");
    if (this.full) throw new DOMException("full", "QuotaExceededError");
    this.updating = true;
    this.appended.push(new Uint8Array(bytes as ArrayBuffer)[0] ?? -1);
  }

  remove(start: number, end: number): void {
    if (this.updating) throw new DOMException("busy", "InvalidStateError");
    this.updating = true;
    this.removed.push([start, end]);
    this.ranges = [[end, this.ranges[0]?.[1] ?? end]];
    this.full = false;
  }

  done(): void {
    this.updating = false;
    this.dispatchEvent(new Event("updateend"));
  }
}

let buffer: FakeBuffer;
let position: number;
let errors: string[];
let queue: SourceQueue;

beforeEach(() => {
  buffer = new FakeBuffer();
  position = 0;
  errors = [];
  queue = new SourceQueue(buffer as unknown as Buffer, () => position, { onError: (message) => errors.push(message) });
});

test("pieces are appended in order, one at a time", () => {
  for (const byte of [1, 2, 3]) queue.push(new Uint8Array([byte]));
  expect(buffer.appended).toEqual([1]);
  buffer.done();
  buffer.done();
  expect(buffer.appended).toEqual([1, 2, 3]);
});

test("what lies far behind the picture is taken out before the next piece goes in", () => {
  buffer.ranges = [[100, 125]];
  position = 124;
  queue.push(new Uint8Array([1]));
  expect(buffer.removed).toEqual([[100, 114]]);
  expect(buffer.appended).toEqual([]);
  buffer.done();
  expect(buffer.appended).toEqual([1]);
});

test("the last seconds before the picture stay", () => {
  buffer.ranges = [[100, 125]];
  position = 118;
  queue.push(new Uint8Array([1]));
  expect(buffer.removed).toEqual([]);
});

test("a full buffer gives up what was played and tries the same piece again", () => {
  buffer.ranges = [[100, 112]];
  position = 108;
  buffer.full = true;
  queue.push(new Uint8Array([7]));
  expect(buffer.removed).toEqual([[100, 107]]);
  buffer.done();
  expect(buffer.appended).toEqual([7]);
  expect(errors).toEqual([]);
});

test("a buffer full of data not played yet is an error, not an endless wait", () => {
  buffer.ranges = [[100, 160]];
  position = 100;
  buffer.full = true;
  queue.push(new Uint8Array([7]));
  expect(errors).toHaveLength(1);
});

test("a page that cannot keep up is told so instead of filling memory", () => {
  const megabyte = () => new Uint8Array(1024 * 1024);
  for (let i = 0; i < 40; i += 1) queue.push(megabyte());
  expect(errors).toHaveLength(1);
  expect(errors[0]).toContain("16777216");
});

test("undecodable data is reported once, and nothing is appended after it", () => {
  queue.push(new Uint8Array([1]));
  buffer.dispatchEvent(new Event("error"));
  buffer.done();
  queue.push(new Uint8Array([2]));
  expect(errors).toHaveLength(1);
  expect(buffer.appended).toEqual([1]);
});
