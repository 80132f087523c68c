//! JSON-LD as CASE documents have it: one object with a context of its own, and nodes in it. What would have to
//! be fetched is refused, and so is a member that stands twice in one object.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use thiserror::Error;

/// Largest document in bytes. Published examples have up to 82 KiB; this is a hundred times as much.
pub const MAX_DOCUMENT: u64 = 8 << 20;
/// Most nodes: with 84 bytes each, those of the largest document.
const MAX_NODES: usize = 100_000;

/// Why a CASE document is not read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CaseError {
    /// Not JSON, or a member twice.
    #[error("the document is not JSON")]
    Json(#[source] serde_json::Error),
    /// JSON, but not JSON-LD as it is read here.
    #[error("{what}")]
    Form {
        /// What is wrong.
        what: String,
    },
    /// A time without a zone, before 1970, or none.
    #[error("{node} has the time `{text}`, expected one like 2026-05-04T13:30:00Z")]
    Time {
        /// The action.
        node: String,
        /// What stands there.
        text: String,
    },
    /// More than a record can hold.
    #[error("{node} has {what}")]
    Limit {
        /// The item or action.
        node: String,
        /// Of what there is too much.
        what: String,
    },
    /// Nothing in it has a history.
    #[error("the document names no exhibit: no action has an object, and no provenance record")]
    NoItems,
}

impl CaseError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Json(_) => "case/json",
            Self::Form { .. } => "case/form",
            Self::Time { .. } => "case/time",
            Self::Limit { .. } => "case/limit",
            Self::NoItems => "case/no-items",
        }
    }

    pub(super) fn form(what: impl Into<String>) -> Self {
        Self::Form { what: what.into() }
    }
}

/// A document: its nodes, by their full ids.
#[derive(Debug, Default)]
pub struct Document {
    nodes: Vec<Node>,
    by_id: HashMap<String, usize>,
}

/// One node: what the document says of one thing.
#[derive(Debug)]
pub(super) struct Node {
    /// Its id as the document has it.
    pub shown: String,
    /// Its types in full.
    pub types: Vec<String>,
    properties: BTreeMap<String, Vec<Term>>,
}

/// A value of a property.
#[derive(Clone, Debug)]
enum Term {
    Text(String),
    Node(String),
}

/// What short names stand for.
struct Context {
    terms: HashMap<String, String>,
    vocab: String,
}

impl Document {
    /// Reads a document.
    ///
    /// # Errors
    /// [`CaseError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, CaseError> {
        let Strict(value) = serde_json::from_slice(bytes).map_err(CaseError::Json)?;
        let Value::Object(mut root) = value else {
            return Err(CaseError::form("the document is not one JSON object"));
        };
        let context =
            root.remove("@context").ok_or_else(|| CaseError::form("it has no @context"))?;
        let context = Context::of(&context)?;
        let mut document = Self::default();
        match root.remove("@graph") {
            Some(Value::Array(nodes)) => {
                for node in &nodes {
                    document.value(node, &context)?;
                }
            }
            Some(_) => return Err(CaseError::form("@graph is not an array")),
            None => {
                document.node(&root, &context)?;
            }
        }
        Ok(document)
    }

    /// All nodes, in the order in which they begin.
    pub(super) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The node with this full id.
    pub(super) fn find(&self, id: &str) -> Option<&Node> {
        self.by_id.get(id).map(|at| &self.nodes[*at])
    }

    fn value(&mut self, value: &Value, context: &Context) -> Result<Vec<Term>, CaseError> {
        let mut terms = Vec::new();
        match value {
            Value::Null => {}
            Value::Bool(value) => terms.push(Term::Text(value.to_string())),
            Value::Number(value) => terms.push(Term::Text(value.to_string())),
            Value::String(text) => terms.push(Term::Text(text.clone())),
            Value::Array(values) => {
                for value in values {
                    terms.extend(self.value(value, context)?);
                }
            }
            Value::Object(map) if map.contains_key("@value") => match &map["@value"] {
                inner @ (Value::Object(_) | Value::Array(_)) => {
                    return Err(CaseError::form(format!("@value is not a value: {inner}")));
                }
                inner => terms.extend(self.value(inner, context)?),
            },
            Value::Object(map) if map.contains_key("@list") => {
                terms.extend(self.value(&map["@list"], context)?);
            }
            Value::Object(map) => terms.push(Term::Node(self.node(map, context)?)),
        }
        Ok(terms)
    }

    /// Takes a node in and returns its full id. What has an id and nothing else only points at it.
    fn node(&mut self, map: &Map<String, Value>, context: &Context) -> Result<String, CaseError> {
        let shown = match map.get("@id") {
            Some(Value::String(id)) => id.clone(),
            Some(_) => return Err(CaseError::form("an @id is not text")),
            None => format!("_:{}", self.nodes.len()),
        };
        let id = context.expand(&shown, false);
        if map.len() == 1 && map.contains_key("@id") {
            return Ok(id);
        }
        if self.nodes.len() == MAX_NODES {
            return Err(CaseError::form(format!("it has more than {MAX_NODES} nodes")));
        }
        if self.by_id.insert(id.clone(), self.nodes.len()).is_some() {
            return Err(CaseError::form(format!("`{shown}` is described twice")));
        }
        let at = self.nodes.len();
        let types = types(map, context)?;
        let properties = BTreeMap::new();
        self.nodes.push(Node { shown, types, properties });
        for (key, value) in map.iter().filter(|(key, _)| !key.starts_with('@')) {
            let terms = self.value(value, context)?;
            let property = context.expand(key, true);
            self.nodes[at].properties.entry(property).or_default().extend(terms);
        }
        Ok(id)
    }
}

