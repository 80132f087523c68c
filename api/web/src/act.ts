/**
 * Acts, from what somebody types to a record in the ledger. The server drafts, since it knows the chains; the page believes
 * nothing of it: it reads the payload again, holds it against what was asked for, opens what is sealed against its
 * commitments, signs with a key that the server never sees, and verifies the receipt.
 */
import { decodeBase64 } from "../../../verifier-cli/page/src/base64.ts";
import { equal, fromHex, hex, type Bytes } from "../../../verifier-cli/page/src/bytes.ts";
import { encode, list, Reader, tuple, type Value } from "../../../verifier-cli/page/src/cbor.ts";
import { isSignedBy, RECORD_TYPE, Role } from "../../../verifier-cli/page/src/cose.ts";
import {
  encodeDraft, reopenDraft, sign as signDraft, startDraft, type Draft,
} from "../../../verifier-cli/page/src/cose/draft.ts";
import { sibling } from "../../../verifier-cli/page/src/id.ts";
import { checkLedger, newKeys, readOffer, type Payload } from "../../../verifier-cli/page/src/record.ts";
import { demand, refuse } from "../../../verifier-cli/page/src/refused.ts";
import { checkOpening, commitments, type Opened } from "../../../verifier-cli/page/src/sealed.ts";
import { ask, askBytes, askJson } from "./http.ts";
import { sign } from "./key-file.ts";
import { TwoHeads, type Acknowledged, type Ledger } from "./ledger.ts";
import { Problem } from "./problem.ts";
import type { Report } from "../../../verifier-cli/page/src/report.ts";
import type { Session } from "./session.ts";
import type { KeptKey } from "./store.ts";
import type { OpeningView } from "./view.ts";
import { valueText } from "../../../verifier-cli/page/src/page/value.ts";

const OFFER_TYPE = "application/vnd.custody-ledger.offer+cbor";
const MAX_OPENINGS = 64;

export type ActName =
  | "collect" | "seal" | "store" | "note" | "disclose" | "handoff" | "release" | "receive" | "refuse" | "refuse-offer" | "recall";

/** An act in the words of the API. */
export interface Act {
  readonly name: ActName;
  readonly items: readonly string[];
  /** Codes, ids and numbers. */
  readonly codes: Readonly<Record<string, string | number>>;
  /** What is sealed, by the names of the fields. */
  readonly texts: Readonly<Record<string, string>>;
  readonly observed?: Observed;
}

export interface Observed {
  readonly checked: readonly string[];
  /** What was found, by item. */
  readonly outcomes: ReadonlyMap<string, string>;
  /** How many of all were scanned, where there is something to scan. This is shown, and not signed. */
  readonly scanned?: number;
  readonly all: number;
}

/** What is about to be signed. */
export interface Proposal {
  readonly draft: Draft;
  readonly payload: Payload;
  readonly openings: readonly Opened[];
  /** Digest of the offer that is countersigned, if it is one. */
  readonly offer: string | null;
  /** The key that is new, where it is at hand: it signs at once. */
  readonly newKey?: KeptKey;
}

/** In which role an act is signed first: SPEC, Roles and chains by type. */
const ROLES: Readonly<Record<ActName, number>> = {
  collect: Role.acting, seal: Role.acting, store: Role.acting, note: Role.acting, disclose: Role.acting, handoff: Role.releasing,
  release: Role.releasing, receive: Role.receiving, refuse: Role.receiving, "refuse-offer": Role.receiving, recall: Role.releasing,
};

/** Whether somebody with these roles may sign that. Without this they would be told by the ledger, and late. */
export function maySign(act: ActName, roles: readonly number[]): boolean {
  return roles.includes(ROLES[act]);
}

const ONE_ITEM: readonly ActName[] = ["seal", "note", "disclose"];

/** Whether an act can be about so many items. */
export function isFor(act: ActName, items: number): boolean {
  return items <= 1 || !ONE_ITEM.includes(act);
}

/** Acts that stand beside the chain of custody. */
const NOTES: readonly ActName[] = ["note", "disclose", "refuse-offer"];
const SEALED_AS: Readonly<Record<string, string>> = { number: "seal" };

function toJson({ name, items, codes, texts }: Act): unknown {
  const said = Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== ""));
  // The server has the offer, and takes from it who offers what.
  if (name === "refuse-offer") return { act: { [name]: { offer: codes["offer"], ground: codes["ground"], ...said } } };
  const subject = name === "collect" ? {} : ONE_ITEM.includes(name) ? { item: items[0] } : { items };
  return { act: { [name]: { ...subject, ...codes, ...said } } };
}

export async function propose(ledger: Ledger, session: Session, act: Act): Promise<Proposal> {
  const proposal = await draftOf(ledger, toJson(act));
  checkAsked(act, session, proposal.payload, proposal.openings);
  return proposal;
}

