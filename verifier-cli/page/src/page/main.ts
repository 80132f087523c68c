/** The page: a form, and below it the result. It reads files that the reader gives it, and reaches nothing else. */
import { element } from "./element.ts";
import { formSections } from "./form.ts";
import { Language, TAGS, type Tag } from "./language.ts";
import { Complaint, emptyModel, verifyModel } from "./model.ts";
import { printable } from "./printable.ts";
import { isTraining, resultSection } from "./result.ts";

const model = emptyModel();
let language = Language.preferred(navigator.languages);
let isBusy = false;

/** Where the page says what it is doing. It stays in the document, so that screen readers hear of changes. */
const status = element("p", { id: "status", role: "status", "aria-live": "polite" });

function render(): void {
  document.documentElement.lang = language.tag;
  document.documentElement.dir = language.direction;
  document.title = language.say("title");
  const focused = document.activeElement?.id ?? "";
  const { answer } = model;
  const training = answer !== null && isTraining(answer) ? [trainingBanner()] : [];
  const result = answer === null ? [] : [resultSection(answer, language), printButton()];
  document.body.replaceChildren(
    element("header", {}, ...training, languageChoice(), element("h1", {}, language.say("title")), element("p", {}, language.say("lead"))),
    element(
      "main",
      {},
      element("form", {}, ...formSections(model, language, change), verifyButton()),
      status,
      ...result,
    ),
    element("footer", {}, element("p", {}, language.say("footer"))),
  );
  document.getElementById(focused)?.focus();
}

function trainingBanner(): HTMLElement {
  return element(
    "div",
    { class: "training" },
    element("strong", { lang: "en", dir: "ltr" }, "TRAINING - NOT EVIDENCE"),
    element("p", {}, language.say("training")),
  );
}

/** A result is of what was chosen then: it goes where that changes. */
function change(): void {
  model.answer = null;
  status.replaceChildren();
  render();
}

function languageChoice(): HTMLElement {
  const options = TAGS.map((tag) =>
    element("option", { value: tag, lang: tag, selected: tag === language.tag }, Language.nameOf(tag)),
  );
  const select = element("select", { id: "language" }, ...options);
  select.addEventListener("change", () => {
    language = new Language(select.value as Tag);
    status.replaceChildren();
    render();
  });
  return element("label", { class: "language" }, `${language.say("language")} `, select);
}

function verifyButton(): HTMLElement {
  const button = element("button", { type: "button", id: "verify", class: "main" }, language.say("verify"));
  button.addEventListener("click", () => void verify());
  return button;
}

function printButton(): HTMLElement {
  const button = element("button", { type: "button", id: "print" }, language.say("print"));
  button.addEventListener("click", () => window.print());
  return button;
}

async function verify(): Promise<void> {
  if (isBusy) return;
  isBusy = true;
  model.answer = null;
  render();
  status.replaceChildren(language.say("verifying"));
  try {
    await nextFrame();
    model.answer = await verifyModel(model, (file, share) => {
      // In tens: whoever listens to the page hears each.
      const percent = 10 * Math.floor(10 * share);
      const text = file === null
        ? `${language.say("verifying")} ${percent} %`
        : language.say("hashing", { name: printable(file.name), percent });
      if (status.textContent !== text) status.replaceChildren(text);
    });
    status.replaceChildren();
    render();
    document.getElementById("result-title")?.focus();
  } catch (error) {
    complain(error instanceof Complaint ? error : new Complaint("fault", { code: String(error) }));
  } finally {
    isBusy = false;
  }
}

function complain({ word, values }: Complaint): void {
  const shown = Object.entries(values).map(([key, value]) => [key, printable(value)]);
  status.replaceChildren(element("strong", { class: "complaint" }, `✗ ${language.say(word, Object.fromEntries(shown))}`));
}

/** Until the browser has shown what was changed. */
function nextFrame(): Promise<void> {
  return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
}

render();
