/** Two exhibits of one item: SPEC, Comparing exhibits. */
import { equal, type Bytes } from "../bytes.ts";
import { readExhibit } from "../exhibit.ts";
import { demand, codeOf } from "../refused.ts";
import { Report } from "../report.ts";
import { finish, verifyingExhibit, type Outcome } from "../verify.ts";
import type { Case, Inputs } from "./case.ts";

export function compareExhibits(first: Bytes, second: Bytes, inputs: Inputs): Outcome {
  return finish(comparingExhibits(first, second, inputs));
}

/** As [compareExhibits], in steps. */
export function* comparingExhibits(first: Bytes, second: Bytes, inputs: Inputs): Generator<number, Outcome> {
  const [older, newer] = sizeOf(second) < sizeOf(first) ? [second, first] : [first, second];
  const old = yield* verifyingExhibit(older, inputs);
  const others = old.one === null ? [] : [old.one.contents.checkpoint];
  const young = yield* verifyingExhibit(newer, { ...inputs, checkpoints: [...inputs.checkpoints, ...others] });
  const report = new Report();
  report.merge(young.report.lines());
  report.merge(old.report.lines().filter(({ id }) => id !== "consistency"));
  if (old.one !== null && young.one !== null) {
    const [before, after] = [old.one, young.one];
    report.judge("completeness", () => checkGrowth(before, after));
  }
  return { report, one: young.one };
}

/** The size of an exhibit's tree; a file that is none comes last. */
function sizeOf(bytes: Bytes): bigint {
  let size = 1n << 64n;
  codeOf(() => (size = readExhibit(bytes).contents.checkpoint.size));
  return size;
}

function checkGrowth(old: Case, young: Case): void {
  demand(old.contents.item === young.contents.item, "compare/other-item");
  for (const { index, entry } of old.contents.records) {
    const other = young.byIndex.get(index);
    demand(other === undefined || equal(other.entry, entry), "compare/fork");
  }
  const listed = new Set(young.contents.subjects.map(({ id }) => id));
  for (const { index, payload } of old.contents.records) {
    const isMissing = !young.byIndex.has(index) && payload.subjects.some(({ id }) => listed.has(id));
    demand(!isMissing, "compare/record-missing");
  }
}
