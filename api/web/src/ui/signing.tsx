/** The last look before a signature, and what came of it. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { signAndSend, type Done, type Observed, type Proposal } from "../act.ts";
import { TwoHeads } from "../ledger.ts";
import { HeadsDiffer } from "../page/heads.tsx";
import { Problem } from "../problem.ts";
import { hashOf } from "../route.ts";
import { useShared, whoText } from "../state.ts";
import type { ItemView } from "../view.ts";
import { Dialog } from "./dialog.tsx";
import { PayloadWords } from "./payload.tsx";
import { ProblemNote } from "./problem.tsx";
import { Arrow, Code } from "./text.tsx";

interface SigningProps {
  readonly proposal: Proposal;
  readonly known: ReadonlyMap<string, ItemView>;
  readonly observed?: Observed | undefined;
  readonly done: (done: Done) => void;
  readonly cancel: () => void;
  readonly children?: ComponentChildren;
}

export function Signing({ proposal, known, observed, done, cancel, children }: SigningProps) {
  const { language, ledger, session, announce } = useShared();
  const [problem, setProblem] = useState<Problem | null>(null);
  const [heads, setHeads] = useState<TwoHeads | null>(null);
  const [isBusy, setBusy] = useState(false);
  const sign = async () => {
    if (isBusy) return;
    setBusy(true);
    announce(language.say("signing"));
    try {
      done(await signAndSend(ledger, session, proposal, observed));
    } catch (thrown) {
      if (thrown instanceof TwoHeads) setHeads(thrown);
      else setProblem(Problem.from(thrown));
      setBusy(false);
    }
  };
  if (heads !== null) return <Dialog title={language.say("stopped")} isRead><HeadsDiffer heads={heads} language={language} /></Dialog>;
  return (
    <Dialog title={language.say("sign-title")} {...(isBusy ? {} : { close: cancel })} isRead>
      <p>{language.say("sign-hint")}</p>
      <PayloadWords payload={proposal.payload} openings={proposal.openings} signed={proposal.draft.signatures.length} known={known} />
      {observed !== undefined && <><h3>{language.say("observed")}</h3><ObservedWords observed={observed} known={known} /></>}
      {children}
      <ProblemNote problem={problem} language={language} />
      <div class="buttons">
        <button type="button" class="main" id="sign" aria-disabled={isBusy} onClick={() => void sign()}>{language.say(isBusy ? "signing" : "sign")}</button>
        <button type="button" id="do-not-sign" aria-disabled={isBusy} onClick={() => !isBusy && cancel()}>{language.say("do-not-sign")}</button>
      </div>
    </Dialog>
  );
}

/** What the receiver checked, and found of the items. */
export function ObservedWords({ observed, known }: { observed: Observed; known: ReadonlyMap<string, ItemView> }) {
  const { language } = useShared();
  const checked = language.list(observed.checked.map((code) => `${language.label("checked", code)} (${code})`));
  return (
    <>
      {checked !== "" && <p>{language.before("checked")} {checked}</p>}
      <p><Found observed={observed} /></p>
      {observed.outcomes.size > 0 && <ul>{[...observed.outcomes].map(([id, found]) => (
        <li key={id}><Code code={known.get(id)?.label ?? id} /> · {language.label("outcome", found)} <Code code={found} /></li>
      ))}</ul>}
      <Unchecked observed={observed} />
    </>
  );
}

/** How it was found: as described only where somebody looked, which is more than that nobody noted an exception. */
export function Found({ observed: { checked, outcomes, scanned, all } }: { observed: Observed }) {
  const { language } = useShared();
  if (outcomes.size > 0) return <>{language.say("exceptions", { count: outcomes.size, all })}</>;
  const isLooked = checked.length > 0 || (scanned !== undefined && scanned === all);
  return <>{language.say(isLooked ? "all-as-described" : "no-exceptions")}</>;
}

/** Says what was scanned, and warns where nothing was looked at. */
export function Unchecked({ observed: { checked, outcomes, scanned, all } }: { observed: Observed }) {
  const { language } = useShared();
  const isUnchecked = checked.length === 0 && outcomes.size === 0 && (scanned ?? 0) === 0;
  if (!isUnchecked && scanned === undefined) return null;
  return (
    <p class={isUnchecked ? "caution unchecked" : ""}>
      {isUnchecked && <strong class="mark"><span class="shape" aria-hidden="true">!</span>{language.say("nothing-checked")}</strong>}{" "}
      {scanned !== undefined && language.say("counted", { count: scanned, all })}
    </p>
  );
}

/** What came of it: in the ledger and verified, or on its way to whoever signs next. */
export function DoneNote({ done }: { done: Done }) {
  const { language, people } = useShared();
  const heading = useRef<HTMLHeadingElement>(null);
  // What had the focus is gone with the form.
  useEffect(() => heading.current?.focus(), []);
  if (done.kind === "offered") {
    return (
      <div class="done" role="status">
        <h2 ref={heading} tabIndex={-1}><span class="shape" aria-hidden="true"><Arrow /></span>{language.say("offered")}</h2>
        <p>{language.say("offered-hint", { who: whoText(language, people.of(done.next)) })}</p>
        <p>{language.say("offer-digest")} <Code code={done.offer} /></p>
        <p><a href={hashOf("desk")}>{language.say("back-to-desk")}</a></p>
      </div>
    );
  }
  const { acknowledged, payload } = done;
  // What was taken in has no name yet by which whoever took it in could find it.
  const taken = payload.type === "collect" ? payload.subjects[0]?.id : undefined;
  return (
    <div class="done" role="status">
      <h2 ref={heading} tabIndex={-1}><span class="shape" aria-hidden="true">✓</span>{language.say("recorded", { type: language.label("type", payload.type) })}</h2>
      <p>{language.say("recorded-hint", { entry: String(acknowledged.entry) })}</p>
      <p>{language.say("record-digest")} <Code code={acknowledged.record} /></p>
      {taken !== undefined && <div class="buttons">
        <a class="button main" id="taken" href={hashOf("items", taken)}>{language.say("look-at-item")}</a>
        <a class="button" href={hashOf("label", taken)}>{language.say("print-label")}</a>
      </div>}
      <p><a id="print-receipt" href={hashOf("receipt", acknowledged.record)}>{language.say("print-receipt")}</a> · <a href={hashOf("desk")}>{language.say("back-to-desk")}</a></p>
    </div>
  );
}
