// People at the pages: each in a browser of their own, with a key file, doing by keyboard and mouse what custodians do.
import { chromium } from "playwright-core";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromiumPath } from "./browser.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Where the server is, and where the keys are that the test made. */
export const url = process.env.CUSTODY_URL;
export const keys = process.env.CUSTODY_KEYS;
export const passphrase = process.env.CUSTODY_PASSPHRASE;
/** Where pictures of the pages go, if anybody wants them. */
export const pictures = process.env.CUSTODY_PICTURES;

/** A camera that shows a test picture, and somebody who always says yes when asked for it. */
export const CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];
/** Times that somebody presses Tab before they give up. */
const MOST_STOPS = 200;

let browser;

export async function launch(camera = CAMERA) {
  const args = process.getuid() === 0 ? ["--no-sandbox"] : [];
  browser = await chromium.launch({ executablePath: chromiumPath(), args: [...args, ...camera] });
}

/** What somebody has said in the browser's settings about the camera on our pages. */
export async function setCamera(setting) {
  const session = await browser.newBrowserCDPSession();
  await session.send("Browser.setPermission", { permission: { name: "camera" }, setting, origin: url });
  await session.detach();
}

export async function close() {
  await browser.close();
}

/** Somebody at a browser of their own. What the page does unasked is kept: errors, and requests to anywhere else. */
export class Somebody {
  static async sitDown(options = {}) {
    const one = new Somebody();
    one.context = await browser.newContext({ locale: "en", viewport: { width: 1280, height: 900 }, ...options });
    one.page = await one.context.newPage();
    one.unasked = [];
    one.asking = new Set();
    // Answers that are refusals are the page's to show; a browser notes them as errors of its own.
    const isRefusal = (text) => text.startsWith("Failed to load resource");
    one.page.on("pageerror", (error) => one.unasked.push(`error: ${error.message}`));
    one.page.on("console", (message) => message.type() === "error" && !isRefusal(message.text()) && one.unasked.push(`console: ${message.text()}`));
    one.page.on("request", (request) => {
      const isOurs = request.url().startsWith(`${url}/`) || /^(?:data|blob):/.test(request.url());
      if (!isOurs) one.unasked.push(`request: ${request.url()}`);
      if (request.resourceType() === "fetch") one.asking.add(request);
    });
    for (const end of ["requestfinished", "requestfailed"]) one.page.on(end, (request) => one.asking.delete(request));
    await one.page.goto(url);
    return one;
  }

  /** With the key file of that name. */
  static async signedIn(name, options = {}) {
    const one = await Somebody.sitDown(options);
    await one.signIn(name);
    return one;
  }

  async signIn(name) {
    await this.page.setInputFiles("#key-file", join(keys, `${name}.key`));
    await this.page.fill("#passphrase", passphrase);
    await this.page.click("#sign-in");
    await this.page.waitForSelector("main h1 ~ .scan");
  }

  async go(path) {
    await this.page.goto(`${url}/#/${path}`);
    await this.page.waitForSelector("main h1");
  }

  /** Waits until the page has asked for nothing for a while: it shows then what there is to show. */
  async settled() {
    for (let quiet = 0; quiet < 5; quiet = this.asking.size === 0 ? quiet + 1 : 0) await this.page.waitForTimeout(100);
  }

  /** Signs what is shown, and says what it read there. */
  async sign() {
    await this.page.waitForSelector("dialog #sign");
    const shown = await this.page.innerText("dialog");
    await this.page.click("dialog #sign");
    await this.page.waitForSelector(".done, dialog .problem", { timeout: 60_000 });
    const problem = this.page.locator("dialog .problem");
    if (await problem.count()) assert.fail(await problem.innerText());
    return shown;
  }

  /** As `signIn`, without a mouse. The window in which the file is chosen is the browser's, and its driver answers it. */
  async signInByKeyboard(name) {
    const { keyboard } = this.page;
    // Whoever answers for the window has to be there before it opens.
    const chooser = this.page.waitForEvent("filechooser");
    await this.tabTo("#key-file");
    await keyboard.press("Enter");
    await (await chooser).setFiles(join(keys, `${name}.key`));
    await this.tabTo("#passphrase");
    await keyboard.type(passphrase);
    await this.tabTo("#sign-in");
    await keyboard.press("Enter");
    await this.page.waitForSelector("main h1 ~ .scan");
  }

  /** Presses Tab until that has the focus, or Shift+Tab. Wherever it stops on the way, one sees that it is there. */
  async tabTo(selector, key = "Tab") {
    await this.page.waitForSelector(selector);
    const stops = [];
    for (let count = 0; count < MOST_STOPS; count += 1) {
      await this.page.keyboard.press(key);
      const stop = await this.page.evaluate(look, selector);
      assert.equal(stop.fault, null, `nobody sees that the focus is on ${stop.html}`);
      if (stop.isWanted) return;
      stops.push(stop.html.slice(0, 60));
    }
    assert.fail(`${key} does not lead to ${selector}: ${stops.join("\n")}`);
  }

  /** Presses what has the focus, and waits for what comes of it. */
  async press(key, selector) {
    await this.page.keyboard.press(key);
    await this.page.waitForSelector(selector, { timeout: 60_000 });
  }

