/** The words of the pages, in the languages of the catalogue. Codes stay codes, and get a label. */
import ar from "../catalogue/ar.json";
import de from "../catalogue/de.json";
import en from "../catalogue/en.json";
import es from "../catalogue/es.json";
import fr from "../catalogue/fr.json";
import pt from "../catalogue/pt.json";
import ru from "../catalogue/ru.json";
import zh from "../catalogue/zh.json";

export type Word = keyof typeof en;
export type Tag = keyof typeof CATALOGUES;
type Values = Readonly<Record<string, string | number>>;

const CATALOGUES = { en, fr, es, ar, zh, ru, de, pt } satisfies Record<string, Record<Word, string>>;
const RIGHT_TO_LEFT: readonly string[] = ["ar"];
const CHOSEN = "custody-language";

const FIRST_STRONG_ISOLATE = String.fromCodePoint(0x2068);
const POP_ISOLATE = String.fromCodePoint(0x2069);

export const TAGS = Object.keys(CATALOGUES) as Tag[];

export class Language {
  private collator: Intl.Collator | undefined;

  constructor(readonly tag: Tag) {}

  /** What was chosen before, else the first language that the reader has and the catalogue too, else English. */
  static preferred(): Language {
    const wanted = [localStorage.getItem(CHOSEN) ?? "", ...navigator.languages];
    const known = wanted.map((tag) => TAGS.find((one) => tag.toLowerCase().split("-")[0] === one));
    return new Language(known.find((tag) => tag !== undefined) ?? "en");
  }

  static choose(tag: Tag): Language {
    localStorage.setItem(CHOSEN, tag);
    return new Language(tag);
  }

  get direction(): "ltr" | "rtl" {
    return RIGHT_TO_LEFT.includes(this.tag) ? "rtl" : "ltr";
  }

  static nameOf(tag: Tag): string {
    return CATALOGUES[tag].name;
  }

  /**
   * A text of the catalogue, its placeholders filled. What fills them keeps its own direction to itself. Numbers are counts,
   * written as the language has it; places in the log and sizes of trees are strings, as everybody else writes them.
   */
  say(word: Word, values: Values = {}): string {
    const text = (value: string | number) => (typeof value === "number" ? this.count(value) : value);
    const fill = (_: string, name: string) => FIRST_STRONG_ISOLATE + text(values[name] ?? "") + POP_ISOLATE;
    return CATALOGUES[this.tag][word].replace(/\{([a-z]+)\}/g, fill);
  }

  /** A word before what it is about, with a colon as the language writes it. */
  before(word: Word): string {
    return this.say("labelled", { label: this.say(word) });
  }

  /** The label of a code of some kind, or the code itself where the catalogue has none. */
  label(kind: string, code: string): string {
    const word = `${kind}-${code}`;
    return word in en ? this.say(word as Word) : code;
  }

  /** Texts one after the other, as the language lists them. */
  list(texts: readonly string[]): string {
    return new Intl.ListFormat(this.tag).format(texts);
  }

  /** As `list`, of what is no text, with what the language has between them. */
  between<T>(things: readonly T[]): (T | string)[] {
    const parts = new Intl.ListFormat(this.tag).formatToParts(things.map((_, at) => String(at)));
    return parts.map(({ type, value }) => (type === "element" ? things[Number(value)]! : value));
  }

  /** How many, with the language's own separators. */
  count(count: number): string {
    return new Intl.NumberFormat(this.tag, { numberingSystem: "latn" }).format(count);
  }

  /** A time of seconds since 1970, in the reader's zone, with how far that is from UTC: names of zones are not the same everywhere. */
  time(seconds: bigint | number): string {
    const parts = { year: "numeric", month: "short", day: "numeric", hour: "numeric", minute: "2-digit", timeZoneName: "shortOffset" } as const;
    const format = new Intl.DateTimeFormat(this.tag, { ...parts, numberingSystem: "latn" });
    return format.format(new Date(Number(seconds) * 1000));
  }

  /** Texts in the order in which a reader looks for them: `box 2` before `box 10`. */
  compare(a: string, b: string): number {
    this.collator ??= new Intl.Collator(this.tag, { numeric: true });
    return this.collator.compare(a, b);
  }

  /** A length of time in the largest unit of which there are at least two. */
  duration(minutes: number): string {
    const [unit, size] = minutes >= 2 * 24 * 60 ? (["day", 24 * 60] as const) : minutes >= 120 ? (["hour", 60] as const) : (["minute", 1] as const);
    const format = new Intl.NumberFormat(this.tag, { style: "unit", unit, unitDisplay: "long", numberingSystem: "latn" });
    return format.format(Math.floor(minutes / size));
  }
}
