//! Scalars read by the type of their field, as the API server's decoder takes what kubectl sends.

use std::borrow::Cow;
use std::fmt;

use super::quantity::Quantity;
use super::scalar::Scalar;
use super::tree::{Kind, NodeId, SpanTree};

/// What a field holds for its type.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading<T> {
    /// Null: the field counts as not set (a field that is no pointer gets its zero value).
    Null,
    /// A value of the type.
    Value(T),
    /// Not known yet, see [`Scalar::Unknown`].
    Unknown,
    /// The API server refuses the object: this is what stands there instead.
    Wrong(JsonType),
}

impl<T> Reading<T> {
    /// The value, if there is one.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            _ => None,
        }
    }

    /// Whether it waits for something to fill it in.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }

    fn map<U>(self, with: impl FnOnce(T) -> Reading<U>) -> Reading<U> {
        match self {
            Self::Null => Reading::Null,
            Self::Value(value) => with(value),
            Self::Unknown => Reading::Unknown,
            Self::Wrong(found) => Reading::Wrong(found),
        }
    }
}

/// A JSON type, as the API server names it when it refuses one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JsonType {
    /// `true` or `false`.
    Bool,
    /// A number that does not fit the type.
    Number,
    /// A string.
    String,
    /// A list.
    Array,
    /// A mapping.
    Object,
}

impl fmt::Display for JsonType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bool => "a boolean",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Array => "a list",
            Self::Object => "a mapping",
        })
    }
}

/// An integer or a string, such as a probe's port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IntOrString<'a> {
    /// A number.
    Int(i32),
    /// A name.
    String(Cow<'a, str>),
}

impl SpanTree {
    fn read(&self, id: NodeId) -> Reading<Scalar<'_>> {
        match self.scalar(id) {
            Some(Scalar::Unknown) => Reading::Unknown,
            Some(Scalar::Null) => Reading::Null,
            Some(scalar) => Reading::Value(scalar),
            None if matches!(self.kind(self.resolve(id)), Kind::Sequence(_)) => {
                Reading::Wrong(JsonType::Array)
            }
            None if matches!(self.kind(self.resolve(id)), Kind::Mapping(_)) => {
                Reading::Wrong(JsonType::Object)
            }
            None => Reading::Null,
        }
    }

    /// A boolean field.
    #[must_use]
    pub fn read_bool(&self, id: NodeId) -> Reading<bool> {
        self.read(id).map(|scalar| match scalar {
            Scalar::Bool(value) => Reading::Value(value),
            other => Reading::Wrong(json_type(&other)),
        })
    }

    /// An `int64` field (`runAsUser`).
    #[must_use]
    pub fn read_int64(&self, id: NodeId) -> Reading<i64> {
        self.read(id).map(|scalar| match scalar {
            Scalar::Int(value) => Reading::Value(value),
            other => Reading::Wrong(json_type(&other)),
        })
    }

    /// An `int32` field (`containerPort`).
    #[must_use]
    pub fn read_int32(&self, id: NodeId) -> Reading<i32> {
        self.read_int64(id)
            .map(|value| i32::try_from(value).map_or(Reading::Wrong(JsonType::Number), Reading::Value))
    }

    /// A string field, also the value of a label or annotation: nothing is converted to a string.
    #[must_use]
    pub fn read_string(&self, id: NodeId) -> Reading<Cow<'_, str>> {
        self.read(id).map(|scalar| match scalar {
            Scalar::String(text) => Reading::Value(text),
            other => Reading::Wrong(json_type(&other)),
        })
    }

    /// An int-or-string field (`tcpSocket.port`).
    #[must_use]
    pub fn read_int_or_string(&self, id: NodeId) -> Reading<IntOrString<'_>> {
        self.read(id).map(|scalar| match scalar {
            Scalar::String(text) => Reading::Value(IntOrString::String(text)),
            Scalar::Int(value) => i32::try_from(value)
                .map_or(Reading::Wrong(JsonType::Number), |value| Reading::Value(IntOrString::Int(value))),
            other => Reading::Wrong(json_type(&other)),
        })
    }

    /// A resource quantity (`limits.cpu`): a number or a string; null is none.
    #[must_use]
    pub fn read_quantity(&self, id: NodeId) -> Reading<Quantity> {
        self.read(id).map(|scalar| {
            let parsed = match &scalar {
                // Go trims the JSON text, in which line breaks and tabs are escapes.
                Scalar::String(text) => {
                    text.trim_matches(|c: char| c.is_whitespace() && !c.is_control()).parse()
                }
                Scalar::Int(value) => value.to_string().parse(),
                Scalar::Float(value) => value.to_string().parse(),
                other => return Reading::Wrong(json_type(other)),
            };
            parsed.map_or(Reading::Wrong(json_type(&scalar)), Reading::Value)
        })
    }
}

fn json_type(scalar: &Scalar<'_>) -> JsonType {
    match scalar {
        Scalar::Bool(_) => JsonType::Bool,
        Scalar::Int(_) | Scalar::UInt(_) | Scalar::Float(_) => JsonType::Number,
        Scalar::String(_) | Scalar::Null | Scalar::Unknown => JsonType::String,
    }
}
