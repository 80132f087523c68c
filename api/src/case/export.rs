//! An item's history as CASE: each record an `InvestigativeAction`, with what it resulted in as a
//! `ProvenanceRecord`, and in a facet of our own where it stands in the ledger.

use std::collections::{BTreeMap, BTreeSet};

use custody_core::cbor::Reader;
use custody_core::cose::Role;
use custody_core::exhibit::WithholdReason;
use custody_core::hash::{Hash, sha256};
use custody_core::id::{SubjectId, Uuid};
use custody_core::record::body::{
    Body, CarrierScan, Correct, DigestAlgorithm, DigestScope, EvidenceDigest, Recall, Receive,
    Refuse, Refused,
};
use custody_core::record::{Payload, Record};
use custody_core::sealed::Opening;
use custody_core::verify::utc_text;
use custody_log::Logged;
use serde_json::{Map, Value, json};

use super::graph::{Graph, reference, typed};
use crate::desk::Desk;
use crate::failure::Failure;
use crate::headline::headline;
use crate::history::{recorded_digests, value_text};
use crate::moment::Moment;
use crate::people::{Name, People};

/// A document and what is to be said about it.
pub struct CaseFile {
    /// The document.
    pub text: String,
    /// How many acts it has.
    pub acts: usize,
    /// How many sealed fields it leaves out.
    pub withheld: usize,
}

/// What is known of one item from all records.
#[derive(Default)]
struct ItemFacts {
    descriptions: BTreeSet<String>,
    digests: Vec<EvidenceDigest>,
    exhibit: Option<String>,
    parent: Option<Uuid>,
}

struct Writer<'d> {
    desk: &'d Desk<'d>,
    people: People<'d>,
    graph: Graph,
    item: Uuid,
    withhold: &'d [(String, WithholdReason)],
    /// Records that are acts of this document.
    acts: BTreeSet<Hash>,
    named: BTreeSet<SubjectId>,
    items: BTreeMap<Uuid, ItemFacts>,
    withheld: usize,
}

/// Sealed fields of one record: those that are open here, and why the others are not.
struct Fields {
    open: Vec<Opening>,
    closed: Vec<String>,
}

/// Writes what the ledger has about `item`, without the sealed fields that `withhold` names.
///
/// # Errors
/// There is no such item, or the ledger cannot be read.
pub fn export(
    desk: &Desk,
    item: Uuid,
    withhold: &[(String, WithholdReason)],
) -> Result<CaseFile, Failure> {
    desk.item_state(item)?;
    let mut logged = desk.chain(&SubjectId::Item(item))?;
    logged.extend(desk.chain(&SubjectId::Notes(item))?);
    logged.sort_by_key(|logged| logged.index);
    let hides_names = withhold.iter().any(|(field, _)| field == "name");
    let mut writer = Writer {
        desk,
        people: if hides_names { People::nameless(desk) } else { People::of(desk) },
        graph: Graph::new(desk.origin()),
        item,
        withhold,
        acts: logged.iter().map(|logged| sha256(&logged.record)).collect(),
        named: BTreeSet::new(),
        items: BTreeMap::new(),
        withheld: 0,
    };
    for logged in &logged {
        writer.act(logged)?;
    }
    writer.all_items();
    writer.ledger(logged.len());
    let withheld = writer.withheld;
    Ok(CaseFile { text: writer.graph.format(), acts: logged.len(), withheld })
}

