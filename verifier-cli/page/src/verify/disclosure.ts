/** What is open, withheld, erased, and how it may be used: SPEC, Verifying an exhibit, 8, 9, 10 and 14 to 17. */
import { compareText, equal, hex } from "../bytes.ts";
import { isSignedBy, Role } from "../cose.ts";
import type { Placed } from "../exhibit.ts";
import { kindOf, sibling, type SubjectId } from "../id.ts";
import { demand, refuse } from "../refused.ts";
import { checkOpening, commitments } from "../sealed.ts";
import type { Case } from "./case.ts";

export function checkManifest(one: Case): void {
  one.report.judge("manifest", () => {
    const { manifest, contents, exhibit, state } = one;
    const { message, exporter } = manifest;
    demand(equal(manifest.contents, exhibit.digest), "manifest/contents-differ");
    demand(manifest.item === contents.item, "manifest/item-differs");
    const [signature] = message.signatures;
    demand(message.signatures.length === 1 && signature!.role === Role.acting, "manifest/signers");
    const isOfThisLedger = message.aud === contents.checkpoint.origin && one.isGenesis(message.genesis);
    demand(isOfThisLedger, "manifest/other-ledger");
    const custodian = state.find(exporter, "custodian") ?? refuse("manifest/exporter-unknown");
    demand(custodian.roles.includes(Role.acting), "manifest/role-not-granted");
    const key = custodian.keys.find(({ kid }) => equal(kid, signature!.kid)) ?? refuse("manifest/key-not-enrolled");
    demand(key.end === undefined, "manifest/key-ended");
    demand(isSignedBy(message, signature!, key.point), "manifest/signature");
  });
}

export function checkPins(one: Case): void {
  const { report, inputs, state } = one;
  if (inputs.pins === null) return report.open("agencies-pinned", "pins/none");
  if (!one.isGenesis(inputs.pins.genesis)) return report.fail("agencies-pinned", "pins/genesis-differs");
  if (one.hasStopped) return report.open("agencies-pinned", "history/stopped");
  const signers = one.contents.records.flatMap(({ payload }) => payload.signers.map(([, id]) => id));
  const people = [...signers, one.manifest.exporter].filter((id) => kindOf(id) === "custodian");
  const agencies = new Set(people.map((id) => state.find(id, "custodian")?.agency).filter((id) => id !== undefined));
  for (const agency of [...agencies].sort(compareText)) {
    const pins = inputs.pins.agencies.filter(({ id }) => id === agency);
    if (pins.length === 0) return report.open("agencies-pinned", "pins/not-pinned", { agency });
    for (const { kid } of pins) {
      const found = judgePin(one, agency, kid);
      if (found === "pins/key-differs") return report.fail("agencies-pinned", found, { agency });
      if (found !== null) return report.open("agencies-pinned", found, { agency });
    }
  }
  report.pass("agencies-pinned");
}

function judgePin({ state }: Case, agency: SubjectId, kid: Uint8Array): string | null {
  const keys = state.find(agency, "agency")?.keys ?? [];
  const at = keys.findIndex((key) => key.slot === "authority" && equal(key.kid, kid));
  if (at < 0) return "pins/key-differs";
  if (typeof keys[at]!.end === "object") return "pins/key-compromised";
  return keys.slice(at + 1).some(({ byOthers }) => byOthers) ? "pins/replaced-by-founders" : null;
}

export function checkRedactions(one: Case): void {
  one.report.judge("redactions", () => {
    const { contents, manifest } = one;
    for (const opening of contents.openings) {
      const placed = one.byIndex.get(opening.index) ?? refuse("opening/no-such-record");
      checkOpening(opening, placed.payload);
    }
    const name = (index: bigint, field: string) => `${index} ${field}`;
    const open = new Set(contents.openings.map(({ index, field }) => name(index, field)));
    const withheld = new Set(manifest.withheld.map(({ index, field }) => name(index, field)));
    for (const { index, field } of manifest.withheld) {
      const placed = one.byIndex.get(index);
      const isSealed = placed !== undefined && commitments(placed.payload).has(field);
      demand(isSealed && !open.has(name(index, field)), "redactions/not-withheld");
    }
    checkErased(one);
    for (const { index, payload } of contents.records) {
      const fields = [...commitments(payload).keys()].map((field) => name(index, field));
      demand(fields.every((field) => open.has(field) || withheld.has(field)), "redactions/unlisted");
    }
    return withheld.size > 0 ? "redactions/withheld" : undefined;
  });
}

