/** Fields of forms: each with its label, its hint, and what is wrong with it. */
import { createContext, type ComponentChildren } from "preact";
import { useContext } from "preact/hooks";
import { utf8 } from "../../../../verifier-cli/page/src/bytes.ts";
import { encode } from "../../../../verifier-cli/page/src/cbor.ts";
import { Role } from "../../../../verifier-cli/page/src/cose.ts";
import { printable } from "../../../../verifier-cli/page/src/page/printable.ts";
import { codeOf } from "../../../../verifier-cli/page/src/refused.ts";
import { MAX_OPENING } from "../../../../verifier-cli/page/src/sealed.ts";
import type { Language } from "../language.ts";
import { useShared } from "../state.ts";

/** What the server found wrong with the fields of a form: of `field-NAME` by its name. */
export const WrongFields = createContext<ReadonlyMap<string, string>>(new Map());

interface FieldProps {
  readonly id: string;
  readonly label: string;
  readonly hint?: string | undefined;
  /** What this page itself finds wrong with it, in the reader's words. */
  readonly fault?: string | undefined;
  /** The input, described by the elements of these ids, and whether it is wrong. */
  readonly children: (described: string | undefined, isWrong: true | undefined) => ComponentChildren;
}

export function Field({ id, label, hint, fault, children }: FieldProps) {
  const said = useContext(WrongFields).get(id.replace(/^field-/, ""));
  const wrong = fault ?? (said && printable(said));
  const notes = [...(hint === undefined ? [] : [`${id}-hint`]), ...(wrong === undefined ? [] : [`${id}-wrong`])];
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {hint !== undefined && <p class="hint" id={`${id}-hint`}>{hint}</p>}
      {children(notes.join(" ") || undefined, wrong === undefined ? undefined : true)}
      {wrong !== undefined && <p class="wrong" id={`${id}-wrong`} {...(fault === undefined ? { lang: "en", dir: "ltr" } : {})}><span class="shape" aria-hidden="true">!</span><bdi>{wrong}</bdi></p>}
    </div>
  );
}

/** What was typed, without white space around it and in one form of Unicode, as the ledger takes it. */
export function tidy(text: string): string {
  return text.trim().normalize("NFC");
}

/** The longest text of a sealed field: its CBOR has three bytes more, which say how long it is. */
const MOST_BYTES = MAX_OPENING - 3;

/** What keeps a text out of what is signed. Its limits are in bytes, which nobody counts who types. */
function faultOf(language: Language, text: string, mostBytes: number): string | undefined {
  const said = tidy(text);
  if (said === "") return language.say("text-empty");
  const over = utf8(said).length - mostBytes;
  if (over > 0) return language.say("text-too-long", { count: over });
  const isRefused = (text: string) => codeOf(() => encode(text)) !== null;
  if (!isRefused(said)) return undefined;
  const character = [...said].find(isRefused);
  // The whole is refused, and none of its characters: the server says why.
  if (character === undefined) return undefined;
  const point = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
  return language.say("text-character", { character: `${printable(character)} (U+${point})` });
}

interface TextProps {
  readonly name: string;
  readonly value: string;
  readonly set: (value: string) => void;
  readonly isRequired?: boolean;
  readonly isLong?: boolean;
  readonly mostBytes?: number;
}

/** A text of an act: `field-NAME` is its label. */
export function TextField({ name, value, set, isRequired = false, isLong = false, mostBytes = MOST_BYTES }: TextProps) {
  const { language } = useShared();
  const id = `field-${name}`;
  const label = language.label("field", name);
  const hint = isRequired ? undefined : language.say("optional");
  const input = (event: { currentTarget: { value: string } }) => set(event.currentTarget.value);
  // What may be left out is left out where it is blank.
  const isLeft = value === "" || (!isRequired && tidy(value) === "");
  const fault = isLeft ? undefined : faultOf(language, value, mostBytes);
  const check = (field: HTMLInputElement | HTMLTextAreaElement | null) => field?.setCustomValidity(fault ?? "");
  return (
    <Field id={id} label={label} hint={hint} fault={fault}>
      {(described, isWrong) => isLong
        ? <textarea ref={check} id={id} rows={3} maxLength={4000} required={isRequired} aria-describedby={described} aria-invalid={isWrong} dir="auto" value={value} onInput={input} />
        : <input ref={check} id={id} type="text" maxLength={400} required={isRequired} aria-describedby={described} aria-invalid={isWrong} dir="auto" autocomplete="off" value={value} onInput={input} />}
    </Field>
  );
}

/** A time in the reader's zone, as a field for one has it. */
export function localTime(time: Date): string {
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** A time to come in the reader's zone, which may be left out. */
export function TimeField({ name, value, set }: TextProps) {
  const { language } = useShared();
  const id = `field-${name}`;
  return (
    <Field id={id} label={language.label("field", name)} hint={language.say("optional")}>
      {(described, isWrong) => <input id={id} type="datetime-local" min={localTime(new Date())} aria-describedby={described} aria-invalid={isWrong} value={value} onInput={(event) => set(event.currentTarget.value)} />}
    </Field>
  );
}

interface ChoiceProps {
  readonly name: string;
  /** The kind of codes: their labels are `KIND-CODE`. */
  readonly kind: string;
  readonly codes: readonly string[];
  readonly value: string;
  readonly set: (value: string) => void;
}

export function Choice({ name, kind, codes, value, set }: ChoiceProps) {
  const { language } = useShared();
  const id = `field-${name}`;
  return (
    <Field id={id} label={language.label("field", name)}>
      {(described, isWrong) => (
        <select id={id} value={value} required aria-describedby={described} aria-invalid={isWrong} onChange={(event) => set(event.currentTarget.value)}>
          <option value="" disabled>{language.say("choose")}</option>
          {codes.map((code) => <option key={code} value={code}>{language.label(kind, code)} ({code})</option>)}
        </select>
      )}
    </Field>
  );
}

/** Everybody who may take over, but whoever asks. */
export function PersonChoice({ value, set }: { value: string; set: (value: string) => void }) {
  const { language, people, session } = useShared();
  const others = people.custodians.filter(({ id, roles }) => id !== session.who.id && roles.includes(Role.receiving));
  const agencies = [...new Set(others.map(({ agency }) => agency ?? ""))];
  return (
    <Field id="field-to" label={language.say("field-to")}>
      {(described, isWrong) => (
        <select id="field-to" value={value} required aria-describedby={described} aria-invalid={isWrong} onChange={(event) => set(event.currentTarget.value)}>
          <option value="" disabled>{language.say("choose")}</option>
          {agencies.map((agency) => (
            <optgroup key={agency} label={agency}>
              {others.filter((one) => (one.agency ?? "") === agency).map(({ id, name }) => <option key={id} value={id}>{name ?? id}</option>)}
            </optgroup>
          ))}
        </select>
      )}
    </Field>
  );
}

/** Things that were looked at when something was taken over. */
export function Checked({ value, set }: { value: readonly string[]; set: (value: readonly string[]) => void }) {
  const { language } = useShared();
  const codes = ["count", "digest", "inventory", "seal"];
  const toggle = (code: string) => set(value.includes(code) ? value.filter((one) => one !== code) : [...value, code]);
  return (
    <fieldset>
      <legend>{language.say("checked")}</legend>
      {codes.map((code) => (
        <label key={code} class="tick">
          <input type="checkbox" id={`checked-${code}`} checked={value.includes(code)} onChange={() => toggle(code)} />
          {language.label("checked", code)} <code dir="ltr">{code}</code>
        </label>
      ))}
    </fieldset>
  );
}
