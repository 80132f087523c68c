/** The value of an opening as text. It was checked to be CBOR, and is whatever somebody sealed. */
import { hex, type Bytes } from "../bytes.ts";
import { Pairs, Reader, type Value } from "../cbor.ts";

export function valueText(value: Bytes): string {
  return show(Reader.read(value, (reader) => reader.value()));
}

function show(value: Value): string {
  if (value instanceof Uint8Array) return hex(value);
  if (value instanceof Pairs) return join(value.pairs.map(([key, item]) => `${show(key)}: ${show(item)}`));
  if (Array.isArray(value)) return join(value.map(show));
  return value === null ? "" : String(value);
}

function join(texts: readonly string[]): string {
  return texts.filter((text) => text !== "").join(", ");
}
