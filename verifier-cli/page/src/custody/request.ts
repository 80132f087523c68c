/** Requests for mutual legal assistance: SPEC, Rules, Requests. */
import type { SubjectId } from "../id.ts";
import { demand } from "../refused.ts";
import type { Act } from "./act.ts";
import { demandAgency } from "./item.ts";

const STEPS = [
  "prepared", "approved", "transmitted", "received", "accepted", "executing", "fulfilled", "refused", "withdrawn",
];
const LAST = ["fulfilled", "refused", "withdrawn"];
const OF_THE_REQUESTING = ["approved", "transmitted", "withdrawn"];

export function applyRequest(act: Act, id: SubjectId): void {
  const { state, payload } = act;
  if (payload.type !== "request") return;
  const { step, to } = payload.body;
  const agency = state.agencyOf(act.firstSigner.id);
  if (state.isAbsent(id)) {
    demand(step === "prepared" && to !== undefined && !state.isAbsent(to), "custody/no-such-subject");
    return state.set(id, { kind: "request", requesting: agency, requested: to, step });
  }
  const request = state.known(id, "request");
  demandAgency(agency, OF_THE_REQUESTING.includes(step) ? request.requesting : request.requested);
  const isLater = STEPS.indexOf(step) > STEPS.indexOf(request.step);
  const isAgain = step === "executing" && request.step === "executing";
  demand((isLater || isAgain) && !LAST.includes(request.step), "custody/request-step");
  request.step = step;
}
