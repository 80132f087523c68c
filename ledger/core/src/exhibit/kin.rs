//! What belongs to an item's history besides its own chains. SPEC section "Verifying an exhibit", the lineage.

use crate::id::{SubjectId, Uuid};
use crate::record::Payload;
use crate::record::body::Body;

/// The items whose history is part of an item's, as far as one record of its chain tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kin {
    /// The item that it was made from, and what it was packed in: with all of their own kin.
    pub forebears: Vec<Uuid>,
    /// What else was made by the same split.
    pub siblings: Vec<Uuid>,
}

impl Kin {
    /// What `payload`, which extends the custody chain of `item`, tells of its kin.
    pub fn of(item: Uuid, payload: &Payload) -> Self {
        match &payload.body {
            Body::Derive(body) if body.parent != item => Self::from(body.parent),
            Body::Split(body) if body.parent != item => {
                let parts = body.parts.iter().map(|part| part.item);
                Self {
                    siblings: parts.filter(|part| *part != item).collect(),
                    ..Self::from(body.parent)
                }
            }
            Body::Pack(body) if body.container != item => Self::from(body.container),
            _ => Self::default(),
        }
    }

    fn from(forebear: Uuid) -> Self {
        Self { forebears: vec![forebear], siblings: Vec::new() }
    }
}

/// The two chains of an item.
pub fn chains_of(item: Uuid) -> [SubjectId; 2] {
    [SubjectId::Item(item), SubjectId::Notes(item)]
}
