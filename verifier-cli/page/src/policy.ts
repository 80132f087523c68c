/** Whose checkpoints count: SPEC, Policy. */
import { equal, hex, textOf, type Bytes } from "./bytes.ts";
import type { Checkpoint } from "./checkpoint.ts";
import type { NoteLine } from "./note.ts";
import { Algorithm, readVerifierKey, verifyLine, type VerifierKey } from "./note/verifier-key.ts";
import { codeOf, demand, refuse } from "./refused.ts";

const MAX_POLICY = 262_144;
const MAX_LINES_OF_A_KIND = 64;

interface Group {
  readonly threshold: number;
  readonly members: readonly string[];
}

export class Policy {
  /** The two keys of each log, by origin and algorithm. */
  readonly logs: VerifierKey[] = [];
  /** Witnesses by the names that the policy gives them. */
  readonly witnesses = new Map<string, VerifierKey>();
  readonly groups = new Map<string, Group>();
  quorum: string | undefined;

  hasLog(origin: string): boolean {
    return this.logs.some(({ name }) => name === origin);
  }

  logKey(origin: string, algorithm: number): VerifierKey | undefined {
    return this.logs.find((key) => key.name === origin && key.algorithm === algorithm);
  }

  /** Whether these witnesses, by their names here, are enough. */
  isMetBy(cosigned: ReadonlySet<string>): boolean {
    const isMet = (name: string): boolean => {
      const group = this.groups.get(name);
      if (group === undefined) return cosigned.has(name);
      return group.members.filter(isMet).length >= group.threshold;
    };
    return this.quorum === "none" || isMet(this.quorum!);
  }
}

export function readPolicy(bytes: Bytes): Policy {
  demand(bytes.length <= MAX_POLICY, "policy/too-long");
  const isAllowed = (byte: number) => byte === 0x09 || byte === 0x0a || (byte >= 0x20 && byte !== 0x7f);
  demand(bytes.every(isAllowed), "policy/control-character");
  demand(bytes.length === 0 || bytes.at(-1) === 0x0a, "policy/truncated");
  const builder = new Builder();
  // Names are bytes, which need not be UTF-8: each stands here as the character of its number.
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  for (const line of text.split("\n")) builder.take(line.split(/[ \t]+/).filter((item) => item !== ""));
  return builder.finish();
}

class Builder {
  private readonly policy = new Policy();
  private readonly counts = new Map<string, number>();
  private readonly members = new Set<string>();

  take(items: readonly string[]): void {
    const [keyword] = items;
    if (keyword === undefined || keyword.startsWith("#")) return;
    const counted = ({ log: [2, 3], witness: [3, 4], group: [4, Infinity], quorum: [2, 2] } as Record<string, number[]>)[keyword];
    demand(counted !== undefined, "policy/keyword");
    demand(items.length >= counted[0]! && items.length <= counted[1]!, "policy/item-count");
    const count = (this.counts.get(keyword) ?? 0) + 1;
    demand(keyword === "quorum" || count <= MAX_LINES_OF_A_KIND, "policy/too-many-lines");
    this.counts.set(keyword, count);
    const [, first, second] = items as [string, string, string];
    if (keyword === "log") this.takeLog(first);
    else if (keyword === "witness") this.takeWitness(first, second);
    else if (keyword === "group") this.takeGroup(first, second, items.slice(3));
    else this.takeQuorum(first);
  }

  private takeLog(vkey: string): void {
    const key = readKeyOf(vkey);
    demand(key.algorithm !== Algorithm.cosignature, "policy/algorithm");
    this.demandNew(key, this.policy.logs, [...this.policy.witnesses.values()]);
    demand(this.policy.logKey(key.name, key.algorithm) === undefined, "policy/log-key-repeated");
    this.policy.logs.push(key);
  }

  private takeWitness(name: string, vkey: string): void {
    const key = readKeyOf(vkey);
    demand(key.algorithm !== Algorithm.ed25519, "policy/algorithm");
    this.demandNew(key, [...this.policy.witnesses.values()], this.policy.logs);
    this.demandNewName(name);
    this.policy.witnesses.set(name, key);
  }

  private demandNew(key: VerifierKey, same: readonly VerifierKey[], others: readonly VerifierKey[]): void {
    const isOther = (other: VerifierKey) => equal(other.key, key.key) || other.name === key.name;
    demand(!others.some(isOther), "policy/log-as-witness");
    demand(!same.some((one) => equal(one.key, key.key)), "policy/duplicate-key");
    const isNamed = (one: VerifierKey) => one.name === key.name && equal(one.keyId, key.keyId);
    demand(!same.some(isNamed), "policy/duplicate-key-id");
  }

