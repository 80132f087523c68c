// Opens the verifier's page from its file, gives it files as a reader does, and prints as JSON what the page then says.
//
//   node verify-page.mjs PAGE < steps.json
//
// A step has what the reader chooses (language, exhibit, policy or policyText, pins or pinsText, evidence, earlier: paths but
// for the texts), what to do with the page then (axe, screenshot, print), and the browser's `context`. Its answer has the
// verdict, its sentence, the lines, all text, and what the page did that nobody asked for.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { withBrowser } from "./browser.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

async function take(page, step) {
  if (step.language) await page.selectOption("#language", step.language);
  for (const name of ["exhibit", "policy", "pins"]) if (step[name]) await page.setInputFiles(`#${name}-file`, step[name]);
  for (const name of ["policy", "pins"]) if (step[`${name}Text`]) await page.fill(`#${name}-text`, step[`${name}Text`]);
  if (step.evidence || step.earlier) {
    if (!(await page.locator("details").getAttribute("open"))) await page.locator("summary").click();
    if (step.evidence) await page.setInputFiles("#evidence-file", step.evidence);
    if (step.earlier) await page.setInputFiles("#earlier-file", step.earlier);
  }
  // As a keyboard does.
  await page.focus("#verify");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#verdict, .complaint");
}

async function describe(page, step, unasked) {
  const answer = await page.evaluate(() => ({
    complaint: document.querySelector(".complaint")?.textContent ?? null,
    verdict: document.querySelector("#verdict")?.dataset.verdict ?? null,
    sentence: document.querySelector("#verdict")?.textContent ?? null,
    direction: document.documentElement.dir,
    lang: document.documentElement.lang,
    focused: document.activeElement?.id ?? null,
    text: document.body.innerText,
    lines: [...document.querySelectorAll("tr[data-line]")].map((row) => ({
      id: row.dataset.line,
      status: row.className,
      code: row.dataset.code,
      word: row.querySelector(".word").textContent,
    })),
    overflows: document.documentElement.scrollWidth > document.documentElement.clientWidth,
  }));
  if (step.axe) {
    const session = await page.context().newCDPSession(page);
    // The page takes no script but its own: this one comes in by the debugger.
    await session.send("Runtime.evaluate", { expression: axe });
    const { result } = await session.send("Runtime.evaluate", {
      expression: "axe.run().then(({ violations }) => JSON.stringify(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])))",
      awaitPromise: true,
    });
    answer.violations = JSON.parse(result.value);
  }
  if (step.screenshot) await page.screenshot({ path: step.screenshot, fullPage: true });
  if (step.print) await page.pdf({ path: step.print, preferCSSPageSize: true });
  return { ...answer, unasked: [...unasked] };
}

const [, , path] = process.argv;
const steps = JSON.parse(readFileSync(0, "utf8"));
const answers = await withBrowser(async (open) => {
  const answers = [];
  for (const step of steps) {
    const { page, unasked } = await open(step.context);
    await page.goto(pathToFileURL(path).href);
    await take(page, step);
    answers.push(await describe(page, step, unasked));
    await page.close();
  }
  return answers;
});
console.log(JSON.stringify(answers, null, 1));
