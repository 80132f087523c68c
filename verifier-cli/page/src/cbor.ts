/** Deterministic CBOR: SPEC, Encoding. */
export { check, MAX_DEPTH } from "./cbor/check.ts";
export { encode, Pairs, type Value } from "./cbor/encode.ts";
export { ascending, list, map, optional, orNull, Reader, tuple, word, type Read, type Shaped } from "./cbor/reader.ts";
