/** What the reader has put on the table, and the check of it. */
import { utf8, type Bytes } from "../bytes.ts";
import { readCheckpoint } from "../checkpoint.ts";
import { MAX_EXHIBIT, readExhibit } from "../exhibit.ts";
import { sha256 } from "../hash.ts";
import type { Pins } from "../pins.ts";
import { readPolicy, type Policy } from "../policy.ts";
import { codeOf, Refused } from "../refused.ts";
import { readTrust } from "../trust-sheet.ts";
import { comparingExhibits } from "../verify/compare.ts";
import { verifyingExhibit, type EvidenceFile, type Inputs, type Outcome } from "../verify.ts";
import { hashFile } from "./hashing.ts";
import type { Word } from "./language.ts";

/** A text that was typed or pasted, or a file in its place. */
export interface Source {
  text: string;
  file: File | null;
}

export interface Model {
  exhibit: File | null;
  readonly policy: Source;
  readonly pins: Source;
  readonly evidence: File[];
  earlier: File | null;
  answer: Answer | null;
}

/** What came of a file: its name and its SHA-256 say of which. */
export interface Answer {
  readonly outcome: Outcome;
  readonly name: string;
  /** Null where the file is too large for an exhibit. */
  readonly digest: Bytes | null;
}

export function emptyModel(): Model {
  return {
    exhibit: null,
    policy: { text: "", file: null },
    pins: { text: "", file: null },
    evidence: [],
    earlier: null,
    answer: null,
  };
}

/** Something that keeps the check from being made, as a text of the catalogue. */
export class Complaint extends Error {
  constructor(readonly word: Word, readonly values: Readonly<Record<string, string>> = {}) {
    super(word);
  }
}

/** Told how far reading a file, or else checking, has come. */
export type OnProgress = (file: File | null, share: number) => void;

export async function verifyModel(model: Model, onProgress: OnProgress): Promise<Answer> {
  if (model.exhibit === null) throw new Complaint("needs-exhibit");
  const exhibit = await bytesOf(model.exhibit, MAX_EXHIBIT);
  const policy = await policyOf(model.policy);
  const pins = await pinsOf(model.pins);
  const earlier = model.earlier === null ? null : await bytesOf(model.earlier, MAX_EXHIBIT);
  const evidence: EvidenceFile[] = [];
  for (const file of model.evidence) {
    evidence.push(await orComplain(file, hashFile(file, (share) => onProgress(file, share))));
  }
  const steps = verifyAll(exhibit, earlier, { policy, pins, evidence, checkpoints: [], atS: null });
  const outcome = await finishSlowly(steps, (share) => onProgress(null, share));
  const isWhole = exhibit.length === model.exhibit.size;
  return { outcome, name: model.exhibit.name, digest: isWhole ? sha256(exhibit) : null };
}

function verifyAll(exhibit: Bytes, earlier: Bytes | null, inputs: Inputs): Generator<number, Outcome> {
  if (earlier === null) return verifyingExhibit(exhibit, inputs);
  if (codeOf(() => readExhibit(earlier)) === null) return comparingExhibits(earlier, exhibit, inputs);
  const checkpoint = orRefuse("refused-earlier", () => readCheckpoint(earlier));
  return verifyingExhibit(exhibit, { ...inputs, checkpoints: [checkpoint] });
}

/** How long the page may be without an answer to a key or a touch. */
const SLICE_MS = 50;

async function finishSlowly<T>(steps: Generator<number, T>, onShare: (share: number) => void): Promise<T> {
  let end = performance.now() + SLICE_MS;
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (performance.now() < end) continue;
    onShare(step.value);
    await new Promise((resolve) => setTimeout(resolve));
    end = performance.now() + SLICE_MS;
  }
}

async function policyOf(source: Source): Promise<Policy> {
  if (isEmpty(source)) throw new Complaint("needs-policy");
  const bytes = await sourceBytes(source);
  return orRefuse("refused-policy", () => readPolicy(bytes));
}

async function pinsOf(source: Source): Promise<Pins | null> {
  if (isEmpty(source)) return null;
  const bytes = await sourceBytes(source);
  return orRefuse("refused-pins", () => readTrust(new TextDecoder().decode(bytes)));
}

function isEmpty({ file, text }: Source): boolean {
  return file === null && text.trim() === "";
}

/** The file as it is; typed text with the newline at its end that people leave out. */
async function sourceBytes({ file, text }: Source): Promise<Bytes> {
  return file === null ? utf8(`${text.trimEnd()}\n`) : bytesOf(file, MAX_TEXT);
}

/** What a policy or a list of pins can have, and more. */
const MAX_TEXT = 1 << 20;

/** The bytes of a file; of one above the limit as many as show that it is. */
async function bytesOf(file: File, limit: number): Promise<Bytes> {
  return new Uint8Array(await orComplain(file, file.slice(0, limit + 1).arrayBuffer()));
}

async function orComplain<T>(file: File, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch {
    throw new Complaint("unreadable", { name: file.name });
  }
}

function orRefuse<T>(word: Word, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Refused) throw new Complaint(word, { code: error.code });
    throw error;
  }
}
