/**
 * Pins as people have them: a list of pins, or what a trust sheet says, typed off with its digits, its check words, or both.
 * A sheet is not part of the format: it is read line by line, and what is no digest and no name of one says nothing.
 */
import { compareText, equal, fromHex, utf8, type Bytes } from "./bytes.ts";
import { readCheckWords } from "./check-words.ts";
import { isId, type SubjectId } from "./id.ts";
import { readPins, type Pins } from "./pins.ts";
import { codeOf, demand, refuse } from "./refused.ts";

const GENESIS = "genesis";

/** Reads a list of pins or a typed sheet. A sheet without a genesis is refused with `pins/genesis`. */
export function readTrust(text: string): Pins {
  const bytes = utf8(text);
  if (codeOf(() => readPins(bytes)) === null) return readPins(bytes);
  const values = readSheet(text);
  const genesis = values.find(([name]) => name === GENESIS)?.[1] ?? refuse("pins/genesis");
  const agencies = values.filter(([name]) => name !== GENESIS).map(([id, kid]) => ({ id, kid }));
  agencies.sort((a, b) => compareText(a.id, b.id));
  return { genesis, agencies };
}

/** The digests of a sheet by their names: `genesis`, or the id of an agency. */
function readSheet(text: string): [SubjectId, Bytes][] {
  const found: { name: string; words: string[] }[] = [];
  for (const line of text.split("\n").map((line) => line.trim())) {
    const [first = "", ...rest] = line.split(/\s+/);
    if (first === GENESIS || isId(first, "agency")) found.push({ name: first, words: rest });
    else if (first !== "ledger" && first !== "agency" && line !== "") found.at(-1)?.words.push(first, ...rest);
  }
  return found.map(({ name, words }) => [name, readDigest(words)]);
}

/** Digits, words or both, which must then agree. */
function readDigest(items: readonly string[]): Bytes {
  const isDigits = (item: string) => /^[0-9a-f]{64}$/i.test(item);
  const digits = items.find(isDigits);
  const words = items.filter((item) => !isDigits(item) && item !== "authority" && item !== "key");
  const fromDigits = digits === undefined ? null : fromHex(digits.toLowerCase());
  if (words.length === 0) return fromDigits ?? refuse("pins/line");
  const spelled = readCheckWords(words.join(" "));
  demand(fromDigits === null || equal(fromDigits, spelled), "check-words/checksum");
  return spelled;
}
