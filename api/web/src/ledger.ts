/**
 * The ledger as this browser knows it: its keys and its genesis as they were met first, and the newest checkpoint that was
 * seen. Whatever the server says later is held against that.
 */
import { encodeBase64 } from "../../../verifier-cli/page/src/base64.ts";
import { equal, fromHex, utf8, type Bytes } from "../../../verifier-cli/page/src/bytes.ts";
import { readCheckpoint, type Checkpoint } from "../../../verifier-cli/page/src/checkpoint.ts";
import { encodeEntry } from "../../../verifier-cli/page/src/entry.ts";
import { verifyConsistency } from "../../../verifier-cli/page/src/merkle.ts";
import { holdAgainst, readPolicy, type Policy } from "../../../verifier-cli/page/src/policy.ts";
import { readReceipt } from "../../../verifier-cli/page/src/receipt.ts";
import { codeOf, demand, refuse, Refused } from "../../../verifier-cli/page/src/refused.ts";
import type { Report } from "../../../verifier-cli/page/src/report.ts";
import { verifyReceipt } from "../../../verifier-cli/page/src/verify/receipt.ts";
import { askJson } from "./http.ts";
import { keepLedger, keptLedger, type KeptHead, type KeptLedger } from "./store.ts";

export interface LedgerView {
  readonly origin: string;
  readonly genesis: string;
  readonly is_training: boolean;
  readonly size: number;
  readonly root: string;
  readonly log_keys: readonly string[];
}

/** How often two answers are asked for that are of one moment. */
const ATTEMPTS = 5;

interface HeadView {
  readonly checkpoint: string;
  readonly proof: readonly string[];
}

function readHashes(proof: readonly string[]): Bytes[] {
  return proof.map((digits) => fromHex(digits) ?? refuse("http/digest"));
}

/** Two heads of one ledger of which neither continues the other: evidence, and kept. */
export class TwoHeads extends Error {
  constructor(readonly code: string, readonly known: KeptHead, readonly shown: KeptHead) {
    super(code);
  }
}

/** A record that the ledger took in, as the server says. */
export interface Acknowledged {
  readonly entry: number;
  readonly record: string;
  readonly accepted: string;
  readonly accepted_ms: number;
  readonly index_root: string;
  readonly was_known: boolean;
  readonly receipt: string;
}

export class Ledger {
  private looking: Promise<void> = Promise.resolve();
  /** Heads of receipts that are still to be held against the known one. */
  private readonly shown = new Set<KeptHead>();

  private constructor(private kept: KeptLedger, readonly isTraining: boolean, readonly isNew: boolean) {}

  /** The ledger at this address. What was met before has to be what is there now. */
  static async meet(): Promise<Ledger> {
    const view = await askJson<LedgerView>("/v1/ledger");
    const known = await keptLedger(view.origin);
    const keys = [...view.log_keys];
    if (known !== undefined) {
      demand(known.genesis === view.genesis, "page/other-genesis");
      demand(known.logKeys.join() === keys.join(), "page/other-log-keys");
    }
    const kept = known ?? { origin: view.origin, genesis: view.genesis, logKeys: keys, head: null };
    // The mark is in the name, so that nobody can take it off: SPEC has it so.
    const ledger = new Ledger(kept, kept.origin.startsWith("training-not-evidence/"), known === undefined);
    if (known === undefined) await keepLedger(kept);
    return ledger;
  }

  get origin(): string {
    return this.kept.origin;
  }

  get genesis(): Bytes {
    return fromHex(this.kept.genesis) ?? refuse("page/other-genesis");
  }

  get head(): KeptHead | null {
    return this.kept.head;
  }

  get policy(): Policy {
    return readPolicy(utf8(`${this.kept.logKeys.map((key) => `log ${key}\n`).join("")}quorum none\n`));
  }

  get pins() {
    return { genesis: this.genesis, agencies: [] };
  }