/** A draft that is of this ledger, opens what it seals, and names no head of another history. What it says is the caller's to check. */
export async function draftOf(ledger: Ledger, json: unknown): Promise<Proposal> {
  const view = await askJson<{ protected: string; payload: string; openings: OpeningView[] }>("/v1/drafts", { method: "POST", json });
  const bytes = (text: string) => decodeBase64(text) ?? refuse("page/other-draft");
  const draft = startDraft(RECORD_TYPE, ledger.origin, ledger.genesis, bytes(view.payload));
  demand(equal(draft.header, bytes(view.protected)), "page/other-draft");
  const { payload } = readOffer(encodeDraft(draft));
  const openings = view.openings.map(({ field, salt, value }) => ({ field, salt: bytes(salt), value: bytes(value) }));
  checkOpenings(payload, openings);
  await ledger.checkSeen(payload.seen ?? refuse("page/other-draft"));
  return { draft, payload, openings, offer: null };
}

/** Every sealed field has its opening, and every opening fits. */
function checkOpenings(payload: Payload, openings: readonly Opened[]): void {
  openings.forEach((opening) => checkOpening(opening, payload));
  const names = new Set(openings.map(({ field }) => field));
  demand(names.size === openings.length, "offer/closed");
  demand([...commitments(payload).keys()].every((name) => names.has(name)), "offer/closed");
}

/** The draft says what was asked for, and nothing else. */
function checkAsked(act: Act, session: Session, payload: Payload, openings: readonly Opened[]): void {
  const wrong = "page/other-draft";
  demand(payload.type === (act.name === "refuse-offer" ? "refuse" : act.name), wrong);
  demand(payload.signers[0]?.[1] === session.who.id, wrong);
  const kind = NOTES.includes(act.name) ? "notes" : "item";
  const asked = act.items.map((item) => sibling(item, kind)).sort();
  const drafted = payload.subjects.map(({ id }) => id).sort();
  demand(act.name === "collect" ? drafted.length === 1 : asked.join() === drafted.join(), wrong);
  const body = payload.body as Readonly<Record<string, unknown>>;
  const { to, from, ...codes } = act.codes;
  if (to !== undefined) demand(payload.from === session.who.id && payload.to === to, wrong);
  if (from !== undefined) demand(payload.to === session.who.id && payload.from === from, wrong);
  for (const [name, code] of Object.entries(codes)) demand(isSaid(body[name], code), wrong);
  const said = Object.entries(act.texts).filter(([, text]) => text !== "");
  demand(openings.length === said.length, wrong);
  for (const [name, text] of said) {
    const opening = openings.find(({ field }) => field === (SEALED_AS[name] ?? name));
    demand(opening !== undefined && equal(opening.value, encode(text)), wrong);
  }
}

function isSaid(value: unknown, code: string | number): boolean {
  if (typeof code === "number") return value === BigInt(code);
  if (typeof value === "bigint") return BigInt(Math.floor(Date.parse(code) / 1000)) === value;
  return (value instanceof Uint8Array ? hex(value) : value) === code;
}

const readOpening = tuple<[string, Bytes, Bytes]>(
  (reader) => reader.text(1, 48),
  (reader) => reader.byteString(16, 16),
  (reader) => reader.byteString(0, 16_384),
);

type Keys = ReadonlyMap<string, Bytes>;

/**
 * Fetches an offer and looks at it: its openings, that it is of this ledger, and that each signature on it is by a key of
 * whom the record names at its place: `keysOf` has theirs by thumbprint.
 */
export async function readWaiting(ledger: Ledger, digest: string, keysOf: (id: string) => Promise<Keys>): Promise<Proposal> {
  const reader = Reader.over(await askBytes(`/v1/offers/${digest}`));
  reader.array(4, 4);
  demand(reader.text() === "custody-offer", "offer/not-an-offer");
  reader.uint(1n, 1n);
  const offer = readOffer(reader.byteString());
  const openings = list(readOpening, 0, MAX_OPENINGS)(reader).map(([field, salt, value]) => ({ field, salt, value }));
  const { message, payload } = offer;
  demand(hex(message.digest) === digest, "offer/not-an-offer");
  checkLedger(message, ledger.origin, ledger.genesis);
  checkOpenings(payload, openings);
  for (const [at, signature] of message.signatures.entries()) {
    // A key that is new is in the record itself, and was held against its signature when that was read.
    const own = signature.role === Role.newKey ? newKeys(payload).find(({ kid }) => equal(kid, signature.kid)) : undefined;
    const key = own?.point ?? (await keysOf(payload.signers[at]![1])).get(hex(signature.kid)) ?? refuse("record/unknown-key");
    demand(isSignedBy(message, signature, key), "cose/signature");
  }
  if (payload.seen !== null) await ledger.checkSeen(payload.seen);
  return { draft: reopenDraft(message), payload, openings, offer: digest };
}

/** What came of a signature. */
export type Done =
  | { readonly kind: "recorded"; readonly acknowledged: Acknowledged; readonly report: Report; readonly payload: Payload }
  | { readonly kind: "offered"; readonly offer: string; readonly next: string };

