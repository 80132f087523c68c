//! How the parts of bodies are written and read: one rule of SPEC's CDDL each.

use crate::cbor::{CborError, Reader, Value};
use crate::code::Word;
use crate::cose::MAX_TIME_S;
use crate::hash::Hash;
use crate::id::{Origin, SubjectId, Uuid};
use crate::record::payload::decode_subject;

/// One way to write a `T` in a body, and the only one that is read back.
pub(super) trait Part<T> {
    /// The value as it is signed.
    fn encode(value: &T) -> Value;

    /// Reads a value.
    fn decode(reader: &mut Reader<'_>) -> Result<T, CborError>;
}

/// A word of a closed list.
pub(super) struct Code;

impl<T: Word> Part<T> for Code {
    fn encode(value: &T) -> Value {
        (*value).into()
    }

    fn decode(reader: &mut Reader<'_>) -> Result<T, CborError> {
        T::decode_word(reader)
    }
}

/// SHA-256 of a record or of a file.
pub(super) struct Digest;

impl Part<Hash> for Digest {
    fn encode(value: &Hash) -> Value {
        Value::bytes(value)
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Hash, CborError> {
        reader.array_of().map(Hash::new)
    }
}

/// Seconds since 1970, before the year 10000.
pub(super) struct Time;

impl Part<u64> for Time {
    fn encode(value: &u64) -> Value {
        Value::Uint(*value)
    }

    fn decode(reader: &mut Reader<'_>) -> Result<u64, CborError> {
        reader.uint_to(MAX_TIME_S, "a time before the year 10000")
    }
}

/// Any unsigned integer.
pub(super) struct Number;

impl Part<u64> for Number {
    fn encode(value: &u64) -> Value {
        Value::Uint(*value)
    }

    fn decode(reader: &mut Reader<'_>) -> Result<u64, CborError> {
        reader.uint()
    }
}

/// An unsigned integer, or null where nobody measured.
pub(super) struct Measured;

impl Part<Option<u64>> for Measured {
    fn encode(value: &Option<u64>) -> Value {
        value.map_or(Value::Null, Value::Uint)
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Option<u64>, CborError> {
        if reader.null() { Ok(None) } else { reader.uint().map(Some) }
    }
}

/// Text of 1 to `MAX` bytes.
pub(super) struct Text<const MAX: usize>;

impl<const MAX: usize> Part<String> for Text<MAX> {
    fn encode(value: &String) -> Value {
        Value::text(value.as_str())
    }

    fn decode(reader: &mut Reader<'_>) -> Result<String, CborError> {
        reader.text_to(MAX, "text of its permitted length").map(str::to_owned)
    }
}

/// A byte string of 1 to `MAX` bytes.
pub(super) struct ByteString<const MAX: usize>;

impl<const MAX: usize> Part<Vec<u8>> for ByteString<MAX> {
    fn encode(value: &Vec<u8>) -> Value {
        Value::bytes(value)
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Vec<u8>, CborError> {
        let offset = reader.offset();
        let bytes = reader.bytes()?;
        match (1..=MAX).contains(&bytes.len()) {
            true => Ok(bytes.to_vec()),
            false => Err(reader.out_of_range(offset, "bytes of their permitted length")),
        }
    }
}

/// A ledger's name.
pub(super) struct LedgerName;

impl Part<Origin> for LedgerName {
    fn encode(value: &Origin) -> Value {
        Value::text(value.as_str())
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Origin, CborError> {
        let offset = reader.offset();
        reader.text()?.parse().map_err(|_| reader.out_of_range(offset, "an origin"))
    }
}

/// Declares ids of one kind of subject.
macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident: $kind:ident, $expected:literal;)+) => {
        $($(#[$meta])*
        pub(super) struct $name;

        impl Part<Uuid> for $name {
            fn encode(value: &Uuid) -> Value {
                Value::text(SubjectId::$kind(*value).to_string())
            }

            fn decode(reader: &mut Reader<'_>) -> Result<Uuid, CborError> {
                let offset = reader.offset();
                match decode_subject(reader)? {
                    SubjectId::$kind(id) => Ok(id),
                    _ => Err(reader.out_of_range(offset, $expected)),
                }
            }
        })+
    };
}

ids! {
    /// `agency:…`
    AgencyId: Agency, "an agency's id";
    /// `custodian:…`
    CustodianId: Custodian, "a custodian's id";
    /// `item:…`
    ItemId: Item, "an item's id";
    /// `request:…`
    RequestId: Request, "a request's id";
}

/// Declares a body: a map of the fields' keys, which stand in canonical order. A field is `required`,
/// `optional`, or `listed`: a list that is absent where it is empty.
macro_rules! body {
    ($(#[$meta:meta])* $name:ident {
        $($(#[$fmeta:meta])* $field:ident: $type:ty = $mode:ident $key:literal as $part:ty,)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name {
            $($(#[$fmeta])* pub $field: body!(@type $mode $type),)*
        }

        impl $name {
            pub(super) fn to_value(&self) -> Value {
                let pairs: [Option<(&str, Value)>; body!(@count $($field)*)] =
                    [$(body!(@encode $mode $part, $type, $key, &self.$field),)*];
                Value::map(pairs.into_iter().flatten())
            }

            pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, RecordError> {
                let mut fields = reader.fields()?;
                $(let $field = body!(@decode $mode $part, $type, $key, fields);)*
                fields.done()?;
                Ok(Self { $($field,)* })
            }
        }
    };
    (@count) => { 0 };
    (@count $head:ident $($tail:ident)*) => { 1 + body!(@count $($tail)*) };
    (@type required $type:ty) => { $type };
    (@type optional $type:ty) => { Option<$type> };
    (@type listed $type:ty) => { $type };
    (@encode required $part:ty, $type:ty, $key:literal, $value:expr) => {
        Some(($key, <$part as Part<$type>>::encode($value)))
    };
    (@encode optional $part:ty, $type:ty, $key:literal, $value:expr) => {
        $value.as_ref().map(|value| ($key, <$part as Part<$type>>::encode(value)))
    };
    (@encode listed $part:ty, $type:ty, $key:literal, $value:expr) => {
        (!$value.is_empty()).then(|| ($key, <$part as Part<$type>>::encode($value)))
    };
    (@decode required $part:ty, $type:ty, $key:literal, $fields:ident) => {
        <$part as Part<$type>>::decode($fields.required($key)?)?
    };
    (@decode optional $part:ty, $type:ty, $key:literal, $fields:ident) => {
        $fields.optional($key)?.map(<$part as Part<$type>>::decode).transpose()?
    };
    (@decode listed $part:ty, $type:ty, $key:literal, $fields:ident) => {
        $fields.optional($key)?.map(<$part as Part<$type>>::decode).transpose()?.unwrap_or_default()
    };
}

pub(super) use body;
