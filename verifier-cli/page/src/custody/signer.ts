/** Who signs, and as whom: SPEC, Rules, 3 and 4. By the state before the record. */
import { equal, type Bytes } from "../bytes.ts";
import { Role } from "../cose.ts";
import { kindOf, type SubjectId } from "../id.ts";
import { signersOf } from "../record.ts";
import { demand, refuse } from "../refused.ts";
import type { Act } from "./act.ts";
import type { HeldKey, State } from "./state.ts";

export function checkSigners(act: Act): void {
  act.payload.signers.forEach(([role, id], at) => {
    const { kid } = act.record.message.signatures[at]!;
    if (act.payload.type === "ledger-open" || role === Role.newKey) {
      demand(act.state.enrolledKey(kid) === undefined, "custody/key-enrolled-twice");
    } else if (role === Role.authority) {
      checkAuthority(act, id, kid);
    } else if (role === Role.operator) {
      const { operator } = act.state.known(id, "ledger");
      demand(equal(operator.kid, kid), "custody/key-not-enrolled");
    } else {
      checkCustodian(act.state, role, id, kid);
    }
  });
}

function checkAuthority(act: Act, id: SubjectId, kid: Bytes): void {
  const agency = act.state.known(id, "agency");
  const isItself = act.payload.subjects.some((link) => link.id === id);
  const inUse = agency.keys.filter(({ slot }) => slot === "authority" || (isItself && slot === "recovery"));
  demand(keyOf(inUse, kid).end === undefined, "custody/key-ended");
}

function checkCustodian(state: State, role: number, id: SubjectId, kid: Bytes): void {
  const custodian = state.known(id, "custodian");
  demand(keyOf(custodian.keys, kid).end === undefined, "custody/key-ended");
  demand(custodian.roles.includes(role), "custody/role-not-granted");
}

export function keyOf(keys: readonly HeldKey[], kid: Bytes): HeldKey {
  return keys.find((key) => equal(key.kid, kid)) ?? refuse("custody/key-not-enrolled");
}

export function checkAuthorities({ state, payload }: Act): void {
  const authorities = signersOf(payload, Role.authority);
  switch (payload.type) {
    case "agency-enrol":
    case "policy":
    case "operator-succession":
      return demandQuorum(state, authorities, ledgerId(payload.subjects));
    case "agency-update":
    case "key-rotate":
    case "key-revoke":
    case "key-compromised": {
      const { id } = payload.subjects[0]!;
      if (kindOf(id) === "custodian") {
        const { agency } = state.known(id, "custodian");
        return demand(isOnly(authorities, agency), "custody/not-its-agency");
      }
      if (payload.type === "agency-update") return demand(isOnly(authorities, id), "custody/not-its-agency");
      if (!isOnly(authorities, id)) demandQuorum(state, authorities, state.ledger);
    }
  }
}

function isOnly(authorities: readonly SubjectId[], agency: SubjectId): boolean {
  return authorities.length === 1 && authorities[0] === agency;
}

function ledgerId(subjects: readonly { readonly id: SubjectId }[]): SubjectId {
  return subjects.find(({ id }) => kindOf(id) === "ledger")!.id;
}

function demandQuorum(state: State, authorities: readonly SubjectId[], id: SubjectId): void {
  const ledger = state.known(id, "ledger");
  const founders = authorities.filter((agency) => ledger.founders.includes(agency));
  demand(BigInt(founders.length) >= ledger.quorum, "custody/quorum");
}
