// What custodians do at the pages, in a real browser, at a real server: tests/tests/it/browser_pages.rs founds the ledger.
//
// It is the demo's: the keeper and the officer are of the police, the analyst and the clerk of the laboratory; the officer
// oversees. The keeper holds 500 data carriers besides.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { askAlone, hearAgain, hideReceipt, hideTree, lieAboutPlace, loseAnswer, reachAgain } from "./answers.mjs";
import { close, collect, keys, launch, passphrase, Somebody, url, verdict } from "./pages.mjs";

before(() => launch());
after(close);

const PAGES = ["desk", "items", "requests", "map", "oversight", "people", "act/collect"];
/** What an author of pages forgets to escape. */
const HOSTILE = `<img src=x onerror="document.title='taken'"></script><script>document.title='taken'</script>`;

/** Sends items to somebody, as the form for it stands there. */
async function send(one, to) {
  await one.page.selectOption("#field-to", { label: to });
  await one.page.selectOption("#field-purpose", "examination");
  await one.page.click("#draft");
  return one.sign();
}

/** Waits for what the keeper sent, and opens it. */
async function openRelease(one) {
  await one.go("desk");
  await one.page.click("#to-receive a.button");
  await one.page.waitForSelector("#receive");
}

test("the document lets nothing in, and its files never change", async () => {
  const page = await fetch(`${url}/`);
  const policy = page.headers.get("content-security-policy");
  for (const part of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"]) {
    assert.ok(policy.split(/; */).includes(part), policy);
  }
  assert.doesNotMatch(policy, /unsafe|https?:/);
  assert.match(page.headers.get("permissions-policy"), /camera=\(self\)/);
  assert.equal(page.headers.get("x-content-type-options"), "nosniff");
  assert.equal((await fetch(`${url}/`, { headers: { "If-None-Match": page.headers.get("etag") } })).status, 304);
  const text = await page.text();
  const files = [...text.matchAll(/"(\/assets\/[0-9a-f]{64}\/[a-z.]+)"/g)].map(([, path]) => path);
  assert.equal(files.length, 2, text);
  for (const path of files) {
    const file = await fetch(`${url}${path}`);
    assert.equal(file.status, 200, path);
    assert.match(file.headers.get("cache-control"), /immutable/);
    assert.equal((await fetch(`${url}${path.replace(/[0-9a-f]{64}/, "0".repeat(64))}`)).status, 404);
  }
  assert.doesNotMatch(text, /<script(?![^>]*src=)|style=|\son[a-z]+=/);
});

test("two custodians hand over from hand to hand", async () => {
  const keeper = await Somebody.signedIn("keeper");
  const analyst = await Somebody.signedIn("analyst");
  const item = await collect(keeper, "camera, black");
  await keeper.go(`act/handoff/${item}`);
  const signed = await send(keeper, "Hugo Lefevre");
  assert.match(signed, /Handed over handoff/);
  assert.match(signed, /camera, black/);
  assert.match(signed, /Hugo Lefevre/);
  const offer = await keeper.digest();

  await analyst.go("desk");
  await analyst.page.waitForSelector("#to-sign");
  await analyst.picture("desk-to-sign");
  // What is offered can be looked at, and the page says that it verified nothing of it.
  await analyst.go(`items/${item}`);
  await analyst.page.waitForSelector("[data-verdict=closed]");
  assert.match(await analyst.page.innerText("h1"), /camera, black/);
  assert.match(await analyst.page.innerText("[data-verdict]"), /nothing here was verified/);
  assert.equal(await analyst.page.locator(".problem, .verdict").count(), 0);
  assert.deepEqual(await analyst.violations(), []);
  await analyst.go("desk");
  await analyst.page.click("#to-sign a.button");
  await analyst.page.waitForSelector("#countersign");
  await analyst.page.check("#checked-seal");
  // Who thinks better of it is back where they were.
  await analyst.page.focus("#countersign");
  await analyst.page.keyboard.press("Enter");
  await analyst.page.waitForSelector("dialog[open]");
  await analyst.page.keyboard.press("Escape");
  await analyst.page.waitForSelector("dialog", { state: "detached" });
  assert.equal(await analyst.page.evaluate(() => document.activeElement?.id), "countersign");
  await analyst.page.keyboard.press("Enter");
  await analyst.page.waitForSelector("dialog #sign");
  await analyst.picture("sign");
  const countersigned = await analyst.sign();
  assert.match(countersigned, /Daan Visser/);
  assert.match(countersigned, /has signed/);
  assert.match(await analyst.text(), /This browser verified the receipt/);
  assert.notEqual(await analyst.digest(), offer);

  // Printed, and verified again from the server's bytes.
  await analyst.page.click("#print-receipt");
  await analyst.page.waitForSelector(".verdict.verified");
  assert.match(await analyst.text(), /c2sp.org\/tlog-proof@v1/);
  await analyst.picture("receipt");

  // Whose it is now stands in the history, which both verify for themselves.
  for (const one of [keeper, analyst]) {
    assert.equal(await verdict(one, item), "verified", await one.text());
    assert.match(await one.page.innerText(".timeline"), /Handed over handoff[\s\S]*Hugo Lefevre/);
  }
  assert.deepEqual(await analyst.violations(), []);
  await keeper.leave();
  await analyst.leave();
});

