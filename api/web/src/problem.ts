/** Why something was not done: a code, and what the server says besides. */
import { Refused } from "../../../verifier-cli/page/src/refused.ts";

export class Problem extends Error {
  constructor(readonly status: number, readonly code: string, readonly detail: string, readonly request = "") {
    super(`${code}: ${detail}`);
    this.name = "Problem";
  }

  /** RFC 9457, as the server has it. */
  static async of(response: Response): Promise<Problem> {
    const found: unknown = await response.json().catch(() => null);
    const fields = (typeof found === "object" && found !== null ? found : {}) as Record<string, unknown>;
    const text = (name: string, otherwise: string) => (typeof fields[name] === "string" ? fields[name] : otherwise);
    const detail = [text("detail", response.statusText), text("hint", "")].filter((part) => part !== "").join(" - ");
    return new Problem(response.status, text("code", `http/${response.status}`), detail, text("instance", ""));
  }

  /** Whatever was thrown, as something that can be shown. */
  static from(thrown: unknown): Problem {
    if (thrown instanceof Problem) return thrown;
    if (thrown instanceof Refused) return new Problem(0, thrown.code, "");
    return new Problem(0, "page/fault", thrown instanceof Error ? thrown.message : String(thrown));
  }
}
