// Somebody who has never seen the pages: tests/tests/it/browser_pages.rs founds the ledger. What they read has to be so, where
// they look for it, on a telephone as at a desk, from right to left as from left to right.
//
// The keeper holds a hundred mobile telephones, numbered as they came.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { close, launch, Somebody, keys, verdict } from "./pages.mjs";

before(() => launch());
after(close);

const PHONE = { viewport: { width: 390, height: 844 } };

/** A text of the page without the marks that keep a direction to itself. */
const plain = (text) => text.replace(/[\u2066-\u2069]/g, "").replace(/\s+/g, " ").trim();

const read = async (one, selector) => plain(await one.page.innerText(selector));

/** Waits until that says so. */
async function says(one, selector, wanted) {
  const has = ([selector, wanted]) => [...document.querySelectorAll(selector)].some(({ innerText }) => innerText.replace(/[\u2066-\u2069]/g, "").includes(wanted));
  await one.page.waitForFunction(has, [selector, wanted]).catch(async () => assert.fail(`${selector} does not say ${wanted}: ${await one.text()}`));
}

/** Begins an act with the first of what is held and has such a name. */
async function begin(one, [act, to], name, count) {
  await one.go("desk");
  await one.page.fill("#wanted", name);
  await one.page.waitForFunction(([name, count]) => {
    const rows = [...document.querySelectorAll("#held tbody tr")];
    return rows.length >= count && rows.every(({ innerText }) => innerText.includes(name));
  }, [name, count]);
  for (let at = 0; at < count; at += 1) await one.page.locator("#held .pick").nth(at).check();
  await one.page.selectOption("#field-act", act);
  await one.page.click(".toolbar button.main");
  await one.page.selectOption("#field-to", { label: to });
  await one.page.selectOption("#field-purpose", "examination");
}

/** What has the focus: its id or its kind. */
const focused = (one) => one.page.evaluate(() => document.activeElement.id || document.activeElement.tagName.toLowerCase());

async function offer(keeper, count = 1) {
  await begin(keeper, ["handoff", "Hugo Lefevre"], "mobile telephone", count);
  await keeper.page.click("#draft");
  await keeper.sign();
}

test("what is to be signed begins at its top, and who does not sign is back where they were", { timeout: 120_000 }, async () => {
  const keeper = await Somebody.signedIn("keeper", PHONE);
  const { page } = keeper;
  await begin(keeper, ["release", "Hugo Lefevre"], "mobile telephone", 8);
  for (const leave of [() => page.keyboard.press("Escape"), () => page.click("#do-not-sign")]) {
    await page.focus("#draft");
    await page.keyboard.press("Enter");
    await page.waitForSelector("dialog #sign");
    await keeper.hasFocus("h2");
    const { top, isLong } = await page.evaluate(() => {
      const dialog = document.querySelector("dialog");
      return { top: dialog.scrollTop, isLong: dialog.scrollHeight > dialog.clientHeight };
    });
    assert.ok(isLong, "the dialog is longer than the telephone");
    assert.equal(top, 0);
    await leave();
    await page.waitForSelector("dialog", { state: "detached" });
    await keeper.hasFocus("draft");
  }
  await page.keyboard.press("Enter");
  await keeper.sign();
  await keeper.leave();
});

test("the desk says what was sent, and what is on the way", { timeout: 120_000 }, async () => {
  const keeper = await Somebody.signedIn("keeper");
  await keeper.page.waitForSelector("#sent .card");
  const order = await keeper.page.evaluate(() => [...document.querySelectorAll("main section[id]")].map(({ id }) => id));
  assert.ok(order.indexOf("sent") < order.indexOf("held"), `${order}`);
  const analyst = await Somebody.signedIn("analyst");
  await analyst.page.waitForSelector("#to-receive .card");
  for (const [one, card, who] of [[keeper, "#sent .card", "To: Hugo Lefevre"], [analyst, "#to-receive .card", "From: Daan Visser"]]) {
    const text = await read(one, card);
    for (const said of ["mobile telephone 1 ", "mobile telephone 2 ", "mobile telephone 3 ", "and 5 more", who]) assert.ok(text.includes(said), text);
    assert.equal(await one.page.locator(`${card} .names li`).count(), 4);
  }
  assert.deepEqual(await keeper.violations(), []);
  await keeper.leave();
  await analyst.leave();
});

