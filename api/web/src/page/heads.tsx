/** A ledger that went back in time, or shows another history: both heads, to be kept and shown. */
import { headText, type TwoHeads } from "../ledger.ts";
import type { Language } from "../language.ts";

export function HeadsDiffer({ heads, language }: { heads: TwoHeads; language: Language }) {
  return (
    <section class="problem" role="alert" data-code={heads.code}>
      <h1 tabIndex={-1}><span class="shape" aria-hidden="true">!</span>{language.say("heads-differ")}</h1>
      <p>{language.say("heads-differ-hint")}</p>
      <p><code dir="ltr">{heads.code}</code></p>
      {([["head-known", heads.known], ["head-shown", heads.shown]] as const).map(([word, head]) => (
        <>
          <h2 key={word}>{language.say(word)}</h2>
          <p><code dir="ltr">{headText(head)}</code></p>
          <pre dir="ltr" tabIndex={0}>{head.note}</pre>
        </>
      ))}
    </section>
  );
}