test("an offer is refused, and does not wait any more", async () => {
  const keeper = await Somebody.signedIn("keeper");
  const clerk = await Somebody.signedIn("clerk");
  const item = await collect(keeper, "a torn bag");
  await keeper.go(`act/handoff/${item}`);
  await send(keeper, "Claire Moreau");
  await clerk.go("desk");
  await clerk.page.click("#to-sign a.button");
  await clerk.page.waitForSelector("#countersign");
  await clerk.page.click("details summary");
  await clerk.page.selectOption("#field-ground", "seal");
  await clerk.page.fill("#field-remark", "torn at the flap");
  await clerk.page.click("details button[type=submit]");
  assert.match(await clerk.sign(), /Refused refuse/);
  await clerk.go("desk");
  await clerk.page.waitForSelector("#held");
  assert.equal(await clerk.page.locator("#to-sign, #offers-over").count(), 0);
  assert.equal(await verdict(keeper, item), "verified");
  assert.match(await keeper.page.innerText(".timeline"), /torn at the flap/);
  // Whoever offered it is told, and puts it away when they have seen why.
  await keeper.go("desk");
  await keeper.page.waitForSelector("#offers-over .names a");
  assert.match(await keeper.page.innerText("#offers-over .card"), /Claire Moreau[\s\S]* did not sign[\s\S]*Seal seal[\s\S]*a torn bag/);
  assert.deepEqual(await keeper.violations(), []);
  await keeper.page.click("#offers-over a.button");
  await keeper.page.waitForSelector(".receipt .verdict.verified");
  assert.match(await keeper.page.innerText(".receipt"), /torn at the flap/);
  await keeper.go("desk");
  await keeper.page.click("#offers-over .put-away");
  await keeper.page.waitForSelector("#offers-over", { state: "detached" });
  await keeper.leave();
  await clerk.leave();
});

