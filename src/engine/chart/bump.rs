//! `--bump-chart patch`: the version of a chart whose files are changed.
//!
//! Only `version` in Chart.yaml changes, so whatever differs afterwards follows from it. What may differ are
//! texts, such as labels that name the chart; not which objects there are, what they are called and what
//! they select, and what is found in them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::engine::locate::resource_id;
use crate::source::{Edit, Limits, Source, Span, TextEdits};
use crate::yaml;

use super::judge::JudgedChart;
use super::proof::unchecked;

/// The edit that raises the last number of a chart's version.
///
/// # Errors
/// The version is not of the form `1.2.3`.
pub(super) fn edit(chart_yaml: &Arc<Source>, limits: &Limits) -> Result<TextEdits, String> {
    let tree = yaml::parse_stream(chart_yaml, limits).tree;
    let root = tree.documents().first().and_then(|document| document.root);
    let entry = root.and_then(|root| tree.entry(root, "version")).ok_or("there is no version")?;
    let span = tree.span(entry.value_node);
    let written = chart_yaml.slice(span);
    let text = written.trim_matches(['"', '\'']);
    let refused = || format!("the version `{text}` is not of the form 1.2.3");
    let is_number = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_digit())
            && (part == "0" || !part.starts_with('0'))
    };
    let [major, minor, patch] = *text.split('.').collect::<Vec<_>>() else { return Err(refused()) };
    if ![major, minor, patch].into_iter().all(is_number) {
        return Err(refused());
    }
    let next = patch.parse::<u64>().ok().and_then(|number| number.checked_add(1)).ok_or_else(refused)?;
    let quote = usize::from(written.len() > text.len());
    let end = span.start() + quote + text.len();
    let span = Span::new(end - patch.len(), end);
    TextEdits::new(vec![Edit { span, text: next.to_string() }]).map_err(|conflict| conflict.to_string())
}

/// Shows that a raised version changes nothing but texts.
///
/// # Errors
/// The first thing that is not so.
pub(super) fn compare(before: &JudgedChart, after: &JudgedChart) -> Result<(), String> {
    unchecked(&before.problems, &after.problems)?;
    if before.scenarios.len() != after.scenarios.len() {
        return Err("the scenarios would not be the same".to_owned());
    }
    for (old, new) in before.scenarios.iter().zip(&after.scenarios) {
        if old.objects.len() != new.objects.len() || old.documents.len() != new.documents.len() {
            return Err(format!("with {}: other objects would be printed", old.name));
        }
        for (old, new) in old.objects.iter().zip(&new.objects) {
            let id = resource_id(&old.object);
            for path in [
                "/kind",
                "/metadata/name",
                "/metadata/namespace",
                "/spec/selector",
                "/spec/volumeClaimTemplates",
            ] {
                if old.value.pointer(path) != new.value.pointer(path) {
                    let path = path.trim_start_matches('/').replace('/', ".");
                    return Err(format!("{path} of {id} names the version"));
                }
            }
            if !differs_in_texts(&old.value, &new.value) {
                return Err(format!("{id} would not be the same"));
            }
        }
    }
    if counts(before) != counts(after) {
        return Err("the findings would not be the same".to_owned());
    }
    Ok(())
}

fn differs_in_texts(old: &Value, new: &Value) -> bool {
    match (old, new) {
        (Value::String(_), Value::String(_)) => true,
        (Value::Array(old), Value::Array(new)) => {
            old.len() == new.len() && old.iter().zip(new).all(|(old, new)| differs_in_texts(old, new))
        }
        (Value::Object(old), Value::Object(new)) => {
            let same = |(key, old)| new.get(key).is_some_and(|new| differs_in_texts(old, new));
            old.len() == new.len() && old.iter().all(same)
        }
        _ => old == new,
    }
}

/// Findings by rule, scenario and object.
fn counts(judged: &JudgedChart) -> BTreeMap<(&str, usize, usize), usize> {
    let mut counts = BTreeMap::new();
    for it in &judged.findings {
        for instance in &it.instances {
            *counts.entry((&*it.finding.rule, instance.scenario, instance.object)).or_default() += 1;
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bumped(text: &str) -> Result<String, String> {
        let source = Arc::new(Source::new("Chart.yaml", text));
        edit(&source, &Limits::default()).map(|edits| edits.apply(text))
    }

    #[test]
    fn only_the_last_number_changes() {
        assert_eq!(
            bumped("name: a\nversion: 0.1.9  # ours\n").unwrap(),
            "name: a\nversion: 0.1.10  # ours\n"
        );
        assert_eq!(bumped("version: \"1.2.3\"\r\n").unwrap(), "version: \"1.2.4\"\r\n");
        assert_eq!(bumped("version: '1.2.3'").unwrap(), "version: '1.2.4'");
    }

    #[test]
    fn other_versions_are_left() {
        for text in [
            "",
            "name: a\n",
            "version: 1.2\n",
            "version: 1.2.3-rc.1\n",
            "version: v1.2.3\n",
            "version: 1.2.3+5\n",
            "version: 1.2.03\n",
            "version: 1.2.18446744073709551615\n",
        ] {
            assert!(bumped(text).is_err(), "{text}");
        }
    }
}
