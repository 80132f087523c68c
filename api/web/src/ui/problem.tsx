/** Why something was not done, in the reader's words where there are some, with the code and what the server says. */
import { printable } from "../../../../verifier-cli/page/src/page/printable.ts";
import type { Language } from "../language.ts";
import { Problem } from "../problem.ts";

/** Of these our words say all, and those of the server less. */
const SAID: readonly string[] = ["session/challenge", "session/recovery-key"];

interface ProblemProps {
  readonly problem: Problem | null;
  readonly language: Language;
  /** Asks once more for what could not be loaded. */
  readonly again?: () => void;
}

export function ProblemNote({ problem, language, again }: ProblemProps) {
  if (problem === null) return <div role="alert" />;
  const [family] = problem.code.split("/");
  const own = language.label("problem", problem.code.replace("/", "-"));
  const general = language.label("problem", family ?? "");
  const isKnown = own !== problem.code.replace("/", "-");
  const text = isKnown ? own : general !== family ? general : language.say("problem");
  return (
    <div role="alert" class="problem">
      <p><span class="shape" aria-hidden="true">!</span><strong>{text}</strong></p>
      {problem.detail !== "" && !SAID.includes(problem.code) && <p lang="en" dir="ltr"><bdi>{printable(problem.detail)}</bdi></p>}
      <p><code dir="ltr">{printable(problem.code)}</code>{problem.request !== "" && <> <code dir="ltr">{printable(problem.request)}</code></>}</p>
      {again !== undefined && problem.isPassing && <p><button type="button" class="try-again" onClick={() => {
        // The button goes with the problem.
        document.querySelector<HTMLElement>("main h1")?.focus();
        again();
      }}>{language.say("try-again")}</button></p>}
    </div>
  );
}
