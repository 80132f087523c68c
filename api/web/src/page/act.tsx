/** The form of an act: what it takes, drafted, looked at, signed. */
import { useState } from "preact/hooks";
import { propose, type Act as Asked, type ActName, type Done, type Proposal } from "../act.ts";
import { askJson } from "../http.ts";
import { Problem } from "../problem.ts";
import { hashOf } from "../route.ts";
import { inOrder, itemPages, useLoaded, useShared } from "../state.ts";
import { Choice, PersonChoice, TextField, tidy, TimeField, WrongFields } from "../ui/form.tsx";
import { ProblemNote } from "../ui/problem.tsx";
import { DoneNote, Signing } from "../ui/signing.tsx";
import type { ItemHistory, ItemView } from "../view.ts";
import { ItemTable } from "./desk.tsx";

const CODES = {
  purpose: ["examination", "transport", "storage", "court", "transfer", "return"],
  kind: ["bag", "lock", "tape", "stamp"],
  condition: ["ambient", "cool", "frozen", "locked", "shielded"],
} as const;

interface Form {
  readonly codes?: readonly (keyof typeof CODES)[];
  /** Texts; the ones that have to be there end in `!`. */
  readonly texts?: readonly string[];
  readonly hasReceiver?: true;
  readonly hasTime?: true;
}

const FORMS: Partial<Record<ActName, Form>> = {
  collect: { texts: ["description!", "place", "reference"] },
  seal: { codes: ["kind"], texts: ["number!"] },
  store: { codes: ["condition"], texts: ["place"] },
  note: { texts: ["text!"] },
  handoff: { hasReceiver: true, codes: ["purpose"] },
  release: { hasReceiver: true, codes: ["purpose"], texts: ["carrier", "waybill"], hasTime: true },
  recall: {},
};

export function Act({ name, items }: { name: string; items: readonly string[] }) {
  const { language, session } = useShared();
  const form = FORMS[name as ActName];
  const known = useLoaded(() => named(items, session.who.id), [items.join()]);
  const [done, setDone] = useState<Done | null>(null);
  if (form === undefined) return <h1 tabIndex={-1}>{language.say("no-such-act")}</h1>;
  return (
    <>
      <h1 tabIndex={-1}>{language.label("act", name)}</h1>
      {done === null && name !== "collect" && (
        <details open={items.length <= 5}><summary>{language.say("items-count", { count: items.length })}</summary><ItemTable items={inOrder(language, known.value ?? [])} /></details>
      )}
      <ProblemNote problem={known.problem} language={language} again={known.again} />
      {done === null ? <ActForm name={name as ActName} form={form} items={items} known={known.value ?? []} done={setDone} /> : <DoneNote done={done} />}
    </>
  );
}

/** The items with what they are. Many are asked for together, a few one by one: not everything here is held. */
async function named(items: readonly string[], holder: string): Promise<ItemView[]> {
  if (items.length <= 5) return Promise.all(items.map((item) => askJson<ItemHistory>(`/v1/items/${item}`)));
  const wanted = new Set(items);
  const found: ItemView[] = [];
  for await (const page of itemPages(`holder=${holder}`)) {
    found.push(...page.filter(({ item }) => wanted.has(item)));
    if (found.length === wanted.size) break;
  }
  return found;
}

interface ActFormProps {
  readonly name: ActName;
  readonly form: Form;
  readonly items: readonly string[];
  readonly known: readonly ItemView[];
  readonly done: (done: Done) => void;
}

/** A time as the server takes it; what is none, as it was typed, so that the field is said to be wrong. */
function timeOf(typed: string): string {
  const time = new Date(typed);
  return Number.isNaN(time.getTime()) ? typed : time.toISOString().replace(".000Z", "Z");
}

function ActForm({ name, form, items, known, done }: ActFormProps) {
  const { language, ledger, session } = useShared();
  const [codes, setCodes] = useState<Record<string, string>>({});
  const [texts, setTexts] = useState<Record<string, string>>({});
  const [time, setTime] = useState("");
  const [proposal, setProposal] = useState<Proposal | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = (event: Event) => {
    event.preventDefault();
    if (isBusy) return;
    const expected = time === "" ? {} : { expected: timeOf(time) };
    setBusy(true);
    setProblem(null);
    const said = Object.fromEntries(Object.entries(texts).map(([field, text]) => [field, tidy(text)]));
    const asked: Asked = { name, items, codes: { ...codes, ...expected }, texts: said };
    propose(ledger, session, asked).then(setProposal, (thrown: unknown) => setProblem(Problem.from(thrown))).finally(() => setBusy(false));
  };
  return (
    <form onSubmit={submit}>
      <WrongFields.Provider value={problem?.fields ?? new Map()}>
        {form.hasReceiver && <PersonChoice value={codes["to"] ?? ""} set={(to) => setCodes({ ...codes, to })} />}
        {form.codes?.map((field) => (
          <Choice key={field} name={field} kind={field} codes={CODES[field]} value={codes[field] ?? ""} set={(code) => setCodes({ ...codes, [field]: code })} />
        ))}
        {form.hasTime && <TimeField name="expected" value={time} set={setTime} />}
        {form.texts?.map((text) => {
          const field = text.replace("!", "");
          return <TextField key={field} name={field} value={texts[field] ?? ""} isRequired={text.endsWith("!")} isLong={field === "text"} set={(said) => setTexts({ ...texts, [field]: said })} />;
        })}
      </WrongFields.Provider>
      {form.texts !== undefined && <p class="hint">{language.say("sealed-hint")}</p>}
      <ProblemNote problem={problem} language={language} />
      <div class="buttons">
        <button type="submit" class="main" id="draft" aria-disabled={isBusy}>{language.say("look-and-sign")}</button>
        <a class="button" href={hashOf("desk")}>{language.say("cancel")}</a>
      </div>
      {proposal !== null && (
        <Signing proposal={proposal} known={new Map(known.map((item) => [item.item, item]))} done={done} cancel={() => setProposal(null)} />
      )}
    </form>
  );
}
