/** What came of it: the verdict in a sentence, every line, and what was not proven. */
import { hex } from "../bytes.ts";
import type { Line, Report, Status } from "../report.ts";
import { kinOfEvidence } from "../verify/evidence.ts";
import type { Case } from "../verify/case.ts";
import { element, foreign, type Child } from "./element.ts";
import { historySection } from "./history.ts";
import type { Language, Word } from "./language.ts";
import type { Answer } from "./model.ts";
import { Names } from "./names.ts";
import { printable, utcText } from "./printable.ts";

/** A shape for each status beside its word: colour alone says nothing. */
const SHAPES: Record<Status, string> = { pass: "✓", fail: "✗", "not-checked": "?", "not-applicable": "–" };
const VERDICT_SHAPES = { verified: "✓", rejected: "✗", "could-not-check": "?" };

export function resultSection({ outcome, name, digest }: Answer, language: Language): HTMLElement {
  const { report, one } = outcome;
  const parts: Child[] = [verdictBox(report, language)];
  const caution = () => report.verdict() === "verified" ? null : element("p", { class: "caution" }, `⚠ ${language.say("unverified")}`);
  const file = [printable(name), ...(digest === null ? [] : [`SHA-256 ${hex(digest)}`])];
  parts.push(one === null ? null : caution(), aboutList(one, file, language));
  parts.push(unprovenSection(report, one, language), checksSection(report, language));
  if (one !== null) parts.push(caution(), historySection(one, new Names(one), language));
  return element("div", { class: "result" }, ...parts);
}

export function isTraining({ outcome }: Answer): boolean {
  return outcome.one?.contents.checkpoint.origin.startsWith("training-not-evidence/") ?? false;
}

function verdictBox(report: Report, language: Language): HTMLElement {
  const verdict = report.verdict();
  const decides = ({ status, isRequired }: Line) =>
    status === (verdict === "rejected" ? "fail" : "not-checked") && (isRequired || verdict === "rejected");
  const lines = report.lines().filter(decides).map(({ id }) => language.say(`line-${id}`)).join("; ");
  return element(
    "section",
    { class: `verdict ${verdict}`, "aria-labelledby": "result-title" },
    element("h2", { id: "result-title", tabindex: -1 }, language.say("result")),
    element(
      "p",
      { id: "verdict", "data-verdict": verdict },
      element("span", { class: "shape", "aria-hidden": "true" }, VERDICT_SHAPES[verdict]),
      element("span", {}, language.say(verdict, { lines })),
    ),
  );
}

function aboutList(one: Case | null, file: readonly string[], language: Language): HTMLElement {
  const named = [element("dt", {}, language.say("file")), ...file.map((text) => element("dd", {}, foreign(text)))];
  return element("dl", { class: "about" }, ...named, ...(one === null ? [] : aboutItem(one, language)));
}

function aboutItem(one: Case, language: Language): HTMLElement[] {
  const { contents, manifest } = one;
  const rows: (readonly [Word, string])[] = [
    ["item", contents.item],
    ["ledger", contents.checkpoint.origin],
    ["size", String(contents.checkpoint.size)],
    ["made-for", manifest.for],
    ["purpose", manifest.purpose],
    ["made-by", new Names(one).of(manifest.exporter)],
  ];
  const kin = kinOfEvidence(one);
  const files = one.inputs.evidence.map(({ name }, at) =>
    element("dd", {}, foreign(printable(name)), ": ", language.say(`file-${kin[at]!}`)),
  );
  const listed = rows.flatMap(([word, value]) => [
    element("dt", {}, language.say(word)),
    element("dd", {}, foreign(printable(value))),
  ]);
  const evidence = files.length > 0 ? [element("dt", {}, language.say("files")), ...files] : [];
  return [...listed, ...evidence];
}

function checksSection(report: Report, language: Language): HTMLElement {
  const head = (["status", "check", "code"] as const).map((word) => element("th", { scope: "col" }, language.say(word)));
  const rows = report.lines().map((line) =>
    element(
      "tr",
      { class: line.status, "data-line": line.id, "data-code": line.code },
      element(
        "td",
        {},
        element("span", { class: "shape", "aria-hidden": "true" }, SHAPES[line.status]),
        element("span", { class: "word" }, language.say(line.status)),
      ),
      element("th", { scope: "row" }, language.say(`line-${line.id}`), ...factsOf(line, language)),
      element("td", {}, element("div", { class: "codes", dir: "ltr" }, element("code", {}, line.id), " ", element("code", {}, line.code))),
    ),
  );
  return element(
    "section",
    { class: "checks", "aria-labelledby": "checks-title" },
    element("h2", { id: "checks-title" }, language.say("checks")),
    element("table", {}, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...rows)),
  );
}

function factsOf({ facts }: Line, language: Language): Child[] {
  const found: string[] = [];
  if (facts["index"] !== undefined) found.push(language.say("at-entry", { index: facts["index"] }));
  for (const name of ["agency", "file", "handling"]) if (facts[name] !== undefined) found.push(String(facts[name]));
  return found.map((text) => element("div", { class: "hint" }, foreign(printable(text))));
}

/** Codes, and what they leave open or ask to be looked at. */
const UNPROVEN: Readonly<Record<string, Word>> = {
  "completeness/asserted": "unproven-asserted",
  "completeness/attested": "unproven-attested",
  "pins/none": "unproven-pins",
  "pins/not-pinned": "unproven-pins",
  "pins/key-compromised": "unproven-pins",
  "pins/replaced-by-founders": "unproven-pins",
  "evidence/none": "unproven-evidence",
  "evidence/digests-withheld": "unproven-evidence",
  "evidence/related-only": "unproven-related",
  "consistency/none": "unproven-consistency",
  "handoffs/one-side-only": "unproven-one-side",
  "freshness/no-time": "unproven-time",
  "timestamps/not-verified": "unproven-timestamps",
};

const NOTICES: Readonly<Record<string, Word>> = {
  "continuity/overlap": "notice-overlap",
  "continuity/claimed-later-than-recorded": "notice-claimed-later",
  "continuity/overdue": "notice-overdue",
  "disputes/recorded": "notice-disputes",
};

function unprovenSection(report: Report, one: Case | null, language: Language): HTMLElement | null {
  if (one === null) return null;
  const codes = report.lines().map(({ code }) => code);
  const open = [language.say("unproven-genuine"), ...codes.filter((code) => code in UNPROVEN).map((code) => language.say(UNPROVEN[code]!))];
  const isAsserted = [...one.lineage].some((id) => one.chain(id).some(({ payload }) => payload.type === "register-legacy"));
  if (isAsserted) open.push(language.say("unproven-history"));
  const { withheld } = one.manifest;
  if (withheld.length > 0) open.push(language.say("unproven-withheld", { count: withheld.length }));
  const time = one.own.held?.logTimeS ?? 0n;
  if (time > 0n) open.push(language.say("unproven-later", { time: utcText(time) }));
  const notices = codes.filter((code) => code in NOTICES).map((code) => language.say(NOTICES[code]!));
  const { handling } = one.contents;
  if (handling.length > 0) notices.push(language.say("notice-handling", { codes: handling.map(printable).join(", ") }));
  const list = (texts: readonly string[]) => element("ul", {}, ...texts.map((text) => element("li", {}, text)));
  return element(
    "section",
    { class: "unproven", "aria-labelledby": "unproven-title" },
    element("h2", { id: "unproven-title" }, language.say("unproven")),
    list(open),
    ...(notices.length > 0 ? [element("h2", {}, language.say("notice")), list(notices)] : []),
  );
}

