/** What the signers of a record say: SPEC, Payload. */
import { compareText, type Bytes } from "../bytes.ts";
import { ascending, list, map, optional, orNull, Reader, tuple, word, type Read } from "../cbor.ts";
import { MAX_ITEMS, MAX_SIGNATURES, readDigest, readTime } from "../cose.ts";
import { readId, type SubjectId } from "../id.ts";
import { demand } from "../refused.ts";
import { readBody, RECORD_TYPES, type Typed } from "./body.ts";

export interface Link {
  readonly id: SubjectId;
  readonly seq: bigint;
  readonly prev: Bytes | null;
}

export interface Occurred {
  readonly utc: bigint;
  readonly offset: number;
  readonly source: string;
}

export interface Attachment {
  readonly mediaType: string;
  readonly size: bigint;
  readonly commitment: Bytes;
}

interface Around {
  readonly to: SubjectId | undefined;
  readonly from: SubjectId | undefined;
  /** Size and root of the newest checkpoint that the signers knew. */
  readonly seen: readonly [size: bigint, root: Bytes] | null;
  readonly sealed: ReadonlyMap<string, Bytes>;
  readonly signers: readonly (readonly [role: number, id: SubjectId])[];
  readonly attached: readonly Attachment[];
  readonly occurred: Occurred;
  readonly subjects: readonly Link[];
}

export type Payload = Around & Typed;

const readLink: Read<Link> = (reader) => {
  const [id, seq, prev] = tuple<[string, bigint, Bytes | null]>(
    readId(),
    (reader) => reader.uint(),
    orNull(readDigest),
  )(reader);
  demand((prev === null) === (seq === 0n), "cbor/out-of-range");
  return { id, seq, prev };
};

export const readOccurred: Read<Occurred> = (reader) => {
  reader.array(3, 3);
  const utc = readTime(reader);
  const offset = Number(reader.int(-1440n, 1440n));
  return { utc, offset, source: word("ntp", "manual", "device", "tsa")(reader) };
};

const readAttachment: Read<Attachment> = (reader) => {
  reader.array(3, 3);
  return { mediaType: reader.text(1, 100), size: reader.uint(), commitment: readDigest(reader) };
};

const readSealed: Read<Map<string, Bytes>> = (reader) => {
  const sealed = new Map<string, Bytes>();
  for (let left = reader.map(1, 32); left > 0; left--) {
    const name = reader.text();
    demand(/^[a-z-]{1,32}$/.test(name), "cbor/out-of-range");
    sealed.set(name, readDigest(reader));
  }
  return sealed;
};

const readLinks: Read<Link[]> = (reader) => {
  const links = list(readLink, 1, MAX_ITEMS)(reader);
  ascending(links, (a, b) => compareText(a.id, b.id));
  return links;
};

const readFields = map({
  v: (reader: Reader) => reader.uint(1n, 1n),
  to: optional(readId("custodian")),
  // Read last: what it has depends on the type, which stands behind it.
  body: (reader: Reader) => {
    const body = reader.fork();
    reader.raw();
    return body;
  },
  from: optional(readId("custodian")),
  seen: orNull(tuple<[bigint, Bytes]>((reader) => reader.uint(), readDigest)),
  type: word(...RECORD_TYPES),
  sealed: optional(readSealed),
  signers: list(tuple<[number, string]>((reader) => reader.number(1, 9), readId()), 1, MAX_SIGNATURES),
  attached: optional(list(readAttachment, 1, 32)),
  occurred: readOccurred,
  subjects: readLinks,
});

export function readPayload(bytes: Bytes): Payload {
  const { v: _, body, type, sealed, attached, ...around } = readFields(Reader.over(bytes));
  return { ...around, sealed: sealed ?? new Map(), attached: attached ?? [], ...readBody(type, body) };
}
