/** The value of an opening as text. It was checked to be CBOR, and is whatever somebody sealed. */
import { hex, type Bytes } from "../bytes.ts";
import { Pairs, Reader, type Value } from "../cbor.ts";

export function valueText(value: Bytes): string {
  return show(Reader.read(value, (reader) => reader.value()));
}

function show(value: Value): string {
  if (value instanceof Uint8Array) return hex(value);
  if (value instanceof Pairs) return join(value.pairs.map(([key, item]) => `${show(key)}: ${show(item)}`));
  if (Array.isArray(value)) return join(value.map((item, at) => digestText(value[at - 1], item) ?? (isAlgorithm(item, value[at + 1]) ? "" : show(item))));
  return value === null ? "" : String(value);
}

/** Digest algorithms by their numbers: SPEC, Record types. */
export const ALGORITHMS: ReadonlyMap<Value | undefined, string> = new Map([[-16n, "SHA-256"], [-44n, "SHA-512"]]);

function isAlgorithm(value: Value, next: Value | undefined): boolean {
  return ALGORITHMS.has(value) && next instanceof Uint8Array;
}

/** A digest with its algorithm, which stands before it. */
function digestText(before: Value | undefined, value: Value): string | undefined {
  const algorithm = ALGORITHMS.get(before);
  return algorithm !== undefined && value instanceof Uint8Array ? `${algorithm} ${hex(value)}` : undefined;
}

function join(texts: readonly string[]): string {
  return texts.filter((text) => text !== "").join(", ");
}
