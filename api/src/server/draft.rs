//! Drafts: what somebody is about to do, put onto the chains as they stand, for a page to show and to sign.
//!
//! The page does not believe it: it reads the payload again, shows what stands there, opens what is sealed against its
//! commitments, and signs with a key that the server never sees.

mod registry;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use custody_core::cose::Role;
use custody_core::hash::Hash;
use custody_core::id::{SubjectId, Uuid};
use custody_core::merkle::TreeSize;
use custody_core::record::body::{
    Collect, Disclose, DiscloseBasis, ItemKind, MovePurpose, NoteKind, RefusalGround, Release,
    Seal, SealKind, Store, StoreCondition,
};
use custody_core::record::{Link, Occurred, TimeSource};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::schema::Schema;

use self::registry::{CompromisedAsked, EnrolAsked, RevokeAsked, RotateAsked, UpdateAsked};
use super::access::Caller;
use super::body::bad_body;
use super::book::OpeningBook;
use super::document::{
    Conflict, CustodianId, Digest, ItemId, Missing, MomentText, SealedText, words,
};
use super::end::told;
use super::item::malformed;
use super::problem::Problem;
use super::service::Service;
use super::view::Who;
use crate::act::{Act, Parties, Reply, random_id};
use crate::command::on_the_way::{addressed_to, sent_by};
use crate::command::sealed_text;
use crate::desk::{Desk, now_s};
use crate::failure::Failure;
use crate::moment::Moment;
use crate::people::People;
use crate::session::role_word;

/// Items of one record, at most.
const MAX_ITEMS: usize = 500;

/// What somebody is about to do.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftAsked {
    /// The act.
    act: ActAsked,
    /// When it happened, as `2026-05-04T13:30:00+02:00`; now where it is left out.
    #[serde(default)]
    #[schema(value_type = Option<MomentText>)]
    occurred: Option<String>,
}

/// An act, in the words of the commands.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum ActAsked {
    /// Take a new item into custody.
    Collect(CollectAsked),
    /// Put a seal on an item.
    Seal(SealAsked),
    /// Put items into storage.
    Store(StoreAsked),
    /// Remark on an item.
    Note(NoteAsked),
    /// Record that an exhibit was given to somebody.
    Disclose(DiscloseAsked),
    /// Hand items over from hand to hand: the receiver signs too.
    Handoff(MoveAsked),
    /// Send items on the way.
    Release(ReleaseAsked),
    /// Take over what was sent.
    Receive(ReceiveAsked),
    /// Do not take over what was sent.
    Refuse(RefuseAsked),
    /// Do not take over what is offered from hand to hand.
    RefuseOffer(RefuseOfferAsked),
    /// Take back what nobody has received yet.
    Recall(ItemsAsked),
    /// Enrol somebody who handles evidence for the agency: their key signs too.
    CustodianEnrol(EnrolAsked),
    /// Replace somebody's key: the new one signs too.
    KeyRotate(RotateAsked),
    /// End somebody's key from now on.
    KeyRevoke(RevokeAsked),
    /// End a key that others may have used.
    KeyCompromised(CompromisedAsked),
    /// Say in which roles somebody may sign from now on.
    AgencyUpdate(UpdateAsked),
}

/// A new item.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CollectAsked {
    /// What it is (sealed).
    #[schema(value_type = SealedText)]
    description: String,
    /// Where it was taken (sealed).
    #[serde(default)]
    #[schema(value_type = Option<SealedText>)]
    place: Option<String>,
    /// Case or exhibit number (sealed).
    #[serde(default)]
    #[schema(value_type = Option<SealedText>)]
    reference: Option<String>,
}

/// A seal.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SealAsked {
    /// The item.
    #[schema(value_type = ItemId)]
    item: String,
    /// The seal's number (sealed).
    #[schema(value_type = SealedText)]
    number: String,
    /// `bag`, `lock`, `tape` or `stamp`.
    #[schema(schema_with = seal_kinds)]
    kind: String,
}

/// Into storage.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StoreAsked {
    /// The items.
    #[schema(value_type = Vec<ItemId>, min_items = 1, max_items = 500)]
    items: Vec<String>,
    /// Where (sealed).
    #[serde(default)]
    #[schema(value_type = Option<SealedText>)]
    place: Option<String>,
    /// `ambient`, `cool`, `frozen`, `locked` or `shielded`.
    #[schema(schema_with = conditions)]
    condition: String,
}

