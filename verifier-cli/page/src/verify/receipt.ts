/** The report of a receipt: SPEC, Verifying a receipt. */
import { equal, type Bytes } from "../bytes.ts";
import { readEntry, type Entry } from "../entry.ts";
import { leafHash, sha256 } from "../hash.ts";
import { verifyInclusion } from "../merkle.ts";
import type { Pins } from "../pins.ts";
import type { Policy } from "../policy.ts";
import { readReceipt, type Receipt } from "../receipt.ts";
import { readRecord, type SignedRecord } from "../record.ts";
import { demand, Refused } from "../refused.ts";
import { Report } from "../report.ts";
import { judge, type Judged } from "./case.ts";
import { checkFreshness, checkWitnesses } from "./tree.ts";

/** The receipt, and what travels beside it. */
export interface ReceiptFiles {
  readonly receipt: Bytes;
  readonly entry: Bytes;
  readonly record: Bytes;
}

interface Read {
  readonly receipt: Receipt;
  readonly entry: Entry;
  readonly record: SignedRecord;
}

export function verifyReceipt(files: ReceiptFiles, policy: Policy, pins: Pins | null): Report {
  const report = new Report();
  let read: Read;
  try {
    read = { receipt: readReceipt(files.receipt), entry: readEntry(files.entry), record: readRecord(files.record) };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    report.fail("format", error.code);
    return report;
  }
  report.pass("format");
  const own = judge(read.receipt.checkpoint, policy);
  if (own.held === null) report.fail("checkpoint", own.code);
  report.pass("checkpoint");
  report.judge("inclusion", () => checkIncluded(read, files.entry, own));
  checkGenesis(report, read, files.entry, pins);
  checkWitnesses(report, own, policy.quorum!);
  checkFreshness(report, own, null);
  for (const line of ["signatures", "key-standing", "custody-rules"] as const) report.leave(line, "receipt/no-key-history");
  return report;
}

function checkIncluded({ receipt, entry, record }: Read, bytes: Bytes, own: Judged): void {
  const { checkpoint, index, proof } = receipt;
  verifyInclusion(checkpoint.root, checkpoint.size, index, leafHash(bytes), proof);
  demand(equal(entry.record, record.message.digest), "entry/other-record");
  demand(record.message.aud === checkpoint.origin, "record/other-ledger");
  const logTimeS = own.held?.logTimeS ?? 0n;
  demand(logTimeS === 0n || entry.acceptedMs / 1000n <= logTimeS, "entry/accepted-after-checkpoint");
}

function checkGenesis(report: Report, { record }: Read, entry: Bytes, pins: Pins | null): void {
  if (pins === null) return report.leave("agencies-pinned", "pins/none");
  const genesis = record.message.genesis ?? sha256(entry);
  if (equal(genesis, pins.genesis)) report.pass("agencies-pinned");
  else report.fail("agencies-pinned", "pins/genesis-differs");
}
