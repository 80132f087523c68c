/** A table that a telephone shows as a list: each cell says its column's name there, and no table can forget to. */
import type { ComponentChildren } from "preact";
import { useShared } from "../state.ts";

export interface Row {
  readonly key: string;
  /** Its cells, in the order of the columns. */
  readonly cells: readonly ComponentChildren[];
  /** Its class. */
  readonly look?: string;
}

interface TableProps {
  readonly heads: readonly string[];
  /** Which column names the row. */
  readonly named?: number;
  readonly rows: readonly Row[];
  readonly caption?: string;
}

export function Table({ heads, named = 0, rows, caption }: TableProps) {
  const { language } = useShared();
  const labels = heads.map((label) => language.say("labelled", { label }));
  return (
    <table class="stacked">
      {caption !== undefined && <caption>{caption}</caption>}
      <thead><tr>{heads.map((head) => <th key={head} scope="col">{head}</th>)}</tr></thead>
      <tbody>
        {rows.map(({ key, cells, look }) => (
          <tr key={key} class={look}>
            {cells.map((cell, at) => at === named
              ? <th key={at} scope="row" data-label={labels[at]}>{cell}</th>
              : <td key={at} data-label={labels[at]}>{cell}</td>)}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
