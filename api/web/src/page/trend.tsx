/** How many records a day the ledger took in, of the newest: a picture, and the same as a table. */
import { decodeBase64 } from "../../../../verifier-cli/page/src/base64.ts";
import { readEntry } from "../../../../verifier-cli/page/src/entry.ts";
import { askJson } from "../http.ts";
import { useLoaded, useShared } from "../state.ts";
import { ProblemNote } from "../ui/problem.tsx";
import { Table } from "../ui/table.tsx";

/** Entries of one answer of the server, at most. */
const ENTRIES = 256;
const PAGES = 8;
const DAYS = 30;
const BAR = { width: 20, height: 120 };

async function load(size: number): Promise<[string, number][]> {
  const days = new Map<string, number>();
  for (let page = 0, hi = size; page < PAGES && hi > 0; page++, hi -= ENTRIES) {
    const { entries } = await askJson<{ entries: { entry: string }[] }>(`/v1/entries?lo=${Math.max(0, hi - ENTRIES)}&hi=${hi}`);
    for (const { entry } of entries) {
      const { acceptedMs } = readEntry(decodeBase64(entry) ?? new Uint8Array());
      const day = new Date(Number(acceptedMs)).toISOString().slice(0, 10);
      days.set(day, (days.get(day) ?? 0) + 1);
    }
  }
  return [...days].sort().slice(-DAYS);
}

export function Trend({ size }: { size: number }) {
  const { language } = useShared();
  const { value, problem, again } = useLoaded(() => load(size), [size]);
  if (problem !== null) return <ProblemNote problem={problem} language={language} again={again} />;
  if (value === null || value.length === 0) return null;
  const most = Math.max(...value.map(([, count]) => count));
  const width = value.length * (BAR.width + 4);
  return (
    <section>
      <h2>{language.say("trend", { count: Math.min(size, ENTRIES * PAGES) })}</h2>
      <svg class="trend" viewBox={`0 0 ${width} ${BAR.height + 18}`} width={width} role="img" aria-label={language.say("trend-label")}>
        {value.map(([day, count], at) => {
          const height = Math.max(2, (count / most) * BAR.height);
          return (
            <g key={day}>
              <rect x={at * (BAR.width + 4)} y={BAR.height - height} width={BAR.width} height={height} />
              <text x={at * (BAR.width + 4) + BAR.width / 2} y={BAR.height + 14} text-anchor="middle">{day.slice(8)}</text>
            </g>
          );
        })}
      </svg>
      <details>
        <summary>{language.say("as-table")}</summary>
        <Table heads={[language.say("day"), language.say("records")]} rows={value.map(([day, count]) => ({ key: day, cells: [<bdi>{day}</bdi>, language.count(count)] }))} />
      </details>
    </section>
  );
}
