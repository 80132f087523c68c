//! What one commit writes.

use super::{Epoch, Refusal, Table};

/// Writes that are stored together or not at all, and the epoch of the writer who wants them.
///
/// Keys and values lie in one buffer: a batch of some thousand rows costs a few allocations.
/// [`Batch::clear`] keeps it.
#[derive(Clone, Debug)]
pub struct Batch {
    epoch: Epoch,
    bytes: Vec<u8>,
    spans: Vec<Span>,
}

/// One write: the key lies in the buffer at `[start, middle)`, the value at `[middle, end)`.
#[derive(Clone, Copy, Debug)]
struct Span {
    table: Table,
    is_delete: bool,
    start: usize,
    middle: usize,
    end: usize,
}

/// One write of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Write<'a> {
    /// The table.
    pub table: Table,
    /// The row's key.
    pub key: &'a [u8],
    /// The row's new value, or `None` to delete the row if there is one.
    pub value: Option<&'a [u8]>,
}

impl Batch {
    /// Longest key in bytes: a subject id of 255 + 16 bytes and a number of 8, with room to spare.
    pub const KEY_MAX: usize = 512;

    /// Most bytes of keys and values: 2,000 records at their limit of 128 KiB, which is 250 MiB,
    /// and their index rows.
    pub const BYTES_MAX: usize = 256 << 20;

    /// An empty batch of the writer who holds `epoch`.
    pub const fn new(epoch: Epoch) -> Self {
        Self { epoch, bytes: Vec::new(), spans: Vec::new() }
    }

    /// The writer's epoch.
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Adds the row `key`, `value`, in place of one that is there.
    pub fn put(&mut self, table: Table, key: &[u8], value: &[u8]) {
        self.push(table, key, Some(value));
    }

    /// Adds the removal of the row `key`, which need not exist.
    pub fn delete(&mut self, table: Table, key: &[u8]) {
        self.push(table, key, None);
    }

    /// Number of writes.
    pub const fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is nothing to write.
    pub const fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Bytes of all keys and values.
    pub const fn byte_len(&self) -> usize {
        self.bytes.len()
    }

    /// The writes in the order in which they were added.
    pub fn writes(&self) -> impl ExactSizeIterator<Item = Write<'_>> {
        self.spans.iter().map(|span| self.write(span))
    }

    /// The writes to `table` that decide: one a key, the last one added, in the order of keys.
    ///
    /// Applied to an ordered store in this order, neighbours land beside each other, which halves
    /// the cost of rows with random keys. Keys that were added in order cost next to nothing.
    pub fn writes_to(&self, table: Table) -> Vec<Write<'_>> {
        let spans = self.spans.iter().filter(|span| span.table == table);
        let mut writes: Vec<_> = spans.map(|span| self.write(span)).collect();
        // Last first among equals, as the sort is stable, so that the last is the one kept.
        writes.reverse();
        writes.sort_by(|a, b| {
            first_bytes(a.key).cmp(&first_bytes(b.key)).then_with(|| a.key.cmp(b.key))
        });
        writes.dedup_by(|later, kept| later.key == kept.key);
        writes
    }

    /// Removes all writes and keeps the memory, for the next batch of the same writer.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.spans.clear();
    }

    /// Holds the batch against the limits that every store shares. Every [`super::Store::commit`]
    /// begins with this.
    ///
    /// # Errors
    ///
    /// The first limit that is broken.
    pub fn check(&self) -> Result<(), Refusal> {
        if self.bytes.len() > Self::BYTES_MAX {
            return Err(Refusal::LargeBatch { bytes: self.bytes.len() });
        }
        self.writes().try_for_each(|write| match write.key.len() {
            0 => Err(Refusal::EmptyKey),
            len if len > Self::KEY_MAX => Err(Refusal::LongKey { len }),
            _ => Ok(()),
        })
    }

    fn push(&mut self, table: Table, key: &[u8], value: Option<&[u8]>) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(key);
        let middle = self.bytes.len();
        self.bytes.extend_from_slice(value.unwrap_or_default());
        let end = self.bytes.len();
        self.spans.push(Span { table, is_delete: value.is_none(), start, middle, end });
    }

    fn write(&self, span: &Span) -> Write<'_> {
        let value = &self.bytes[span.middle..span.end];
        Write {
            table: span.table,
            key: &self.bytes[span.start..span.middle],
            value: (!span.is_delete).then_some(value),
        }
    }
}

/// The first eight bytes of a key as a number of the same order: most comparisons end with it.
fn first_bytes(key: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let len = key.len().min(8);
    bytes[..len].copy_from_slice(&key[..len]);
    u64::from_be_bytes(bytes)
}
