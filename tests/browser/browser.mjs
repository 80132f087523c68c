// Debian's Chromium, without a window, for tests of pages. What a page does that nobody asked for is kept: errors, and
// every request that is not for a file or for what the test itself serves.
import { chromium } from "playwright-core";
import { existsSync } from "node:fs";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Where the browser is, or undefined. */
export function chromiumPath() {
  return process.env.CHROMIUM ?? PLACES.find((path) => existsSync(path));
}

/**
 * Runs `work` with a browser, and ends it whatever comes of that. `work` gets a function that opens an empty page in a
 * context of its own, as if somebody else sat there, and a list of what the page did unasked.
 */
export async function withBrowser(work) {
  // Root has no user namespace of its own to put a browser in; the pages are ours.
  const args = process.getuid() === 0 ? ["--no-sandbox"] : [];
  const browser = await chromium.launch({ executablePath: chromiumPath(), args });
  try {
    return await work((options) => open(browser, options));
  } finally {
    await browser.close();
  }
}

async function open(browser, options) {
  const context = await browser.newContext({ locale: "en", ...options });
  const page = await context.newPage();
  const unasked = [];
  page.on("pageerror", (error) => unasked.push(`error: ${error.message}`));
  page.on("console", (message) => message.type() === "error" && unasked.push(`console: ${message.text()}`));
  page.on("request", (request) => /^(?:file|data|blob):/.test(request.url()) || unasked.push(`request: ${request.url()}`));
  return { page, unasked };
}
