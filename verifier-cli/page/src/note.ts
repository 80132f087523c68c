/** Signed notes: SPEC, Checkpoint, the part about notes. */
import { concat, hex, textOf, utf8, type Bytes } from "./bytes.ts";
import { decodeAnyBase64, encodeBase64 } from "./base64.ts";
import { demand, refuse } from "./refused.ts";

const MAX_NOTE = 655_360;
const MAX_LINES = 64;

export interface NoteLine {
  readonly name: string;
  /** Of 4 bytes. */
  readonly keyId: Bytes;
  readonly blob: Bytes;
}

export interface Note {
  /** With its last newline. */
  readonly text: string;
  readonly lines: readonly NoteLine[];
}

export function readNote(bytes: Bytes): Note {
  demand(bytes.length <= MAX_NOTE, "note/too-long");
  const all = textOf(bytes) ?? refuse("note/not-utf8");
  demand(bytes.every((byte) => byte >= 0x20 || byte === 0x0a), "note/control-character");
  const end = all.lastIndexOf("\n\n");
  demand(end >= 0 && end + 2 < all.length, "note/no-signatures");
  demand(all.endsWith("\n"), "note/truncated");
  const rows = all.slice(end + 2, -1).split("\n");
  demand(rows.length <= MAX_LINES, "note/too-many-signatures");
  const note = { text: all.slice(0, end + 1), lines: readLines(rows) };
  demand(formatNote(note) === all, "note/not-canonical");
  return note;
}

function readLines(rows: readonly string[]): NoteLine[] {
  const seen = new Set<string>();
  return rows.map((row) => {
    const line = readLine(row);
    const name = `${line.name}+${hex(line.keyId)}`;
    demand(!seen.has(name), "note/duplicate-signature");
    seen.add(name);
    return line;
  });
}

function readLine(row: string): NoteLine {
  const [, name, base64] = /^\u2014 ([^ ]*) (.*)$/su.exec(row) ?? refuse("note/signature-line");
  demand(isKeyName(name!), "note/key-name");
  const bytes = decodeAnyBase64(base64!) ?? refuse("note/base64");
  demand(bytes.length > 4, "note/empty-signature");
  return { name: name!, keyId: bytes.subarray(0, 4), blob: bytes.subarray(4) };
}

/** Not empty, without white space and `+`. */
export function isKeyName(name: string): boolean {
  return name !== "" && !/[\p{White_Space}+]/u.test(name);
}

function formatNote({ text, lines }: Note): string {
  const format = ({ name, keyId, blob }: NoteLine) => `\u2014 ${name} ${encodeBase64(concat(keyId, blob))}\n`;
  return `${text}\n${lines.map(format).join("")}`;
}

/** Whether a name can be that of a log or of a witness's key. */
export function isName(name: string): boolean {
  return isKeyName(name) && utf8(name).length <= 255 && !/\p{Cc}/u.test(name);
}
