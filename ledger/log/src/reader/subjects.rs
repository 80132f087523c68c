//! Walking over all subjects of a kind.

use std::vec;

use custody_core::custody::Subject;
use custody_core::id::SubjectId;

use crate::error::ReadError;
use crate::row::{SubjectKind, decode_subject, decode_subject_key, subject_key};
use crate::store::{Read, Row, Scan, Table};

/// Rows that are read at once.
const PAGE: usize = 256;

/// Subjects of one kind with what the records made of them, in the order of their ids. Ends after an error.
pub struct Subjects<'r> {
    read: &'r dyn Read,
    /// What is still to be read; `None` after the last page.
    rest: Option<Scan>,
    page: vec::IntoIter<Row>,
}

impl<'r> Subjects<'r> {
    pub(super) fn new(read: &'r dyn Read, kind: SubjectKind, after: Option<&SubjectId>) -> Self {
        let all = Scan::prefix(Table::Head, &[kind.byte()]).limit(PAGE);
        // The smallest key after that one; of another kind it may lie before all of these.
        let after = after.map(|id| [&subject_key(id)[..], &[0]].concat()).unwrap_or_default();
        let scan = Scan { from: all.from.clone().max(after), ..all };
        Self { read, rest: Some(scan), page: Vec::new().into_iter() }
    }

    fn next_row(&mut self) -> Result<Option<Row>, ReadError> {
        if let Some(row) = self.page.next() {
            return Ok(Some(row));
        }
        let Some(scan) = self.rest.take() else { return Ok(None) };
        let rows = self.read.rows(&scan)?;
        if rows.len() == PAGE
            && let Some((last, _)) = rows.last()
        {
            // The smallest key after the last one.
            let from = [last.as_slice(), &[0]].concat();
            self.rest = Some(Scan { from, ..scan });
        }
        self.page = rows.into_iter();
        Ok(self.page.next())
    }
}

impl Iterator for Subjects<'_> {
    type Item = Result<(SubjectId, Subject), ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.next_row().transpose()?;
        let subject = row.and_then(|(key, value)| {
            Ok((decode_subject_key(&key)?, decode_subject(&key, &value)?))
        });
        if subject.is_err() {
            self.rest = None;
            self.page = Vec::new().into_iter();
        }
        Some(subject)
    }
}
