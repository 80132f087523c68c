/** The report of an exhibit: SPEC, Verifying an exhibit. Lines are reached in its order. */
import type { Bytes } from "./bytes.ts";
import { readExhibit, type Exhibit } from "./exhibit.ts";
import { Refused } from "./refused.ts";
import { Report } from "./report.ts";
import { Case, type Inputs } from "./verify/case.ts";
import {
  checkContinuity, checkDisputes, checkHandling, checkManifest, checkPins, checkRedactions, checkTimestamps,
} from "./verify/disclosure.ts";
import { checkEvidence } from "./verify/evidence.ts";
import { checkCompromised, checkHistory } from "./verify/history.ts";
import {
  checkCheckpoint, checkCompleteness, checkConsistency, checkFreshness, checkInclusion, checkWitnesses,
} from "./verify/tree.ts";

export type { Inputs } from "./verify/case.ts";
export type { EvidenceFile } from "./verify/evidence.ts";

/** A report, and the case behind it where the file could be read. */
export interface Outcome {
  readonly report: Report;
  readonly one: Case | null;
}

export function verifyExhibit(bytes: Bytes, inputs: Inputs): Outcome {
  return finish(verifyingExhibit(bytes, inputs));
}

/** Does all of the steps at once. */
export function finish<T>(steps: Generator<number, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** As [verifyExhibit], in steps: each says how far it has come, from 0 to 1. Between them a page can breathe. */
export function* verifyingExhibit(bytes: Bytes, inputs: Inputs): Generator<number, Outcome> {
  let exhibit: Exhibit;
  try {
    exhibit = readExhibit(bytes);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const report = new Report();
    report.fail("format", error.code);
    return { report, one: null };
  }
  const one = new Case(exhibit, inputs);
  one.report.pass("format");
  yield* checkAll(one);
  return { report: one.report, one };
}

function* checkAll(one: Case): Generator<number, void> {
  checkCheckpoint(one);
  checkInclusion(one);
  yield* checkHistory(one);
  checkCompleteness(one);
  checkConsistency(one);
  checkCompromised(one);
  checkManifest(one);
  checkPins(one);
  checkRedactions(one);
  checkEvidence(one);
  checkWitnesses(one.report, one.own, one.inputs.policy.quorum!);
  checkFreshness(one.report, one.own, one.inputs.atS);
  checkContinuity(one);
  checkDisputes(one);
  checkHandling(one);
  checkTimestamps(one);
}