  private demandNewName(name: string): void {
    demand(name !== "none", "policy/reserved-name");
    demand(!this.isDefined(name), "policy/duplicate-name");
  }

  private isDefined(name: string): boolean {
    return this.policy.witnesses.has(name) || this.policy.groups.has(name);
  }

  private takeGroup(name: string, threshold: string, members: readonly string[]): void {
    const number = readThreshold(threshold, members.length);
    for (const member of members) {
      demand(member !== "none", "policy/reserved-name");
      demand(this.isDefined(member), "policy/undefined-name");
      demand(!this.members.has(member), "policy/member-repeated");
      this.members.add(member);
    }
    this.demandNewName(name);
    this.policy.groups.set(name, { threshold: number, members });
  }

  private takeQuorum(name: string): void {
    demand(this.policy.quorum === undefined, "policy/quorum-repeated");
    demand(name === "none" || this.isDefined(name), "policy/undefined-name");
    this.policy.quorum = name;
  }

  finish(): Policy {
    const { policy } = this;
    demand(policy.quorum !== undefined, "policy/quorum-missing");
    const hasBoth = ({ name }: VerifierKey) =>
      [Algorithm.ed25519, Algorithm.mldsa44].every((algorithm) => policy.logKey(name, algorithm) !== undefined);
    demand(policy.logs.every(hasBoth), "policy/log-key-missing");
    demand(policy.logs.length > 0, "policy/no-log");
    return policy;
  }
}

function readKeyOf(item: string): VerifierKey {
  const bytes = Uint8Array.from(item, (character) => character.charCodeAt(0));
  return readVerifierKey(textOf(bytes) ?? refuse("vkey/name"));
}

function readThreshold(text: string, members: number): number {
  if (text === "any") return 1;
  if (text === "all") return members;
  const number = /^[1-9][0-9]{0,5}$/.test(text) ? Number(text) : 0;
  return number >= 1 && number <= members ? number : refuse("policy/threshold");
}

/** What a policy says of a checkpoint that it takes. */
export interface Held {
  /** The log's time; 0 where it states none. */
  readonly logTimeS: bigint;
  /** The witnesses that cosigned, by their names in the policy, with the times that they state. */
  readonly cosigned: ReadonlyMap<string, bigint>;
  readonly isMet: boolean;
}

/** Holds the checkpoint against the policy, all but the quorum. */
export function holdAgainst(checkpoint: Checkpoint, policy: Policy): Held {
  demand(policy.hasLog(checkpoint.origin), "policy/unknown-log");
  const logTimeS = verifyLog(checkpoint, policy);
  for (const key of policy.logs) {
    const line = key.name === checkpoint.origin ? undefined : lineOf(checkpoint, key);
    if (line !== undefined) verifyAs(checkpoint, key, line, "policy/other-log-invalid");
  }
  const cosigned = new Map<string, bigint>();
  for (const [name, key] of policy.witnesses) {
    const line = lineOf(checkpoint, key);
    if (line !== undefined) cosigned.set(name, verifyAs(checkpoint, key, line, "policy/witness-invalid"));
  }
  return { logTimeS, cosigned, isMet: policy.isMetBy(new Set(cosigned.keys())) };
}

/** The log's time. Both lines are there and verify. */
function verifyLog(checkpoint: Checkpoint, policy: Policy): bigint {
  let time = 0n;
  for (const [algorithm, name] of [[Algorithm.ed25519, "ed25519"], [Algorithm.mldsa44, "mldsa"]] as const) {
    const key = policy.logKey(checkpoint.origin, algorithm)!;
    const line = lineOf(checkpoint, key) ?? refuse(`checkpoint/log-${name}-missing`);
    time = verifyAs(checkpoint, key, line, `checkpoint/log-${name}-invalid`);
  }
  return time;
}

function lineOf({ lines }: Checkpoint, key: VerifierKey): NoteLine | undefined {
  return lines.find((line) => line.name === key.name && hex(line.keyId) === hex(key.keyId));
}

function verifyAs(checkpoint: Checkpoint, key: VerifierKey, line: NoteLine, code: string): bigint {
  let time = 0n;
  const found = codeOf(() => (time = verifyLine(key, line, checkpoint)));
  demand(found === null, code);
  return time;
}
