/** Writing deterministic CBOR. What cannot be written in one way is not written at all. */
import { compare, concat, utf8, type Bytes } from "../bytes.ts";
import { check } from "./check.ts";
import { Major } from "./head.ts";

/** A value that the formats can hold. Numbers are integers. A map is given as pairs or, with text keys, as an object. */
export type Value = null | boolean | number | bigint | string | Bytes | readonly Value[] | Pairs | { readonly [key: string]: Value | undefined };

/** The pairs of a map with keys that are not text, in any order. */
export class Pairs {
  constructor(readonly pairs: readonly (readonly [Value, Value])[]) {}
}

/** The encoding, which passes `check`: text that the format refuses is refused here. */
export function encode(value: Value): Bytes {
  const bytes = write(value);
  check(bytes);
  return bytes;
}

function write(value: Value): Bytes {
  if (value === null) return Uint8Array.of(0xf6);
  if (typeof value === "boolean") return Uint8Array.of(value ? 0xf5 : 0xf4);
  if (typeof value === "number" || typeof value === "bigint") return writeInteger(BigInt(value));
  if (typeof value === "string") return withHead(Major.text, utf8(value));
  if (value instanceof Uint8Array) return withHead(Major.bytes, value);
  if (value instanceof Pairs) return writeMap(value.pairs);
  if (Array.isArray(value)) return concat(writeHead(Major.array, BigInt(value.length)), ...value.map(write));
  const pairs = Object.entries(value).filter((pair): pair is [string, Value] => pair[1] !== undefined);
  return writeMap(pairs);
}

function writeInteger(value: bigint): Bytes {
  return value >= 0n ? writeHead(Major.uint, value) : writeHead(Major.negative, -1n - value);
}

function withHead(major: number, content: Bytes): Bytes {
  return concat(writeHead(major, BigInt(content.length)), content);
}

function writeMap(pairs: readonly (readonly [Value, Value])[]): Bytes {
  const encoded = pairs.map(([key, value]) => ({ key: write(key), value: write(value) }));
  encoded.sort((a, b) => compare(a.key, b.key));
  return concat(writeHead(Major.map, BigInt(pairs.length)), ...encoded.flatMap(({ key, value }) => [key, value]));
}

function writeHead(major: number, argument: bigint): Bytes {
  if (argument < 24n) return Uint8Array.of((major << 5) | Number(argument));
  const info = [24, 25, 26, 27].find((info) => argument < 1n << BigInt(8 << (info - 24)));
  if (info === undefined) throw new RangeError("no such number");
  const head = new Uint8Array(1 + (1 << (info - 24)));
  head[0] = (major << 5) | info;
  for (let at = head.length - 1; at > 0; at--, argument >>= 8n) head[at] = Number(argument & 255n);
  return head;
}
