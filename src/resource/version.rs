//! [`KubernetesVersion`]: the version of the cluster the objects are for.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A minor version of Kubernetes, `1.N`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KubernetesVersion {
    minor: u16,
}

/// Why a text is no version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no Kubernetes version: write 1.N, or latest")]
pub struct VersionError {
    /// The text.
    pub text: String,
}

impl KubernetesVersion {
    /// The newest version that is known; later ones are taken as this one.
    pub const NEWEST: Self = Self { minor: 37 };

    /// Version `1.minor`.
    #[must_use]
    pub const fn new(minor: u16) -> Self {
        Self { minor }
    }

    /// `N` of `1.N`.
    #[must_use]
    pub const fn minor(self) -> u16 {
        self.minor
    }
}

impl Default for KubernetesVersion {
    fn default() -> Self {
        Self::NEWEST
    }
}

impl fmt::Display for KubernetesVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.minor)
    }
}

impl FromStr for KubernetesVersion {
    type Err = VersionError;

    /// Reads `1.29`, `v1.29`, `1.29.3`, `v1.29.3+k3s1` and `latest`.
    fn from_str(text: &str) -> Result<Self, VersionError> {
        if text == "latest" {
            return Ok(Self::NEWEST);
        }
        let rest = text.strip_prefix('v').unwrap_or(text).strip_prefix("1.");
        let digits = rest.map(|rest| rest.split(['.', '+', '-']).next().unwrap_or(""));
        match digits.and_then(|digits| digits.parse().ok()) {
            Some(minor) => Ok(Self { minor }),
            None => Err(VersionError { text: text.to_owned() }),
        }
    }
}

impl Serialize for KubernetesVersion {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for KubernetesVersion {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for KubernetesVersion {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "KubernetesVersion".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^(latest|v?1\\.[0-9]+([.+-].*)?)$",
            "description": "A minor version of Kubernetes, such as 1.31.",
        })
    }
}
