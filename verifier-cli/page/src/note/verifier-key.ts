/** Verifier keys, and what a line of each kind signs: SPEC, Checkpoint. */
import { ml_dsa44 } from "@noble/post-quantum/ml-dsa.js";
import { decodeBase64 } from "../base64.ts";
import { concat, equal, fromHex, readU64, u64, utf8, type Bytes } from "../bytes.ts";
import { sha256 } from "../hash.ts";
import { checkPoint, verifies } from "../key.ts";
import { isName, type NoteLine } from "../note.ts";
import { demand, refuse } from "../refused.ts";

export const Algorithm = { ed25519: 0x01, cosignature: 0x04, mldsa44: 0x06 } as const;

const MAX_VKEY = 2_017;
const MAX_TIME = (1n << 63n) - 1n;
const KEY_LENGTHS = new Map<number, number>([
  [Algorithm.ed25519, 32],
  [Algorithm.cosignature, 32],
  [Algorithm.mldsa44, 1_312],
]);
const MLDSA_SIGNATURE = 2_420;

export interface VerifierKey {
  readonly name: string;
  readonly algorithm: number;
  readonly key: Bytes;
  readonly keyId: Bytes;
}

export function readVerifierKey(text: string): VerifierKey {
  demand(utf8(text).length <= MAX_VKEY, "vkey/too-long");
  const [, name, id, base64] = /^([^+]*)\+([^+]*)\+(.*)$/su.exec(text) ?? refuse("vkey/malformed");
  demand(isName(name!), "vkey/name");
  demand(/^[0-9a-f]{8}$/.test(id!), "vkey/key-id-format");
  const typed = decodeBase64(base64!) ?? refuse("vkey/base64");
  const [algorithm, key] = [typed[0], typed.subarray(1)];
  const length = KEY_LENGTHS.get(algorithm ?? -1) ?? refuse("vkey/algorithm");
  demand(key.length === length, "vkey/key-length");
  if (algorithm !== Algorithm.mldsa44) checkPoint(key);
  const keyId = sha256(concat(utf8(name!), Uint8Array.of(0x0a), typed)).subarray(0, 4);
  demand(equal(keyId, fromHex(id!)!), "vkey/key-id-mismatch");
  return { name: name!, algorithm: algorithm!, key, keyId };
}

/** What a checkpoint's lines sign. */
export interface Signed {
  /** With its last newline. */
  readonly text: string;
  readonly origin: string;
  readonly size: bigint;
  readonly root: Bytes;
}

/** The line's time, 0 where it states none; or with which code the line does not verify. */
export function verifyLine(key: VerifierKey, line: NoteLine, signed: Signed): bigint {
  if (key.algorithm === Algorithm.ed25519) {
    demand(line.blob.length === 64, "signature/length");
    demand(verifies(key.key, line.blob, utf8(signed.text)), "signature/invalid");
    return 0n;
  }
  const isLattice = key.algorithm === Algorithm.mldsa44;
  demand(line.blob.length === 8 + (isLattice ? MLDSA_SIGNATURE : 64), "signature/length");
  const time = readU64(line.blob);
  demand(time <= MAX_TIME, "signature/time");
  const signature = line.blob.subarray(8);
  const holds = isLattice
    ? ml_dsa44.verify(signature, subtree(key.name, time, signed), key.key)
    : verifies(key.key, signature, utf8(`cosignature/v1\ntime ${time}\n${signed.text}`));
  demand(holds, "signature/invalid");
  return time;
}

/** The bytes under a signature of ML-DSA-44. */
function subtree(name: string, time: bigint, { origin, size, root }: Signed): Bytes {
  const behindLength = (text: string) => concat(Uint8Array.of(utf8(text).length), utf8(text));
  const head = concat(utf8("subtree/v1\n\0"), behindLength(name), u64(time), behindLength(origin));
  return concat(head, u64(0n), u64(size), root);
}
