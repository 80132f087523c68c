//! Where items come from, what they are divided into, and what is used up.

use custody_core::cbor::Value;
use custody_core::cose::Role;
use custody_core::hash::sha256;
use custody_core::id::{SubjectId, Uuid};
use custody_core::record::body::*;

use super::{digests_of, item_ids};
use crate::paper::cast::Person;
use crate::paper::ledger::PaperLedger;
use crate::paper::page::{Hand, Page};

impl PaperLedger {
    /// Somebody takes something that was measured into custody.
    pub fn collect_amount(&self, person: &Person, item: Uuid, quantity: Quantity) -> Page {
        let body = Collect { quantity: Some(quantity), ..Collect::of(ItemKind::Physical) };
        self.acting(person, &SubjectId::Item(item), body)
            .seal("description", &Value::text("white powder"))
    }

    /// Somebody takes a thing into custody that a request asked for.
    pub fn collect_for(&self, person: &Person, item: Uuid, request: Uuid) -> Page {
        let body = Collect { request: Some(request), ..Collect::of(ItemKind::Physical) };
        self.acting(person, &SubjectId::Item(item), body)
            .seal("description", &Value::text("telephone"))
    }

    /// Somebody takes over what a provider produced.
    pub fn provider_production(&self, person: &Person, item: Uuid, file: &[u8]) -> Page {
        let basis = LegalBasis::ProductionOrder;
        let body = ProviderProduction { basis, digests: Vec::new(), request: None };
        self.acting(person, &SubjectId::Item(item), body)
            .seal("digests", &digests_of(file))
            .seal("provider", &Value::text("Example Mail Ltd"))
    }

    /// Somebody takes over an item with a history that others assert.
    pub fn register_legacy(&self, person: &Person, item: Uuid, document: &[u8]) -> Page {
        let body = RegisterLegacy {
            kind: ItemKind::Physical,
            format: LegacyFormat::Table,
            digests: Vec::new(),
            document: sha256(document),
        };
        self.acting(person, &SubjectId::Item(item), body)
            .seal("events", &Value::array([Value::text("2019-03-04 seized by officer 114")]))
    }

    /// The holder divides an item. Parts are told by the order of their ids.
    pub fn split(&self, person: &Person, parent: Uuid, parts: &[SplitPart], rest: u64) -> Page {
        let mut parts = parts.to_vec();
        parts.sort_by_key(|part| part.item);
        let mut items: Vec<_> = parts.iter().map(|part| part.item).collect();
        items.push(parent);
        let body = Split { rest: Some(rest), parts, parent };
        self.page(&item_ids(&items), vec![Hand::of(person, Role::Acting)], body)
    }

    /// The holder uses up some of an item.
    pub fn consume(&self, person: &Person, item: Uuid, amount: u64, rest: u64) -> Page {
        let purpose = ConsumePurpose::Analysis;
        let body = Consume { rest: Some(rest), amount: Some(amount), purpose };
        self.acting(person, &SubjectId::Item(item), body)
    }

    /// The holder examines items.
    pub fn analyse(&self, person: &Person, items: &[Uuid]) -> Page {
        let (tool, version) = (Some("spectrometer".to_owned()), Some("4.0".to_owned()));
        let body = Analyse { kind: AnalyseKind::Chemical, tool, version };
        self.page(&item_ids(items), vec![Hand::of(person, Role::Acting)], body)
            .seal("result", &Value::text("contains what was suspected"))
    }
}
