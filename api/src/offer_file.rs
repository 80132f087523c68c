//! Offer files: a record that lacks signatures, on its way between people who share no machine.
//! SPEC section "Offer files".
//!
//! `["custody-offer", 1, message, [[field, salt, value], ...]]`, deterministic CBOR: the half-signed
//! message as it stands and the openings of its sealed fields, each exactly once and in the order of
//! their names, so that whoever countersigns sees what they sign. Every signer adds to the message only.

use custody_core::cbor::{CborError, Reader, Value, check};
use custody_core::hash::Hash;
use custody_core::record::{MAX_LATE_ENTRY, Offer, Record, RecordError};
use custody_core::sealed::{MAX_OPENING, Opening, OpeningError};
use thiserror::Error;

/// Media type of offer files: records, signed by all or not, with the openings of what they seal.
pub const OFFER_TYPE: &str = "application/vnd.custody-ledger.offer+cbor";

/// Media type of many offer files: a CBOR array of byte strings.
pub const OFFERS_TYPE: &str = "application/vnd.custody-ledger.offers+cbor";

/// Offer files in one request, at most.
pub const MAX_BATCH: usize = 100;

/// First item of the file, so that a person with an editor knows what it is.
const MAGIC: &str = "custody-offer";

/// Openings of one record: 32 sealed fields and 32 attachments.
const MAX_OPENINGS: usize = 64;

/// Largest offer file in bytes: a late entry of 128 KiB and 64 openings of 16 KiB with their names and
/// salts, 64 x (16384 + 48 + 16 + 10) bytes.
pub const MAX_OFFER_FILE: u64 = 1_200 * 1024;

/// An offer that is well formed, with openings that fit it.
#[derive(Clone, Debug)]
pub struct OfferFile {
    offer: Offer,
    openings: Vec<Opening>,
}

/// Why bytes are not an offer file.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OfferFileError {
    /// The file is larger than an offer may be.
    #[error("{actual} bytes, at most {limit} are allowed")]
    Oversize {
        /// The limit in bytes.
        limit: u64,
        /// The size in bytes.
        actual: u64,
    },
    /// The file is something else.
    #[error("the file is not an offer")]
    NotAnOffer,
    /// The file is not canonical CBOR of its form.
    #[error("the offer is malformed")]
    Cbor(#[from] CborError),
    /// The record that is offered is refused.
    #[error("the record that is offered is refused")]
    Record(#[from] RecordError),
    /// An opening does not fit the record.
    #[error("an opening is refused")]
    Opening(#[from] OpeningError),
    /// A sealed field comes without its opening: nobody can see what they would sign.
    #[error("the sealed field `{field}` comes without its opening")]
    Closed {
        /// The field.
        field: String,
    },
}

impl OfferFileError {
    /// The stable code of this error; that of the cause where it has one of its own.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Oversize { .. } => "offer/oversize",
            Self::NotAnOffer => "offer/not-an-offer",
            Self::Cbor(error) => error.code(),
            Self::Record(error) => error.code(),
            Self::Opening(error) => error.code(),
            Self::Closed { .. } => "offer/closed",
        }
    }
}

impl OfferFile {
    /// Pairs an offer with the openings of everything it seals.
    ///
    /// # Errors
    /// [`OfferFileError::Opening`] and [`OfferFileError::Closed`].
    pub fn new(offer: Offer, mut openings: Vec<Opening>) -> Result<Self, OfferFileError> {
        openings.sort_by(|left, right| left.field.cmp(&right.field));
        for opening in &openings {
            opening.verify(offer.payload())?;
        }
        let is_open = |name: &String| openings.iter().any(|opening| opening.field == *name);
        let closed = offer.payload().sealed_names().find(|name| !is_open(name));
        match closed {
            Some(field) => Err(OfferFileError::Closed { field }),
            None => Ok(Self { offer, openings }),
        }
    }

    /// Parses an offer file.
    ///
    /// # Errors
    /// [`OfferFileError`] names the first deviation from SPEC.
    pub fn parse(bytes: &[u8]) -> Result<Self, OfferFileError> {
        let actual = bytes.len() as u64;
        if actual > MAX_OFFER_FILE {
            return Err(OfferFileError::Oversize { limit: MAX_OFFER_FILE, actual });
        }
        let mut reader = Reader::new(bytes);
        if reader.array(4, 4).is_err() || reader.text() != Ok(MAGIC) {
            return Err(OfferFileError::NotAnOffer);
        }
        check(bytes)?;
        reader.uint_exactly(1, "version 1")?;
        let message = reader.bytes()?;
        if message.len() > MAX_LATE_ENTRY {
            let (limit, actual) = (MAX_LATE_ENTRY, message.len());
            return Err(RecordError::Oversize { limit, actual }.into());
        }
        let offer = Offer::parse(message)?;
        let start = reader.offset();
        let openings = decode_openings(&mut reader)?;
        reader.end()?;
        if openings.windows(2).any(|pair| pair[0].field >= pair[1].field) {
            return Err(reader.out_of_range(start, "openings in order, none twice").into());
        }
        Self::new(offer, openings)
    }

    /// The bytes of the file.
    pub fn encode(&self) -> Vec<u8> {
        let opening = |opening: &Opening| {
            Value::array([
                Value::text(opening.field.as_str()),
                Value::bytes(opening.salt),
                Value::bytes(&opening.value),
            ])
        };
        Value::array([
            Value::text(MAGIC),
            Value::Uint(1),
            Value::bytes(self.offer.message().as_bytes()),
            Value::array(self.openings.iter().map(opening)),
        ])
        .encode()
    }

    /// The record, once everybody has signed, with the openings of what it seals.
    ///
    /// # Errors
    /// [`RecordError::SignatureCount`].
    pub fn into_record(self) -> Result<(Record, Vec<Opening>), RecordError> {
        Ok((self.offer.into_record()?, self.openings))
    }

    /// The record that lacks signatures.
    pub fn offer(&self) -> &Offer {
        &self.offer
    }

    /// SHA-256 of the half-signed message: what a refusal names.
    pub fn digest(&self) -> Hash {
        self.offer.digest()
    }

    /// The openings of everything that the record seals, in the order of their names.
    pub fn openings(&self) -> &[Opening] {
        &self.openings
    }
}

fn decode_openings(reader: &mut Reader<'_>) -> Result<Vec<Opening>, CborError> {
    let count = reader.array(0, MAX_OPENINGS)?;
    let opening = |_| {
        reader.array(3, 3)?;
        let field = reader.text_to(48, "a field name")?.to_owned();
        let salt = reader.array_of()?;
        let offset = reader.offset();
        let value = reader.bytes()?;
        if value.len() > MAX_OPENING {
            return Err(reader.out_of_range(offset, "a value of at most 16384 bytes"));
        }
        Ok(Opening { field, salt, value: value.to_vec() })
    };
    (0..count).map(opening).collect()
}
