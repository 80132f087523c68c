/** Lines and what they come to: SPEC, Report. */
import { Refused } from "./refused.ts";

export const LINES = [
  "format", "checkpoint", "manifest", "evidence-files", "signatures", "key-standing", "agencies-pinned",
  "both-sides-signed", "custody-rules", "continuity", "inclusion", "consistency", "completeness", "freshness",
  "witnesses", "timestamps", "redactions", "handling-codes", "disputes",
] as const;

export type LineId = (typeof LINES)[number];

/** The worse first. */
const STATUSES = ["fail", "not-checked", "pass", "not-applicable"] as const;
export type Status = (typeof STATUSES)[number];
export type Verdict = "rejected" | "could-not-check" | "verified";

/** What a line is about: an index, a subject, a name. For people, and no part of the format. */
export type Facts = Readonly<Record<string, string | number>>;

export interface Line {
  readonly id: LineId;
  readonly status: Status;
  readonly code: string;
  readonly isRequired: boolean;
  readonly facts: Facts;
}

export class Report {
  private readonly byId = new Map<LineId, Line>();

  /** Adds a result. Of two the worse one stays; of equal ones the first. */
  private add(line: Line): void {
    const known = this.byId.get(line.id);
    if (known === undefined || STATUSES.indexOf(line.status) < STATUSES.indexOf(known.status)) {
      this.byId.set(line.id, line);
    }
  }

  pass(id: LineId, code = "ok", facts: Facts = {}): void {
    this.add({ id, status: "pass", code, isRequired: true, facts });
  }

  fail(id: LineId, code: string, facts: Facts = {}): void {
    this.add({ id, status: "fail", code, isRequired: true, facts });
  }

  /** A required line that could not be checked. */
  open(id: LineId, code: string, facts: Facts = {}): void {
    this.add({ id, status: "not-checked", code, isRequired: true, facts });
  }

  /** A line that could not be checked and that the verdict does not wait for. */
  leave(id: LineId, code: string, facts: Facts = {}): void {
    this.add({ id, status: "not-checked", code, isRequired: false, facts });
  }

  skip(id: LineId): void {
    this.add({ id, status: "not-applicable", code: "nothing-to-check", isRequired: true, facts: {} });
  }

  /** Passes where `work` does, with the code that it gives, and fails with the code of its refusal. */
  judge(id: LineId, work: () => string | void, facts: Facts = {}): void {
    try {
      this.pass(id, work() ?? "ok", facts);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.fail(id, error.code, facts);
    }
  }

  /** Takes over a line of another report, as if it had been added here. */
  merge(lines: readonly Line[]): void {
    lines.forEach((line) => this.add(line));
  }

  lines(): Line[] {
    return LINES.map((id) => this.byId.get(id)).filter((line) => line !== undefined);
  }

  verdict(): Verdict {
    const lines = this.lines();
    if (lines.some(({ status }) => status === "fail")) return "rejected";
    const isOpen = lines.some(({ status, isRequired }) => isRequired && status === "not-checked");
    return isOpen || lines.length === 0 ? "could-not-check" : "verified";
  }
}
