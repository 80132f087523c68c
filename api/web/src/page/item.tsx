/** An item: where it is, and its custody as a timeline that was verified in this browser. */
import { useState } from "preact/hooks";
import { hex } from "../../../../verifier-cli/page/src/bytes.ts";
import { Role } from "../../../../verifier-cli/page/src/cose.ts";
import type { Placed } from "../../../../verifier-cli/page/src/exhibit.ts";
import { kindOf, sibling } from "../../../../verifier-cli/page/src/id.ts";
import { Names } from "../../../../verifier-cli/page/src/page/names.ts";
import type { Line } from "../../../../verifier-cli/page/src/report.ts";
import { codeOf } from "../../../../verifier-cli/page/src/refused.ts";
import { checkOpening } from "../../../../verifier-cli/page/src/sealed.ts";
import type { Case } from "../../../../verifier-cli/page/src/verify/case.ts";
import { maySign, textsOf } from "../act.ts";
import { browserVerdict, lookAt, standingOf, type BrowserVerdict, type Looked, type Standing } from "../exhibit.ts";
import { askJson } from "../http.ts";
import { go, hashOf } from "../route.ts";
import { countText, ordered, People, SharedContext, shortId, useItems, useLoaded, useRoles, useShared } from "../state.ts";
import { BodyFacts, Outcomes } from "../ui/payload.tsx";
import { More } from "../ui/more.tsx";
import { ProblemNote } from "../ui/problem.tsx";
import { Table } from "../ui/table.tsx";
import { Arrow, Code, fieldText, Foreign, Labelled, Person, PersonById, Time } from "../ui/text.tsx";
import type { ItemHistory, ItemView, Who } from "../view.ts";
import { ACTS, ItemTable } from "./desk.tsx";
import { Give } from "./give.tsx";
import { Scan } from "../ui/scan.tsx";

const STATES = ["held", "stored", "on-the-way", "packed", "outside", "checked-out", "disposed", "returned", "consumed", "split"];
const PAGE = 50;

export function Items() {
  const { language } = useShared();
  const [state, setState] = useState("");
  const [wanted, setWanted] = useState("");
  const [shown, setShown] = useState(PAGE);
  const match = ({ description, label, item, holder }: ItemView) =>
    `${description ?? ""} ${label} ${item} ${holder.name ?? ""}`.toLowerCase().includes(wanted.toLowerCase());
  const list = useItems(state === "" ? "" : `state=${state}`, PAGE, (items) => items.filter(match).length >= shown);
  const found = ordered(language, list).filter(match);
  const more = () => {
    setShown(shown + PAGE * 4);
    list.more();
  };
  return (
    <>
      <h1 tabIndex={-1}>{language.say("page-items")}</h1>
      <Scan found={(item) => go("items", item)} />
      <form class="toolbar" onSubmit={(event) => event.preventDefault()}>
        <div class="field"><label for="wanted">{language.say("filter")}</label><input id="wanted" dir="auto" value={wanted} onInput={(event) => setWanted(event.currentTarget.value)} /></div>
        <div class="field"><label for="state">{language.say("state")}</label>
          <select id="state" value={state} onChange={(event) => setState(event.currentTarget.value)}>
            <option value="">{language.say("all")}</option>
            {STATES.map((code) => <option key={code} value={code}>{language.label("state", code)} ({code})</option>)}
          </select>
        </div>
      </form>
      <ProblemNote problem={list.problem} language={language} again={list.again} />
      <p role="status">{list.isLoaded ? language.say("items-count", { count: countText(language, found.length, list) }) : list.problem === null && language.say("loading")}</p>
      {list.isLoaded && <ItemTable items={found.slice(0, shown)} wanted={wanted} />}
      <More shown={shown} found={found.length} hasMore={list.hasMore} more={more} />
    </>
  );
}

