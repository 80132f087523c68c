/** The checkpoint and the log's tree: SPEC, Verifying an exhibit, 2, 3, 5, 6, 12 and 13. */
import { equal, type Bytes } from "../bytes.ts";
import { readEntry, type Entry } from "../entry.ts";
import type { Placed } from "../exhibit.ts";
import { leafHash } from "../hash.ts";
import { indexKey, indexValue, verifyAbsence, verifyPresence } from "../index.ts";
import { kindOf, sibling, type SubjectId } from "../id.ts";
import { verifyConsistency, verifyMultiproof } from "../merkle.ts";
import { Algorithm } from "../note/verifier-key.ts";
import { Role } from "../cose.ts";
import type { Payload } from "../record.ts";
import { codeOf, demand } from "../refused.ts";
import type { Report } from "../report.ts";
import type { Case, Judged } from "./case.ts";

export function checkCheckpoint(one: Case): void {
  const { report, own, contents } = one;
  if (own.held === null) report.fail("checkpoint", own.code);
  const [first] = contents.records;
  const { origin } = contents.checkpoint;
  const { policy } = one.inputs;
  if (first?.index === 0n && first.payload.type === "ledger-open" && policy.hasLog(origin)) {
    const [ed25519, mldsa44] = first.payload.body.log;
    const isOurs = equal(ed25519, policy.logKey(origin, Algorithm.ed25519)!.key)
      && equal(mldsa44, policy.logKey(origin, Algorithm.mldsa44)!.key);
    if (!isOurs) report.fail("checkpoint", "checkpoint/log-keys-differ");
  }
  report.pass("checkpoint");
}

export function checkInclusion(one: Case): void {
  one.report.judge("inclusion", () => checkLeaves(one));
  one.report.judge("inclusion", () => checkAccepted(one));
}

function checkLeaves({ contents }: Case): void {
  const { records, tail, proof, checkpoint } = contents;
  demand(checkpoint.size !== 0n, "inclusion/empty-tree");
  const end = checkpoint.size - 1n;
  const leaves = records.map(({ index, entry }) => ({ index, hash: leafHash(entry) }));
  const last = leaves.at(-1)!;
  if (last.index === end) demand(equal(last.hash, leafHash(tail)), "inclusion/tail");
  else leaves.push({ index: end, hash: leafHash(tail) });
  verifyMultiproof(checkpoint, leaves, proof);
}

function checkAccepted({ contents, own }: Case): void {
  const accepted = contents.records.map(({ acceptedMs }) => acceptedMs);
  const tail = tailOf(contents.tail);
  if (tail !== null) accepted.push(tail.acceptedMs);
  accepted.forEach((time, at) => demand(at === 0 || accepted[at - 1]! <= time, "entry/accepted-decreases"));
  const logTimeS = own.held?.logTimeS ?? 0n;
  const isInTime = logTimeS === 0n || accepted.every((time) => time / 1000n <= logTimeS);
  demand(isInTime, "entry/accepted-after-checkpoint");
}

function tailOf(tail: Bytes): Entry | null {
  let entry: Entry | null = null;
  codeOf(() => (entry = readEntry(tail)));
  return entry;
}

export function checkCompleteness(one: Case): void {
  one.report.judge("completeness", () => {
    const { indexRoot } = readEntry(one.contents.tail);
    for (const { id, proof } of one.contents.subjects) checkChain(one, id, indexRoot, proof);
    demand(one.chain(one.contents.item).length > 0, "completeness/no-such-item");
    const listed = new Set(one.contents.subjects.map(({ id }) => id));
    const isStray = ({ payload }: Placed) => !payload.subjects.some(({ id }) => listed.has(id));
    demand(!one.contents.records.some(isStray), "completeness/stray-record");
    demand(needed(one).every((id) => listed.has(id)), "completeness/missing-subject");
    return isAttested(one) ? "completeness/attested" : "completeness/asserted";
  });
}

function checkChain(one: Case, id: SubjectId, root: Bytes, proof: Bytes): void {
  const chain = one.chain(id);
  let before: Bytes | null = null;
  chain.forEach(({ payload, message }, at) => {
    const { seq, prev } = payload.subjects.find((link) => link.id === id)!;
    const continues = before === null || prev === null ? prev === before : equal(prev, before);
    demand(seq === BigInt(at) && continues, "completeness/chain-broken");
    before = message.digest;
  });
  const newest = chain.at(-1)?.message.digest;
  const key = indexKey(id);
  const code = codeOf(() => {
    if (newest === undefined) return verifyAbsence(root, key, proof);
    verifyPresence(root, key, indexValue({ length: BigInt(chain.length), newest }), proof);
  });
  demand(code === null, "completeness/chain-head");
}

