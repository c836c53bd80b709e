//! The checks of the Pod Security Standards, and what a pod's findings mean for them.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, LazyLock};

use schemars::JsonSchema;
use serde::Deserialize;

use crate::resource::KubernetesVersion;

use super::predicate::Predicate;

/// A level of the Pod Security Standards above `privileged`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Prevents known privilege escalations.
    Baseline,
    /// Hardened as far as is good practice.
    Restricted,
}

impl Level {
    /// Both, the weaker first.
    pub const ALL: [Self; 2] = [Self::Baseline, Self::Restricted];

    /// `baseline` or `restricted`, as in the label of a namespace.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Restricted => "restricted",
        }
    }

    /// `pss:baseline` or `pss:restricted`, as a finding names it.
    #[must_use]
    pub fn standard(self) -> &'static str {
        match self {
            Self::Baseline => "pss:baseline",
            Self::Restricted => "pss:restricted",
        }
    }
}

impl Level {
    /// The same, as findings share it.
    pub(super) fn shared_standard(self) -> Arc<str> {
        static NAMES: LazyLock<[Arc<str>; 2]> =
            LazyLock::new(|| Level::ALL.map(|level| Arc::from(level.standard())));
        let [baseline, restricted] = &*NAMES;
        Arc::clone(match self {
            Self::Baseline => baseline,
            Self::Restricted => restricted,
        })
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Level {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let text = text.strip_prefix("pss:").unwrap_or(text);
        Self::ALL.into_iter().find(|level| level.as_str() == text).ok_or(())
    }
}

/// One check of the Pod Security Standards.
#[derive(Clone, Debug)]
pub struct Check {
    /// Its id in Kubernetes' own library.
    pub id: Arc<str>,
    /// The level it belongs to.
    pub level: Level,
    /// First version of Kubernetes that has it.
    pub since: KubernetesVersion,
    /// Checks that this one stands for wherever it applies (indexes into the catalogue's checks).
    pub(super) overrides: Vec<usize>,
    /// Pods that pass whatever they say.
    pub(super) exempt: Option<Predicate>,
}

/// Which checks apply at a level in a version; index by check.
pub(super) fn active(checks: &[Check], level: Level, version: KubernetesVersion) -> Vec<bool> {
    let mut active: Vec<bool> =
        checks.iter().map(|check| check.level <= level && check.since <= version).collect();
    for (index, check) in checks.iter().enumerate() {
        if active.get(index) == Some(&true) {
            for &other in &check.overrides {
                if let Some(other) = active.get_mut(other) {
                    *other = false;
                }
            }
        }
    }
    active
}

/// The checks an object fails, by level: what Pod Security admission would say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Ids of failing checks at level baseline, sorted.
    pub baseline: BTreeSet<Arc<str>>,
    /// Ids of failing checks at level restricted, sorted.
    pub restricted: BTreeSet<Arc<str>>,
}

impl Verdict {
    /// The failing checks at a level.
    #[must_use]
    pub fn at(&self, level: Level) -> &BTreeSet<Arc<str>> {
        match level {
            Level::Baseline => &self.baseline,
            Level::Restricted => &self.restricted,
        }
    }

    /// The highest level that lets it pass; `None` is privileged.
    #[must_use]
    pub fn highest(&self) -> Option<Level> {
        Level::ALL.into_iter().rev().find(|&level| self.at(level).is_empty())
    }

    /// Adds what another object of the same namespace fails.
    pub fn merge(&mut self, other: &Self) {
        self.baseline.extend(other.baseline.iter().cloned());
        self.restricted.extend(other.restricted.iter().cloned());
    }
}

/// What keeps a namespace from the next level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextLevel {
    /// The level it could enforce now; `None` is privileged.
    pub now: Option<Level>,
    /// The next one; `None` where it has reached restricted.
    pub next: Option<Level>,
    /// The checks in the way of the next level.
    pub blocked_by: BTreeSet<Arc<str>>,
}

impl From<&Verdict> for NextLevel {
    fn from(verdict: &Verdict) -> Self {
        let now = verdict.highest();
        let next = match now {
            None => Some(Level::Baseline),
            Some(Level::Baseline) => Some(Level::Restricted),
            Some(Level::Restricted) => None,
        };
        let blocked_by = next.map(|next| verdict.at(next).clone()).unwrap_or_default();
        Self { now, next, blocked_by }
    }
}
