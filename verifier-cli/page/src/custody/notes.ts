/** What is said about an item: SPEC, Rules, Notes. */
import { equal } from "../bytes.ts";
import { Role } from "../cose.ts";
import { sibling, type SubjectId } from "../id.ts";
import { demand } from "../refused.ts";
import type { Act } from "./act.ts";
import { demandAgency } from "./item.ts";
import { checkLateEntry } from "./late-entry.ts";
import type { Notes } from "./state.ts";

const MAX_OPEN = 256;

/** What may be said of an item that has ended. */
const AFTER_THE_END = ["correct", "dispute", "dispute-response", "dispute-resolution", "disclose", "erase-opening", "hold-release"];

export function applyNotes(act: Act, id: SubjectId): void {
  const { state, payload } = act;
  const [first, second] = payload.signers;
  const isSupervised = second?.[0] === Role.supervisor;
  demand(!isSupervised || first![1] !== second[1], "custody/own-supervisor");
  const item = sibling(id, "item");
  demand(!state.isAbsent(item), "custody/no-such-subject");
  if (!state.isUnknown(item)) {
    if (payload.type === "late-entry") checkLateEntry(act, item);
    else demand(!state.find(item, "item")?.isEnded || AFTER_THE_END.includes(payload.type), "custody/disposed");
  }
  const notes = state.find(id, "notes") ?? { kind: "notes", holds: [], disputes: [], permissions: [], handling: undefined };
  state.set(id, notes);
  change(act, notes);
  const open = notes.holds.length + notes.disputes.length + notes.permissions.length;
  demand(open <= MAX_OPEN, "custody/too-many-open");
}

function change(act: Act, notes: Notes): void {
  const { state, payload, digest } = act;
  const agency = () => state.agencyOf(act.firstSigner.id);
  switch (payload.type) {
    case "hold-set":
      return void notes.holds.push({ digest, agency: agency() });
    case "hold-release": {
      const hold = notes.holds.find((hold) => equal(hold.digest, payload.body.hold));
      demand(hold !== undefined, "custody/no-open-hold");
      demandAgency(agency(), hold.agency);
      notes.holds = notes.holds.filter((one) => one !== hold);
      return;
    }
    case "dispute":
      return void notes.disputes.push(digest);
    case "dispute-response":
    case "dispute-resolution": {
      const dispute = notes.disputes.find((one) => equal(one, payload.body.dispute));
      demand(dispute !== undefined, "custody/no-open-dispute");
      if (payload.type === "dispute-resolution") notes.disputes = notes.disputes.filter((one) => one !== dispute);
      return;
    }
    case "authorise-onward": {
      const { to, use } = payload.body;
      demand(to === undefined || !state.isAbsent(to), "custody/no-such-subject");
      return void notes.permissions.push({ digest, agency: agency(), use, to });
    }
    case "handling": {
      if (notes.handling !== undefined) demandAgency(agency(), notes.handling.agency);
      const { codes } = payload.body;
      notes.handling = codes.length > 0 ? { codes, agency: agency() } : undefined;
    }
  }
}
