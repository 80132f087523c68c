/** What a record says, in words: what stands there before somebody signs it. */
import { hex } from "../../../../verifier-cli/page/src/bytes.ts";
import { isId, kindOf, sibling } from "../../../../verifier-cli/page/src/id.ts";
import { ALGORITHMS } from "../../../../verifier-cli/page/src/page/value.ts";
import type { Payload } from "../../../../verifier-cli/page/src/record.ts";
import type { Opened } from "../../../../verifier-cli/page/src/sealed.ts";
import { textsOf } from "../act.ts";
import { formatLabel } from "../label.ts";
import { inOrder, shortId, useShared } from "../state.ts";
import type { ItemView } from "../view.ts";
import { Code, fieldText, Foreign, Labelled, PersonById, Time } from "./text.tsx";

/** Items of a long list that are shown before the rest is only counted. */
const SHOWN = 20;

interface PayloadProps {
  readonly payload: Payload;
  readonly openings: readonly Opened[];
  readonly signed: number;
  readonly known: ReadonlyMap<string, ItemView>;
}

export function PayloadWords({ payload, openings, signed, known }: PayloadProps) {
  const { language } = useShared();
  const { from, to, occurred } = payload;
  const items = payload.subjects.filter(({ id }) => ["item", "notes"].includes(kindOf(id))).map(({ id }) => sibling(id, "item"));
  return (
    <dl class="facts">
      <dt>{language.say("what")}</dt>
      <dd><Labelled kind="type" code={payload.type} /></dd>
      {items.length > 0 && <><dt>{language.say("items-count", { count: items.length })}</dt><dd><ItemLines items={items} known={known} /></dd></>}
      {from !== undefined && <><dt>{language.say("from")}</dt><dd><PersonById id={from} /></dd></>}
      {to !== undefined && <><dt>{language.say("to")}</dt><dd><PersonById id={to} /></dd></>}
      <dt>{language.say("occurred")}</dt>
      <dd><Time seconds={occurred.utc} /> <Labelled kind="clock" code={occurred.source} /></dd>
      <BodyFacts payload={payload} />
      {textsOf(openings).map(([field, text]) => (
        <><dt key={field}>{fieldText(language, field)} <small>{language.say("sealed")}</small></dt><dd><Foreign text={text} /></dd></>
      ))}
      <dt>{language.say("signers")}</dt>
      <dd><ol class="plain-list">{payload.signers.map(([role, id], at) => (
        <li key={id}><PersonById id={id} /> ({language.label("role", String(role))}){at < signed && <> <span class="mark">✓ {language.say("has-signed")}</span></>}</li>
      ))}</ol></dd>
    </dl>
  );
}

function ItemLines({ items, known }: { items: readonly string[]; known: ReadonlyMap<string, ItemView> }) {
  const { language } = useShared();
  const named = inOrder(language, items.flatMap((id) => known.get(id) ?? [])).map(({ item }) => item);
  const list = [...named, ...items.filter((id) => !known.has(id))];
  const line = (id: string) => {
    const item = known.get(id);
    // Of one that nobody asked for it is not known whether it is open.
    const name = item?.description == null ? item && language.say("not-open") : <Foreign text={item.description} />;
    return <li key={id}>{name} <Code code={item?.label ?? formatLabel(id)} /></li>;
  };
  return (
    <>
      <ul class="plain-list">{list.slice(0, SHOWN).map(line)}</ul>
      {items.length > SHOWN && (
        <details><summary>{language.say("and-more", { count: items.length - SHOWN })}</summary><ul class="plain-list">{list.slice(SHOWN).map(line)}</ul></details>
      )}
    </>
  );
}

/** The body, field by field; what is a code keeps its code beside the label. */
export function BodyFacts({ payload }: { payload: Payload }) {
  const { language } = useShared();
  const facts = Object.entries(payload.body as Readonly<Record<string, unknown>>).filter(([, value]) => value !== undefined && value !== null);
  return (
    <>
      {facts.map(([name, value]) => (
        <><dt key={name}>{language.label("field", name)}</dt><dd><BodyField payload={payload} name={name} value={value} /></dd></>
      ))}
    </>
  );
}

function BodyField({ payload, name, value }: { payload: Payload; name: string; value: unknown }) {
  switch (name) {
    case "digests":
      return <ul class="plain-list">{(value as readonly EvidenceDigest[]).map((digest, at) => <li key={at}><Digest digest={digest} /></li>)}</ul>;
    case "quantity":
      return <Quantity quantity={value as readonly [bigint, string]} />;
    case "outcomes":
      return <Outcomes payload={payload} outcomes={value as readonly Outcome[]} />;
    default:
      return <BodyValue kind={kindOfCode(payload.type, name)} value={value} />;
  }
}

/** Which words are those of a code; one field has others in other types of record. */
function kindOfCode(type: string, name: string): string {
  switch (name) {
    case "fields":
      return "field";
    case "status":
      return "court-status";
    case "ground":
    case "purpose":
      return type === "request" ? `request-${name}` : name;
    case "reason":
      return type.startsWith("key-") ? "key-reason" : name;
    default:
      return name;
  }
}

type EvidenceDigest = readonly [scope: string, algorithm: bigint, value: Uint8Array];

/** In full: whoever has the file compares it. */
function Digest({ digest: [scope, algorithm, value] }: { digest: EvidenceDigest }) {
  return <><Labelled kind="scope" code={scope} /> · {ALGORITHMS.get(algorithm) ?? String(algorithm)} <Code code={hex(value)} /></>;
}

function Quantity({ quantity: [amount, unit] }: { quantity: readonly [bigint, string] }) {
  const { language } = useShared();
  return <bdi>{String(amount)} {language.label("unit", unit)}</bdi>;
}

type Outcome = readonly [position: number, finding: string];

/** What was found about some of the items, by their position in the record. */
export function Outcomes({ payload, outcomes }: { payload: Payload; outcomes: readonly Outcome[] }) {
  return <>{outcomes.map(([at, finding]) => <><Code key={at} code={shortId(payload.subjects[at]!.id)} /> <Labelled kind="outcome" code={finding} />{" "}</>)}</>;
}

const TIMES = ["absence", "deadline", "due", "expected", "since", "until"];

function BodyValue({ kind, value }: { kind: string; value: unknown }) {
  const { language } = useShared();
  if (value === null) return null;
  if (typeof value === "bigint") return TIMES.includes(kind) ? <Time seconds={value} /> : <>{String(value)}</>;
  // A key, by its thumbprint.
  if (typeof value === "object" && "kid" in value && value.kid instanceof Uint8Array) return <Code code={hex(value.kid)} />;
  if (typeof value === "number" && kind === "roles") return <Labelled kind="role" code={String(value)} />;
  if (value instanceof Uint8Array) return <Code code={`${hex(value).slice(0, 16)}…`} />;
  if (typeof value === "string") {
    if (isId(value)) return ["agency", "custodian"].includes(kindOf(value)) ? <PersonById id={value} /> : <Code code={shortId(value)} />;
    return <Labelled kind={kind} code={value} />;
  }
  if (Array.isArray(value)) return <>{language.between(value.map((one) => <BodyValue kind={kind} value={one} />))}</>;
  // An agency as the ledger is founded with it, or what else has several parts.
  if (typeof value === "object") return <>{Object.entries(value).map(([part, one]) => <><BodyValue key={part} kind={part} value={one} />{" "}</>)}</>;
  return <Code code={String(value)} />;
}
