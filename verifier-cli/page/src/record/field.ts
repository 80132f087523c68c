/** What several bodies have: digests, names, amounts, codes. SPEC, Record types. */
import { compare, compareText, equal, type Bytes } from "../bytes.ts";
import { ascending, list, orNull, tuple, word, type Read, type Reader } from "../cbor.ts";
import { readDigest } from "../cose.ts";
import { readId } from "../id.ts";
import { readKey, type Key } from "../key.ts";
import { demand, refuse } from "../refused.ts";

export type Digest = readonly [scope: string, algorithm: "sha256" | "sha512", value: Bytes];

const readScope = word("container", "media", "logical", "manifest");

const readEvidenceDigest: Read<Digest> = (reader) => {
  reader.array(3, 3);
  const scope = readScope(reader);
  const algorithm = reader.int();
  if (algorithm === -16n) return [scope, "sha256", reader.byteString(32, 32)];
  demand(algorithm === -44n, "cbor/out-of-range");
  return [scope, "sha512", reader.byteString(64, 64)];
};

export const readDigests = list(readEvidenceDigest, 1, 16);
export { readScope };

export const readName: Read<string> = (reader) => reader.text(1, 200);
export const readTool: Read<string> = (reader) => reader.text(1, 100);

export const readCountry: Read<string> = (reader) => {
  const country = reader.text();
  demand(/^[A-Z]{2}$/.test(country), "cbor/out-of-range");
  return country;
};

export interface Enrolment {
  readonly id: string;
  readonly key: Key;
  readonly name: string;
  readonly country: string;
  readonly recovery: Key;
}

const GRANTED = [1, 2, 3, 4, 7, 9];

/** Roles in which a key may sign. */
export const readRoles: Read<number[]> = (reader) => {
  const roles = list((reader: Reader) => {
    const role = reader.number(1, 9);
    return GRANTED.includes(role) ? role : refuse("cbor/out-of-range");
  }, 1, 6)(reader);
  ascending(roles, (a, b) => a - b);
  return roles;
};

export const readUnit = word("piece", "mg", "g", "kg", "ul", "ml", "l", "mm", "m");
export const readQuantity = tuple<[bigint, string]>((reader) => reader.uint(), readUnit);
export const readAmount = orNull((reader) => reader.uint());

export const readBasis = word(
  "treaty", "investigation-order", "production-order", "direct-production", "joint-team", "letters-rogatory",
  "domestic-law", "consent",
);
export const readPurpose = word("examination", "transport", "storage", "court", "transfer", "return");
export const readStandIn = word("signed-paper", "photograph", "court-record", "waybill", "refused", "unable");
export const readCondition = word("ambient", "cool", "frozen", "locked", "shielded");

export const readSubstitutes: Read<string[]> = (reader) => {
  const substitutes = list(readId("custodian"), 1, 8)(reader);
  ascending(substitutes, compareText);
  return substitutes;
};

const CODES = ["H0", "H1", "H2", "H3", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:CLEAR", "TLP:GREEN", "TLP:RED"];

const readCode: Read<string> = (reader) => {
  const code = reader.text(0, 64);
  demand(CODES.includes(code) || /^[A-Z]{2}:.+$/u.test(code), "cbor/out-of-range");
  return code;
};

export const readCodes: Read<string[]> = (reader) => {
  const codes = list(readCode, 0, 8)(reader);
  ascending(codes, compareText);
  return codes;
};

export type Erased = [record: Bytes, field: string];

export const readErased: Read<Erased[]> = (reader) => {
  const fields = list(tuple<Erased>(readDigest, (reader) => reader.text(1, 48)), 1, 100)(reader);
  ascending(fields, ([a, left], [b, right]) => (equal(a, b) ? compareText(left, right) : compare(a, b)));
  return fields;
};


export { readKey };
