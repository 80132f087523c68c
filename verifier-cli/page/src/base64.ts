/** Base64 as the formats have it: RFC 4648 section 4, with padding. */
import type { Bytes } from "./bytes.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const VALUES = new Map([...ALPHABET].map((digit, value) => [digit, value]));

export function encodeBase64(bytes: Bytes): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const group = (bytes[at]! << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    const digits = [18, 12, 6, 0].map((shift) => ALPHABET[(group >> shift) & 63]);
    text += digits.slice(0, Math.min(3, bytes.length - at) + 1).join("");
  }
  return text.padEnd(Math.ceil(text.length / 4) * 4, "=");
}

/** The bytes of canonical base64, or null. */
export function decodeBase64(text: string): Bytes | null {
  const bytes = decodeAnyBase64(text);
  return bytes !== null && encodeBase64(bytes) === text ? bytes : null;
}

/** The bytes of base64 with its padding or less, whatever the bits are that it does not use, or null. */
export function decodeAnyBase64(text: string): Bytes | null {
  const digits = text.replace(/={0,2}$/, "");
  const padding = text.length - digits.length;
  if (digits.length % 4 === 1 || padding > (4 - (digits.length % 4)) % 4) return null;
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4));
  let [bits, held, at] = [0, 0, 0];
  for (const digit of digits) {
    const value = VALUES.get(digit);
    if (value === undefined) return null;
    bits = ((bits << 6) | value) & 0xffff;
    held += 6;
    if (held >= 8) bytes[at++] = (bits >> (held -= 8)) & 255;
  }
  return bytes;
}
