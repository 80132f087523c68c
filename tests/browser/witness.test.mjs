// How witnesses stand, as an overseer sees it: tests/tests/it/browser_witness.rs runs them. The laboratory follows, the archive
// is ended here after it has cosigned, the court was never there, and the ministry has replayed another history of this log.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { close, launch, Somebody } from "./pages.mjs";

before(() => launch());
after(close);

/** The page's texts in a language, from its sources. */
function catalogue(tag) {
  return JSON.parse(readFileSync(new URL(`../../api/web/catalogue/${tag}.json`, import.meta.url), "utf8"));
}

/** Waits until the server says that each of them stands so. */
async function waitFor(one, wanted) {
  const stands = ({ name, state, trouble }) => wanted[name] === undefined || wanted[name].join() === [state, trouble].join();
  for (const end = Date.now() + 120_000; Date.now() < end; await one.page.waitForTimeout(500)) {
    const { witnesses: all } = await witnesses(one);
    if (all.every(stands)) return;
  }
  assert.deepEqual((await witnesses(one)).witnesses, wanted);
}

async function witnesses(one) {
  return one.page.evaluate(async () => (await fetch("/v1/witnesses")).json());
}

test("an overseer sees how each witness stands", { timeout: 300_000 }, async () => {
  const first = await Somebody.signedIn("officer");
  await waitFor(first, { laboratory: ["current", null], archive: ["current", null] });
  // It is switched off, and what is recorded now it does not cosign.
  process.kill(Number(process.env.CUSTODY_ARCHIVE), "SIGKILL");
  const { size: known } = await witnesses(first);
  await first.go("act/collect");
  await first.page.fill("#field-description", "taken while the archive was away");
  await first.page.click("#draft");
  await first.sign();
  await waitFor(first, {
    laboratory: ["current", null],
    archive: ["behind", "client/unreachable"],
    court: ["unheard", "client/unreachable"],
    ministry: ["alarm", "witness/alarm"],
  });
  await first.leave();
  for (const [tag, options] of [
    ["en", {}],
    ["en", { colorScheme: "dark" }],
    ["en", { viewport: { width: 320, height: 640 } }],
    ["ar", { locale: "ar" }],
  ]) {
    const where = JSON.stringify(options);
    const officer = await Somebody.signedIn("officer", options);
    const { page } = officer;
    await officer.go("oversight");
    const rows = page.locator("section:has(#witnesses) tbody tr");
    await rows.first().waitFor();
    assert.equal(await rows.count(), 4, where);
    const cells = async (row) => (await rows.nth(row).locator("th, td").allInnerTexts()).map((text) => text.replace(/\s+/g, " ").trim());
    const [there, behind, away, alarm] = [await cells(0), await cells(1), await cells(2), await cells(3)];
    const texts = catalogue(tag);
    const size = String((await witnesses(officer)).size);
    for (const [row, name] of [[there, "laboratory"], [behind, "archive"], [away, "court"], [alarm, "ministry"]]) {
      assert.equal(row[0], `${name} ${name}.example/custody-mirror (${texts["witness-replays"]})`, where);
    }
    // A word and a shape of its own for each: who sees no colour sees as much.
    assert.deepEqual([there[1], behind[1], away[1], alarm[1]], [
      `✓${texts["witness-current"]}`, `…${texts["witness-lags"]}`, `?${texts["witness-unheard"]}`, `✗${texts["witness-alarm"]}`,
    ], where);
    assert.deepEqual([there[2], there[3], there[5]], [size, "0", "–"], where);
    assert.deepEqual([behind[2], behind[3], behind[5]], [String(known), String(size - known), "client/unreachable"], where);
    assert.ok(size > known);
    assert.match(there[4], /2\d/, where);
    assert.match(behind[4], /2\d/, where);
    assert.deepEqual(away.slice(2), ["–", size, "–", "client/unreachable"], where);
    assert.deepEqual(alarm.slice(2), ["–", size, "–", "witness/alarm"], where);
    // A telephone shows a list, in which each value has its column's name before it.
    const named = await rows.first().locator("td").evaluateAll((cells) => cells.map((cell) => getComputedStyle(cell, "::before").content));
    assert.equal(named.every((name) => name === "none"), options.viewport === undefined, `${where}: ${named}`);
    assert.equal(named.some((name) => name.includes(texts["witness-behind"])), options.viewport !== undefined, `${where}: ${named}`);
    // On a telephone names are not broken within a word.
    assert.ok((await rows.first().locator("th").boundingBox()).width >= 140, where);
    assert.deepEqual(await officer.violations(), [], where);
    assert.equal(await officer.overflows(), false, where);
    await page.locator("#witnesses").evaluate((heading) => heading.scrollIntoView());
    await officer.picture(`witnesses-${tag}-${options.colorScheme ?? "light"}-${options.viewport?.width ?? "wide"}`);
    await officer.leave();
  }
});
