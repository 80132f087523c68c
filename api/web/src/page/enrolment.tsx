/** What an agency does about its people and their keys: the form, drafted, looked at, signed. */
import { useState } from "preact/hooks";
import { openKeyFile, type OpenedKey } from "../key-file.ts";
import type { Done, Proposal } from "../act.ts";
import { Problem } from "../problem.ts";
import { proposeForAgency, REASONS, ROLES, type RegistryAct, type RegistryName } from "../registry.ts";
import { hashOf } from "../route.ts";
import { useShared, whoText } from "../state.ts";
import { Choice, Field, localTime, TextField, tidy, WrongFields } from "../ui/form.tsx";
import { ProblemNote } from "../ui/problem.tsx";
import { DoneNote, Signing } from "../ui/signing.tsx";

const NAMES: readonly string[] = ["custodian-enrol", "key-rotate", "key-revoke", "key-compromised", "agency-update"] satisfies RegistryName[];
/** Releasing, receiving, witness, acting: what most people do. */
const USUAL: readonly number[] = [1, 2, 3, 9];

export function Enrolment({ name, custodian }: { name: string; custodian: string | undefined }) {
  const { language, people } = useShared();
  const [done, setDone] = useState<Done | null>(null);
  if (!NAMES.includes(name)) return <h1 tabIndex={-1}>{language.say("no-such-act")}</h1>;
  return (
    <>
      <h1 tabIndex={-1}>{language.label("act", name)}</h1>
      {custodian !== undefined && <p><strong><bdi>{whoText(language, people.of(custodian))}</bdi></strong></p>}
      {done === null
        ? <EnrolmentForm name={name as RegistryName} custodian={custodian ?? ""} done={setDone} />
        : <><DoneNote done={done} /><p><a href={hashOf("people")}>{language.say("page-people")}</a></p></>}
    </>
  );
}

interface FormProps {
  readonly name: RegistryName;
  readonly custodian: string;
  readonly done: (done: Done) => void;
}

function EnrolmentForm({ name, custodian, done }: FormProps) {
  const { language, ledger, session, people } = useShared();
  const known = people.custodians.find(({ id }) => id === custodian);
  const kids = known?.keys.filter(({ is_in_use }) => is_in_use).map(({ thumbprint }) => thumbprint) ?? [];
  const [called, setCalled] = useState("");
  const [roles, setRoles] = useState<readonly number[]>(known?.roles ?? USUAL);
  const [reason, setReason] = useState("");
  const [since, setSince] = useState("");
  const [file, setFile] = useState<File | null>(null);
  const [passphrase, setPassphrase] = useState("");
  const [proposal, setProposal] = useState<Proposal | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isBusy, setBusy] = useState(false);
  const hasKey = name === "custodian-enrol" || name === "key-rotate";
  const hasRoles = name === "custodian-enrol" || name === "agency-update";
  const asked = async (): Promise<RegistryAct> => {
    const key = hasKey ? await openKeyFile(await file!.text(), passphrase, file!.name) : null;
    switch (name) {
      case "custodian-enrol":
        return { name, called: tidy(called), roles, key: key as OpenedKey };
      case "key-rotate":
        return { name, custodian, reason, key: key as OpenedKey };
      case "key-revoke":
        return { name, custodian, kid: kids[0] ?? "", reason };
      case "key-compromised":
        return { name, custodian, kid: kids[0] ?? "", since: new Date(since) };
      case "agency-update":
        return { name, custodian, roles };
    }
  };
  const submit = (event: Event) => {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    setProblem(null);
    asked().then((act) => proposeForAgency(ledger, session, act)).then(
      (proposal) => {
        setPassphrase("");
        setProposal(proposal);
      },
      (thrown: unknown) => setProblem(Problem.from(thrown)),
    ).finally(() => setBusy(false));
  };
  return (
    <form onSubmit={submit}>
      <p class="hint">{language.say(`hint-${name}`)}</p>
      <WrongFields.Provider value={problem?.fields ?? new Map()}>
        {name === "custodian-enrol" && <TextField name="name" value={called} isRequired set={setCalled} />}
        {hasRoles && <Roles value={roles} set={setRoles} />}
        {(name === "key-rotate" || name === "key-revoke") && <Choice name="reason" kind="key-reason" codes={REASONS} value={reason} set={setReason} />}
        {name === "key-compromised" && (
          <Field id="field-since" label={language.say("field-since")}>
            {(described, isWrong) => <input id="field-since" type="datetime-local" required max={localTime(new Date())} aria-describedby={described} aria-invalid={isWrong} value={since} onInput={(event) => setSince(event.currentTarget.value)} />}
          </Field>
        )}
        {hasKey && <NewKey setFile={setFile} passphrase={passphrase} setPassphrase={setPassphrase} />}
      </WrongFields.Provider>
      <ProblemNote problem={problem} language={language} />
      <div class="buttons">
        <button type="submit" class="main" id="draft" aria-disabled={isBusy}>{language.say("look-and-sign")}</button>
        <a class="button" href={hashOf("people")}>{language.say("cancel")}</a>
      </div>
      {proposal !== null && <Signing proposal={proposal} known={new Map()} done={done} cancel={() => setProposal(null)} />}
    </form>
  );
}

interface NewKeyProps {
  readonly setFile: (file: File | null) => void;
  readonly passphrase: string;
  readonly setPassphrase: (passphrase: string) => void;
}

/** The file of the key that is new, for whoever it belongs to to open. */
function NewKey({ setFile, passphrase, setPassphrase }: NewKeyProps) {
  const { language } = useShared();
  return (
    <>
      <Field id="field-key" label={language.say("new-key-file")} hint={language.say("new-key-file-hint")}>
        {(described, isWrong) => <input id="field-key" type="file" required aria-describedby={described} aria-invalid={isWrong} onChange={(event) => setFile(event.currentTarget.files?.[0] ?? null)} />}
      </Field>
      <Field id="new-passphrase" label={language.say("passphrase")}>
        {() => <input id="new-passphrase" type="password" required autocomplete="off" value={passphrase} onInput={(event) => setPassphrase(event.currentTarget.value)} />}
      </Field>
    </>
  );
}

/** The roles in which somebody may sign; one at least. */
function Roles({ value, set }: { value: readonly number[]; set: (value: readonly number[]) => void }) {
  const { language } = useShared();
  const toggle = (role: number) => set(value.includes(role) ? value.filter((one) => one !== role) : [...value, role]);
  return (
    <fieldset>
      <legend>{language.say("roles")}</legend>
      {[...ROLES.keys()].map((role, at) => (
        <label key={role} class="tick">
          <input type="checkbox" id={`role-${role}`} checked={value.includes(role)} required={at === 0 && value.length === 0} onChange={() => toggle(role)} />
          {language.label("role", String(role))}
        </label>
      ))}
    </fieldset>
  );
}
