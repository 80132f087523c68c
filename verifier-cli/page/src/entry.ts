/** What the log stores for a record: SPEC, Entry. */
import type { Bytes } from "./bytes.ts";
import { encode, Reader, type Read } from "./cbor.ts";
import { readDigest } from "./cose.ts";
import { demand } from "./refused.ts";

export const ENTRY_LENGTH = 79;

export interface Entry {
  readonly acceptedMs: bigint;
  readonly indexRoot: Bytes;
  /** The digest of the record. */
  readonly record: Bytes;
}

export const readAcceptedMs: Read<bigint> = (reader) => reader.uint(1n << 32n);

export function readEntry(bytes: Bytes): Entry {
  demand(bytes.length === ENTRY_LENGTH, "entry/length");
  const reader = Reader.over(bytes);
  reader.array(4, 4);
  reader.uint(1n, 1n);
  return { acceptedMs: readAcceptedMs(reader), indexRoot: readDigest(reader), record: readDigest(reader) };
}

export function encodeEntry({ acceptedMs, indexRoot, record }: Entry): Bytes {
  return encode([1, acceptedMs, indexRoot, record]);
}
