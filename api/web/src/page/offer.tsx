/** An offer: what somebody signed already, to be looked at, countersigned or refused. */
import { useState } from "preact/hooks";
import { propose, readWaiting, withdraw, type Done, type Observed, type Proposal } from "../act.ts";
import { kindOf } from "../../../../verifier-cli/page/src/id.ts";
import { Problem } from "../problem.ts";
import { go } from "../route.ts";
import { keysOf, useLoaded, useShared } from "../state.ts";
import { Checked, Choice, TextField } from "../ui/form.tsx";
import { PayloadWords } from "../ui/payload.tsx";
import { ProblemNote } from "../ui/problem.tsx";
import { DoneNote, Signing } from "../ui/signing.tsx";
import { askJson } from "../http.ts";
import type { InboxView, ItemView } from "../view.ts";

export const GROUNDS = ["not-as-described", "seal", "damaged", "papers", "not-addressee", "no-authority", "no-storage"];
const RECEIVING = 2;

export function Offer({ digest }: { digest: string }) {
  const { language, session, ledger } = useShared();
  const offer = useLoaded(() => load(ledger, digest), [digest]);
  const [done, setDone] = useState<Done | null>(null);
  const [signing, setSigning] = useState<{ proposal: Proposal; observed?: Observed } | null>(null);
  const [checked, setChecked] = useState<readonly string[]>([]);
  const [problem, setProblem] = useState<Problem | null>(null);
  if (done !== null) return <><h1 tabIndex={-1}>{language.say("offer")}</h1><DoneNote done={done} /></>;
  const { value } = offer;
  if (value === null) return <><h1 tabIndex={-1}>{language.say("offer")}</h1><ProblemNote problem={offer.problem} language={language} /></>;
  const { proposal, known } = value;
  const signed = proposal.draft.signatures.length;
  const next = proposal.payload.signers[signed];
  const isMine = next?.[1] === session.who.id;
  const observed = next?.[0] === RECEIVING ? { checked, outcomes: new Map<string, string>() } : undefined;
  return (
    <>
      <h1 tabIndex={-1}>{language.say("offer")}</h1>
      <p>{language.say("offer-checked")}</p>
      <PayloadWords payload={proposal.payload} openings={proposal.openings} signed={signed} known={known} />
      <ProblemNote problem={problem} language={language} />
      {isMine && observed !== undefined && <Checked value={checked} set={setChecked} />}
      <div class="buttons">
        {isMine && <button type="button" class="main" id="countersign" onClick={() => setSigning({ proposal, ...(observed === undefined ? {} : { observed }) })}>{language.say("countersign")}</button>}
        {!isMine && <button type="button" onClick={() => withdraw(digest).then(() => go("desk"), (thrown: unknown) => setProblem(Problem.from(thrown)))}>{language.say("withdraw")}</button>}
      </div>
      {isMine && proposal.payload.from !== undefined && <RefuseOffer proposal={proposal} sign={(proposal) => setSigning({ proposal })} />}
      {signing !== null && (
        <Signing
          proposal={signing.proposal}
          observed={signing.observed}
          known={known}
          cancel={() => setSigning(null)}
          done={(done) => {
            setDone(done);
            // What was refused waits no longer; it is in the ledger that it was.
            if (signing.proposal.offer === null) void withdraw(digest).catch(() => undefined);
          }}
        />
      )}
    </>
  );
}

async function load(ledger: import("../ledger.ts").Ledger, digest: string) {
  const { offers } = await askJson<InboxView>("/v1/inbox");
  const signers = offers.find(({ offer }) => offer === digest)?.signed ?? [];
  const keys = new Map((await Promise.all(signers.map(({ id }) => keysOf(id)))).flatMap((keys) => [...keys]));
  const proposal = await readWaiting(ledger, digest, keys);
  const ids = proposal.payload.subjects.map(({ id }) => id).filter((id) => kindOf(id) === "item").slice(0, 20);
  const found = await Promise.all(ids.map((id) => askJson<ItemView>(`/v1/items/${id}`).catch(() => null)));
  return { proposal, known: new Map(found.filter((item) => item !== null).map((item) => [item.item, item])) };
}

function RefuseOffer({ proposal, sign }: { proposal: Proposal; sign: (proposal: Proposal) => void }) {
  const { language, ledger, session } = useShared();
  const [ground, setGround] = useState("");
  const [remark, setRemark] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  const { payload, offer } = proposal;
  const submit = (event: Event) => {
    event.preventDefault();
    const items = payload.subjects.map(({ id }) => id);
    const codes = { ground, offer: offer!, from: payload.from! };
    propose(ledger, session, { name: "refuse-offer", items, codes, texts: { remark: remark.trim().normalize("NFC") } })
      .then(sign, (thrown: unknown) => setProblem(Problem.from(thrown)));
  };
  return (
    <details>
      <summary>{language.say("act-refuse")}</summary>
      <form onSubmit={submit}>
        <Choice name="ground" kind="ground" codes={GROUNDS} value={ground} set={setGround} />
        <TextField name="remark" value={remark} set={setRemark} />
        <ProblemNote problem={problem} language={language} />
        <button type="submit">{language.say("refuse-and-sign")}</button>
      </form>
    </details>
  );
}
