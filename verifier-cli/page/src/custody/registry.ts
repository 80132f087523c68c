/** The ledger, its agencies and custodians, and their keys: SPEC, Rules, Registry. */
import { equal } from "../bytes.ts";
import { Role } from "../cose.ts";
import { kindOf, type SubjectId } from "../id.ts";
import type { Key } from "../key.ts";
import type { Enrolment } from "../record/field.ts";
import { signersOf } from "../record.ts";
import { demand, refuse } from "../refused.ts";
import type { Act } from "./act.ts";
import type { HeldKey, Slot, State } from "./state.ts";

const MAX_KEYS = 1_024;

/** The standing of a ledger, an agency or a custodian that the record is about. */
export function applyRegistry(act: Act, id: SubjectId): void {
  const { state, payload } = act;
  switch (payload.type) {
    case "ledger-open": {
      const { agencies, quorum, operator } = payload.body;
      if (kindOf(id) === "agency") return enrolAgency(state, agencies.find((agency) => agency.id === id)!);
      const founders = agencies.map((agency) => agency.id);
      state.enrol(operator);
      return state.set(id, { kind: "ledger", quorum, founders, operator, isClosed: false });
    }
    case "agency-enrol":
      if (kindOf(id) === "agency") return enrolAgency(state, payload.body.agency);
      break;
    case "custodian-enrol": {
      const { key, roles, agency } = payload.body;
      const keys = [enrol(state, key, "custodian", false)];
      return state.set(id, { kind: "custodian", agency, roles, keys });
    }
  }
  demand(!state.isAbsent(id), "custody/no-such-subject");
  if (kindOf(id) === "ledger") changeLedger(act, id);
  else changeKeys(act, id);
}

function enrolAgency(state: State, { id, key, recovery }: Enrolment): void {
  const keys = [enrol(state, key, "authority", false), enrol(state, recovery, "recovery", false)];
  state.set(id, { kind: "agency", keys });
}

function enrol(state: State, { point, kid }: Key, slot: Slot, byOthers: boolean): HeldKey {
  const held: HeldKey = { point, kid, slot, byOthers, end: undefined };
  state.enrol(held);
  return held;
}

function changeLedger({ state, payload }: Act, id: SubjectId): void {
  const ledger = state.find(id, "ledger") ?? refuse("custody/no-such-subject");
  if (payload.type === "policy") {
    const { quorum } = payload.body;
    demand(quorum >= 1n && quorum <= BigInt(ledger.founders.length), "custody/quorum-range");
    ledger.quorum = quorum;
  } else if (payload.type === "operator-succession") {
    ledger.isClosed = true;
  }
}

function changeKeys({ state, payload }: Act, id: SubjectId): void {
  const standing = state.find(id, "agency") ?? state.find(id, "custodian") ?? refuse("custody/no-such-subject");
  switch (payload.type) {
    case "key-rotate": {
      demand(standing.keys.length < MAX_KEYS, "custody/too-many-keys");
      const { key, slot } = payload.body;
      const inUse = standing.keys.find((one) => one.slot === slot && one.end === undefined);
      if (inUse !== undefined) inUse.end = "replaced";
      const byOthers = standing.kind === "agency" && !signersOf(payload, Role.authority).includes(id);
      standing.keys.push(enrol(state, key, slot, byOthers));
      return;
    }
    case "key-revoke": {
      const key = standing.keys.find((one) => equal(one.kid, payload.body.kid) && one.end === undefined);
      demand(key !== undefined, "custody/no-such-key");
      key.end = "revoked";
      return;
    }
    case "key-compromised": {
      const { kid, since } = payload.body;
      const key = standing.keys.find((one) => equal(one.kid, kid));
      demand(key !== undefined && !isCompromisedSince(key, since), "custody/no-such-key");
      key.end = { since };
      return;
    }
    case "agency-update":
      if (standing.kind === "custodian") standing.roles = payload.body.roles ?? standing.roles;
  }
}

/** Whether the key is known to be compromised since this time or an earlier one. */
function isCompromisedSince({ end }: HeldKey, time: bigint): boolean {
  return typeof end === "object" && end.since <= time;
}
