/** What an agency does about its people and their keys. It signs with its authority key; a key that is new signs too. */
import { equal, fromHex, hex } from "../../../verifier-cli/page/src/bytes.ts";
import { encode } from "../../../verifier-cli/page/src/cbor.ts";
import { Role } from "../../../verifier-cli/page/src/cose.ts";
import { kindOf } from "../../../verifier-cli/page/src/id.ts";
import { demand } from "../../../verifier-cli/page/src/refused.ts";
import { draftOf, type Proposal } from "./act.ts";
import type { OpenedKey } from "./key-file.ts";
import type { Ledger } from "./ledger.ts";
import type { Session } from "./session.ts";

/** Roles that people may have, by the words of the API. */
export const ROLES = new Map<number, string>([
  [Role.releasing, "releasing"], [Role.receiving, "receiving"], [Role.witness, "witness"],
  [Role.supervisor, "supervisor"], [Role.other, "other-party"], [Role.acting, "acting"],
]);

export const REASONS = ["routine", "left", "lost", "stolen"] as const;

export type RegistryAct =
  | { readonly name: "custodian-enrol"; readonly called: string; readonly roles: readonly number[]; readonly key: OpenedKey }
  | { readonly name: "key-rotate"; readonly custodian: string; readonly key: OpenedKey; readonly reason: string }
  | { readonly name: "key-revoke"; readonly custodian: string; readonly kid: string; readonly reason: string }
  | { readonly name: "key-compromised"; readonly custodian: string; readonly kid: string; readonly since: Date }
  | { readonly name: "agency-update"; readonly custodian: string; readonly roles: readonly number[] };

export type RegistryName = RegistryAct["name"];

function words(roles: readonly number[]): string[] {
  return roles.map((role) => ROLES.get(role) ?? String(role));
}

function toJson(act: RegistryAct): unknown {
  switch (act.name) {
    case "custodian-enrol":
      return { name: act.called, roles: words(act.roles), key: hex(act.key.point) };
    case "key-rotate":
      return { custodian: act.custodian, key: hex(act.key.point), reason: act.reason };
    case "key-revoke":
      return { custodian: act.custodian, kid: act.kid, reason: act.reason };
    case "key-compromised":
      return { custodian: act.custodian, kid: act.kid, since: act.since.toISOString().replace(/\.\d+Z$/, "Z") };
    case "agency-update":
      return { custodian: act.custodian, roles: words(act.roles) };
  }
}

export async function proposeForAgency(ledger: Ledger, session: Session, act: RegistryAct): Promise<Proposal> {
  // No two signatures of a record are by one key, and both would be made here.
  demand(!("key" in act) || act.key.kid !== session.key.kid, "cose/repeated-key");
  const proposal = await draftOf(ledger, { act: { [act.name]: toJson(act) } });
  checkDrafted(act, session, proposal);
  return "key" in act ? { ...proposal, newKey: act.key } : proposal;
}

/** The draft says what was asked for, and nothing else. */
function checkDrafted(act: RegistryAct, session: Session, { payload, openings }: Proposal): void {
  const isSo = (holds: boolean) => demand(holds, "page/other-draft");
  const subject = payload.subjects[0]?.id ?? "";
  isSo(payload.type === act.name && payload.subjects.length === 1 && kindOf(subject) === "custodian");
  isSo(act.name === "custodian-enrol" || subject === act.custodian);
  const signers = [[Role.authority, session.who.id], ...("key" in act ? [[Role.newKey, subject]] : [])];
  isSo(JSON.stringify(payload.signers) === JSON.stringify(signers));
  const called = act.name === "custodian-enrol" ? [act.called] : [];
  isSo(openings.length === called.length && openings.every(({ field, value }) => field === "name" && equal(value, encode(called[0]!))));
  const sorted = (roles: readonly number[]) => [...roles].sort((a, b) => a - b).join();
  if (payload.type === "custodian-enrol" && act.name === payload.type) {
    const { key, roles, agency } = payload.body;
    isSo(equal(key.point, act.key.point) && sorted(roles) === sorted(act.roles) && agency === session.who.id);
  } else if (payload.type === "key-rotate" && act.name === payload.type) {
    const { key, slot, reason } = payload.body;
    isSo(equal(key.point, act.key.point) && slot === "custodian" && reason === act.reason);
  } else if (payload.type === "key-revoke" && act.name === payload.type) {
    isSo(equal(payload.body.kid, fromHex(act.kid)!) && payload.body.reason === act.reason);
  } else if (payload.type === "key-compromised" && act.name === payload.type) {
    isSo(equal(payload.body.kid, fromHex(act.kid)!) && payload.body.since === BigInt(Math.floor(act.since.getTime() / 1000)));
  } else if (payload.type === "agency-update" && act.name === payload.type) {
    const { name, roles, absence, country } = payload.body;
    isSo(roles !== undefined && sorted(roles) === sorted(act.roles) && name === undefined && absence === undefined && country === undefined);
  } else {
    isSo(false);
  }
}
