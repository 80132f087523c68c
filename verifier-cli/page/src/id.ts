/** Ids of subjects, and origins: SPEC, Subject ids. */
import type { Reader } from "./cbor.ts";
import { demand } from "./refused.ts";

export type Kind = "agency" | "custodian" | "item" | "ledger" | "notes" | "request";
export type SubjectId = string;

const UUID = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";
const ORIGIN = "[!-*,-~]{1,255}";
const SUBJECT = new RegExp(`^(?:(?:agency|custodian|item|notes|request):${UUID}|ledger:${ORIGIN})$`);
const IS_ORIGIN = new RegExp(`^${ORIGIN}$`);

export function isOrigin(text: string): boolean {
  return IS_ORIGIN.test(text);
}

export function isId(text: string, kind?: Kind): boolean {
  return SUBJECT.test(text) && (kind === undefined || kindOf(text) === kind);
}

export function kindOf(id: SubjectId): Kind {
  return id.slice(0, id.indexOf(":")) as Kind;
}

/** The notes of an item, or the item of notes: the one UUID under another kind. */
export function sibling(id: SubjectId, kind: "item" | "notes"): SubjectId {
  return kind + id.slice(id.indexOf(":"));
}

/** An id of this kind, or of any. */
export function readId(kind?: Kind): (reader: Reader) => SubjectId {
  return (reader) => {
    const text = reader.text();
    demand(isId(text, kind), "cbor/out-of-range");
    return text;
  };
}
