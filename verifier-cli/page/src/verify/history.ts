/** The records one after the other, with the rules: SPEC, Verifying an exhibit, 4 and 7. */
import { equal, hex, type Bytes } from "../bytes.ts";
import { apply } from "../custody.ts";
import type { Placed } from "../exhibit.ts";
import { isOrigin } from "../id.ts";
import { checkKeys, checkLedger, readRecord, type SignedRecord } from "../record.ts";
import { codeOf, demand, Refused } from "../refused.ts";
import type { Facts, LineId } from "../report.ts";
import type { Case, Judged } from "./case.ts";

/** The lines that going through the records has results for. */
const HISTORY_LINES: readonly LineId[] = ["signatures", "key-standing", "custody-rules", "both-sides-signed"];

const KEY_STANDING = [
  "custody/key-not-enrolled", "custody/key-ended", "custody/key-enrolled-twice", "custody/role-not-granted",
  "custody/not-its-agency", "custody/quorum",
];

/** Signatures take most of the time of all: after each record it says how many were gone through, as a share of all. */
export function* checkHistory(one: Case): Generator<number, void> {
  const { report, contents } = one;
  const { genesis } = one;
  if (genesis === null) return report.fail("custody-rules", "custody/genesis-place");
  if (!isOrigin(contents.checkpoint.origin)) return report.fail("signatures", "id/origin");
  for (const [at, placed] of contents.records.entries()) {
    yield at / contents.records.length;
    const failed = failureOf(one, placed, genesis);
    if (failed !== null) return stop(one, failed.line, failed.code, { index: Number(placed.index) });
  }
  one.hasStopped = false;
  report.pass("signatures");
  report.pass("key-standing");
  report.pass("custody-rules");
  checkBothSides(one);
}

function stop({ report }: Case, line: LineId, code: string, facts: Facts): void {
  report.fail(line, code, facts);
  for (const other of HISTORY_LINES) if (other !== line) report.open(other, "history/stopped");
}

function failureOf(one: Case, placed: Placed, genesis: Bytes): { line: LineId; code: string } | null {
  const lookUp = (kid: Bytes) => one.state.enrolledKey(kid)?.point;
  const unsigned = codeOf(() => {
    checkLedger(placed.message, one.contents.checkpoint.origin, genesis);
    checkKeys(placed, lookUp);
  });
  if (unsigned !== null) return { line: "signatures", code: unsigned };
  const unseen = codeOf(() => checkSeen(one, placed));
  if (unseen !== null) return { line: "custody-rules", code: unseen };
  const broken = codeOf(() => apply(one.state, placed, placed.index));
  if (broken === null) return null;
  return { line: KEY_STANDING.includes(broken) ? "key-standing" : "custody-rules", code: broken };
}

/** The tree that the signers saw is one that the reader knows, as far as the reader knows any of its size. */
function checkSeen(one: Case, { payload, index }: Placed): void {
  if (payload.seen === null) return;
  const [size, root] = payload.seen;
  demand(size <= index, "seen/future");
  const { origin } = one.contents.checkpoint;
  const known = one.others.filter(({ held, checkpoint }) => held !== null && checkpoint.origin === origin);
  const ofThatSize = known.filter(({ checkpoint }) => checkpoint.size === size);
  demand(ofThatSize.every(({ checkpoint }) => equal(checkpoint.root, root)), "seen/unknown-head");
}

const HANDOVERS = ["handoff", "release", "check-out", "check-in", "succession"];

function checkBothSides(one: Case): void {
  const moves = one.custodyChains().flat();
  const isOneSided = ({ payload: { type, signers } }: Placed) =>
    type === "handoff-external" || type === "return-to-owner" || (type === "succession" && signers[0]![0] === 5);
  if (moves.some(isOneSided)) one.report.pass("both-sides-signed", "handoffs/one-side-only");
  else if (moves.some(({ payload }) => HANDOVERS.includes(payload.type))) one.report.pass("both-sides-signed");
  else one.report.skip("both-sides-signed");
}

/** Whether a compromised key signed something that too few witnesses are known to have seen before. */
export function checkCompromised(one: Case): void {
  for (const placed of one.contents.records) {
    for (const { message } of [placed, ...embeddedIn(placed)]) {
      for (const { kid } of message.signatures) {
        const end = one.state.enrolledKey(kid)?.end;
        if (typeof end !== "object" || isSeenBefore(one, placed.index, end.since)) continue;
        one.report.open("key-standing", "key-standing/compromised", { index: Number(placed.index), kid: hex(kid) });
      }
    }
  }
}

function embeddedIn({ payload }: Placed): SignedRecord[] {
  if (payload.type !== "late-entry") return [];
  try {
    return [readRecord(payload.body.record)];
  } catch (error) {
    if (error instanceof Refused) return [];
    throw error;
  }
}

function isSeenBefore(one: Case, index: bigint, since: bigint): boolean {
  const seen = [one.own, ...one.consistent].flatMap((judged) => seenOn(judged, index, since));
  return seen.length > 0 && one.inputs.policy.isMetBy(new Set(seen));
}

/** The witnesses that state, on this checkpoint, an earlier time than `since`. */
function seenOn({ checkpoint, held }: Judged, index: bigint, since: bigint): string[] {
  if (held === null || checkpoint.size <= index) return [];
  return [...held.cosigned].filter(([, time]) => time !== 0n && time < since).map(([name]) => name);
}
