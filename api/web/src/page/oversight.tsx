/** The overseer's figures, with the tree that anybody can compute them from again, and what an audit finds. */
import { useState } from "preact/hooks";
import { askReckoned } from "../http.ts";
import type { Language } from "../language.ts";
import { hashOf } from "../route.ts";
import { shortId, useLoaded, useShared } from "../state.ts";
import { More } from "../ui/more.tsx";
import { ProblemNote } from "../ui/problem.tsx";
import { Table } from "../ui/table.tsx";
import { Code, Foreign, Person, Time } from "../ui/text.tsx";
import type { FindingView, Who } from "../view.ts";
import { Trend } from "./trend.tsx";
import { Witnesses } from "./witnesses.tsx";

/** Findings that are shown at once. */
const PAGE = 50;

interface Figures {
  readonly [name: string]: unknown;
}

interface Statistics {
  readonly size: number;
  readonly root: string;
  readonly as_of: string;
  readonly all: Figures;
  readonly agencies: readonly { readonly agency: Who; readonly figures: Figures }[];
}

/** Figures and where they stand. */
const SHOWN = [
  ["items", "items"], ["handoffs", "handoffs"], ["median-minutes", "release_to_receipt.recorded_minutes.median"],
  ["refused", "refused.count"], ["recalled", "recalled"], ["corrected", "corrected"], ["disputes-open", "disputes.open"],
  ["late-entries", "late_entries"], ["one-side-only", "one_side_only"], ["overdue-now", "overdue"], ["open-transits", "open_transits"],
] as const;

function figure(language: Language, figures: Figures, path: string): string {
  const found = path.split(".").reduce<unknown>((value, key) => (value as Figures | null)?.[key], figures);
  return typeof found === "number" ? language.count(found) : "–";
}

export function Oversight() {
  const { language, session } = useShared();
  const figures = useLoaded((wanted) => askReckoned<Statistics>("/v1/statistics", wanted), []);
  const findings = useLoaded((wanted) => askReckoned<{ findings: FindingView[] }>("/v1/findings", wanted), []);
  if (!session.is_overseer) return <><h1 tabIndex={-1}>{language.say("page-oversight")}</h1><p>{language.say("overseers-only")}</p></>;
  const { value } = figures;
  return (
    <>
      <h1 tabIndex={-1}>{language.say("page-oversight")}</h1>
      <ProblemNote problem={figures.problem ?? findings.problem} language={language} again={() => { figures.again(); findings.again(); }} />
      {value === null && figures.problem === null && <p role="status">{language.say("loading")}</p>}
      {value !== null && (
        <>
          <p>{language.say("figures-at", { size: String(value.size) })} <Time seconds={Date.parse(value.as_of) / 1000} /></p>
          <p class="hint">{language.say("root")} <Code code={value.root} /></p>
          <ul class="tiles">{SHOWN.map(([name, path]) => <li key={name}><strong>{figure(language, value.all, path)}</strong> {language.say(`figure-${name}`)}</li>)}</ul>
          <Trend size={value.size} />
          <Witnesses />
          <ByAgency agencies={value.agencies} />
        </>
      )}
      <Findings findings={findings.value?.findings ?? null} />
    </>
  );
}

function ByAgency({ agencies }: { agencies: Statistics["agencies"] }) {
  const { language } = useShared();
  return (
    <section>
      <h2 id="by-agency">{language.say("by-agency")}</h2>
      <div class="wide" tabIndex={0} role="region" aria-labelledby="by-agency">
        <Table
          heads={[language.say("agency"), ...SHOWN.map(([name]) => language.say(`figure-${name}`))]}
          rows={agencies.map(({ agency, figures }) => ({ key: agency.id, cells: [<Person who={agency} />, ...SHOWN.map(([, path]) => figure(language, figures, path))] }))}
        />
      </div>
    </section>
  );
}

function Findings({ findings }: { findings: readonly FindingView[] | null }) {
  const { language } = useShared();
  const [shown, setShown] = useState(PAGE);
  if (findings === null) return null;
  return (
    <section>
      <h2>{language.say("findings", { count: findings.length })}</h2>
      {findings.length === 0 && <p>{language.say("no-findings")}</p>}
      <ul class="cards">
        {findings.slice(0, shown).map((finding, at) => (
          <li key={at} class="card">
            <p><Code code={finding.code} /></p>
            <p lang="en" dir="ltr"><Foreign text={finding.text} /></p>
            <p>{finding.items.length > 0 && <>{language.between(finding.items.map((item) => <a href={hashOf("items", item)}><Code code={shortId(item)} /></a>))} · </>}
              {language.before("entries")} <Entries indexes={finding.entries} />{finding.corrected_by.length > 0 && <> · {language.before("corrected-by")} <Entries indexes={finding.corrected_by} /></>}</p>
            <p>{language.between(finding.people.map((who) => <Person who={who} />))}</p>
          </li>
        ))}
      </ul>
      <More shown={shown} found={findings.length} more={() => setShown(shown + PAGE * 4)} />
    </section>
  );
}

function Entries({ indexes }: { indexes: readonly number[] }) {
  const { language } = useShared();
  return <>{language.between(indexes.map((index) => <a href={hashOf("receipt", String(index))}>{index}</a>))}</>;
}