test("a release is refused with its ground, and sent again", async () => {
  const keeper = await Somebody.signedIn("keeper");
  const clerk = await Somebody.signedIn("clerk");
  const item = await collect(keeper, "box of papers");
  await keeper.go(`act/seal/${item}`);
  await keeper.page.selectOption("#field-kind", "bag");
  await keeper.page.fill("#field-number", "NL-900001");
  await keeper.page.click("#draft");
  await keeper.sign();
  await keeper.go(`act/release/${item}`);
  await keeper.page.fill("#field-carrier", "Posta");
  await send(keeper, "Claire Moreau");
  await openRelease(clerk);
  await clerk.page.click("#refuse summary");
  await clerk.page.selectOption("#field-ground", "papers");
  await clerk.page.fill("#field-remark", "the waybill is missing");
  await clerk.page.click("#refuse-button");
  assert.match(await clerk.sign(), /Refused refuse[\s\S]*Papers papers[\s\S]*the waybill is missing/);
  assert.equal(await verdict(keeper, item), "verified");
  assert.match(await keeper.page.innerText(".timeline"), /Papers papers/);

  await keeper.go(`act/release/${item}`);
  await send(keeper, "Claire Moreau");
  await openRelease(clerk);
  // As a scanner does it: the label's characters and Enter.
  const label = await clerk.page.innerText("tbody tr td code");
  await clerk.page.fill("#scan", `${label.slice(0, -1)}${label.endsWith("0") ? "1" : "0"}`);
  await clerk.page.press("#scan", "Enter");
  await clerk.page.waitForSelector(".scan .problem");
  assert.match(await clerk.page.innerText(".scan .problem"), /label-id\/check/);
  await clerk.page.click(".scan button[aria-pressed]");
  await clerk.page.waitForFunction(() => document.querySelector("video")?.videoWidth > 0);
  await clerk.page.click(".scan button[aria-pressed]");
  assert.equal(await clerk.page.locator("video").count(), 0);
  await clerk.page.fill("#scan", label);
  await clerk.page.press("#scan", "Enter");
  await clerk.page.getByText("Scanned: \u20681\u2069 of \u20681\u2069").first().waitFor();
  // On a slow net it is still being drafted when something else is pressed: that is not drafted besides.
  let drafts = 0;
  await clerk.page.route("**/v1/drafts", async (route) => {
    drafts += 1;
    await new Promise((resolve) => setTimeout(resolve, 500));
    await route.continue();
  });
  await clerk.page.click("#refuse summary");
  await clerk.page.selectOption("#field-ground", "papers");
  await clerk.page.click("#receive");
  await clerk.page.evaluate(() => document.querySelector("#refuse-button").click());
  assert.match(await clerk.sign(), /All as described/);
  assert.equal(drafts, 1);
  assert.equal(await verdict(clerk, item), "verified");
  await keeper.leave();
  await clerk.leave();
});

test("a manifest of 500 items is received with exceptions", { timeout: 300_000 }, async () => {
  const keeper = await Somebody.signedIn("keeper");
  const analyst = await Somebody.signedIn("analyst");
  await keeper.go("desk");
  await keeper.page.fill("#wanted", "data carrier");
  // As soon as all of them are there: the button says how many it picks.
  await keeper.page.locator("#pick-all", { hasText: "\u2068500\u2069" }).click();
  await keeper.page.selectOption("#field-act", "release");
  await keeper.page.click(".toolbar button.main");
  await keeper.page.waitForSelector("#field-carrier");
  assert.match(await send(keeper, "Hugo Lefevre"), /Items: \u2068500\u2069/);

  await openRelease(analyst);
  assert.match(await analyst.page.innerText("#exceptions"), /No exceptions noted/);
  const exceptions = [["data carrier 007", "missing"], ["data carrier 250", "seal-mismatch"], ["data carrier 500", "discrepancy"]];
  for (const [name, code] of exceptions) {
    await analyst.page.fill("#manifest-filter", name);
    await analyst.page.selectOption("tbody select", code);
  }
  await analyst.picture("manifest");
  assert.match(await analyst.page.innerText("#exceptions"), /3[^0-9]+500/);
  await analyst.page.check("#checked-count");
  await analyst.page.click("#receive");
  const shown = await analyst.sign();
  for (const [, code] of exceptions) assert.ok(shown.includes(code), shown);
  // What is printed says what was found and what was looked at, as it was signed.
  await analyst.page.click("#print-receipt");
  await analyst.page.waitForSelector(".receipt .verdict");
  const receipt = await analyst.page.innerText(".receipt");
  for (const word of ["Missing", "Seal does not match", "Discrepancy", "Count"]) assert.ok(receipt.includes(word), receipt.slice(-4000, -2000));

  // What was missing was not taken over; what did not match was, and both say so.
  for (const [name, word, holder] of [["data carrier 007", "Missing", "Daan Visser"], ["data carrier 250", "Seal does not match", "Hugo Lefevre"]]) {
    await keeper.go("items");
    await keeper.page.fill("#wanted", name);
    await keeper.page.locator("tbody th a", { hasText: name }).click();
    await keeper.page.waitForSelector("[data-verdict]", { timeout: 60_000 });
    assert.equal(await keeper.page.getAttribute("[data-verdict]", "data-verdict"), "verified");
    assert.ok((await keeper.page.innerText(".timeline")).includes(word));
    assert.ok((await keeper.page.innerText("main section .facts")).includes(holder));
  }
  await keeper.leave();
  await analyst.leave();
});