test("nothing is called as described that nobody looked at, and a scan is answered where it is made", { timeout: 120_000 }, async () => {
  const analyst = await Somebody.signedIn("analyst", PHONE);
  const { page } = analyst;
  const own = await page.evaluate(async () => {
    const { who } = await (await fetch("/v1/inbox")).json();
    return (await (await fetch(`/v1/items?holder=${who.id}`)).json()).items.find(({ description }) => description !== null);
  });
  await analyst.go("desk");
  await page.click("#to-receive a.button");
  await page.waitForSelector("#receive");
  const draft = async () => {
    await page.click("#receive");
    await page.waitForSelector("dialog #sign");
    const shown = await read(analyst, "dialog");
    await page.keyboard.press("Escape");
    await page.waitForSelector("dialog", { state: "detached" });
    return shown;
  };
  for (const shown of [await read(analyst, "main"), await draft()]) {
    assert.match(shown, /No exceptions noted/);
    assert.match(shown, /! ?Nothing was checked\. Scanned: 0 of 8/);
    assert.doesNotMatch(shown, /All as described/);
  }
  // Each value of the list has its column's name before it.
  assert.match(await page.locator("tbody select").first().evaluate((list) => getComputedStyle(list.parentElement, "::before").content), /Outcome/);

  await page.fill("#scan", own.label);
  await page.press("#scan", "Enter");
  await says(analyst, ".scan .problem", own.description);
  assert.equal(await page.locator("main .problem").count(), 1);
  await analyst.picture("receive-strange");
  await page.fill("#scan", await page.innerText("tbody tr td code"));
  await page.press("#scan", "Enter");
  await says(analyst, ".scan .good", "Ticked off: mobile telephone 1");
  assert.equal(await page.locator("main .problem").count(), 0);
  assert.deepEqual(await analyst.violations(), []);
  // Seven of them nobody has looked at.
  const one = await draft();
  assert.match(one, /No exceptions noted Scanned: 1 of 8/);
  assert.doesNotMatch(one, /Nothing was checked/);
  await page.check("#checked-count");
  await says(analyst, "#exceptions", "All as described");
  assert.match(await draft(), /What was checked: Count \(count\) All as described/);
  await analyst.leave();
});

test("who looks elsewhere while they receive finds what they scanned", { timeout: 120_000 }, async () => {
  const analyst = await Somebody.signedIn("analyst");
  const { page } = analyst;
  const open = async () => {
    await page.click("#to-receive a.button");
    await page.waitForSelector("#receive");
  };
  await open();
  await page.fill("#scan", await page.innerText("tbody tr td code"));
  await page.press("#scan", "Enter");
  await says(analyst, ".scan .good", "Ticked off: mobile telephone 1");
  await page.locator("tbody select").nth(1).selectOption("seal-mismatch");
  await page.check("#checked-seal");
  await page.fill("#field-remark", "the second bag is torn");
  const isThere = async () => {
    await says(analyst, "#counted", "Scanned: 1 of 8");
    await says(analyst, "#exceptions", "Exceptions: 1 of 8");
    assert.equal(await page.locator("tbody select").nth(1).inputValue(), "seal-mismatch");
    assert.ok(await page.isChecked("#checked-seal"));
    assert.equal(await page.inputValue("#field-remark"), "the second bag is torn");
  };
  // To an item and back as a browser goes, and over the desk by its links.
  await page.click("tbody tr th a");
  await page.waitForSelector("[data-verdict]", { timeout: 60_000 });
  await page.goBack();
  await page.waitForSelector("#receive");
  await isThere();
  await page.click("nav a[href='#/desk']");
  await open();
  await isThere();
  await analyst.leave();
});

