/** Offers on the desk: what is to be signed, what waits for others, and what came to nothing. */
import { useState } from "preact/hooks";
import { withdraw } from "../act.ts";
import { askJson } from "../http.ts";
import { Problem } from "../problem.ts";
import { hashOf } from "../route.ts";
import { useLoaded, useShared, whoText } from "../state.ts";
import { ProblemNote } from "../ui/problem.tsx";
import { Code, Labelled, NAMED, Names, Person } from "../ui/text.tsx";
import type { ItemView, OfferView } from "../view.ts";

/** Whether nobody can sign it any more. */
function isOver({ refused, has_moved_on }: OfferView): boolean {
  return refused !== null || has_moved_on;
}

export function Offers({ offers, again }: { offers: readonly OfferView[]; again: () => void }) {
  const { language } = useShared();
  const open = offers.filter((offer) => !isOver(offer));
  const mine = open.filter(({ is_mine_to_sign }) => is_mine_to_sign);
  const others = open.filter(({ is_mine_to_sign }) => !is_mine_to_sign);
  const over = offers.filter(isOver);
  const cards = (list: readonly OfferView[]) => <ul class="cards">{list.map((offer) => <OfferCard key={offer.offer} offer={offer} again={again} />)}</ul>;
  return (
    <>
      {over.length > 0 && <section id="offers-over"><h2>{language.say("offers-over", { count: over.length })}</h2>{cards(over)}</section>}
      {mine.length > 0 && <section id="to-sign"><h2>{language.say("to-sign", { count: mine.length })}</h2>{cards(mine)}</section>}
      {others.length > 0 && <section id="offered"><h2>{language.say("offered-by-me", { count: others.length })}</h2>{cards(others)}</section>}
    </>
  );
}

/** The items of an offer that its card names. */
async function firstOf(ids: readonly string[]): Promise<readonly ItemView[]> {
  const found = await Promise.all(ids.slice(0, NAMED).map((id) => askJson<ItemView>(`/v1/items/${id}`).catch(() => null)));
  return found.filter((item) => item !== null);
}

function OfferCard({ offer, again }: { offer: OfferView; again: () => void }) {
  const { language, session } = useShared();
  const first = useLoaded(() => firstOf(offer.items), [offer.offer]);
  const [from] = offer.signed;
  const who = from === undefined ? "" : whoText(language, from);
  const other = offer.next === null ? "" : whoText(language, offer.next);
  const isFromMe = from?.id === session.who.id;
  const what = language.label("act", offer.type);
  return (
    <li class="card offer">
      {isOver(offer) && <Over offer={offer} />}
      <p><strong>{isFromMe ? language.say("you-offer", { who: other }) : offer.is_mine_to_sign ? language.say("offers-you", { who }) : language.say("offers-other", { who, other })}</strong></p>
      <Names items={first.value ?? []} count={offer.items.length} />
      <p>{what === offer.type ? <Labelled kind="type" code={offer.type} /> : <>{what} <Code code={offer.type} /></>}{offer.purpose !== null && <> · <Labelled kind="purpose" code={offer.purpose} /></>}</p>
      {offer.signed.length > 1 && <p>{language.say("signed-by")} {language.between(offer.signed.map((who) => <Person who={who} />))}</p>}
      {isOver(offer)
        ? <PutAway offer={offer} again={again} />
        : <p>{offer.is_mine_to_sign
          ? <a class="button main" href={hashOf("offer", offer.offer)}>{language.say("look-and-sign")}</a>
          : <a class="button" href={hashOf("offer", offer.offer)}>{language.say("look")}</a>}</p>}
    </li>
  );
}

/** Why nobody can sign it any more. */
function Over({ offer: { refused } }: { offer: OfferView }) {
  const { language } = useShared();
  return (
    <p>
      <strong class="mark"><span class="shape" aria-hidden="true">!</span>{refused === null ? language.say("offer-moved-on") : language.say("offer-refused-by", { who: whoText(language, refused.by) })}</strong>
      {refused !== null && <>{" "}<Labelled kind="ground" code={refused.ground} /></>}
    </p>
  );
}

/** Nothing was recorded by it, so that nothing is lost with it. What refused it is a record, and stays. */
function PutAway({ offer, again }: { offer: OfferView; again: () => void }) {
  const { language } = useShared();
  const [problem, setProblem] = useState<Problem | null>(null);
  const putAway = () => void withdraw(offer.offer).then(again, (thrown: unknown) => setProblem(Problem.from(thrown)));
  return (
    <>
      <ProblemNote problem={problem} language={language} />
      <div class="buttons">
        {offer.refused !== null && <a class="button" href={hashOf("receipt", offer.refused.record)}>{language.say("refusal")}</a>}
        <button type="button" class="put-away" onClick={putAway}>{language.say("put-away")}</button>
      </div>
    </>
  );
}