test("lists show a page at a time, and find what lies behind it", async () => {
  const officer = await Somebody.signedIn("officer");
  const { page } = officer;
  const asked = [];
  page.on("request", (request) => request.url().includes("/v1/items?") && asked.push(request.url()));
  const rows = page.locator("tbody tr");
  await officer.go("items");
  await page.getByText("Items: \u206850+\u2069").waitFor();
  assert.equal(await rows.count(), 50);
  assert.deepEqual(asked.map((one) => new URL(one).search), ["?limit=50"]);
  await page.click(".more");
  await page.getByText("Items: \u2068250+\u2069").waitFor();
  assert.equal(await rows.count(), 250);
  assert.deepEqual(await officer.violations(), []);
  // Whatever the order, some of these are behind what was loaded.
  for (const name of ["data carrier 001", "data carrier 250", "data carrier 499"]) {
    await page.fill("#wanted", name);
    await page.waitForFunction((name) => {
      const found = [...document.querySelectorAll("tbody tr")];
      return found.length === 1 && found[0].textContent.includes(name);
    }, name);
  }
  await page.fill("#wanted", "nothing has this name");
  await page.getByText("Items: \u20680\u2069").waitFor();

  // An address that is no text is no page.
  await page.evaluate(() => { location.hash = "#/items/%"; });
  await page.waitForSelector("#held");

  await reachAgain(officer);
  await hearAgain(officer);
  await askAlone(officer);
  await officer.leave();
});

test("a session ends, and nothing that was typed is lost", async () => {
  const keeper = await Somebody.signedIn("keeper");
  await keeper.go("act/collect");
  await keeper.page.fill("#field-description", "typed before the session ended");
  // It ends at the server, as one does that nobody used for too long; before the page asks for anything else, the next step
  // is taken.
  const status = await keeper.page.evaluate(async () => {
    const headers = { "X-CSRF-Token": localStorage.getItem("custody-csrf") };
    const { status } = await fetch("/v1/session", { method: "DELETE", headers });
    document.querySelector("#draft").click();
    return status;
  });
  assert.equal(status, 204);
  await keeper.page.waitForSelector("#sign-in-again");
  assert.deepEqual(await keeper.violations(), []);
  assert.equal(await keeper.page.inputValue("#field-description"), "typed before the session ended");
  // By keyboard alone: the dialog has the focus.
  assert.equal(await keeper.page.evaluate(() => document.activeElement.id), "sign-in-again");
  // There is no other way out of it, however often somebody presses Escape.
  for (let time = 0; time < 3; time += 1) await keeper.page.keyboard.press("Escape");
  await keeper.page.waitForFunction(() => document.activeElement.id === "sign-in-again");
  await keeper.page.keyboard.press("Enter");
  assert.match(await keeper.sign(), /typed before the session ended/);

  // With a key that was kept the session goes on when the page is loaded again, where one was, and beside it.
  await keeper.go("act/collect");
  await keeper.page.reload();
  await keeper.page.waitForSelector("#field-description");
  const beside = await keeper.context.newPage();
  await beside.goto(`${url}/#/items`);
  await beside.waitForSelector(".me");
  // Where somebody else signs in there, nothing of theirs is shown here under the first one's name.
  await beside.click(".top button.plain");
  await beside.waitForSelector("#key-file");
  await beside.uncheck("#keep-key");
  await beside.setInputFiles("#key-file", `${keys}/clerk.key`);
  await beside.fill("#passphrase", passphrase);
  await beside.click("#sign-in");
  await beside.waitForSelector(".me");
  await keeper.page.waitForSelector("main .kept");
  await beside.close();
  await keeper.page.click("main .kept button.main");
  await keeper.page.waitForSelector(".me");
  // Whoever could not be signed out is told so: the cookie is still there.
  await keeper.page.route("**/v1/session", (route) => route.abort());
  await keeper.page.click(".top button.plain");
  await keeper.page.waitForSelector("main > .problem");
  assert.match(await keeper.page.innerText("main > .problem"), /http\/unreachable/);
  assert.equal(await keeper.page.locator(".me").count(), 1);
  await keeper.page.unrouteAll({ behavior: "wait" });
  // Whoever signs out is out, and the key signs in again without its passphrase.
  await keeper.page.click(".top button.plain");
  await keeper.page.waitForSelector("main .kept");
  await keeper.page.reload();
  await keeper.page.click("main .kept button.main");
  await keeper.page.waitForSelector(".me");
  await keeper.leave();

  // One that was not kept went with the page.
  const guest = await Somebody.sitDown();
  await guest.page.uncheck("#keep-key");
  await guest.signIn("keeper");
  await guest.page.reload();
  await guest.page.waitForSelector("#key-file");
  assert.equal(await guest.page.locator(".me, .kept").count(), 0);
  await guest.leave();
});

