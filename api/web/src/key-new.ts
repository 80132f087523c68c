/**
 * Making key files, as `custody key new` makes them: PKCS#8 under PBES2 with scrypt and AES-256-CBC, and the public half as
 * SubjectPublicKeyInfo, both as PEM. The seed is in memory for as long as that takes.
 */
import { ed25519 } from "@noble/curves/ed25519.js";
import { scryptAsync } from "@noble/hashes/scrypt.js";
import { encodeBase64 } from "../../../verifier-cli/page/src/base64.ts";
import { concat, utf8, type Bytes } from "../../../verifier-cli/page/src/bytes.ts";
import { demand } from "../../../verifier-cli/page/src/refused.ts";
import { Oid, Tag } from "./key-file.ts";

/** As the program has it: 16 MiB. */
const COST = { N: 16_384, r: 8, p: 1 } as const;

export interface KeyFiles {
  /** For its owner's eyes. */
  readonly private: string;
  /** To be handed to the agency. */
  readonly public: string;
}

/** Values of less than 64 KiB; lengths in the shortest form. */
function der(tag: number, ...parts: readonly Bytes[]): Bytes {
  const content = concat(...parts);
  const { length } = content;
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return concat(Uint8Array.of(tag, ...head), content);
}

function number(value: number): Bytes {
  const digits: number[] = [];
  for (let rest = value; rest > 0 || digits.length === 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  return der(Tag.integer, Uint8Array.from(digits[0]! >= 0x80 ? [0, ...digits] : digits));
}

function pem(label: string, bytes: Bytes): string {
  const lines = encodeBase64(bytes).match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

export async function makeKeyFiles(passphrase: string): Promise<KeyFiles> {
  demand(globalThis.crypto?.subtle !== undefined, "key-file/no-secure-context");
  const seed = crypto.getRandomValues(new Uint8Array(32));
  const algorithm = der(Tag.sequence, der(Tag.oid, Oid.ed25519));
  // RFC 8410 section 7.
  const plain = der(Tag.sequence, number(0), algorithm, der(Tag.octets, der(Tag.octets, seed)));
  const point = ed25519.getPublicKey(seed);
  seed.fill(0);
  try {
    return { private: pem("ENCRYPTED PRIVATE KEY", await encrypt(plain, passphrase)), public: pem("PUBLIC KEY", der(Tag.sequence, algorithm, der(Tag.bits, Uint8Array.of(0), point))) };
  } finally {
    plain.fill(0);
  }
}

async function encrypt(plain: Bytes, passphrase: string): Promise<Bytes> {
  const [salt, iv] = [crypto.getRandomValues(new Uint8Array(16)), crypto.getRandomValues(new Uint8Array(16))];
  const derived = await scryptAsync(utf8(passphrase), salt, { ...COST, dkLen: 32 });
  const key = await crypto.subtle.importKey("raw", derived as BufferSource, "AES-CBC", false, ["encrypt"]);
  derived.fill(0);
  const data = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-CBC", iv }, key, plain as BufferSource));
  // RFC 7914 section 7, RFC 8018 appendix A.4.
  const scrypt = der(Tag.sequence, der(Tag.oid, Oid.scrypt), der(Tag.sequence, der(Tag.octets, salt), number(COST.N), number(COST.r), number(COST.p)));
  const cipher = der(Tag.sequence, der(Tag.oid, Oid.aes256Cbc), der(Tag.octets, iv));
  const scheme = der(Tag.sequence, der(Tag.oid, Oid.pbes2), der(Tag.sequence, scrypt, cipher));
  return der(Tag.sequence, scheme, der(Tag.octets, data));
}
