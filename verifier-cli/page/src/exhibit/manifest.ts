/** What the exporter of an exhibit signs: SPEC, Exhibit. */
import type { Bytes } from "../bytes.ts";
import { ascending, list, map, Reader, word, type Read } from "../cbor.ts";
import { MANIFEST_TYPE, readDigest, readMessage, type Message } from "../cose.ts";
import { readId, type SubjectId } from "../id.ts";
import { readOccurred, type Occurred } from "../record/payload.ts";
import { byIndexThenField } from "./contents.ts";

const MAX_MANIFEST = 98_304;

export interface Withheld {
  readonly index: bigint;
  readonly field: string;
  readonly reason: string;
}

export interface Manifest {
  readonly message: Message;
  readonly for: string;
  readonly item: SubjectId;
  readonly made: Occurred;
  readonly purpose: string;
  readonly contents: Bytes;
  readonly exporter: SubjectId;
  readonly withheld: readonly Withheld[];
}

const readReason = word("erased", "investigation", "not-held", "order", "personal-data", "privilege");

const readWithheld: Read<Withheld> = (reader) => {
  reader.array(3, 3);
  return { index: reader.uint(), field: reader.text(1, 48), reason: readReason(reader) };
};

const readFields = map({
  v: (reader: Reader) => reader.uint(1n, 1n),
  for: (reader: Reader) => reader.text(1, 400),
  item: readId("item"),
  made: readOccurred,
  purpose: (reader: Reader) => reader.text(1, 400),
  contents: readDigest,
  exporter: readId("custodian"),
  withheld: readAllWithheld,
});

function readAllWithheld(reader: Reader): Withheld[] {
  const withheld = list(readWithheld, 0, 1_000)(reader);
  ascending(withheld, byIndexThenField);
  return withheld;
}

export function readManifest(bytes: Bytes): Manifest {
  const message = readMessage(bytes, MANIFEST_TYPE, MAX_MANIFEST);
  const { v: _, ...fields } = readFields(Reader.over(message.payload));
  return { message, ...fields };
}
