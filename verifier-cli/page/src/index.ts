/** The custody index, a Merkle Patricia tree over all chains: SPEC, Custody index. Verifying its proofs. */
import { concat, equal, u64, utf8, type Bytes } from "./bytes.ts";
import { emptyRoot, sha256 } from "./hash.ts";
import type { SubjectId } from "./id.ts";
import { demand } from "./refused.ts";

/** How long a chain is, and the digest of its newest record. */
export interface ChainHead {
  readonly length: bigint;
  readonly newest: Bytes;
}

const KEY_BITS = 256n;

export function indexKey(id: SubjectId): Bytes {
  return sha256(utf8(id));
}

export function indexValue({ length, newest }: ChainHead): Bytes {
  return concat(u64(length), newest);
}

export function verifyPresence(root: Bytes, key: Bytes, value: Bytes, proof: Bytes): void {
  const steps = new Steps(proof);
  const top = climb(steps, key, leaf(key, value), () => undefined);
  demand(equal(top, root), "index-root-mismatch");
}

export function verifyAbsence(root: Bytes, key: Bytes, proof: Bytes): void {
  if (proof.length === 0) return demand(equal(root, emptyRoot()), "index-root-mismatch");
  const steps = new Steps(proof);
  const found = steps.take(steps.varint());
  const value = steps.take(steps.varint());
  demand(found.length === key.length, "index-proof-key-length");
  demand(!equal(found, key), "index-key-present");
  const staysTogether = (bit: number) => demand(bitOf(key, bit) === bitOf(found, bit), "index-lookup-diverges");
  const top = climb(steps, found, leaf(found, value), staysTogether);
  demand(equal(top, root), "index-root-mismatch");
}

/** Joins the node with each sibling of the way, from the leaf to the root. */
function climb(steps: Steps, key: Bytes, node: Bytes, check: (bit: number) => void): Bytes {
  let before = KEY_BITS;
  while (!steps.isDone) {
    const bit = steps.varint();
    demand(bit < KEY_BITS, "index-proof-bit-out-of-range");
    demand(bit < before, "index-proof-bit-order");
    before = bit;
    const sibling = steps.take(32n);
    check(Number(bit));
    node = bitOf(key, Number(bit)) === 0 ? inner(bit, node, sibling) : inner(bit, sibling, node);
  }
  return node;
}

function bitOf(key: Bytes, bit: number): number {
  return (key[bit >> 3]! >> (7 - (bit & 7))) & 1;
}

function leaf(key: Bytes, value: Bytes): Bytes {
  return sha256(concat(Uint8Array.of(0), varint(BigInt(key.length)), key, varint(BigInt(value.length)), value));
}

function inner(bit: bigint, left: Bytes, right: Bytes): Bytes {
  return sha256(concat(Uint8Array.of(1), varint(bit), left, right));
}

/** Unsigned LEB128 in its shortest form. */
function varint(value: bigint): Bytes {
  const bytes: number[] = [];
  for (; value > 127n; value >>= 7n) bytes.push(Number(value & 127n) | 128);
  return Uint8Array.of(...bytes, Number(value));
}

/** The parts of a proof, in their order. */
class Steps {
  private at = 0;

  constructor(private readonly proof: Bytes) {}

  get isDone(): boolean {
    return this.at === this.proof.length;
  }

  take(length: bigint): Bytes {
    demand(length <= BigInt(this.proof.length - this.at), "index-proof-truncated");
    const start = this.at;
    this.at += Number(length);
    return this.proof.subarray(start, this.at);
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = BigInt(this.take(1n)[0]!);
      value |= (byte & 127n) << shift;
      demand(shift <= 63n && value < 1n << 64n, "index-proof-varint");
      if (byte >= 128n) continue;
      demand(byte !== 0n || shift === 0n, "index-proof-varint");
      return value;
    }
  }
}
