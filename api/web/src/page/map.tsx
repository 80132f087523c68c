/** Agencies by country, with what they hold and what is on the way between them: a picture, and the same as a table. */
import { printable } from "../../../../verifier-cli/page/src/page/printable.ts";
import { allItems, useLoaded, useShared } from "../state.ts";
import { ProblemNote } from "../ui/problem.tsx";
import type { AgencyView, ItemView } from "../view.ts";

const WIDTH = 720;
const ROW = 84;
const BOX = { width: 210, height: 54 };

interface Place {
  readonly agency: AgencyView;
  readonly x: number;
  readonly y: number;
}

interface Way {
  readonly from: string;
  readonly to: string;
  readonly count: number;
}

function countBy(items: readonly ItemView[], key: (item: ItemView) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  return counts;
}

export function AgencyMap() {
  const { language, people } = useShared();
  const { value, problem } = useLoaded(() => allItems(), []);
  const agencyOf = new Map(people.custodians.map(({ id, agency_id }) => [id, agency_id]));
  const items = value ?? [];
  const held = countBy(items.filter(({ state }) => ["held", "stored", "packed", "checked-out"].includes(state)), ({ holder }) => agencyOf.get(holder.id) ?? "");
  const moving = items.filter(({ state, addressee }) => state === "on-the-way" && addressee !== null);
  const ways = [...countBy(moving, ({ holder, addressee }) => `${agencyOf.get(holder.id)} ${agencyOf.get(addressee!.id)}`)].map(([key, count]): Way => {
    const [from = "", to = ""] = key.split(" ");
    return { from, to, count };
  });
  return (
    <>
      <h1 tabIndex={-1}>{language.say("page-map")}</h1>
      <p class="hint">{language.say("map-hint")}</p>
      <ProblemNote problem={problem} language={language} />
      {value !== null && <Picture agencies={people.agencies} held={held} ways={ways} />}
      <Figures agencies={people.agencies} held={held} ways={ways} />
    </>
  );
}

interface MapProps {
  readonly agencies: readonly AgencyView[];
  readonly held: ReadonlyMap<string, number>;
  readonly ways: readonly Way[];
}

/** Countries are columns, or rows of two where there are many. */
function places(agencies: readonly AgencyView[]): { places: Place[]; countries: { code: string; x: number; y: number }[]; height: number } {
  const byCountry = new Map<string, AgencyView[]>();
  for (const agency of agencies) byCountry.set(agency.country, [...(byCountry.get(agency.country) ?? []), agency]);
  const columns = Math.min(3, Math.max(1, byCountry.size));
  const tops = Array.from({ length: columns }, () => 0);
  const [found, countries]: [Place[], { code: string; x: number; y: number }[]] = [[], []];
  [...byCountry].sort().forEach(([code, list], at) => {
    const column = at % columns;
    const x = (column + 0.5) * (WIDTH / columns);
    countries.push({ code, x, y: tops[column]! + 20 });
    list.forEach((agency, row) => found.push({ agency, x, y: tops[column]! + 62 + row * ROW }));
    tops[column]! += 50 + list.length * ROW;
  });
  return { places: found, countries, height: Math.max(...tops, 100) };
}

function Picture({ agencies, held, ways }: MapProps) {
  const { language } = useShared();
  const { places: found, countries, height } = places(agencies);
  const at = new Map(found.map((place) => [place.agency.id, place]));
  const names = new Intl.DisplayNames([language.tag], { type: "region" });
  return (
    <svg class="map" viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label={language.say("map-label")} direction="ltr">
      {countries.map(({ code, x, y }) => <text key={code} x={x} y={y} text-anchor="middle" class="country">{nameOf(names, code)}</text>)}
      {ways.map((way) => {
        const [from, to] = [at.get(way.from), at.get(way.to)];
        return from === undefined || to === undefined ? null : <Line key={`${way.from}${way.to}`} from={from} to={to} count={way.count} />;
      })}
      {found.map(({ agency, x, y }) => (
        <g key={agency.id} class="agency">
          <rect x={x - BOX.width / 2} y={y - BOX.height / 2} width={BOX.width} height={BOX.height} rx="6" />
          <text x={x} y={y - 4} text-anchor="middle">{short(printable(agency.name))}</text>
          <text x={x} y={y + 16} text-anchor="middle" class="number">{language.say("items-count", { count: held.get(agency.id) ?? 0 })}</text>
        </g>
      ))}
    </svg>
  );
}

function Line({ from, to, count }: { from: Place; to: Place; count: number }) {
  const direction = from.x < to.x ? 1 : -1;
  const isSame = from.x === to.x;
  const [x1, x2] = isSame ? [from.x + BOX.width / 2, to.x + BOX.width / 2] : [from.x + (direction * BOX.width) / 2, to.x - (direction * BOX.width) / 2];
  const [cx, cy] = isSame ? [x1 + 40, (from.y + to.y) / 2] : [(x1 + x2) / 2, (from.y + to.y) / 2 + direction * 22];
  return (
    <g class="way">
      <path d={`M${x1} ${from.y}Q${cx} ${cy} ${x2} ${to.y}`} />
      <circle cx={x2} cy={to.y} r="4" />
      <circle cx={cx} cy={cy} r="13" class="badge" />
      <text x={cx} y={cy + 5} text-anchor="middle" class="number">{count}</text>
    </g>
  );
}

function short(name: string): string {
  return name.length > 25 ? `${name.slice(0, 24)}…` : name;
}

function nameOf(names: Intl.DisplayNames, code: string): string {
  try {
    return names.of(code) ?? code;
  } catch {
    return code;
  }
}

function Figures({ agencies, held, ways }: MapProps) {
  const { language } = useShared();
  const total = (key: "from" | "to", id: string) => ways.filter((way) => way[key] === id).reduce((sum, { count }) => sum + count, 0);
  return (
    <table class="stacked">
      <caption>{language.say("map-table")}</caption>
      <thead><tr>{(["agency", "country", "holds", "leaving", "coming"] as const).map((word) => <th key={word} scope="col">{language.say(word)}</th>)}</tr></thead>
      <tbody>
        {agencies.map(({ id, name, country }) => (
          <tr key={id}>
            <th scope="row"><bdi>{printable(name)}</bdi></th>
            <td>{country}</td><td>{held.get(id) ?? 0}</td><td>{total("from", id)}</td><td>{total("to", id)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
