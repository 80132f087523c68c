/** Fields of forms: each with its label, its hint, and what is wrong with it. */
import type { ComponentChildren } from "preact";
import { useShared } from "../state.ts";

interface FieldProps {
  readonly id: string;
  readonly label: string;
  readonly hint?: string | undefined;
  readonly children: (described: string | undefined) => ComponentChildren;
}

export function Field({ id, label, hint, children }: FieldProps) {
  const described = hint === undefined ? undefined : `${id}-hint`;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {hint !== undefined && <p class="hint" id={described}>{hint}</p>}
      {children(described)}
    </div>
  );
}

interface TextProps {
  readonly name: string;
  readonly value: string;
  readonly set: (value: string) => void;
  readonly isRequired?: boolean;
  readonly isLong?: boolean;
}

/** A text of an act: `field-NAME` is its label. */
export function TextField({ name, value, set, isRequired = false, isLong = false }: TextProps) {
  const { language } = useShared();
  const id = `field-${name}`;
  const label = language.label("field", name);
  const hint = isRequired ? undefined : language.say("optional");
  const input = (event: { currentTarget: { value: string } }) => set(event.currentTarget.value);
  return (
    <Field id={id} label={label} hint={hint}>
      {(described) => isLong
        ? <textarea id={id} rows={3} maxLength={4000} required={isRequired} aria-describedby={described} dir="auto" value={value} onInput={input} />
        : <input id={id} type="text" maxLength={400} required={isRequired} aria-describedby={described} dir="auto" autocomplete="off" value={value} onInput={input} />}
    </Field>
  );
}

/** A time in the reader's zone, which may be left out. */
export function TimeField({ name, value, set }: TextProps) {
  const { language } = useShared();
  const id = `field-${name}`;
  return (
    <Field id={id} label={language.label("field", name)} hint={language.say("optional")}>
      {(described) => <input id={id} type="datetime-local" aria-describedby={described} value={value} onInput={(event) => set(event.currentTarget.value)} />}
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
      {() => (
        <select id={id} value={value} required onChange={(event) => set(event.currentTarget.value)}>
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
  const RECEIVING = 2;
  const others = people.custodians.filter(({ id, roles }) => id !== session.who.id && roles.includes(RECEIVING));
  const agencies = [...new Set(others.map(({ agency }) => agency ?? ""))];
  return (
    <Field id="field-to" label={language.say("field-to")}>
      {() => (
        <select id="field-to" value={value} required onChange={(event) => set(event.currentTarget.value)}>
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
