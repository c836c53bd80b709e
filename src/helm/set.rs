//! The named templates of a render, and which one a name means.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::origin::SourceId;
use crate::template::Template;
use crate::template::ast::{Item, is_empty};

/// A named template: a whole parsed text, or one of its definitions.
#[derive(Clone, Debug)]
pub(super) struct Body {
    pub template: Arc<Template>,
    /// Index into [`Template::definitions`]; `None` for the text itself.
    pub definition: Option<usize>,
    pub source: SourceId,
}

impl Body {
    pub fn items(&self) -> &[Item] {
        match self.definition {
            None => &self.template.items,
            Some(index) => self.template.definitions.get(index).map_or(&[], |definition| &definition.items),
        }
    }

    pub fn name(&self) -> &Arc<str> {
        let definition = self.definition.and_then(|index| self.template.definitions.get(index));
        definition.map_or(&self.template.name, |definition| &definition.name)
    }

    fn is_empty(&self) -> bool {
        is_empty(&self.template.text, self.items())
    }
}

/// Named templates. Text given to `tpl` sees those around it and adds its own for itself.
#[derive(Debug, Default)]
pub(super) struct TemplateSet {
    outer: Option<Rc<TemplateSet>>,
    bodies: HashMap<Arc<str>, Body>,
}

impl TemplateSet {
    /// A set on top of another one.
    pub fn inside(outer: &Rc<Self>) -> Self {
        Self { outer: Some(Rc::clone(outer)), bodies: HashMap::new() }
    }

    /// Adds a parsed text and its definitions: the last one of a name counts, but a blank one does
    /// not replace any. Gives the text itself.
    pub fn add(&mut self, template: &Arc<Template>, source: SourceId) -> Body {
        let body = |definition| Body { template: Arc::clone(template), definition, source };
        for definition in (0..template.definitions.len()).map(Some).chain([None]) {
            let body = body(definition);
            if self.get(body.name()).is_none() || !body.is_empty() {
                self.bodies.insert(Arc::clone(body.name()), body);
            }
        }
        body(None)
    }

    /// The template of a name.
    pub fn get(&self, name: &str) -> Option<&Body> {
        let mut set = Some(self);
        while let Some(here) = set {
            if let Some(body) = here.bodies.get(name) {
                return Some(body);
            }
            set = here.outer.as_deref();
        }
        None
    }

    /// How many sets are on top of each other.
    pub fn depth(&self) -> usize {
        std::iter::successors(Some(self), |set| set.outer.as_deref()).count()
    }
}
