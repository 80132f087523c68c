/**
 * Key files as `custody` writes them: PKCS#8 under PBES2 with scrypt and AES-256-CBC, as PEM. The seed is in memory for as
 * long as it takes to hand it to WebCrypto, which gives it to nobody again.
 */
import { ed25519 } from "@noble/curves/ed25519.js";
import { scryptAsync } from "@noble/hashes/scrypt.js";
import { decodeBase64 } from "../../../verifier-cli/page/src/base64.ts";
import { equal, fromHex, hex, utf8, type Bytes } from "../../../verifier-cli/page/src/bytes.ts";
import { kid } from "../../../verifier-cli/page/src/key.ts";
import { demand, refuse } from "../../../verifier-cli/page/src/refused.ts";
import type { KeptKey } from "./store.ts";

/** 128 N r, as the program has it. */
const MAX_SCRYPT_BYTES = 256 * 1024 * 1024;

export const Tag = { integer: 0x02, bits: 0x03, octets: 0x04, oid: 0x06, sequence: 0x30 } as const;
export const Oid = {
  pbes2: fromHex("2a864886f70d01050d")!,
  scrypt: fromHex("2b06010401da47040b")!,
  aes256Cbc: fromHex("60864801650304012a")!,
  ed25519: fromHex("2b6570")!,
} as const;

/** DER, as far as key files need it: values of definite length, one after another. */
class Der {
  private at = 0;

  constructor(private readonly bytes: Bytes) {}

  get isAtEnd(): boolean {
    return this.at === this.bytes.length;
  }

  take(tag: number): Bytes {
    demand(this.bytes[this.at] === tag, "key-file/not-a-key");
    let length = this.bytes[this.at + 1] ?? refuse("key-file/not-a-key");
    let start = this.at + 2;
    if (length >= 0x80) {
      const digits = this.bytes.subarray(start, start + (length & 0x7f));
      demand(digits.length >= 1 && digits.length <= 2, "key-file/not-a-key");
      length = digits.reduce((value, digit) => value * 256 + digit, 0);
      start += digits.length;
    }
    demand(start + length <= this.bytes.length, "key-file/not-a-key");
    this.at = start + length;
    return this.bytes.subarray(start, this.at);
  }

  inside(): Der {
    return new Der(this.take(Tag.sequence));
  }

  number(): number {
    const bytes = this.take(Tag.integer);
    demand(bytes.length >= 1 && bytes.length <= 5 && bytes[0]! < 0x80, "key-file/not-a-key");
    return bytes.reduce((value, byte) => value * 256 + byte, 0);
  }

  isOid(oid: Bytes): boolean {
    return equal(this.take(Tag.oid), oid);
  }
}

interface Encrypted {
  readonly salt: Bytes;
  readonly cost: { readonly N: number; readonly r: number; readonly p: number };
  readonly iv: Bytes;
  readonly data: Bytes;
}

/** Takes a key file apart. Nothing is computed yet: what is no key file is refused before anybody waits. */
export function readKeyFile(text: string): Encrypted {
  const pem = /-----BEGIN ENCRYPTED PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END ENCRYPTED PRIVATE KEY-----/.exec(text);
  const der = decodeBase64((pem?.[1] ?? refuse("key-file/not-a-key")).replace(/\s/g, "")) ?? refuse("key-file/not-a-key");
  const info = new Der(der).inside();
  const algorithm = info.inside();
  demand(algorithm.isOid(Oid.pbes2), "key-file/not-a-key");
  const parameters = algorithm.inside();
  const [derivation, cipher] = [parameters.inside(), parameters.inside()];
  demand(derivation.isOid(Oid.scrypt) && cipher.isOid(Oid.aes256Cbc), "key-file/not-a-key");
  const scrypt = derivation.inside();
  const salt = scrypt.take(Tag.octets);
  const cost = { N: scrypt.number(), r: scrypt.number(), p: scrypt.number() };
  demand(128 * cost.N * cost.r <= MAX_SCRYPT_BYTES && cost.p <= 16, "key-file/work");
  return { salt, cost, iv: cipher.take(Tag.octets), data: info.take(Tag.octets) };
}

/** A key with its public half. */
export interface OpenedKey extends KeptKey {
  readonly point: Bytes;
}

/** Opens a key file and hands its key to the browser. */
export async function openKeyFile(text: string, passphrase: string, name: string): Promise<OpenedKey> {
  demand(globalThis.crypto?.subtle !== undefined, "key-file/no-secure-context");
  const file = readKeyFile(text);
  const derived = await scryptAsync(utf8(passphrase), file.salt, { ...file.cost, dkLen: 32 });
  const plain = await decrypt(file, derived);
  derived.fill(0);
  try {
    const seed = readSeed(plain);
    const key = await handOver(plain);
    const point = ed25519.getPublicKey(seed);
    return { kid: hex(kid(point)), key, name, point };
  } finally {
    plain.fill(0);
  }
}

/** The key, as one that signs and cannot be read. Older browsers know no Ed25519. */
async function handOver(plain: Bytes): Promise<CryptoKey> {
  try {
    return await crypto.subtle.importKey("pkcs8", plain as BufferSource, { name: "Ed25519" }, false, ["sign"]);
  } catch (thrown) {
    if (thrown instanceof DOMException && thrown.name === "NotSupportedError") refuse("key-file/browser");
    throw thrown;
  }
}

async function decrypt({ iv, data }: Encrypted, derived: Bytes): Promise<Bytes> {
  const key = await crypto.subtle.importKey("raw", derived as BufferSource, "AES-CBC", false, ["decrypt"]);
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-CBC", iv: iv as BufferSource }, key, data as BufferSource));
  } catch {
    return refuse("key-file/passphrase");
  }
}

/** RFC 8410 section 7: the seed in an OCTET STRING in an OCTET STRING. */
function readSeed(plain: Bytes): Bytes {
  const info = new Der(plain).inside();
  info.number();
  demand(info.inside().isOid(Oid.ed25519), "key-file/not-a-key");
  const seed = new Der(info.take(Tag.octets)).take(Tag.octets);
  demand(seed.length === 32, "key-file/not-a-key");
  return seed;
}

export async function sign(key: CryptoKey, bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.sign("Ed25519", key, bytes as BufferSource));
}
