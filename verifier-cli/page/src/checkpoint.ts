/** Signed tree heads: SPEC, Checkpoint. */
import { decodeBase64 } from "./base64.ts";
import { equal, type Bytes } from "./bytes.ts";
import { emptyRoot } from "./hash.ts";
import { isName, readNote, type Note } from "./note.ts";
import { demand, refuse } from "./refused.ts";

export interface Checkpoint extends Note {
  readonly origin: string;
  readonly size: bigint;
  readonly root: Bytes;
}

export function readCheckpoint(bytes: Bytes): Checkpoint {
  const note = readNote(bytes);
  const rows = note.text.slice(0, -1).split("\n");
  demand(rows.length >= 3, "checkpoint/truncated");
  demand(rows.length === 3, "checkpoint/extension-line");
  const [origin, decimal, base64] = rows as [string, string, string];
  demand(isName(origin), "checkpoint/origin");
  const size = readDecimal(decimal) ?? refuse("checkpoint/size");
  const root = decodeBase64(base64);
  demand(root?.length === 32, "checkpoint/root");
  demand(size !== 0n || equal(root, emptyRoot()), "checkpoint/empty-tree-root");
  return { ...note, origin, size, root };
}

/** A decimal number below 2^64 without leading zeros, or null. */
export function readDecimal(text: string): bigint | null {
  if (!/^(?:0|[1-9][0-9]{0,19})$/.test(text)) return null;
  const value = BigInt(text);
  return value < 1n << 64n ? value : null;
}