impl Node {
    /// The texts of a property.
    pub fn texts(&self, property: &str) -> Vec<&str> {
        let texts = self.terms(property).iter().filter_map(|term| match term {
            Term::Text(text) => Some(text.as_str()),
            Term::Node(_) => None,
        });
        texts.collect()
    }

    /// The full ids of the nodes that a property points at.
    pub fn targets(&self, property: &str) -> Vec<&str> {
        let targets = self.terms(property).iter().filter_map(|term| match term {
            Term::Node(id) => Some(id.as_str()),
            Term::Text(_) => None,
        });
        targets.collect()
    }

    fn terms(&self, property: &str) -> &[Term] {
        self.properties.get(property).map(Vec::as_slice).unwrap_or_default()
    }
}

fn types(map: &Map<String, Value>, context: &Context) -> Result<Vec<String>, CaseError> {
    let values = match map.get("@type") {
        None => return Ok(Vec::new()),
        Some(Value::Array(values)) => values.as_slice(),
        Some(value) => std::slice::from_ref(value),
    };
    let name = |value: &Value| match value {
        Value::String(name) => Ok(context.expand(name, true)),
        _ => Err(CaseError::form("an @type is not text")),
    };
    values.iter().map(name).collect()
}

impl Context {
    fn of(value: &Value) -> Result<Self, CaseError> {
        let Value::Object(map) = value else {
            return Err(CaseError::form("its @context is not in it: nothing is fetched"));
        };
        let mut context = Self { terms: HashMap::new(), vocab: String::new() };
        for (key, value) in map {
            let meaning = match value {
                Value::String(text) => Some(text),
                Value::Object(term) => match term.get("@id") {
                    Some(Value::String(text)) => Some(text),
                    _ => None,
                },
                _ => None,
            };
            match meaning {
                Some(text) if key == "@vocab" => context.vocab.clone_from(text),
                Some(text) => {
                    context.terms.insert(key.clone(), text.clone());
                }
                None => {}
            }
        }
        Ok(context)
    }

    /// A name in full: `prefix:name` by its prefix; a bare name by its term or, where that is what such names
    /// mean, by the vocabulary.
    fn expand(&self, name: &str, is_vocabulary: bool) -> String {
        if let Some((prefix, rest)) = name.split_once(':') {
            let known = self.terms.get(prefix).filter(|_| !rest.starts_with("//"));
            return known.map_or_else(|| name.to_owned(), |base| format!("{base}{rest}"));
        }
        match self.terms.get(name) {
            Some(meaning) => meaning.clone(),
            None if is_vocabulary => format!("{}{name}", self.vocab),
            None => name.to_owned(),
        }
    }
}

/// A JSON value in which no object has a member twice: readers differ in which of the two they take.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Strict(value)) = access.next_element()? {
            values.push(value);
        }
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some((key, Strict(value))) = access.next_entry::<String, Strict>()? {
            if map.insert(key.clone(), value).is_some() {
                return Err(A::Error::custom(format!("`{key}` stands twice in one object")));
            }
        }
        Ok(map.into())
    }
}
