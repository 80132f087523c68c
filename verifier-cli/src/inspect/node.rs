use std::fmt;

use serde::ser::{Serialize, SerializeMap, Serializer};

/// Characters of a text or byte string that are printed; JSON has all of them.
const SHOWN: usize = 160;
/// Scalars that stand on one line.
const INLINE: usize = 3;

/// Something to show, in the order in which it is shown.
#[derive(Clone, Debug)]
pub enum Node {
    /// Nothing.
    Null,
    /// Yes or no.
    Bool(bool),
    /// A number.
    Number(i128),
    /// A text.
    Text(String),
    /// Several of a kind.
    List(Vec<Node>),
    /// Named parts.
    Map(Vec<(String, Node)>),
}

impl Node {
    /// A text, with everything escaped that could make a terminal show something else.
    pub fn text(text: impl AsRef<str>) -> Self {
        let hidden = |c: char| c.is_control() || is_bidi_control(c);
        let escape = |c: char| match hidden(c) {
            true => c.escape_default().collect::<String>(),
            false => c.to_string(),
        };
        Self::Text(text.as_ref().chars().map(escape).collect())
    }

    /// Whatever prints itself.
    pub fn shown(value: impl fmt::Display) -> Self {
        Self::text(value.to_string())
    }

    /// A number.
    pub fn number(value: impl Into<i128>) -> Self {
        Self::Number(value.into())
    }

    /// Bytes in hexadecimal.
    pub fn hex(bytes: &[u8]) -> Self {
        Self::Text(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Several of a kind.
    pub fn list(nodes: impl IntoIterator<Item = Node>) -> Self {
        Self::List(nodes.into_iter().collect())
    }

    /// Named parts.
    pub fn map<'k>(parts: impl IntoIterator<Item = (&'k str, Node)>) -> Self {
        Self::Map(parts.into_iter().map(|(name, node)| (name.to_owned(), node)).collect())
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        match self {
            Self::List(nodes) => nodes.iter().try_for_each(|node| {
                write!(f, "{:indent$}-", "", indent = 2 * depth)?;
                node.write_value(f, depth)
            }),
            Self::Map(parts) => parts.iter().try_for_each(|(name, node)| {
                write!(f, "{:indent$}{name}", "", indent = 2 * depth)?;
                node.write_value(f, depth)
            }),
            scalar => scalar.write_value(f, depth),
        }
    }

    fn write_value(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        match self {
            Self::List(nodes) if nodes.is_empty() => writeln!(f, "  none"),
            Self::List(nodes) if nodes.len() <= INLINE && nodes.iter().all(Self::is_scalar) => {
                let scalars: Vec<_> = nodes.iter().map(Self::scalar_text).collect();
                writeln!(f, "  {}", scalars.join(", "))
            }
            Self::Map(parts) if parts.is_empty() => writeln!(f, "  none"),
            Self::List(_) | Self::Map(_) => {
                writeln!(f)?;
                self.write(f, depth + 1)
            }
            scalar => writeln!(f, "  {}", scalar.scalar_text()),
        }
    }

    fn is_scalar(&self) -> bool {
        !matches!(self, Self::List(_) | Self::Map(_))
    }

    fn scalar_text(&self) -> String {
        match self {
            Self::Bool(value) => value.to_string(),
            Self::Number(value) => value.to_string(),
            Self::Text(text) => match text.char_indices().nth(SHOWN) {
                None => text.clone(),
                Some((end, _)) => {
                    format!("{}… ({} characters)", &text[..end], text.chars().count())
                }
            },
            _ => "none".to_owned(),
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, 1)
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_none(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(value) => serializer.serialize_i128(*value),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(nodes) => serializer.collect_seq(nodes),
            Self::Map(parts) => {
                let mut map = serializer.serialize_map(Some(parts.len()))?;
                for (name, node) in parts {
                    map.serialize_entry(name, node)?;
                }
                map.end()
            }
        }
    }
}

/// Unicode's Bidi_Control property.
fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}
