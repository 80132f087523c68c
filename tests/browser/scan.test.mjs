// Labels before a camera: tests/tests/it/browser_scan.rs makes a film of one, as it is printed. The camera is one that the
// browser pretends to have; where somebody is asked for it, the browser's own settings answer.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CAMERA, close, launch, setCamera, Somebody } from "./pages.mjs";

const item = process.env.CUSTODY_ITEM;
const [pretended, says] = CAMERA;

async function withCamera(flags, work) {
  await launch(flags);
  try {
    await work(await Somebody.signedIn("keeper"));
  } finally {
    await close();
  }
}

/** Says what keeps the page from a picture; then the scanner that types does it, without anything being clicked before. */
async function typesInstead(keeper, code, words) {
  const { page } = keeper;
  await page.click(".scan button[aria-pressed]");
  await page.waitForSelector(".scan .problem");
  const said = await page.innerText(".scan .problem");
  assert.ok(said.includes(code), said);
  assert.match(said, words);
  assert.equal(await page.locator("video").count(), 0);
  assert.equal(await page.getAttribute(".scan button[aria-pressed]", "aria-pressed"), "false");
  assert.deepEqual(await keeper.violations(), []);
  await keeper.picture(code.replace("/", "-"));
  await keeper.hasFocus("scan");
  await page.keyboard.type(item.toUpperCase());
  await page.keyboard.press("Enter");
  await page.waitForFunction((item) => decodeURIComponent(location.hash) === `#/items/${item}`, item);
  await keeper.leave();
}

test("a label before the camera is the item", { timeout: 120_000 }, () =>
  withCamera([...CAMERA, `--use-file-for-fake-video-capture=${process.env.CUSTODY_FILM}`], async (keeper) => {
    const { page } = keeper;
    // What becomes of the picture afterwards.
    await page.evaluate(() => {
      const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      navigator.mediaDevices.getUserMedia = async (wanted) => {
        globalThis.stream = await open(wanted);
        return globalThis.stream;
      };
    });
    await page.click(".scan button[aria-pressed]");
    await page.waitForFunction(() => document.querySelector("video")?.videoWidth === 640);
    assert.deepEqual(await keeper.violations(), []);
    await keeper.picture("camera");
    await page.waitForFunction((item) => decodeURIComponent(location.hash) === `#/items/${item}`, item);
    await page.getByRole("heading", { name: "a suitcase with a label" }).waitFor();
    // The camera is off, and its light with it.
    assert.equal(await page.locator("video").count(), 0);
    assert.deepEqual(await page.evaluate(() => globalThis.stream.getTracks().map(({ readyState }) => readyState)), ["ended"]);
    await page.waitForSelector("[data-verdict]", { timeout: 60_000 });
    assert.equal(await page.getAttribute("[data-verdict]", "data-verdict"), "verified");
    await keeper.leave();
  }));

test("without a camera it is said, and the scanner that types works", { timeout: 120_000 }, () =>
  withCamera([says], (keeper) => typesInstead(keeper, "camera/none", /There is no camera here/)));

test("where the camera is refused it is said, and the scanner that types works", { timeout: 120_000 }, () =>
  withCamera([pretended], async (keeper) => {
    await setCamera("denied");
    await typesInstead(keeper, "camera/refused", /may not use the camera/);
  }));

test("where another program has the camera it is said, and the scanner that types works", { timeout: 120_000 }, () =>
  withCamera(CAMERA, async (keeper) => {
    // No camera that a browser pretends to have is ever taken: the error is the one that the standard has for it.
    await keeper.page.evaluate(() => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("taken", "NotReadableError"));
    });
    await typesInstead(keeper, "camera/busy", /Another program has the camera/);
  }));
