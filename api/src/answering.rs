//! A ledger as somebody knows it who answers an offer: where the offer came as a file, a server shows nothing of its items,
//! but for where their notes end, on which the answer is to stand.

use std::collections::HashMap;

use custody_core::hash::Hash;
use custody_core::id::{Origin, SubjectId};
use custody_core::index::ChainHead;
use custody_core::merkle::TreeHead;

use crate::act::Basis;
use crate::desk::Desk;
use crate::failure::Failure;
use crate::offer_file::OfferFile;

/// A ledger, and ends of chains that it does not show.
pub struct Answering<'d> {
    desk: &'d Desk<'d>,
    told: HashMap<SubjectId, ChainHead>,
}

impl<'d> Answering<'d> {
    /// What is known to whoever answers `offer`.
    ///
    /// # Errors
    /// The ledger cannot be read, or a signature on the offer is wrong.
    pub fn of(desk: &'d Desk<'d>, offer: &OfferFile) -> Result<Self, Failure> {
        let about = offer.offer().payload().subjects.iter().map(|link| &link.subject);
        let items: Vec<_> = about.filter(|id| matches!(id, SubjectId::Item(_))).cloned().collect();
        desk.books().foresee(&items, false)?;
        let mut is_shown = true;
        for item in &items {
            is_shown &= desk.look_up(item)?.is_some();
        }
        let told = if is_shown { Vec::new() } else { desk.books().ends(offer)? };
        Ok(Self { desk, told: told.into_iter().collect() })
    }
}

impl Basis for Answering<'_> {
    type Error = Failure;

    fn origin(&self) -> &Origin {
        self.desk.origin()
    }

    fn genesis(&self) -> Option<Hash> {
        Basis::genesis(self.desk)
    }

    fn seen(&self) -> Option<TreeHead> {
        self.desk.seen()
    }

    fn foresee(&self, subjects: &[SubjectId]) -> Result<(), Failure> {
        Basis::foresee(self.desk, subjects)
    }

    fn chain_head(&self, subject: &SubjectId) -> Result<Option<ChainHead>, Failure> {
        match self.told.get(subject) {
            Some(end) => Ok(Some(*end)),
            None => self.desk.chain_head(subject),
        }
    }
}
