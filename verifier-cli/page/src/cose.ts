/** Signed messages: SPEC, Signed messages. Reading settles all that needs no key. */
import { equal, hex, type Bytes } from "./bytes.ts";
import { ascending, encode, list, map, optional, Reader, tuple, word, type Read, type Shaped } from "./cbor.ts";
import { sha256 } from "./hash.ts";
import { isOrigin } from "./id.ts";
import { kid, verifies } from "./key.ts";
import { demand, refuse } from "./refused.ts";

export const RECORD_TYPE = "application/vnd.custody-ledger.record+cbor";
export const MANIFEST_TYPE = "application/vnd.custody-ledger.manifest+cbor";

export const MAX_TIME_S = 253402300799n;
export const MAX_ITEMS = 500;
export const MAX_SIGNATURES = 129;
const MAX_LABELS = 16;

/** The labels of our headers: those of COSE and CWT, then ours. */
export const Label = { alg: 1n, crit: 2n, contentType: 3n, kid: 4n, claims: 15n, aud: 3n, iat: 6n } as const;
export const Own = { role: -65537n, countersigned: -65538n, observed: -65539n, genesis: -65540n } as const;

export const Role = {
  releasing: 1, receiving: 2, witness: 3, supervisor: 4, authority: 5, operator: 6, other: 7, newKey: 8, acting: 9,
} as const;

export interface Signature {
  /** The whole COSE_Signature, which the next one covers. */
  readonly encoded: Bytes;
  readonly header: Bytes;
  readonly kid: Bytes;
  readonly iat: bigint;
  readonly role: number;
  readonly countersigned: Bytes | undefined;
  readonly observed: Observed | undefined;
  readonly signature: Bytes;
}

export interface Message {
  readonly bytes: Bytes;
  /** The name of the message. */
  readonly digest: Bytes;
  readonly header: Bytes;
  readonly aud: string;
  readonly genesis: Bytes | undefined;
  readonly payload: Bytes;
  readonly signatures: readonly Signature[];
}

export const readDigest: Read<Bytes> = (reader) => reader.byteString(32, 32);
export const readTime: Read<bigint> = (reader) => reader.uint(0n, MAX_TIME_S);

const readOutcome = tuple<[number, "discrepancy" | "missing" | "not-inventoried" | "seal-mismatch"]>(
  (reader) => reader.number(0, MAX_ITEMS - 1),
  word("discrepancy", "missing", "not-inventoried", "seal-mismatch"),
);

/** What was found of items, by their position, in its order. */
export const readOutcomes: Read<[number, string][]> = (reader) => {
  const outcomes = list(readOutcome, 1, MAX_ITEMS)(reader);
  ascending(outcomes, ([a], [b]) => a - b);
  return outcomes;
};

const readChecked: Read<string[]> = (reader) => {
  const checked = list(word("digest", "inventory", "count", "seal"), 1, 4)(reader);
  ascending<string>(checked, (a, b) => (a === b ? 0 : a < b ? -1 : 1));
  return checked;
};

const OBSERVED = { checked: optional(readChecked), outcomes: optional(readOutcomes) };
export type Observed = Shaped<typeof OBSERVED>;

const readObserved: Read<Observed> = (reader) => {
  const observed = map(OBSERVED)(reader);
  demand(observed.checked !== undefined || observed.outcomes !== undefined, "cbor/out-of-range");
  return observed;
};

/** Reads a message of this content type and at most so many bytes. */
export function readMessage(bytes: Bytes, contentType: string, limit: number): Message {
  demand(bytes.length <= limit, "cose/oversize");
  demand(bytes[0] === 0xd8 && bytes[1] === 0x62, "cose/not-cose-sign");
  const reader = Reader.over(bytes.subarray(2));
  reader.array(4, 4);
  const header = reader.byteString();
  const { aud, genesis } = readBodyHeader(header, contentType);
  demand(reader.isEmptyMap(), "cose/unprotected-header");
  reader.map();
  const payload = reader.byteString();
  const signatures = readSignatures(reader);
  return { bytes, digest: sha256(bytes), header, aud, genesis, payload, signatures };
}

/** Labels and what reads their values; the values by label. A label that is not among them has no place in a header. */
function readHeader(bytes: Bytes, reads: ReadonlyMap<bigint, Read<unknown>>): Map<bigint, unknown> {
  const reader = Reader.over(bytes);
  const values = new Map<bigint, unknown>();
  for (let left = reader.map(0, MAX_LABELS); left > 0; left--) {
    const label = reader.int();
    const read = reads.get(label) ?? refuse("cose/header");
    values.set(label, read(reader));
  }
  return values;
}

