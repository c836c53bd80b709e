use std::sync::Arc;

use super::*;
use crate::engine::{Counts, Tally};
use crate::finding::{Applicability, FixOffer, Location, Patch, ResourceId, Severity};
use crate::source::{Edit, Problem, ProblemKind, Source, Span, TextEdits};

const TEXT: &str = "kind: Pod\nspec:\n  containers:\n    - name: web\n      image: nginx\n";

fn source() -> Arc<Source> {
    Arc::new(Source::new("k8s/a b.yaml", TEXT))
}

fn finding(source: &Arc<Source>, rule: &str, word: &str, edit: Option<&str>) -> Finding {
    let start = source.text().find(word).unwrap();
    let offer = edit.map(|text| FixOffer {
        title: "Do it".into(),
        applicability: Applicability::Safe,
        safety: None,
        patch: Patch::default(),
        edits: vec![SourceEdits {
            source: Arc::clone(source),
            edits: TextEdits::new(vec![Edit { span: Span::at(TEXT.len()), text: text.to_owned() }]).unwrap(),
        }],
        held_back: None,
        release: None,
    });
    Finding {
        rule: Arc::from(rule),
        severity: Severity::Medium,
        message: "container web ::error::is \u{1b}[31m bad ##[error]".to_owned(),
        label: Some("here it is".to_owned()),
        primary: Location::new(source, Span::new(start, start + word.len())),
        absent: false,
        related: Vec::new(),
        resource: Arc::new(ResourceId {
            api_version: "v1".to_owned(),
            kind: "Pod".to_owned(),
            namespace: None,
            name: "web".to_owned(),
            document: 0,
            item: None,
        }),
        container: Some("web".into()),
        field: "spec.containers[0].image".parse().unwrap(),
        standards: vec![Arc::from("pss:restricted")],
        fingerprint: "0123456789abcdef".to_owned(),
        fixes: offer.into_iter().collect(),
        no_fix: None,
        linked: false,
        scenarios: None,
    }
}

fn write(analysis: &Analysis, format: Format) -> String {
    let preview = |findings: &[&Finding]| {
        findings.iter().find_map(|finding| finding.fix()).map(|fix| fix.edits.clone())
    };
    let report = Report {
        analysis,
        catalogue: Catalogue::shipped(),
        elapsed: None,
        preview: &preview,
        fix_command: "seaworthy fix k8s".to_owned(),
        verbosity: Verbosity::Normal,
    };
    report.write(format, &Style::default())
}

fn analysis(findings: Vec<Finding>) -> Analysis {
    let source = source();
    let counts = Counts {
        files: Tally { checked: 1, not_checked: 1 },
        documents: Tally { checked: 1, not_checked: 0 },
        objects: Tally { checked: 1, not_checked: 0 },
        ..Counts::default()
    };
    let problems = vec![
        Problem::of_path(ProblemKind::NotChecked, "gone.yaml", "no such file"),
        Problem::new(ProblemKind::Warning, &source, Span::new(0, 4), "odd"),
    ];
    Analysis { findings, problems, counts, ..Analysis::default() }
}