test("an offer says whose it is, and what became of it", { timeout: 180_000 }, async () => {
  const keeper = await Somebody.signedIn("keeper");
  const analyst = await Somebody.signedIn("analyst");
  const { page } = keeper;
  await offer(keeper, 2);
  await analyst.go("desk");
  await analyst.page.waitForSelector("#to-sign .names a");
  const card = await read(analyst, "#to-sign .card");
  assert.match(card, /^Daan Visser, .* offers you mobile telephone \d+ .* mobile telephone \d+ .*Hand over from hand to hand handoff/);
  assert.doesNotMatch(card, /Handed over/);
  await analyst.page.click("#to-sign a.button");
  await analyst.page.waitForSelector("#countersign");
  assert.equal(await read(analyst, "h1"), "An offer to you");
  assert.match(await read(analyst, ".unchecked"), /Nothing was checked/);

  await keeper.go("desk");
  await page.waitForSelector("#offered .names a");
  assert.match(await read(keeper, "#offered .card"), /^You offer Hugo Lefevre/);
  await page.click("#offered a.button");
  await page.waitForSelector("#withdraw");
  assert.match(await read(keeper, "h1"), /^Your offer to Hugo Lefevre/);
  // It is asked first; who thinks better of it still has it there.
  await page.click("#withdraw");
  await page.waitForSelector("dialog #withdraw-sure");
  await page.keyboard.press("Escape");
  await page.waitForSelector("dialog", { state: "detached" });
  await keeper.hasFocus("withdraw");
  const offered = async () => (await (await fetch("/v1/inbox")).json()).offers.filter(({ signed }) => signed[0].name === "Daan Visser").length;
  assert.equal(await page.evaluate(offered), 1);
  await page.click("#withdraw");
  await page.click("dialog #withdraw-sure");
  await says(keeper, "h1", "The offer is withdrawn");
  await keeper.hasFocus("h1");
  assert.deepEqual(await keeper.violations(), []);
  // Whoever has it before them is told as soon as they come back to it.
  await analyst.page.evaluate(() => dispatchEvent(new Event("focus")));
  await says(analyst, "h1", "This offer no longer waits");

  for (const [word, act] of [
    ["You countersigned the offer", () => analyst.page.click("#countersign")],
    ["You refused the offer", async () => {
      await analyst.page.click("details summary");
      await analyst.page.selectOption("#field-ground", "seal");
      await analyst.page.click("details button[type=submit]");
    }],
  ]) {
    await offer(keeper);
    await analyst.go("desk");
    await analyst.page.click("#to-sign a.button");
    await analyst.page.waitForSelector("#countersign");
    await act();
    await analyst.sign();
    assert.equal(await read(analyst, "h1"), word);
  }
  await keeper.leave();
  await analyst.leave();
});

test("an image's history says what is the laptop's, and what was corrected", async () => {
  const analyst = await Somebody.signedIn("analyst");
  const item = await analyst.page.evaluate(async () => {
    const { items } = await (await fetch("/v1/items?state=held")).json();
    return items.find(({ description }) => description === "image of the laptop's disk").item;
  });
  assert.equal(await verdict(analyst, item), "verified");
  const entries = (await analyst.page.locator(".timeline > li").allInnerTexts()).map(plain);
  const ofLaptop = entries.filter((text) => text.includes("About what it was made from, or packed in: item:"));
  assert.ok(ofLaptop.length > 0 && ofLaptop.length < entries.length, `${ofLaptop.length} of ${entries.length}`);
  const collected = ofLaptop.find((text) => text.startsWith("Collected"));
  assert.match(collected, /flat 41, kitchen table ! ?corrected by Entry \d+/);
  assert.match(collected, /Document laptop\.txt, SHA-256 [0-9a-f]{64}/);
  assert.ok(entries.some((text) => /^Copied|^Derived|derive/.test(text) && !text.includes("About what")), entries.join("\n"));
  assert.deepEqual(await analyst.violations(), []);
  await analyst.leave();
});

