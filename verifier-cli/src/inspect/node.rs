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
    /// A text.
    pub fn text(text: impl AsRef<str>) -> Self {
        Self::Text(text.as_ref().to_owned())
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

    /// What is shown to people, line by line.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        self.add_lines(1, &mut lines);
        lines
    }

    fn add_lines(&self, depth: usize, lines: &mut Vec<String>) {
        match self {
            Self::List(nodes) => nodes.iter().for_each(|node| node.add_named("-", depth, lines)),
            Self::Map(parts) => {
                parts.iter().for_each(|(name, node)| node.add_named(name, depth, lines));
            }
            scalar => lines.push(format!("  {}", scalar.scalar_text())),
        }
    }

    /// The name and what has it: behind it, or below it where that is not one line.
    fn add_named(&self, name: &str, depth: usize, lines: &mut Vec<String>) {
        let indent = 2 * depth;
        match self.inline_text() {
            Some(text) => lines.push(format!("{:indent$}{name}  {text}", "")),
            None => {
                lines.push(format!("{:indent$}{name}", ""));
                self.add_lines(depth + 1, lines);
            }
        }
    }

    /// What stands on the line of its name, where that is all of it.
    fn inline_text(&self) -> Option<String> {
        match self {
            Self::List(nodes) if nodes.is_empty() => Some("none".to_owned()),
            Self::Map(parts) if parts.is_empty() => Some("none".to_owned()),
            Self::List(nodes) if nodes.len() <= INLINE && nodes.iter().all(Self::is_scalar) => {
                Some(nodes.iter().map(Self::scalar_text).collect::<Vec<_>>().join(", "))
            }
            Self::List(_) | Self::Map(_) => None,
            scalar => Some(scalar.scalar_text()),
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
