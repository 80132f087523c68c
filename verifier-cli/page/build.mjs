// Builds the page and the program for Node: the same bytes from the same sources, wherever it runs.
//
//   node build.mjs [DIR]     into DIR, or dist/
import { build, transform } from "esbuild";
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

const here = import.meta.dirname;
const out = process.argv[2] ?? join(here, "dist");

async function bundle(entry, options) {
  const { outputFiles } = await build({
    absWorkingDir: here,
    entryPoints: [entry],
    bundle: true,
    charset: "utf8",
    legalComments: "none",
    minify: true,
    write: false,
    ...options,
  });
  return outputFiles[0].text.trimEnd();
}

/** What a browser compares with the text between the tags, byte for byte. */
function hash(text) {
  return `sha256-${createHash("sha256").update(text, "utf8").digest("base64")}`;
}

/** Fails where the text would end its own element, or would not reach the browser as it is. */
function inline(text, element) {
  const ending = new RegExp(`</${element}|<!--|[\\r\\0]`, "i");
  if (ending.test(text)) throw new Error(`what goes into <${element}> has ${JSON.stringify(ending.exec(text)[0])} in it`);
  return text;
}

async function page() {
  const frame = await readFile(join(here, "page.html"), "utf8");
  const css = await readFile(join(here, "src/page/style.css"), "utf8");
  const style = inline((await transform(css, { loader: "css", minify: true, charset: "utf8" })).code.trimEnd(), "style");
  const script = inline(await bundle("src/page/main.ts", { format: "iife", platform: "browser", target: "es2022" }), "script");
  const parts = { "SCRIPT-HASH": hash(script), "STYLE-HASH": hash(style), STYLE: style, SCRIPT: script };
  return frame.replace(/SCRIPT-HASH|STYLE-HASH|STYLE|SCRIPT/g, (name) => parts[name]);
}

await mkdir(out, { recursive: true });
await writeFile(join(out, "verify.html"), await page());
await writeFile(join(out, "verify.mjs"), `${await bundle("src/cli.ts", { format: "esm", platform: "node", target: "node20" })}\n`);