const readLabels: Read<bigint[]> = list((reader) => reader.int(), 1);

/** A claim that is the only one. */
function claim<T>(label: bigint, read: Read<T>): Read<T> {
  return (reader) => {
    demand(reader.map() === 1 && reader.int() === label, "cose/header");
    return read(reader);
  };
}

const BODY_LABELS = new Map<bigint, Read<unknown>>([
  [Label.crit, readLabels],
  [Label.contentType, (reader) => reader.text()],
  [Label.claims, claim(Label.aud, readAud)],
  [Own.genesis, readDigest],
]);

function readAud(reader: Reader): string {
  const aud = reader.text();
  demand(isOrigin(aud), "cose/header");
  return aud;
}

function readBodyHeader(bytes: Bytes, contentType: string): { aud: string; genesis: Bytes | undefined } {
  const values = readHeader(bytes, BODY_LABELS);
  demand(values.get(Label.contentType) === contentType, "cose/content-type");
  const genesis = values.get(Own.genesis) as Bytes | undefined;
  demandCritical(values, genesis === undefined ? undefined : [Own.genesis]);
  const aud = values.get(Label.claims) as string | undefined;
  return { aud: aud ?? refuse("cose/header"), genesis };
}

function demandCritical(values: Map<bigint, unknown>, wanted: bigint[] | undefined): void {
  const found = values.get(Label.crit) as bigint[] | undefined;
  demand(found?.join() === wanted?.join(), "cose/critical-header");
}

function readSignatures(reader: Reader): Signature[] {
  const signatures: Signature[] = [];
  const kids = new Set<string>();
  for (let left = reader.array(0, MAX_SIGNATURES); left > 0; left--) {
    const signature = readSignature(reader);
    const before = signatures.at(-1);
    demand((signature.countersigned === undefined) === (before === undefined), "cose/critical-header");
    const covers = before === undefined || equal(signature.countersigned!, sha256(before.encoded));
    demand(covers, "cose/countersigned");
    const name = hex(signature.kid);
    demand(!kids.has(name), "cose/repeated-key");
    kids.add(name);
    signatures.push(signature);
  }
  return signatures;
}

const SIGNATURE_LABELS = new Map<bigint, Read<unknown>>([
  [Label.alg, (reader) => reader.int()],
  [Label.crit, readLabels],
  [Label.kid, readDigest],
  [Label.claims, claim(Label.iat, readTime)],
  [Own.role, (reader) => reader.number(1, 9)],
  [Own.countersigned, readDigest],
  [Own.observed, readObserved],
]);

function readSignature(reader: Reader): Signature {
  const encoded = reader.fork().raw();
  reader.array(3, 3);
  const header = reader.byteString();
  const values = readHeader(header, SIGNATURE_LABELS);
  const alg = values.get(Label.alg);
  demand(alg === -8n || alg === -19n, "cose/header");
  for (const label of [Label.kid, Label.claims, Own.role]) demand(values.has(label), "cose/header");
  const optionals = [Own.countersigned, Own.observed].filter((label) => values.has(label));
  demandCritical(values, [Own.role, ...optionals]);
  const role = values.get(Own.role) as number;
  demand(!values.has(Own.observed) || role === Role.receiving, "cose/header");
  demand(reader.isEmptyMap(), "cose/unprotected-header");
  reader.map();
  return {
    encoded,
    header,
    kid: values.get(Label.kid) as Bytes,
    iat: values.get(Label.claims) as bigint,
    role,
    countersigned: values.get(Own.countersigned) as Bytes | undefined,
    observed: values.get(Own.observed) as Observed | undefined,
    signature: reader.byteString(64, 64),
  };
}

/** What a signature with this header signs: the Sig_structure of RFC 9052 section 4.4. */
export function signedBytes(bodyHeader: Bytes, signatureHeader: Bytes, payload: Bytes): Bytes {
  return encode(["Signature", bodyHeader, signatureHeader, new Uint8Array(), payload]);
}

/** Whether a signature of the message is one of this key. */
export function isSignedBy(message: Message, signature: Signature, key: Bytes): boolean {
  const signed = signedBytes(message.header, signature.header, message.payload);
  return equal(signature.kid, kid(key)) && verifies(key, signature.signature, signed);
}