test("lists are in the order of their names, and go on where they ended", { timeout: 120_000 }, async () => {
  const keeper = await Somebody.signedIn("keeper");
  const inOrder = async (one, rows) => {
    const names = (await one.page.locator(`${rows} th`).allInnerTexts()).map(plain);
    const sorted = [...names].sort(new Intl.Collator("en", { numeric: true }).compare);
    assert.deepEqual(names, sorted);
    return names.length;
  };
  /** Presses it by keyboard, and is at the first of the new rows. */
  const goOn = async (one, rows, count) => {
    await one.page.focus(".more");
    await one.page.keyboard.press("Enter");
    await one.page.waitForFunction(([rows, count]) => document.querySelectorAll(rows)[count]?.contains(document.activeElement), [rows, count]);
  };
  await keeper.page.locator("#held .more").waitFor();
  assert.equal(await inOrder(keeper, "#held tbody tr"), 25);
  await goOn(keeper, "#held tbody tr", 25);
  await inOrder(keeper, "#held tbody tr");

  const officer = await Somebody.signedIn("officer");
  await officer.go("items");
  await officer.page.waitForSelector(".more");
  // How many more there are is not known yet.
  assert.equal(await read(officer, ".more"), "Show more");
  await goOn(officer, "tbody tr", 50);
  assert.ok((await inOrder(officer, "tbody tr")) > 50);

  for (const [one, path] of [[keeper, "desk"], [officer, "items"]]) {
    await one.go(path);
    await one.page.fill("#wanted", "nothing has this name");
    await says(one, "main .hint", "Nothing matches “nothing has this name”.");
    assert.doesNotMatch(await one.text(), /No items\./);
  }
  await keeper.leave();
  await officer.leave();
});

test("the focus is never lost, and the title says which page it is", { timeout: 120_000 }, async () => {
  const keeper = await Somebody.sitDown();
  const { page } = keeper;
  await page.setInputFiles("#key-file", `${keys}/keeper.key`);
  await page.fill("#passphrase", "not the passphrase");
  await page.focus("#sign-in");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".problem");
  assert.equal(await focused(keeper), "sign-in");
  await keeper.signIn("keeper");

  assert.equal(await page.title(), "What waits for you - Custody Ledger");
  await page.selectOption("#language", "de");
  await page.waitForFunction(() => document.title === `${document.querySelector("h1").textContent} - Custody Ledger` && !document.title.includes("What waits"));
  await page.selectOption("#language", "en");
  await page.waitForSelector("#held tbody th a");
  const name = plain(await page.locator("#held tbody th a bdi").first().innerText());
  await page.locator("#held tbody th a").first().click();
  await page.waitForFunction((name) => document.title === `${name} - Custody Ledger`, name);

  await page.focus(".top button.plain");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#key-file");
  await keeper.hasFocus("h1");
  await page.locator(".kept button:not(.main)").focus();
  await page.keyboard.press("Enter");
  await page.waitForSelector(".kept", { state: "detached" });
  await keeper.hasFocus("h1");
  await keeper.leave();
});

