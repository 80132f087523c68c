// What leaves the pages: labels on paper, and histories as files. tests/tests/it/browser_pages.rs founds the ledger, the demo's.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { close, collect, launch, Somebody, url, verdict } from "./pages.mjs";

before(() => launch());
after(close);

test("what is taken in gets a label whose code was read", async () => {
  const keeper = await Somebody.signedIn("keeper");
  const { page } = keeper;
  await keeper.go("act/collect");
  await page.fill("#field-description", "something without a label");
  await page.click("#draft");
  await keeper.sign();
  const item = decodeURIComponent((await page.getAttribute("#taken", "href")).split("/").at(-1));
  await page.click(".done a[href*=label]");
  await page.waitForSelector("#print-labels");
  const { width, height } = await page.locator(".labels img").boundingBox();
  // 70 by 37.125 mm, at 96 pixels an inch.
  assert.deepEqual([Math.round(width), Math.round(height)], [265, 140]);
  assert.deepEqual(await keeper.violations(), []);
  await keeper.picture("label");
  // Several on one sheet, from the desk.
  await keeper.go("desk");
  await page.fill("#wanted", "mobile telephone 1");
  await page.waitForFunction(() => document.querySelectorAll("#held tbody tr").length === 11);
  for (let at = 0; at < 5; at += 1) await page.locator("#held .pick").nth(at).check();
  await page.click("#print-labels-of");
  await page.waitForFunction(() => document.querySelectorAll(".labels img").length === 5);
  // As many as fit one sheet of A4 are printed on one.
  const sheet = await page.evaluate(async () => (await (await fetch("/v1/items?state=held&limit=24")).json()).items.map(({ item }) => item));
  await keeper.go(`label/${sheet.join(",")}`);
  await page.waitForFunction(() => document.querySelectorAll(".labels img").length === 24);
  const printed = (await page.pdf({ preferCSSPageSize: true })).toString("latin1");
  assert.equal(printed.match(/\/Type \/Page\b/g).length, 1);
  assert.match(printed, /\/MediaBox \[0 0 59[45]\.?\d* 84[12]\.?\d*\]/);
  // A server that draws another item's label is found out before anything is printed.
  const other = await page.evaluate(async () => (await (await fetch("/v1/items?limit=2")).json()).items.map(({ item }) => item));
  await page.route("**/label", async (route) => route.continue({ url: `${url}/v1/items/${other.find((one) => one !== item)}/label` }));
  await keeper.go(`label/${item}`);
  await page.getByText("page/other-label").waitFor();
  assert.equal(await page.locator(".labels img").count(), 0);
  await keeper.leave();
});

test("a history is given away as a file that verifies elsewhere", async () => {
  const keeper = await Somebody.signedIn("keeper");
  const { page } = keeper;
  const item = await collect(keeper, "what a court asked for");
  await verdict(keeper, item);
  await page.click("#give summary");
  await page.selectOption("#field-recipient", "court");
  await page.fill("#field-for", "Court of Example");
  await page.fill("#field-exhibit-purpose", "trial 8/2026");
  assert.deepEqual(await keeper.violations(), []);
  const download = page.waitForEvent("download");
  await page.click("#give button[type=submit]");
  const file = join(mkdtempSync(join(tmpdir(), "custody-")), (await download).suggestedFilename());
  await (await download).saveAs(file);
  const said = execFileSync(process.env.CUSTODY_VERIFY, ["exhibit", file, "--policy", process.env.CUSTODY_POLICY, "--agencies", process.env.CUSTODY_AGENCIES], { encoding: "utf8" });
  assert.match(said, /^verified: every required check passed/m);
  assert.match(said, /Court of Example/);
  // That it was given away is recorded, with the digest of just this file, and stands on the item's page.
  assert.match(await page.innerText("#disclose"), /not recorded yet/);
  await page.selectOption("#field-basis", "court-order");
  assert.deepEqual(await keeper.violations(), []);
  await page.click("#disclose button[type=submit]");
  const digest = createHash("sha256").update(readFileSync(file)).digest("hex");
  const signed = await keeper.sign();
  assert.match(signed, /Disclosed disclose[\s\S]*Order of a court court-order[\s\S]*Court of Example/);
  assert.ok(signed.includes(digest.slice(0, 16)), signed);
  await page.waitForFunction(() => /given to[\s\S]*Court of Example/i.test(document.querySelector("main").innerText));
  rmSync(dirname(file), { recursive: true });
  await keeper.leave();
});
