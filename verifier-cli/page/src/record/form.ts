/** What a type demands of the record around its body: SPEC, Roles and chains by type. */
import { compareText, equal, type Bytes } from "../bytes.ts";
import { Role, type Message } from "../cose.ts";
import { kindOf, type SubjectId } from "../id.ts";
import { demand } from "../refused.ts";
import { newKeys, type RecordType } from "./body.ts";
import type { Payload } from "./payload.ts";

/** A row of the table, as SPEC writes it; `|` stands for its "or". */
interface Form {
  readonly signers: string;
  readonly chains: string;
  /** The roles of `from` and `to`, where the type has parties; 0 is anybody. */
  readonly parties?: readonly [from: number, to: number];
  readonly sealed?: readonly string[];
  readonly seen?: true;
}

const ALONE = { signers: "9 3*", chains: "item:+" } as const;
const NOTES = { signers: "9", chains: "notes:" } as const;
const LEDGER = { signers: "5+", chains: "ledger:" } as const;
const KEYS = { signers: "5+", chains: "agency: | custodian:" } as const;
const HANDOVER = { signers: "1 2 3*", chains: "item:+", parties: [1, 2] } as const;

const FORMS: Record<RecordType, Form> = {
  "ledger-open": { signers: "6 (5 8)+", chains: "agency:0+ ledger:0" },
  "agency-enrol": { signers: "5+ 8 8", chains: "agency:0 ledger:" },
  "custodian-enrol": { signers: "5 8", chains: "custodian:0" },
  "key-rotate": { ...KEYS, signers: "5+ 8" },
  "key-revoke": KEYS,
  "key-compromised": KEYS,
  collect: { ...ALONE, chains: "item:0" },
  seal: { ...ALONE, sealed: ["seal"] },
  "seal-check": ALONE,
  handoff: HANDOVER,
  release: { signers: "1 3*", chains: "item:+", parties: [1, 0] },
  receive: { signers: "2 3*", chains: "item:+", parties: [0, 2] },
  refuse: { signers: "2", chains: "item:+ | notes:+", parties: [0, 2] },
  recall: { signers: "1", chains: "item:+", parties: [1, 0] },
  derive: { ...ALONE, chains: "item: item:" },
  "verify-digest": ALONE,
  correct: { ...NOTES, signers: "9 4", sealed: ["value"] },
  "late-entry": NOTES,
  note: NOTES,
  dispose: { ...ALONE, signers: "9 3", sealed: ["authority"] },
  "agency-update": { ...KEYS, signers: "5" },
  policy: LEDGER,
  anchor: { ...LEDGER, signers: "6", seen: true },
  renewal: { ...LEDGER, signers: "6", seen: true },
  "operator-succession": LEDGER,
  "provider-production": { ...ALONE, chains: "item:0", sealed: ["provider"] },
  "register-legacy": { ...ALONE, chains: "item:0", sealed: ["events"] },
  "seal-break": ALONE,
  pack: { ...ALONE, chains: "item: item:+" },
  unpack: { ...ALONE, chains: "item: item:+" },
  "carrier-scan": { signers: "9 | 7", chains: "notes:+" },
  "handoff-external": { signers: "1 3* | 2 3*", chains: "item:+", sealed: ["party"] },
  succession: { ...HANDOVER, signers: "1 2 3* | 5 2 3+" },
  store: { ...ALONE, sealed: ["place"] },
  "check-out": HANDOVER,
  "check-in": HANDOVER,
  split: { ...ALONE, chains: "item: item:+" },
  consume: { ...ALONE, chains: "item:" },
  analyse: ALONE,
  disclose: { ...NOTES, sealed: ["recipient"] },
  "court-exhibit": { ...NOTES, sealed: ["mark"] },
  "hold-set": { ...NOTES, chains: "notes:+", sealed: ["authority"] },
  "hold-release": { signers: "9 4", chains: "notes:+", sealed: ["authority"] },
  dispute: { ...NOTES, sealed: ["text"] },
  "dispute-response": { ...NOTES, sealed: ["text"] },
  "dispute-resolution": { ...NOTES, signers: "9 4", sealed: ["text"] },
  "authorise-onward": { signers: "9 4", chains: "notes:+", sealed: ["authority"] },
  handling: { ...NOTES, chains: "notes:+" },
  inventory: { ...ALONE, chains: "notes:+" },
  discrepancy: { ...NOTES, sealed: ["text"] },
  "return-to-owner": { signers: "1 3*", chains: "item:+", sealed: ["authority", "party"] },
  "erase-opening": { ...NOTES, signers: "9 4", sealed: ["authority"] },
  request: { signers: "9", chains: "request:" },
};

