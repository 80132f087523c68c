/** The session has ended: sign in again, on top of the page, which stays as it is; or leave it, where that key is of no use any more. */
import { useState } from "preact/hooks";
import type { Language } from "../language.ts";
import { Problem } from "../problem.ts";
import { Dialog } from "./dialog.tsx";
import { ProblemNote } from "./problem.tsx";

interface ExpiredProps {
  readonly language: Language;
  /** Signs in with the key of before. */
  readonly again: () => Promise<void>;
  /** Leads to where people sign in. */
  readonly leave: () => Promise<void>;
}

export function Expired({ language, again, leave }: ExpiredProps) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isBusy, setBusy] = useState(false);
  const attempt = (work: () => Promise<void>) => {
    if (isBusy) return;
    setBusy(true);
    setProblem(null);
    work().catch((thrown: unknown) => {
      setProblem(Problem.from(thrown));
      setBusy(false);
    });
  };
  return (
    <Dialog title={language.say("expired")}>
      <p>{language.say("expired-hint")}</p>
      <p class="hint">{language.say("sign-in-another-hint")}</p>
      <ProblemNote problem={problem} language={language} />
      <div class="buttons">
        <button type="button" class="main" id="sign-in-again" aria-disabled={isBusy} onClick={() => attempt(again)}>{language.say("sign-in-again")}</button>
        <button type="button" id="sign-in-another" aria-disabled={isBusy} onClick={() => attempt(leave)}>{language.say("sign-in-another")}</button>
      </div>
    </Dialog>
  );
}