/// A remark.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteAsked {
    /// The item.
    #[schema(value_type = ItemId)]
    item: String,
    /// The remark (sealed).
    #[schema(value_type = SealedText)]
    text: String,
}

/// An exhibit that was given to somebody.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DiscloseAsked {
    /// The item.
    #[schema(value_type = ItemId)]
    item: String,
    /// SHA-256 of the exhibit's file.
    #[schema(value_type = Digest)]
    exhibit: String,
    /// Size of the tree that it stands on.
    size: u64,
    /// On what basis.
    #[schema(schema_with = bases)]
    basis: String,
    /// Who got it (sealed).
    #[schema(value_type = SealedText)]
    recipient: String,
}

/// From hand to hand.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveAsked {
    /// The items.
    #[schema(value_type = Vec<ItemId>, min_items = 1, max_items = 500)]
    items: Vec<String>,
    /// Who takes over.
    #[schema(value_type = CustodianId)]
    to: String,
    /// What for: `examination`, `transport`, `storage`, `court`, `transfer` or `return`.
    #[schema(schema_with = purposes)]
    purpose: String,
}

/// On the way.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseAsked {
    /// The items.
    #[schema(value_type = Vec<ItemId>, min_items = 1, max_items = 500)]
    items: Vec<String>,
    /// The addressee.
    #[schema(value_type = CustodianId)]
    to: String,
    /// What for, as for a handoff.
    #[schema(schema_with = purposes)]
    purpose: String,
    /// By when they should be there.
    #[serde(default)]
    #[schema(value_type = Option<MomentText>)]
    expected: Option<String>,
    /// Who carries them (sealed).
    #[serde(default)]
    #[schema(value_type = Option<SealedText>)]
    carrier: Option<String>,
    /// Under what number (sealed).
    #[serde(default)]
    #[schema(value_type = Option<SealedText>)]
    waybill: Option<String>,
}

/// Taking over.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiveAsked {
    /// The items of one release.
    #[schema(value_type = Vec<ItemId>, min_items = 1, max_items = 500)]
    items: Vec<String>,
    /// A remark (sealed).
    #[serde(default)]
    #[schema(value_type = Option<SealedText>)]
    remark: Option<String>,
}

/// Not taking over.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefuseAsked {
    /// The items of one release.
    #[schema(value_type = Vec<ItemId>, min_items = 1, max_items = 500)]
    items: Vec<String>,
    /// Why: a code of the controlled list.
    #[schema(schema_with = grounds)]
    ground: String,
    /// More about it (sealed).
    #[serde(default)]
    #[schema(value_type = Option<SealedText>)]
    remark: Option<String>,
}

/// Not signing what somebody offers.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefuseOfferAsked {
    /// Digest of the offer, which waits here.
    #[schema(value_type = Digest)]
    offer: String,
    /// Why: a code of the controlled list.
    #[schema(schema_with = grounds)]
    ground: String,
    /// More about it (sealed).
    #[serde(default)]
    #[schema(value_type = Option<SealedText>)]
    remark: Option<String>,
}

/// Items.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemsAsked {
    /// The items of one release.
    #[schema(value_type = Vec<ItemId>, min_items = 1, max_items = 500)]
    items: Vec<String>,
}

/// A record that nobody has signed yet.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DraftView {
    /// The protected header of the message (SPEC section "Signed messages"), in base64.
    protected: String,
    /// The payload, in base64.
    payload: String,
    /// What opens its sealed fields.
    openings: Vec<OpeningBook>,
    /// Who signs, in this order.
    signers: Vec<DraftSigner>,
}

/// Somebody who signs.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DraftSigner {
    /// The number of the role.
    role: u64,
    /// The same in words, in English.
    role_text: &'static str,
    /// Who it is.
    who: Who,
}

