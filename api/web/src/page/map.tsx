/** Agencies by country, with what they hold and what is on the way between them: a picture, and the same as a table. */
import { printable } from "../../../../verifier-cli/page/src/page/printable.ts";
import { askJson } from "../http.ts";
import { useLoaded, useShared } from "../state.ts";
import { ProblemNote } from "../ui/problem.tsx";
import { Table } from "../ui/table.tsx";
import type { AgencyView, MapView } from "../view.ts";

const WIDTH = 760;
const BOX = { width: 212, height: 86 };
/** Longest line of a name that a box has room for, and how far lines are apart. */
const LINE = { characters: 26, height: 17 };
/** Half the height of the number on a way, and what each character beyond the third makes it wider. */
const BADGE = { radius: 15, character: 9 };

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

export function AgencyMap() {
  const { language, people, session } = useShared();
  const { value, problem, again } = useLoaded(() => askJson<MapView>("/v1/map"), []);
  const held = new Map((value?.agencies ?? []).map(({ agency, items }) => [agency, items]));
  const ways = (value?.ways ?? []).map(({ from, to, items }): Way => ({ from, to, count: items }));
  return (
    <>
      <h1 tabIndex={-1}>{language.say("page-map")}</h1>
      <p class="hint">{language.say("map-hint")}{!session.is_overseer && <> {language.say("map-mine")}</>}</p>
      <ProblemNote problem={problem} language={language} again={again} />
      {value !== null && <Picture agencies={people.agencies} held={held} ways={ways} />}
      {value !== null && <Figures agencies={people.agencies} held={held} ways={ways} />}
    </>
  );
}

interface MapProps {
  readonly agencies: readonly AgencyView[];
  readonly held: ReadonlyMap<string, number>;
  readonly ways: readonly Way[];
}

/** Agencies on an oval, neighbours of one country side by side: no way between two runs through a third. */
function places(agencies: readonly AgencyView[]): { places: Place[]; height: number } {
  const sorted = [...agencies].sort((a, b) => (a.country < b.country ? -1 : a.country > b.country ? 1 : a.name < b.name ? -1 : 1));
  const [rx, ry] = [(WIDTH - BOX.width) / 2 - 4, Math.max(110, sorted.length * 34)];
  const place = (agency: AgencyView, at: number): Place => {
    const angle = (2 * Math.PI * at) / sorted.length - Math.PI / 2;
    return { agency, x: WIDTH / 2 + rx * Math.cos(angle), y: ry + BOX.height / 2 + 4 + ry * Math.sin(angle) };
  };
  return { places: sorted.map(place), height: 2 * ry + BOX.height + 8 };
}

function Picture({ agencies, held, ways }: MapProps) {
  const { language } = useShared();
  const { places: found, height } = places(agencies);
  const at = new Map(found.map((place) => [place.agency.id, place]));
  const names = new Intl.DisplayNames([language.tag], { type: "region" });
  const drawn = ways.flatMap((way) => {
    const [from, to] = [at.get(way.from), at.get(way.to)];
    return from === undefined || to === undefined || from === to ? [] : [{ from, to, count: way.count }];
  });
  return (
    <svg class="map" viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label={language.say("map-label")} direction="ltr">
      {drawn.map(({ from, to }) => <path key={`${from.agency.id}${to.agency.id}`} class="way" d={curve(from, to)} />)}
      {found.map(({ agency, x, y }) => (
        <g key={agency.id} class="agency">
          <rect x={x - BOX.width / 2} y={y - BOX.height / 2} width={BOX.width} height={BOX.height} rx="6" />
          <text x={x} y={y - 25} text-anchor="middle" class="country" direction={language.direction}>{nameOf(names, agency.country)}</text>
          <AgencyName lines={linesOf(printable(agency.name))} x={x} y={y + 2} />
          <text x={x} y={y + 34} text-anchor="middle" class="number" direction={language.direction}>{language.say("items-count", { count: held.get(agency.id) ?? 0 })}</text>
        </g>
      ))}
      {drawn.map((way) => <Badge key={`${way.from.agency.id}${way.to.agency.id}`} {...way} />)}
    </svg>
  );
}

/** The way there and the way back bend to different sides. */
function bend(from: Place, to: Place): { x: number; y: number } {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(dx, dy);
  return { x: (from.x + to.x) / 2 - (dy / length) * 36, y: (from.y + to.y) / 2 + (dx / length) * 36 };
}

function curve(from: Place, to: Place): string {
  const { x, y } = bend(from, to);
  return `M${from.x} ${from.y}Q${x} ${y} ${to.x} ${to.y}`;
}

/** How many there are, with an arrow head that points to where they go. */
function Badge({ from, to, count }: { from: Place; to: Place; count: number }) {
  const { language } = useShared();
  const text = language.count(count);
  const stretch = (Math.max(0, text.length - 3) * BADGE.character) / 2;
  const middle = bend(from, to);
  const [x, y] = [(from.x + to.x) / 4 + middle.x / 2, (from.y + to.y) / 4 + middle.y / 2];
  const angle = Math.atan2(to.y - from.y, to.x - from.x);
  const head = `translate(${x + stretch * Math.cos(angle)} ${y}) rotate(${(angle * 180) / Math.PI})`;
  const width = 2 * (BADGE.radius + stretch);
  return (
    <g class="badge">
      <path d="M12 -9L26 0L12 9Z" transform={head} />
      <rect x={x - width / 2} y={y - BADGE.radius} width={width} height={2 * BADGE.radius} rx={BADGE.radius} />
      <text x={x} y={y + 5} text-anchor="middle">{text}</text>
    </g>
  );
}

/** The lines of a name, around their middle. */
function AgencyName({ lines, x, y }: { lines: readonly string[]; x: number; y: number }) {
  const first = y - ((lines.length - 1) * LINE.height) / 2 + 3;
  return <>{lines.map((line, at) => <text key={at} x={x} y={first + at * LINE.height} text-anchor="middle" class="name">{line}</text>)}</>;
}

/** A name on two lines at most, broken between its words; only one that is longer still is cut. */
function linesOf(name: string): readonly string[] {
  if (name.length <= LINE.characters) return [name];
  const breaks = [...name.matchAll(/[ -]/g)].map(({ index }) => index + 1).filter((at) => at <= LINE.characters + 1);
  // As even as can be: the last place that leaves room for the rest, else as much as there is room for.
  const even = breaks.find((at) => at >= name.length / 2) ?? breaks.at(-1) ?? LINE.characters;
  const rest = name.slice(even);
  return [name.slice(0, even).trimEnd(), rest.length > LINE.characters ? `${rest.slice(0, LINE.characters - 1)}…` : rest];
}

function nameOf(names: Intl.DisplayNames, code: string): string {
  try {
    return names.of(code) ?? code;
  } catch {
    return code;
  }
}

function Figures({ agencies, held, ways }: MapProps) {
  const { language, session } = useShared();
  const total = (key: "from" | "to", id: string) => ways.filter((way) => way[key] === id).reduce((sum, { count }) => sum + count, 0);
  return (
    <Table
      caption={language.say(session.is_overseer ? "map-table" : "map-table-mine")}
      heads={(["agency", "country", "holds", "leaving", "coming"] as const).map((word) => language.say(word))}
      rows={agencies.map(({ id, name, country }) => ({ key: id, cells: [
        <bdi>{printable(name)}</bdi>, country, ...[held.get(id) ?? 0, total("from", id), total("to", id)].map((count) => language.count(count)),
      ] }))}
    />
  );
}
