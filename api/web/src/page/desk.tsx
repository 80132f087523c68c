/** The custodian's desk: what is on the way here, what is to be signed, what was sent, what they hold. */
import { useState } from "preact/hooks";
import { printable } from "../../../../verifier-cli/page/src/page/printable.ts";
import { isFor, maySign } from "../act.ts";
import { askJson } from "../http.ts";
import { go, hashOf } from "../route.ts";
import { isAgency } from "../session.ts";
import { countText, inOrder, ordered, useItems, useLoaded, useRoles, useShared, type Loaded } from "../state.ts";
import { Choice } from "../ui/form.tsx";
import { More } from "../ui/more.tsx";
import { ProblemNote } from "../ui/problem.tsx";
import { Scan } from "../ui/scan.tsx";
import { Table } from "../ui/table.tsx";
import { Arrow, Code, ItemName, Labelled, Names, Person, Time } from "../ui/text.tsx";
import type { InboxView, ItemView, WaitingView } from "../view.ts";
import { SHEET } from "./label.tsx";
import { Offers } from "./offers.tsx";

export function Desk() {
  const { language, session } = useShared();
  const inbox = useLoaded(() => askJson<InboxView>("/v1/inbox"), []);
  const waiting = inbox.value?.waiting ?? [];
  // An agency holds nothing.
  const isPerson = !isAgency(session);
  return (
    <>
      <h1 tabIndex={-1}>{language.say("desk")}</h1>
      <ProblemNote problem={inbox.problem} language={language} again={inbox.again} />
      {isPerson && <Scan found={(item) => go("items", item)} />}
      <Offers offers={inbox.value?.offers ?? []} again={inbox.again} />
      {isPerson && <Receiving rows={waiting.filter(({ what }) => what === "receive")} inbox={inbox} />}
      <Sent rows={waiting.filter(({ what }) => what !== "receive")} />
      {isPerson ? <Held holder={session.who.id} /> : <p><a href={hashOf("people")}>{language.say("page-people")}</a></p>}
    </>
  );
}