test("a field that is refused says so itself, to the page as to the server", async () => {
  const keeper = await Somebody.signedIn("keeper");
  const { page } = keeper;
  let drafts = 0;
  page.on("request", (request) => request.url().endsWith("/v1/drafts") && (drafts += 1));
  const said = async (selector) => {
    await page.waitForSelector(`${selector}[aria-invalid]`);
    const described = await page.getAttribute(selector, "aria-describedby");
    assert.equal(await page.locator("[aria-invalid]").count(), 1);
    return page.innerText(`#${described.split(" ").at(-1)}`);
  };
  await keeper.go("act/collect");
  // A character that is younger than the Unicode that records may have.
  await page.fill("#field-description", "a face \u{1FAE8}");
  assert.match(await said("#field-description"), /cannot hold the character .*U\+1FAE8/);
  await page.click("#draft");
  assert.deepEqual(await keeper.violations(), []);
  await page.fill("#field-description", "  ");
  assert.match(await said("#field-description"), /nothing in it but spaces/);
  await page.click("#draft");
  assert.equal(drafts, 0);
  // What only the server finds, it says there too.
  await page.route("**/v1/drafts", async (route) => {
    const asked = route.request().postDataJSON();
    asked.act.collect.description += " \u{1FAE8}";
    await route.continue({ postData: JSON.stringify(asked) });
  });
  await page.fill("#field-description", "a face");
  await page.click("#draft");
  assert.match(await said("#field-description"), /description/);
  assert.deepEqual(await keeper.violations(), []);
  await page.unrouteAll({ behavior: "wait" });
  await page.click("#draft");
  await page.waitForSelector("dialog");
  assert.equal(await page.locator("[aria-invalid]").count(), 0);
  await page.click("#do-not-sign");

  // 400 letters that are 800 bytes: twice as many as an exhibit has room for.
  const item = await collect(keeper, "something for a court");
  await verdict(keeper, item);
  await page.click("#give summary");
  await page.selectOption("#field-recipient", "court");
  await page.fill("#field-exhibit-purpose", "trial 8/2026");
  await page.fill("#field-for", "\u0421".repeat(400));
  assert.match(await said("#field-for"), /Too long by \u2068400\u2069/);
  await page.click("#give button[type=submit]");
  assert.equal(await page.locator("#give .done, #give .problem").count(), 0);
  assert.deepEqual(await keeper.violations(), []);
  await page.fill("#field-for", "\u0421".repeat(200));
  const download = page.waitForEvent("download");
  await page.click("#give button[type=submit]");
  await download;
  await keeper.leave();
});

test("a wrong passphrase and a foreign key are refused by name", async () => {
  const one = await Somebody.sitDown();
  await one.page.setInputFiles("#key-file", `${process.env.CUSTODY_KEYS}/keeper.key`);
  await one.page.fill("#passphrase", "not the passphrase");
  await one.page.click("#sign-in");
  await one.page.waitForSelector(".problem");
  assert.match(await one.text(), /key-file\/passphrase/);
  await one.page.setInputFiles("#key-file", `${process.env.CUSTODY_KEYS}/keeper.pub`);
  await one.page.fill("#passphrase", "anything");
  await one.page.click("#sign-in");
  await one.page.getByText("key-file/not-a-key").waitFor();
  assert.deepEqual(await one.violations(), []);
  await one.leave();
});

