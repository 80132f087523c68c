/**
 * An item's history, verified here: the server collects what belongs to it, the reader's own key signs the manifest, and the
 * verifier judges the whole as it judges an exhibit from anybody.
 */
import { decodeBase64 } from "../../../verifier-cli/page/src/base64.ts";
import { fromHex, utf8 } from "../../../verifier-cli/page/src/bytes.ts";
import { encode, type Value } from "../../../verifier-cli/page/src/cbor.ts";
import { readCheckpoint } from "../../../verifier-cli/page/src/checkpoint.ts";
import { MANIFEST_TYPE, Role } from "../../../verifier-cli/page/src/cose.ts";
import { encodeDraft, sign as signDraft, startDraft } from "../../../verifier-cli/page/src/cose/draft.ts";
import { sha256 } from "../../../verifier-cli/page/src/hash.ts";
import { refuse } from "../../../verifier-cli/page/src/refused.ts";
import type { Line } from "../../../verifier-cli/page/src/report.ts";
import { verifyExhibit, type Outcome } from "../../../verifier-cli/page/src/verify.ts";
import { askJson } from "./http.ts";
import { sign } from "./key-file.ts";
import type { Ledger } from "./ledger.ts";
import type { Session } from "./session.ts";

const MAX_WITHHELD = 1_000;

interface ContentsView {
  readonly flags: readonly string[];
  readonly contents: string;
  readonly withheld: readonly { readonly entry: number; readonly field: string; readonly reason: string }[];
}

export interface Looked {
  readonly outcome: Outcome;
  /** What was checked. */
  readonly lines: readonly Line[];
  /** The exhibit, to be saved. */
  readonly file: Uint8Array;
  /** Handling codes of which nobody here knows what they ask for, in the server's words. */
  readonly flags: readonly string[];
}

/** What a report comes to in a browser, where no agency is pinned: that alone is left out of the judgement, and said beside it. */
export type BrowserVerdict = "verified" | "rejected" | "could-not-check";

export function browserVerdict(lines: readonly Line[]): BrowserVerdict {
  if (lines.some(({ status }) => status === "fail")) return "rejected";
  return lines.some(isOpen) ? "could-not-check" : "verified";
}

/** Refuses what was not verified, with the code of what kept it from that. */
export function demandVerified(lines: readonly Line[]): void {
  const wrong = lines.find(({ status }) => status === "fail") ?? lines.find(isOpen);
  if (wrong !== undefined) refuse(wrong.code);
}

function isOpen({ id, status, isRequired }: Line): boolean {
  return isRequired && status === "not-checked" && id !== "agencies-pinned";
}

/** Where an item is, in the words of the API, as its history has it. */
export interface Standing {
  readonly state: string;
  readonly holder: string;
  readonly addressee: string | null;
  readonly container: string | null;
}

const PLACES = { hand: "held", storage: "stored", out: "checked-out", packed: "packed", outside: "outside" } as const;
/** How an item ends, by the record that ends it. */
const ENDS: Readonly<Record<string, string>> = { dispose: "disposed", "return-to-owner": "returned", consume: "consumed", split: "split" };

/** The standing at the end of a history in which everything was gone through and nothing failed; null of any other. */
export function standingOf({ outcome: { one }, lines }: Looked): Standing | null {
  const item = one?.state.find(one.contents.item, "item");
  if (one === null || item === undefined || one.hasStopped || browserVerdict(lines) === "rejected") return null;
  const { place, release, holder } = item;
  const last = one.chain(one.contents.item).at(-1)?.payload.type ?? "";
  const state = item.isEnded ? (ENDS[last] ?? "disposed") : release !== undefined ? "on-the-way" : PLACES[place.at];
  return { state, holder, addressee: release?.to ?? null, container: place.at === "packed" ? place.in : null };
}

/** Somebody who is to get an exhibit. */
export interface Recipient {
  /** Court, prosecution and so on: what handling codes ask. */
  readonly kind: string;
  readonly name: string;
  readonly purpose: string;
}

/** The item's history, for whoever is signed in. */
export function lookAt(ledger: Ledger, session: Session, item: string): Promise<Looked> {
  return exhibit(ledger, session, item, null);
}

/** The same for somebody else, if no handling code stops it. It is verified before anybody gets it. */
export function giveTo(ledger: Ledger, session: Session, item: string, recipient: Recipient): Promise<Looked> {
  return exhibit(ledger, session, item, recipient);
}

async function exhibit(ledger: Ledger, session: Session, item: string, recipient: Recipient | null): Promise<Looked> {
  const known = ledger.head;
  const since = known === null ? [] : [Number(known.size)];
  const to = recipient === null ? {} : { to: recipient.kind };
  const view = await askJson<ContentsView>("/v1/exhibits", { method: "POST", json: { item, since, ...to } });
  const contents = decodeBase64(view.contents) ?? refuse("exhibit/not-an-exhibit");
  const manifest = await signManifest(ledger, session, { item, contents, withheld: view.withheld, recipient });
  const file = encode(["custody-exhibit", 1, contents, manifest]);
  const outcome = verifyExhibit(file, {
    policy: ledger.policy,
    pins: ledger.pins,
    checkpoints: known === null ? [] : [readCheckpoint(utf8(known.note))],
    evidence: [],
    atS: null,
  });
  const report = outcome.report.lines();
  return { outcome, lines: recipient === null ? report.map(forOneself) : report, file, flags: view.flags };
}

/** Whoever may not export looks all the same: the manifest that they sign for that is for nobody else. */
function forOneself(line: Line): Line {
  const isOnlyTheirs = line.id === "manifest" && line.code === "manifest/role-not-granted";
  return isOnlyTheirs ? { ...line, status: "not-applicable" } : line;
}

interface Collected {
  readonly item: string;
  readonly contents: Uint8Array;
  readonly withheld: ContentsView["withheld"];
  readonly recipient: Recipient | null;
}

async function signManifest(ledger: Ledger, session: Session, { item, contents, withheld, recipient }: Collected): Promise<Uint8Array> {
  const now = Math.floor(Date.now() / 1000);
  const listed = [...withheld].sort((a, b) => a.entry - b.entry || (a.field < b.field ? -1 : 1)).slice(0, MAX_WITHHELD);
  const fields: Value = {
    v: 1,
    for: recipient?.name ?? session.who.id,
    item,
    made: [now, -new Date().getTimezoneOffset(), "device"],
    purpose: recipient?.purpose ?? "looking at the item",
    contents: sha256(contents),
    exporter: session.who.id,
    withheld: listed.map(({ entry, field, reason }) => [entry, field, reason]),
  };
  const draft = startDraft(MANIFEST_TYPE, ledger.origin, ledger.genesis, encode(fields));
  const kid = fromHex(session.key.kid) ?? refuse("page/not-yours");
  return encodeDraft(await signDraft(draft, { kid, iat: BigInt(now), role: Role.acting }, (bytes) => sign(session.key.key, bytes)));
}
