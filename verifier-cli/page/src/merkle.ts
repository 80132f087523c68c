/** Proofs of the log's tree: SPEC, Tree and proofs. */
import { equal, type Bytes } from "./bytes.ts";
import { nodeHash } from "./hash.ts";
import { demand } from "./refused.ts";

/** RFC 9162 section 2.1.3.2. */
export function verifyInclusion(root: Bytes, size: bigint, index: bigint, leaf: Bytes, proof: readonly Bytes[]): void {
  // 1. Compare leaf_index with tree_size.
  demand(index < size, "inclusion-index-out-of-range");
  // 2. Set two variables, fn to leaf_index and sn to tree_size - 1. 3. Set r to hash.
  let [fn, sn, r] = [index, size - 1n, leaf];
  // 4. For each value p in the inclusion_path array:
  for (const p of proof) {
    // a. If sn is 0, then stop the iteration and fail.
    demand(sn !== 0n, "inclusion-proof-length");
    if (isOdd(fn) || fn === sn) {
      // b. If LSB(fn) is set, or fn is equal to sn: set r to HASH(0x01 || p || r), and shift until LSB(fn) is set.
      r = nodeHash(p, r);
      while (!isOdd(fn) && fn !== 0n) [fn, sn] = [fn >> 1n, sn >> 1n];
    } else {
      // Otherwise, set r to HASH(0x01 || r || p).
      r = nodeHash(r, p);
    }
    // c. Right-shift both fn and sn one time.
    [fn, sn] = [fn >> 1n, sn >> 1n];
  }
  // 5. Compare sn to 0, and r against the root_hash.
  demand(sn === 0n, "inclusion-proof-length");
  demand(equal(r, root), "inclusion-root-mismatch");
}

export interface TreeHead {
  readonly size: bigint;
  readonly root: Bytes;
}

/** RFC 9162 section 2.1.4.2, and what SPEC adds. */
export function verifyConsistency(old: TreeHead, young: TreeHead, proof: readonly Bytes[]): void {
  demand(old.size !== 0n, "consistency-old-tree-empty");
  demand(old.size <= young.size, "consistency-tree-shrank");
  if (old.size === young.size) {
    demand(equal(old.root, young.root), "consistency-fork");
    return demand(proof.length === 0, "consistency-proof-length");
  }
  // 1. If consistency_path is an empty array, stop and fail. 2. If first is an exact power of 2, prepend first_hash.
  demand(proof.length > 0, "consistency-proof-length");
  const isPowerOfTwo = (old.size & (old.size - 1n)) === 0n;
  const path = isPowerOfTwo ? [old.root, ...proof] : proof;
  // 3. Set fn to first - 1 and sn to second - 1. 4. If LSB(fn) is set, right-shift both until it is not.
  let [fn, sn] = [old.size - 1n, young.size - 1n];
  while (isOdd(fn)) [fn, sn] = [fn >> 1n, sn >> 1n];
  // 5. Set both fr and sr to the first value in the path.
  let [fr, sr] = [path[0]!, path[0]!];
  // 6. For each subsequent value c in the path:
  for (const c of path.slice(1)) {
    // a. If sn is 0, then stop the iteration and fail.
    demand(sn !== 0n, "consistency-proof-length");
    if (isOdd(fn) || fn === sn) {
      // b. Set fr to HASH(0x01 || c || fr), sr to HASH(0x01 || c || sr), and shift until LSB(fn) is set or fn is 0.
      [fr, sr] = [nodeHash(c, fr), nodeHash(c, sr)];
      while (!isOdd(fn) && fn !== 0n) [fn, sn] = [fn >> 1n, sn >> 1n];
    } else {
      // Otherwise, set sr to HASH(0x01 || sr || c).
      sr = nodeHash(sr, c);
    }
    // c. Right-shift both fn and sn one time.
    [fn, sn] = [fn >> 1n, sn >> 1n];
  }
  // 7. sn is 0, fr is first_hash and sr is second_hash.
  demand(sn === 0n, "consistency-proof-length");
  demand(equal(fr, old.root), "consistency-old-root-mismatch");
  demand(equal(sr, young.root), "consistency-new-root-mismatch");
}

function isOdd(value: bigint): boolean {
  return (value & 1n) === 1n;
}

export interface Leaf {
  readonly index: bigint;
  readonly hash: Bytes;
}

/** One proof for several leaves, which are given by ascending index. */
export function verifyMultiproof(head: TreeHead, leaves: readonly Leaf[], proof: readonly Bytes[]): void {
  leaves.forEach(({ index }, at) => {
    demand(index < head.size, "multiproof-index-out-of-range");
    demand(at === 0 || leaves[at - 1]!.index < index, "multiproof-order");
  });
  demand(leaves.length > 0, "multiproof-empty");
  const hashes = proof.values();
  const next = (): Bytes => {
    const { value } = hashes.next();
    demand(value !== undefined, "multiproof-length");
    return value;
  };
  let known = leaves;
  for (let width = head.size; width > 1n; width = (width + 1n) >> 1n) known = nextLayer(known, width, next);
  demand(hashes.next().done === true, "multiproof-length");
  demand(equal(known[0]!.hash, head.root), "multiproof-root-mismatch");
}

/** The known nodes of the layer above one of this width. */
function nextLayer(known: readonly Leaf[], width: bigint, next: () => Bytes): Leaf[] {
  const parents: Leaf[] = [];
  for (let at = 0; at < known.length; at++) {
    const { index, hash } = known[at]!;
    const sibling = index ^ 1n;
    const parent = (hash: Bytes) => parents.push({ index: index >> 1n, hash });
    if (known[at + 1]?.index === sibling) {
      // The sibling is known too: a left one is met first.
      parent(nodeHash(hash, known[++at]!.hash));
    } else if (sibling < width) {
      parent(isOdd(index) ? nodeHash(next(), hash) : nodeHash(hash, next()));
    } else {
      parent(hash);
    }
  }
  return parents;
}