#[test]
fn findings_on_one_place_are_one_diagnostic_with_the_diff() {
    let source = source();
    let all = vec![
        finding(&source, "run-as-root", "name: web", Some("      securityContext: {}\n")),
        finding(&source, "privilege-escalation", "name: web", None),
        finding(&source, "latest-image", "nginx", None),
    ];
    let text = write(&analysis(all), Format::Pretty);
    assert_eq!(text.matches("k8s/a b.yaml:4:7").count(), 1, "{text}");
    assert_eq!(text.matches("k8s/a b.yaml:5:14").count(), 1, "{text}");
    assert!(text.contains("Pod/web, container web: 2 findings"), "{text}");
    assert!(text.contains("run-as-root [*]"), "{text}");
    assert!(text.contains("6 +       securityContext: {}"), "{text}");
    assert!(text.contains("gone.yaml: not checked: no such file"), "{text}");
    assert!(text.contains("To fix: seaworthy fix k8s\n"), "{text}");
    assert!(text.contains("3 findings: 3 medium. [*] 1 fixable: 1 safe."), "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
}

#[test]
fn every_json_format_is_valid_with_none_one_and_ten_thousand() {
    let source = source();
    for number in [0, 1, 10_000] {
        let one = finding(&source, "latest-image", "nginx", Some("x"));
        let analysis = analysis(vec![one; number]);
        for format in [Format::Json, Format::Sarif] {
            let text = write(&analysis, format);
            assert!(!text.contains("##["), "a runner would take it for a command");
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            match format {
                Format::Json => assert_eq!(value["findings"].as_array().unwrap().len(), number),
                _ => assert_eq!(value["runs"][0]["results"].as_array().unwrap().len(), number.min(5_000)),
            }
        }
        let lines = write(&analysis, Format::Rdjsonl);
        assert!(lines.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
        assert_eq!(lines.lines().count(), number + 2);
        let commands = write(&analysis, Format::Github);
        assert_eq!(commands.lines().count(), number + 2);
        assert!(commands.lines().all(|line| line.starts_with("::")));
        assert!(write(&analysis, Format::Pretty).contains("Checked 1 file"));
    }
}

#[test]
fn json_has_the_promised_fields() {
    let source = source();
    let analysis = analysis(vec![finding(&source, "latest-image", "nginx", Some("x"))]);
    let value: serde_json::Value = serde_json::from_str(&write(&analysis, Format::Json)).unwrap();
    let finding = &value["findings"][0];
    assert_eq!(
        finding["location"],
        serde_json::json!({
            "path": "k8s/a b.yaml", "line": 5, "column": 14, "endLine": 5, "endColumn": 19,
            "byteStart": 59, "byteEnd": 64
        })
    );
    assert_eq!(
        finding["resource"],
        serde_json::json!({
            "apiVersion": "v1", "kind": "Pod", "namespace": null, "name": "web", "document": 0
        })
    );
    assert_eq!(finding["fix"]["level"], "safe");
    assert_eq!(
        finding["fix"]["edits"][0],
        serde_json::json!({
            "path": "k8s/a b.yaml", "byteStart": TEXT.len(), "byteEnd": TEXT.len(), "text": "x"
        })
    );
    assert!(finding["noFix"].is_null());
    for key in ["rule", "severity", "message", "container", "field", "standards", "fingerprint"] {
        assert!(!finding[key].is_null(), "{key}");
    }
    assert_eq!(value["problems"][0]["kind"], "not-checked");
    assert_eq!(value["summary"]["files"]["notChecked"], 1);
}

#[test]
fn unified_diffs_say_where_a_last_newline_is_missing() {
    let diff = unified("k/a.yaml", "a\nb", "a\nc");
    assert!(diff.starts_with("--- a/k/a.yaml\n+++ b/k/a.yaml\n@@ -1,2 +1,2 @@\n a\n-b\n"), "{diff}");
    assert!(diff.contains("\\ No newline at end of file"), "{diff}");
    assert_eq!(unified("a", "same\n", "same\n"), "");
}

#[test]
fn many_frames_on_a_large_file_stay_fast() {
    let text = "a: value\n".repeat(200_000);
    let source = Arc::new(Source::new("big.yaml", text));
    let mut one = finding(&self::source(), "latest-image", "nginx", None);
    let findings = (0..400u32)
        .map(|index| {
            let start = 1_700_000 + index as usize * 9;
            one.primary = Location::new(&source, Span::new(start + 3, start + 8));
            one.clone()
        })
        .collect();
    let start = std::time::Instant::now();
    let text = write(&analysis(findings), Format::Pretty);
    assert_eq!(text.matches("big.yaml:").count(), 400);
    // miette's own reader takes seconds for this in a debug build.
    assert!(start.elapsed().as_secs_f64() < 5.0, "{:?}", start.elapsed());
}
