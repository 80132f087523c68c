// Somebody without a mouse: tests/tests/it/browser_pages.rs founds the ledger. Everything below is done with keys; only the
// window in which a file is chosen is the browser's own, and answered by what drives it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { close, launch, Somebody } from "./pages.mjs";

before(() => launch());
after(close);

/** Signs what is shown in the dialog that has come up, having gone round in it once. */
async function signByKeyboard(one) {
  await one.page.waitForSelector("dialog #sign");
  const shown = await one.page.innerText("dialog");
  assert.ok(await one.page.evaluate(() => document.activeElement.closest("dialog") !== null), "the dialog has the focus");
  await one.tabTo("dialog #do-not-sign");
  await one.tabTo("dialog #sign", "Shift+Tab");
  await one.press("Enter", ".done, dialog .problem");
  assert.equal(await one.page.locator("dialog").count(), 0, await one.text());
  // What had the focus is gone: it is at what came of it.
  await one.page.waitForFunction(() => document.activeElement.closest(".done") !== null);
  return shown;
}

async function collectByKeyboard(one, description) {
  await one.tabTo("a[href='#/act/collect']");
  await one.press("Enter", "#field-description");
  await one.hasFocus("h1");
  await one.tabTo("#field-description");
  await one.page.keyboard.type(description);
  // A form is sent with Enter, from any of its fields.
  await one.page.keyboard.press("Enter");
  assert.ok((await signByKeyboard(one)).includes(description));
  await one.tabTo(".done a[href='#/desk']");
  await one.press("Enter", "#held tbody tr");
}

/** Picks one of what is held, and begins an act with it. */
async function beginByKeyboard(one, description, [letters, act]) {
  await one.tabTo("#wanted");
  await one.page.keyboard.type(description);
  await one.page.waitForFunction(() => document.querySelectorAll("#held tbody tr").length === 1);
  await one.tabTo("#held .pick");
  await one.page.keyboard.press("Space");
  await one.tabTo("#field-act", "Shift+Tab");
  await one.page.keyboard.type(letters);
  assert.equal(await one.page.inputValue("#field-act"), act);
  await one.tabTo(".toolbar button.main");
  await one.press("Enter", "#field-to");
}

async function sendByKeyboard(one, to) {
  await one.choose("#field-to", to);
  await one.choose("#field-purpose", "Examination", "examination");
  await one.tabTo("#draft");
  await one.page.keyboard.press("Enter");
  return signByKeyboard(one);
}

/** Chooses a ground, says something about it, and sends the form for refusing that has been opened. */
async function refuseByKeyboard(one, form) {
  await one.tabTo(`${form} summary`);
  await one.page.keyboard.press("Enter");
  await one.choose(`${form} #field-ground`, "Papers", "papers");
  if (form === "details") {
    await one.tabTo(`${form} #field-remark`);
    await one.page.keyboard.type("the waybill is missing");
  }
  await one.tabTo(`${form} button[type=submit]`);
  await one.page.keyboard.press("Enter");
  return signByKeyboard(one);
}

test("a handoff is begun, countersigned and printed by keyboard alone", { timeout: 180_000 }, async () => {
  const keeper = await Somebody.sitDown();
  await keeper.signInByKeyboard("keeper");
  await keeper.hasFocus("h1");
  await collectByKeyboard(keeper, "a camera without a mouse");
  await beginByKeyboard(keeper, "a camera without", ["Hand", "handoff"]);
  assert.match(await sendByKeyboard(keeper, "Hugo Lefevre"), /a camera without a mouse[\s\S]*Hugo Lefevre/);

  const analyst = await Somebody.sitDown();
  await analyst.signInByKeyboard("analyst");
  await analyst.tabTo("#to-sign a.button");
  await analyst.press("Enter", "#countersign");
  await analyst.tabTo("#checked-seal");
  await analyst.page.keyboard.press("Space");
  assert.ok(await analyst.page.isChecked("#checked-seal"));
  await analyst.tabTo("#countersign");
  await analyst.press("Enter", "dialog[open]");
  // Who thinks better of it leaves the dialog, by its button as by Escape, and is back where they were.
  await analyst.tabTo("dialog #do-not-sign");
  await analyst.page.keyboard.press("Enter");
  await analyst.page.waitForSelector("dialog", { state: "detached" });
  await analyst.hasFocus("countersign");
  await analyst.page.keyboard.press("Enter");
  const countersigned = await signByKeyboard(analyst);
  assert.match(countersigned, /has signed/);
  assert.match(countersigned, /Seal seal|seal/);

  await analyst.tabTo("#print-receipt");
  await analyst.press("Enter", ".verdict.verified");
  await analyst.hasFocus("h1");
  await analyst.page.evaluate(() => {
    globalThis.printed = 0;
    addEventListener("beforeprint", () => { globalThis.printed += 1; });
  });
  await analyst.tabTo("article.receipt button.main");
  await analyst.page.keyboard.press("Enter");
  await analyst.page.waitForFunction(() => globalThis.printed === 1);
  assert.deepEqual(await analyst.violations(), []);

  // And out again.
  await analyst.tabTo(".top button.plain");
  await analyst.press("Enter", "#key-file");
  await keeper.leave();
  await analyst.leave();
});

