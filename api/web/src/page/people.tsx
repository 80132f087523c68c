/** Who is enrolled, with which keys. Whoever is signed in with an agency's key enrols its people here, and ends their keys. */
import { hashOf } from "../route.ts";
import { isAgency } from "../session.ts";
import { shortId, useShared } from "../state.ts";
import { Table } from "../ui/table.tsx";
import { Code, Foreign, Labelled } from "../ui/text.tsx";
import type { CustodianView, KeyView } from "../view.ts";

export function PeopleAndKeys() {
  const { language, people, session } = useShared();
  return (
    <>
      <h1 tabIndex={-1}>{language.say("page-people")}</h1>
      {people.agencies.map((agency) => (
        <section key={agency.id}>
          <h2><Foreign text={agency.name} /> <small>{agency.country}</small></h2>
          <Keys keys={agency.keys} />
          {agency.id === session.who.id && <p><a class="button main" id="enrol" href={hashOf("people", "custodian-enrol")}>{language.say("act-custodian-enrol")}</a></p>}
          <Table
            heads={(["custodian", "roles", "keys"] as const).map((word) => language.say(word))}
            rows={people.custodians.filter(({ agency_id }) => agency_id === agency.id).map((one) => ({ key: one.id, cells: [
              <><Foreign text={one.name ?? shortId(one.id)} /> <Code code={shortId(one.id)} /></>,
              language.list(one.roles.map((role) => language.label("role", String(role)))),
              <><Keys keys={one.keys} />{agency.id === session.who.id && <Changes custodian={one} />}</>,
            ] }))}
          />
        </section>
      ))}
      {!isAgency(session) && (
        <section>
          <h2>{language.say("enrolling")}</h2>
          <p>{language.say("enrolling-hint")}</p>
          <pre dir="ltr" tabIndex={0}>{"custody custodian enrol --help\ncustody key rotate --help\ncustody key revoke --help"}</pre>
        </section>
      )}
    </>
  );
}

/** What an agency may change about one of its people. */
function Changes({ custodian: { id, name, keys } }: { custodian: CustodianView }) {
  const { language } = useShared();
  const acts = keys.some(({ is_in_use }) => is_in_use)
    ? (["key-rotate", "key-revoke", "key-compromised", "agency-update"] as const)
    : (["key-rotate", "agency-update"] as const);
  return (
    <ul class="plain-list buttons">
      {acts.map((act) => <li key={act}><a href={hashOf("people", act, id)} aria-label={`${language.before(`act-${act}`)} ${name ?? shortId(id)}`}>{language.say(`act-${act}`)}</a></li>)}
    </ul>
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
