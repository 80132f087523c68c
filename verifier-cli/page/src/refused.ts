/** A reason for which something is refused: a code of SPEC, and nothing else. */
export class Refused extends Error {
  constructor(readonly code: string) {
    super(code);
    this.name = "Refused";
  }
}

export function refuse(code: string): never {
  throw new Refused(code);
}

/** Holds, or is refused with `code`. */
export function demand(holds: boolean, code: string): asserts holds {
  if (!holds) throw new Refused(code);
}

/** The code with which `work` is refused, or null. Any other error is a fault of ours and goes on. */
export function codeOf(work: () => unknown): string | null {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof Refused) return error.code;
    throw error;
  }
}
