/**
 * The rules of custody: SPEC, Rules. One function of a state and a record. Where a rule is broken the state is spoilt:
 * who calls stops there.
 */
import { equal } from "./bytes.ts";
import { Act } from "./custody/act.ts";
import { applyItem } from "./custody/item.ts";
import { applyNotes } from "./custody/notes.ts";
import { applyRegistry } from "./custody/registry.ts";
import { applyRequest } from "./custody/request.ts";
import { checkAuthorities, checkSigners } from "./custody/signer.ts";
import type { State } from "./custody/state.ts";
import { kindOf } from "./id.ts";
import type { SignedRecord } from "./record.ts";
import { demand } from "./refused.ts";

export { State } from "./custody/state.ts";

/** Takes a record in, as the entry of this index. */
export function apply(state: State, record: SignedRecord, index: bigint): void {
  const act = new Act(state, record, index);
  const { payload } = record;
  // 1. The first record founds the ledger, and nothing follows its end.
  demand((payload.type === "ledger-open") === (index === 0n), "custody/genesis-place");
  demand(!state.isClosed(), "custody/ledger-closed");
  // 2. Chains.
  for (const { id, seq, prev } of payload.subjects) {
    if (state.isUnknown(id)) continue;
    const newest = state.newest(id);
    const continues = newest === null || prev === null ? newest === prev : equal(newest, prev);
    demand(seq === state.length(id) && continues, "custody/conflict");
  }
  // 3. Signers. 4. Authorities. By the state before the record.
  checkSigners(act);
  checkAuthorities(act);
  // 5. Standings, leaving out what is unknown.
  const known = payload.subjects.filter(({ id }) => !state.isUnknown(id));
  for (const { id } of known) applyTo(act, id);
  for (const { id } of known) state.extend(id, act.digest);
  for (const id of act.lost) state.lose(id);
}

function applyTo(act: Act, id: string): void {
  switch (kindOf(id)) {
    case "item":
      return applyItem(act, id);
    case "notes":
      return applyNotes(act, id);
    case "request":
      return applyRequest(act, id);
    default:
      return applyRegistry(act, id);
  }
}