/// Drafts a record
///
/// Nothing is recorded. The custodian who asks is the one who acts; people and keys are an agency's own, and it asks.
#[utoipa::path(
    post, path = "/v1/drafts", tag = "records", request_body = DraftAsked,
    responses((status = 200, description = "the draft", body = DraftView), Missing, Conflict),
)]
pub async fn draft(
    State(service): State<Arc<Service>>,
    caller: Caller,
    asked: Result<Json<DraftAsked>, JsonRejection>,
) -> Result<Json<DraftView>, Problem> {
    let Json(asked) = asked.map_err(bad_body)?;
    let occurred = match asked.occurred.as_deref().map(str::parse::<Moment>) {
        None => Moment::utc(now_s()).claimed(TimeSource::Device),
        Some(Ok(moment)) => moment.claimed(TimeSource::Device),
        Some(Err(_)) => {
            let problem = malformed("occurred", "a time with its offset");
            return Err(problem.in_field("/occurred"));
        }
    };
    let place = format!("/act/{}", asked.act.word());
    let placed = move |failure: Failure| failure.under(&place);
    let drafted = match asked.act {
        ActAsked::RefuseOffer(asked) => {
            let draft = move |service: &Service| asked.draft(service, &caller, occurred);
            service.look(move |service| draft(service).map_err(placed)).await
        }
        act => {
            let me = caller.id.clone();
            let draft = move |desk: &Desk| DraftView::of(desk, act.act(desk, &me)?, occurred);
            service.look_as(caller, move |desk| draft(desk).map_err(placed)).await
        }
    };
    drafted.map(Json)
}

impl DraftView {
    fn of(desk: &Desk, act: Act, occurred: Occurred) -> Result<Self, Failure> {
        let proposal = act.propose(desk, occurred)?;
        let people = People::of(desk);
        let signers = proposal.payload().signers.iter().map(|signer| {
            let who = match signer.role {
                // Whoever is being enrolled is nobody yet.
                Role::NewKey => Who { id: signer.id.to_string(), name: None, agency: None },
                _ => people.name(&signer.id)?.into(),
            };
            let role_text = role_word(signer.role);
            Ok(DraftSigner { role: signer.role.number(), role_text, who })
        });
        Ok(Self {
            signers: signers.collect::<Result<_, Failure>>()?,
            protected: STANDARD.encode(proposal.protected()),
            payload: STANDARD.encode(proposal.payload().encode()),
            openings: proposal.openings().iter().map(OpeningBook::of).collect(),
        })
    }
}

