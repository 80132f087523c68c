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

/** Moves the item from the agency of `from` to that of `to`: where it may go, it goes across. */
export function move(act: Act, id: SubjectId, item: Item, under: Under): void {
  demandMay(act, id, item, under, act.payload.to!);
  goAcross(act, item, under.request);
}

/** That the item may go to the agency of `to`. */
export function demandMay(act: Act, id: SubjectId, item: Item, { request, onward }: Under, to: SubjectId): void {
  const { state } = act;
  demand(request === undefined || !state.isAbsent(request), "custody/no-such-subject");
  const [giving, taking] = [state.agencyOf(act.payload.from!), state.agencyOf(to)];
  if (giving === undefined || taking === undefined) return;
  const origin = item.bound ?? giving;
  const isFree = giving === taking || origin === giving || origin === taking;
  demand(isFree || isPermitted(act, id, origin, taking, onward), "custody/onward-not-authorised");
}

/** Under a request, what comes from the agency that gives it is bound to that agency. */
export function goAcross({ state, payload }: Act, item: Item, request: SubjectId | undefined): void {
  const [giving, taking] = [state.agencyOf(payload.from!), state.agencyOf(payload.to!)];
  if (request === undefined || giving === undefined || taking === undefined || giving === taking) return;
  if ((item.bound ?? giving) === giving) item.bound = giving;
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
