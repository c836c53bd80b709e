//! [`Selection`]: which rules run.

use super::catalogue::Catalogue;
use super::pod_security::Level;

/// Which rules run, and for which level of the Pod Security Standards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    pub(super) rules: Vec<bool>,
    /// Findings of Pod Security rules count only where a check of this level fails.
    pub(super) level: Option<Level>,
}

/// A name that is no rule and no standard.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no {what} `{name}`{}", hint(.nearest.as_deref()))]
pub struct SelectionError {
    /// `rule` or `standard`.
    pub what: &'static str,
    /// The name.
    pub name: String,
    /// The known name most like it.
    pub nearest: Option<String>,
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map(|nearest| format!("; did you mean `{nearest}`?")).unwrap_or_default()
}

/// The candidate most like a word, if one is like it at all.
pub(super) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = word.chars().count() / 3 + 1;
    let distances = candidates
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&name.to_lowercase(), &word.to_lowercase()), name));
    distances.filter(|(distance, _)| *distance <= limit).min().map(|(_, name)| name)
}

impl Selection {
    /// What runs unless asked otherwise.
    #[must_use]
    pub fn new(catalogue: &Catalogue) -> Self {
        Self { rules: catalogue.rules().map(super::Rule::is_default).collect(), level: None }
    }

    /// Every rule.
    #[must_use]
    pub fn all(catalogue: &Catalogue) -> Self {
        Self { rules: catalogue.rules().map(|_| true).collect(), level: None }
    }

    /// No rule.
    #[must_use]
    pub fn none(catalogue: &Catalogue) -> Self {
        Self { rules: catalogue.rules().map(|_| false).collect(), level: None }
    }

    fn set(&mut self, catalogue: &Catalogue, id: &str, runs: bool) -> Result<(), SelectionError> {
        match catalogue.index_of(id).and_then(|index| self.rules.get_mut(index)) {
            Some(rule) => {
                *rule = runs;
                Ok(())
            }
            None => {
                let nearest = nearest(id, catalogue.rules().map(|rule| &*rule.id)).map(str::to_owned);
                Err(SelectionError { what: "rule", name: id.to_owned(), nearest })
            }
        }
    }

    /// Lets a rule run.
    ///
    /// # Errors
    /// There is no such rule.
    pub fn enable(&mut self, catalogue: &Catalogue, id: &str) -> Result<(), SelectionError> {
        self.set(catalogue, id, true)
    }

    /// Keeps a rule from running.
    ///
    /// # Errors
    /// There is no such rule.
    pub fn disable(&mut self, catalogue: &Catalogue, id: &str) -> Result<(), SelectionError> {
        self.set(catalogue, id, false)
    }

    /// Adds the rules of a standard (`pss:baseline`, `pss:restricted`, or one that rules name), and
    /// with a level of the Pod Security Standards asks for what that level forbids only. Of several
    /// levels the strictest counts.
    ///
    /// # Errors
    /// No rule belongs to it.
    pub fn add_standard(&mut self, catalogue: &Catalogue, name: &str) -> Result<(), SelectionError> {
        let known: Vec<String> = catalogue.standards().map(str::to_owned).collect();
        if !known.iter().any(|standard| standard == name) {
            let nearest = nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
            return Err(SelectionError { what: "standard", name: name.to_owned(), nearest });
        }
        for (rule, runs) in catalogue.rules().zip(&mut self.rules) {
            *runs |= rule.standards.iter().any(|standard| &**standard == name);
        }
        if let Ok(level) = name.parse() {
            self.level = self.level.max(Some(level));
        }
        Ok(())
    }

    /// Those of its rules whose repairs depend on other objects.
    #[must_use]
    pub fn linked(&self, catalogue: &Catalogue) -> Self {
        let linked = |(runs, rule): (&bool, &super::Rule)| *runs && rule.is_linked();
        Self { rules: self.rules.iter().zip(catalogue.rules()).map(linked).collect(), level: self.level }
    }

    /// Whether a rule runs.
    #[must_use]
    pub fn runs(&self, catalogue: &Catalogue, id: &str) -> bool {
        catalogue.index_of(id).and_then(|index| self.rules.get(index)).copied().unwrap_or(false)
    }
}
