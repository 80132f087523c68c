/** Reading checked CBOR by types: SPEC, Encoding, the part after the list. */
import { textOf, utf8, type Bytes } from "../bytes.ts";
import { demand, refuse } from "../refused.ts";
import { check } from "./check.ts";
import { Pairs, type Value } from "./encode.ts";
import { Major, readHead, type Head } from "./head.ts";

const MAX_U64 = (1n << 64n) - 1n;
const MAX_I64 = (1n << 63n) - 1n;
export const MAX_PAIRS = 64;

/** A function that takes one value of its type from a reader, or refuses. */
export type Read<T> = (reader: Reader) => T;

/** A place in bytes that passed `check`. */
export class Reader {
  private at = 0;

  private constructor(private readonly bytes: Bytes) {}

  /** Checks the encoding as a whole, and stands before its item. */
  static over(bytes: Bytes): Reader {
    check(bytes);
    return new Reader(bytes);
  }

  /** Reads the one item that the bytes are. */
  static read<T>(bytes: Bytes, read: Read<T>): T {
    return read(Reader.over(bytes));
  }

  private head(): Head {
    return readHead(this.bytes, this.at);
  }

  private take(major: number): bigint {
    const head = this.head();
    demand(head.major === major, "cbor/unexpected-type");
    this.at = head.end;
    return head.argument;
  }

  uint(low = 0n, high = MAX_U64): bigint {
    const value = this.take(Major.uint);
    demand(low <= value && value <= high, "cbor/out-of-range");
    return value;
  }

  /** An unsigned integer of a range that numbers of JavaScript hold exactly. */
  number(low: number, high: number): number {
    return Number(this.uint(BigInt(low), BigInt(high)));
  }

  /** A signed integer. */
  int(low = -MAX_I64 - 1n, high = MAX_I64): bigint {
    const { major, argument, end } = this.head();
    demand(major === Major.uint || major === Major.negative, "cbor/unexpected-type");
    const value = major === Major.uint ? argument : -1n - argument;
    demand(low <= value && value <= high, "cbor/out-of-range");
    this.at = end;
    return value;
  }

  /** A byte string of `low` to `high` bytes. */
  byteString(low = 0, high = Infinity): Bytes {
    return this.string(Major.bytes, low, high);
  }

  /** Text of `low` to `high` bytes. */
  text(low = 0, high = Infinity): string {
    return textOf(this.string(Major.text, low, high)) ?? refuse("cbor/not-utf8");
  }

  private string(major: number, low: number, high: number): Bytes {
    const length = Number(this.take(major));
    demand(low <= length && length <= high, "cbor/out-of-range");
    const start = this.at;
    this.at += length;
    return this.bytes.subarray(start, this.at);
  }

  /** The head of an array of `low` to `high` items. */
  array(low = 0, high = Infinity): number {
    return this.count(Major.array, low, high);
  }

  /** The head of a map of `low` to `high` pairs. */
  map(low = 0, high = MAX_PAIRS): number {
    return this.count(Major.map, low, high);
  }

  private count(major: number, low: number, high: number): number {
    const count = Number(this.take(major));
    demand(low <= count && count <= high, "cbor/out-of-range");
    return count;
  }

  /** Whether null is next; it is taken, and nothing else. */
  takesNull(): boolean {
    const isNull = this.bytes[this.at] === 0xf6;
    if (isNull) this.at += 1;
    return isNull;
  }

  /** Whether this text is the next key; it is taken, and no other key. */
  takesKey(key: string): boolean {
    const before = this.at;
    const is = this.text() === key;
    if (!is) this.at = before;
    return is;
  }

  isEmptyMap(): boolean {
    return this.bytes[this.at] === 0xa0;
  }

  /** The encoding of the next item, whatever it is. */
  raw(): Bytes {
    const start = this.at;
    this.skip();
    return this.bytes.subarray(start, this.at);
  }

  private skip(): void {
    const { major, argument, end } = this.head();
    this.at = end;
    if (major === Major.bytes || major === Major.text) this.at += Number(argument);
    const items = major === Major.array ? argument : major === Major.map ? 2n * argument : 0n;
    for (let left = items; left > 0n; left--) this.skip();
  }

  /** The next item, whatever it is. Maps come as pairs. */
  value(): Value {
    const { major, argument } = this.head();
    switch (major) {
      case Major.uint:
      case Major.negative:
        return major === Major.uint ? this.uint() : this.int();
      case Major.bytes:
        return this.byteString();
      case Major.text:
        return this.text();
      case Major.array:
        return Array.from({ length: this.array() }, () => this.value());
      case Major.map:
        return new Pairs(Array.from({ length: this.map(0, Infinity) }, () => [this.value(), this.value()] as const));
      default:
        this.skip();
        return argument === 22n ? null : argument === 21n;
    }
  }

  /** A reader that stands here and moves by itself. */
  fork(): Reader {
    const fork = new Reader(this.bytes);
    fork.at = this.at;
    return fork;
  }
}

/** A list, each item of it as `read` takes it. */
export function list<T>(read: Read<T>, low = 0, high = Infinity): Read<T[]> {
  return (reader) => {
    const items: T[] = [];
    for (let left = reader.array(low, high); left > 0; left--) items.push(read(reader));
    return items;
  };
}

/** An array of exactly these items. */
export function tuple<T extends unknown[]>(...reads: { [K in keyof T]: Read<T[K]> }): Read<T> {
  return (reader) => {
    reader.array(reads.length, reads.length);
    return reads.map((read) => read(reader)) as T;
  };
}

export function orNull<T>(read: Read<T>): Read<T | null> {
  return (reader) => (reader.takesNull() ? null : read(reader));
}

/** A text that is one of these. */
export function word<W extends string>(...words: W[]): Read<W> {
  return (reader) => {
    const text = reader.text();
    return words.find((one) => one === text) ?? refuse("cbor/out-of-range");
  };
}

export interface Optional<T> {
  readonly optional: Read<T>;
}

export function optional<T>(read: Read<T>): Optional<T> {
  return { optional: read };
}

type Field = Read<unknown> | Optional<unknown>;
type Valued<F> = F extends Optional<infer T> ? T | undefined : F extends Read<infer T> ? T : never;
export type Shaped<S> = { readonly [K in keyof S]: Valued<S[K]> };

/** A map with these text keys. They are asked for in their canonical order, whatever order they are written in here. */
export function map<S extends Record<string, Field>>(shape: S): Read<Shaped<S>> {
  const fields = Object.entries<Field>(shape).sort(([a], [b]) => canonical(a, b));
  return (reader) => {
    let left = reader.map();
    const values: Record<string, unknown> = {};
    for (const [key, field] of fields) {
      const isThere = left > 0 && reader.takesKey(key);
      demand(isThere || typeof field !== "function", "cbor/missing-key");
      if (!isThere) continue;
      left -= 1;
      values[key] = typeof field === "function" ? field(reader) : field.optional(reader);
    }
    demand(left === 0, "cbor/unknown-key");
    return values as Shaped<S>;
  };
}

function canonical(a: string, b: string): number {
  const [left, right] = [utf8(a), utf8(b)];
  return left.length - right.length || (a < b ? -1 : 1);
}

/** Refuses a list that is not in its order, or has something twice. */
export function ascending<T>(items: readonly T[], compare: (a: T, b: T) => number): void {
  const isInOrder = items.every((item, at) => at === 0 || compare(items[at - 1]!, item) < 0);
  demand(isInOrder, "cbor/out-of-range");
}
