/** Texts that others chose, and names and times, as a page may show them. */
import { printable } from "../../../../verifier-cli/page/src/page/printable.ts";
import { hashOf } from "../route.ts";
import { shortId, useShared, whoText } from "../state.ts";
import type { ItemView, Who } from "../view.ts";

/** What somebody else wrote, kept to itself in whatever direction it runs. */
export function Foreign({ text }: { text: string }) {
  return <bdi>{printable(text)}</bdi>;
}

export function Person({ who }: { who: Who }) {
  return <bdi title={who.id}>{whoText(who)}</bdi>;
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
