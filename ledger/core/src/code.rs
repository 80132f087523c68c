//! Closed lists of words that stand in signed bytes. Words are signed, their translations are not.

use crate::cbor::{CborError, Reader, Value};

/// A word of a closed list.
pub(crate) trait Word: Copy + Into<Value> {
    /// Reads a word of the list.
    fn decode_word(reader: &mut Reader<'_>) -> Result<Self, CborError>;
}

/// Declares an enum whose variants are written as fixed words, with conversions both ways.
macro_rules! codes {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$vmeta:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        $vis enum $name { $($(#[$vmeta])* $variant,)+ }

        impl $name {
            /// Every word of the list, in the order of the specification.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word that stands in signed bytes.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// The variant written as `word`.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }

            /// Reads a word of the list.
            ///
            /// # Errors
            /// `cbor/out-of-range` for any other text.
            pub fn decode(
                reader: &mut $crate::cbor::Reader<'_>,
            ) -> Result<Self, $crate::cbor::CborError> {
                let offset = reader.offset();
                let expected = concat!("one of ", $("`", $word, "` ",)+);
                Self::from_word(reader.text()?).ok_or_else(|| reader.out_of_range(offset, expected))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(word: &str) -> Result<Self, String> {
                Self::from_word(word).ok_or_else(|| {
                    let words: Vec<_> = Self::ALL.iter().map(|code| code.word()).collect();
                    format!("expected one of: {}", words.join(", "))
                })
            }
        }

        impl $crate::code::Word for $name {
            fn decode_word(
                reader: &mut $crate::cbor::Reader<'_>,
            ) -> Result<Self, $crate::cbor::CborError> {
                Self::decode(reader)
            }
        }

        impl From<$name> for $crate::cbor::Value {
            fn from(code: $name) -> Self {
                $crate::cbor::Value::text(code.word())
            }
        }
    };
}

pub(crate) use codes;
