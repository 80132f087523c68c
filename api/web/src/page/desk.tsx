/** The custodian's desk: what is on the way here, what is to be signed, what was sent, what they hold. */
import { useState } from "preact/hooks";
import { printable } from "../../../../verifier-cli/page/src/page/printable.ts";
import { askJson } from "../http.ts";
import { go, hashOf } from "../route.ts";
import { countText, inOrder, ordered, useItems, useLoaded, useShared, whoText } from "../state.ts";
import { Choice } from "../ui/form.tsx";
import { More } from "../ui/more.tsx";
import { ProblemNote } from "../ui/problem.tsx";
import { Scan } from "../ui/scan.tsx";
import { Table } from "../ui/table.tsx";
import { Arrow, Code, ItemName, Labelled, Person, Time } from "../ui/text.tsx";
import type { InboxView, ItemView, OfferView, WaitingView } from "../view.ts";

/** Items that a card names before it counts the rest. */
const NAMED = 3;

export function Desk() {
  const { language, session } = useShared();
  const inbox = useLoaded(() => askJson<InboxView>("/v1/inbox"), []);
  const waiting = inbox.value?.waiting ?? [];
  return (
    <>
      <h1 tabIndex={-1}>{language.say("desk")}</h1>
      <ProblemNote problem={inbox.problem} language={language} />
      <Scan found={(item) => go("items", item)} />
      <Offers offers={inbox.value?.offers ?? []} />
      <Receiving rows={waiting.filter(({ what }) => what === "receive")} isLoaded={inbox.value !== null} />
      <Sent rows={waiting.filter(({ what }) => what !== "receive")} />
      <Held holder={session.who.id} />
    </>
  );
}

function Offers({ offers }: { offers: readonly OfferView[] }) {
  const { language } = useShared();
  if (offers.length === 0) return null;
  const mine = offers.filter(({ is_mine_to_sign }) => is_mine_to_sign);
  const others = offers.filter(({ is_mine_to_sign }) => !is_mine_to_sign);
  const line = (offer: OfferView) => <OfferCard key={offer.offer} offer={offer} />;
  return (
    <>
      {mine.length > 0 && <section id="to-sign"><h2>{language.say("to-sign", { count: mine.length })}</h2><ul class="cards">{mine.map(line)}</ul></section>}
      {others.length > 0 && <section><h2>{language.say("offered-by-me", { count: others.length })}</h2><ul class="cards">{others.map(line)}</ul></section>}
    </>
  );
}

/** The items of an offer that its card names. */
async function firstOf(ids: readonly string[]): Promise<readonly ItemView[]> {
  const found = await Promise.all(ids.slice(0, NAMED).map((id) => askJson<ItemView>(`/v1/items/${id}`).catch(() => null)));
  return found.filter((item) => item !== null);
}

function OfferCard({ offer }: { offer: OfferView }) {
  const { language, session } = useShared();
  const first = useLoaded(() => firstOf(offer.items), [offer.offer]);
  const [from] = offer.signed;
  const who = from === undefined ? "" : whoText(from);
  const other = offer.next === null ? "" : whoText(offer.next);
  const isFromMe = from?.id === session.who.id;
  const what = language.label("act", offer.type);
  return (
    <li class="card offer">
      <p><strong>{isFromMe ? language.say("you-offer", { who: other }) : offer.is_mine_to_sign ? language.say("offers-you", { who }) : language.say("offers-other", { who, other })}</strong></p>
      <Names items={first.value ?? []} count={offer.items.length} />
      <p>{what === offer.type ? <Labelled kind="type" code={offer.type} /> : <>{what} <Code code={offer.type} /></>}</p>
      {offer.signed.length > 1 && <p>{language.say("signed-by")} {offer.signed.map((who) => <><Person key={who.id} who={who} /> </>)}</p>}
      <p>{offer.is_mine_to_sign
        ? <a class="button main" href={hashOf("offer", offer.offer)}>{language.say("look-and-sign")}</a>
        : <a class="button" href={hashOf("offer", offer.offer)}>{language.say("look")}</a>}</p>
    </li>
  );
}

/** What something is about: the first by name, and how many there are besides. */
function Names({ items, count }: { items: readonly ItemView[]; count: number }) {
  const { language } = useShared();
  const shown = items.slice(0, NAMED);
  if (shown.length === 0) return <p>{language.say("items-count", { count })}</p>;
  return (
    <ul class="plain-list names">
      {shown.map((item) => <li key={item.item}><ItemName item={item} /></li>)}
      {count > shown.length && <li>{language.say("and-more", { count: count - shown.length })}</li>}
    </ul>
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

function Receiving({ rows, isLoaded }: { rows: readonly WaitingView[]; isLoaded: boolean }) {
  const { language } = useShared();
  const groups = byRelease(rows);
  return (
    <section id="to-receive">
      <h2>{language.say("to-receive", { count: groups.length })}</h2>
      {groups.length === 0 && <p class="hint">{language.say(isLoaded ? "nothing-on-the-way" : "loading")}</p>}
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
      <Names items={inOrder(language, rows.map(({ item }) => item))} count={rows.length} />
      <p>{language.before(first!.what === "sent" ? "to" : "from")} <Person who={first!.with} />
        {first!.instead_of !== null && <> ({language.say("instead-of")} <Person who={first!.instead_of} />)</>}
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
const ACTS = ["seal", "store", "handoff", "release", "note"] as const;

function Held({ holder }: { holder: string }) {
  const { language } = useShared();
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
  return (
    <section id="held">
      <h2>{language.say("held", { count: countText(language, atHand.length, list) })}</h2>
      <ProblemNote problem={list.problem} language={language} />
      <p><a class="button" href={hashOf("act", "collect")}>{language.say("act-collect")}</a></p>
      <form class="toolbar" onSubmit={(event) => { event.preventDefault(); go("act", name, picked.join(",")); }}>
        <div class="field"><label for="wanted">{language.say("filter")}</label><input id="wanted" dir="auto" value={wanted} onInput={(event) => setWanted(event.currentTarget.value)} /></div>
        <Choice name="act" kind="act" codes={ACTS} value={name} set={setName} />
        <button type="submit" class="main" disabled={picked.length === 0 || name === ""}>{language.say("do-with", { count: picked.length })}</button>
      </form>
      {found.length > 0 && <p><button type="button" id="pick-all" onClick={() => setChosen(new Set([...chosen, ...found.slice(0, MOST).map(({ item }) => item)]))}>{language.say("pick-all", { count: Math.min(found.length, MOST) })}</button>{" "}
        {picked.length > 0 && <button type="button" onClick={() => setChosen(new Set())}>{language.say("pick-none")}</button>}</p>}
      <ItemTable items={found.slice(0, shown)} wanted={wanted} chosen={chosen} toggle={toggle} />
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
