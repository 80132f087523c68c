/** What a label says: the id in its QR code, or the digits and check characters that a person types. SPEC, Label ids. */
import { isId } from "../../../verifier-cli/page/src/id.ts";
import { demand } from "../../../verifier-cli/page/src/refused.ts";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** The item that a text names: an id, a label id, or a UUID alone. */
export function readLabel(text: string): string {
  const said = text.trim();
  const id = said.toLowerCase();
  if (isId(id, "item")) return id;
  if (isId(`item:${id}`, "item")) return `item:${id}`;
  const characters = said.toUpperCase().replace(/[\s-]/g, "");
  demand(/^[0-9A-F]{32}[0-9A-Z]{2}$/.test(characters), "label-id/form");
  let left = 0;
  for (const character of characters) left = (left * 36 + ALPHABET.indexOf(character)) % 1271;
  demand(left === 1, "label-id/check");
  const digits = characters.slice(0, 32).toLowerCase();
  const item = `item:${digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")}`;
  demand(isId(item, "item"), "label-id/form");
  return item;
}

/** The characters of an item's label, in their groups: what to compare with what sticks on it. */
export function formatLabel(item: string): string {
  const digits = item.slice(item.indexOf(":") + 1).replaceAll("-", "").toUpperCase();
  let left = 0;
  for (const character of digits) left = (left * 36 + ALPHABET.indexOf(character)) % 1271;
  const check = (((1 - left * 1296) % 1271) + 1271) % 1271;
  const characters = `${digits}${ALPHABET[Math.floor(check / 36)]}${ALPHABET[check % 36]}`;
  return characters.match(/.{1,4}/g)!.join(" ");
}
