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
