/** Text that others chose, as a page may show it: SPEC, Report. Nothing in it moves what stands beside it. */

const HOSTILE = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

const SHORT = new Map([["\n", "\\n"], ["\r", "\\r"], ["\t", "\\t"]]);

/** The text with control characters, bidirectional controls and line separators escaped. */
export function printable(text: string): string {
  return text.replace(HOSTILE, (character) => SHORT.get(character) ?? escape(character));
}

function escape(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`;
}

/** The last second that is written as a date. A log can state later ones. */
const LAST_S = 253402300799n;

/** A time of seconds since 1970, in UTC and to the second. */
export function utcText(seconds: bigint): string {
  if (seconds > LAST_S) return `${seconds} s`;
  return new Date(Number(seconds) * 1000).toISOString().replace(".000Z", "Z").replace("T", " ").replace("Z", " UTC");
}
