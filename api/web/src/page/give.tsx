/** Giving an item's history to somebody else: an exhibit that they verify offline. */
import { useState } from "preact/hooks";
import { hex } from "../../../../verifier-cli/page/src/bytes.ts";
import { sha256 } from "../../../../verifier-cli/page/src/hash.ts";
import { propose, type Done, type Proposal } from "../act.ts";
import { demandVerified, giveTo, type Looked } from "../exhibit.ts";
import { Problem } from "../problem.ts";
import { shortId, useShared } from "../state.ts";
import { Choice, TextField, tidy } from "../ui/form.tsx";
import { ProblemNote } from "../ui/problem.tsx";
import { DoneNote, Signing } from "../ui/signing.tsx";
import { Foreign } from "../ui/text.tsx";
import type { ItemView } from "../view.ts";

const BASES = ["prosecution", "defence", "court-order", "mutual-assistance", "oversight", "data-subject", "police"] as const;
/** Of a text of a manifest: SPEC. */
const MOST_BYTES = 400;
const RECIPIENTS = ["court", "prosecution", "defence", "oversight", "own-agency", "public"] as const;

/** Saves a file as the browser does with what is downloaded. */
function save(name: string, bytes: Uint8Array): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes as BlobPart], { type: "application/octet-stream" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

interface Given {
  readonly file: string;
  readonly looked: Looked;
  readonly recipient: string;
}

export function Give({ item, view }: { item: string; view: ItemView | null }) {
  const { language, ledger, session, announce } = useShared();
  const [kind, setKind] = useState("");
  const [name, setName] = useState("");
  const [purpose, setPurpose] = useState("");
  const [given, setGiven] = useState<Given | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = (event: Event) => {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    setProblem(null);
    setGiven(null);
    giveTo(ledger, session, item, { kind, name: tidy(name), purpose: tidy(purpose) }).then((looked) => {
      demandVerified(looked.lines);
      const file = `${shortId(item).replace(":", "-")}.exhibit`;
      save(file, looked.file);
      setGiven({ file, looked, recipient: tidy(name) });
      announce(language.say("exhibit-saved", { file }));
    }).catch((thrown: unknown) => setProblem(Problem.from(thrown))).finally(() => setBusy(false));
  };
  return (
    <details id="give" class="no-print">
      <summary>{language.say("give-exhibit")}</summary>
      <p class="hint">{language.say("give-exhibit-hint")}</p>
      <form onSubmit={submit}>
        <Choice name="recipient" kind="recipient" codes={RECIPIENTS} value={kind} set={setKind} />
        <TextField name="for" value={name} isRequired mostBytes={MOST_BYTES} set={setName} />
        <TextField name="exhibit-purpose" value={purpose} isRequired mostBytes={MOST_BYTES} set={setPurpose} />
        <ProblemNote problem={problem} language={language} />
        <button type="submit" aria-disabled={isBusy}>{language.say(isBusy ? "signing" : "sign-and-save")}</button>
      </form>
      {given !== null && <Saved key={given.file} item={item} view={view} given={given} />}
    </details>
  );
}

interface SavedProps {
  readonly item: string;
  readonly view: ItemView | null;
  readonly given: Given;
}

function Saved({ item, view, given: { file, looked, recipient } }: SavedProps) {
  const { language } = useShared();
  return (
    <>
      <div class="done" role="status">
        <p><span class="shape" aria-hidden="true">✓</span>{language.say("exhibit-saved", { file })}</p>
        {looked.flags.map((flag) => <p key={flag} class="caution" lang="en" dir="ltr"><Foreign text={flag} /></p>)}
      </div>
      <Disclose item={item} view={view} looked={looked} recipient={recipient} />
    </>
  );
}

interface DiscloseProps {
  readonly item: string;
  readonly view: ItemView | null;
  readonly looked: Looked;
  readonly recipient: string;
}

/** Records that it was given away: later exhibits prove that nothing changed since. */
function Disclose({ item, view, looked, recipient }: DiscloseProps) {
  const { language, ledger, session } = useShared();
  const [basis, setBasis] = useState("");
  const [proposal, setProposal] = useState<Proposal | null>(null);
  const [done, setDone] = useState<Done | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = (event: Event) => {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    setProblem(null);
    const size = Number(looked.outcome.one?.contents.checkpoint.size ?? 0);
    const codes = { exhibit: hex(sha256(looked.file)), size, basis };
    propose(ledger, session, { name: "disclose", items: [item], codes, texts: { recipient } })
      .then(setProposal, (thrown: unknown) => setProblem(Problem.from(thrown))).finally(() => setBusy(false));
  };
  if (done !== null) return <DoneNote done={done} />;
  return (
    <form id="disclose" onSubmit={submit}>
      <p>{language.say("exhibit-disclose")}</p>
      <Choice name="basis" kind="basis" codes={BASES} value={basis} set={setBasis} />
      <ProblemNote problem={problem} language={language} />
      <button type="submit" aria-disabled={isBusy}>{language.say("record-disclosure")}</button>
      {proposal !== null && <Signing proposal={proposal} known={new Map(view === null ? [] : [[item, view]])} done={setDone} cancel={() => setProposal(null)} />}
    </form>
  );
}
