/** Requests for mutual legal assistance: a board by step, and each with its records and the items under it. */
import { useState } from "preact/hooks";
import { askJson } from "../http.ts";
import { hashOf } from "../route.ts";
import { inOrder, shortId, useLoaded, useShared } from "../state.ts";
import { More } from "../ui/more.tsx";
import { ProblemNote } from "../ui/problem.tsx";
import { Arrow, Code, Foreign, Labelled, Person, Time } from "../ui/text.tsx";
import type { RequestHistory, RequestView, StepView } from "../view.ts";
import { ItemTable } from "./desk.tsx";

const STEPS = ["prepared", "approved", "transmitted", "received", "accepted", "executing", "fulfilled", "refused", "withdrawn"];

/** Cards or rows that are shown at once. */
const PAGE = 25;

export function Requests() {
  const { language } = useShared();
  const { value, problem, again } = useLoaded(load, []);
  return (
    <>
      <h1 tabIndex={-1}>{language.say("page-requests")}</h1>
      <ProblemNote problem={problem} language={language} again={again} />
      {value?.length === 0 && <p>{language.say("no-requests")}</p>}
      {value !== null && value.length > 0 && (
        <div class="board">
          {STEPS.map((step) => <Step key={step} step={step} requests={value.filter((request) => request.step === step)} />)}
        </div>
      )}
    </>
  );
}

/** Requests of a step, the newest first, some at a time. */
function Step({ step, requests }: { step: string; requests: readonly RequestView[] }) {
  const { language } = useShared();
  const [shown, setShown] = useState(PAGE);
  return (
    <section aria-labelledby={`step-${step}`} class={requests.length === 0 ? "empty" : ""}>
      <h2 id={`step-${step}`}>{language.label("step", step)} <span class="count">{language.count(requests.length)}</span> <Code code={step} /></h2>
      <ul class="plain-list">{requests.slice(0, shown).map((request) => <li key={request.request} class="card"><Card request={request} /></li>)}</ul>
      <More shown={shown} found={requests.length} more={() => setShown(shown + PAGE * 4)} />
    </section>
  );
}

async function load(): Promise<readonly RequestView[]> {
  const { requests } = await askJson<{ requests: RequestView[] }>("/v1/requests");
  return requests.reverse();
}

function Card({ request }: { request: RequestView }) {
  const { language } = useShared();
  return (
    <>
      <p><a href={hashOf("requests", request.request)}><Code code={shortId(request.request)} /></a></p>
      <p><Person who={request.from} /> <Arrow /> <Person who={request.to} /></p>
      {request.purpose !== null && <p><Labelled kind="request-purpose" code={request.purpose} /></p>}
      <Deadline request={request} />
      <ul>{Object.entries(request.counts).map(([state, count]) => <li key={state}>{language.say("labelled", { label: language.label("state", state) })} {language.count(count)}</li>)}</ul>
    </>
  );
}

/** By when an answer is due, and whether that is over. */
function Deadline({ request: { deadline, is_overdue } }: { request: RequestView }) {
  const { language } = useShared();
  if (deadline === null) return null;
  return (
    <p>
      {is_overdue && <><strong class="mark"><span class="shape" aria-hidden="true">!</span>{language.say("deadline-over")}</strong>{" "}</>}
      {language.say("answer-due")} <Time seconds={Date.parse(deadline) / 1000} />
    </p>
  );
}

export function Request({ request }: { request: string }) {
  const { language } = useShared();
  const [shown, setShown] = useState(PAGE);
  const { value, problem, again } = useLoaded(() => askJson<RequestHistory>(`/v1/requests/${encodeURIComponent(request)}`), [request]);
  return (
    <>
      <h1 tabIndex={-1}>{language.say("request-title", { id: shortId(request) })}</h1>
      <ProblemNote problem={problem} language={language} again={again} />
      {value !== null && (
        <>
          <dl class="facts">
            <dt>{language.say("from")}</dt><dd><Person who={value.from} /></dd>
            <dt>{language.say("to")}</dt><dd><Person who={value.to} /></dd>
            <dt>{language.say("step")}</dt><dd><Labelled kind="step" code={value.step} /></dd>
            {value.purpose !== null && <><dt>{language.label("field", "purpose")}</dt><dd><Labelled kind="request-purpose" code={value.purpose} /></dd></>}
            {value.basis !== null && <><dt>{language.label("field", "basis")}</dt><dd><Labelled kind="basis" code={value.basis} />{value.instrument !== null && <> · <Foreign text={value.instrument} /></>}</dd></>}
          </dl>
          <Deadline request={value} />
          <h2>{language.say("items")}</h2>
          <ItemTable items={inOrder(language, value.items).slice(0, shown)} />
          <More shown={shown} found={value.items.length} more={() => setShown(shown + PAGE * 4)} />
          <h2>{language.say("records")}</h2>
          <ol class="timeline">{value.records.map((event) => <li key={event.entry}><Event event={event} /></li>)}</ol>
        </>
      )}
    </>
  );
}

/** A record of a request as the server tells it. */
function Event({ event }: { event: StepView }) {
  const { language } = useShared();
  return (
    <>
      <p><strong>{event.step === null ? language.label("type", event.type) : language.label("step", event.step)}</strong> <Code code={event.step ?? event.type} /> · <Time seconds={Date.parse(event.occurred) / 1000} /></p>
      {event.ground !== null && <p><Labelled kind="request-ground" code={event.ground} /></p>}
      <dl class="facts">
        {event.fields.map(({ name, value }) => <><dt key={name}>{language.label("field", name)}</dt><dd>{value === null ? language.say("not-open") : <Foreign text={value} />}</dd></>)}
        <dt>{language.say("signers")}</dt><dd>{language.between(event.signers.map(({ who }) => <Person who={who} />))}</dd>
      </dl>
      <p class="hint">{language.say("entry", { entry: String(event.entry) })} · <a href={hashOf("receipt", event.record)}>{language.say("receipt")}</a></p>
    </>
  );
}
