//! What happened, as it happens: for pages that are looked at meanwhile.

use custody_core::hash::Hash;
use custody_core::id::SubjectId;
use custody_core::merkle::LeafIndex;

use crate::offer_file::OfferFile;

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Change {
    /// A record was acknowledged.
    Recorded(Recorded),
    /// An offer was put into the mailbox, or taken out of it unsigned.
    Offered(Offered),
    /// The server ends, and with it every stream.
    Stopping,
}

/// A record that was acknowledged.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Index of its entry.
    pub index: LeafIndex,
    /// Its digest.
    pub digest: Hash,
    /// Its type.
    pub record_type: &'static str,
    /// What it is about.
    pub subjects: Vec<SubjectId>,
}

/// An offer that came or went.
#[derive(Clone, Debug)]
pub struct Offered {
    /// SHA-256 of the half-signed message.
    pub digest: Hash,
    /// Who signs it: nobody else learns of it.
    pub signers: Vec<SubjectId>,
}

impl Change {
    /// That `offer` came or went.
    pub fn offered(offer: &OfferFile) -> Self {
        let signers = offer.offer().payload().signers.iter();
        let signers = signers.map(|signer| signer.id.clone()).collect();
        Self::Offered(Offered { digest: offer.digest(), signers })
    }
}
