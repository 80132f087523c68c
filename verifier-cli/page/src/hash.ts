/** SHA-256, and the hashes of leaves and nodes of the tree: SPEC, Tree and proofs. */
import { sha256 } from "@noble/hashes/sha2.js";
import { concat, type Bytes } from "./bytes.ts";

export { sha256, sha512 } from "@noble/hashes/sha2.js";

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export function leafHash(entry: Bytes): Bytes {
  return sha256(concat(LEAF, entry));
}

export function nodeHash(left: Bytes, right: Bytes): Bytes {
  return sha256(concat(NODE, left, right));
}

export function emptyRoot(): Bytes {
  return sha256(new Uint8Array());
}
