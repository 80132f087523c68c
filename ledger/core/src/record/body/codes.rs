use crate::code::codes;

codes! {
    /// What a ledger is for.
    pub enum LedgerPurpose {
        /// Real cases.
        Evidence = "evidence",
        /// Exercises: every report says so.
        Training = "training",
    }
}

codes! {
    /// Which of a subject's keys.
    pub enum KeySlot {
        /// An agency's authority key.
        Authority = "authority",
        /// A custodian's key.
        Custodian = "custodian",
        /// An agency's offline recovery key.
        Recovery = "recovery",
    }
}

codes! {
    /// Why a key ends.
    pub enum KeyReason {
        /// Replaced in the ordinary course.
        Routine = "routine",
        /// The person left or changed duties.
        Left = "left",
        /// Nobody has it any more.
        Lost = "lost",
        /// Somebody else may have it.
        Stolen = "stolen",
    }
}

codes! {
    /// What an item is.
    pub enum ItemKind {
        /// A thing, which is in one place.
        Physical = "physical",
        /// Data, which is copied.
        Digital = "digital",
    }
}

codes! {
    /// What a digest was computed over.
    pub enum DigestScope {
        /// The file as it lies on the disk, for example an E01 container.
        Container = "container",
        /// The bytes of the medium that the container holds.
        Media = "media",
        /// One logical file.
        Logical = "logical",
        /// A list of files with their digests.
        Manifest = "manifest",
    }
}

codes! {
    /// What kind of seal.
    pub enum SealKind {
        /// A tamper-evident bag.
        Bag = "bag",
        /// A numbered lock.
        Lock = "lock",
        /// Tape across an opening.
        Tape = "tape",
        /// Wax or a stamp.
        Stamp = "stamp",
    }
}

codes! {
    /// How a seal was found.
    pub enum SealOutcome {
        /// Whole, and the number is the one announced.
        Intact = "intact",
        /// Damaged.
        Broken = "broken",
        /// Whole, with another number.
        Mismatch = "mismatch",
        /// Not there.
        Missing = "missing",
    }
}

codes! {
    /// What an item moves for.
    pub enum MovePurpose {
        /// Examination by a laboratory or expert.
        Examination = "examination",
        /// Transport by a courier.
        Transport = "transport",
        /// Keeping.
        Storage = "storage",
        /// A hearing or trial.
        Court = "court",
        /// Another authority takes the case over.
        Transfer = "transfer",
        /// Going back to where it came from.
        Return = "return",
    }
}

codes! {
    /// Why somebody does not take over.
    pub enum RefusalGround {
        /// The item on the paper is not the item on the table.
        NotAsDescribed = "not-as-described",
        /// Seal broken, missing or of another number.
        Seal = "seal",
        /// Damaged.
        Damaged = "damaged",
        /// Papers are missing.
        Papers = "papers",
        /// Meant for somebody else.
        NotAddressee = "not-addressee",
        /// No authority to take it, in law or by order.
        NoAuthority = "no-authority",
        /// No safe place for it.
        NoStorage = "no-storage",
    }
}

codes! {
    /// How a new item was made out of another.
    pub enum DeriveMethod {
        /// A forensic image of a medium.
        Image = "image",
        /// A copy with equal content.
        Copy = "copy",
        /// A part taken out.
        Extract = "extract",
        /// Data in another form.
        Convert = "convert",
    }
}

codes! {
    /// Whether a recomputed digest is the recorded one.
    pub enum DigestOutcome {
        /// It is.
        Match = "match",
        /// It is not.
        Mismatch = "mismatch",
    }
}

codes! {
    /// Why a field is corrected.
    pub enum CorrectReason {
        /// A typing error.
        Typing = "typing",
        /// The wrong item or person was meant.
        Identity = "identity",
        /// A clock was wrong.
        Clock = "clock",
        /// Something was left out.
        Omission = "omission",
    }
}

codes! {
    /// Why a record came too late to take its place.
    pub enum LateReason {
        /// Another record took its place in the chain first.
        Conflict = "conflict",
        /// A key that signed it was ended before it arrived.
        KeyEnded = "key-ended",
    }
}

codes! {
    /// What a note is about.
    pub enum NoteKind {
        /// The item's condition.
        Condition = "condition",
        /// Anything else.
        Remark = "remark",
        /// A photograph or document was added.
        Document = "document",
        /// What others call the item: an exhibit mark, a case or court number.
        Alias = "alias",
    }
}

codes! {
    /// How an item ended.
    pub enum DisposeMethod {
        /// Destroyed.
        Destroyed = "destroyed",
        /// Data overwritten.
        Wiped = "wiped",
        /// Handed to the state.
        Forfeited = "forfeited",
    }
}

codes! {
    /// Why a seal is broken on purpose or was found to be.
    pub enum BreakReason {
        /// To examine what is inside.
        Examination = "examination",
        /// To look at what is inside.
        Inspection = "inspection",
        /// To put another seal on.
        Reseal = "reseal",
        /// By accident.
        Accident = "accident",
        /// An order of a court.
        Order = "order",
    }
}

