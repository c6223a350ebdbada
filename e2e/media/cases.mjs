// What is published and how it may be played: the rows and columns of the matrix.

/** Cases Debian's ffmpeg 5.1 can publish over RTMP. `wanted` are the tracks as ffprobe names them. */
export const LEGACY = [
  { file: "h264-aac.flv", wanted: { video: "h264", audio: "aac" } },
  { file: "h264-bframes-aac.flv", wanted: { video: "h264", audio: "aac" } },
  { file: "h264-mp3.flv", wanted: { video: "h264", audio: "mp3" } },
  { file: "video-only.flv", wanted: { video: "h264" } },
  { file: "audio-only.flv", wanted: { audio: "aac" } },
  { file: "vfr.flv", wanted: { video: "h264", audio: "aac" } },
];

/** Cases that need Enhanced RTMP, which `weir publish` speaks. `codecStrings` are what the server must call them. */
export const ENHANCED = [
  { file: "h265-aac.mp4", wanted: { video: "hevc", audio: "aac" }, codecStrings: [/^hvc1\.1\.6\.L\d+/, /^mp4a\.40\.2$/] },
  { file: "av1-opus.mp4", wanted: { video: "av1", audio: "opus" }, codecStrings: [/^av01\.0\.\d\dM\.08/, /^opus$/i] },
  { file: "vp9-opus.mp4", wanted: { video: "vp9", audio: "opus" }, codecStrings: [/^vp09\.00\.\d\d\.08/, /^opus$/i] },
  { file: "h264-ac3.mp4", wanted: { video: "h264", audio: "ac3" }, codecStrings: [/^avc1\.[0-9a-f]{6}$/i, /^ac-3$/] },
  { file: "h264-flac.mp4", wanted: { video: "h264", audio: "flac" }, codecStrings: [/^avc1\.[0-9a-f]{6}$/i, /^flac$/i] },
];

const IN_TS = new Set(["h264", "hevc", "aac", "mp3", "ac3"]);
/** HLS with TS segments is for players that know nothing newer; HEVC is only offered in fMP4 there. */
const IN_HLS_TS = new Set(["h264", "aac", "mp3", "ac3"]);
const IN_OLD_FLV = new Set(["h264", "aac", "mp3"]);

const every = (codecs) => (wanted) => Object.values(wanted).every((codec) => codecs.has(codec));
const any = () => true;

/**
 * Ways out. `address` of a stream path; `fits` says which codecs ffmpeg 5.1 can read there; `isTs`: whether payloads look as they do in
 * MPEG-TS (browsers refuse MP3 in MP4, so HLS falls back to it); `isCaptured`: a live body that the test reads itself and hands to ffprobe as a file.
 */
export const DELIVERIES = [
  { name: "http-flv", address: (weir, path) => `${weir.http}/${path}.flv`, fits: every(IN_OLD_FLV), isCaptured: true },
  { name: "ws-flv", address: (weir, path) => `${weir.ws}/${path}.flv`, fits: every(IN_OLD_FLV), isCaptured: true },
  { name: "rtmp", address: (weir, path) => `${weir.rtmp}/${path}`, fits: every(IN_OLD_FLV), input: ["-rtmp_live", "live"] },
  { name: "http-ts", address: (weir, path) => `${weir.http}/${path}.ts`, fits: every(IN_TS), isCaptured: true, isTs: () => true },
  { name: "http-fmp4", address: (weir, path) => `${weir.http}/${path}.mp4`, fits: any, isCaptured: true },
  { name: "ws-fmp4", address: (weir, path) => `${weir.ws}/${path}.mp4`, fits: any, isCaptured: true },
  { name: "hls-ts", address: (weir, path) => `${weir.http}/${path}/ts.m3u8`, fits: every(IN_HLS_TS), isTs: () => true, isSegmented: true },
  { name: "hls-fmp4", address: (weir, path) => `${weir.http}/${path}/fmp4.m3u8`, fits: any, isSegmented: true },
  { name: "hls", address: (weir, path) => `${weir.http}/${path}/index.m3u8`, fits: any, isSegmented: true, isTs: (wanted) => wanted.audio === "mp3" },
  { name: "dash", address: (weir, path) => `${weir.http}/${path}/index.mpd`, fits: any, isSegmented: true },
];