test("an offer and a release are refused by keyboard alone", { timeout: 180_000 }, async () => {
  const keeper = await Somebody.sitDown();
  await keeper.signInByKeyboard("keeper");
  const clerk = await Somebody.sitDown();
  await clerk.signInByKeyboard("clerk");
  await collectByKeyboard(keeper, "a box without a mouse");
  await beginByKeyboard(keeper, "a box without", ["Hand", "handoff"]);
  await sendByKeyboard(keeper, "Claire Moreau");
  await clerk.tabTo("#to-sign a.button");
  await clerk.press("Enter", "#countersign");
  assert.match(await refuseByKeyboard(clerk, "details"), /the waybill is missing/);
  await clerk.tabTo(".done a[href='#/desk']");
  await clerk.press("Enter", "#held");

  await keeper.tabTo(".done a[href='#/desk']");
  await keeper.press("Enter", "#held tbody tr");
  await beginByKeyboard(keeper, "a box without", ["Send", "release"]);
  await sendByKeyboard(keeper, "Claire Moreau");
  await clerk.tabTo("#to-receive a.button");
  await clerk.press("Enter", "#receive");
  // A scanner that types is a keyboard too.
  await clerk.tabTo("#scan");
  await clerk.page.keyboard.type(await clerk.page.innerText("tbody tr td code"));
  await clerk.page.keyboard.press("Enter");
  await clerk.page.getByText("Scanned: \u20681\u2069 of \u20681\u2069").first().waitFor();
  assert.match(await refuseByKeyboard(clerk, "#refuse"), /Papers/);
  await keeper.leave();
  await clerk.leave();
});

test("everything is reached, seen and left, forwards and backwards", { timeout: 300_000 }, async () => {
  for (const options of [{}, { viewport: { width: 320, height: 640 } }]) {
    const stranger = await Somebody.sitDown(options);
    for (const key of ["Tab", "Shift+Tab"]) {
      const { count, missed } = await stranger.walk(key);
      assert.ok(count >= 4 && missed.length === 0, `sign-in ${key}: ${count}, ${missed.join("\n")}`);
    }
    await stranger.leave();
    const officer = await Somebody.signedIn("officer", options);
    const [item] = await officer.page.evaluate(async () => (await (await fetch("/v1/items?state=held")).json()).items.map(({ item }) => item));
    const pages = ["desk", "items", "requests", "map", "oversight", "people", "act/collect", `items/${item}`, `act/release/${item}`];
    for (const path of pages) {
      await officer.go(path);
      await officer.settled();
      if (path.startsWith("items/")) await officer.page.waitForSelector("[data-verdict]");
      if (path === "oversight") await officer.page.waitForSelector("main summary");
      for (const key of ["Tab", "Shift+Tab"]) {
        const { count, missed } = await officer.walk(key);
        assert.ok(count >= 9, `${path}: ${count}`);
        assert.deepEqual(missed, [], `${path} ${key} ${JSON.stringify(options)}`);
      }
    }
    // Who does not want to go through the pages' names each time.
    await officer.go("desk");
    await officer.tabTo(".skip", "Shift+Tab");
    await officer.page.keyboard.press("Enter");
    await officer.hasFocus("main");
    await officer.tabTo("main #scan");
    await officer.leave();
  }
});
