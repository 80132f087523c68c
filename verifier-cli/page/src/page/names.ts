/** What people and agencies are called, as far as the exhibit shows it. */
import { Reader } from "../cbor.ts";
import { kindOf, type SubjectId } from "../id.ts";
import { codeOf } from "../refused.ts";
import { checkOpening } from "../sealed.ts";
import type { Case } from "../verify/case.ts";
import { printable } from "./printable.ts";

export class Names {
  private readonly names = new Map<SubjectId, string>();

  constructor(one: Case) {
    for (const { index, payload } of one.contents.records) {
      if (payload.type === "ledger-open") payload.body.agencies.forEach(({ id, name }) => this.names.set(id, name));
      if (payload.type === "agency-enrol") this.names.set(payload.body.agency.id, payload.body.agency.name);
      const [subject] = payload.subjects;
      if (payload.type === "agency-update" && payload.body.name !== undefined) this.names.set(subject!.id, payload.body.name);
      if (payload.type !== "custodian-enrol") continue;
      for (const opening of one.openings.get(index) ?? []) {
        const fits = opening.field === "name" && codeOf(() => checkOpening(opening, payload)) === null;
        if (fits) codeOf(() => this.names.set(subject!.id, Reader.read(opening.value, (reader) => reader.text())));
      }
    }
  }

  /** The name, if there is one, and the beginning of the id; else the id. */
  of(id: SubjectId): string {
    const name = this.names.get(id);
    return printable(name === undefined ? id : `${name} (${shortened(id)})`);
  }
}

/** The kind and the first eight digits of an id: enough to tell one from another in a table. */
export function shortened(id: SubjectId): string {
  return kindOf(id) === "ledger" ? id : id.slice(0, id.indexOf(":") + 9);
}
