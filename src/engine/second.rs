//! A second opinion: another parser reads a text before and after a change.

use serde::Deserialize;

use crate::yaml::{Op, SpanTree};

use super::verify::touched;

/// What the other parser made of a text; `None` where it does not take it.
pub(super) struct Opinion {
    documents: Option<Vec<serde_yaml::Value>>,
}

impl Opinion {
    /// Reads a text.
    pub fn of(text: &str) -> Self {
        let body = text.strip_prefix('\u{feff}').unwrap_or(text);
        let documents = serde_yaml::Deserializer::from_str(body).map(serde_yaml::Value::deserialize);
        Self { documents: documents.collect::<Result<_, _>>().ok() }
    }

    /// Reads the changed text and compares: if it took the one it takes the other, with as many
    /// documents, of which no more differ than were changed.
    pub fn agrees(&self, text: &str, ops: &[Op], before: &SpanTree) -> Result<Self, String> {
        let Some(old) = &self.documents else { return Ok(Self { documents: None }) };
        let after = Self::of(text);
        let Some(new) = &after.documents else {
            return Err("a second YAML parser does not take the changed text".to_owned());
        };
        let differ = old.iter().zip(new).filter(|(old, new)| old != new).count();
        if old.len() != new.len() || differ > touched(ops, before).len() {
            return Err("a second YAML parser sees other changes".to_owned());
        }
        Ok(after)
    }
}