codes! {
    /// In what form an asserted history was handed over.
    pub enum LegacyFormat {
        /// A CASE document.
        Case = "case",
        /// A table.
        Table = "table",
        /// Paper.
        Paper = "paper",
        /// Anything else.
        Other = "other",
    }
}

codes! {
    /// What quantities are counted in.
    pub enum Unit {
        /// Pieces.
        Piece = "piece",
        /// Milligrams.
        Mg = "mg",
        /// Grams.
        G = "g",
        /// Kilograms.
        Kg = "kg",
        /// Microlitres.
        Ul = "ul",
        /// Millilitres.
        Ml = "ml",
        /// Litres.
        L = "l",
        /// Millimetres.
        Mm = "mm",
        /// Metres.
        M = "m",
    }
}

codes! {
    /// What a carrier's scan says.
    pub enum CarrierEvent {
        /// The carrier has it.
        PickedUp = "picked-up",
        /// It is moving.
        InTransit = "in-transit",
        /// It is with customs.
        Customs = "customs",
        /// It will be late.
        Delayed = "delayed",
        /// The carrier has handed it out.
        Delivered = "delivered",
        /// Something went wrong.
        Exception = "exception",
    }
}

codes! {
    /// Somebody who holds no key.
    pub enum ExternalParty {
        /// The owner.
        Owner = "owner",
        /// A court.
        Court = "court",
        /// A carrier.
        Carrier = "carrier",
        /// The public: a finder, a victim, a witness.
        Public = "public",
        /// Anybody else.
        Other = "other",
    }
}

codes! {
    /// What stands in for the signature of somebody who holds no key.
    pub enum StandIn {
        /// They signed on paper.
        SignedPaper = "signed-paper",
        /// A photograph or film shows it.
        Photograph = "photograph",
        /// A court's own record says it.
        CourtRecord = "court-record",
        /// A carrier's waybill says it.
        Waybill = "waybill",
        /// They would not sign: a witness signs.
        Refused = "refused",
        /// They could not sign: a witness signs.
        Unable = "unable",
    }
}

impl StandIn {
    /// Whether it is a document, which is then attached; else a witness signs.
    pub fn is_document(self) -> bool {
        !matches!(self, Self::Refused | Self::Unable)
    }
}

codes! {
    /// Why somebody's items go to a successor.
    pub enum SuccessionReason {
        /// They left.
        Left = "left",
        /// They have other duties.
        Reassigned = "reassigned",
        /// They are away for long.
        Absent = "absent",
        /// They were dismissed.
        Dismissed = "dismissed",
        /// They died.
        Deceased = "deceased",
    }
}

codes! {
    /// How an item is kept in storage.
    pub enum StoreCondition {
        /// At room temperature.
        Ambient = "ambient",
        /// Cooled.
        Cool = "cool",
        /// Frozen.
        Frozen = "frozen",
        /// Under a lock of its own.
        Locked = "locked",
        /// Shielded from radio.
        Shielded = "shielded",
    }
}

codes! {
    /// What part of an item was used up for.
    pub enum ConsumePurpose {
        /// An analysis.
        Analysis = "analysis",
        /// A sample that is not kept.
        Sample = "sample",
        /// A test of the method.
        Calibration = "calibration",
        /// Loss: evaporation, breakage.
        Loss = "loss",
    }
}

codes! {
    /// The field of an analysis.
    pub enum AnalyseKind {
        /// Data.
        Digital = "digital",
        /// Substances.
        Chemical = "chemical",
        /// Traces of life, DNA among them.
        Biological = "biological",
        /// Fingerprints and other marks.
        Marks = "marks",
        /// Weapons and ammunition.
        Firearms = "firearms",
        /// Documents and handwriting.
        Documents = "documents",
        /// Anything else.
        Other = "other",
    }
}

codes! {
    /// On what basis something is disclosed.
    pub enum DiscloseBasis {
        /// To the prosecution.
        Prosecution = "prosecution",
        /// To the defence.
        Defence = "defence",
        /// A court ordered it.
        CourtOrder = "court-order",
        /// A request for mutual legal assistance.
        MutualAssistance = "mutual-assistance",
        /// To an oversight body.
        Oversight = "oversight",
        /// To the person whom the data are about.
        DataSubject = "data-subject",
        /// To another service.
        Police = "police",
    }
}

codes! {
    /// What became of an item in court.
    pub enum CourtStatus {
        /// A party offered it.
        Offered = "offered",
        /// The court admitted it.
        Admitted = "admitted",
        /// The court excluded it.
        Excluded = "excluded",
        /// The party withdrew it.
        Withdrawn = "withdrawn",
    }
}

codes! {
    /// Why an item must be kept.
    pub enum HoldBasis {
        /// A court ordered it.
        CourtOrder = "court-order",
        /// An appeal is pending or possible.
        Appeal = "appeal",
        /// Another state asked for preservation.
        Preservation = "preservation",
        /// The agency decided it.
        Internal = "internal",
    }
}

codes! {
    /// What is disputed.
    pub enum DisputeGround {
        /// Who is said to have done it.
        Identity = "identity",
        /// When it is said to have happened.
        Time = "time",
        /// In what state the item was.
        Condition = "condition",
        /// How it was handled.
        Handling = "handling",
        /// Whether it was lawful.
        Authority = "authority",
        /// Anything else.
        Other = "other",
    }
}

