/** The head of a CBOR item: its kind, and the number that it has or counts. */
import type { Bytes } from "../bytes.ts";
import { demand } from "../refused.ts";

export const Major = { uint: 0, negative: 1, bytes: 2, text: 3, array: 4, map: 5, tag: 6, simple: 7 } as const;

export interface Head {
  readonly major: number;
  /** The additional information. */
  readonly info: number;
  readonly argument: bigint;
  /** Where the head ends. */
  readonly end: number;
}

export function readHead(bytes: Bytes, at: number): Head {
  demand(at < bytes.length, "cbor/truncated");
  const [major, info] = [bytes[at]! >> 5, bytes[at]! & 31];
  if (info < 24) return { major, info, argument: BigInt(info), end: at + 1 };
  demand(info !== 31, "cbor/indefinite-length");
  demand(info < 28, "cbor/reserved");
  const width = 1 << (info - 24);
  const end = at + 1 + width;
  demand(end <= bytes.length, "cbor/truncated");
  let argument = 0n;
  for (const byte of bytes.subarray(at + 1, end)) argument = (argument << 8n) | BigInt(byte);
  const smallest = width === 1 ? 24n : 1n << BigInt(4 * width);
  demand(major === Major.simple || argument >= smallest, "cbor/not-shortest");
  return { major, info, argument, end };
}
