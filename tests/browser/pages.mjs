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

let browser;

export async function launch() {
  const args = process.getuid() === 0 ? ["--no-sandbox"] : [];
  args.push("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream");
  browser = await chromium.launch({ executablePath: chromiumPath(), args });
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
    // Answers that are refusals are the page's to show; a browser notes them as errors of its own.
    const isRefusal = (text) => text.startsWith("Failed to load resource");
    one.page.on("pageerror", (error) => one.unasked.push(`error: ${error.message}`));
    one.page.on("console", (message) => message.type() === "error" && !isRefusal(message.text()) && one.unasked.push(`console: ${message.text()}`));
    one.page.on("request", (request) => {
      const isOurs = request.url().startsWith(`${url}/`) || /^(?:data|blob):/.test(request.url());
      if (!isOurs) one.unasked.push(`request: ${request.url()}`);
    });
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