/** The subjects whose histories belong to the item's. */
function needed(one: Case): SubjectId[] {
  const { contents, lineage, manifest } = one;
  const items = [...lineage, ...[...lineage].flatMap((id) => siblingsOf(one, id))];
  const found = [...ledgerOf(contents.records[0]!), manifest.exporter, ...items];
  found.push(...items.map((id) => sibling(id, "notes")));
  for (const { payload } of contents.records) {
    found.push(...payload.signers.filter(([role]) => role !== Role.newKey).map(([, id]) => id));
    found.push(...[payload.from, payload.to].filter((id) => id !== undefined));
    if ("request" in payload.body && payload.body.request !== undefined) found.push(payload.body.request);
    found.push(...namedIn(payload));
  }
  return found;
}

/** The subjects that a body names, but for requests. */
function namedIn(payload: Payload): readonly SubjectId[] {
  switch (payload.type) {
    case "pack":
      return payload.body.bound ?? [];
    case "release":
      return payload.body.substitutes ?? [];
    case "authorise-onward":
    case "request":
      return payload.body.to === undefined ? [] : [payload.body.to];
    case "custodian-enrol":
      return [payload.body.agency];
    default:
      return [];
  }
}

/** The ledger of entry 0, if that is here. */
function ledgerOf({ index, payload }: Placed): SubjectId[] {
  return index === 0n ? payload.subjects.map(({ id }) => id).filter((id) => kindOf(id) === "ledger") : [];
}

/** The other parts of each split that the item came out of. */
function siblingsOf(one: Case, id: SubjectId): SubjectId[] {
  return one.chain(id).flatMap(({ payload }) => {
    if (payload.type !== "split" || payload.body.parent === id) return [];
    return payload.body.parts.map(([part]) => part);
  });
}

function isAttested({ own, inputs }: Case): boolean {
  const names = [...(own.held?.cosigned.keys() ?? [])];
  return names.some((name) => inputs.policy.witnesses.get(name)!.name.endsWith("/custody-mirror"));
}

export function checkConsistency(one: Case): void {
  if (one.others.length === 0) return one.report.leave("consistency", "consistency/none");
  for (const other of one.others) checkOther(one, other);
}

function checkOther(one: Case, other: Judged): void {
  const { report, contents } = one;
  const [ours, theirs] = [contents.checkpoint, other.checkpoint];
  if (other.held === null) return report.open("consistency", other.code);
  if (theirs.origin !== ours.origin) return report.open("consistency", "consistency/other-log");
  if (theirs.size > ours.size) return report.open("consistency", "consistency/exhibit-is-older");
  const earlier = contents.consistency.find(({ size }) => size === theirs.size);
  const isSame = theirs.size === ours.size;
  if (!isSame && earlier === undefined) return report.open("consistency", "consistency/no-proof");
  const code = codeOf(() => {
    if (isSame) demand(equal(theirs.root, ours.root), "consistency/fork");
    else verifyConsistency(theirs, ours, earlier!.proof);
  });
  if (code !== null) return report.fail("consistency", code, { size: Number(theirs.size) });
  one.consistent.push(other);
  report.pass("consistency");
}

export function checkWitnesses(report: Report, { held }: Judged, quorum: string): void {
  if (held === null) return report.open("witnesses", "witnesses/checkpoint-refused");
  if (quorum === "none") return report.skip("witnesses");
  if (held.isMet) report.pass("witnesses", "ok", { count: held.cosigned.size });
  else report.fail("witnesses", "witnesses/quorum", { count: held.cosigned.size });
}

export function checkFreshness(report: Report, { held }: Judged, atS: bigint | null): void {
  if (held === null) return report.leave("freshness", "freshness/checkpoint-refused");
  if (held.logTimeS === 0n) return report.leave("freshness", "freshness/no-time");
  if (atS !== null && atS < held.logTimeS) return report.leave("freshness", "freshness/in-the-future");
  report.pass("freshness", "ok", { time: Number(held.logTimeS) });
}