/** Step 2: the signatures that are there are those that the payload names. */
export function checkSignatures(message: Message, payload: Payload): void {
  demand(message.signatures.length <= payload.signers.length, "record/signature-count");
  const items = payload.subjects.length;
  const keys = newKeys(payload).values();
  message.signatures.forEach((signature, at) => {
    demand(signature.role === payload.signers[at]![0], "record/signature-role");
    if (payload.type === "ledger-open" || signature.role === Role.newKey) {
      const key = keys.next().value;
      demand(key !== undefined && equal(key.kid, signature.kid), "record/signers");
    }
    demand((signature.observed?.outcomes?.at(-1)?.[0] ?? -1) < items, "record/outcome");
  });
  const outcomes = payload.type === "inventory" ? payload.body.outcomes : undefined;
  demand((outcomes?.at(-1)?.[0] ?? -1) < items, "record/outcome");
}

/** Step 3. */
export function checkGenesis(aud: string, genesis: Bytes | undefined, payload: Payload): void {
  demand((genesis === undefined) === (payload.type === "ledger-open"), "record/genesis");
  if (payload.type !== "ledger-open") return;
  const isTraining = aud.startsWith("training-not-evidence/");
  demand(isTraining === (payload.body.purpose === "training"), "record/training-origin");
}

/** Steps 4 to 7. */
export function checkForm(aud: string, payload: Payload): void {
  const form = FORMS[payload.type];
  demand(hasSigners(form, aud, payload), "record/signers");
  demand(hasChains(form, aud, payload), "record/subjects");
  demand(hasParties(form, payload), "record/parties");
  demand(hasFields(form, payload), "record/missing-field");
}

const SIGNS_AS = { 5: "agency", 6: "ledger" } as Record<number, string>;

function hasSigners(form: Form, aud: string, payload: Payload): boolean {
  const roles = payload.signers.map(([role]) => role).join("");
  const isOfItsKind = payload.signers.every(([role, id]) => {
    const kind = kindOf(id);
    if (role === Role.newKey) return kind === "agency" || kind === "custodian";
    return kind === (SIGNS_AS[role] ?? "custodian");
  });
  const ids = [...payload.signers.map(([, id]) => id), ...payload.subjects.map(({ id }) => id)];
  const isOfThisLedger = ids.every((id) => kindOf(id) !== "ledger" || id === `ledger:${aud}`);
  return isOfItsKind && rolePattern(form.signers).test(roles) && isOfThisLedger && areTheSigners(payload);
}

function rolePattern(signers: string): RegExp {
  return new RegExp(`^(?:${signers.replaceAll(" ", "")})$`);
}

export function signersOf(payload: Payload, role: number): SubjectId[] {
  return payload.signers.filter((signer) => signer[0] === role).map(([, id]) => id);
}

/** The people that a type demands in its roles. */
function areTheSigners(payload: Payload): boolean {
  const [authorities, enrolled] = [signersOf(payload, Role.authority), signersOf(payload, Role.newKey)];
  switch (payload.type) {
    case "ledger-open": {
      const founders = payload.body.agencies.map(({ id }) => id);
      return same(authorities, founders) && same(enrolled, founders);
    }
    case "agency-enrol":
      return areAscending(authorities) && enrolled.every((id) => id === payload.body.agency.id);
    case "custodian-enrol":
      return authorities[0] === payload.body.agency && enrolled[0] === payload.subjects[0]!.id;
    case "key-rotate":
    case "key-revoke":
    case "key-compromised":
    case "policy":
    case "operator-succession":
      return areAscending(authorities) && enrolled.every((id) => id === payload.subjects[0]!.id);
    case "handoff-external":
    case "return-to-owner":
      return isDocument(payload.body["stand-in"]) || signersOf(payload, Role.witness).length > 0;
    default:
      return true;
  }
}

function isDocument(standIn: string): boolean {
  return standIn !== "refused" && standIn !== "unable";
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, at) => item === b[at]);
}

function areAscending(ids: readonly string[]): boolean {
  return ids.every((id, at) => at === 0 || compareText(ids[at - 1]!, id) < 0);
}

function hasChains(form: Form, aud: string, payload: Payload): boolean {
  const chains = payload.subjects.map(({ id, seq }) => `${kindOf(id)}:${seq === 0n ? "0" : ""} `).join("");
  return chainPattern(form.chains).test(chains) && areTheChains(payload) && aud.length > 0;
}

