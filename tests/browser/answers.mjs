// Answers that are lost, late or not so, and what the pages make of them.
import assert from "node:assert/strict";
import { Somebody, verdict } from "./pages.mjs";

/** A proxy answers for the server while it starts: the page hears of changes again, and looks for what it missed. */
export async function hearAgain(officer) {
  const { page } = officer;
  let isUp = false;
  let tries = 0;
  await page.route("**/v1/events", (route) => {
    tries += 1;
    return isUp ? route.continue() : route.fulfill({ status: 502, body: "" });
  });
  await page.reload();
  await page.waitForSelector(".me");
  await officer.go("desk");
  await officer.settled();
  isUp = true;
  await page.waitForRequest((request) => request.url().endsWith("/v1/inbox"), { timeout: 30_000 });
  assert.ok(tries > 1, `${tries}`);
  await page.unroute("**/v1/events");
}

/** The server cannot be reached: each page says so, and asks again when somebody wants it to. */
export async function reachAgain(officer) {
  const { page } = officer;
  for (const [path, there] of [["desk", "#held tbody tr"], ["items", "tbody tr"], ["requests", ".board"], ["map", "svg.map"], ["oversight", ".tiles"]]) {
    await officer.go("people");
    await page.route("**/v1/**", (route) => route.abort());
    await officer.go(path);
    await page.waitForSelector("main .problem .try-again");
    await officer.settled();
    const said = await page.innerText("main");
    assert.match(said, /The server cannot be reached/, path);
    assert.doesNotMatch(said, /Loading|No items|Nothing is on the way/, path);
    assert.deepEqual(await officer.violations(), [], path);
    await page.unrouteAll({ behavior: "wait" });
    while (await page.locator(".try-again").count()) await page.locator(".try-again").first().press("Enter");
    await page.waitForSelector(there);
    await officer.hasFocus("h1");
    assert.equal(await page.locator(".try-again").count(), 0, path);
  }
}

/** What a page asks for while nobody is at it keeps no session from ending, and says so. */
export async function askAlone(officer) {
  const { page } = officer;
  await officer.go("desk");
  await officer.settled();
  const asks = async () => {
    const inbox = page.waitForRequest((request) => request.url().endsWith("/v1/inbox"));
    await page.evaluate(() => dispatchEvent(new Event("focus")));
    return (await inbox).headers()["x-background"];
  };
  await page.evaluate(() => {
    const now = Date.now;
    Date.now = () => now() + 61_000;
  });
  assert.equal(await asks(), "1");
  await officer.settled();
  await page.keyboard.press("Shift");
  assert.equal(await asks(), undefined);
  await officer.settled();
}

/**
 * An answer is lost: what was signed is sent again as it is, and the ledger knows it. That it cannot be asked for its head
 * just then takes nothing back.
 */
export async function loseAnswer(keeper, item) {
  const { page } = keeper;
  await page.route("**/v1/records", async (route) => {
    await route.fetch();
    await route.abort();
  });
  await keeper.go("desk");
  await keeper.go(`act/note/${item}`);
  await page.fill("#field-text", "noted once");
  await page.click("#draft");
  await page.click("dialog #sign");
  await page.waitForSelector("dialog .problem");
  assert.match(await page.innerText("dialog .problem"), /http\/unreachable/);
  await page.unrouteAll({ behavior: "wait" });
  await page.route("**/v1/head?*", (route) => route.abort());
  // Signatures have seconds.
  await page.waitForTimeout(1100);
  await page.click("dialog #sign");
  await page.waitForSelector(".done #print-receipt");
  await page.unrouteAll({ behavior: "wait" });
}

/** Where an item is stands in its history, whatever the server says of it. */
export async function lieAboutPlace(keeper, item, other) {
  const { page } = keeper;
  await page.route("**/v1/items/*", async (route) => {
    const response = await route.fetch();
    const answer = await response.json();
    const holder = { ...answer.holder, id: other, name: "Claire Moreau" };
    await route.fulfill({ response, json: { ...answer, state: "disposed", holder } });
  });
  assert.equal(await verdict(keeper, item), "verified");
  const now = await page.innerText("main section:has(> .buttons) .facts");
  assert.match(now, /held[\s\S]*Daan Visser/);
  assert.doesNotMatch(now, /disposed|Claire Moreau/);
  await page.unrouteAll({ behavior: "wait" });
  await keeper.go("desk");
}

/** A record is in a tree that the server shows with the receipt alone. */
export async function hideTree(keeper, item) {
  const { page } = keeper;
  await keeper.go(`act/note/${item}`);
  await page.fill("#field-text", "noted where nobody else sees it");
  await page.click("#draft");
  await page.waitForSelector("dialog #sign");
  const { checkpoint } = await page.evaluate(async () => (await fetch("/v1/head?from=0")).json());
  await page.route("**/v1/head?*", (route) => route.fulfill({ json: { checkpoint, proof: [] } }));
  await page.click("dialog #sign");
  await page.waitForSelector("[data-code]");
  assert.equal(await page.getAttribute("[data-code]", "data-code"), "consistency-tree-shrank");
  assert.equal(await page.locator(".done").count(), 0);
  await page.unrouteAll({ behavior: "wait" });
}

/** A receipt is from a tree that the server shows nobody else: whoever asks for it later is shown both heads, and no receipt. */
export async function hideReceipt(keeper, item) {
  const { checkpoint } = await keeper.page.evaluate(async () => (await fetch("/v1/head?from=0")).json());
  await keeper.go("desk");
  await keeper.go(`act/note/${item}`);
  await keeper.page.fill("#field-text", "noted in a tree of its own");
  await keeper.page.click("#draft");
  await keeper.sign();
  const record = await keeper.digest();
  const later = await Somebody.sitDown();
  await later.page.route("**/v1/head?*", (route) => route.fulfill({ json: { checkpoint, proof: [] } }));
  await later.signIn("keeper");
  await later.go(`receipt/${record}`);
  await later.page.waitForSelector("[data-code]");
  assert.equal(await later.page.getAttribute("[data-code]", "data-code"), "consistency-tree-shrank");
  assert.equal(await later.page.locator(".verdict, article.receipt").count(), 0);
  // Where it cannot be held against anything, there is none either.
  await later.page.unrouteAll({ behavior: "wait" });
  await later.page.route("**/v1/head?*", (route) => route.abort());
  await later.go("desk");
  await later.go(`receipt/${record}`);
  await later.page.waitForSelector(".try-again");
  assert.equal(await later.page.locator(".verdict").count(), 0);
  await later.page.unrouteAll({ behavior: "wait" });
  await later.page.click(".try-again");
  await later.page.waitForSelector(".receipt .verdict.verified");
  await later.leave();
}
