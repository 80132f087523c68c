/** What an exhibit holds: SPEC, Exhibit. */
import { compareText, type Bytes } from "../bytes.ts";
import { ascending, list, map, optional, tuple, type Read, type Reader } from "../cbor.ts";
import { readCheckpoint, type Checkpoint } from "../checkpoint.ts";
import { readDigest } from "../cose.ts";
import { encodeEntry, ENTRY_LENGTH, readAcceptedMs } from "../entry.ts";
import { readId, type SubjectId } from "../id.ts";
import { MAX_LATE_ENTRY, readRecord, type SignedRecord } from "../record.ts";
import { demand } from "../refused.ts";
import { MAX_OPENING, type Opened } from "../sealed.ts";

/** A record at its place in the log. */
export interface Placed extends SignedRecord {
  readonly index: bigint;
  readonly acceptedMs: bigint;
  readonly entry: Bytes;
}

export interface PlacedOpening extends Opened {
  readonly index: bigint;
}

export interface Lookup {
  readonly id: SubjectId;
  readonly proof: Bytes;
}

export interface Earlier {
  readonly size: bigint;
  readonly proof: readonly Bytes[];
}

export interface Contents {
  readonly item: SubjectId;
  readonly tail: Bytes;
  readonly proof: readonly Bytes[];
  readonly records: readonly Placed[];
  readonly handling: readonly string[];
  readonly openings: readonly PlacedOpening[];
  readonly subjects: readonly Lookup[];
  readonly checkpoint: Checkpoint;
  readonly consistency: readonly Earlier[];
}

const readPlaced: Read<Placed> = (reader) => {
  reader.array(4, 4);
  const [index, acceptedMs, indexRoot] = [reader.uint(), readAcceptedMs(reader), readDigest(reader)];
  const bytes = reader.byteString();
  demand(bytes.length <= MAX_LATE_ENTRY, "record/oversize");
  const record = readRecord(bytes);
  const entry = encodeEntry({ acceptedMs, indexRoot, record: record.message.digest });
  return { ...record, index, acceptedMs, entry };
};

const readOpening: Read<PlacedOpening> = (reader) => {
  reader.array(4, 4);
  const [index, field] = [reader.uint(), reader.text(1, 48)];
  return { index, field, salt: reader.byteString(16, 16), value: reader.byteString(0, MAX_OPENING) };
};

const readLookup: Read<Lookup> = (reader) => {
  const [id, proof] = tuple<[string, Bytes]>(readId(), (reader) => reader.byteString(0, 16_384))(reader);
  return { id, proof };
};

const readEarlier: Read<Earlier> = (reader) => {
  const [size, proof] = tuple<[bigint, Bytes[]]>((reader) => reader.uint(), list(readDigest, 0, 124))(reader);
  return { size, proof };
};

const readFields = map({
  item: readId("item"),
  tail: (reader: Reader) => reader.byteString(0, ENTRY_LENGTH),
  proof: list(readDigest, 0, 2_097_152),
  records: list(readPlaced, 1, 65_536),
  handling: optional(list((reader: Reader) => reader.text(1, 64), 1, 16)),
  openings: list(readOpening, 0, 524_288),
  subjects: list(readLookup, 1, 65_536),
  checkpoint: (reader: Reader) => readCheckpoint(reader.byteString()),
  consistency: list(readEarlier, 0, 256),
});

export function readContents(reader: Reader): Contents {
  const { handling, ...fields } = readFields(reader);
  ascending(fields.records, (a, b) => order(a.index, b.index));
  ascending(fields.openings, byIndexThenField);
  ascending(fields.subjects, (a, b) => compareText(a.id, b.id));
  ascending(fields.consistency, (a, b) => order(a.size, b.size));
  ascending(handling ?? [], compareText);
  return { ...fields, handling: handling ?? [] };
}

function order(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function byIndexThenField(
  a: { readonly index: bigint; readonly field: string },
  b: { readonly index: bigint; readonly field: string },
): number {
  return order(a.index, b.index) || compareText(a.field, b.field);
}
