/** What all pages share: the language, the ledger, who is signed in, and the people that the ledger knows. */
import { createContext } from "preact";
import { useContext, useEffect, useRef, useState } from "preact/hooks";
import { decodeBase64 } from "../../../verifier-cli/page/src/base64.ts";
import { hex, type Bytes } from "../../../verifier-cli/page/src/bytes.ts";
import { printable } from "../../../verifier-cli/page/src/page/printable.ts";
import { newKeys, readRecord } from "../../../verifier-cli/page/src/record.ts";
import { askJson } from "./http.ts";
import type { Language } from "./language.ts";
import type { Ledger } from "./ledger.ts";
import { Problem } from "./problem.ts";
import type { Session } from "./session.ts";
import type { AgencyView, CustodianView, ItemList, ItemView, Who } from "./view.ts";

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

export function whoText(language: Language, { id, name, agency }: Who): string {
  if (name === null) return shortId(id);
  if (agency === null || agency === name) return printable(name);
  return language.say("who-of", { name: printable(name), agency: printable(agency) });
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
export function useLoaded<T>(load: (wanted: AbortSignal) => Promise<T>, on: readonly unknown[]): Loaded<T> {
  const { changes } = useShared();
  const [value, setValue] = useState<T | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [count, setCount] = useState(0);
  useEffect(() => {
    const wanted = new AbortController();
    const { signal } = wanted;
    load(signal).then(
      (found) => {
        if (signal.aborted) return;
        setValue(() => found);
        setProblem(null);
      },
      (thrown: unknown) => !signal.aborted && setProblem(Problem.from(thrown)),
    );
    return () => wanted.abort();
  }, [...on, changes, count]);
  const again = () => {
    setProblem(null);
    setCount((count) => count + 1);
  };
  return { value, problem, again };
}

/** The roles in which whoever is signed in may sign. */
export function useRoles(): readonly number[] {
  const { people, session } = useShared();
  return people.custodians.find(({ id }) => id === session.who.id)?.roles ?? [];
}

/** Items of one answer of the server, at most. */
const MOST = 200;
/** Items that are looked through for what somebody types before they are asked whether to go on. */
const LOOKED = 1000;

async function itemsAfter(query: string, after: string | null, limit: number): Promise<ItemList> {
  const asked = new URLSearchParams(query);
  asked.set("limit", String(limit));
  if (after !== null) asked.set("after", after);
  return askJson<ItemList>(`/v1/items?${asked}`);
}

/** Items page by page, for as long as somebody takes more. */
export async function* itemPages(query: string): AsyncGenerator<readonly ItemView[]> {
  let after: string | null = null;
  do {
    const { items, next }: ItemList = await itemsAfter(query, after, MOST);
    yield items;
    after = next;
  } while (after !== null);
}

export interface Listed {
  /** As far as they were loaded. */
  readonly items: readonly ItemView[];
  readonly isLoaded: boolean;
  /** Whether the server has more. */
  readonly hasMore: boolean;
  readonly problem: Problem | null;
  /** Looks further, if there is more. */
  readonly more: () => void;
  readonly again: () => void;
}

/**
 * Loads items a page at a time, of however many there are, until there are enough or so many were looked through; again
 * when something was recorded, as many as were there.
 */
export function useItems(query: string, first: number, isEnough: (items: readonly ItemView[]) => boolean): Listed {
  const { changes } = useShared();
  const [list, setList] = useState<ItemList | null>(null);
  const [most, setMost] = useState(LOOKED);
  const [count, setCount] = useState(0);
  const [problem, setProblem] = useState<Problem | null>(null);
  const asked = useRef(0);
  const isBusy = useRef(false);
  const load = async (from: ItemList | null, count: number) => {
    const turn = ++asked.current;
    isBusy.current = true;
    let found: ItemList = from ?? { items: [], next: null, size: 0 };
    const end = found.items.length + count;
    try {
      do {
        const part = await itemsAfter(query, found.next, Math.min(MOST, end - found.items.length));
        found = { ...part, items: [...found.items, ...part.items] };
      } while (found.next !== null && found.items.length < end);
      if (turn !== asked.current) return;
      isBusy.current = false;
      setProblem(null);
      setList(found);
    } catch (thrown) {
      if (turn !== asked.current) return;
      isBusy.current = false;
      setProblem(Problem.from(thrown));
    }
  };
  useEffect(() => {
    setList(null);
    setMost(LOOKED);
  }, [query]);
  useEffect(() => {
    void load(null, Math.max(first, Math.min(list?.items.length ?? 0, LOOKED)));
    return () => {
      asked.current += 1;
    };
  }, [query, changes, count]);
  useEffect(() => {
    const mayGoOn = list !== null && list.next !== null && list.items.length < most && problem === null && !isBusy.current;
    if (mayGoOn && !isEnough(list.items)) void load(list, MOST);
  });
  const items = list?.items ?? [];
  return {
    items,
    isLoaded: list !== null,
    hasMore: list?.next != null,
    problem,
    more: () => {
      setProblem(null);
      setMost(items.length + LOOKED);
    },
    again: () => {
      setProblem(null);
      setCount(count + 1);
    },
  };
}

/** Items by their names, and by their labels where those are the same or not open. */
export function inOrder(language: Language, items: readonly ItemView[]): readonly ItemView[] {
  const unnamed = ({ description }: ItemView) => Number(description === null);
  return [...items].sort((a, b) =>
    unnamed(a) - unnamed(b) || language.compare(a.description ?? "", b.description ?? "") || language.compare(a.label, b.label));
}

/** What a list has, in the order of their names once all of it is there: before that, rows would move as others come in. */
export function ordered(language: Language, { items, isLoaded, hasMore }: Listed): readonly ItemView[] {
  return isLoaded && !hasMore ? inOrder(language, items) : items;
}

/** How many there are, as far as it is known. */
export function countText(language: Language, count: number, { hasMore, isLoaded }: Listed): string {
  if (!isLoaded) return "…";
  return hasMore ? `${language.count(count)}+` : language.count(count);
}
