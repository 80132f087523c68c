use super::error::{CborError, CborFault};

/// Pulls items from CBOR bytes without copying them. Every read checks type, shortest form and bounds.
///
/// The order of map keys and the form of text are [`super::check`]'s to judge; run it first.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    input: &'a [u8],
    at: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Major {
    Unsigned,
    Negative,
    Bytes,
    Text,
    Array,
    Map,
    Tag,
    Simple,
}

/// Initial byte and argument of an item.
pub(super) struct Head {
    pub major: Major,
    pub info: u8,
    pub argument: u64,
}

impl<'a> Reader<'a> {
    /// A reader at the start of `input`.
    pub fn new(input: &'a [u8]) -> Self {
        Self { input, at: 0 }
    }

    /// Bytes read so far.
    pub fn offset(&self) -> usize {
        self.at
    }

    /// The bytes from `start` to here.
    pub fn since(&self, start: usize) -> &'a [u8] {
        &self.input[start..self.at]
    }

    /// Reads an unsigned integer.
    pub fn uint(&mut self) -> Result<u64, CborError> {
        self.expect(Major::Unsigned, "an unsigned integer")
    }

    /// Reads an integer of either sign, -2^63 to 2^63-1.
    pub fn int(&mut self) -> Result<i64, CborError> {
        let offset = self.at;
        let head = self.head()?;
        let magnitude = i64::try_from(head.argument);
        match (head.major, magnitude) {
            (Major::Unsigned, Ok(value)) => Ok(value),
            (Major::Negative, Ok(value)) => Ok(-1 - value),
            (Major::Unsigned | Major::Negative, Err(_)) => {
                Err(CborFault::OutOfRange { expected: "an integer of 64 bits" }.at(offset))
            }
            _ => Err(CborFault::UnexpectedType { expected: "an integer" }.at(offset)),
        }
    }

    /// Reads an unsigned integer of at most `max`.
    pub fn uint_to(&mut self, max: u64, expected: &'static str) -> Result<u64, CborError> {
        let offset = self.at;
        let value = self.uint()?;
        if value > max {
            return Err(CborFault::OutOfRange { expected }.at(offset));
        }
        Ok(value)
    }

    /// Reads the unsigned integer `value` and nothing else.
    pub fn uint_exactly(&mut self, value: u64, expected: &'static str) -> Result<(), CborError> {
        let offset = self.at;
        match self.uint()? == value {
            true => Ok(()),
            false => Err(CborFault::OutOfRange { expected }.at(offset)),
        }
    }

    /// Reads a byte string.
    pub fn bytes(&mut self) -> Result<&'a [u8], CborError> {
        let length = self.expect(Major::Bytes, "a byte string")?;
        self.take(length)
    }

    /// Reads a byte string of exactly `N` bytes.
    pub fn array_of<const N: usize>(&mut self) -> Result<[u8; N], CborError> {
        let offset = self.at;
        let bytes = self.bytes()?;
        bytes.try_into().map_err(|_| {
            CborFault::OutOfRange { expected: "a byte string of its exact length" }.at(offset)
        })
    }

    /// Reads a text string.
    pub fn text(&mut self) -> Result<&'a str, CborError> {
        let offset = self.at;
        let length = self.expect(Major::Text, "a text string")?;
        std::str::from_utf8(self.take(length)?).map_err(|_| CborFault::NotUtf8.at(offset))
    }

    /// Reads a text string of 1 to `max` bytes.
    pub fn text_to(&mut self, max: usize, expected: &'static str) -> Result<&'a str, CborError> {
        let offset = self.at;
        let text = self.text()?;
        if text.is_empty() || text.len() > max {
            return Err(CborFault::OutOfRange { expected }.at(offset));
        }
        Ok(text)
    }

    /// Reads the head of an array of `min` to `max` items and returns how many there are.
    pub fn array(&mut self, min: usize, max: usize) -> Result<usize, CborError> {
        let offset = self.at;
        let length = self.expect(Major::Array, "an array")?;
        match usize::try_from(length) {
            Ok(length) if (min..=max).contains(&length) => Ok(length),
            _ => {
                Err(CborFault::OutOfRange { expected: "an array of its permitted length" }
                    .at(offset))
            }
        }
    }

    /// Reads the head of a map of at most `max` pairs and returns how many there are.
    pub fn map(&mut self, max: usize) -> Result<usize, CborError> {
        let offset = self.at;
        let length = self.expect(Major::Map, "a map")?;
        match usize::try_from(length) {
            Ok(length) if length <= max => Ok(length),
            _ => {
                Err(CborFault::OutOfRange { expected: "a map of its permitted length" }.at(offset))
            }
        }
    }

    /// Reads a map whose keys are known: see [`Fields`].
    pub fn fields(&mut self) -> Result<Fields<'_, 'a>, CborError> {
        let left = self.map(64)?;
        Ok(Fields { reader: self, left })
    }

    /// Steps over the two bytes of a tag from 24 to 255, which the caller has compared already.
    pub(crate) fn skip_tag(&mut self) {
        self.at += 2;
    }

    /// Consumes a null if one comes next.
    pub fn null(&mut self) -> bool {
        let is_null = self.input.get(self.at) == Some(&0xf6);
        self.at += usize::from(is_null);
        is_null
    }

    /// Steps over one item and returns its encoding. The bytes must have passed [`super::check`].
    pub fn skip(&mut self) -> Result<&'a [u8], CborError> {
        let start = self.at;
        let mut pending: u64 = 1;
        while pending > 0 {
            pending -= 1;
            let offset = self.at;
            let head = self.head()?;
            let children = match head.major {
                Major::Bytes | Major::Text => self.take(head.argument).map(|_| 0)?,
                Major::Array => head.argument,
                Major::Map => head.argument.saturating_mul(2),
                Major::Tag => 1,
                _ => 0,
            };
            // Each pending item takes a byte at least: a count beyond the input cannot be met.
            pending = pending.saturating_add(children);
            if pending > (self.input.len() - self.at) as u64 {
                return Err(CborFault::Truncated.at(offset));
            }
        }
        Ok(self.since(start))
    }

    /// Checks that nothing follows.
    pub fn end(&self) -> Result<(), CborError> {
        match self.input.len() - self.at {
            0 => Ok(()),
            count => Err(CborFault::TrailingBytes { count }.at(self.at)),
        }
    }

    /// An error about the item that starts at `offset`.
    pub fn out_of_range(&self, offset: usize, expected: &'static str) -> CborError {
        CborFault::OutOfRange { expected }.at(offset)
    }

    fn expect(&mut self, major: Major, expected: &'static str) -> Result<u64, CborError> {
        let offset = self.at;
        let head = self.head()?;
        if head.major != major {
            return Err(CborFault::UnexpectedType { expected }.at(offset));
        }
        Ok(head.argument)
    }

    pub(super) fn take(&mut self, length: u64) -> Result<&'a [u8], CborError> {
        let rest = &self.input[self.at..];
        match usize::try_from(length) {
            Ok(length) if length <= rest.len() => {
                self.at += length;
                Ok(&rest[..length])
            }
            _ => Err(CborFault::Truncated.at(self.at)),
        }
    }

    pub(super) fn head(&mut self) -> Result<Head, CborError> {
        let offset = self.at;
        let initial = self.take(1)?[0];
        let major = match initial >> 5 {
            0 => Major::Unsigned,
            1 => Major::Negative,
            2 => Major::Bytes,
            3 => Major::Text,
            4 => Major::Array,
            5 => Major::Map,
            6 => Major::Tag,
            _ => Major::Simple,
        };
        let info = initial & 0x1f;
        let (argument, least) = match info {
            0..=23 => return Ok(Head { major, info, argument: u64::from(info) }),
            24 => (self.be(1)?, 24),
            25 => (self.be(2)?, 1 << 8),
            26 => (self.be(4)?, 1 << 16),
            27 => (self.be(8)?, 1 << 32),
            31 => return Err(CborFault::IndefiniteLength.at(offset)),
            _ => return Err(CborFault::Reserved.at(offset)),
        };
        // Major type 7 carries floats and simple values there, which `check` refuses by their own names.
        if argument < least && major != Major::Simple {
            return Err(CborFault::NotShortest.at(offset));
        }
        Ok(Head { major, info, argument })
    }

    fn be(&mut self, length: u64) -> Result<u64, CborError> {
        let bytes = self.take(length)?;
        Ok(bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }
}

