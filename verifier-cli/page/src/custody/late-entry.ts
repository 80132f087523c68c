/** A record that came too late, kept whole: SPEC, Rules, `late-entry`. */
import { equal } from "../bytes.ts";
import { isSignedBy } from "../cose.ts";
import type { SubjectId } from "../id.ts";
import { readRecord, type SignedRecord } from "../record.ts";
import { demand, refuse, Refused } from "../refused.ts";
import type { Act } from "./act.ts";
import { keyOf } from "./signer.ts";
import type { HeldKey, State } from "./state.ts";

export function checkLateEntry(act: Act, item: SubjectId): void {
  const { payload, state } = act;
  if (payload.type !== "late-entry") return;
  // 1. It is a complete record, made for the same origin and genesis.
  const embedded = readEmbedded(payload.body.record);
  const [outer, inner] = [act.record.message, embedded.message];
  const isOfThis = inner.genesis !== undefined && equal(inner.genesis, outer.genesis!);
  demand(inner.aud === outer.aud && isOfThis, "custody/embedded");
  // 2. It extends the item's custody chain, and is no late-entry.
  const link = embedded.payload.subjects.find(({ id }) => id === item);
  const isElsewhere = link === undefined || embedded.payload.type === "late-entry";
  demand(!isElsewhere, "custody/embedded-elsewhere");
  // 3. Each of its signers is known and a custodian; the kid is theirs, and the role is granted.
  const keys = embedded.payload.signers.map(([role, id], at) => keyOfSigner(state, embedded, role, id, at));
  // 4. Its signatures verify.
  const isSigned = inner.signatures.every((signature, at) => isSignedBy(inner, signature, keys[at]!.point));
  demand(isSigned, "custody/embedded");
  // 5. It came too late.
  demand(!state.hasRecord(item, inner.digest), "custody/not-late");
  const isLate = payload.body.reason === "conflict"
    ? link!.seq < state.length(item)
    : keys.some(({ end }) => end !== undefined);
  demand(isLate, "custody/not-late");
}

function readEmbedded(bytes: Uint8Array): SignedRecord {
  try {
    return readRecord(bytes);
  } catch (error) {
    if (error instanceof Refused) refuse("custody/embedded");
    throw error;
  }
}

function keyOfSigner(state: State, embedded: SignedRecord, role: number, id: SubjectId, at: number): HeldKey {
  demand(!state.isAbsent(id), "custody/no-such-subject");
  demand(!state.isUnknown(id), "custody/not-held");
  const custodian = state.find(id, "custodian") ?? refuse("custody/embedded-elsewhere");
  const key = keyOf(custodian.keys, embedded.message.signatures[at]!.kid);
  demand(custodian.roles.includes(role), "custody/role-not-granted");
  return key;
}
