/** The value of an opening as text. It was checked to be CBOR, and is whatever somebody sealed. */
import { hex, type Bytes } from "../bytes.ts";
import { readHead, Major } from "../cbor/head.ts";
import { Reader } from "../cbor.ts";

export function valueText(value: Bytes): string {
  return show(Reader.over(value));
}

function show(reader: Reader): string {
  const { major, argument } = readHead(reader.fork().raw(), 0);
  switch (major) {
    case Major.text:
      return reader.text();
    case Major.bytes:
      return hex(reader.byteString());
    case Major.uint:
    case Major.negative:
      return String(major === Major.uint ? reader.uint() : reader.int());
    case Major.array:
      return many(reader, reader.array(), show);
    case Major.map:
      return many(reader, reader.map(0, Infinity), (reader) => `${show(reader)}: ${show(reader)}`);
    default:
      reader.raw();
      return ["false", "true", "null"][Number(argument) - 20] ?? "";
  }
}

function many(reader: Reader, count: number, one: (reader: Reader) => string): string {
  return Array.from({ length: count }, () => one(reader)).filter((text) => text !== "").join(", ");
}
