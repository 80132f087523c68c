//! The server's mailbox: offers on their way to who signs next.

use custody_core::hash::Hash;
use custody_core::id::SubjectId;
use custody_core::index::ChainHead;
use serde_json::Value;

use super::{ServedBooks, hash, malformed, number, text};
use crate::books::{Mail, Waits};
use crate::failure::Failure;
use crate::offer_file::{OFFER_TYPE, OfferFile};

impl ServedBooks {
    /// Where the server says that the notes of an offer's items end. Whoever signs on the ends of others gets a conflict, and
    /// nothing else.
    pub(super) fn ends_of(
        &self,
        offer: &OfferFile,
    ) -> Result<Vec<(SubjectId, ChainHead)>, Failure> {
        let answer = self.transport.post_bytes("/v1/ends", &offer.encode(), OFFER_TYPE)?;
        let ends = answer["ends"].as_array().ok_or_else(|| malformed("ends"))?;
        let mut heads = Vec::new();
        for end in ends {
            let subject = text(end, "subject")?.parse()?;
            match number(end, "length")? {
                0 => {}
                length => heads.push((subject, ChainHead { length, digest: hash(end, "digest")? })),
            }
        }
        Ok(heads)
    }
}

impl Mail for ServedBooks {
    fn waiting(&self) -> Result<Vec<Waits>, Failure> {
        let answer = self.transport.get("/v1/offers")?;
        let offers = answer["offers"].as_array().ok_or_else(|| malformed("offers"))?;
        let waits = |offer: &Value| {
            let refused = Some(&offer["refused"]).filter(|refused| !refused.is_null());
            Ok(Waits {
                digest: hash(offer, "offer")?,
                has_moved_on: offer["has_moved_on"] == true,
                refusal: refused.map(|refused| hash(refused, "record")).transpose()?,
            })
        };
        offers.iter().map(waits).collect()
    }

    fn find(&self, digest: &Hash) -> Result<Option<OfferFile>, Failure> {
        let Some(bytes) = self.transport.file(&format!("/v1/offers/{digest}"), true)? else {
            return Ok(None);
        };
        let offer = OfferFile::parse(&bytes)?;
        // What was asked for by its digest cannot be another.
        match offer.digest() == *digest {
            true => Ok(Some(offer)),
            false => Err(malformed("offer")),
        }
    }

    fn send(&self, offer: &OfferFile) -> Result<(), Failure> {
        let answer = self.transport.post_bytes("/v1/offers", &offer.encode(), OFFER_TYPE)?;
        match hash(&answer, "offer")? == offer.digest() {
            true => Ok(()),
            false => Err(malformed("offer")),
        }
    }

    fn withdraw(&self, digest: &Hash) -> Result<(), Failure> {
        self.transport.delete(&format!("/v1/offers/{digest}"))
    }
}
