/** The body of each type of record: SPEC, Record types, in its order. */
import { compareText } from "../bytes.ts";
import { ascending, list, map, optional, orNull, tuple, word, type Read, type Reader } from "../cbor.ts";
import { readDigest, readOutcomes, readTime } from "../cose.ts";
import { isOrigin, readId } from "../id.ts";
import type { Key } from "../key.ts";
import { demand } from "../refused.ts";
import {
  readAmount, readBasis, readCodes, readCondition, readCountry, readDigests, readErased, readKey, readName, readPurpose,
  readQuantity, readRoles, readScope, readStandIn, readSubstitutes, readTool, type Enrolment,
} from "./field.ts";

const MAX_EMBEDDED = 98_304;

const readEnrolment: Read<Enrolment> = map({
  id: readId("agency"),
  key: readKey,
  name: readName,
  country: readCountry,
  recovery: readKey,
});

const readOrigin: Read<string> = (reader) => {
  const origin = reader.text();
  demand(isOrigin(origin), "cbor/out-of-range");
  return origin;
};

const readFounders: Read<Enrolment[]> = (reader) => {
  const founders = list(readEnrolment, 1, 64)(reader);
  ascending(founders, (a, b) => compareText(a.id, b.id));
  return founders;
};

const readLedgerOpen = (reader: Reader) => {
  const body = map({
    log: tuple<[Uint8Array, Uint8Array]>((reader) => reader.byteString(32, 32), (reader) => reader.byteString(1312, 1312)),
    quorum: (reader: Reader) => reader.uint(),
    purpose: word("evidence", "training"),
    agencies: readFounders,
    operator: readKey,
    succeeds: optional(
      tuple<[string, Uint8Array, bigint, Uint8Array]>(readOrigin, readDigest, (reader) => reader.uint(), readDigest),
    ),
  })(reader);
  demand(body.quorum >= 1n && body.quorum <= BigInt(body.agencies.length), "cbor/out-of-range");
  return body;
};

const readAbsence: Read<[bigint, bigint, string | null]> = (reader) => {
  const absence = tuple<[bigint, bigint, string | null]>(readTime, readTime, orNull(readId("custodian")))(reader);
  demand(absence[0] < absence[1], "cbor/out-of-range");
  return absence;
};

const readRenewalAlgorithm: Read<bigint> = (reader) => reader.int(-44n, -44n);

const readEmbedded: Read<Uint8Array> = (reader) => {
  const record = reader.byteString();
  demand(record.length <= MAX_EMBEDDED, "record/oversize");
  return record;
};

const readParts: Read<[string, bigint | null][]> = (reader) => {
  const parts = list(tuple<[string, bigint | null]>(readId("item"), readAmount), 1, 499)(reader);
  ascending(parts, ([a], [b]) => compareText(a, b));
  return parts;
};

const readKind = word("physical", "digital");
const readLegacyFormat = word("case", "table", "paper", "other");
const item = readId("item");
const request = optional(readId("request"));
const digests = optional(readDigests);