codes! {
    /// How a dispute ended.
    pub enum DisputeOutcome {
        /// The dispute was right.
        Upheld = "upheld",
        /// In part.
        PartlyUpheld = "partly-upheld",
        /// It was not.
        Rejected = "rejected",
        /// Whoever raised it took it back.
        Withdrawn = "withdrawn",
    }
}

codes! {
    /// What a permission allows.
    pub enum OnwardUse {
        /// To hand the item to an agency of a third state.
        Transfer = "transfer",
        /// To use it, or what is known from it, in court.
        Evidence = "evidence",
        /// To pass on what is known from it.
        Dissemination = "dissemination",
        /// To publish it.
        Publication = "publication",
    }
}

codes! {
    /// How an inventory was made.
    pub enum InventoryMethod {
        /// Every item was seen.
        Sight = "sight",
        /// Every label was scanned.
        Scan = "scan",
        /// Seals were looked at.
        Seal = "seal",
        /// Items were counted.
        Count = "count",
    }
}

codes! {
    /// What is not as it should be.
    pub enum DiscrepancyKind {
        /// Something is missing.
        Missing = "missing",
        /// There is something more.
        Surplus = "surplus",
        /// A quantity differs.
        Quantity = "quantity",
        /// A seal differs.
        Seal = "seal",
        /// A description does not fit.
        Description = "description",
        /// A digest differs.
        Digest = "digest",
        /// It is in another place.
        Place = "place",
        /// Papers are missing or wrong.
        Papers = "papers",
    }
}

codes! {
    /// Why an opening is erased.
    pub enum EraseBasis {
        /// A court ordered it.
        CourtOrder = "court-order",
        /// The time for which it may be kept is over.
        Retention = "retention",
        /// The person whom the data are about asked for it.
        DataSubject = "data-subject",
        /// It should not have been there.
        Unlawful = "unlawful",
    }
}

codes! {
    /// The steps of a request for mutual legal assistance, in their order.
    pub enum RequestStep {
        /// The requesting authority drew it up.
        Prepared = "prepared",
        /// Whoever must approve it there did.
        Approved = "approved",
        /// It was sent.
        Transmitted = "transmitted",
        /// The requested authority has it.
        Received = "received",
        /// It was found to be in order.
        Accepted = "accepted",
        /// It is being executed.
        Executing = "executing",
        /// What was asked for was done.
        Fulfilled = "fulfilled",
        /// It was refused.
        Refused = "refused",
        /// The requesting authority took it back.
        Withdrawn = "withdrawn",
    }
}

impl RequestStep {
    /// Whether nothing follows.
    pub fn is_end(self) -> bool {
        matches!(self, Self::Fulfilled | Self::Refused | Self::Withdrawn)
    }

    /// Whether the requesting agency takes the step, and not the requested one.
    pub fn is_of_requesting(self) -> bool {
        matches!(self, Self::Prepared | Self::Approved | Self::Transmitted | Self::Withdrawn)
    }
}

codes! {
    /// What a request, or a production of data, rests on.
    pub enum LegalBasis {
        /// A treaty between states.
        Treaty = "treaty",
        /// A European Investigation Order.
        InvestigationOrder = "investigation-order",
        /// A European Production or Preservation Order.
        ProductionOrder = "production-order",
        /// A provider's answer to a request from abroad, without the state in between.
        DirectProduction = "direct-production",
        /// A joint investigation team.
        JointTeam = "joint-team",
        /// Courtesy between states, without a treaty.
        LettersRogatory = "letters-rogatory",
        /// The law of the agency's own state.
        DomesticLaw = "domestic-law",
        /// Consent of who may give it.
        Consent = "consent",
    }
}

codes! {
    /// What a request is for.
    pub enum RequestPurpose {
        /// Evidence for a trial or an investigation.
        Evidence = "evidence",
        /// Data of a provider.
        Data = "data",
        /// To keep what would else be lost.
        Preservation = "preservation",
        /// A search and seizure.
        Search = "search",
        /// To give back what belongs to somebody.
        Restitution = "restitution",
    }
}

codes! {
    /// On what ground a request is refused.
    pub enum RequestGround {
        /// The act is no offence in the requested state.
        DualCriminality = "dual-criminality",
        /// The offence is political.
        PoliticalOffence = "political-offence",
        /// The person was tried already.
        DoubleJeopardy = "double-jeopardy",
        /// Sovereignty, security or public order.
        PublicOrder = "public-order",
        /// Rights of the person.
        HumanRights = "human-rights",
        /// Out of proportion.
        Proportionality = "proportionality",
        /// Privilege or immunity.
        Immunity = "immunity",
        /// Not in the form that the instrument asks for.
        Form = "form",
        /// It cannot be done.
        Impossible = "impossible",
    }
}

codes! {
    /// How a time from outside is shown.
    pub enum AnchorKind {
        /// A token of RFC 3161.
        Rfc3161 = "rfc3161",
    }
}
