/**
 * Making signed messages: what is to be signed, and the message with the signature in it. Keys stay with whoever signs: this
 * hands out bytes, and takes 64 of them back.
 */
import { concat, type Bytes } from "../bytes.ts";
import { encode, Pairs, type Value } from "../cbor.ts";
import { Label, Own, Role, signedBytes, type Message } from "../cose.ts";
import { sha256 } from "../hash.ts";

const TAG_98 = Uint8Array.of(0xd8, 0x62);
const EDDSA = -8n;
const NOTHING = new Pairs([]);

/** What a signer says with a signature: whose key, when, in which role, and what was seen. */
export interface Signer {
  readonly kid: Bytes;
  /** What the signer's clock says, seconds since 1970. */
  readonly iat: bigint;
  readonly role: number;
  /** Of a receiving signer alone. */
  readonly observed?: Value;
}

/** A message that still lacks signatures. */
export interface Draft {
  readonly header: Bytes;
  readonly payload: Bytes;
  /** The whole COSE_Signatures that are there. */
  readonly signatures: readonly Bytes[];
}

/** A message without signatures. `genesis` is null for the record that founds a ledger. */
export function startDraft(contentType: string, aud: string, genesis: Bytes | null, payload: Bytes): Draft {
  const critical: [Value, Value][] = genesis === null ? [] : [[Label.crit, [Own.genesis]], [Own.genesis, genesis]];
  const claims = new Pairs([[Label.aud, aud]]);
  const header = new Pairs([[Label.contentType, contentType], [Label.claims, claims], ...critical]);
  return { header: encode(header), payload, signatures: [] };
}

/** A message that was read, to add a signature to it. */
export function reopenDraft({ header, payload, signatures }: Message): Draft {
  return { header, payload, signatures: signatures.map(({ encoded }) => encoded) };
}

/** The header of the next signature, which covers the one before it. */
export function signatureHeader(draft: Draft, { kid, iat, role, observed }: Signer): Bytes {
  if (observed !== undefined && role !== Role.receiving) throw new RangeError("only who receives observes");
  const before = draft.signatures.at(-1);
  const optionals: [Value, Value][] = [];
  if (before !== undefined) optionals.push([Own.countersigned, sha256(before)]);
  if (observed !== undefined) optionals.push([Own.observed, observed]);
  return encode(new Pairs([
    [Label.alg, EDDSA],
    [Label.crit, [Own.role, ...optionals.map(([label]) => label)]],
    [Label.kid, kid],
    [Label.claims, new Pairs([[Label.iat, iat]])],
    [Own.role, role],
    ...optionals,
  ]));
}

/** What the next signer signs, with Ed25519 and nothing before it. */
export function bytesToSign(draft: Draft, header: Bytes): Bytes {
  return signedBytes(draft.header, header, draft.payload);
}

export function addSignature(draft: Draft, header: Bytes, signature: Bytes): Draft {
  if (signature.length !== 64) throw new RangeError("a signature has 64 bytes");
  return { ...draft, signatures: [...draft.signatures, encode([header, NOTHING, signature])] };
}

/** Signs once more, with a key that this code need not see: `sign` makes 64 bytes of Ed25519 over what it is given. */
export async function sign(draft: Draft, signer: Signer, sign: (bytes: Bytes) => Promise<Bytes>): Promise<Draft> {
  const header = signatureHeader(draft, signer);
  return addSignature(draft, header, await sign(bytesToSign(draft, header)));
}

/** The bytes of the message, with the signatures that it has. */
export function encodeDraft({ header, payload, signatures }: Draft): Bytes {
  const list = encode(signatures.map(() => null));
  const head = list.subarray(0, list.length - signatures.length);
  const body = encode([header, NOTHING, payload, null]);
  return concat(TAG_98, body.subarray(0, -1), head, ...signatures);
}