export function Item({ item }: { item: string }) {
  const shared = useShared();
  const { language, ledger, session } = shared;
  const roles = useRoles();
  const view = useLoaded(() => askJson<ItemHistory>(`/v1/items/${encodeURIComponent(item)}`), [item]);
  const looked = useLoaded(() => lookAt(ledger, session, item), [item]);
  const one = looked.value?.outcome.one ?? null;
  const { value } = view;
  // Of what somebody is offered they see what it is, and not yet where it was.
  const isClosed = value !== null && looked.problem?.status === 404;
  return (
    <>
      <h1 tabIndex={-1}>{value?.description == null ? language.say("item-unnamed", { id: shortId(item) }) : <Foreign text={value.description} />}</h1>
      <Verified looked={looked.value} isLooking={looked.value === null && looked.problem === null} />
      {isClosed
        ? <p class="caution" data-verdict="closed"><strong class="mark"><span class="shape" aria-hidden="true">!</span>{language.say("history-closed")}</strong></p>
        : <ProblemNote problem={view.problem ?? looked.problem} language={language} again={() => { view.again(); looked.again(); }} />}
      {value !== null && <Now item={value} standing={looked.value === null ? null : standingOf(looked.value)} />}
      {one !== null && (
        <SharedContext.Provider value={{ ...shared, people: new NamedInside(one) }}>
          <Timeline one={one} />
          <Disclosed one={one} />
        </SharedContext.Provider>
      )}
      {one !== null && maySign("disclose", roles) && <Give item={item} view={value} />}
      {looked.value !== null && <Lines lines={looked.value.lines} />}
    </>
  );
}

/** People by the names that the exhibit itself gives them, sealed when they were enrolled and opened here. */
class NamedInside extends People {
  private readonly inside: Names;

  constructor(one: Case) {
    super([], []);
    this.inside = new Names(one);
  }

  override of(id: string): Who {
    return { id, name: this.inside.of(id), agency: null };
  }
}

const VERDICTS = { verified: "✓", rejected: "✗", "could-not-check": "?" } as const;

function Verified({ looked, isLooking }: { looked: Looked | null; isLooking: boolean }) {
  const { language } = useShared();
  const verdict = looked === null ? undefined : browserVerdict(looked.lines);
  // One element from first to last: what comes into it is read out, and what comes with it is not.
  return (
    <div class={verdict === undefined ? "" : `verdict ${verdict}`} role="status" data-verdict={verdict}>
      {looked !== null && verdict !== undefined ? <Verdict looked={looked} verdict={verdict} /> : isLooking && <p>{language.say("verifying")}</p>}
    </div>
  );
}

function Verdict({ looked: { outcome, lines }, verdict }: { looked: Looked; verdict: BrowserVerdict }) {
  const { language } = useShared();
  const completeness = lines.find(({ id }) => id === "completeness")?.code ?? "";
  const isPinned = !lines.some(({ id, status, isRequired }) => id === "agencies-pinned" && status === "not-checked" && isRequired);
  const size = String(outcome.one?.contents.checkpoint.size ?? "");
  return (
    <>
      <p><span class="shape" aria-hidden="true">{VERDICTS[verdict]}</span>{language.say(`verdict-${verdict}`, { size })}</p>
      {verdict !== "rejected" && <p>{language.label("grade", completeness.replace("/", "-"))} <Code code={completeness} /></p>}
      {!isPinned && <p>{language.say("not-pinned")}</p>}
    </>
  );
}

