/** Where the reader chooses what is checked and whom to trust. */
import { element, foreign, type Child } from "./element.ts";
import type { Language, Word } from "./language.ts";
import type { Model, Source } from "./model.ts";
import { printable } from "./printable.ts";

/** Asked for whenever the model was changed. */
type Changed = () => void;

export function formSections(model: Model, language: Language, changed: Changed): HTMLElement[] {
  const exhibit = filePicker("exhibit", language, model.exhibit === null ? [] : [model.exhibit], {
    several: false,
    take: ([file]) => {
      model.exhibit = file ?? null;
      changed();
    },
  });
  const evidence = filePicker("evidence", language, model.evidence, {
    several: true,
    take: (files) => {
      model.evidence.splice(0, Infinity, ...files);
      changed();
    },
  });
  const earlier = filePicker("earlier", language, model.earlier === null ? [] : [model.earlier], {
    several: false,
    take: ([file]) => {
      model.earlier = file ?? null;
      changed();
    },
  });
  return [
    element("section", { class: "step" }, element("h2", {}, language.say("exhibit")), exhibit),
    element(
      "section",
      { class: "step" },
      element("h2", {}, language.say("trust")),
      element("p", {}, language.say("trust-hint")),
      sourcePicker("policy", language, model.policy, changed),
      sourcePicker("pins", language, model.pins, changed),
    ),
    element(
      "details",
      { class: "step", open: model.evidence.length > 0 || model.earlier !== null },
      element("summary", {}, language.say("more")),
      element("h3", {}, language.say("evidence")),
      evidence,
      element("h3", {}, language.say("earlier")),
      earlier,
    ),
  ];
}

interface Takes {
  readonly several: boolean;
  readonly take: (files: readonly File[]) => void;
}

type Picked = "exhibit" | "evidence" | "earlier" | "policy" | "pins";

/** A place for files: to choose them, or to drop them on. */
function filePicker(name: Picked, language: Language, chosen: readonly File[], takes: Takes): HTMLElement {
  const { several, take } = takes;
  const hint = `${name}-hint`;
  const input = element("input", { type: "file", id: `${name}-file`, multiple: several, "aria-describedby": hint });
  input.addEventListener("change", () => take([...(input.files ?? [])]));
  const button: Word = several ? "choose-several" : "choose";
  const place = element(
    "div",
    { class: "drop" },
    element("p", { id: hint, class: "hint" }, language.say(`${name}-hint`)),
    element("label", { class: "button" }, language.say(button), element("span", { class: "aside" }, ` (${language.say(name)})`), input),
    element("span", { class: "aside" }, ` ${language.say("drop")}`),
    ...chosenLines(chosen, language, () => take([])),
  );
  place.addEventListener("dragover", (event) => event.preventDefault());
  place.addEventListener("drop", (event) => {
    event.preventDefault();
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length > 0) take(several ? files : files.slice(0, 1));
  });
  return place;
}

function chosenLines(files: readonly File[], language: Language, remove: () => void): Child[] {
  if (files.length === 0) return [];
  const button = element("button", { type: "button", class: "plain" }, language.say("remove"));
  button.addEventListener("click", remove);
  const names = files.map(({ name }) => printable(name)).join(", ");
  return [element("p", { class: "chosen" }, foreign(language.say("chosen", { name: names })), " ", button)];
}

/** A place for a text, or for the file that has it. */
function sourcePicker(name: "policy" | "pins", language: Language, source: Source, changed: Changed): HTMLElement {
  const text = element("textarea", {
    id: `${name}-text`,
    rows: 4,
    spellcheck: "false",
    autocomplete: "off",
    dir: "ltr",
    disabled: source.file !== null,
  });
  text.value = source.text;
  text.addEventListener("input", () => (source.text = text.value));
  const picker = filePicker(name, language, source.file === null ? [] : [source.file], {
    several: false,
    take: ([file]) => {
      source.file = file ?? null;
      changed();
    },
  });
  return element(
    "div",
    { class: "source" },
    element("h3", {}, language.say(name)),
    picker,
    element("label", { for: `${name}-text` }, `${language.say(name)}: ${language.say("paste")}`),
    text,
  );
}
