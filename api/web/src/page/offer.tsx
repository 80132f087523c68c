/** An offer: what somebody signed already, to be looked at, countersigned or refused. */
import { useEffect, useRef, useState } from "preact/hooks";
import { propose, readWaiting, withdraw, type Done, type Observed, type Proposal } from "../act.ts";
import { Role } from "../../../../verifier-cli/page/src/cose.ts";
import { kindOf } from "../../../../verifier-cli/page/src/id.ts";
import type { Ledger } from "../ledger.ts";
import { Problem } from "../problem.ts";
import { hashOf } from "../route.ts";
import { keysOf, useLoaded, useShared, whoText } from "../state.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Checked, Choice, TextField, tidy } from "../ui/form.tsx";
import { PayloadWords } from "../ui/payload.tsx";
import { ProblemNote } from "../ui/problem.tsx";
import { DoneNote, Signing, Unchecked } from "../ui/signing.tsx";
import { askJson } from "../http.ts";
import type { ItemView } from "../view.ts";

export const GROUNDS = ["not-as-described", "seal", "damaged", "papers", "not-addressee", "no-authority", "no-storage"];

export function Offer({ digest }: { digest: string }) {
  const { language, session, ledger, people } = useShared();
  const offer = useLoaded(() => load(ledger, digest), [digest]);
  const [done, setDone] = useState<Done | null>(null);
  const [signing, setSigning] = useState<{ proposal: Proposal; observed?: Observed } | null>(null);
  const [checked, setChecked] = useState<readonly string[]>([]);
  const [isWithdrawn, setWithdrawn] = useState(false);
  // Who is about to refuse does not countersign meanwhile: both would be signed with the same button.
  const [isBusy, setBusy] = useState(false);
  if (done !== null) return <><h1 tabIndex={-1}>{language.say(signing?.proposal.offer === null ? "offer-refused" : "offer-countersigned")}</h1><DoneNote done={done} /></>;
  if (isWithdrawn) return <Ended word="offer-withdrawn" />;
  // Somebody else signed or withdrew it meanwhile, or long ago.
  if (offer.problem !== null && isGone(offer.problem) && signing === null) return <Ended word="offer-gone" />;
  const { value } = offer;
  if (value === null) return <><h1 tabIndex={-1}>{language.say("offer")}</h1><ProblemNote problem={offer.problem} language={language} again={offer.again} /></>;
  const { proposal, known } = value;
  const signed = proposal.draft.signatures.length;
  const next = proposal.payload.signers[signed];
  const isMine = next?.[1] === session.who.id;
  const observed = next?.[0] === Role.receiving ? { checked, outcomes: new Map<string, string>(), all: proposal.payload.subjects.length } : undefined;
  return (
    <>
      <h1 tabIndex={-1}>{isMine || next === undefined ? language.say("offer") : language.say("your-offer", { who: whoText(language, people.of(next[1])) })}</h1>
      <p>{language.say("offer-checked")}</p>
      <PayloadWords payload={proposal.payload} openings={proposal.openings} signed={signed} known={known} />
      {isMine && observed !== undefined && <Checked value={checked} set={setChecked} />}
      {isMine && observed !== undefined && <Unchecked observed={observed} />}
      <div class="buttons">
        {isMine && <button type="button" class="main" id="countersign" aria-disabled={isBusy} onClick={() => !isBusy && setSigning({ proposal, ...(observed === undefined ? {} : { observed }) })}>{language.say("countersign")}</button>}
        {!isMine && <Withdraw digest={digest} withdrawn={() => setWithdrawn(true)} />}
      </div>
      {isMine && proposal.payload.from !== undefined && <RefuseOffer proposal={proposal} isBusy={isBusy} setBusy={setBusy} sign={(proposal) => setSigning({ proposal })} />}
      {signing !== null && (
        <Signing
          proposal={signing.proposal}
          observed={signing.observed}
          known={known}
          cancel={() => setSigning(null)}
          done={setDone}
        />
      )}
    </>
  );
}

function isGone({ status, code }: Problem): boolean {
  return status === 404 || code === "offer/not-waiting";
}

/** An offer that nobody is to sign any more. */
function Ended({ word }: { word: "offer-withdrawn" | "offer-gone" }) {
  const { language } = useShared();
  const heading = useRef<HTMLHeadingElement>(null);
  // What had the focus is gone.
  useEffect(() => heading.current?.focus(), []);
  return (
    <>
      <h1 ref={heading} tabIndex={-1}>{language.say(word)}</h1>
      <p role="status">{language.say(`${word}-hint`)}</p>
      <p><a href={hashOf("desk")}>{language.say("back-to-desk")}</a></p>
    </>
  );
}

/** Asks before it takes an offer back: there is no way to have it there again but to sign another. */
function Withdraw({ digest, withdrawn }: { digest: string; withdrawn: () => void }) {
  const { language } = useShared();
  const [isAsking, setAsking] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const close = () => {
    setAsking(false);
    setProblem(null);
  };
  const sure = () => {
    if (isBusy) return;
    setBusy(true);
    withdraw(digest).then(withdrawn, (thrown: unknown) => setProblem(Problem.from(thrown))).finally(() => setBusy(false));
  };
  return (
    <>
      <button type="button" id="withdraw" onClick={() => setAsking(true)}>{language.say("withdraw")}</button>
      {isAsking && (
        <Dialog title={language.say("withdraw")} close={close} isRead>
          <p>{language.say("withdraw-sure")}</p>
          <ProblemNote problem={problem} language={language} />
          <div class="buttons">
            <button type="button" class="main" id="withdraw-sure" aria-disabled={isBusy} onClick={sure}>{language.say("withdraw")}</button>
            <button type="button" onClick={close}>{language.say("keep-offer")}</button>
          </div>
        </Dialog>
      )}
    </>
  );
}

async function load(ledger: Ledger, digest: string) {
  const proposal = await readWaiting(ledger, digest, keysOf);
  const ids = proposal.payload.subjects.map(({ id }) => id).filter((id) => kindOf(id) === "item").slice(0, 20);
  const found = await Promise.all(ids.map((id) => askJson<ItemView>(`/v1/items/${id}`).catch(() => null)));
  return { proposal, known: new Map(found.filter((item) => item !== null).map((item) => [item.item, item])) };
}

interface RefuseProps {
  readonly proposal: Proposal;
  readonly isBusy: boolean;
  readonly setBusy: (isBusy: boolean) => void;
  readonly sign: (proposal: Proposal) => void;
}

function RefuseOffer({ proposal, isBusy, setBusy, sign }: RefuseProps) {
  const { language, ledger, session } = useShared();
  const [ground, setGround] = useState("");
  const [remark, setRemark] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  const { payload, offer } = proposal;
  const submit = (event: Event) => {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    setProblem(null);
    const items = payload.subjects.map(({ id }) => id);
    const codes = { ground, offer: offer!, from: payload.from! };
    propose(ledger, session, { name: "refuse-offer", items, codes, texts: { remark: tidy(remark) } })
      .then(sign, (thrown: unknown) => setProblem(Problem.from(thrown))).finally(() => setBusy(false));
  };
  return (
    <details>
      <summary>{language.say("act-refuse")}</summary>
      <form onSubmit={submit}>
        <Choice name="ground" kind="ground" codes={GROUNDS} value={ground} set={setGround} />
        <TextField name="remark" value={remark} set={setRemark} />
        <ProblemNote problem={problem} language={language} />
        <button type="submit" aria-disabled={isBusy}>{language.say("refuse-and-sign")}</button>
      </form>
    </details>
  );
}