/** Where it is, as its history has it where that was verified, and what else the server says. */
function Now({ item, standing }: { item: ItemHistory; standing: Standing | null }) {
  const { language, session, people } = useShared();
  const whoOf = (id: string) => [item.holder, item.addressee].find((who) => who?.id === id) ?? people.of(id);
  const addressee = standing === null ? item.addressee : standing.addressee === null ? null : whoOf(standing.addressee);
  const container = standing === null ? item.container : standing.container;
  const isMine = item.holder.id === session.who.id && item.state !== "on-the-way";
  const roles = useRoles();
  const isComing = item.addressee?.id === session.who.id && item.release !== null;
  return (
    <section>
      <h2>{language.say("now")}</h2>
      <p class="hint">{language.say(standing === null ? "now-server" : "now-verified")}</p>
      <dl class="facts">
        <dt>{language.say("state")}</dt><dd><Labelled kind="state" code={standing?.state ?? item.state} /></dd>
        <dt>{language.say("holder")}</dt><dd><Person who={standing === null ? item.holder : whoOf(standing.holder)} /></dd>
        {addressee !== null && <><dt>{language.say("addressee")}</dt><dd><Person who={addressee} /></dd></>}
        <dt>{language.say("label")}</dt><dd><Code code={item.label} /></dd>
        {item.quantity !== null && <><dt>{language.say("quantity")}</dt><dd><Foreign text={item.quantity} /></dd></>}
        {container !== null && <><dt>{language.say("container")}</dt><dd><a href={hashOf("items", container)}><Code code={shortId(container)} /></a></dd></>}
        {item.contents > 0 && <><dt>{language.say("contents")}</dt><dd>{language.count(item.contents)}</dd></>}
        {item.parent !== null && <><dt>{language.say("made-from")}</dt><dd><a href={hashOf("items", item.parent)}><Code code={shortId(item.parent)} /></a></dd></>}
        {item.children.length > 0 && <><dt>{language.say("made-of-it")}</dt><dd>{language.between(item.children.map((id) => <a href={hashOf("items", id)}><Code code={shortId(id)} /></a>))}</dd></>}
        {item.aliases.map(({ issuer, kind, value }) => <><dt>{language.say("alias")}</dt><dd><Foreign text={`${value} (${issuer}, ${kind})`} /></dd></>)}
      </dl>
      <div class="buttons no-print">
        {isComing && <a class="button main" href={hashOf("receive", item.release!)}>{language.say("receive-or-refuse")}</a>}
        {isMine && ACTS.filter((act) => maySign(act, roles)).map((act) => <a key={act} class="button" href={hashOf("act", act, item.item)}>{language.say(`act-${act}`)}</a>)}
        {isMine && <a class="button" href={hashOf("label", item.item)}>{language.say("print-label")}</a>}
      </div>
    </section>
  );
}

function openingsOf(one: Case, placed: Placed) {
  const found = one.openings.get(placed.index) ?? [];
  return found.filter((opening) => codeOf(() => checkOpening(opening, placed.payload)) === null);
}

/** The fields of a record that a later one corrects, with the entry of that. */
function correctionsOf(one: Case, { message }: Placed): ReadonlyMap<string, bigint> {
  const corrections = one.lineageRecords().filter(({ payload }) => payload.type === "correct").flatMap(({ payload, index }): [string, bigint][] => {
    const { field, record } = payload.body as { field?: unknown; record?: unknown };
    const isMeant = typeof field === "string" && record instanceof Uint8Array && hex(record) === hex(message.digest);
    return isMeant ? [[field, index]] : [];
  });
  return new Map(corrections);
}

function Timeline({ one }: { one: Case }) {
  const { language } = useShared();
  const records = one.lineageRecords().sort((a, b) => (a.index < b.index ? -1 : 1));
  return (
    <section>
      <h2>{language.say("timeline")}</h2>
      <ol class="timeline">
        {records.map((placed) => {
          const isNote = placed.payload.subjects.every(({ id }) => kindOf(id) === "notes");
          return <li key={String(placed.index)} class={isNote ? "aside" : ""}><TimelineEntry one={one} placed={placed} /></li>;
        })}
      </ol>
    </section>
  );
}