impl ActAsked {
    /// Its name, as the body has it.
    fn word(&self) -> &'static str {
        match self {
            Self::Collect(_) => "collect",
            Self::Seal(_) => "seal",
            Self::Store(_) => "store",
            Self::Note(_) => "note",
            Self::Disclose(_) => "disclose",
            Self::Handoff(_) => "handoff",
            Self::Release(_) => "release",
            Self::Receive(_) => "receive",
            Self::Refuse(_) => "refuse",
            Self::RefuseOffer(_) => "refuse-offer",
            Self::Recall(_) => "recall",
            Self::CustodianEnrol(_) => "custodian-enrol",
            Self::KeyRotate(_) => "key-rotate",
            Self::KeyRevoke(_) => "key-revoke",
            Self::KeyCompromised(_) => "key-compromised",
            Self::AgencyUpdate(_) => "agency-update",
        }
    }

    fn act(&self, desk: &Desk, me: &SubjectId) -> Result<Act, Failure> {
        match (self, me) {
            (Self::CustodianEnrol(asked), SubjectId::Agency(me)) => asked.act(*me),
            (Self::KeyRotate(asked), SubjectId::Agency(me)) => asked.act(desk, *me),
            (Self::KeyRevoke(asked), SubjectId::Agency(me)) => asked.act(desk, *me),
            (Self::KeyCompromised(asked), SubjectId::Agency(me)) => asked.act(desk, *me),
            (Self::AgencyUpdate(asked), SubjectId::Agency(me)) => asked.act(desk, *me),
            (asked, SubjectId::Custodian(me)) => asked.custody_act(desk, *me),
            _ => Err(not_theirs()),
        }
    }

    fn custody_act(&self, desk: &Desk, me: Uuid) -> Result<Act, Failure> {
        Ok(match self {
            Self::Collect(asked) => {
                Act::collect_as(random_id()?, me, Collect::of(ItemKind::Physical))
                    .sealing_text("description", Some(&said("description", &asked.description)?))
                    .sealing_text("place", maybe("place", asked.place.as_ref())?.as_deref())
                    .sealing_text(
                        "reference",
                        maybe("reference", asked.reference.as_ref())?.as_deref(),
                    )
            }
            Self::Seal(asked) => Act::alone(
                Seal { kind: code("kind", &asked.kind)? },
                &[item(desk, "/item", &asked.item)?],
                me,
            )
            .sealing_number(&said("number", &asked.number)?),
            Self::Store(asked) => {
                let body = Store { condition: code("condition", &asked.condition)? };
                Act::alone(body, &items(desk, &asked.items)?, me)
                    .sealing_text("place", maybe("place", asked.place.as_ref())?.as_deref())
            }
            Self::Note(asked) => {
                let text = said("text", &asked.text)?;
                Act::note(item(desk, "/item", &asked.item)?, me, NoteKind::Remark, &text)
            }
            Self::Disclose(asked) => asked.act(desk, me)?,
            Self::Handoff(asked) => {
                let parties = Parties { from: me, to: custodian(desk, &asked.to)? };
                Act::handoff(&items(desk, &asked.items)?, parties, code("purpose", &asked.purpose)?)
            }
            Self::Release(asked) => asked.act(desk, me)?,
            Self::Receive(asked) => {
                let items = items(desk, &asked.items)?;
                Act::receive(&items, addressed_to(desk, &items, me)?)
                    .sealing_text("remark", maybe("remark", asked.remark.as_ref())?.as_deref())
            }
            Self::Refuse(asked) => {
                let items = items(desk, &asked.items)?;
                let ground: RefusalGround = code("ground", &asked.ground)?;
                Act::refuse_release(&items, addressed_to(desk, &items, me)?, ground)
                    .sealing_text("remark", maybe("remark", asked.remark.as_ref())?.as_deref())
            }
            Self::Recall(asked) => {
                let items = items(desk, &asked.items)?;
                Act::recall(&items, sent_by(desk, &items, me)?)
            }
            Self::RefuseOffer(_) => return Err(bad("act", "one that is drafted from the ledger")),
            Self::CustodianEnrol(_)
            | Self::KeyRotate(_)
            | Self::KeyRevoke(_)
            | Self::KeyCompromised(_)
            | Self::AgencyUpdate(_) => return Err(not_theirs()),
        })
    }
}

impl RefuseOfferAsked {
    /// Whoever is offered something from another agency may not see it yet. What they need to say no is where its notes
    /// end, and nothing else of the draft is anything that the offer did not tell them.
    fn draft(
        &self,
        service: &Service,
        caller: &Caller,
        occurred: Occurred,
    ) -> Result<DraftView, Failure> {
        let digest = Hash::from_hex(&self.offer).ok_or_else(|| bad("offer", "a digest"))?;
        let waiting = service.mailbox.get(&digest, &caller.id)?;
        let offer = waiting.ok_or_else(|| {
            Failure::could_not("usage", format!("no offer {digest} waits here for you"))
        })?;
        let payload = offer.offer().payload();
        let (Some(from), SubjectId::Custodian(to)) = (payload.from, &caller.id) else {
            return Err(Failure::could_not("usage", "that offer hands nothing over"));
        };
        let item = |link: &Link| match link.subject {
            SubjectId::Item(id) => Some(id),
            _ => None,
        };
        let items: Vec<_> = payload.subjects.iter().filter_map(item).collect();
        // Whoever made an offer of what they may not see themselves learns nothing by it, nor does who they sent it to.
        let told = told(service, &offer)?;
        if let Some(closed) = items.iter().find(|item| !told.contains(item)) {
            let text = format!("{} does not exist", SubjectId::Item(*closed));
            return Err(Failure::rejected("custody/no-such-subject", text));
        }
        let reply = Reply { to: digest, parties: Parties { from, to: *to } };
        let act = Act::refuse_offer(&items, reply, code("ground", &self.ground)?)
            .sealing_text("remark", maybe("remark", self.remark.as_ref())?.as_deref());
        DraftView::of(&Desk::live(service.ledger.reader()?), act, occurred)
    }
}

