/** Records: SPEC, Roles and chains by type, the steps of reading one. */
import { isSignedBy, readMessage, RECORD_TYPE, type Message } from "./cose.ts";
import { equal, type Bytes } from "./bytes.ts";
import { newKeys } from "./record/body.ts";
import { checkForm, checkGenesis, checkSignatures } from "./record/form.ts";
import { readPayload, type Payload } from "./record/payload.ts";
import { demand } from "./refused.ts";

export { newKeys, RECORD_TYPES, type Typed, type RecordType } from "./record/body.ts";
export { signersOf } from "./record/form.ts";
export type { Payload } from "./record/payload.ts";

export const MAX_RECORD = 98_304;
export const MAX_LATE_ENTRY = 131_072;

export interface SignedRecord {
  readonly message: Message;
  readonly payload: Payload;
}

/** Reads an offer: a record that may still lack its last signatures. */
export function readOffer(bytes: Bytes): SignedRecord {
  const message = readMessage(bytes, RECORD_TYPE, MAX_LATE_ENTRY);
  const payload = readPayload(message.payload);
  demand(payload.type === "late-entry" || bytes.length <= MAX_RECORD, "record/oversize");
  checkSignatures(message, payload);
  checkGenesis(message.aud, message.genesis, payload);
  checkForm(message.aud, payload);
  return { message, payload };
}

export function readRecord(bytes: Bytes): SignedRecord {
  const record = readOffer(bytes);
  demand(record.message.signatures.length === record.payload.signers.length, "record/signature-count");
  return record;
}

/** Checks that the record was made for this ledger. A `ledger-open` has no genesis: it is one. */
export function checkLedger(message: Message, origin: string, genesis: Bytes): void {
  demand(message.aud === origin, "record/other-ledger");
  demand(message.genesis === undefined || equal(message.genesis, genesis), "record/other-genesis");
}

/** Checks each signature, in order, with the keys that the record brings and those that `lookUp` has by kid. */
export function checkKeys({ message, payload }: SignedRecord, lookUp: (kid: Bytes) => Bytes | undefined): void {
  const own = newKeys(payload);
  for (const signature of message.signatures) {
    const brought = own.find((key) => equal(key.kid, signature.kid));
    const point = brought?.point ?? lookUp(signature.kid);
    demand(point !== undefined, "record/unknown-key");
    demand(isSignedBy(message, signature, point), "cose/signature");
  }
}
