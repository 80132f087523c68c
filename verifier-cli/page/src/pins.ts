/** The reader's own keys of agencies: SPEC, Pins. */
import { fromHex, textOf, type Bytes } from "./bytes.ts";
import { isId, type SubjectId } from "./id.ts";
import { demand, refuse } from "./refused.ts";

const MAX_PINS = 65_536;

export interface Pins {
  readonly genesis: Bytes;
  /** In the order of the list. */
  readonly agencies: readonly { readonly id: SubjectId; readonly kid: Bytes }[];
}

export function readPins(bytes: Bytes): Pins {
  demand(bytes.length <= MAX_PINS, "pins/oversize");
  const text = textOf(bytes) ?? refuse("pins/line");
  const rows = (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n");
  const [, genesis] = /^genesis ([0-9a-f]{64})$/.exec(rows[0]!) ?? refuse("pins/genesis");
  const seen = new Set<string>();
  const agencies = rows.slice(1).map((row) => {
    const [, id, kid] = /^([^ ]+) ([0-9a-f]{64})$/.exec(row) ?? refuse("pins/line");
    demand(isId(id!, "agency"), "pins/line");
    demand(!seen.has(row), "pins/duplicate");
    seen.add(row);
    return { id: id!, kid: fromHex(kid!)! };
  });
  return { genesis: fromHex(genesis!)!, agencies };
}