test("axe finds nothing on any page, in both schemes, on a phone, in Arabic", { timeout: 300_000 }, async () => {
  for (const options of [
    { colorScheme: "light", timezoneId: "Asia/Kolkata" },
    { colorScheme: "dark" },
    { viewport: { width: 320, height: 640 } },
    { locale: "ar" },
    { viewport: { width: 640, height: 450 }, locale: "de", reducedMotion: "reduce" },
  ]) {
    const officer = await Somebody.signedIn("officer", options);
    const item = await officer.page.evaluate(async () => (await (await fetch("/v1/items?state=held")).json()).items[0].item);
    const request = await officer.page.evaluate(async () => (await (await fetch("/v1/requests")).json()).requests[0].request);
    for (const path of [...PAGES, `items/${item}`, `label/${item}`, `requests/${request}`, `act/release/${item}`]) {
      await officer.go(path);
      await officer.page.waitForLoadState("networkidle").catch(() => undefined);
      if (path.startsWith("items/")) {
        await officer.page.waitForSelector("[data-verdict]");
        const times = await officer.page.locator("time").allInnerTexts();
        const offset = options.timezoneId === undefined ? /GMT|UTC|غرينتش/ : /GMT\+5:30$/;
        assert.ok(times.length > 0 && times.every((time) => offset.test(time)), `times without their offset: ${times}`);
      }
      if (path.startsWith("requests/") && options.locale === "de") {
        assert.match(await officer.text(), /Grundlage\s+Ermittlungsanordnung investigation-order/);
      }
      const where = `${path} ${JSON.stringify(options)}`;
      assert.deepEqual(await officer.violations(), [], where);
      assert.equal(await officer.overflows(), false, `${where} is wider than its window`);
      assert.match(await officer.text(), /^TRAINING - NOT EVIDENCE/, where);
    }
    const direction = await officer.page.evaluate(() => [document.documentElement.dir, document.documentElement.lang]);
    assert.deepEqual(direction, options.locale === "ar" ? ["rtl", "ar"] : ["ltr", options.locale ?? "en"]);
    if (options.locale === "ar") {
      assert.doesNotMatch(await officer.page.innerText("h1"), /[a-z]/);
      const brand = await officer.page.locator(".brand").boundingBox();
      assert.ok(brand.x > 640, "the frame runs from the right");
    }
    await officer.leave();
  }
});

test("script in every text field stays text", { timeout: 120_000 }, async () => {
  const keeper = await Somebody.signedIn("keeper");
  const analyst = await Somebody.signedIn("analyst");
  const item = await collect(keeper, HOSTILE);
  for (const [act, fill] of [
    ["seal", async ({ page }) => { await page.selectOption("#field-kind", "tape"); await page.fill("#field-number", HOSTILE.slice(0, 60)); }],
    ["note", async ({ page }) => page.fill("#field-text", HOSTILE)],
    ["store", async ({ page }) => { await page.selectOption("#field-condition", "cool"); await page.fill("#field-place", HOSTILE); }],
  ]) {
    await keeper.go(`act/${act}/${item}`);
    await fill(keeper);
    await keeper.page.click("#draft");
    await keeper.sign();
  }
  await keeper.go(`act/release/${item}`);
  await keeper.page.fill("#field-carrier", HOSTILE);
  await keeper.page.fill("#field-waybill", HOSTILE);
  await send(keeper, "Hugo Lefevre");
  await openRelease(analyst);
  await analyst.page.fill("#field-remark", HOSTILE);
  await analyst.page.fill("#scan", HOSTILE);
  await analyst.page.press("#scan", "Enter");
  await analyst.page.click("#receive");
  await analyst.sign();
  assert.equal(await verdict(analyst, item), "verified");
  for (const path of [`items/${item}`, "desk", "items"]) {
    await analyst.go(path);
    if (path !== `items/${item}`) await analyst.page.fill("#wanted", "<img src=x");
    await analyst.page.getByText("<img src=x onerror").first().waitFor();
    assert.equal(await analyst.page.locator("main img, main script").count(), 0);
    assert.doesNotMatch(await analyst.page.title(), /^taken/);
  }
  await keeper.leave();
  await analyst.leave();
});

