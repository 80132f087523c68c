/**
 * Taking over what one release sent: all as described, or with exceptions item by item; or refusing it, all or in part. A
 * scanner ticks items off as they come out of the van.
 */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { printable } from "../../../../verifier-cli/page/src/page/printable.ts";
import { propose, type ActName, type Done, type Observed, type Proposal } from "../act.ts";
import { askJson } from "../http.ts";
import { formatLabel } from "../label.ts";
import { Problem } from "../problem.ts";
import { inOrder, useLoaded, useShared } from "../state.ts";
import { Checked, Choice, TextField, tidy } from "../ui/form.tsx";
import { More } from "../ui/more.tsx";
import { ProblemNote } from "../ui/problem.tsx";
import { Scan } from "../ui/scan.tsx";
import { DoneNote, Found, Signing, Unchecked } from "../ui/signing.tsx";
import { Table } from "../ui/table.tsx";
import { Code, ItemName, Person } from "../ui/text.tsx";
import type { InboxView, ItemView } from "../view.ts";
import { GROUNDS } from "./offer.tsx";

const OUTCOMES = ["discrepancy", "missing", "not-inventoried", "seal-mismatch"];
const PAGE = 50;

/** What somebody has noted of a delivery that they have not signed yet. */
interface Noted {
  readonly outcomes: ReadonlyMap<string, string>;
  readonly seen: ReadonlySet<string>;
  readonly checked: readonly string[];
  readonly remark: string;
  readonly ground: string;
}

const NOTHING: Noted = { outcomes: new Map(), seen: new Set(), checked: [], remark: "", ground: "" };

/** By who noted it and the release, for as long as the page is open: whoever goes elsewhere and comes back goes on where they were. */
const kept = new Map<string, Noted>();

/** What was noted, how more is, and how it is forgotten. Of items that wait no more nothing is left. */
function useNoted(release: string, items: ReadonlyMap<string, ItemView>) {
  const { session } = useShared();
  const key = `${session.who.id} ${release}`;
  const [, setCount] = useState(0);
  const noted = kept.get(key) ?? NOTHING;
  const note = (change: Partial<Noted>) => {
    kept.set(key, { ...(kept.get(key) ?? NOTHING), ...change });
    setCount((count) => count + 1);
  };
  const here = {
    ...noted,
    outcomes: new Map([...noted.outcomes].filter(([item]) => items.has(item))),
    seen: new Set([...noted.seen].filter((item) => items.has(item))),
  };
  return { noted: here, note, forget: () => kept.delete(key) };
}

export function Receive({ release }: { release: string }) {
  const { language } = useShared();
  const inbox = useLoaded(() => askJson<InboxView>("/v1/inbox"), [release]);
  const [done, setDone] = useState<Done | null>(null);
  const [isSigning, setSigning] = useState(false);
  const waiting = (inbox.value?.waiting ?? []).filter(({ what, item }) => what === "receive" && item.release === release);
  const before = useRef(waiting);
  // What is being signed stays: it no longer waits once the ledger has it, also where that answer was lost.
  const rows = isSigning ? before.current : waiting;
  before.current = rows;
  return (
    <>
      <h1 tabIndex={-1}>{language.say("receive")}</h1>
      <ProblemNote problem={inbox.problem} language={language} again={inbox.again} />
      {done !== null && <DoneNote done={done} />}
      {inbox.value !== null && rows.length === 0 && done === null && <p>{language.say("nothing-of-release")}</p>}
      {rows.length > 0 && done === null && (
        <>
          <p>{language.before("from")} <Person who={rows[0]!.with} /> · {language.say("items-count", { count: rows.length })}</p>
          <Manifest release={release} items={inOrder(language, rows.map(({ item }) => item))} done={setDone} hold={setSigning} />
        </>
      )}
    </>
  );
}

interface ReceivingProps {
  readonly release: string;
  readonly items: readonly ItemView[];
  readonly done: (done: Done) => void;
  /** Says whether it is being signed. */
  readonly hold: (isSigning: boolean) => void;
}

