/** What the browser keeps: keys, the ledger as it was met first, the newest checkpoint that was seen. IndexedDB. */
import type { Bytes } from "../../../verifier-cli/page/src/bytes.ts";

/** A key of this browser's user. It signs, and cannot be taken out again. */
export interface KeptKey {
  readonly kid: string;
  readonly key: CryptoKey;
  readonly name: string;
}

export interface KeptHead {
  readonly size: bigint;
  readonly root: Bytes;
  readonly note: string;
}

export interface KeptLedger {
  readonly origin: string;
  readonly genesis: string;
  readonly logKeys: readonly string[];
  readonly head: KeptHead | null;
}

const STORES = ["keys", "ledgers"] as const;
type StoreName = (typeof STORES)[number];

let opened: Promise<IDBDatabase> | undefined;

function open(): Promise<IDBDatabase> {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("custody", 1);
    request.onupgradeneeded = () => STORES.forEach((name) => request.result.createObjectStore(name));
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

async function inStore<T>(name: StoreName, mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await open();
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(name, mode);
    const request = work(transaction.objectStore(name));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error);
  });
}

export function keptKeys(): Promise<KeptKey[]> {
  return inStore("keys", "readonly", (store) => store.getAll() as IDBRequest<KeptKey[]>);
}

export async function keepKey(key: KeptKey): Promise<void> {
  await inStore("keys", "readwrite", (store) => store.put(key, key.kid));
}

export async function forgetKey(kid: string): Promise<void> {
  await inStore("keys", "readwrite", (store) => store.delete(kid));
}

export function keptLedger(origin: string): Promise<KeptLedger | undefined> {
  return inStore("ledgers", "readonly", (store) => store.get(origin) as IDBRequest<KeptLedger | undefined>);
}

export async function keepLedger(ledger: KeptLedger): Promise<void> {
  await inStore("ledgers", "readwrite", (store) => store.put(ledger, ledger.origin));
}
