/** Judges every vector below `tests/vectors`. What they want is not looked at: who calls compares. */
import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { equal, fromHex, hex, type Bytes } from "../bytes.ts";
import { encode, Reader } from "../cbor.ts";
import { readCheckpoint } from "../checkpoint.ts";
import { RECORD_TYPE } from "../cose.ts";
import { addSignature, encodeDraft, signatureHeader, startDraft } from "../cose/draft.ts";
import { kid } from "../key.ts";
import { readPins } from "../pins.ts";
import { readPolicy } from "../policy.ts";
import { checkKeys, checkLedger, readRecord } from "../record.ts";
import { codeOf } from "../refused.ts";
import { verifyExhibit } from "../verify.ts";
import { evidenceAt, lines, read, seconds } from "./input.ts";

/** An exhibit of `want.json`: what its reader has. */
interface Wanted {
  readonly policy: string;
  readonly agencies?: string | null;
  readonly checkpoints?: readonly string[];
  readonly evidence?: readonly string[];
  readonly at?: string | null;
}

interface Ledger {
  readonly origin: string;
  readonly genesis: string;
  readonly keys: readonly string[];
}

export function judgeVectors(root: string): Record<string, unknown> {
  const judged: Record<string, unknown> = {};
  for (const { folder, name, want } of wanted<Wanted>(root, "exhibit")) {
    judged[join("exhibit", folder, name)] = judgeExhibit(join(root, "exhibit", folder), name, want);
  }
  if (!existsSync(join(root, "record"))) return judged;
  const ledger = JSON.parse(text(join(root, "record", "ledger.json"))) as Ledger;
  const keys = new Map(ledger.keys.map(bytesOf).map((key) => [hex(kid(key)), key]));
  for (const { folder, name } of wanted(root, "record")) {
    const bytes = read(join(root, "record", folder, name));
    const code = judgeRecord(bytes, ledger, keys);
    judged[join("record", folder, name)] = code === "ok" ? { code, rewritten: isRewritten(bytes) } : { code };
  }
  return judged;
}

function* wanted<W>(root: string, family: string): Generator<{ folder: string; name: string; want: W }> {
  for (const folder of readdirSync(join(root, family)).sort()) {
    const path = join(root, family, folder, "want.json");
    if (!existsSync(path)) continue;
    const vectors = JSON.parse(text(path)) as Record<string, W>;
    for (const [name, want] of Object.entries(vectors)) yield { folder, name, want };
  }
}

function text(path: string): string {
  return new TextDecoder().decode(read(path));
}

function bytesOf(digits: string): Bytes {
  const bytes = fromHex(digits);
  if (bytes === null) throw new TypeError("not hexadecimal digits");
  return bytes;
}

function judgeExhibit(folder: string, name: string, want: Wanted): unknown {
  const { report } = verifyExhibit(read(join(folder, name)), {
    policy: readPolicy(read(resolve(folder, want.policy))),
    pins: want.agencies == null ? null : readPins(read(resolve(folder, want.agencies))),
    checkpoints: (want.checkpoints ?? []).map((path) => readCheckpoint(read(resolve(folder, path)))),
    evidence: (want.evidence ?? []).map((path) => evidenceAt(resolve(folder, path))),
    atS: want.at == null ? null : seconds(want.at),
  });
  return { verdict: report.verdict(), lines: lines(report) };
}

/** Whether a record is written again, from what was read, as the bytes that it was read from. */
function isRewritten(bytes: Bytes): boolean {
  const { message } = readRecord(bytes);
  const payload = encode(Reader.read(message.payload, (reader) => reader.value()));
  let draft = startDraft(RECORD_TYPE, message.aud, message.genesis ?? null, payload);
  for (const { kid, iat, role, observed, signature } of message.signatures) {
    const signer = observed === undefined ? { kid, iat, role } : { kid, iat, role, observed };
    draft = addSignature(draft, signatureHeader(draft, signer), signature);
  }
  return equal(encodeDraft(draft), bytes);
}

function judgeRecord(bytes: Bytes, ledger: Ledger, keys: ReadonlyMap<string, Bytes>): string {
  const code = codeOf(() => {
    const record = readRecord(bytes);
    checkLedger(record.message, ledger.origin, bytesOf(ledger.genesis));
    checkKeys(record, (kid) => keys.get(hex(kid)));
  });
  return code ?? "ok";
}
