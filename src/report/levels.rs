//! `check --by namespace`: the Pod Security level each namespace could enforce.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::json;

use crate::resource::KubernetesVersion;
use crate::rule::{Level, NextLevel, Verdict};

use super::clean::clean_line;
use super::json::{self, Tool, VERSION};
use super::rules::RuleFormat;
use super::style::{Paint, Style};

/// What the objects of each namespace fail; `None` is for objects that name no namespace.
pub struct LevelReport<'a> {
    /// Verdicts by namespace.
    pub verdicts: &'a BTreeMap<Option<String>, Verdict>,
    /// The version of Kubernetes they are for.
    pub version: KubernetesVersion,
}

fn word(level: Option<Level>) -> &'static str {
    level.map_or("privileged", Level::as_str)
}

impl LevelReport<'_> {
    /// As a table or as JSON.
    #[must_use]
    pub fn write(&self, format: RuleFormat, style: &Style) -> String {
        let rows: Vec<(&Option<String>, NextLevel)> =
            self.verdicts.iter().map(|(namespace, verdict)| (namespace, NextLevel::from(verdict))).collect();
        if format == RuleFormat::Json {
            let namespaces: Vec<_> = rows
                .iter()
                .map(|(namespace, level)| {
                    json!({
                        "namespace": namespace,
                        "level": word(level.now),
                        "next": level.next.map(Level::as_str),
                        "blockedBy": level.blocked_by.iter().map(|check| &**check).collect::<Vec<_>>(),
                    })
                })
                .collect();
            return json::text(&json!({
                "version": VERSION,
                "tool": Tool::THIS,
                "kubernetesVersion": self.version.to_string(),
                "namespaces": namespaces,
            }));
        }
        let name = |namespace: &Option<String>| match namespace {
            Some(name) => clean_line(name),
            None => "(none named)".to_owned(),
        };
        let width =
            rows.iter().map(|(namespace, _)| name(namespace).chars().count()).max().unwrap_or(0).max(9);
        let heading = format!("{:width$}  {:10}  {:10}  blocked by", "namespace", "level now", "next");
        let mut output = format!("{}\n", style.paint(Paint::Bold, &heading));
        for (namespace, level) in &rows {
            let next = level.next.map_or("-", Level::as_str);
            let blocked: Vec<&str> = level.blocked_by.iter().map(|check| &**check).collect();
            let line = format!(
                "{:width$}  {:10}  {next:10}  {}",
                name(namespace),
                word(level.now),
                blocked.join(", ")
            );
            let _ = writeln!(output, "{}", line.trim_end());
        }
        let labels: Vec<String> = rows
            .iter()
            .filter_map(|(namespace, level)| Some((namespace.as_deref()?, level.now?)))
            .map(|(namespace, level)| {
                let namespace = clean_line(namespace);
                format!("  kubectl label --overwrite namespace {namespace} pod-security.kubernetes.io/enforce={level}\n")
            })
            .collect();
        if !labels.is_empty() {
            let _ = write!(
                output,
                "\nSuggestion, as far as these files are all there is in the namespace:\n{}",
                labels.concat()
            );
        }
        output
    }
}