impl Writer<'_> {
    fn act(&mut self, logged: &Logged) -> Result<(), Failure> {
        let record = Record::parse(&logged.record)?;
        let (payload, digest) = (record.payload(), record.digest());
        let fields = self.fields(&record)?;
        let results = self.results_of(payload);
        self.learn(&record, &fields, &results);
        let mut people = Vec::new();
        for id in everybody(payload) {
            people.push(self.person(&id)?);
        }
        let headline = headline(self.desk, &self.people, &record)?;
        let provenance = self.provenance(&digest, &fields, &results, &headline);
        let object = parent_of(&payload.body).unwrap_or(self.item);
        let mut node = Map::new();
        let mut put = |name: &str, value: Value| node.insert(name.to_owned(), value);
        put("@id", json!(self.act_id(&digest)));
        put("@type", json!("case-investigation:InvestigativeAction"));
        put("uco-core:name", json!(record.record_type().word()));
        put("uco-core:description", json!(headline));
        put("uco-action:startTime", typed("dateTime", Moment::from(payload.occurred)));
        put("uco-action:object", json!([reference(&item_id(object))]));
        put("uco-action:result", json!([reference(&provenance)]));
        if let Some((performer, others)) = people.split_first() {
            put("uco-action:performer", reference(performer));
            let others: Vec<_> = others.iter().map(|id| reference(id)).collect();
            if !others.is_empty() {
                put("uco-action:participant", json!(others));
            }
        }
        if let Some(place) = fields.text("place") {
            put("uco-action:location", reference(&self.place(&digest, place)));
        }
        if let Body::Derive(body) = &payload.body {
            put("uco-action:instrument", reference(&self.tool(&body.tool, &body.version)));
        }
        if let Some(cause) = answered(&payload.body).filter(|cause| self.acts.contains(cause)) {
            put("case-investigation:wasInformedBy", json!([reference(&self.act_id(&cause))]));
        }
        put("uco-core:hasFacet", json!([self.entry_facet(logged, &record, &fields)]));
        self.graph.add(Value::Object(node));
        Ok(())
    }

    fn act_id(&self, record: &Hash) -> String {
        self.graph.made_id("action", &record.to_string())
    }

    /// The sealed fields of a record, apart by whether the document may show them.
    fn fields(&mut self, record: &Record) -> Result<Fields, Failure> {
        let openings = self.desk.openings(&record.digest())?;
        let mut fields = Fields { open: Vec::new(), closed: Vec::new() };
        for name in record.payload().sealed_names() {
            let opening = openings.iter().find(|opening| opening.field == name);
            let reason = self.reason(&name);
            match (opening, reason) {
                (Some(opening), None) => fields.open.push(opening.clone()),
                (_, Some(reason)) => fields.closed.push(format!("{name}: {}", reason.word())),
                (None, None) => fields.closed.push(format!("{name}: not held")),
            }
        }
        self.withheld += fields.closed.len();
        Ok(fields)
    }

    fn reason(&self, field: &str) -> Option<WithholdReason> {
        let is_meant = |name: &str| name == field || field.starts_with(&format!("{name}/"));
        self.withhold.iter().find(|(name, _)| is_meant(name)).map(|(_, reason)| *reason)
    }

    /// The items that a record results in: those that it makes, else the one that this is about. Of several that
    /// it makes, an item's own history shows only that item.
    fn results_of(&self, payload: &Payload) -> Vec<Uuid> {
        let Some(parent) = parent_of(&payload.body).filter(|parent| *parent == self.item) else {
            return vec![self.item];
        };
        let made = payload.subjects.iter().filter_map(|link| match link.subject {
            SubjectId::Item(id) if id != parent => Some(id),
            _ => None,
        });
        made.collect()
    }

    /// What the first record of an item says of it.
    fn learn(&mut self, record: &Record, fields: &Fields, results: &[Uuid]) {
        self.items.entry(self.item).or_default();
        let parent = parent_of(&record.payload().body);
        for item in results {
            let link = record.payload().link(&SubjectId::Item(*item));
            if link.is_none_or(|link| link.seq > 0) {
                continue;
            }
            let facts = self.items.entry(*item).or_default();
            facts.descriptions.extend(fields.text("description").map(str::to_owned));
            facts.exhibit = fields.text("reference").map(str::to_owned);
            facts.digests = recorded_digests(record, &fields.open);
            facts.parent = parent;
            if let Some(parent) = parent {
                self.items.entry(parent).or_default();
            }
        }
    }

    fn person(&mut self, id: &SubjectId) -> Result<String, Failure> {
        let node = person_id(&self.graph, id);
        if !self.named.insert(id.clone()) {
            return Ok(node);
        }
        let name = self.people.name(id)?;
        let is_person = matches!(id, SubjectId::Custodian(_));
        if is_person && name.name.is_none() {
            self.withheld += 1;
        }
        let kind = if is_person { "Person" } else { "Organization" };
        let mut about = json!({ "@id": node, "@type": format!("uco-identity:{kind}") });
        if let Some(name) = &name.name {
            about["uco-core:name"] = json!(name);
        }
        self.graph.add(about);
        if let SubjectId::Custodian(custodian) = id {
            self.employer(*custodian, &node, &name)?;
        }
        Ok(node)
    }

    fn employer(&mut self, custodian: Uuid, node: &str, name: &Name) -> Result<(), Failure> {
        let agency = SubjectId::Agency(self.desk.custodian_state(custodian)?.agency);
        let employer = person_id(&self.graph, &agency);
        if self.named.insert(agency) {
            self.graph.add(json!({
                "@id": employer,
                "@type": "uco-identity:Organization",
                "uco-core:name": name.agency,
            }));
        }
        self.relate("uco-core:Relationship", "Works_For", node, &employer);
        Ok(())
    }

    fn relate(&mut self, kind: &str, how: &str, source: &str, target: &str) {
        let id = self.graph.made_id("relationship", &format!("{source} {how} {target}"));
        self.graph.add(json!({
            "@id": id,
            "@type": kind,
            "uco-core:source": reference(source),
            "uco-core:target": reference(target),
            "uco-core:kindOfRelationship": how,
            "uco-core:isDirectional": true,
        }));
    }

    fn place(&mut self, record: &Hash, place: &str) -> String {
        let id = self.graph.made_id("location", &record.to_string());
        self.graph.add(json!({
            "@id": id,
            "@type": "uco-location:Location",
            "uco-core:name": place,
        }));
        id
    }

    fn tool(&mut self, name: &str, version: &str) -> String {
        let id = self.graph.made_id("tool", &format!("{name} {version}"));
        let is_new = !self.graph.ids().contains(&reference(&id));
        if is_new {
            self.graph.add(json!({
                "@id": id,
                "@type": "uco-tool:Tool",
                "uco-core:name": name,
                "uco-tool:version": version,
            }));
        }
        id
    }

    fn provenance(
        &mut self,
        record: &Hash,
        fields: &Fields,
        results: &[Uuid],
        headline: &str,
    ) -> String {
        let id = self.graph.made_id("provenance-record", &record.to_string());
        let mut objects: Vec<_> = results.iter().map(|item| reference(&item_id(*item))).collect();
        for opening in fields.open.iter().filter(|opening| opening.field.starts_with("attached/")) {
            objects.extend(self.attachment(record, opening).map(|id| reference(&id)));
        }
        let mut node = json!({
            "@id": id,
            "@type": "case-investigation:ProvenanceRecord",
            "uco-core:description": headline,
            "uco-core:object": objects,
        });
        let facts = results.iter().filter_map(|item| self.items.get(item));
        let exhibit = facts.filter_map(|facts| facts.exhibit.as_ref()).next();
        if let Some(exhibit) = exhibit {
            node["case-investigation:exhibitNumber"] = json!(exhibit);
        }
        self.graph.add(node);
        id
    }

    /// A document that a record names: `[name, [-16, digest]]`.
    fn attachment(&mut self, record: &Hash, opening: &Opening) -> Option<String> {
        let mut reader = Reader::new(&opening.value);
        reader.array(2, 2).ok()?;
        let name = reader.text().ok()?.to_owned();
        reader.array(2, 2).ok()?;
        reader.int().ok().filter(|algorithm| *algorithm == -16)?;
        let digest: [u8; 32] = reader.array_of().ok()?;
        let key = format!("{record} {}", opening.field);
        let id = self.graph.made_id("file", &key);
        let digest = EvidenceDigest::sha256(DigestScope::Container, &Hash::new(digest));
        let facet = self.content_facet(&key, std::slice::from_ref(&digest));
        let file_facet = json!({
            "@id": self.graph.made_id("file-facet", &key),
            "@type": "uco-observable:FileFacet",
            "uco-observable:fileName": name,
        });
        self.graph.add(json!({
            "@id": id,
            "@type": "uco-observable:File",
            "uco-core:hasFacet": [file_facet, facet],
        }));
        Some(id)
    }

    /// Where the act stands, so that a reader can go back to its proof; and what of it CASE has no word for.
    fn entry_facet(&self, logged: &Logged, record: &Record, fields: &Fields) -> Value {
        let digest = record.digest();
        let opened = fields.open.iter();
        let opened: Vec<_> =
            opened.map(|opening| format!("{}: {}", opening.field, value_text(opening))).collect();
        let payload = record.payload();
        let mut facet = json!({
            "@id": self.graph.made_id("entry-facet", &digest.to_string()),
            "@type": ["custody:EntryFacet", "uco-core:Facet"],
            "custody:entry": typed("nonNegativeInteger", logged.index.0),
            "custody:record": digest.to_string(),
            "custody:accepted": typed("dateTime", utc_text(logged.entry.accepted_ms / 1000)),
            "custody:timeSource": payload.occurred.source.word(),
        });
        let checked = record.message().signatures().iter();
        let checked = checked.filter(|line| line.header.role == Role::Receiving);
        let checked = checked.flat_map(|line| line.header.observed.iter());
        let checked: Vec<_> =
            checked.flat_map(|found| found.checked.iter().map(|check| check.word())).collect();
        let signed: Vec<_> = payload.signers.iter().map(|signer| signer.id.to_string()).collect();
        for (name, list) in [
            ("custody:signedBy", json!(signed)),
            ("custody:opened", json!(opened)),
            ("custody:withheld", json!(fields.closed)),
            ("custody:checked", json!(checked)),
        ] {
            if list.as_array().is_some_and(|list| !list.is_empty()) {
                facet[name] = list;
            }
        }
        facet
    }

    /// The items, each with the digests of its own bytes. What a digest over something else is of, an image's
    /// media or a list, stands as an object of its own: who knows no scopes must not take one for the other.
    fn all_items(&mut self) {
        for (item, facts) in std::mem::take(&mut self.items) {
            let id = item_id(item);
            let is_own = |digest: &&EvidenceDigest| {
                matches!(digest.scope, DigestScope::Container | DigestScope::Logical)
            };
            let own: Vec<_> = facts.digests.iter().filter(is_own).cloned().collect();
            let is_digital = !facts.digests.is_empty();
            let kind = if is_digital { "uco-observable:ObservableObject" } else { "uco-core:Item" };
            let mut node = json!({ "@id": id, "@type": kind });
            let descriptions: Vec<_> = facts.descriptions.into_iter().collect();
            if !descriptions.is_empty() {
                node["uco-core:description"] = json!(descriptions);
            }
            if !own.is_empty() {
                node["uco-core:hasFacet"] = json!([self.content_facet(&id, &own)]);
            }
            self.graph.add(node);
            for digest in facts.digests.iter().filter(|digest| !is_own(digest)) {
                self.other_scope(&id, digest);
            }
            if let Some(parent) = facts.parent {
                self.relate("uco-core:Relationship", "Derived_From", &id, &item_id(parent));
            }
        }
    }

    fn other_scope(&mut self, item: &str, digest: &EvidenceDigest) {
        let word = digest.scope.word();
        let key = format!("{item} {word} {}", crate::ewf::hex(&digest.bytes));
        let id = self.graph.made_id(word, &key);
        let facet = self.content_facet(&key, std::slice::from_ref(digest));
        self.graph.add(json!({
            "@id": id,
            "@type": "uco-observable:ObservableObject",
            "uco-core:name": format!("{word} of the item"),
            "uco-core:hasFacet": [facet],
        }));
        self.relate("uco-observable:ObservableRelationship", "Contained_Within", &id, item);
    }

    fn content_facet(&self, of: &str, digests: &[EvidenceDigest]) -> Value {
        let hash = |digest: &EvidenceDigest| {
            let value = crate::ewf::hex(&digest.bytes);
            let method = match digest.algorithm {
                DigestAlgorithm::Sha256 => "SHA256",
                DigestAlgorithm::Sha512 => "SHA512",
            };
            json!({
                "@id": self.graph.made_id("hash", &format!("{of} {value}")),
                "@type": "uco-types:Hash",
                "uco-types:hashMethod": method,
                "uco-types:hashValue": typed("hexBinary", value),
            })
        };
        json!({
            "@id": self.graph.made_id("content-data-facet", of),
            "@type": "uco-observable:ContentDataFacet",
            "uco-observable:hash": digests.iter().map(hash).collect::<Vec<_>>(),
        })
    }

    fn ledger(&mut self, acts: usize) {
        let desk = self.desk;
        let (origin, genesis, head) = (desk.origin(), desk.genesis(), desk.head());
        let withheld = self.withheld;
        let description = format!(
            "{acts} acts of {} in the custody ledger {origin}, as of {} entries; {withheld} sealed \
             fields are withheld. CASE carries no signatures and no proofs: an exhibit of the item does, \
             and can be verified.",
            SubjectId::Item(self.item),
            head.size
        );
        let key = format!("{} {}", SubjectId::Item(self.item), head.size);
        self.graph.add(json!({
            "@id": self.graph.made_id("bundle", &key),
            "@type": "uco-core:Bundle",
            "uco-core:description": description,
            "uco-core:object": self.graph.ids(),
            "uco-core:hasFacet": [{
                "@id": self.graph.made_id("ledger-facet", &key),
                "@type": ["custody:LedgerFacet", "uco-core:Facet"],
                "custody:item": SubjectId::Item(self.item).to_string(),
                "custody:origin": origin.to_string(),
                "custody:genesis": genesis.to_string(),
                "custody:treeSize": typed("nonNegativeInteger", head.size.0),
                "custody:rootHash": head.root.to_string(),
                "custody:withheld": typed("nonNegativeInteger", withheld),
            }],
        }));
    }
}

