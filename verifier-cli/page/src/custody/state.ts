/** What is known of subjects, record by record: SPEC, Rules, the part about state. */
import { hex, type Bytes } from "../bytes.ts";
import type { SubjectId } from "../id.ts";
import type { Key } from "../key.ts";
import { demand, refuse } from "../refused.ts";

export type Slot = "authority" | "recovery" | "custodian";

/** How a key ended: replaced, revoked, or compromised since a time. */
export type End = "replaced" | "revoked" | { readonly since: bigint };

export interface HeldKey extends Key {
  readonly slot: Slot;
  /** Whether others enrolled it, and not the agency itself. */
  readonly byOthers: boolean;
  end: End | undefined;
}

export interface Ledger {
  readonly kind: "ledger";
  quorum: bigint;
  readonly founders: readonly SubjectId[];
  readonly operator: Key;
  isClosed: boolean;
}

export interface Agency {
  readonly kind: "agency";
  readonly keys: HeldKey[];
}

export interface Custodian {
  readonly kind: "custodian";
  readonly agency: SubjectId;
  roles: readonly number[];
  readonly keys: HeldKey[];
}

/** Where an item is. An agency is undefined where it could not be looked up. */
export type Place =
  | { readonly at: "hand" }
  | { readonly at: "storage" }
  | { readonly at: "out"; readonly of: SubjectId | undefined }
  | { readonly at: "packed"; readonly in: SubjectId }
  | { readonly at: "outside"; readonly by: SubjectId | undefined };

export interface Release {
  readonly digest: Bytes;
  readonly to: SubjectId;
  readonly substitutes: readonly SubjectId[];
  /** The request under which it was sent. */
  readonly request: SubjectId | undefined;
}

export interface Item {
  readonly kind: "item";
  holder: SubjectId;
  /** Everybody who held it. */
  readonly holders: Set<SubjectId>;
  release: Release | undefined;
  /** The unit is undefined where the item is a part of an unknown one. */
  quantity: { readonly amount: bigint; readonly unit: string | undefined } | undefined;
  /** How many items are packed in it. */
  contents: number;
  /** The agency that it came from under a request. */
  bound: SubjectId | undefined;
  isEnded: boolean;
  place: Place;
}

export interface Permission {
  readonly digest: Bytes;
  readonly agency: SubjectId | undefined;
  readonly use: string;
  readonly to: SubjectId | undefined;
}

export interface Notes {
  readonly kind: "notes";
  holds: { readonly digest: Bytes; readonly agency: SubjectId | undefined }[];
  disputes: Bytes[];
  readonly permissions: Permission[];
  handling: { readonly codes: readonly string[]; readonly agency: SubjectId | undefined } | undefined;
}

export interface Request {
  readonly kind: "request";
  readonly requesting: SubjectId | undefined;
  readonly requested: SubjectId;
  step: string;
}

export type Standing = Ledger | Agency | Custodian | Item | Notes | Request;
type StandingOf<K> = Extract<Standing, { kind: K }>;

/** The records of one subject, by their digests. */
interface Chain {
  readonly digests: Bytes[];
  readonly names: Set<string>;
}

/** A key that was enrolled for somebody, and how it ended, if it is one that can. */
export interface Enrolled extends Key {
  readonly end?: End | undefined;
}

export class State {
  private readonly standings = new Map<SubjectId, Standing>();
  private readonly chains = new Map<SubjectId, Chain>();
  /** Every key that was ever enrolled for a subject, by kid. */
  private readonly enrolled = new Map<string, Enrolled>();
  private readonly held: Set<SubjectId>;

  /** A state of this ledger without records, which holds these subjects. Every other is unknown. */
  constructor(readonly ledger: SubjectId, held: Iterable<SubjectId>) {
    this.held = new Set(held);
  }

  isUnknown(id: SubjectId): boolean {
    return !this.held.has(id);
  }

  /** Held, and without records. */
  isAbsent(id: SubjectId): boolean {
    return this.held.has(id) && !this.chains.has(id);
  }

  lose(id: SubjectId): void {
    this.held.delete(id);
  }

  length(id: SubjectId): bigint {
    return BigInt(this.chains.get(id)?.digests.length ?? 0);
  }

  newest(id: SubjectId): Bytes | null {
    return this.chains.get(id)?.digests.at(-1) ?? null;
  }

  hasRecord(id: SubjectId, digest: Bytes): boolean {
    return this.chains.get(id)?.names.has(hex(digest)) ?? false;
  }

  extend(id: SubjectId, digest: Bytes): void {
    const chain = this.chains.get(id) ?? { digests: [], names: new Set() };
    chain.digests.push(digest);
    chain.names.add(hex(digest));
    this.chains.set(id, chain);
  }

  set(id: SubjectId, standing: Standing): void {
    this.standings.set(id, standing);
  }

  /** The standing of a subject, or undefined where it is absent or unknown. */
  find<K extends Standing["kind"]>(id: SubjectId, kind: K): StandingOf<K> | undefined {
    const standing = this.isUnknown(id) ? undefined : this.standings.get(id);
    return standing?.kind === kind ? (standing as StandingOf<K>) : undefined;
  }

  /** The standing of a subject that is there and known. */
  known<K extends Standing["kind"]>(id: SubjectId, kind: K): StandingOf<K> {
    demand(!this.isAbsent(id), "custody/no-such-subject");
    return this.find(id, kind) ?? refuse("custody/not-held");
  }

  /** The agency of a custodian, or undefined where the custodian is unknown. */
  agencyOf(custodian: SubjectId): SubjectId | undefined {
    demand(!this.isAbsent(custodian), "custody/no-such-subject");
    return this.find(custodian, "custodian")?.agency;
  }

  enrol(key: Enrolled): void {
    this.enrolled.set(hex(key.kid), key);
  }

  enrolledKey(kid: Bytes): Enrolled | undefined {
    return this.enrolled.get(hex(kid));
  }

  isClosed(): boolean {
    return this.find(this.ledger, "ledger")?.isClosed ?? false;
  }
}
