/** Whether bytes are one item of deterministic CBOR: SPEC, Encoding. One pass, in reading order; the first fault counts. */
import { compare, textOf, type Bytes } from "../bytes.ts";
import { demand, refuse } from "../refused.ts";
import { isAssigned } from "../unicode.ts";
import { Major, readHead } from "./head.ts";

export const MAX_DEPTH = 16;

const MAX_NEGATIVE = 1n << 63n;
const BIDI_CONTROL = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
const PLAIN = /^[\x20-\x7e]*$/;

export function check(bytes: Bytes): void {
  const end = checkItem(bytes, 0, 0);
  demand(end === bytes.length, "cbor/trailing-bytes");
}

/** Checks the item at `at`, which lies in `depth` arrays and maps, and says where it ends. */
function checkItem(bytes: Bytes, at: number, depth: number): number {
  const { major, info, argument, end } = readHead(bytes, at);
  switch (major) {
    case Major.uint:
      return end;
    case Major.negative:
      demand(argument < MAX_NEGATIVE, "cbor/out-of-range");
      return end;
    case Major.bytes:
    case Major.text: {
      demand(argument <= BigInt(bytes.length - end), "cbor/truncated");
      const last = end + Number(argument);
      if (major === Major.text) checkText(bytes.subarray(end, last));
      return last;
    }
    case Major.array:
      demand(depth < MAX_DEPTH, "cbor/too-deep");
      return checkArray(bytes, end, argument, depth + 1);
    case Major.map:
      demand(depth < MAX_DEPTH, "cbor/too-deep");
      return checkMap(bytes, end, argument, depth + 1);
    case Major.tag:
      return refuse("cbor/tag");
    default:
      if (info >= 25 && info <= 27) refuse("cbor/float");
      demand(info >= 20 && info <= 22, "cbor/simple-value");
      return end;
  }
}

/** Nothing is allocated for the count: where bytes run out, so does the loop. */
function checkArray(bytes: Bytes, at: number, count: bigint, depth: number): number {
  for (let left = count; left > 0n; left--) at = checkItem(bytes, at, depth);
  return at;
}

function checkMap(bytes: Bytes, at: number, count: bigint, depth: number): number {
  let before: Bytes | null = null;
  for (let left = count; left > 0n; left--) {
    const end = checkItem(bytes, at, depth);
    const key = bytes.subarray(at, end);
    const order: number = before === null ? -1 : compare(before, key);
    demand(order !== 0, "cbor/duplicate-key");
    demand(order < 0, "cbor/unsorted-keys");
    before = key;
    at = checkItem(bytes, end, depth);
  }
  return at;
}

function checkText(bytes: Bytes): void {
  const text = textOf(bytes) ?? refuse("cbor/not-utf8");
  if (PLAIN.test(text)) return;
  demand(text.normalize("NFC") === text && !BIDI_CONTROL.test(text), "cbor/text");
  for (const character of text) {
    const codePoint = character.codePointAt(0)!;
    const isControl = codePoint < 0x20 || (codePoint >= 0x7f && codePoint < 0xa0);
    demand(character === "\n" || (!isControl && isAssigned(codePoint)), "cbor/text");
  }
}
