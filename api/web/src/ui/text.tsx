/** Texts that others chose, and names and times, as a page may show them. */
import { printable } from "../../../../verifier-cli/page/src/page/printable.ts";
import type { Language } from "../language.ts";
import { hashOf } from "../route.ts";
import { shortId, useShared, whoText } from "../state.ts";
import type { ItemView, Who } from "../view.ts";

/** What somebody else wrote, kept to itself in whatever direction it runs. */
export function Foreign({ text }: { text: string }) {
  return <bdi>{printable(text)}</bdi>;
}

export function Person({ who }: { who: Who }) {
  const { language } = useShared();
  return <bdi title={who.id}>{whoText(language, who)}</bdi>;
}

/** From what stands before it to what comes after it, the way the language reads. */
export function Arrow() {
  const { language } = useShared();
  return <>{language.direction === "rtl" ? "←" : "→"}</>;
}

export function PersonById({ id }: { id: string }) {
  return <Person who={useShared().people.of(id)} />;
}

export function Code({ code }: { code: string }) {
  return <code dir="ltr">{printable(code)}</code>;
}

/** A code with its label; the code itself stays in view. */
export function Labelled({ kind, code }: { kind: string; code: string }) {
  const { language } = useShared();
  const label = language.label(kind, code);
  return label === code ? <Code code={code} /> : <><span>{label}</span> <Code code={code} /></>;
}

/** What a sealed field is called; documents are numbered, which says nothing to whoever reads. */
export function fieldText(language: Language, field: string): string {
  return field.startsWith("attached/") ? language.say("document") : language.label("field", field);
}

export function Time({ seconds }: { seconds: bigint | number }) {
  const { language } = useShared();
  const utc = new Date(Number(seconds) * 1000).toISOString();
  return <time dateTime={utc} title={utc}><bdi>{language.time(seconds)}</bdi></time>;
}

/** What an item is called: what it is, where that is open, and the first group of its label. */
export function ItemName({ item }: { item: ItemView }) {
  const { language } = useShared();
  return (
    <a href={hashOf("items", item.item)}>
      {item.description === null ? language.say("not-open") : <Foreign text={item.description} />} <Code code={shortId(item.item).slice(5)} />
    </a>
  );
}

/** Items that are named before the rest is counted. */
export const NAMED = 3;

/** What something is about: the first by name, and how many there are besides. */
export function Names({ items, count }: { items: readonly ItemView[]; count: number }) {
  const { language } = useShared();
  const shown = items.slice(0, NAMED);
  if (shown.length === 0) return <p>{language.say("items-count", { count })}</p>;
  return (
    <ul class="plain-list names">
      {shown.map((item) => <li key={item.item}><ItemName item={item} /></li>)}
      {count > shown.length && <li>{language.say("and-more", { count: count - shown.length })}</li>}
    </ul>
  );
}