/** A column of the table as a pattern over `kind:` or `kind:0` for each chain, each with a space behind it. */
function chainPattern(chains: string): RegExp {
  const one = (chain: string) => {
    const [, kind, zero, plus] = /^([a-z]+):(0?)(\+?)$/.exec(chain)!;
    return `(?:${kind}:${zero === "0" ? "0" : "0?"} )${plus}`;
  };
  const choices = chains.split(" | ").map((choice) => choice.split(" ").map(one).join(""));
  return new RegExp(`^(?:${choices.join("|")})$`);
}

/** The chains that a type demands by its body. */
function areTheChains(payload: Payload): boolean {
  const [first] = payload.subjects;
  const ids = payload.subjects.map(({ id }) => id);
  switch (payload.type) {
    case "ledger-open":
      return same(ids.filter((id) => kindOf(id) === "agency"), payload.body.agencies.map(({ id }) => id));
    case "agency-enrol":
      return first!.id === payload.body.agency.id;
    case "key-rotate":
      return (payload.body.slot === "custodian") === (kindOf(first!.id) === "custodian");
    case "derive":
      return isParentBesideNew(payload, payload.body.parent);
    case "split": {
      const parts = payload.body.parts.map(([id]) => id);
      const { parent } = payload.body;
      return isParentBesideNew(payload, parent) && same(ids.filter((id) => id !== parent), parts);
    }
    case "pack":
    case "unpack":
      return ids.includes(payload.body.container);
    case "agency-update": {
      const { name, country, roles, absence } = payload.body;
      const [ofAgency, ofCustodian] = [name ?? country, roles ?? absence].map((value) => value !== undefined);
      const isAgency = kindOf(first!.id) === "agency";
      return ofAgency === isAgency && ofCustodian === !isAgency;
    }
    case "request":
      return (first!.seq === 0n) === (payload.body.step === "prepared");
    case "refuse":
      return (kindOf(first!.id) === "item") === (payload.body.release !== undefined);
    default:
      return true;
  }
}

/** One is the parent; all others begin. */
function isParentBesideNew(payload: Payload, parent: SubjectId): boolean {
  const others = payload.subjects.filter(({ id }) => id !== parent);
  return others.length === payload.subjects.length - 1 && others.every(({ seq }) => seq === 0n);
}

function hasParties(form: Form, { from, to, signers }: Payload): boolean {
  if (form.parties === undefined) return from === undefined && to === undefined;
  if (from === undefined || to === undefined || from === to) return false;
  return form.parties.every((role, at) => {
    const signer = signers.find((signer) => signer[0] === role);
    return signer === undefined || signer[1] === [from, to][at];
  });
}

function hasFields(form: Form, payload: Payload): boolean {
  const hasSealed = (field: string) => payload.sealed.has(field);
  const isThere = form.sealed?.every(hasSealed) ?? true;
  return isThere && (form.seen === undefined || payload.seen !== null) && hasFieldsOfType(payload, hasSealed);
}

function hasFieldsOfType(payload: Payload, hasSealed: (field: string) => boolean): boolean {
  switch (payload.type) {
    case "collect":
      return payload.body.kind !== "digital" || hasDigests(payload.body.digests, hasSealed, true);
    case "derive":
    case "provider-production":
      return hasDigests(payload.body.digests, hasSealed, true);
    case "register-legacy":
      return hasDigests(payload.body.digests, hasSealed, false);
    case "note":
      return hasSealed(payload.body.kind === "alias" ? "alias" : "text");
    case "handoff-external":
    case "return-to-owner":
      return !isDocument(payload.body["stand-in"]) || payload.attached.length > 0;
    case "authorise-onward": {
      const isTransfer = payload.body.use === "transfer";
      return (payload.body.to !== undefined) === isTransfer && (isTransfer || hasSealed("recipient"));
    }
    case "request": {
      const { to, basis, purpose, instrument, ground, step } = payload.body;
      const isFirst = step === "prepared";
      const first = [to, basis, purpose, instrument].every((field) => (field !== undefined) === isFirst);
      return first && (ground !== undefined) === (step === "refused") && (!isFirst || hasSealed("contact"));
    }
    default:
      return true;
  }
}

/** Digests stand in the body or sealed, not both, and not neither where they are asked for. */
function hasDigests(inBody: unknown, hasSealed: (field: string) => boolean, isAsked: boolean): boolean {
  const [open, sealed] = [inBody !== undefined, hasSealed("digests")];
  return !(open && sealed) && (!isAsked || open || sealed);
}
