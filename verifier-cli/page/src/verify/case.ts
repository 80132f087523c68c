/** An exhibit on its way through the checks, with what the reader brought. */
import { equal, hex, type Bytes } from "../bytes.ts";
import type { Checkpoint } from "../checkpoint.ts";
import { State } from "../custody.ts";
import type { Contents, Exhibit, Manifest, Placed, PlacedOpening } from "../exhibit.ts";
import { sha256 } from "../hash.ts";
import { sibling, type SubjectId } from "../id.ts";
import type { Pins } from "../pins.ts";
import { holdAgainst, type Held, type Policy } from "../policy.ts";
import { Refused } from "../refused.ts";
import { Report } from "../report.ts";
import type { EvidenceFile } from "./evidence.ts";

export interface Inputs {
  readonly policy: Policy;
  readonly pins: Pins | null;
  readonly checkpoints: readonly Checkpoint[];
  readonly evidence: readonly EvidenceFile[];
  /** The time asked for, seconds since 1970. */
  readonly atS: bigint | null;
}

/** A checkpoint with what the policy says of it, or with which code it refuses it. */
export interface Judged {
  readonly checkpoint: Checkpoint;
  readonly held: Held | null;
  readonly code: string;
}

export function judge(checkpoint: Checkpoint, policy: Policy): Judged {
  try {
    return { checkpoint, held: holdAgainst(checkpoint, policy), code: "ok" };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { checkpoint, held: null, code: error.code };
  }
}

export class Case {
  readonly report = new Report();
  readonly contents: Contents;
  readonly manifest: Manifest;
  readonly own: Judged;
  readonly others: readonly Judged[];
  readonly state: State;
  /** The records that extend each subject. */
  readonly chains = new Map<SubjectId, Placed[]>();
  readonly byDigest = new Map<string, Placed>();
  readonly byIndex = new Map<bigint, Placed>();
  readonly openings = new Map<bigint, PlacedOpening[]>();
  /** The item and its forebears. */
  readonly lineage: ReadonlySet<SubjectId>;
  /** Whether not all records were gone through. */
  hasStopped = true;
  /** Other checkpoints of which it is shown that they are of the same tree. */
  readonly consistent: Judged[] = [];

  constructor(readonly exhibit: Exhibit, readonly inputs: Inputs) {
    this.contents = exhibit.contents;
    this.manifest = exhibit.manifest;
    this.own = judge(this.contents.checkpoint, inputs.policy);
    this.others = inputs.checkpoints.map((checkpoint) => judge(checkpoint, inputs.policy));
    const subjects = this.contents.subjects.map(({ id }) => id);
    this.state = new State(`ledger:${this.contents.checkpoint.origin}`, subjects);
    for (const placed of this.contents.records) this.note(placed);
    for (const opening of this.contents.openings) {
      const ofRecord = this.openings.get(opening.index);
      if (ofRecord === undefined) this.openings.set(opening.index, [opening]);
      else ofRecord.push(opening);
    }
    this.lineage = this.findLineage();
  }

  private note(placed: Placed): void {
    this.byDigest.set(hex(placed.message.digest), placed);
    this.byIndex.set(placed.index, placed);
    for (const { id } of placed.payload.subjects) {
      const chain = this.chains.get(id);
      if (chain === undefined) this.chains.set(id, [placed]);
      else chain.push(placed);
    }
  }

  chain(id: SubjectId): readonly Placed[] {
    return this.chains.get(id) ?? [];
  }

  /** The record with this digest, if it is here. */
  record(digest: Bytes): Placed | undefined {
    return this.byDigest.get(hex(digest));
  }

  /** The SHA-256 of entry 0, if its record is here. */
  get genesis(): Bytes | null {
    const [first] = this.contents.records;
    return first?.index === 0n ? sha256(first.entry) : null;
  }

  isGenesis(digest: Bytes | undefined): boolean {
    const { genesis } = this;
    return genesis !== null && digest !== undefined && equal(genesis, digest);
  }

  private findLineage(): Set<SubjectId> {
    const lineage = new Set([this.contents.item]);
    // A set is gone through with what is added on the way.
    for (const id of lineage) {
      for (const placed of this.chain(id)) {
        const forebear = forebearIn(placed);
        if (forebear !== undefined) lineage.add(forebear);
      }
    }
    return lineage;
  }

  /** The custody chains of the lineage. */
  custodyChains(): (readonly Placed[])[] {
    return [...this.lineage].map((id) => this.chain(id));
  }

  /** Every record of the lineage, custody or notes, once. */
  lineageRecords(): Placed[] {
    const notes = [...this.lineage].map((id) => this.chain(sibling(id, "notes")));
    return [...new Set([...this.custodyChains(), ...notes].flat())];
  }
}

/** The item that another one comes from, or lies in, by this record. */
function forebearIn({ payload }: Placed): SubjectId | undefined {
  if (payload.type === "derive" || payload.type === "split") return payload.body.parent;
  return payload.type === "pack" ? payload.body.container : undefined;
}

/** Whether the record begins the item of its chain. */
export function begins({ payload }: Placed, item: SubjectId): boolean {
  switch (payload.type) {
    case "collect":
    case "provider-production":
    case "register-legacy":
      return payload.subjects[0]!.id === item;
    case "derive":
      return payload.body.parent !== item && payload.subjects.some(({ id }) => id === item);
    default:
      return false;
  }
}
