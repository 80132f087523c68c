/** The words of the page, in the languages of the catalogue. */
import ar from "../../catalogue/ar.json";
import de from "../../catalogue/de.json";
import en from "../../catalogue/en.json";
import es from "../../catalogue/es.json";
import fr from "../../catalogue/fr.json";
import pt from "../../catalogue/pt.json";
import ru from "../../catalogue/ru.json";
import zh from "../../catalogue/zh.json";

export type Word = keyof typeof en;
export type Tag = keyof typeof CATALOGUES;

const CATALOGUES = { en, fr, es, ar, zh, ru, de, pt } satisfies Record<string, Record<Word, string>>;
const RIGHT_TO_LEFT: readonly string[] = ["ar"];

const FIRST_STRONG_ISOLATE = String.fromCodePoint(0x2068);
const POP_ISOLATE = String.fromCodePoint(0x2069);

export const TAGS = Object.keys(CATALOGUES) as Tag[];

export class Language {
  constructor(readonly tag: Tag) {}

  /** The first language that the reader has and the catalogue too, else English. */
  static preferred(tags: readonly string[]): Language {
    const known = tags.map((tag) => TAGS.find((one) => tag.toLowerCase().split("-")[0] === one));
    return new Language(known.find((tag) => tag !== undefined) ?? "en");
  }

  get direction(): "ltr" | "rtl" {
    return RIGHT_TO_LEFT.includes(this.tag) ? "rtl" : "ltr";
  }

  static nameOf(tag: Tag): string {
    return CATALOGUES[tag].name;
  }

  /** A text of the catalogue, its placeholders filled. What fills them keeps its own direction to itself. */
  say(word: Word, values: Readonly<Record<string, string | number>> = {}): string {
    const fill = (_: string, name: string) => FIRST_STRONG_ISOLATE + String(values[name] ?? "") + POP_ISOLATE;
    return CATALOGUES[this.tag][word].replace(/\{([a-z]+)\}/g, fill);
  }
}
