//! [`ParsedTemplates`]: template files that were parsed before.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::exec::parse_template;
use crate::template::{ParseError, Template};

/// Most bytes of text whose trees are kept.
const MOST: usize = 32 << 20;

/// Template files by their text. The charts of a project hold many copies of the same files (a library
/// that each of them vendors), and parsing them takes a good part of a render.
#[derive(Debug, Default)]
pub struct ParsedTemplates {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    templates: HashMap<Arc<[u8]>, Arc<Template>>,
    bytes: usize,
}

impl ParsedTemplates {
    /// The text parsed as a template called `name`.
    pub(super) fn parse(&self, name: &str, text: &Arc<[u8]>) -> Result<Arc<Template>, ParseError> {
        let lock = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = lock().templates.get(text).cloned();
        if let Some(template) = known.and_then(|known| known.renamed(name)) {
            return Ok(Arc::new(template));
        }
        let template = Arc::new(parse_template(name, Arc::clone(text))?);
        let mut known = lock();
        if known.bytes + text.len() <= MOST
            && known.templates.insert(Arc::clone(text), Arc::clone(&template)).is_none()
        {
            known.bytes += text.len();
        }
        Ok(template)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_parsed_once_whatever_its_name() {
        let parsed = ParsedTemplates::default();
        let text: Arc<[u8]> = Arc::from(&b"{{ define \"b\" }}{{ .x }}{{ end }}{{ .y }}"[..]);
        let first = parsed.parse("a", &text).unwrap();
        let copy: Arc<[u8]> = Arc::from(&*text);
        let second = parsed.parse("c", &copy).unwrap();
        assert_eq!((&*first.name, &*second.name), ("a", "c"));
        assert!(Arc::ptr_eq(&first.text, &second.text));
        // Under the name of its own definition the text defines one template twice.
        assert!(parsed.parse("b", &copy).is_err());
        let bad: Arc<[u8]> = Arc::from(&b"{{ end }}"[..]);
        for name in ["a", "b"] {
            assert_eq!(&*parsed.parse(name, &bad).unwrap_err().name, name);
        }
    }
}
