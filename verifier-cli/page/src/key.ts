/** Ed25519 keys, their names, and the one predicate of a valid signature: SPEC, Keys. */
import { ed25519 } from "@noble/curves/ed25519.js";
import { concat, equal, hex, type Bytes } from "./bytes.ts";
import { encode, Pairs, type Reader } from "./cbor.ts";
import { sha256, sha512 } from "./hash.ts";
import { demand, refuse } from "./refused.ts";

/** A key that passed `checkPoint`, and its thumbprint. */
export interface Key {
  readonly point: Bytes;
  readonly kid: Bytes;
}

type Point = InstanceType<typeof ed25519.Point>;

const P = (1n << 255n) - 19n;
const L = ed25519.Point.Fn.ORDER;

/** A COSE_Key map with its three pairs and no other. */
export function readKey(reader: Reader): Key {
  demand(reader.map() === 3, "cbor/out-of-range");
  readPair(reader, 1n, 1n);
  readPair(reader, -1n, 6n);
  demand(reader.int() === -2n, "cbor/out-of-range");
  const point = reader.byteString(32, 32);
  checkPoint(point);
  return { point, kid: kid(point) };
}

function readPair(reader: Reader, label: bigint, value: bigint): void {
  demand(reader.int() === label, "cbor/out-of-range");
  demand(reader.int() === value, "cbor/out-of-range");
}

/** The thumbprint of a key: RFC 9679 with SHA-256. */
export function kid(point: Bytes): Bytes {
  return sha256(encode(new Pairs([[1, 1], [-1, 6], [-2, point]])));
}

/** Whether 32 bytes are a key, or with which code they are none. */
export function checkPoint(point: Bytes): void {
  decodeKey(point);
}

const decoded = new Map<string, Point>();

function decodeKey(bytes: Bytes): Point {
  const name = hex(bytes);
  const known = decoded.get(name);
  if (known !== undefined) return known;
  const y = yOf(bytes);
  demand(y < P, "ed25519/key-not-canonical");
  // Of these two the point with x = 0 has a second spelling, which the library takes for no point at all.
  demand(y !== 1n && y !== P - 1n, "ed25519/key-small-order");
  const point = pointOf(bytes) ?? refuse("ed25519/key-not-on-curve");
  demand(!point.isSmallOrder(), "ed25519/key-small-order");
  decoded.set(name, point);
  return point;
}

function yOf(bytes: Bytes): bigint {
  return littleEndian(bytes) & ((1n << 255n) - 1n);
}

function pointOf(bytes: Bytes): Point | null {
  try {
    return ed25519.Point.fromBytes(bytes, false);
  } catch {
    return null;
  }
}

function littleEndian(bytes: Bytes): bigint {
  return BigInt(`0x${hex(Uint8Array.from(bytes).reverse())}`);
}

/**
 * Whether a signature of 64 bytes verifies strictly: S below the order, neither the key nor R of small order, and R the
 * encoding of [S]B - [k]A, without the cofactor. A library's own predicate takes more than this one.
 */
export function verifies(key: Bytes, signature: Bytes, message: Bytes): boolean {
  const name = hex(sha256(concat(key, signature, sha256(message))));
  const known = judged.get(name);
  if (known !== undefined) return known;
  if (judged.size >= MAX_JUDGED) judged.clear();
  const answer = holds(key, signature, message);
  judged.set(name, answer);
  return answer;
}

/** What was found before. Exhibits of one item, compared, have the same records in them, and a signature takes milliseconds. */
const judged = new Map<string, boolean>();
const MAX_JUDGED = 1 << 17;

function holds(key: Bytes, signature: Bytes, message: Bytes): boolean {
  const [r, s] = [signature.subarray(0, 32), littleEndian(signature.subarray(32))];
  const a = keyOrNull(key);
  if (signature.length !== 64 || a === null || s >= L) return false;
  const k = littleEndian(sha512(concat(r, key, message))) % L;
  const point = ed25519.Point.BASE.multiplyUnsafe(s).subtract(a.multiplyUnsafe(k));
  return equal(point.toBytes(), r) && !point.isSmallOrder();
}

function keyOrNull(key: Bytes): Point | null {
  try {
    return decodeKey(key);
  } catch {
    return null;
  }
}
