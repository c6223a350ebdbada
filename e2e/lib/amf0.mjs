// AMF0 as far as RTMP commands need it: numbers, booleans, strings, objects, null.

export function encodeAmf0(values) {
  return Buffer.concat(values.map(encode));
}

function encode(value) {
  if (typeof value === "number") {
    const out = Buffer.alloc(9);
    out.writeDoubleBE(value, 1);
    return out;
  }
  if (typeof value === "boolean") return Buffer.from([1, value ? 1 : 0]);
  if (typeof value === "string") return Buffer.concat([Buffer.from([2]), name(value)]);
  if (value === null) return Buffer.from([5]);
  const members = Object.entries(value).flatMap(([key, member]) => [name(key), encode(member)]);
  return Buffer.concat([Buffer.from([3]), ...members, Buffer.from([0, 0, 9])]);
}

function name(text) {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** All values of a message. */
export function decodeAmf0(bytes) {
  const reader = { bytes, at: 0 };
  const values = [];
  while (reader.at < bytes.length) values.push(decode(reader));
  return values;
}

function decode(reader) {
  const marker = reader.bytes[reader.at++];
  switch (marker) {
    case 0:
      return reader.bytes.readDoubleBE((reader.at += 8) - 8);
    case 1:
      return reader.bytes[reader.at++] !== 0;
    case 2:
      return text(reader);
    case 8:
      reader.at += 4;
      return members(reader);
    case 3:
      return members(reader);
    case 5:
    case 6:
      return null;
    case 10: {
      const count = reader.bytes.readUInt32BE((reader.at += 4) - 4);
      return Array.from({ length: count }, () => decode(reader));
    }
    default:
      throw new Error(`AMF0 marker ${marker}`);
  }
}

function text(reader) {
  const length = reader.bytes.readUInt16BE((reader.at += 2) - 2);
  return reader.bytes.toString("utf8", reader.at, (reader.at += length));
}

function members(reader) {
  const object = {};
  for (;;) {
    const key = text(reader);
    if (key === "" && reader.bytes[reader.at] === 9) {
      reader.at += 1;
      return object;
    }
    object[key] = decode(reader);
  }
}
