/** The history of the item as a table, with the minutes between one record and the next. */
import type { Placed } from "../exhibit.ts";
import { isId, kindOf, type SubjectId } from "../id.ts";
import { codeOf } from "../refused.ts";
import { checkOpening } from "../sealed.ts";
import type { Case } from "../verify/case.ts";
import { isNoteworthy } from "../verify/disclosure.ts";
import { element, foreign, type Child } from "./element.ts";
import type { Language } from "./language.ts";
import { shortened, type Names } from "./names.ts";
import { printable, utcText } from "./printable.ts";
import { valueText } from "./value.ts";

const MINUTE_S = 60n;

export function historySection(one: Case, names: Names, language: Language): HTMLElement {
  const records = one.lineageRecords().sort((a, b) => (a.index < b.index ? -1 : 1));
  const gaps = gapsOf(one);
  const head = (["entry", "claimed", "what", "people", "gap"] as const).map((word) =>
    element("th", { scope: "col" }, language.say(word)),
  );
  const rows = records.map((placed) =>
    element(
      "tr",
      { class: isNoteworthy(one, placed) ? "marked" : undefined },
      element("th", { scope: "row", "data-label": language.say("entry") }, String(placed.index)),
      element("td", {}, ...timeCell(placed, language)),
      element("td", {}, ...whatCell(one, placed, language)),
      element("td", {}, ...peopleCell(placed, names, language)),
      gapCell(gaps.get(placed), language),
    ),
  );
  return element(
    "section",
    { class: "history" },
    element("h2", { id: "history-title" }, language.say("history")),
    element("p", { class: "hint" }, language.say("history-hint")),
    element(
      "div",
      { class: "wide", tabindex: 0, role: "region", "aria-labelledby": "history-title" },
      element("table", {}, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...rows)),
    ),
  );
}

/** Minutes since the record before in a custody chain; below 0 where a record claims to be earlier. */
function gapsOf(one: Case): Map<Placed, bigint> {
  const gaps = new Map<Placed, bigint>();
  for (const chain of one.custodyChains()) {
    chain.forEach((placed, at) => {
      const before = chain[at - 1];
      if (before === undefined) return;
      const seconds = placed.payload.occurred.utc - before.payload.occurred.utc;
      const minutes = seconds < 0n ? (seconds - MINUTE_S + 1n) / MINUTE_S : seconds / MINUTE_S;
      gaps.set(placed, minutes);
    });
  }
  return gaps;
}

/** On a narrow screen the cells stand below each other, and this one says what it is. */
function gapCell(minutes: bigint | undefined, language: Language): HTMLElement {
  if (minutes === undefined) return element("td");
  const text = minutes < 0n
    ? language.say("overlap", { count: String(-minutes) })
    : language.say("minutes", { count: String(minutes) });
  return element("td", { "data-label": language.say("gap") }, text);
}

function timeCell({ payload, acceptedMs }: Placed, language: Language): Child[] {
  const { utc } = payload.occurred;
  const recorded = acceptedMs / 1000n;
  const difference = recorded > utc ? recorded - utc : utc - recorded;
  const time = element("bdi", {}, utcText(utc));
  if (difference < MINUTE_S) return [time];
  return [time, element("div", { class: "hint" }, language.say("recorded", { time: utcText(recorded) }))];
}

function whatCell(one: Case, placed: Placed, language: Language): Child[] {
  const { payload } = placed;
  const words = Object.entries(payload.body).filter((pair): pair is [string, string] => typeof pair[1] === "string");
  const fits = (one.openings.get(placed.index) ?? []).filter(
    (opening) => codeOf(() => checkOpening(opening, payload)) === null,
  );
  const withheld = one.manifest.withheld.filter(({ index }) => index === placed.index);
  const facts = [
    ...(one.lineage.size > 1 ? itemsOf(one, placed) : []),
    ...words.map(([key, value]) => [key, isId(value) ? shortened(value) : value] as const),
    ...fits.map(({ field, value }) => [field, valueText(value)] as const),
  ];
  const list = facts.map(([key, value]) =>
    element("li", {}, element("code", {}, printable(key)), " ", foreign(printable(value))),
  );
  const missing = withheld.map(({ field, reason }) => printable(`${field} (${reason})`)).join(", ");
  return [
    element("strong", {}, language.say(`type-${payload.type}`)),
    " ",
    element("code", {}, payload.type),
    isNoteworthy(one, placed) ? element("span", { class: "mark" }, ` ⚑ ${language.say("marked")}`) : null,
    list.length > 0 ? element("ul", { class: "facts" }, ...list) : null,
    missing === "" ? null : element("div", { class: "hint" }, language.say("withheld-fields", { fields: missing })),
  ];
}

function itemsOf(one: Case, { payload }: Placed): (readonly [string, SubjectId])[] {
  const items = payload.subjects.filter(({ id }) => kindOf(id) === "item" && one.lineage.has(id));
  return items.map(({ id }) => ["item", shortened(id)] as const);
}

function peopleCell({ payload }: Placed, names: Names, language: Language): Child[] {
  const signers = payload.signers.map(([, id]) => element("li", {}, foreign(names.of(id))));
  const { from, to } = payload;
  const moves = from !== undefined && to !== undefined
    ? element("div", { class: "hint" }, language.say("from-to", { from: names.of(from), to: names.of(to) }))
    : null;
  return [element("ul", { class: "facts" }, ...signers), moves];
}
