/** What all pages share: the language, the ledger, who is signed in, and the people that the ledger knows. */
import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import { decodeBase64 } from "../../../verifier-cli/page/src/base64.ts";
import { hex, type Bytes } from "../../../verifier-cli/page/src/bytes.ts";
import { printable } from "../../../verifier-cli/page/src/page/printable.ts";
import { newKeys, readRecord } from "../../../verifier-cli/page/src/record.ts";
import { askJson } from "./http.ts";
import type { Language } from "./language.ts";
import type { Ledger } from "./ledger.ts";
import { Problem } from "./problem.ts";
import type { Session } from "./session.ts";
import type { AgencyView, CustodianView, Who } from "./view.ts";

export interface Shared {
  readonly language: Language;
  readonly ledger: Ledger;
  readonly session: Session;
  readonly people: People;
  /** Says something to whoever cannot see that the page changed. */
  readonly announce: (text: string) => void;
  /** Counts what was recorded while the page was open: pages look again when it grows. */
  readonly changes: number;
}

export const SharedContext = createContext<Shared | null>(null);

export function useShared(): Shared {
  const shared = useContext(SharedContext);
  if (shared === null) throw new Error("no page is open");
  return shared;
}

export class People {
  private readonly names = new Map<string, Who>();

  constructor(readonly custodians: readonly CustodianView[], readonly agencies: readonly AgencyView[]) {
    for (const one of custodians) this.names.set(one.id, one);
    for (const { id, name } of agencies) this.names.set(id, { id, name, agency: null });
  }

  static async load(): Promise<People> {
    const [{ custodians }, { agencies }] = await Promise.all([
      askJson<{ custodians: CustodianView[] }>("/v1/custodians"),
      askJson<{ agencies: AgencyView[] }>("/v1/agencies"),
    ]);
    return new People(custodians, agencies);
  }

  of(id: string): Who {
    return this.names.get(id) ?? { id, name: null, agency: null };
  }
}

export function whoText({ id, name, agency }: Who): string {
  if (name === null) return shortId(id);
  return printable(agency === null || agency === name ? name : `${name}, ${agency}`);
}

/** The kind and the first eight digits of an id. */
export function shortId(id: string): string {
  return /^[a-z]+:[0-9a-f]{8}-/.test(id) ? id.slice(0, id.indexOf(":") + 9) : printable(id);
}

/** The public keys that records on a subject's chain enrolled, by thumbprint. */
export async function keysOf(subject: string): Promise<Map<string, Bytes>> {
  const { entries } = await askJson<{ entries: { record: string }[] }>(`/v1/subjects/${subject}/records`);
  const keys = new Map<string, Bytes>();
  for (const { record } of entries) {
    const { payload } = readRecord(decodeBase64(record) ?? new Uint8Array());
    for (const { kid, point } of newKeys(payload)) keys.set(hex(kid), point);
  }
  return keys;
}

export type Loaded<T> = { readonly value: T | null; readonly problem: Problem | null; readonly again: () => void };

/** Loads something, and again when what it hangs on changes or something was recorded. What is there stays meanwhile. */
export function useLoaded<T>(load: () => Promise<T>, on: readonly unknown[]): Loaded<T> {
  const { changes } = useShared();
  const [value, setValue] = useState<T | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [count, setCount] = useState(0);
  useEffect(() => {
    let isWanted = true;
    load().then(
      (found) => {
        if (!isWanted) return;
        setValue(() => found);
        setProblem(null);
      },
      (thrown: unknown) => isWanted && setProblem(Problem.from(thrown)),
    );
    return () => {
      isWanted = false;
    };
  }, [...on, changes, count]);
  return { value, problem, again: () => setCount((count) => count + 1) };
}

export async function allItems(query = ""): Promise<import("./view.ts").ItemView[]> {
  const items: import("./view.ts").ItemView[] = [];
  let after = "";
  do {
    const part = await askJson<import("./view.ts").ItemList>(`/v1/items?${query}${after}`);
    items.push(...part.items);
    after = part.next === null ? "" : `${query === "" ? "" : "&"}after=${encodeURIComponent(part.next)}`;
  } while (after !== "");
  return items;
}
