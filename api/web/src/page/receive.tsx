/**
 * Taking over what one release sent: all as described, or with exceptions item by item; or refusing it, all or in part. A
 * scanner ticks items off as they come out of the van.
 */
import { useMemo, useState } from "preact/hooks";
import { propose, type ActName, type Done, type Observed, type Proposal } from "../act.ts";
import { askJson } from "../http.ts";
import { Problem } from "../problem.ts";
import { useLoaded, useShared } from "../state.ts";
import { Checked, Choice, TextField } from "../ui/form.tsx";
import { ProblemNote } from "../ui/problem.tsx";
import { Scan } from "../ui/scan.tsx";
import { DoneNote, Signing } from "../ui/signing.tsx";
import { Code, ItemName, Person } from "../ui/text.tsx";
import type { InboxView, ItemView } from "../view.ts";
import { GROUNDS } from "./offer.tsx";

const OUTCOMES = ["discrepancy", "missing", "not-inventoried", "seal-mismatch"];
const PAGE = 50;

export function Receive({ release }: { release: string }) {
  const { language } = useShared();
  const inbox = useLoaded(() => askJson<InboxView>("/v1/inbox"), [release]);
  const [done, setDone] = useState<Done | null>(null);
  const rows = (inbox.value?.waiting ?? []).filter(({ what, item }) => what === "receive" && item.release === release);
  return (
    <>
      <h1 tabIndex={-1}>{language.say("receive")}</h1>
      <ProblemNote problem={inbox.problem} language={language} />
      {done !== null && <DoneNote done={done} />}
      {inbox.value !== null && rows.length === 0 && done === null && <p>{language.say("nothing-of-release")}</p>}
      {rows.length > 0 && done === null && (
        <>
          <p>{language.before("from")} <Person who={rows[0]!.with} /> · {language.say("items-count", { count: rows.length })}</p>
          <Manifest items={rows.map(({ item }) => item)} done={setDone} />
        </>
      )}
    </>
  );
}

function Manifest({ items, done }: { items: readonly ItemView[]; done: (done: Done) => void }) {
  const { language, ledger, session, announce } = useShared();
  const [outcomes, setOutcomes] = useState<ReadonlyMap<string, string>>(new Map());
  const [seen, setSeen] = useState<ReadonlySet<string>>(new Set());
  const [checked, setChecked] = useState<readonly string[]>([]);
  const [remark, setRemark] = useState("");
  const [ground, setGround] = useState("");
  const [signing, setSigning] = useState<{ proposal: Proposal; observed?: Observed } | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const known = useMemo(() => new Map(items.map((item) => [item.item, item])), [items]);
  const draft = (name: ActName, codes: Record<string, string>, observed?: Observed) => {
    setProblem(null);
    const asked = { name, items: items.map(({ item }) => item), codes, texts: { remark: remark.trim().normalize("NFC") } };
    propose(ledger, session, asked).then(
      (proposal) => setSigning({ proposal, ...(observed === undefined ? {} : { observed }) }),
      (thrown: unknown) => setProblem(Problem.from(thrown)),
    );
  };
  const note = (item: string, outcome: string) => {
    const next = new Map(outcomes);
    if (outcome === "") next.delete(item);
    else next.set(item, outcome);
    setOutcomes(next);
  };
  const found = (item: string) => {
    if (!known.has(item)) return setProblem(new Problem(0, "page/not-of-release", item));
    setProblem(null);
    setSeen(new Set([...seen, item]));
    announce(language.say("counted", { count: seen.size + (seen.has(item) ? 0 : 1), all: items.length }));
  };
  const missing = () => setOutcomes(new Map([...items.filter(({ item }) => !seen.has(item)).map(({ item }) => [item, "missing"] as const), ...outcomes]));
  return (
    <>
      <Scan found={found} />
      <p aria-live="polite">{language.say("counted", { count: seen.size, all: items.length })}{" "}
        {seen.size > 0 && seen.size < items.length && <button type="button" onClick={missing}>{language.say("rest-missing", { count: items.length - seen.size })}</button>}
      </p>
      <p class="summary" id="exceptions">{outcomes.size === 0 ? language.say("all-as-described") : language.say("exceptions", { count: outcomes.size, all: items.length })}</p>
      <ManifestTable items={items} seen={seen} outcomes={outcomes} note={note} />
      <Checked value={checked} set={setChecked} />
      <TextField name="remark" value={remark} set={setRemark} />
      <ProblemNote problem={problem} language={language} />
      <div class="buttons"><button type="button" class="main" id="receive" onClick={() => draft("receive", {}, { checked, outcomes })}>{language.say("receive-and-sign")}</button></div>
      <details id="refuse">
        <summary>{language.say("act-refuse")}</summary>
        <form onSubmit={(event) => { event.preventDefault(); draft("refuse", { ground }); }}>
          <p class="hint">{language.say("refuse-hint")}</p>
          <Choice name="ground" kind="ground" codes={GROUNDS} value={ground} set={setGround} />
          <button type="submit" id="refuse-button">{language.say("refuse-and-sign")}</button>
        </form>
      </details>
      {signing !== null && <Signing proposal={signing.proposal} observed={signing.observed} known={known} done={done} cancel={() => setSigning(null)} />}
    </>
  );
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
  return (
    <section>
      <h2>{language.say("manifest")}</h2>
      {items.length > 10 && <div class="field"><label for="manifest-filter">{language.say("filter")}</label><input id="manifest-filter" dir="auto" value={wanted} onInput={(event) => setWanted(event.currentTarget.value)} /></div>}
      <table class="stacked">
        <thead><tr>{(["item", "label", "seen", "outcome"] as const).map((word) => <th key={word} scope="col">{language.say(word)}</th>)}</tr></thead>
        <tbody>
          {found.slice(0, shown).map((item) => (
            <tr key={item.item} class={outcomes.has(item.item) ? "marked" : ""}>
              <th scope="row"><ItemName item={item} /></th>
              <td><Code code={item.label} /></td>
              <td>{language.say(seen.has(item.item) ? "yes" : "no")}</td>
              <td>
                <select aria-label={language.say("outcome-of", { item: item.description ?? item.label })} value={outcomes.get(item.item) ?? ""} onChange={(event) => note(item.item, event.currentTarget.value)}>
                  <option value="">{language.say("as-described")}</option>
                  {OUTCOMES.map((code) => <option key={code} value={code}>{language.label("outcome", code)} ({code})</option>)}
                </select>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {found.length > shown && <p><button type="button" onClick={() => setShown(shown + PAGE * 4)}>{language.say("show-more", { count: found.length - shown })}</button></p>}
    </section>
  );
}