  /**
   * Looks at the server's newest checkpoint: both of the log's signatures, and that it continues the one that is known. One
   * look after another: a proof from the head that was known when it was asked for says nothing about a later one.
   */
  look(): Promise<void> {
    const looked = this.looking.then(() => this.lookOnce()).then(() => this.holdShown());
    this.looking = looked.catch(() => undefined);
    return looked;
  }

  /**
   * Holds the head of a receipt, which was verified, against the known one: else a server could show a record in a tree that
   * it shows nobody else. Where it cannot be asked now, the next look does it.
   */
  holdReceipt(receipt: string): Promise<void> {
    const { size, root } = readReceipt(utf8(receipt)).checkpoint;
    this.shown.add({ size, root, note: receipt.slice(receipt.indexOf("\n\n") + 2) });
    return this.look();
  }

  private async holdShown(): Promise<void> {
    for (const shown of this.shown) {
      const known = this.kept.head;
      const isKnown = known?.size === shown.size && equal(known.root, shown.root);
      if (!isKnown) await this.checkSeenOnce([shown.size, shown.root]).catch((thrown: unknown) => {
        const isOther = thrown instanceof Refused && thrown.code.startsWith("consistency-");
        throw isOther ? new TwoHeads(thrown.code, known ?? shown, shown) : thrown;
      });
      this.shown.delete(shown);
    }
  }

  private async lookOnce(): Promise<void> {
    const from = this.kept.head?.size ?? 0n;
    const { checkpoint, proof } = await askJson<HeadView>(`/v1/head?from=${from}`);
    await this.take(readCheckpoint(utf8(checkpoint)), checkpoint, readHashes(proof));
  }

  /**
   * Checks that a head which a record says was seen is one of the tree that is known here. Who signs `seen` says that they
   * knew that head: a server must not have them say it of another history.
   */
  checkSeen(seen: readonly [bigint, Bytes]): Promise<void> {
    const checked = this.looking.then(() => this.checkSeenOnce(seen));
    this.looking = checked.catch(() => undefined);
    return checked;
  }

  private async checkSeenOnce([size, root]: readonly [bigint, Bytes]): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { checkpoint, proof } = await askJson<HeadView>(`/v1/head?from=${size}`);
      const newest = readCheckpoint(utf8(checkpoint));
      verifyConsistency({ size, root }, newest, readHashes(proof));
      await this.lookOnce();
      // Where more was recorded between the two answers, they are asked for again.
      if (this.head?.size === newest.size) return demand(equal(this.head.root, newest.root), "consistency-fork");
    }
    refuse("http/busy");
  }

  private async take(checkpoint: Checkpoint, note: string, proof: readonly Bytes[]): Promise<void> {
    demand(checkpoint.origin === this.origin, "policy/unknown-log");
    holdAgainst(checkpoint, this.policy);
    const shown: KeptHead = { size: checkpoint.size, root: checkpoint.root, note };
    const known = this.kept.head;
    if (known !== null) {
      const code = codeOf(() => verifyConsistency(known, shown, proof));
      if (code !== null) throw new TwoHeads(code, known, shown);
    }
    if (known === null || shown.size > known.size) {
      this.kept = { ...this.kept, head: shown };
      await keepLedger(this.kept);
    }
  }

  /** Verifies a receipt: the record is in the tree, the log's two keys signed the tree, and it is this ledger's. */
  verify(record: Bytes, acknowledged: Acknowledged): Report {
    const entry = encodeEntry({
      acceptedMs: BigInt(acknowledged.accepted_ms),
      indexRoot: fromHex(acknowledged.index_root) ?? refuse("http/digest"),
      record: fromHex(acknowledged.record) ?? refuse("http/digest"),
    });
    return this.verifyFiles(record, entry, acknowledged.receipt);
  }

  verifyFiles(record: Bytes, entry: Bytes, receipt: string): Report {
    return verifyReceipt({ receipt: utf8(receipt), entry, record }, this.policy, this.pins);
  }
}

/** A head as a person can write it down. */
export function headText({ size, root }: KeptHead): string {
  return `${size} ${encodeBase64(root)}`;
}