impl ReleaseAsked {
    fn act(&self, desk: &Desk, me: Uuid) -> Result<Act, Failure> {
        let expected = self.expected.as_deref().map(str::parse::<Moment>).transpose();
        let expected = expected.map_err(|_| bad("expected", "a time with its offset"))?;
        let body = Release {
            expected_s: expected.map(|moment| moment.utc_s),
            ..Release::for_purpose(code("purpose", &self.purpose)?)
        };
        let parties = Parties { from: me, to: custodian(desk, &self.to)? };
        Ok(Act::send(&items(desk, &self.items)?, parties, body)
            .sealing_text("carrier", maybe("carrier", self.carrier.as_ref())?.as_deref())
            .sealing_text("waybill", maybe("waybill", self.waybill.as_ref())?.as_deref()))
    }
}

impl DiscloseAsked {
    /// The server has not seen the exhibit: that it is what the page made of this ledger is for whoever signs to know.
    fn act(&self, desk: &Desk, me: Uuid) -> Result<Act, Failure> {
        let item = item(desk, "/item", &self.item)?;
        let exhibit = Hash::from_hex(&self.exhibit).ok_or_else(|| bad("exhibit", "a digest"))?;
        if self.size == 0 || desk.root_at(TreeSize(self.size))?.is_none() {
            return Err(bad("size", "that of a tree of this ledger"));
        }
        let basis = code("basis", &self.basis)?;
        let body = Disclose { size: self.size, basis, exhibit, permission: None };
        let recipient = said("recipient", &self.recipient)?;
        Ok(Act::say(body, &[item], me).sealing_text("recipient", Some(&recipient)))
    }
}

/// An agency's key does nothing with evidence, and nobody else's enrols people or ends keys.
fn not_theirs() -> Failure {
    let message = "custodians act on items, an agency on its people and their keys";
    Failure::rejected("access/forbidden", message)
}

fn purposes() -> Schema {
    words(MovePurpose::ALL.iter().map(|word| word.word()))
}

fn bases() -> Schema {
    words(DiscloseBasis::ALL.iter().map(|word| word.word()))
}

fn conditions() -> Schema {
    words(StoreCondition::ALL.iter().map(|word| word.word()))
}

fn grounds() -> Schema {
    words(RefusalGround::ALL.iter().map(|word| word.word()))
}

fn seal_kinds() -> Schema {
    words(SealKind::ALL.iter().map(|word| word.word()))
}

fn items(desk: &Desk, texts: &[String]) -> Result<Vec<Uuid>, Failure> {
    match texts.len() {
        1..=MAX_ITEMS => {
            let item = |(at, text): (usize, &String)| item(desk, &format!("/items/{at}"), text);
            texts.iter().enumerate().map(item).collect()
        }
        _ => Err(bad("items", "a list of 1 to 500 items")),
    }
}

fn item(desk: &Desk, pointer: &str, text: &str) -> Result<Uuid, Failure> {
    match text.parse() {
        Ok(SubjectId::Item(id)) => {
            desk.item_state(id).map_err(|failure| failure.in_field(pointer))?;
            Ok(id)
        }
        _ => Err(bad("item", "the id of an item").in_field(pointer)),
    }
}

fn custodian(desk: &Desk, text: &str) -> Result<Uuid, Failure> {
    match text.parse() {
        Ok(SubjectId::Custodian(id)) => {
            desk.custodian_state(id).map_err(|failure| failure.in_field("/to"))?;
            Ok(id)
        }
        _ => Err(bad("to", "the id of a custodian")),
    }
}

fn code<C: std::str::FromStr>(field: &str, text: &str) -> Result<C, Failure> {
    text.parse().map_err(|_| bad(field, "one of the codes that SPEC lists"))
}

fn said(field: &str, text: &str) -> Result<String, Failure> {
    let refused = |reason| Failure::could_not("usage", format!("`{field}`: {reason}"));
    sealed_text(text).map_err(|reason| refused(reason).in_field(format!("/{field}")))
}

fn maybe(field: &str, text: Option<&String>) -> Result<Option<String>, Failure> {
    text.filter(|text| !text.is_empty()).map(|text| said(field, text)).transpose()
}

fn bad(field: &str, expected: &str) -> Failure {
    let message = format!("`{field}` is not {expected}");
    Failure::could_not("usage", message).in_field(format!("/{field}"))
}