export const BODIES = {
  "ledger-open": readLedgerOpen,
  "agency-enrol": map({ agency: readEnrolment }),
  "custodian-enrol": map({ key: readKey, roles: readRoles, agency: readId("agency") }),
  "key-rotate": map({
    key: readKey,
    slot: word("authority", "custodian", "recovery"),
    reason: word("routine", "left", "lost", "stolen"),
  }),
  "key-revoke": map({ kid: readDigest, reason: word("routine", "left", "lost", "stolen") }),
  "key-compromised": map({ kid: readDigest, since: readTime }),
  "agency-update": map({
    name: optional(readName),
    roles: optional(readRoles),
    absence: optional(readAbsence),
    country: optional(readCountry),
  }),
  policy: map({ quorum: (reader: Reader) => reader.uint() }),
  anchor: map({ kind: word("rfc3161"), token: (reader: Reader) => reader.byteString(1, 16_384) }),
  renewal: map({ root: (reader: Reader) => reader.byteString(64, 64), algorithm: readRenewalAlgorithm }),
  "operator-succession": map({ origin: readOrigin }),
  collect: map({ kind: readKind, digests, request, quantity: optional(readQuantity) }),
  "provider-production": map({ basis: readBasis, digests, request }),
  "register-legacy": map({ kind: readKind, format: readLegacyFormat, digests, document: readDigest }),
  seal: map({ kind: word("bag", "lock", "tape", "stamp") }),
  "seal-check": map({ outcome: word("intact", "broken", "mismatch", "missing") }),
  "seal-break": map({ reason: word("examination", "inspection", "reseal", "accident", "order") }),
  pack: map({ bound: optional(tuple<[string, string]>(readId("agency"), readId("request"))), container: item }),
  unpack: map({ container: item }),
  handoff: map({ onward: optional(readDigest), purpose: readPurpose, request }),
  release: map({
    onward: optional(readDigest),
    purpose: readPurpose,
    request,
    expected: optional(readTime),
    substitutes: optional(readSubstitutes),
  }),
  receive: map({ release: readDigest }),
  refuse: readRefuse,
  recall: map({ release: readDigest }),
  "carrier-scan": map({
    event: word("picked-up", "in-transit", "customs", "delayed", "delivered", "exception"),
    release: readDigest,
  }),
  "handoff-external": map({
    party: word("owner", "court", "carrier", "public", "other"),
    purpose: readPurpose,
    "stand-in": readStandIn,
  }),
  succession: map({ reason: word("left", "reassigned", "absent", "dismissed", "deceased") }),
  store: map({ condition: readCondition }),
  "check-out": map({ due: optional(readTime), purpose: readPurpose }),
  "check-in": map({ condition: readCondition }),
  split: map({ rest: readAmount, parts: readParts, parent: item }),
  consume: map({
    rest: readAmount,
    amount: optional((reader: Reader) => reader.uint()),
    purpose: word("analysis", "sample", "calibration", "loss"),
  }),
  analyse: map({
    kind: word("digital", "chemical", "biological", "marks", "firearms", "documents", "other"),
    tool: optional(readTool),
    version: optional(readTool),
  }),
  derive: map({
    tool: readTool,
    method: word("image", "copy", "extract", "convert"),
    parent: item,
    digests,
    version: readTool,
  }),
  "verify-digest": map({ scope: readScope, outcome: word("match", "mismatch") }),
  correct: map({
    field: (reader: Reader) => reader.text(1, 32),
    reason: word("typing", "identity", "clock", "omission"),
    record: readDigest,
  }),
  "late-entry": map({ reason: word("conflict", "key-ended"), record: readEmbedded }),
  note: map({ kind: word("condition", "remark", "document", "alias") }),
  disclose: map({
    size: (reader: Reader) => reader.uint(),
    basis: word(
      "prosecution", "defence", "court-order", "mutual-assistance", "oversight", "data-subject", "police",
    ),
    exhibit: readDigest,
    permission: optional(readDigest),
  }),
  "court-exhibit": map({ status: word("offered", "admitted", "excluded", "withdrawn") }),
  "hold-set": map({ basis: word("court-order", "appeal", "preservation", "internal") }),
  "hold-release": map({ hold: readDigest }),
  dispute: map({
    ground: word("identity", "time", "condition", "handling", "authority", "other"),
    record: readDigest,
  }),
  "dispute-response": map({ dispute: readDigest }),
  "dispute-resolution": map({
    dispute: readDigest,
    outcome: word("upheld", "partly-upheld", "rejected", "withdrawn"),
  }),
  "authorise-onward": map({
    to: optional(readId("agency")),
    use: word("transfer", "evidence", "dissemination", "publication"),
    until: optional(readTime),
  }),
  handling: map({ codes: readCodes }),
  inventory: map({ method: word("sight", "scan", "seal", "count"), outcomes: optional(readOutcomes) }),
  discrepancy: map({
    kind: word("missing", "surplus", "quantity", "seal", "description", "digest", "place", "papers"),
    record: optional(readDigest),
  }),
  "erase-opening": map({
    basis: word("court-order", "retention", "data-subject", "unlawful"),
    fields: readErased,
  }),
  dispose: map({ method: word("destroyed", "wiped", "forfeited") }),
  "return-to-owner": map({ "stand-in": readStandIn }),
  request: map({
    to: optional(readId("agency")),
    step: word(
      "prepared", "approved", "transmitted", "received", "accepted", "executing", "fulfilled", "refused", "withdrawn",
    ),
    basis: optional(readBasis),
    ground: optional(word(
      "dual-criminality", "political-offence", "double-jeopardy", "public-order", "human-rights", "proportionality",
      "immunity", "form", "impossible",
    )),
    purpose: optional(word("evidence", "data", "preservation", "search", "restitution")),
    deadline: optional(readTime),
    instrument: optional((reader: Reader) => reader.text(1, 200)),
  }),
};

function readRefuse(reader: Reader) {
  const body = map({
    offer: optional(readDigest),
    ground: word("not-as-described", "seal", "damaged", "papers", "not-addressee", "no-authority", "no-storage"),
    release: optional(readDigest),
  })(reader);
  demand((body.offer === undefined) !== (body.release === undefined), "cbor/out-of-range");
  return body;
}

export type RecordType = keyof typeof BODIES;
export type BodyOf<T extends RecordType> = ReturnType<(typeof BODIES)[T]>;

/** A type of record with its body. */
export type Typed = { [T in RecordType]: { readonly type: T; readonly body: BodyOf<T> } }[RecordType];

export const RECORD_TYPES = Object.keys(BODIES) as RecordType[];

export function readBody(type: RecordType, reader: Reader): Typed {
  return { type, body: BODIES[type](reader) } as Typed;
}

/** The keys that a record brings, in the order in which they sign. */
export function newKeys(typed: Typed): Key[] {
  switch (typed.type) {
    case "ledger-open":
      return [typed.body.operator, ...typed.body.agencies.flatMap(({ key, recovery }) => [key, recovery])];
    case "agency-enrol":
      return [typed.body.agency.key, typed.body.agency.recovery];
    case "custodian-enrol":
    case "key-rotate":
      return [typed.body.key];
    default:
      return [];
  }
}
