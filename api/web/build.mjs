// Builds the pages: the same bytes from the same sources, wherever it runs.
//
//   node build.mjs [DIR]     into DIR, or dist/
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

const here = import.meta.dirname;
const out = process.argv[2] ?? join(here, "dist");

/** The verifier's modules ask for these too: one copy serves both, whether or not the verifier has packages of its own. */
const noble = ["@noble/curves", "@noble/hashes", "@noble/post-quantum"];
const alias = Object.fromEntries(noble.map((name) => [name, join(here, "node_modules", name)]));

async function bundle(entry, options = {}) {
  const { outputFiles, metafile } = await build({
    absWorkingDir: here,
    entryPoints: [entry],
    alias,
    bundle: true,
    charset: "utf8",
    format: "iife",
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    metafile: true,
    minify: true,
    platform: "browser",
    target: "es2022",
    write: false,
    ...options,
  });
  return Buffer.from(outputFiles[0].text.trimEnd() + (await noticeOf(Object.keys(metafile.inputs))) + "\n");
}

/** What the licences of the packages in a bundle ask to be said in each copy of it. */
async function noticeOf(inputs) {
  const names = inputs.map((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]).filter((name) => name);
  const licences = new Map();
  for (const name of [...new Set(names)].sort()) {
    const text = (await readFile(join(here, "node_modules", name, "LICENSE"), "utf8")).trim();
    if (text.includes("*/")) throw new Error(`the licence of ${name} would end its comment`);
    licences.set(text, [...(licences.get(text) ?? []), name]);
  }
  return [...licences].map(([text, names]) => `\n/* Parts of this file are ${names.join(", ")}:\n\n${text}\n*/`).join("\n");
}

/** Where the server has a file: what stands there never changes. */
function address(name, bytes) {
  return `/assets/${createHash("sha256").update(bytes).digest("hex")}/${name}`;
}

const files = { "app.js": await bundle("src/main.tsx"), "app.css": await bundle("src/style.css") };
let page = await readFile(join(here, "index.html"), "utf8");
for (const [name, bytes] of Object.entries(files)) page = page.replace(`/assets/${name}`, address(name, bytes));
await mkdir(out, { recursive: true });
await writeFile(join(out, "index.html"), page);
for (const [name, bytes] of Object.entries(files)) await writeFile(join(out, name), bytes);