impl Fields {
    fn text(&self, name: &str) -> Option<&str> {
        self.open.iter().find(|opening| opening.field == name).and_then(Opening::as_text)
    }
}

/// Who signs, first the one who acts; then a side that does not sign this record.
fn everybody(payload: &Payload) -> Vec<SubjectId> {
    let signers = payload.signers.iter().map(|signer| signer.id.clone());
    let sides = [payload.from, payload.to].into_iter().flatten().map(SubjectId::Custodian);
    let mut all: Vec<SubjectId> = Vec::new();
    for id in signers.chain(sides) {
        if !all.contains(&id) {
            all.push(id);
        }
    }
    all
}

/// The item that others are made of.
fn parent_of(body: &Body) -> Option<Uuid> {
    match body {
        Body::Derive(body) => Some(body.parent),
        Body::Split(body) => Some(body.parent),
        _ => None,
    }
}

/// The record that this one answers.
fn answered(body: &Body) -> Option<Hash> {
    match body {
        Body::Receive(Receive { release, .. })
        | Body::Recall(Recall { release, .. })
        | Body::CarrierScan(CarrierScan { release, .. }) => Some(*release),
        Body::HoldRelease(body) => Some(body.hold),
        Body::Dispute(body) => Some(body.record),
        Body::DisputeResponse(body) => Some(body.dispute),
        Body::DisputeResolution(body) => Some(body.dispute),
        Body::Discrepancy(body) => body.record,
        Body::Refuse(Refuse { answers: Refused::Release(release), .. }) => Some(*release),
        Body::Correct(Correct { record, .. }) => Some(*record),
        _ => None,
    }
}

fn item_id(item: Uuid) -> String {
    format!("kb:{}", SubjectId::Item(item).to_string().replace(':', "-"))
}

fn person_id(graph: &Graph, id: &SubjectId) -> String {
    match id {
        SubjectId::Custodian(_) | SubjectId::Agency(_) => {
            format!("kb:{}", id.to_string().replace(':', "-"))
        }
        other => graph.made_id("party", &other.to_string()),
    }
}