test("a telephone shows lists, and little above them", { timeout: 180_000 }, async () => {
  const officer = await Somebody.signedIn("officer", PHONE);
  const { page } = officer;
  for (const path of ["desk", "items", "map", "oversight", "people"]) {
    await officer.go(path);
    await officer.settled();
    if (path === "oversight") await page.click("main summary");
    const { height } = await page.locator(".top").boundingBox();
    assert.ok(height < 150, `${path}: ${height}`);
    const here = await page.locator(".top [aria-current]").boundingBox();
    assert.ok(here.x >= 0 && here.x + here.width <= 390, `${path}: ${JSON.stringify(here)}`);
    const cells = await page.locator("main tbody td, main tbody th").evaluateAll((cells) => cells.map((cell) => getComputedStyle(cell, "::before").content));
    assert.ok(cells.length > 0 || path === "desk", path);
    assert.deepEqual(cells.filter((said) => said === "none" || said === '" "'), [], path);
    assert.equal(await officer.overflows(), false, path);
    assert.deepEqual(await officer.violations(), [], path);
    if (path === "oversight") {
      const [first, second, third] = await Promise.all([0, 1, 2].map((at) => page.locator(".tiles li").nth(at).boundingBox()));
      assert.ok(first.y === second.y && third.y > first.y, "two by two");
    }
    if (path === "map") assert.equal(await page.locator("svg.map").isVisible(), false);
  }
  // A tablet has room for everything on one line.
  await page.setViewportSize({ width: 768, height: 900 });
  const middles = await page.locator(".brand, .me, .top .language, .top button.plain").evaluateAll((all) => all.map((one) => {
    const { top, bottom } = one.getBoundingClientRect();
    return (top + bottom) / 2;
  }));
  assert.equal(middles.length, 4);
  assert.ok(Math.max(...middles) - Math.min(...middles) < 8, `${middles}`);
  await officer.leave();
});

test("the map says whose numbers it has, and whole names", { timeout: 120_000 }, async () => {
  const keeper = await Somebody.signedIn("keeper");
  await keeper.go("map");
  await keeper.page.waitForSelector("svg.map");
  assert.match(await read(keeper, "main .hint"), /items that you may see/);
  assert.match(await read(keeper, "caption"), /items that you may see/);
  const names = await keeper.page.evaluate(() => [...document.querySelectorAll("tbody th")].map(({ textContent }) => textContent).sort());
  const drawn = await keeper.page.locator("svg .agency").evaluateAll((boxes) => boxes.map((box) => [...box.querySelectorAll(".name")].map(({ textContent }) => textContent).join(" ")).sort());
  assert.deepEqual(drawn, names);
  const fit = await keeper.page.locator("svg .agency").evaluateAll((boxes) => boxes.every((box) => {
    const outer = box.querySelector("rect").getBoundingClientRect();
    return [...box.querySelectorAll("text")].every((text) => {
      const inner = text.getBoundingClientRect();
      return inner.left >= outer.left && inner.right <= outer.right && inner.top >= outer.top && inner.bottom <= outer.bottom;
    });
  }));
  assert.ok(fit, "names stand in their boxes");
  await keeper.leave();
  const officer = await Somebody.signedIn("officer");
  await officer.go("map");
  await officer.page.waitForSelector("svg.map");
  assert.doesNotMatch(await read(officer, "main"), /you may see/);
  await officer.leave();
});

test("from right to left, arrows and numbers stand as they are read", { timeout: 120_000 }, async () => {
  const keeper = await Somebody.signedIn("keeper", { locale: "ar" });
  const { page } = keeper;
  await keeper.go("items");
  await page.selectOption("#state", "on-the-way");
  await page.waitForFunction(() => [...document.querySelectorAll("tbody tr")].some((row) => row.textContent.includes("←")));
  assert.doesNotMatch(await page.innerText("tbody"), /→/);
  await page.selectOption("#language", "en");
  await page.waitForFunction(() => document.querySelector("tbody").textContent.includes("→"));
  assert.doesNotMatch(await page.innerText("tbody"), /←/);
  await page.selectOption("#language", "ar");
  await keeper.go("map");
  await page.waitForSelector("svg .number");
  assert.equal(await page.locator("svg .number").first().evaluate((text) => getComputedStyle(text).direction), "rtl");
  await keeper.leave();
});
