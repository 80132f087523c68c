// An agency at the pages: somebody new makes a key, is enrolled with it, works, and loses it. tests/tests/it/browser_pages.rs
// founds the ledger, the demo's.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { close, collect, keys, launch, passphrase, Somebody } from "./pages.mjs";

const folder = mkdtempSync(join(tmpdir(), "custody-"));
const [KEY, PUBLIC, PASSPHRASE] = [join(folder, "custody.key"), join(folder, "custody.pub"), "a phrase of Eva's"];

before(() => launch());
after(async () => {
  await close();
  rmSync(folder, { recursive: true });
});

/** Signs in with a key file, wherever that leads. */
async function enter(one, file, phrase) {
  await one.page.setInputFiles("#key-file", file);
  await one.page.fill("#passphrase", phrase);
  await one.page.click("#sign-in");
}

async function agency() {
  const one = await Somebody.sitDown();
  await enter(one, join(keys, "police-authority.key"), passphrase);
  await one.page.waitForSelector("nav");
  return one;
}

async function change(one, act) {
  await one.go("people");
  await one.page.click(`a[href*="${act}"][aria-label*="Eva Smit"]`);
  await one.page.waitForSelector("#draft");
}

test("somebody new makes a key, and the program reads its file", async () => {
  const eva = await Somebody.sitDown();
  const { page } = eva;
  await page.click("#make-key summary");
  await page.fill("#first-passphrase", PASSPHRASE);
  await page.fill("#second-passphrase", "another one");
  await page.click("#make-key button[type=submit]");
  await page.getByText("passphrase/differs").waitFor();
  await page.fill("#second-passphrase", PASSPHRASE);
  await page.click("#make-key button[type=submit]");
  await page.waitForSelector("#make-key .done", { timeout: 60_000 });
  assert.deepEqual(await eva.violations(), []);
  for (const file of [KEY, PUBLIC]) {
    const download = page.waitForEvent("download");
    await page.click(`a[download="${file.split("/").at(-1)}"]`);
    await (await download).saveAs(file);
  }
  writeFileSync(join(folder, "passphrase.txt"), `${PASSPHRASE}\n`);
  const show = (file) => JSON.parse(execFileSync(process.env.CUSTODY_PROGRAM, ["key", "show", file, "--passphrase-file", join(folder, "passphrase.txt"), "--json"], { encoding: "utf8" }));
  assert.equal(show(KEY).thumbprint, show(PUBLIC).thumbprint);
  // Nobody knows it here yet.
  await enter(eva, KEY, PASSPHRASE);
  await page.waitForSelector(".problem");
  assert.match(await eva.text(), /This key is not enrolled at this ledger[\s\S]*session\/challenge/);
  await eva.leave();
});

test("an agency enrols them, in a browser that does not keep its key", async () => {
  const police = await agency();
  const { page } = police;
  assert.deepEqual(await page.locator("nav a").allInnerTexts(), ["Desk", "People and keys"]);
  assert.equal(await page.locator("#held, .scan").count(), 0);
  await police.go("people");
  await page.click("#enrol");
  await page.fill("#field-name", "Eva Smit");
  // The agency's own key is nobody else's: that is said before anything is signed.
  await page.setInputFiles("#field-key", join(keys, "police-authority.key"));
  await page.fill("#new-passphrase", passphrase);
  await page.click("#draft");
  await page.waitForSelector("form .problem");
  assert.match(await page.innerText("form .problem"), /the key that you sign with yourself[\s\S]*cose\/repeated-key/);
  assert.equal(await page.locator("dialog").count(), 0);
  await page.setInputFiles("#field-key", KEY);
  await page.fill("#new-passphrase", PASSPHRASE);
  assert.deepEqual(await police.violations(), []);
  // A server that would enrol them in another role is found out.
  await page.route("**/v1/drafts", async (route) => {
    const asked = route.request().postDataJSON();
    asked.act["custodian-enrol"].roles.push("supervisor");
    await route.continue({ postData: JSON.stringify(asked) });
  });
  await page.click("#draft");
  await page.getByText("page/other-draft").waitFor();
  await page.unrouteAll({ behavior: "wait" });
  await page.click("#draft");
  const shown = await police.sign();
  for (const text of ["custodian-enrol", "Eva Smit", "releasing", "acting", "new key"]) assert.ok(shown.includes(text), shown);
  assert.match(await police.text(), /This browser verified the receipt/);
  // Whoever looks at the list sees them, without loading it again.
  await police.go("people");
  await page.getByText("Eva Smit").first().waitFor();
  assert.deepEqual(await police.violations(), []);
  await page.reload();
  await page.waitForSelector("#key-file");
  assert.equal(await page.locator(".kept, nav").count(), 0);
  await police.leave();
});

test("whoever was enrolled works, and stops when their key is in other hands", { timeout: 120_000 }, async () => {
  const eva = await Somebody.sitDown();
  await enter(eva, KEY, PASSPHRASE);
  await eva.page.waitForSelector("#held");
  await collect(eva, "an umbrella");
  const police = await agency();
  await change(police, "agency-update");
  for (const role of [1, 2, 9]) await police.page.uncheck(`#role-${role}`);
  assert.deepEqual(await police.violations(), []);
  await police.page.click("#draft");
  assert.match(await police.sign(), /agency-update[\s\S]*witness/);
  await eva.go("desk");
  await eva.page.reload();
  await eva.page.getByText("Your roles: \u2068witness\u2069").waitFor();
  assert.equal(await eva.page.locator("a[href*=collect]").count(), 0);

  await change(police, "key-compromised");
  await police.page.fill("#field-since", "2026-01-01T08:00");
  await police.page.click("#draft");
  assert.match(await police.sign(), /key-compromised/);
  // What they ask next, nobody asks who is known here.
  await eva.go("items");
  await eva.page.waitForSelector("#sign-in-again");
  await eva.page.click("#sign-in-again");
  await eva.page.getByText("session/challenge").waitFor();
  const said = await eva.page.innerText("dialog");
  assert.match(said, /not enrolled at this ledger, or it has ended/);
  assert.doesNotMatch(said, /answer to a challenge/);
  assert.deepEqual(await eva.violations(), []);
  // There is a way out: somebody else sits down, with a key that is worth something.
  await eva.page.click("#sign-in-another");
  await eva.page.waitForSelector("dialog", { state: "detached" });
  await eva.hasFocus("h1");
  await eva.signIn("keeper");
  await police.go("people");
  await police.page.getByText("compromised").first().waitFor();
  await eva.leave();
  await police.leave();
});

test("evidence is not an agency's to act on, nor people a custodian's", async () => {
  const keeper = await Somebody.signedIn("keeper");
  await keeper.go("people");
  assert.equal(await keeper.page.locator("#enrol, a[href*=key-]").count(), 0);
  const answer = await keeper.page.evaluate(async () => {
    const custodian = (await (await fetch("/v1/session")).json()).who.id;
    const headers = { "X-CSRF-Token": localStorage.getItem("custody-csrf"), "Content-Type": "application/json" };
    const body = JSON.stringify({ act: { "agency-update": { custodian, roles: ["supervisor"] } } });
    return (await (await fetch("/v1/drafts", { method: "POST", headers, body })).json()).code;
  });
  assert.equal(answer, "access/forbidden");
  await keeper.leave();
});
