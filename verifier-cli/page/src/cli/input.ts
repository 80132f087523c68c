/** Files as Node reads them, and reports as JSON. */
import { readFileSync } from "node:fs";
import type { Bytes } from "../bytes.ts";
import { sha256, sha512 } from "../hash.ts";
import type { Report } from "../report.ts";
import type { EvidenceFile } from "../verify.ts";

export function read(path: string): Bytes {
  return new Uint8Array(readFileSync(path));
}

export function evidenceAt(path: string): EvidenceFile {
  const bytes = read(path);
  return { name: path, sha256: sha256(bytes), sha512: sha512(bytes) };
}

/** Seconds since 1970 of a time in UTC, as 2026-03-01T12:00:00Z. */
export function seconds(text: string): bigint {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new TypeError("a time is written as 2026-03-01T12:00:00Z");
  return BigInt(Math.floor(ms / 1000));
}

export function lines(report: Report): { id: string; status: string; code: string }[] {
  return report.lines().map(({ id, status, code }) => ({ id, status, code }));
}