/** What is withheld as erased is named by a record that says so. */
function checkErased(one: Case): void {
  const records = one.lineageRecords();
  const erased = new Set(records.flatMap(({ payload }) => {
    const fields = payload.type === "erase-opening" ? payload.body.fields : [];
    return fields.map(([digest, field]) => `${hex(digest)} ${field}`);
  }));
  const ofLineage = new Set(records.map(({ index }) => index));
  for (const { index, field, reason } of one.manifest.withheld) {
    if (reason !== "erased" || !ofLineage.has(index)) continue;
    const { digest } = one.byIndex.get(index)!.message;
    demand(erased.has(`${hex(digest)} ${field}`), "redactions/erased-unrecorded");
  }
}

type Finds = (one: Case, chain: readonly Placed[]) => boolean;

const CONTINUITY: readonly (readonly [string, Finds])[] = [
  ["continuity/overlap", (_, chain) =>
    chain.some(({ payload }, at) => at > 0 && payload.occurred.utc < chain[at - 1]!.payload.occurred.utc)],
  ["continuity/claimed-later-than-recorded", (_, chain) =>
    chain.some(({ payload, acceptedMs }) => payload.occurred.utc > acceptedMs / 1000n)],
  ["continuity/overdue", (one, chain) => chain.some((placed) => isOverdue(one, placed))],
  ["continuity/asserted", (_, chain) => chain.some(({ payload }) => payload.type === "register-legacy")],
];

function isOverdue(one: Case, { payload }: Placed): boolean {
  const release = payload.type === "receive" ? one.record(payload.body.release)?.payload : undefined;
  const expected = release?.type === "release" ? release.body.expected : undefined;
  return expected !== undefined && payload.occurred.utc > expected;
}

export function checkContinuity(one: Case): void {
  const chains = one.custodyChains();
  const found = CONTINUITY.find(([, applies]) => chains.some((chain) => applies(one, chain)));
  one.report.pass("continuity", found?.[0]);
}

const NOTEWORTHY = [
  "refuse", "recall", "correct", "late-entry", "discrepancy", "dispute", "dispute-response", "dispute-resolution",
];

export function checkDisputes(one: Case): void {
  const isThere = one.lineageRecords().some((placed) => isNoteworthy(one, placed));
  one.report.pass("disputes", isThere ? "disputes/recorded" : undefined);
}

export function isNoteworthy(one: Case, placed: Placed): boolean {
  const { payload } = placed;
  if (NOTEWORTHY.includes(payload.type) || hasOutcome(one, placed)) return true;
  switch (payload.type) {
    case "seal-check":
      return payload.body.outcome !== "intact";
    case "seal-break":
      return payload.body.reason === "accident";
    case "verify-digest":
      return payload.body.outcome === "mismatch";
    case "carrier-scan":
      return payload.body.event === "delayed" || payload.body.event === "exception";
    case "receive": {
      const release = one.record(payload.body.release)?.payload;
      return release?.type === "release" && release.to !== payload.to;
    }
    case "consume":
      return payload.subjects.some(({ id }) => isHeldBefore(one, id, placed.index));
    case "split":
      return isHeldBefore(one, payload.body.parent, placed.index);
    default:
      return false;
  }
}

/** Whether a hold of the item was open before the entry of this index. */
function isHeldBefore(one: Case, item: SubjectId, index: bigint): boolean {
  const before = one.chain(sibling(item, "notes")).filter((placed) => placed.index < index);
  const released = before.flatMap(({ payload }) => (payload.type === "hold-release" ? [hex(payload.body.hold)] : []));
  return before.some(({ payload, message }) => payload.type === "hold-set" && !released.includes(hex(message.digest)));
}

/** Whether something was found of an item of the lineage. */
function hasOutcome(one: Case, { payload, message }: Placed): boolean {
  const observed = message.signatures.flatMap((signature) => signature.observed?.outcomes ?? []);
  const looked = payload.type === "inventory" ? payload.body.outcomes ?? [] : [];
  return [...observed, ...looked].some(([position]) => {
    const id = payload.subjects[position]?.id;
    return id !== undefined && one.lineage.has(sibling(id, "item"));
  });
}

export function checkHandling(one: Case): void {
  const { report, contents } = one;
  for (const item of one.lineage) {
    const newest = one.chain(sibling(item, "notes")).filter(({ payload }) => payload.type === "handling").at(-1)?.payload;
    const codes = newest?.type === "handling" ? newest.body.codes : [];
    const missing = codes.find((code) => !contents.handling.includes(code));
    if (missing !== undefined) report.fail("handling-codes", "handling/not-carried", { handling: missing });
  }
  if (contents.handling.length > 0) report.pass("handling-codes");
  else report.skip("handling-codes");
}

export function checkTimestamps({ report, contents }: Case): void {
  const isAnchored = contents.records.some(({ payload }) => payload.type === "anchor");
  if (isAnchored) report.leave("timestamps", "timestamps/not-verified");
  else report.skip("timestamps");
}