/// The pairs of a map with text keys, read in the canonical order of those keys.
///
/// The caller asks for its keys in that order (shorter first, then bytewise), [`Fields::done`] refuses
/// what was not asked for: so an unknown key never passes, and no map is ever built.
pub struct Fields<'r, 'a> {
    reader: &'r mut Reader<'a>,
    left: usize,
}

impl<'a> Fields<'_, 'a> {
    /// The reader at the value of `key`, which must come next.
    pub fn required(&mut self, key: &str) -> Result<&mut Reader<'a>, CborError> {
        let offset = self.reader.at;
        match self.advance(key)? {
            true => Ok(self.reader),
            false => Err(CborFault::MissingKey { key: key.to_owned() }.at(offset)),
        }
    }

    /// The reader at the value of `key` if that key comes next.
    pub fn optional(&mut self, key: &str) -> Result<Option<&mut Reader<'a>>, CborError> {
        Ok(self.advance(key)?.then_some(&mut *self.reader))
    }

    /// Ends the map: no pair may be left.
    pub fn done(self) -> Result<(), CborError> {
        match self.left {
            0 => Ok(()),
            _ => Err(CborFault::UnknownKey.at(self.reader.at)),
        }
    }

    fn advance(&mut self, key: &str) -> Result<bool, CborError> {
        if self.left == 0 {
            return Ok(false);
        }
        let start = self.reader.at;
        if self.reader.text()? == key {
            self.left -= 1;
            return Ok(true);
        }
        self.reader.at = start;
        Ok(false)
    }
}
