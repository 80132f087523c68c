/** Labels to print and stick on items. The server draws them; each code is read here before anybody prints it. */
import jsQR from "jsqr";
import { demand } from "../../../../verifier-cli/page/src/refused.ts";
import { askBytes } from "../http.ts";
import { formatLabel } from "../label.ts";
import { useLoaded, useShared } from "../state.ts";
import { ProblemNote } from "../ui/problem.tsx";

/** Labels of a sheet of A4. */
export const SHEET = 24;
/** In which a label is drawn to be read: pixels. */
const [WIDTH, HEIGHT] = [700, 371];

export function Labels({ items }: { items: readonly string[] }) {
  const { language } = useShared();
  const { value, problem, again } = useLoaded(() => Promise.all(items.slice(0, SHEET).map(draw)), [items.join()]);
  return (
    <>
      <h1 tabIndex={-1}>{language.say("print-labels", { count: Math.min(items.length, SHEET) })}</h1>
      <p class="hint no-print">{language.say("labels-hint")}</p>
      <ProblemNote problem={problem} language={language} again={again} />
      {value === null && problem === null && <p role="status">{language.say("loading")}</p>}
      {value !== null && (
        <>
          <div class="buttons no-print"><button type="button" class="main" id="print-labels" onClick={() => print()}>{language.say("print")}</button></div>
          <ul class="labels" dir="ltr">{value.map(({ item, url, label }) => <li key={item}><img src={url} alt={label} /></li>)}</ul>
        </>
      )}
    </>
  );
}

async function draw(item: string) {
  const picture = await askBytes(`/v1/items/${encodeURIComponent(item)}/label`);
  const url = `data:image/svg+xml;base64,${btoa(String.fromCharCode(...picture))}`;
  const image = new Image();
  image.src = url;
  await image.decode();
  demand(await read(image) === item, "page/other-label");
  return { item, url, label: formatLabel(item) };
}

/** What the code on a label says. */
async function read(image: HTMLImageElement): Promise<string | undefined> {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [WIDTH, HEIGHT];
  const pen = canvas.getContext("2d")!;
  pen.drawImage(image, 0, 0, WIDTH, HEIGHT);
  return jsQR(pen.getImageData(0, 0, WIDTH, HEIGHT).data, WIDTH, HEIGHT)?.data;
}
