//! Under what something moves to another agency: a request, and the permission to pass it on.

use custody_core::hash::Hash;
use custody_core::id::Uuid;

use crate::desk::Desk;
use crate::failure::Failure;

/// The options of [`Under`], help lines.
macro_rules! under_help {
    () => {
        "  --request REQUEST           the request for mutual legal assistance under which it moves
  --permission RECORD         the record by which another agency permits that you pass it on
"
    };
}

pub(super) use under_help;

#[derive(Debug, clap::Args)]
pub struct Under {
    #[arg(long)]
    request: Option<String>,
    #[arg(long, value_name = "RECORD")]
    permission: Option<String>,
}

impl Under {
    /// The request, if one is named.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn request(&self, desk: &Desk) -> Result<Option<Uuid>, Failure> {
        self.request.as_ref().map(|text| desk.request(text)).transpose()
    }

    /// The digest of the permission, if one is named. Whether it suffices is the ledger's to judge.
    ///
    /// # Errors
    /// There is no such record.
    pub fn permission(&self, desk: &Desk) -> Result<Option<Hash>, Failure> {
        self.permission.as_ref().map(|text| desk.record_digest(text)).transpose()
    }
}
