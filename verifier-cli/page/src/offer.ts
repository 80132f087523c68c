/** A record that still lacks signatures, on its way between people who share no machine: SPEC, Offer files. */
import { compareText, concat, equal, type Bytes } from "./bytes.ts";
import { ascending, encode, list, Reader, type Read } from "./cbor.ts";
import { MAX_LATE_ENTRY, readOffer, type SignedRecord } from "./record.ts";
import { demand } from "./refused.ts";
import { checkOpening, commitments, MAX_OPENING, type Opened } from "./sealed.ts";

const MAX_OFFER = 1_228_800;
const MAX_OPENINGS = 64;
const WORD = "custody-offer";

export interface Offer {
  /** The record, which may lack its last signatures. */
  readonly record: SignedRecord;
  /** Of everything that it seals, by ascending field. */
  readonly openings: readonly Opened[];
}

const readOpening: Read<Opened> = (reader) => {
  reader.array(3, 3);
  const [field, salt] = [reader.text(1, 48), reader.byteString(16, 16)];
  return { field, salt, value: reader.byteString(0, MAX_OPENING) };
};

const readOpenings: Read<Opened[]> = (reader) => {
  const openings = list(readOpening, 0, MAX_OPENINGS)(reader);
  ascending(openings, (a, b) => compareText(a.field, b.field));
  return openings;
};

export function readOfferFile(bytes: Bytes): Offer {
  demand(bytes.length <= MAX_OFFER, "offer/oversize");
  const beginning = concat(Uint8Array.of(0x84), encode(WORD));
  demand(equal(bytes.subarray(0, beginning.length), beginning), "offer/not-an-offer");
  const reader = Reader.over(bytes);
  reader.array(4, 4);
  reader.text();
  reader.uint(1n, 1n);
  const message = reader.byteString();
  demand(message.length <= MAX_LATE_ENTRY, "record/oversize");
  const record = readOffer(message);
  const openings = readOpenings(reader);
  for (const opening of openings) checkOpening(opening, record.payload);
  const open = new Set(openings.map(({ field }) => field));
  demand([...commitments(record.payload).keys()].every((field) => open.has(field)), "offer/closed");
  return { record, openings };
}

/** The file of a message with the signatures that it has, and the openings of all it seals. */
export function encodeOfferFile(message: Bytes, openings: readonly Opened[]): Bytes {
  const sorted = [...openings].sort((a, b) => compareText(a.field, b.field));
  return encode([WORD, 1, message, sorted.map(({ field, salt, value }) => [field, salt, value])]);
}
