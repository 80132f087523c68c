use crate::code::codes;

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
