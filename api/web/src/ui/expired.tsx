/** The session has ended: sign in again, on top of the page, which stays as it is. */
import { useState } from "preact/hooks";
import type { Language } from "../language.ts";
import { Problem } from "../problem.ts";
import { Dialog } from "./dialog.tsx";
import { ProblemNote } from "./problem.tsx";

export function Expired({ language, again }: { language: Language; again: () => Promise<void> }) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isBusy, setBusy] = useState(false);
  const signIn = () => {
    if (isBusy) return;
    setBusy(true);
    again().catch((thrown: unknown) => {
      setProblem(Problem.from(thrown));
      setBusy(false);
    });
  };
  return (
    <Dialog title={language.say("expired")}>
      <p>{language.say("expired-hint")}</p>
      <ProblemNote problem={problem} language={language} />
      <button type="button" class="main" id="sign-in-again" aria-disabled={isBusy} onClick={signIn}>{language.say("sign-in-again")}</button>
    </Dialog>
  );
}
