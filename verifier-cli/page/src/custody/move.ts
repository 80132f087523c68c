/** From agency to agency, and what that takes of an item that came under a request: SPEC, Rules, Items. */
import { equal, type Bytes } from "../bytes.ts";
import { sibling, type SubjectId } from "../id.ts";
import { demand } from "../refused.ts";
import type { Act } from "./act.ts";
import type { Item } from "./state.ts";

interface Under {
  readonly request?: SubjectId | undefined;
  readonly onward?: Bytes | undefined;
}

/** Moves the item from the agency of `from` to that of `to`. */
export function move(act: Act, id: SubjectId, item: Item, under: Under): void {
  item.bound = checkMove(act, id, item, under, act.payload.to!);
}

/** Whether the item may move to the agency of `to`; the agency to which it is bound afterwards. */
export function checkMove(act: Act, id: SubjectId, item: Item, under: Under, to: SubjectId): SubjectId | undefined {
  const { state } = act;
  const { request, onward } = under;
  demand(request === undefined || !state.isAbsent(request), "custody/no-such-subject");
  const [giving, taking] = [state.agencyOf(act.payload.from!), state.agencyOf(to)];
  if (giving === undefined || taking === undefined) return item.bound;
  const origin = item.bound ?? giving;
  if (giving === taking || origin === giving) {
    return request !== undefined && giving !== taking ? giving : item.bound;
  }
  demand(origin === taking || isPermitted(act, id, origin, taking, onward), "custody/onward-not-authorised");
  return item.bound;
}

function isPermitted(act: Act, id: SubjectId, origin: SubjectId, to: SubjectId, onward: Bytes | undefined): boolean {
  const notes = sibling(id, "notes");
  if (onward === undefined) return false;
  if (act.state.isUnknown(notes)) return true;
  const permissions = act.state.find(notes, "notes")?.permissions ?? [];
  return permissions.some(
    (one) => equal(one.digest, onward) && one.agency === origin && one.use === "transfer" && one.to === to,
  );
}
