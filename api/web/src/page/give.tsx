/** Giving an item's history to somebody else: an exhibit that they verify offline. */
import { useState } from "preact/hooks";
import { demandVerified, giveTo, type Looked } from "../exhibit.ts";
import { Problem } from "../problem.ts";
import { shortId, useShared } from "../state.ts";
import { Choice, TextField, tidy } from "../ui/form.tsx";
import { ProblemNote } from "../ui/problem.tsx";
import { Foreign } from "../ui/text.tsx";

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
}

export function Give({ item }: { item: string }) {
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
      demandVerified(looked.outcome.report.lines());
      const file = `${shortId(item).replace(":", "-")}.exhibit`;
      save(file, looked.file);
      setGiven({ file, looked });
      announce(language.say("exhibit-saved", { file }));
    }).catch((thrown: unknown) => setProblem(Problem.from(thrown))).finally(() => setBusy(false));
  };
  return (
    <details id="give" class="no-print">
      <summary>{language.say("give-exhibit")}</summary>
      <p class="hint">{language.say("give-exhibit-hint")}</p>
      <form onSubmit={submit}>
        <Choice name="recipient" kind="recipient" codes={RECIPIENTS} value={kind} set={setKind} />
        <TextField name="for" value={name} isRequired set={setName} />
        <TextField name="exhibit-purpose" value={purpose} isRequired set={setPurpose} />
        <ProblemNote problem={problem} language={language} />
        <button type="submit" aria-disabled={isBusy}>{language.say(isBusy ? "signing" : "sign-and-save")}</button>
      </form>
      {given !== null && <Saved given={given} />}
    </details>
  );
}

function Saved({ given: { file, looked } }: { given: Given }) {
  const { language } = useShared();
  return (
    <div class="done" role="status">
      <p><span class="shape" aria-hidden="true">✓</span>{language.say("exhibit-saved", { file })}</p>
      {looked.flags.map((flag) => <p key={flag} class="caution" lang="en" dir="ltr"><Foreign text={flag} /></p>)}
      <p>{language.say("exhibit-disclose")}</p>
    </div>
  );
}
