/** Who cosigns the ledger's checkpoints, and how far each of them is. */
import type { ComponentChildren } from "preact";
import { askJson } from "../http.ts";
import type { Language } from "../language.ts";
import { useLoaded, useShared } from "../state.ts";
import { ProblemNote } from "../ui/problem.tsx";
import { Table } from "../ui/table.tsx";
import { Code, Foreign, Time } from "../ui/text.tsx";

interface Witness {
  readonly name: string;
  readonly key_name: string;
  readonly replays: boolean;
  readonly state: "current" | "behind" | "unheard" | "alarm";
  readonly size: number;
  readonly behind: number;
  readonly cosigned: string | null;
  readonly trouble: string | null;
}

/** The word for each state, its shape, and the row's class: never colour alone. */
const STATES = {
  current: ["witness-current", "✓", "pass"],
  behind: ["witness-lags", "…", "not-checked"],
  unheard: ["witness-unheard", "?", "not-checked"],
  alarm: ["witness-alarm", "✗", "fail"],
} as const;

const COLUMNS = ["witness-name", "witness-state", "witness-size", "witness-behind", "witness-when", "witness-trouble"] as const;

export function Witnesses() {
  const { language } = useShared();
  const { value, problem, again } = useLoaded(() => askJson<{ witnesses: Witness[] }>("/v1/witnesses"), []);
  return (
    <section>
      <h2 id="witnesses">{language.say("witnesses")}</h2>
      <ProblemNote problem={problem} language={language} again={again} />
      {value !== null && value.witnesses.length === 0 && <p>{language.say("witnesses-none")}</p>}
      {value !== null && value.witnesses.length > 0 && (
        <>
          <p class="hint">{language.say("witnesses-hint")}</p>
          <div class="wide" tabIndex={0} role="region" aria-labelledby="witnesses">
            <Table heads={COLUMNS.map((name) => language.say(name))} rows={value.witnesses.map((one) => ({ key: one.name, look: STATES[one.state][2], cells: cells(language, one) }))} />
          </div>
        </>
      )}
    </section>
  );
}

function cells(language: Language, one: Witness): ComponentChildren[] {
  const [word, shape] = STATES[one.state];
  return [
    <><Foreign text={one.name} /> <Code code={one.key_name} />{one.replays && <> ({language.say("witness-replays")})</>}</>,
    <><span class="shape" aria-hidden="true">{shape}</span>{language.say(word)}</>,
    one.cosigned === null ? "–" : String(one.size),
    String(one.behind),
    one.cosigned === null ? "–" : <Time seconds={Date.parse(one.cosigned) / 1000} />,
    one.trouble === null ? "–" : <Code code={one.trouble} />,
  ];
}