/** Signs, and sends it on: into the ledger where nobody else signs, else to whoever signs next. */
export async function signAndSend(ledger: Ledger, session: Session, proposal: Proposal, observed?: Observed): Promise<Done> {
  const { payload } = proposal;
  const { record, count } = await signOnce(session, proposal, observed);
  const bytes = offerFile(record, proposal.openings);
  const next = payload.signers[count];
  try {
    if (next !== undefined) {
      const { offer } = await askJson<{ offer: string }>("/v1/offers", { method: "POST", bytes, type: OFFER_TYPE });
      return { kind: "offered", offer, next: next[1] };
    }
    const acknowledged = await askJson<Acknowledged>("/v1/records", { method: "POST", bytes, type: OFFER_TYPE });
    const report = ledger.verify(record, acknowledged);
    demand(report.verdict() === "verified", report.lines().find(({ status }) => status === "fail")?.code ?? "page/receipt");
    // It is recorded, and that does not change where the server cannot be asked again at once.
    await ledger.holdReceipt(acknowledged.receipt).catch((thrown: unknown) => {
      if (thrown instanceof TwoHeads) throw thrown;
    });
    return { kind: "recorded", acknowledged, report, payload };
  } catch (thrown) {
    if (isRefusedForGood(thrown)) kept.delete(proposal);
    throw thrown;
  }
}

/** What was signed of a proposal. */
interface Signed {
  readonly record: Bytes;
  /** How many signatures are on it. */
  readonly count: number;
  /** By which key, and what was observed. */
  readonly said: string;
}

/**
 * What may have reached the ledger though its answer was lost. A signature has its time in it, and one of a second later
 * would make another record, which the rules of custody refuse: the same bytes are sent again, and the ledger knows them.
 */
const kept = new WeakMap<Proposal, Signed>();

function isRefusedForGood(thrown: unknown): boolean {
  return thrown instanceof Problem && thrown.status >= 400 && thrown.status < 500 && ![408, 429].includes(thrown.status);
}

async function signOnce(session: Session, proposal: Proposal, observed: Observed | undefined): Promise<Signed> {
  const { payload, draft } = proposal;
  const [role, id] = payload.signers[draft.signatures.length] ?? refuse("record/signature-count");
  demand(id === session.who.id, "page/not-yours");
  const seen = role === Role.receiving ? observedValue(payload, observed) : undefined;
  const said = hex(encode([session.key.kid, seen ?? null]));
  const before = kept.get(proposal);
  if (before?.said === said) return before;
  const iat = BigInt(Math.floor(Date.now() / 1000));
  const signer = { kid: fromHex(session.key.kid) ?? refuse("page/not-yours"), iat, role, ...(seen === undefined ? {} : { observed: seen }) };
  const mine = await signDraft(draft, signer, (bytes) => sign(session.key.key, bytes));
  const all = await signAsNew(mine, proposal, iat);
  const record = encodeDraft(all);
  readOffer(record);
  const signed = { record, count: all.signatures.length, said };
  kept.set(proposal, signed);
  return signed;
}

/** The key that is enrolled signs that whoever enrols it has it, where it is at hand and its turn comes. */
async function signAsNew(draft: Draft, { payload, newKey }: Proposal, iat: bigint): Promise<Draft> {
  if (newKey === undefined || payload.signers[draft.signatures.length]?.[0] !== Role.newKey) return draft;
  const kid = fromHex(newKey.kid) ?? refuse("page/not-yours");
  return signDraft(draft, { kid, iat, role: Role.newKey }, (bytes) => sign(newKey.key, bytes));
}

function observedValue(payload: Payload, observed: Observed | undefined): Value | undefined {
  if (observed === undefined || (observed.checked.length === 0 && observed.outcomes.size === 0)) return undefined;
  const outcomes = payload.subjects.flatMap(({ id }, at): [number, string][] => {
    const found = observed.outcomes.get(id);
    return found === undefined ? [] : [[at, found]];
  });
  demand(outcomes.length === observed.outcomes.size, "record/outcome");
  return {
    checked: observed.checked.length === 0 ? undefined : [...observed.checked].sort(),
    outcomes: outcomes.length === 0 ? undefined : outcomes,
  };
}

function offerFile(message: Bytes, openings: readonly Opened[]): Bytes {
  const sorted = [...openings].sort((a, b) => (a.field < b.field ? -1 : 1));
  return encode(["custody-offer", 1, message, sorted.map(({ field, salt, value }) => [field, salt, value])]);
}

export async function withdraw(offer: string): Promise<void> {
  await ask(`/v1/offers/${offer}`, { method: "DELETE" });
}

/** What the openings say, by field. */
export function textsOf(openings: readonly Opened[]): (readonly [string, string])[] {
  return openings.map(({ field, value }) => [field, valueText(value)] as const);
}