test("a ledger that went back in time is shown with both heads", async () => {
  const keeper = await Somebody.signedIn("keeper");
  // This browser remembers more than the server has: as after a backup that was played back.
  await keeper.page.evaluate(async () => {
    const database = await new Promise((resolve, reject) => {
      const request = indexedDB.open("custody", 1);
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    const store = database.transaction("ledgers", "readwrite").objectStore("ledgers");
    const [ledger] = await new Promise((resolve) => { const all = store.getAll(); all.onsuccess = () => resolve(all.result); });
    ledger.head.size += 1_000_000n;
    await new Promise((resolve) => { store.put(ledger, ledger.origin).onsuccess = resolve; });
  });
  await keeper.page.reload();
  await keeper.page.waitForSelector("[data-code]");
  assert.equal(await keeper.page.getAttribute("[data-code]", "data-code"), "consistency-tree-shrank");
  assert.equal(await keeper.page.locator("[data-code] pre").count(), 2);
  assert.deepEqual(await keeper.violations(), []);
  await keeper.leave();
});

test("what a server says wrongly is found out before anything is signed", { timeout: 120_000 }, async () => {
  const keeper = await Somebody.signedIn("keeper");
  const { page } = keeper;
  const item = await collect(keeper, "a thing that a server lies about");
  const draft = async (lie) => {
    await page.route("**/v1/drafts", lie);
    await keeper.go("desk");
    await keeper.go(`act/handoff/${item}`);
    await page.selectOption("#field-to", { label: "Hugo Lefevre" });
    await page.selectOption("#field-purpose", "examination");
    await page.click("#draft");
    await page.waitForSelector("form .problem");
    const text = await page.innerText("form .problem");
    assert.equal(await page.locator("dialog").count(), 0);
    await page.unrouteAll({ behavior: "wait" });
    return text;
  };
  // It asks itself for something else, and hands that out.
  const instead = (change) => async (route) => {
    const asked = route.request().postDataJSON();
    change(asked.act.handoff);
    await route.continue({ postData: JSON.stringify(asked) });
  };
  const others = await page.evaluate(async () => {
    const { custodians } = await (await fetch("/v1/custodians")).json();
    const { items } = await (await fetch("/v1/items?state=held")).json();
    return { to: custodians.find(({ name }) => name === "Claire Moreau").id, item: items.find(({ holder }) => holder.name === "Daan Visser").item };
  });
  for (const change of [
    (act) => { act.purpose = "court"; },
    (act) => { act.to = others.to; },
    (act) => { act.items = [others.item]; },
    (act) => { act.items.push(others.item); },
  ]) {
    assert.match(await draft(instead(change)), /page\/other-draft/);
  }
  // It makes a head up that whoever signs would have seen.
  const forge = async (route) => {
    const response = await route.fetch();
    const answer = await response.json();
    const payload = Buffer.from(answer.payload, "base64");
    const at = payload.indexOf(Buffer.from("seen")) + 4;
    // An array of two: the size in three bytes, and the root behind its head of two.
    payload[at + 1 + 3 + 2] ^= 1;
    await route.fulfill({ response, json: { ...answer, payload: payload.toString("base64") } });
  };
  assert.match(await draft(forge), /consistency-/);

  // A receipt of another tree, and a history with a bit turned.
  const turn = (text, at) => `${text.slice(0, at)}${text[at] === "A" ? "B" : "A"}${text.slice(at + 1)}`;
  await page.route("**/v1/records", async (route) => {
    const response = await route.fetch();
    const answer = await response.json();
    await route.fulfill({ response, json: { ...answer, receipt: turn(answer.receipt, answer.receipt.indexOf("\n", 30) + 5) } });
  });
  await keeper.go(`act/note/${item}`);
  await page.fill("#field-text", "noted");
  await page.click("#draft");
  await page.click("dialog #sign");
  await page.waitForSelector("dialog .problem");
  assert.match(await page.innerText("dialog .problem"), /inclusion-root-mismatch/);
  await page.unrouteAll({ behavior: "wait" });
  await page.click("#do-not-sign");

  await loseAnswer(keeper, item);
  await lieAboutPlace(keeper, item, others.to);

  await page.route("**/v1/exhibits", async (route) => {
    const response = await route.fetch();
    const answer = await response.json();
    const contents = Buffer.from(answer.contents, "base64");
    contents[contents.indexOf(Buffer.from("a thing that a server"))] ^= 1;
    await route.fulfill({ response, json: { ...answer, contents: contents.toString("base64") } });
  });
  assert.equal(await verdict(keeper, item), "rejected");
  assert.deepEqual(await keeper.violations(), []);
  await page.unrouteAll({ behavior: "wait" });

  await hideTree(keeper, item);
  await hideReceipt(keeper, item);
  await keeper.leave();
});
