import { expect, test } from "vitest";
import { h264First } from "./whip";

test("H.264 is offered first, and the others keep their order", () => {
  const codecs = ["video/VP8", "video/rtx", "video/H264", "video/AV1", "video/H264"].map((mimeType) => ({ mimeType }));
  expect(h264First(codecs).map(({ mimeType }) => mimeType)).toEqual(["video/H264", "video/H264", "video/VP8", "video/rtx", "video/AV1"]);
});
