/** A record on its way into a state, as the rules look at it. */
import { Role } from "../cose.ts";
import type { SubjectId } from "../id.ts";
import type { Payload, SignedRecord } from "../record.ts";
import type { State } from "./state.ts";

export class Act {
  /** Positions of items that the receiver did not find. */
  private readonly missing: ReadonlySet<number>;
  /** What is unknown from the next record on. */
  readonly lost: SubjectId[] = [];

  constructor(readonly state: State, readonly record: SignedRecord, readonly index: bigint) {
    const receiver = record.message.signatures.find(({ role }) => role === Role.receiving);
    const outcomes = receiver?.observed?.outcomes ?? [];
    this.missing = new Set(outcomes.filter(([, finding]) => finding === "missing").map(([position]) => position));
  }

  get payload(): Payload {
    return this.record.payload;
  }

  get digest(): Uint8Array {
    return this.record.message.digest;
  }

  get firstSigner(): { readonly role: number; readonly id: SubjectId } {
    const [role, id] = this.payload.signers[0]!;
    return { role, id };
  }

  /** The first signer of role 1 or 9. */
  get actor(): SubjectId | undefined {
    return this.payload.signers.find(([role]) => role === Role.releasing || role === Role.acting)?.[1];
  }

  isMissing(id: SubjectId): boolean {
    return this.missing.has(this.payload.subjects.findIndex((link) => link.id === id));
  }
}