function Manifest({ release, items, done, hold }: ReceivingProps) {
  const { language, ledger, session, announce } = useShared();
  const known = useMemo(() => new Map(items.map((item) => [item.item, item])), [items]);
  const { noted, note, forget } = useNoted(release, known);
  const { outcomes, seen, checked, remark, ground } = noted;
  const [signing, setSigning] = useState<{ proposal: Proposal; observed?: Observed } | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const observed: Observed = { checked, outcomes, scanned: seen.size, all: items.length };
  useEffect(() => hold(signing !== null), [signing !== null]);
  // One at a time: else receiving and refusing would take turns above the same button.
  const draft = (name: ActName, codes: Record<string, string>, observed?: Observed) => {
    // The remark is in no form, which would ask this by itself.
    const isSayable = document.querySelector<HTMLInputElement>("#field-remark")?.reportValidity() ?? true;
    if (isBusy || !isSayable) return;
    setBusy(true);
    setProblem(null);
    const asked = { name, items: items.map(({ item }) => item), codes, texts: { remark: tidy(remark) } };
    propose(ledger, session, asked).then(
      (proposal) => setSigning({ proposal, ...(observed === undefined ? {} : { observed }) }),
      (thrown: unknown) => setProblem(Problem.from(thrown)),
    ).finally(() => setBusy(false));
  };
  const judge = (item: string, outcome: string) => {
    const next = new Map(outcomes);
    if (outcome === "") next.delete(item);
    else next.set(item, outcome);
    note({ outcomes: next });
  };
  const found = (item: string) => {
    const here = known.get(item);
    if (here === undefined) return strange(item);
    note({ seen: new Set([...seen, item]) });
    // What is here is not missing.
    if (outcomes.get(item) === "missing") judge(item, "");
    const count = language.say("counted", { count: seen.size + (seen.has(item) ? 0 : 1), all: items.length });
    const said = `${language.say("ticked", { item: nameText(here) })} · ${count}`;
    announce(said);
    return said;
  };
  const missing = () => note({ outcomes: new Map([...items.filter(({ item }) => !seen.has(item)).map(({ item }) => [item, "missing"] as const), ...outcomes]) });
  return (
    <>
      <Scan found={found} />
      <p id="counted">{language.say("counted", { count: seen.size, all: items.length })}{" "}
        {seen.size > 0 && seen.size < items.length && <button type="button" onClick={missing}>{language.say("rest-missing", { count: items.length - seen.size })}</button>}
      </p>
      <p class="summary" id="exceptions"><Found observed={observed} /></p>
      <ManifestTable items={items} seen={seen} outcomes={outcomes} note={judge} />
      <Checked value={checked} set={(checked) => note({ checked })} />
      <TextField name="remark" value={remark} set={(remark) => note({ remark })} />
      <Unchecked observed={observed} />
      <ProblemNote problem={problem} language={language} />
      <div class="buttons"><button type="button" class="main" id="receive" aria-disabled={isBusy} onClick={() => draft("receive", {}, observed)}>{language.say("receive-and-sign")}</button></div>
      <details id="refuse">
        <summary>{language.say("act-refuse")}</summary>
        <form onSubmit={(event) => { event.preventDefault(); draft("refuse", { ground }); }}>
          <p class="hint">{language.say("refuse-hint")}</p>
          <Choice name="ground" kind="ground" codes={GROUNDS} value={ground} set={(ground) => note({ ground })} />
          <button type="submit" id="refuse-button" aria-disabled={isBusy}>{language.say("refuse-and-sign")}</button>
        </form>
      </details>
      {signing !== null && <Signing proposal={signing.proposal} observed={signing.observed} known={known} done={(result) => { forget(); done(result); }} cancel={() => setSigning(null)} />}
    </>
  );
}

/** Something that came out of the van and is not on the list: what it is, as far as that is open to whoever scanned it. */
async function strange(item: string): Promise<Problem> {
  const found = await askJson<ItemView>(`/v1/items/${item}`).catch(() => null);
  return new Problem(0, "page/not-of-release", found === null ? formatLabel(item) : nameText(found));
}

function nameText({ description, label }: ItemView): string {
  return description === null ? label : `${printable(description)} · ${label}`;
}

interface ManifestProps {
  readonly items: readonly ItemView[];
  readonly seen: ReadonlySet<string>;
  readonly outcomes: ReadonlyMap<string, string>;
  readonly note: (item: string, outcome: string) => void;
}

function ManifestTable({ items, seen, outcomes, note }: ManifestProps) {
  const { language } = useShared();
  const [wanted, setWanted] = useState("");
  const [shown, setShown] = useState(PAGE);
  const found = items.filter(({ description, label }) => `${description ?? ""} ${label}`.toLowerCase().includes(wanted.toLowerCase()));
  const rows = found.slice(0, shown).map((item) => ({ key: item.item, look: outcomes.has(item.item) ? "marked" : "", cells: [
    <ItemName item={item} />,
    <Code code={item.label} />,
    language.say(seen.has(item.item) ? "yes" : "no"),
    <select aria-label={language.say("outcome-of", { item: item.description ?? item.label })} value={outcomes.get(item.item) ?? ""} onChange={(event) => note(item.item, event.currentTarget.value)}>
      <option value="">{language.say("as-described")}</option>
      {OUTCOMES.map((code) => <option key={code} value={code}>{language.label("outcome", code)} ({code})</option>)}
    </select>,
  ] }));
  return (
    <section>
      <h2>{language.say("manifest")}</h2>
      {items.length > 10 && <div class="field"><label for="manifest-filter">{language.say("filter")}</label><input id="manifest-filter" dir="auto" value={wanted} onInput={(event) => setWanted(event.currentTarget.value)} /></div>}
      {found.length === 0 && <p class="hint">{language.say("nothing-matches", { text: printable(wanted) })}</p>}
      <Table heads={(["item", "label", "seen", "outcome"] as const).map((word) => language.say(word))} rows={rows} />
      <More shown={shown} found={found.length} more={() => setShown(shown + PAGE * 4)} />
    </section>
  );
}
