/** Hashing files of evidence, whatever their size: in slices, so that the page stays awake. */
import { sha256, sha512 } from "../hash.ts";
import type { EvidenceFile } from "../verify.ts";

const SLICE = 4 * 1024 * 1024;

export async function hashFile(file: File, onProgress: (share: number) => void): Promise<EvidenceFile> {
  const [short, long] = [sha256.create(), sha512.create()];
  for (let at = 0; at < file.size; at += SLICE) {
    const slice = new Uint8Array(await file.slice(at, at + SLICE).arrayBuffer());
    short.update(slice);
    long.update(slice);
    onProgress(Math.min(1, (at + slice.length) / file.size));
  }
  return { name: file.name, sha256: short.digest(), sha512: long.digest() };
}
