/** Who is enrolled, with which keys. Enrolling stays with the program: it takes an agency's key, which no browser holds. */
import { shortId, useShared } from "../state.ts";
import { Table } from "../ui/table.tsx";
import { Code, Foreign, Labelled } from "../ui/text.tsx";
import type { KeyView } from "../view.ts";

export function PeopleAndKeys() {
  const { language, people } = useShared();
  return (
    <>
      <h1 tabIndex={-1}>{language.say("page-people")}</h1>
      {people.agencies.map((agency) => (
        <section key={agency.id}>
          <h2><Foreign text={agency.name} /> <small>{agency.country}</small></h2>
          <Keys keys={agency.keys} />
          <Table
            heads={(["custodian", "roles", "keys"] as const).map((word) => language.say(word))}
            rows={people.custodians.filter(({ agency_id }) => agency_id === agency.id).map((one) => ({ key: one.id, cells: [
              <><Foreign text={one.name ?? shortId(one.id)} /> <Code code={shortId(one.id)} /></>,
              one.roles.map((role) => language.label("role", String(role))).join(", "),
              <Keys keys={one.keys} />,
            ] }))}
          />
        </section>
      ))}
      <section>
        <h2>{language.say("enrolling")}</h2>
        <p>{language.say("enrolling-hint")}</p>
        <pre dir="ltr" tabIndex={0}>{"custody custodian enrol --help\ncustody key rotate --help\ncustody key revoke --help"}</pre>
      </section>
    </>
  );
}

function Keys({ keys }: { keys: readonly KeyView[] }) {
  const { language } = useShared();
  return (
    <ul class="plain-list">
      {keys.map(({ thumbprint, slot, standing, is_in_use }) => (
        <li key={thumbprint}><Labelled kind="slot" code={slot} /> <code dir="ltr" title={thumbprint}>{thumbprint.slice(0, 16)}…</code> {is_in_use ? language.say("key-in-use") : <><span class="mark">{language.say("key-ended")}</span> <Code code={standing} /></>}</li>
      ))}
    </ul>
  );
}
