//! Whose signatures a record carries.

use crate::key::Kid;
use crate::record::Record;
use crate::record::body::Body;

/// The keys whose signatures a record carries, each once: its own, then those of a record that it embeds.
pub(super) fn signing_keys(record: &Record) -> Vec<Kid> {
    let mut kids = own_keys(record);
    if let Body::LateEntry(body) = &record.payload().body
        && let Ok(embedded) = Record::parse(&body.record)
    {
        let others = own_keys(&embedded);
        kids.extend(others.into_iter().filter(|kid| !own_keys(record).contains(kid)));
    }
    kids
}

/// No two signatures of a message are of one key.
fn own_keys(record: &Record) -> Vec<Kid> {
    record.message().signatures().iter().map(|line| line.header.kid).collect()
}
