/** Why something was not done: a code, and what the server says besides. */
import { Refused } from "../../../verifier-cli/page/src/refused.ts";

export class Problem extends Error {
  /** `fields`: what is wrong with fields of the form, by the last part of the pointer to each. */
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly request = "",
    readonly fields: ReadonlyMap<string, string> = new Map(),
  ) {
    super(`${code}: ${detail}`);
    this.name = "Problem";
  }

  /** Whether the same may go well a little later: nothing was wrong with what was asked for. */
  get isPassing(): boolean {
    return ["http/unreachable", "http/busy"].includes(this.code) || [408, 429].includes(this.status) || this.status >= 500;
  }

  /** RFC 9457, as the server has it. */
  static async of(response: Response): Promise<Problem> {
    const found: unknown = await response.json().catch(() => null);
    const fields = (typeof found === "object" && found !== null ? found : {}) as Record<string, unknown>;
    const text = (name: string, otherwise: string) => (typeof fields[name] === "string" ? fields[name] : otherwise);
    const detail = [text("detail", response.statusText), text("hint", "")].filter((part) => part !== "").join(" - ");
    return new Problem(response.status, text("code", `http/${response.status}`), detail, text("instance", ""), fieldsOf(fields["errors"]));
  }

  /** Whatever was thrown, as something that can be shown. */
  static from(thrown: unknown): Problem {
    if (thrown instanceof Problem) return thrown;
    if (thrown instanceof Refused) return new Problem(0, thrown.code, "");
    return new Problem(0, "page/fault", thrown instanceof Error ? thrown.message : String(thrown));
  }
}

/** The names of fields that JSON pointers end with, and what is wrong with each. */
function fieldsOf(errors: unknown): Map<string, string> {
  const found = new Map<string, string>();
  for (const error of Array.isArray(errors) ? (errors as unknown[]) : []) {
    const { pointer, detail } = (error ?? {}) as Record<string, unknown>;
    if (typeof pointer === "string" && typeof detail === "string") found.set(pointer.split("/").at(-1) ?? "", detail);
  }
  return found;
}
