/** What the holder of an item does with it: SPEC, Rules, Items, 8. */
import { Role } from "../cose.ts";
import type { SubjectId } from "../id.ts";
import { signersOf } from "../record.ts";
import { demand } from "../refused.ts";
import type { Act } from "./act.ts";
import { demandAgency, end, giveUp, pass } from "./item.ts";
import { demandMay, move } from "./move.ts";
import type { Item } from "./state.ts";

export function applyPlace(act: Act, id: SubjectId, item: Item): void {
  const { payload, state } = act;
  switch (payload.type) {
    case "handoff":
      demand(item.place.at !== "out", "custody/checked-out");
      move(act, id, item, payload.body);
      if (!act.isMissing(id)) pass(item, payload.to!);
      return;
    case "release":
      return release(act, id, item);
    case "handoff-external":
      demand(item.place.at !== "out", "custody/checked-out");
      item.place = { at: "outside", by: state.agencyOf(item.holder) };
      return;
    case "check-out": {
      demand(item.place.at === "storage", "custody/not-stored");
      move(act, id, item, {});
      const of = state.agencyOf(item.holder);
      if (act.isMissing(id)) return;
      pass(item, payload.to!);
      item.place = { at: "out", of };
      return;
    }
    case "check-in":
      demand(item.place.at === "out", "custody/not-checked-out");
      demandAgency(state.agencyOf(payload.to!), item.place.of);
      move(act, id, item, {});
      if (act.isMissing(id)) return;
      pass(item, payload.to!);
      item.place = { at: "storage" };
      return;
    case "store":
      demand(item.place.at !== "out", "custody/checked-out");
      item.place = { at: "storage" };
      return;
    case "pack":
      return pack(act, id, item);
    case "unpack":
      item.contents = Math.max(0, item.contents - (payload.subjects.length - 1));
      return;
    case "split":
      if (id !== payload.body.parent) return;
      demand(item.contents === 0, "custody/not-empty");
      return use(item, payload.body.parts.map(([, amount]) => amount), payload.body.rest);
    case "consume": {
      const { amount, rest } = payload.body;
      return use(item, amount === undefined ? [null] : [amount], rest);
    }
    case "dispose": {
      const witnesses = signersOf(payload, Role.witness);
      demand(!witnesses.some((witness) => item.holders.has(witness)), "custody/witness-in-chain");
      return giveUp(act, id, item);
    }
    case "return-to-owner":
      return giveUp(act, id, item);
  }
}

function release(act: Act, id: SubjectId, item: Item): void {
  const { payload, state } = act;
  if (payload.type !== "release") return;
  demand(item.place.at !== "out", "custody/checked-out");
  const substitutes = payload.body.substitutes ?? [];
  const isThere = [payload.to!, ...substitutes].every((custodian) => !state.isAbsent(custodian));
  demand(isThere, "custody/no-such-subject");
  // It is not bound by this: who receives decides.
  for (const to of [payload.to!, ...substitutes]) demandMay(act, id, item, payload.body, to);
  item.release = { digest: act.digest, to: payload.to!, substitutes, request: payload.body.request };
  item.place = { at: "hand" };
}

function pack(act: Act, id: SubjectId, item: Item): void {
  const { payload } = act;
  if (payload.type !== "pack") return;
  const { container, bound } = payload.body;
  const isContainer = id === container;
  demand(isContainer || item.place.at !== "out", "custody/checked-out");
  const isAllowed = item.bound === undefined || item.bound === bound?.[0] || (isContainer && bound === undefined);
  demand(isAllowed, "custody/onward-not-authorised");
  if (!isContainer) return void (item.place = { at: "packed", in: container });
  item.bound ??= bound?.[0];
  item.contents += payload.subjects.length - 1;
}

/** Takes amounts off a quantity. The rest is what remains; 0 ends the item. */
function use(item: Item, amounts: readonly (bigint | null)[], rest: bigint | null): void {
  const { quantity } = item;
  if (quantity === undefined) {
    demand(amounts.every((amount) => amount === null) && (rest === null || rest === 0n), "custody/quantity");
  } else {
    const all = [...amounts, rest];
    const numbers = all.filter((amount): amount is bigint => amount !== null);
    const sum = numbers.reduce((sum, amount) => sum + amount, 0n);
    demand(numbers.length === all.length && sum === quantity.amount, "custody/quantity");
    item.quantity = { ...quantity, amount: rest! };
  }
  if (rest === 0n) end(item);
}
