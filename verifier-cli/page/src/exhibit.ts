/** One file about one item: SPEC, Exhibit. */
import type { Bytes } from "./bytes.ts";
import { Reader } from "./cbor.ts";
import { readContents, type Contents } from "./exhibit/contents.ts";
import { readManifest, type Manifest } from "./exhibit/manifest.ts";
import { sha256 } from "./hash.ts";
import { demand } from "./refused.ts";

export type { Contents, Placed, PlacedOpening } from "./exhibit/contents.ts";
export type { Manifest } from "./exhibit/manifest.ts";

export const MAX_EXHIBIT = 67_108_864;

export interface Exhibit {
  readonly contents: Contents;
  /** SHA-256 of the contents' bytes. */
  readonly digest: Bytes;
  readonly manifest: Manifest;
}

export function readExhibit(bytes: Bytes): Exhibit {
  demand(bytes.length <= MAX_EXHIBIT, "exhibit/oversize");
  const reader = Reader.over(bytes);
  reader.array(4, 4);
  demand(reader.text() === "custody-exhibit", "exhibit/not-an-exhibit");
  reader.uint(1n, 1n);
  const contents = reader.byteString();
  const manifest = readManifest(reader.byteString());
  return { contents: readContents(Reader.over(contents)), digest: sha256(contents), manifest };
}
