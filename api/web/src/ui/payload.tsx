/** What a record says, in words: what stands there before somebody signs it. */
import { hex } from "../../../../verifier-cli/page/src/bytes.ts";
import { isId, kindOf, sibling } from "../../../../verifier-cli/page/src/id.ts";
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
        <li key={id}><PersonById id={id} />: {language.label("role", String(role))}{at < signed && <> <span class="mark">✓ {language.say("has-signed")}</span></>}</li>
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
    return <li key={id}>{item?.description == null ? language.say("not-open") : <Foreign text={item.description} />} <Code code={item?.label ?? formatLabel(id)} /></li>;
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
  return <>{facts.map(([name, value]) => <><dt key={name}>{language.label("field", name)}</dt><dd><BodyValue name={name} value={value} /></dd></>)}</>;
}

const TIMES = ["expected", "due", "until", "since", "deadline"];

function BodyValue({ name, value }: { name: string; value: unknown }) {
  if (typeof value === "bigint") return TIMES.includes(name) ? <Time seconds={value} /> : <>{String(value)}</>;
  // A key, by its thumbprint.
  if (typeof value === "object" && value !== null && "kid" in value && value.kid instanceof Uint8Array) return <Code code={hex(value.kid)} />;
  if (typeof value === "number" && name === "roles") return <Labelled kind="role" code={String(value)} />;
  if (value instanceof Uint8Array) return <Code code={`${hex(value).slice(0, 16)}…`} />;
  if (typeof value === "string") {
    if (isId(value)) return ["agency", "custodian"].includes(kindOf(value)) ? <PersonById id={value} /> : <Code code={shortId(value)} />;
    return <Labelled kind={name} code={value} />;
  }
  if (Array.isArray(value)) return <>{value.map((one, at) => <><BodyValue key={at} name={name} value={one} />{" "}</>)}</>;
  return <Code code={String(value)} />;
}
