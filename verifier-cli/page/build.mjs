// Builds dist/: the same bytes from the same sources, wherever it runs.
import { build } from "esbuild";
import { mkdir, writeFile } from "node:fs/promises";

const out = new URL("dist/", import.meta.url);

async function bundle(entry, platform) {
  const { outputFiles } = await build({
    absWorkingDir: import.meta.dirname,
    entryPoints: [entry],
    bundle: true,
    charset: "utf8",
    format: "esm",
    legalComments: "none",
    minify: true,
    platform,
    target: platform === "node" ? "node20" : "es2022",
    write: false,
  });
  return outputFiles[0].text;
}

await mkdir(out, { recursive: true });
await writeFile(new URL("verify.mjs", out), await bundle("src/cli.ts", "node"));
