/** Which text is taken: for every code point but surrogates a byte, whose bits are the code point alone, behind and before others. */
import { concat, utf8, type Bytes } from "../bytes.ts";
import { check } from "../cbor.ts";
import { codeOf } from "../refused.ts";

export function judgeText(): Bytes {
  // Two million refusals, of which nobody asks where they were made.
  Error.stackTraceLimit = 0;
  const answers: number[] = [];
  for (let codePoint = 0; codePoint < 0x110000; codePoint++) {
    if (codePoint >= 0xd800 && codePoint < 0xe000) continue;
    const character = String.fromCodePoint(codePoint);
    const texts = [character, `e${character}`, `${character}\u0301`];
    answers.push(texts.reduce((bits, text, bit) => bits | (Number(isTaken(text)) << bit), 0));
  }
  return Uint8Array.from(answers);
}

/** Short text has a head of one byte. */
function isTaken(text: string): boolean {
  const bytes = utf8(text);
  return codeOf(() => check(concat(Uint8Array.of(0x60 | bytes.length), bytes))) === null;
}