  /** Chooses in a list by the first letters of what is wanted, and says what that is. */
  async choose(selector, letters, value) {
    await this.tabTo(selector);
    await this.page.keyboard.type(letters);
    const [code, text] = await this.page.locator(selector).evaluate((list) => [list.value, list.selectedOptions[0].text]);
    assert.ok(value === undefined ? text.startsWith(letters) : code === value, `${selector}: ${code} ${text}`);
  }

  /** Waits until that has the focus, named by its id or its kind. */
  hasFocus(name) {
    return this.page.waitForFunction((name) => [document.activeElement.id, document.activeElement.tagName.toLowerCase()].includes(name), name);
  }

  /**
   * Walks over the whole page with a key, from where the focus is until it comes round again. Everything that can be used was
   * stopped at, and seen, and left.
   */
  async walk(key) {
    await this.page.evaluate(() => {
      document.activeElement.blur();
      for (const one of document.querySelectorAll("[data-stop]")) delete one.dataset.stop;
    });
    let last = null;
    for (let count = 0; ; count += 1) {
      assert.ok(count < MOST_STOPS, `${key} does not come round`);
      await this.page.keyboard.press(key);
      const stop = await this.page.evaluate(look, "[data-stop]");
      assert.equal(stop.fault, null, `nobody sees that the focus is on ${stop.html}`);
      // Between the last one and the first lies the page itself, and in a browser with a window what stands around it.
      if (stop.isPage) continue;
      // A field of several parts, as one for a time, has a stop for each.
      if (stop.isWanted && stop.html !== last) break;
      await this.page.evaluate(() => { document.activeElement.dataset.stop = ""; });
      last = await this.page.evaluate(() => document.activeElement.outerHTML);
    }
    return this.page.evaluate(() => {
      const usable = "a[href], button:enabled, input:enabled, select:enabled, textarea:enabled, summary, [tabindex='0']";
      const all = [...document.querySelectorAll(usable)].filter((one) => one.checkVisibility({ visibilityProperty: true }));
      return { count: all.length, missed: all.filter((one) => one.dataset.stop === undefined).map((one) => one.outerHTML.slice(0, 120)) };
    });
  }

  /** The digest that the page gives when something was signed. */
  digest() {
    return this.page.innerText(".done code");
  }

  async text() {
    return this.page.innerText("body");
  }

  /** What axe finds on the page as it stands. */
  async violations() {
    const session = await this.context.newCDPSession(this.page);
    // The page takes no script but its own: this one comes in by the debugger.
    await session.send("Runtime.evaluate", { expression: axe });
    const { result } = await session.send("Runtime.evaluate", {
      expression: "axe.run().then(({ violations }) => JSON.stringify(violations.map(({ id, nodes }) => [id, nodes.slice(0, 3).map(({ html, failureSummary }) => [html.slice(0, 200), failureSummary])])))",
      awaitPromise: true,
    });
    await session.detach();
    return JSON.parse(result.value);
  }

  /** Whether the page is wider than its window. */
  overflows() {
    return this.page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  }

  async picture(name) {
    if (pictures !== undefined) await this.page.screenshot({ path: join(pictures, `${name}.png`) });
  }

  async leave() {
    assert.deepEqual(this.unasked, [], "the page did something that nobody asked for");
    // An answer that is being changed on its way is let through first.
    await this.page.unrouteAll({ behavior: "wait" });
    await this.context.close();
  }
}

/** Finds something that is held at the desk, and says its id. */
async function held(one, description) {
  await one.go("desk");
  await one.page.fill("#wanted", description);
  const link = one.page.locator("#held tbody th a");
  await link.first().waitFor();
  assert.equal(await link.count(), 1);
  return decodeURIComponent((await link.getAttribute("href")).split("/").at(-1));
}

/** Takes a new item in at the pages, and says its id. */
export async function collect(one, description) {
  await one.go("act/collect");
  await one.page.fill("#field-description", description);
  await one.page.click("#draft");
  const shown = await one.sign();
  assert.ok(shown.includes(description), shown);
  return held(one, description);
}

/** Opens an item's page, and says what it makes of the history. */
export async function verdict(one, item) {
  await one.go(`items/${item}`);
  await one.page.waitForSelector("[data-verdict]", { timeout: 60_000 });
  return one.page.getAttribute("[data-verdict]", "data-verdict");
}

/** In the page: what has the focus, whether that is what is wanted, and whether whoever looks sees that. */
function look(selector) {
  const one = document.activeElement;
  if (one === null || one === document.body) return { isPage: true, isWanted: false, fault: null, html: "the page" };
  const { outlineStyle, outlineWidth } = getComputedStyle(one);
  const { left, right, top, bottom } = one.getBoundingClientRect();
  const within = (value, end) => Math.min(Math.max(value, 1), end - 1);
  const over = document.elementFromPoint(within((left + right) / 2, innerWidth), within((top + bottom) / 2, innerHeight));
  const isMarked = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
  const isInView = right > left && bottom > top && right > 0 && bottom > 0 && left < innerWidth && top < innerHeight;
  const isFree = over !== null && (one.contains(over) || over.contains(one));
  const fault = !isMarked ? "unmarked" : !isInView ? "out of view" : !isFree ? `behind ${over?.outerHTML.slice(0, 80)}` : null;
  return { isPage: false, isWanted: one.matches(selector), fault, html: one.outerHTML };
}
