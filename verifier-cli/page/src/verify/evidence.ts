/** Files of evidence and the digests that a history records: SPEC, Verifying an exhibit, 11. */
import { hex, type Bytes } from "../bytes.ts";
import { Reader, tuple } from "../cbor.ts";
import { readDigest } from "../cose.ts";
import type { Placed, PlacedOpening } from "../exhibit.ts";
import type { Digest } from "../record/field.ts";
import { codeOf } from "../refused.ts";
import { checkOpening, readOpenedDigests } from "../sealed.ts";
import { begins, type Case } from "./case.ts";

export interface EvidenceFile {
  readonly name: string;
  readonly sha256: Bytes;
  readonly sha512: Bytes;
}

/** What a file is, the first of these that applies. */
export type Kin = "item" | "forebear" | "made-from" | "document" | "none";

export function checkEvidence(one: Case): void {
  const { report, inputs } = one;
  if (inputs.evidence.length === 0) return report.leave("evidence-files", "evidence/none");
  const recorded = recordedDigests(one);
  if (recorded.size === 0) return report.open("evidence-files", "evidence/digests-withheld");
  const kin = inputs.evidence.map((file) => kinOf(file, recorded));
  const stranger = kin.indexOf("none");
  if (stranger >= 0) {
    report.fail("evidence-files", "evidence/no-match", { file: inputs.evidence[stranger]!.name });
  } else {
    report.pass("evidence-files", kin.includes("item") ? "ok" : "evidence/related-only");
  }
}

const RANKS: readonly Kin[] = ["item", "forebear", "made-from", "document"];

function kinOf(file: EvidenceFile, recorded: ReadonlyMap<string, Kin>): Kin {
  const found = [recorded.get(`sha256 ${hex(file.sha256)}`), recorded.get(`sha512 ${hex(file.sha512)}`)];
  return RANKS.find((kin) => found.includes(kin)) ?? "none";
}

/** What each file is, in the order in which the reader brought them. */
export function kinOfEvidence(one: Case): Kin[] {
  const recorded = recordedDigests(one);
  return one.inputs.evidence.map((file) => kinOf(file, recorded));
}

function recordedDigests(one: Case): Map<string, Kin> {
  const recorded = new Map<string, Kin>();
  const add = (algorithm: string, value: Bytes, kin: Kin) => {
    const name = `${algorithm} ${hex(value)}`;
    const known = recorded.get(name);
    if (known === undefined || RANKS.indexOf(kin) < RANKS.indexOf(known)) recorded.set(name, kin);
  };
  for (const id of one.lineage) {
    for (const placed of one.chain(id)) {
      const kin = kinIn(one, placed);
      if (kin === null) continue;
      for (const [, algorithm, value] of digestsOf(one, placed)) add(algorithm, value, kin);
    }
  }
  for (const placed of one.lineageRecords()) {
    for (const digest of documentsOf(one, placed)) add("sha256", digest, "document");
  }
  return recorded;
}

/** What the digests of a record are of, or null where it has none. */
function kinIn(one: Case, placed: Placed): Kin | null {
  const { payload } = placed;
  const begun = payload.subjects.map(({ id }) => id).find((id) => begins(placed, id));
  if (begun === undefined) return null;
  if (begun === one.contents.item) return "item";
  return one.lineage.has(begun) ? "forebear" : "made-from";
}

function digestsOf(one: Case, placed: Placed): readonly Digest[] {
  const { payload } = placed;
  const inBody = "digests" in payload.body ? payload.body.digests : undefined;
  const opened = openingsOf(one, placed).filter(({ field }) => field === "digests");
  return [...(inBody ?? []), ...opened.flatMap(({ value }) => orNone(() => readOpenedDigests(value)))];
}

function documentsOf(one: Case, placed: Placed): Bytes[] {
  const documents = openingsOf(one, placed).filter(({ field }) => field.startsWith("attached/"));
  return documents.flatMap(({ value }) => orNone(() => [readDocument(value)]));
}

/** The digest in the value of an attachment: `[name, [-16, digest]]`. */
function readDocument(value: Bytes): Bytes {
  const readNamed = tuple<[bigint, Bytes]>((reader) => reader.int(-16n, -16n), readDigest);
  return Reader.read(value, tuple<[string, [bigint, Bytes]]>((reader) => reader.text(), readNamed))[1][1];
}

function orNone<T>(read: () => T[]): T[] {
  let found: T[] = [];
  codeOf(() => (found = read()));
  return found;
}

/** The openings of a record that fit it. */
function openingsOf(one: Case, placed: Placed): readonly PlacedOpening[] {
  const openings = one.openings.get(placed.index) ?? [];
  return openings.filter((opening) => codeOf(() => checkOpening(opening, placed.payload)) === null);
}
