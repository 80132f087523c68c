/**
 * The verifier under Node, for tests and for whoever has no browser at hand. Exit 0: verified, 1: rejected, 2: could not
 * check, or no report.
 *
 *   node verify.mjs exhibit FILE --policy FILE [--agencies FILE] [--checkpoint FILE]... [--evidence FILE]... [--at TIME]
 *   node verify.mjs compare FILE FILE --policy FILE ...       two exhibits of one item
 *   node verify.mjs receipt FILE --entry FILE --record FILE --policy FILE [--agencies FILE]
 *   node verify.mjs vectors DIR      judges every vector below a directory
 *   node verify.mjs pins FILE...     reads lists of pins, and prints a code for each
 *   node verify.mjs offers FILE...   reads offers, and prints a code for each
 *   node verify.mjs text             which text is taken, a byte for every code point
 */
import { parseArgs } from "node:util";
import { equal, type Bytes } from "./bytes.ts";
import { readCheckpoint } from "./checkpoint.ts";
import { evidenceAt, lines, read, seconds } from "./cli/input.ts";
import { judgeText } from "./cli/text.ts";
import { judgeVectors } from "./cli/vectors.ts";
import { encodeDraft, reopenDraft } from "./cose/draft.ts";
import { encodeOfferFile, readOfferFile } from "./offer.ts";
import { readPins, type Pins } from "./pins.ts";
import { readPolicy } from "./policy.ts";
import { codeOf, Refused } from "./refused.ts";
import { verifyExhibit, type Inputs, type Outcome } from "./verify.ts";
import { compareExhibits } from "./verify/compare.ts";
import { verifyReceipt } from "./verify/receipt.ts";

const EXITS = { verified: 0, rejected: 1, "could-not-check": 2 };

const OPTIONS = {
  policy: { type: "string" },
  agencies: { type: "string" },
  entry: { type: "string" },
  record: { type: "string" },
  checkpoint: { type: "string", multiple: true, default: [] as string[] },
  evidence: { type: "string", multiple: true, default: [] as string[] },
  at: { type: "string" },
} as const;

type Values = ReturnType<typeof parse>["values"];

function parse(args: string[]) {
  return parseArgs({ args, allowPositionals: true, options: OPTIONS });
}

function main(args: string[]): number {
  const { values, positionals } = parse(args);
  const [command, ...paths] = positionals;
  switch (command) {
    case "exhibit":
      return answer(verifyExhibit(read(need(paths[0])), inputsOf(values)));
    case "compare":
      return answer(compareExhibits(read(need(paths[0])), read(need(paths[1])), inputsOf(values)));
    case "receipt":
      return receipt(need(paths[0]), values);
    case "vectors":
      return print(judgeVectors(need(paths[0])));
    case "pins":
      return print(paths.map((path) => codeOf(() => readPins(read(path))) ?? "ok"));
    case "offers":
      return print(paths.map((path) => judgeOffer(read(path))));
    case "text":
      process.stdout.write(judgeText());
      return 0;
    default:
      throw new TypeError("one of exhibit, compare, receipt, vectors, pins, offers, text");
  }
}

function need(path: string | undefined): string {
  if (path === undefined) throw new TypeError("a file is missing");
  return path;
}

function print(value: unknown): number {
  console.log(JSON.stringify(value, null, 2));
  return 0;
}

/** Its code; `ok` where it is also written again as the same bytes. */
function judgeOffer(bytes: Bytes): string {
  const code = codeOf(() => readOfferFile(bytes));
  if (code !== null) return code;
  const { record, openings } = readOfferFile(bytes);
  const again = encodeOfferFile(encodeDraft(reopenDraft(record.message)), openings);
  return equal(again, bytes) ? "ok" : "written again, it differs";
}

function pinsOf({ agencies }: Values): Pins | null {
  return agencies === undefined ? null : readPins(read(agencies));
}

function receipt(path: string, values: Values): number {
  const files = { receipt: read(path), entry: read(need(values.entry)), record: read(need(values.record)) };
  const report = verifyReceipt(files, readPolicy(read(need(values.policy))), pinsOf(values));
  print({ verdict: report.verdict(), lines: lines(report) });
  return EXITS[report.verdict()];
}

function inputsOf(values: Values): Inputs {
  return {
    policy: readPolicy(read(need(values.policy))),
    pins: pinsOf(values),
    checkpoints: values.checkpoint.map((path) => readCheckpoint(read(path))),
    evidence: values.evidence.map(evidenceAt),
    atS: values.at === undefined ? null : seconds(values.at),
  };
}

function answer({ report, one }: Outcome): number {
  const { origin = null, size = null } = one?.contents.checkpoint ?? {};
  const item = one?.contents.item ?? null;
  print({ verdict: report.verdict(), origin, size: size === null ? null : Number(size), item, lines: lines(report) });
  return EXITS[report.verdict()];
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  const is = error instanceof Refused || error instanceof TypeError || (error instanceof Error && "code" in error);
  if (!is) throw error;
  console.error(`error: ${(error as Error).message}`);
  process.exitCode = 2;
}
