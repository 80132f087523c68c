/** Signing in: with a key that this browser has, or one from a key file. */
import { useEffect, useRef, useState } from "preact/hooks";
import { openKeyFile } from "../key-file.ts";
import type { Language } from "../language.ts";
import type { Ledger } from "../ledger.ts";
import { Problem } from "../problem.ts";
import { isAgency, signIn, type Session } from "../session.ts";
import { forgetKey, keepKey, keptKeys, type KeptKey } from "../store.ts";
import { whoText } from "../state.ts";
import { ProblemNote } from "../ui/problem.tsx";
import { Field } from "../ui/form.tsx";
import { MakeKey } from "../ui/make-key.tsx";

interface SignInProps {
  readonly language: Language;
  readonly ledger: Ledger;
  /** Whether somebody has just signed out. */
  readonly isBack: boolean;
  readonly begin: (session: Session) => Promise<void>;
}

export function SignIn({ language, ledger, isBack, begin }: SignInProps) {
  const [keys, setKeys] = useState<readonly KeptKey[]>([]);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isBusy, setBusy] = useState(false);
  const heading = useRef<HTMLHeadingElement>(null);
  const look = () => void keptKeys().then(setKeys, (thrown: unknown) => setProblem(Problem.from(thrown)));
  useEffect(look, []);
  useEffect(() => {
    document.title = `${language.say("sign-in")} - Custody Ledger`;
  }, [language]);
  const attempt = (work: () => Promise<void>) => {
    if (isBusy) return;
    setBusy(true);
    setProblem(null);
    work().catch((thrown: unknown) => {
      setProblem(Problem.from(thrown));
      setBusy(false);
    });
  };
  const enter = (key: KeptKey) => attempt(async () => begin(await signIn(ledger, key)));
  // The button is gone with the key, as is the page that somebody signed out of.
  const forget = (key: KeptKey) => void forgetKey(key.kid).then(() => {
    look();
    heading.current?.focus();
  }, (thrown: unknown) => setProblem(Problem.from(thrown)));
  useEffect(() => {
    if (isBack) heading.current?.focus();
  }, []);
  const add = (file: File, passphrase: string, isKept: boolean) => attempt(async () => {
    const { kid, key } = await openKeyFile(await file.text(), passphrase, file.name);
    const session = await signIn(ledger, { kid, key, name: file.name });
    const named = { kid, key, name: whoText(language, session.who) };
    // An agency's key is for a few acts a year, and would open everything to whoever finds the browser.
    if (isKept && !isAgency(session)) await keepKey(named);
    await begin({ ...session, key: named });
  });
  return (
    <div class="sign-in">
      <h1 ref={heading} tabIndex={-1}>{language.say("sign-in")}</h1>
      <p>{language.say("sign-in-lead")}</p>
      <p class="hint">{language.say("sign-in-ledger")} <code dir="ltr">{ledger.origin}</code></p>
      {ledger.isNew && <p class="caution">{language.say("first-meeting")} <code dir="ltr" class="digest">{[...ledger.genesis].map((byte) => byte.toString(16).padStart(2, "0")).join("")}</code></p>}
      <ProblemNote problem={problem} language={language} />
      {keys.length > 0 && (
        <section>
          <h2>{language.say("kept-keys")}</h2>
          <ul class="plain-list">
            {keys.map((key) => (
              <li key={key.kid} class="kept">
                <button type="button" class="main" aria-disabled={isBusy} onClick={() => enter(key)}>{language.say("sign-in-as", { who: key.name })}</button>
                <button type="button" aria-disabled={isBusy} onClick={() => !isBusy && forget(key)}>{language.say("forget-key", { who: key.name })}</button>
              </li>
            ))}
          </ul>
        </section>
      )}
      <KeyFile language={language} isBusy={isBusy} add={add} />
      <MakeKey language={language} />
    </div>
  );
}

interface KeyFileProps {
  readonly language: Language;
  readonly isBusy: boolean;
  readonly add: (file: File, passphrase: string, isKept: boolean) => void;
}

function KeyFile({ language, isBusy, add }: KeyFileProps) {
  const [file, setFile] = useState<File | null>(null);
  const [passphrase, setPassphrase] = useState("");
  const [isKept, setKept] = useState(true);
  const submit = (event: Event) => {
    event.preventDefault();
    if (file === null || isBusy) return;
    add(file, passphrase, isKept);
    setPassphrase("");
  };
  return (
    <form onSubmit={submit}>
      <h2>{language.say("key-file")}</h2>
      <Field id="key-file" label={language.say("key-file-label")} hint={language.say("key-file-hint")}>
        {(described) => <input id="key-file" type="file" required aria-describedby={described} onChange={(event) => setFile(event.currentTarget.files?.[0] ?? null)} />}
      </Field>
      <Field id="passphrase" label={language.say("passphrase")}>
        {() => <input id="passphrase" type="password" required autocomplete="off" value={passphrase} onInput={(event) => setPassphrase(event.currentTarget.value)} />}
      </Field>
      <label class="tick"><input type="checkbox" id="keep-key" checked={isKept} onChange={(event) => setKept(event.currentTarget.checked)} />{language.say("keep-key")}</label>
      <p class="hint">{language.say("keep-key-hint")}</p>
      <button type="submit" class="main" id="sign-in" aria-disabled={isBusy}>{language.say(isBusy ? "opening-key" : "sign-in")}</button>
    </form>
  );
}
