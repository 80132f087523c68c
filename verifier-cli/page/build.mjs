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
  const { outputFiles, metafile } = await build({
    absWorkingDir: here,
    entryPoints: [entry],
    bundle: true,
    charset: "utf8",
    legalComments: "none",
    metafile: true,
    minify: true,
    write: false,
    ...options,
  });
  return { code: outputFiles[0].text.trimEnd(), notice: await noticeOf(Object.keys(metafile.inputs)) };
}

/** What the licences of the packages in a bundle ask to be said in each copy of it. */
async function noticeOf(inputs) {
  const names = inputs.map((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]).filter((name) => name);
  const licences = new Map();
  for (const name of [...new Set(names)].sort()) {
    const text = (await readFile(join(here, "node_modules", name, "LICENSE"), "utf8")).trim();
    licences.set(text, [...(licences.get(text) ?? []), name]);
  }
  const parts = [...licences].map(([text, names]) => `Parts of this file are ${names.join(", ")}:\n\n${text}`);
  return parts.join("\n\n");
}

/** What a browser compares with the text between the tags, byte for byte. */
function hash(text) {
  return `sha256-${createHash("sha256").update(text, "utf8").digest("base64")}`;
}

/** Fails where the text would end what it stands in, or would not reach the browser as it is. */
function inline(text, ending) {
  const found = new RegExp(`${ending}|<!--|[\\r\\0]`, "i").exec(text);
  if (found !== null) throw new Error(`what stands before ${ending} has ${JSON.stringify(found[0])} in it`);
  return text;
}

async function page() {
  const frame = await readFile(join(here, "page.html"), "utf8");
  const css = await readFile(join(here, "src/page/style.css"), "utf8");
  const style = inline((await transform(css, { loader: "css", minify: true, charset: "utf8" })).code.trimEnd(), "</style");
  const { code, notice } = await bundle("src/page/main.ts", { format: "iife", platform: "browser", target: "es2022" });
  const script = inline(code, "</script");
  const parts = {
    NOTICE: inline(notice, "--"),
    "SCRIPT-HASH": hash(script),
    "STYLE-HASH": hash(style),
    STYLE: style,
    SCRIPT: script,
  };
  return frame.replace(/NOTICE|SCRIPT-HASH|STYLE-HASH|STYLE|SCRIPT/g, (name) => parts[name]);
}

async function program() {
  const { code, notice } = await bundle("src/cli.ts", { format: "esm", platform: "node", target: "node20" });
  return `/*\n${inline(notice, "\\*/")}\n*/\n${code}\n`;
}

await mkdir(out, { recursive: true });
await writeFile(join(out, "verify.html"), await page());
await writeFile(join(out, "verify.mjs"), await program());