function TimelineEntry({ one, placed }: { one: Case; placed: Placed }) {
  const { language } = useShared();
  const { payload, message } = placed;
  const withheld = one.manifest.withheld.filter(({ index }) => index === placed.index);
  const others = payload.subjects.length - 1;
  const outcomes = message.signatures.flatMap(({ observed }) => observed?.outcomes ?? []);
  const corrected = correctionsOf(one, placed);
  const about = payload.subjects.filter(({ id }) => ["item", "notes"].includes(kindOf(id))).map(({ id }) => sibling(id, "item"));
  const isOwn = about.includes(one.contents.item);
  const found = outcomes.find(([at]) => payload.subjects[at]?.id === one.contents.item)?.[1];
  return (
    <>
      <p><strong>{language.label("type", payload.type)}</strong> <Code code={payload.type} /> · <Time seconds={payload.occurred.utc} /></p>
      {!isOwn && about[0] !== undefined && <p class="hint">{language.say("about-forebear")} <a href={hashOf("items", about[0])}><Code code={shortId(about[0])} /></a></p>}
      {found !== undefined && <p><strong class="mark"><span class="shape" aria-hidden="true">!</span>{language.label("outcome", found)}</strong> <Code code={found} /></p>}
      <dl class="facts">
        {payload.from !== undefined && payload.to !== undefined && <><dt>{language.say("from")} <Arrow /> {language.say("to")}</dt><dd><PersonById id={payload.from} /> <Arrow /> <PersonById id={payload.to} /></dd></>}
        <BodyFacts payload={payload} />
        {textsOf(openingsOf(one, placed)).map(([field, text]) => (
          <><dt key={field}>{fieldText(language, field)}</dt><dd><Foreign text={text} />{corrected.has(field) && <>{" "}<strong class="mark"><span class="shape" aria-hidden="true">!</span>{language.say("corrected-by")} {language.say("entry", { entry: String(corrected.get(field)) })}</strong></>}</dd></>
        ))}
        {withheld.length > 0 && <><dt>{language.say("not-open-fields")}</dt><dd>{language.list(withheld.map(({ field, reason }) => `${fieldText(language, field)} (${language.label("withheld", reason)})`))}</dd></>}
        {message.signatures.map(({ observed, role, kid }) => role === Role.receiving && (
          <><dt key={hex(kid)}>{language.say("checked")}</dt><dd>{observed?.checked === undefined ? language.say("nothing") : language.list(observed.checked.map((code) => language.label("checked", code)))}</dd></>
        ))}
        {outcomes.length > 0 && <><dt>{language.say("exceptions-short")}</dt><dd><Outcomes payload={payload} outcomes={outcomes} /></dd></>}
        <dt>{language.say("signers")}</dt>
        <dd><ul class="plain-list">{payload.signers.map(([role, id]) => <li key={id}><PersonById id={id} /> ({language.label("role", String(role))})</li>)}</ul></dd>
      </dl>
      <p class="hint">{language.say("entry", { entry: String(placed.index) })} · {language.say("accepted")} <Time seconds={placed.acceptedMs / 1000n} />{others > 0 && <> · {language.say("with-others", { count: others })}</>} · <a href={hashOf("receipt", hex(message.digest))}>{language.say("receipt")}</a></p>
    </>
  );
}

/** Who had the item in view: everybody who held it, and to whom an exhibit was given. */
function Disclosed({ one }: { one: Case }) {
  const { language } = useShared();
  const { item } = one.contents;
  const standing = new Set(one.chain(item).flatMap(({ payload }) => payload.signers.map(([, id]) => id)));
  const given = one.chain(sibling(item, "notes")).filter(({ payload }) => payload.type === "disclose");
  return (
    <section>
      <h2>{language.say("who-saw")}</h2>
      <p>{language.say("who-saw-hint")}</p>
      <ul>{[...standing].filter((id) => kindOf(id) === "custodian").map((id) => <li key={id}><PersonById id={id} /></li>)}</ul>
      {given.length > 0 && (
        <>
          <h3>{language.say("disclosed-to")}</h3>
          <ul>{given.map((placed) => <li key={String(placed.index)}>{textsOf(openingsOf(one, placed)).map(([field, text]) => <><Foreign key={field} text={text} /> </>)}<Time seconds={placed.payload.occurred.utc} /></li>)}</ul>
        </>
      )}
    </section>
  );
}

const SHAPES = { pass: "✓", fail: "✗", "not-checked": "?", "not-applicable": "–" } as const;

function Lines({ lines }: { lines: readonly Line[] }) {
  const { language } = useShared();
  return (
    <details>
      <summary>{language.say("checks")}</summary>
      <Table
        heads={(["result", "check", "code"] as const).map((word) => language.say(word))}
        named={1}
        rows={lines.map(({ id, status, code }) => ({ key: id, look: status, cells: [
          <><span class="shape" aria-hidden="true">{SHAPES[status]}</span>{language.label("status", status)}</>, <Code code={id} />, <Code code={code} />,
        ] }))}
      />
    </details>
  );
}