/** Rows by the release that they are under. */
function byRelease(rows: readonly WaitingView[]): [string, WaitingView[]][] {
  const groups = new Map<string, WaitingView[]>();
  for (const row of rows) {
    const key = row.item.release ?? row.item.item;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const isLate = (rows: readonly WaitingView[]) => rows.some(({ overdue_minutes }) => overdue_minutes !== null);
  return [...groups].sort(([, a], [, b]) => Number(isLate(b)) - Number(isLate(a)));
}

function Receiving({ rows, inbox }: { rows: readonly WaitingView[]; inbox: Loaded<InboxView> }) {
  const { language } = useShared();
  const groups = byRelease(rows);
  return (
    <section id="to-receive">
      <h2>{language.say("to-receive", { count: groups.length })}</h2>
      {groups.length === 0 && inbox.value !== null && <p class="hint">{language.say("nothing-on-the-way")}</p>}
      {inbox.value === null && inbox.problem === null && <p class="hint">{language.say("loading")}</p>}
      <ul class="cards">
        {groups.map(([release, rows]) => (
          <Waiting key={release} rows={rows}>
            <a class="button main" href={hashOf("receive", release)}>{language.say("receive-or-refuse")}</a>
          </Waiting>
        ))}
      </ul>
    </section>
  );
}

function Sent({ rows }: { rows: readonly WaitingView[] }) {
  const { language } = useShared();
  if (rows.length === 0) return null;
  return (
    <section id="sent">
      <h2>{language.say("sent")}</h2>
      <ul class="cards">
        {byRelease(rows).map(([release, rows]) => (
          <Waiting key={release} rows={rows}>
            {rows[0]!.what === "sent"
              ? <a class="button" href={hashOf("act", "recall", rows.map(({ item }) => item.item).join(","))}>{language.say("act-recall")}</a>
              : language.say("bring-back")}
          </Waiting>
        ))}
      </ul>
    </section>
  );
}

function Waiting({ rows, children }: { rows: readonly WaitingView[]; children: preact.ComponentChildren }) {
  const { language } = useShared();
  const [first] = rows;
  const late = Math.max(...rows.map(({ overdue_minutes }) => overdue_minutes ?? 0));
  return (
    <li class={`card${late > 0 ? " late" : ""}`}>
      {late > 0 && <p>
        <strong class="mark"><span class="shape" aria-hidden="true">!</span>{language.say("overdue", { time: language.duration(late) })}</strong>
      </p>}
      {rows.some(({ is_noted_missing }) => is_noted_missing) && <p>
        <strong class="mark"><span class="shape" aria-hidden="true">!</span>{language.say("noted-missing")}</strong>
      </p>}
      <Names items={inOrder(language, rows.map(({ item }) => item))} count={rows.length} />
      <p>{language.before(first!.what === "sent" ? "to" : "from")} <Person who={first!.with} />
        {first!.instead_of !== null && <> ({language.say("instead-of")} <Person who={first!.instead_of} />)</>}
        {first!.purpose !== null && <> · <Labelled kind="purpose" code={first!.purpose} /></>}
        {first!.due !== null && <> · {language.say("due")} <Time seconds={Date.parse(first!.due) / 1000} /></>}
      </p>
      <p>{children}</p>
    </li>
  );
}

/** Rows of a page of a table. */
const PAGE = 25;
/** Items of one record, at most. */
const MOST = 500;
/** What can be done with items at hand. */
export const ACTS = ["seal", "store", "handoff", "release", "note"] as const;

function Held({ holder }: { holder: string }) {
  const { language } = useShared();
  const roles = useRoles();
  const acts = ACTS.filter((act) => maySign(act, roles));
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [name, setName] = useState("");
  const [shown, setShown] = useState(PAGE);
  const [wanted, setWanted] = useState("");
  const isAtHand = ({ state }: ItemView) => state !== "on-the-way";
  const match = ({ description, label, item }: ItemView) => `${description ?? ""} ${label} ${item}`.toLowerCase().includes(wanted.toLowerCase());
  // As many as one record can be about, so that all of them can be picked.
  const list = useItems(`holder=${holder}`, MOST, (items) => items.filter((item) => isAtHand(item) && match(item)).length >= Math.max(shown, MOST));
  const atHand = ordered(language, list).filter(isAtHand);
  const found = atHand.filter(match);
  const more = () => {
    setShown(shown + PAGE * 4);
    list.more();
  };
  const toggle = (id: string) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    setChosen(next);
  };
  const picked = atHand.filter(({ item }) => chosen.has(item)).map(({ item }) => item);
  const offered = acts.filter((act) => isFor(act, picked.length));
  const isOffered = offered.some((act) => act === name);
  return (
    <section id="held">
      <h2>{language.say("held", { count: countText(language, atHand.length, list) })}</h2>
      <ProblemNote problem={list.problem} language={language} again={list.again} />
      {maySign("collect", roles) && <p><a class="button" href={hashOf("act", "collect")}>{language.say("act-collect")}</a></p>}
      {acts.length === 0 && <p class="hint">{language.say("your-roles", { roles: language.list(roles.map((role) => language.label("role", String(role)))) })}</p>}
      <form class="toolbar" onSubmit={(event) => { event.preventDefault(); go("act", name, picked.join(",")); }}>
        <div class="field"><label for="wanted">{language.say("filter")}</label><input id="wanted" dir="auto" value={wanted} onInput={(event) => setWanted(event.currentTarget.value)} /></div>
        {acts.length > 0 && <Choice name="act" kind="act" codes={offered} value={isOffered ? name : ""} set={setName} />}
        {acts.length > 0 && <button type="submit" class="main" disabled={picked.length === 0 || !isOffered}>{language.say("do-with", { count: picked.length })}</button>}
      </form>
      {found.length > 0 && <p><button type="button" id="pick-all" onClick={() => setChosen(new Set([...chosen, ...found.slice(0, MOST).map(({ item }) => item)]))}>{language.say("pick-all", { count: Math.min(found.length, MOST) })}</button>{" "}
        {picked.length > 0 && <><button type="button" onClick={() => setChosen(new Set())}>{language.say("pick-none")}</button>{" "}</>}
        {picked.length > 0 && picked.length <= SHEET && <a class="button" id="print-labels-of" href={hashOf("label", picked.join(","))}>{language.say("print-labels", { count: picked.length })}</a>}</p>}
      {list.isLoaded && <ItemTable items={found.slice(0, shown)} wanted={wanted} chosen={chosen} toggle={toggle} />}
      <More shown={shown} found={found.length} hasMore={list.hasMore} more={more} />
    </section>
  );
}

interface TableProps {
  readonly items: readonly ItemView[];
  /** What somebody typed to find them. */
  readonly wanted?: string;
  readonly chosen?: ReadonlySet<string>;
  readonly toggle?: (id: string) => void;
}

export function ItemTable({ items, wanted = "", chosen, toggle }: TableProps) {
  const { language } = useShared();
  if (items.length === 0) return <p class="hint">{wanted === "" ? language.say("no-items") : language.say("nothing-matches", { text: printable(wanted) })}</p>;
  const heads = (["item", "label", "state", "holder"] as const).map((word) => language.say(word));
  const cells = (item: ItemView) => [
    <ItemName item={item} />,
    <Code code={item.label} />,
    <Labelled kind="state" code={item.state} />,
    <><Person who={item.holder} />{item.addressee !== null && <> <Arrow /> <Person who={item.addressee} /></>}</>,
  ];
  if (toggle === undefined) return <Table heads={heads} rows={items.map((item) => ({ key: item.item, cells: cells(item) }))} />;
  const pick = (item: ItemView) => (
    <input type="checkbox" class="pick" checked={chosen?.has(item.item) ?? false} aria-label={language.say("pick-item", { item: item.description ?? item.label })} onChange={() => toggle(item.item)} />
  );
  return <Table heads={[language.say("pick"), ...heads]} named={1} rows={items.map((item) => ({ key: item.item, cells: [pick(item), ...cells(item)] }))} />;
}
