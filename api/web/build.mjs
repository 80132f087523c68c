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
  const { outputFiles } = await build({
    absWorkingDir: here,
    entryPoints: [entry],
    alias,
    bundle: true,
    charset: "utf8",
    format: "iife",
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    minify: true,
    platform: "browser",
    target: "es2022",
    write: false,
    ...options,
  });
  return Buffer.from(outputFiles[0].contents);
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
