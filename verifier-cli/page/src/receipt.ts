/** That one entry is in the log's tree: SPEC, Receipt. */
import { decodeBase64 } from "./base64.ts";
import { textOf, type Bytes } from "./bytes.ts";
import { readCheckpoint, readDecimal, type Checkpoint } from "./checkpoint.ts";
import { demand, refuse } from "./refused.ts";

const MAX_RECEIPT = 745_682;
const MAX_EXTRA = 65_536;
const MAX_HASHES = 64;

export interface Receipt {
  readonly index: bigint;
  readonly proof: readonly Bytes[];
  readonly checkpoint: Checkpoint;
}

export function readReceipt(bytes: Bytes): Receipt {
  demand(bytes.length <= MAX_RECEIPT, "receipt/too-long");
  const end = bytes.findIndex((byte, at) => byte === 0x0a && bytes[at + 1] === 0x0a);
  demand(end >= 0, "receipt/no-checkpoint");
  const text = textOf(bytes.subarray(0, end)) ?? refuse("receipt/header");
  const rows = text.split("\n");
  demand(rows.shift() === "c2sp.org/tlog-proof@v1", "receipt/header");
  if (rows[0]?.startsWith("extra ")) checkExtra(rows.shift()!.slice("extra ".length));
  const [, decimal] = /^index (.*)$/.exec(rows.shift() ?? "") ?? refuse("receipt/index");
  const index = readDecimal(decimal!) ?? refuse("receipt/index");
  demand(rows.length <= MAX_HASHES, "receipt/too-many-hashes");
  const proof = rows.map((row) => {
    const hash = decodeBase64(row);
    return hash?.length === 32 ? hash : refuse("receipt/proof-hash");
  });
  return { index, proof, checkpoint: readCheckpoint(bytes.subarray(end + 2)) };
}

function checkExtra(base64: string): void {
  const extra = decodeBase64(base64);
  demand(extra !== null && extra.length >= 1 && extra.length <= MAX_EXTRA, "receipt/extra");
}
