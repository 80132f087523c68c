/** Making a key for somebody who has none yet. Nothing of it leaves the browser but the two files that are saved. */
import { useState } from "preact/hooks";
import { makeKeyFiles, type KeyFiles } from "../key-new.ts";
import type { Language } from "../language.ts";
import { Problem } from "../problem.ts";
import { Field } from "./form.tsx";
import { ProblemNote } from "./problem.tsx";

export function MakeKey({ language }: { language: Language }) {
  const [first, setFirst] = useState("");
  const [second, setSecond] = useState("");
  const [files, setFiles] = useState<KeyFiles | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = (event: Event) => {
    event.preventDefault();
    if (isBusy) return;
    if (first !== second) return setProblem(new Problem(0, "passphrase/differs", ""));
    setBusy(true);
    setProblem(null);
    makeKeyFiles(first).then(
      (files) => {
        setFirst("");
        setSecond("");
        setFiles(files);
      },
      (thrown: unknown) => setProblem(Problem.from(thrown)),
    ).finally(() => setBusy(false));
  };
  return (
    <details id="make-key">
      <summary>{language.say("no-key-yet")}</summary>
      <p class="hint">{language.say("no-key-yet-hint")}</p>
      <form onSubmit={submit}>
        <Field id="first-passphrase" label={language.say("new-passphrase")}>
          {() => <input id="first-passphrase" type="password" required minLength={8} autocomplete="off" value={first} onInput={(event) => setFirst(event.currentTarget.value)} />}
        </Field>
        <Field id="second-passphrase" label={language.say("new-passphrase-again")}>
          {() => <input id="second-passphrase" type="password" required autocomplete="off" value={second} onInput={(event) => setSecond(event.currentTarget.value)} />}
        </Field>
        <ProblemNote problem={problem} language={language} />
        <button type="submit" aria-disabled={isBusy}>{language.say(isBusy ? "making-key" : "make-key")}</button>
      </form>
      {files !== null && (
        <div class="done" role="status">
          <p><span class="shape" aria-hidden="true">✓</span>{language.say("key-made")}</p>
          <ul>
            <li><a href={fileUrl(files.private)} download="custody.key">custody.key</a> · {language.say("key-made-private")}</li>
            <li><a href={fileUrl(files.public)} download="custody.pub">custody.pub</a> · {language.say("key-made-public")}</li>
          </ul>
        </div>
      )}
    </details>
  );
}

function fileUrl(text: string): string {
  return `data:application/octet-stream;base64,${btoa(text)}`;
}
