/** What may be done with an item: SPEC, Rules, Items, by its numbers. */
import { equal } from "../bytes.ts";
import { Role } from "../cose.ts";
import { sibling, type SubjectId } from "../id.ts";
import { demand } from "../refused.ts";
import type { Act } from "./act.ts";
import { goAcross } from "./move.ts";
import { applyPlace } from "./place.ts";
import type { Item } from "./state.ts";

export function applyItem(act: Act, id: SubjectId): void {
  const { state } = act;
  // 1. An absent item begins.
  if (state.isAbsent(id)) return begin(act, id);
  const item = state.known(id, "item");
  // 2. One that has ended takes nothing.
  demand(!item.isEnded, "custody/disposed");
  switch (act.payload.type) {
    case "receive":
    case "refuse":
      return answer(act, id, item); // 3.
    case "recall":
      return recall(act, item); // 4.
    case "handoff-external":
      return act.firstSigner.role === Role.receiving ? takeBack(act, item) : byHolder(act, id, item); // 5.
    case "unpack":
      return act.payload.body.container !== id ? takeOut(act, id, item) : byHolder(act, id, item); // 6.
    case "succession":
      return succeed(act, id, item); // 7.
    default:
      return byHolder(act, id, item); // 8.
  }
}

/** Makes somebody the holder, at hand, and closes the release. */
export function pass(item: Item, to: SubjectId): void {
  item.holder = to;
  item.holders.add(to);
  item.release = undefined;
  item.place = { at: "hand" };
}

function begin(act: Act, id: SubjectId): void {
  const { state, payload } = act;
  const holder = act.actor!;
  const item: Item = {
    kind: "item",
    holder,
    holders: new Set([holder]),
    release: undefined,
    quantity: undefined,
    contents: 0,
    bound: undefined,
    isEnded: false,
    place: { at: "hand" },
  };
  switch (payload.type) {
    case "collect": {
      const { quantity } = payload.body;
      item.quantity = quantity && { amount: quantity[0], unit: quantity[1] };
      break;
    }
    case "provider-production":
    case "register-legacy":
      break;
    case "derive":
    case "split": {
      demand(id !== payload.body.parent, "custody/no-such-subject");
      const parent = state.find(payload.body.parent, "item");
      item.bound = parent?.bound;
      const amount = payload.type === "split" ? payload.body.parts.find(([part]) => part === id)?.[1] : undefined;
      item.quantity = amount == null ? undefined : { amount, unit: parent?.quantity?.unit };
      break;
    }
    default:
      demand(false, "custody/no-such-subject");
  }
  state.set(id, item);
}

function answer(act: Act, id: SubjectId, item: Item): void {
  const { payload } = act;
  const digest = payload.type === "receive" || payload.type === "refuse" ? payload.body.release : undefined;
  const { release } = item;
  demand(release !== undefined && digest !== undefined && equal(release.digest, digest), "custody/no-open-release");
  demand(payload.from === item.holder, "custody/not-the-holder");
  const isAddressed = payload.to === release.to || release.substitutes.includes(payload.to!);
  demand(isAddressed, "custody/not-the-addressee");
  if (payload.type === "refuse") item.release = undefined;
  else if (!act.isMissing(id)) {
    goAcross(act, item, release.request);
    pass(item, payload.to!);
  }
}

function recall(act: Act, item: Item): void {
  const { payload } = act;
  demand(act.actor === item.holder, "custody/not-the-holder");
  const { release } = item;
  const digest = payload.type === "recall" ? payload.body.release : undefined;
  demand(release !== undefined && digest !== undefined && equal(release.digest, digest), "custody/no-open-release");
  demand(payload.to === release.to, "custody/not-the-addressee");
  item.release = undefined;
}

function takeBack(act: Act, item: Item): void {
  demand(item.place.at === "outside", "custody/not-outside");
  const taker = act.firstSigner.id;
  demandAgency(act.state.agencyOf(taker), item.place.by);
  pass(item, taker);
}

/** Where one of the two is unknown there is nothing to hold against the other. */
export function demandAgency(agency: SubjectId | undefined, wanted: SubjectId | undefined): void {
  demand(agency === undefined || wanted === undefined || agency === wanted, "custody/other-agency");
}

function takeOut(act: Act, id: SubjectId, item: Item): void {
  const { payload, state } = act;
  const container = payload.type === "unpack" ? payload.body.container : id;
  demand(item.place.at === "packed" && item.place.in === container, "custody/not-packed");
  const from = state.find(container, "item");
  if (from === undefined) return void act.lost.push(id);
  const [packing, holding] = [state.agencyOf(item.holder), state.agencyOf(from.holder)];
  if (packing !== undefined && holding !== undefined && packing !== holding) item.bound ??= from.bound;
  pass(item, from.holder);
  from.holders.forEach((holder) => item.holders.add(holder));
}

function succeed(act: Act, id: SubjectId, item: Item): void {
  const { payload, state, firstSigner } = act;
  demand(payload.from === item.holder, "custody/not-the-holder");
  demand(item.release === undefined, "custody/release-open");
  demand(item.place.at !== "packed", "custody/packed");
  const agency = state.agencyOf(item.holder);
  if (firstSigner.role === Role.authority) demandAgency(firstSigner.id, agency);
  demandAgency(state.agencyOf(payload.to!), agency);
  if (act.isMissing(id)) return;
  const { place } = item;
  pass(item, payload.to!);
  item.place = place;
}

function byHolder(act: Act, id: SubjectId, item: Item): void {
  demand(act.actor === item.holder, "custody/not-the-holder");
  demand(item.release === undefined, "custody/release-open");
  demand(item.place.at !== "packed", "custody/packed");
  demand(item.place.at !== "outside", "custody/outside");
  applyPlace(act, id, item);
}

/** 9. */
export function end(item: Item): void {
  demand(item.place.at !== "out", "custody/checked-out");
  demand(item.contents === 0, "custody/not-empty");
  item.isEnded = true;
}

/** 9. Ends where no hold keeps it. */
export function giveUp(act: Act, id: SubjectId, item: Item): void {
  end(item);
  const notes = act.state.find(sibling(id, "notes"), "notes");
  demand((notes?.holds.length ?? 0) === 0, "custody/on-hold");
}
