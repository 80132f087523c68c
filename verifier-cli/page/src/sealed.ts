/** Openings and what they must fit: SPEC, Sealed fields. */
import { concat, equal, type Bytes } from "./bytes.ts";
import { check, encode, Reader, type Value } from "./cbor.ts";
import { sha256 } from "./hash.ts";
import { readDigests, type Digest } from "./record/field.ts";
import type { Payload } from "./record/payload.ts";
import { demand } from "./refused.ts";

export const MAX_OPENING = 16_384;

/** A sealed field's salt and value. */
export interface Opened {
  readonly field: string;
  readonly salt: Bytes;
  /** CBOR that nobody has checked yet. */
  readonly value: Bytes;
}

/** The commitments of a record by the names of their fields, attachments among them. */
export function commitments({ sealed, attached }: Payload): Map<string, Bytes> {
  const documents = attached.map(({ commitment }, at) => [`attached/${at}`, commitment] as const);
  return new Map([...sealed, ...documents]);
}

/** Seals a value under a salt of 16 random bytes, fresh for every field of every record. */
export function seal(field: string, value: Value, salt: Bytes): Opened & { readonly commitment: Bytes } {
  if (salt.length !== 16) throw new RangeError("a salt has 16 bytes");
  const opened = { field, salt, value: encode(value) };
  return { ...opened, commitment: commitmentOf(opened) };
}

export function commitmentOf({ salt, field, value }: Opened): Bytes {
  const head = Uint8Array.of(0x83);
  return sha256(concat(head, encode(salt), encode(field), value));
}

export function checkOpening(opened: Opened, payload: Payload): void {
  demand(opened.value.length <= MAX_OPENING, "opening/oversize");
  check(opened.value);
  const commitment = commitments(payload).get(opened.field);
  demand(commitment !== undefined, "opening/no-such-field");
  demand(equal(commitmentOf(opened), commitment), "opening/mismatch");
}

/** The digests in the value of a field `digests`. */
export function readOpenedDigests(value: Bytes): Digest[] {
  return Reader.read(value, readDigests);
}
