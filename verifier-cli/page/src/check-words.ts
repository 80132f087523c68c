/** A digest in seventeen words, to be read over the phone: SPEC, Check words. */
import { concat, equal, utf8, type Bytes } from "./bytes.ts";
import { sha256 } from "./hash.ts";
import { demand, refuse } from "./refused.ts";

const CONSONANTS = "bdfghjklmnprstvz";
const VOWELS = "aeio";
const WORDS = 17;

/** The letters of a word, and how many bits each has. */
const LETTERS = [[CONSONANTS, 4], [VOWELS, 2], [CONSONANTS, 4], [VOWELS, 2], [CONSONANTS, 4]] as const;

export function formatCheckWords(digest: Bytes): string[] {
  const pairs = Array.from({ length: WORDS - 1 }, (_, at) => digest.subarray(2 * at, 2 * at + 2));
  return [...pairs, checksum(digest)].map(formatWord);
}

/** The digest that these words spell, whatever their case and the white space between them. */
export function readCheckWords(text: string): Bytes {
  const words = text.toLowerCase().split(/\s+/).filter((word) => word !== "");
  demand(words.length === WORDS, "check-words/count");
  const read = words.map(readWord);
  const digest = concat(...read.slice(0, -1));
  demand(equal(read.at(-1)!, checksum(digest)), "check-words/checksum");
  return digest;
}

function checksum(digest: Bytes): Bytes {
  return sha256(concat(utf8("custody-check-words"), digest)).subarray(0, 2);
}

function formatWord(pair: Bytes): string {
  let left = 16;
  const number = (pair[0]! << 8) | pair[1]!;
  return LETTERS.map(([letters, bits]) => letters[(number >> (left -= bits)) & ((1 << bits) - 1)]).join("");
}

function readWord(word: string): Bytes {
  demand(word.length === LETTERS.length, "check-words/word");
  let number = 0;
  LETTERS.forEach(([letters, bits], at) => {
    const value = letters.indexOf(word[at]!);
    if (value < 0) refuse("check-words/word");
    number = (number << bits) | value;
  });
  return Uint8Array.of(number >> 8, number & 255);
}
