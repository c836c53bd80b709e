use std::sync::Arc;

use super::*;
use crate::project::{InputFile, Project, Role};
use crate::rule;

fn engine(change: impl FnOnce(&mut Settings)) -> Engine {
    let catalogue = Arc::new(Catalogue::shipped().clone());
    let rules = rule::Selection::new(&catalogue);
    let mut settings = Settings::default();
    change(&mut settings);
    Engine::new(catalogue, rules, settings).unwrap()
}

fn restricted() -> Engine {
    let catalogue = Arc::new(Catalogue::shipped().clone());
    let mut rules = rule::Selection::none(&catalogue);
    rules.add_standard(&catalogue, "pss:restricted").unwrap();
    Engine::new(catalogue, rules, Settings::default()).unwrap()
}

fn project(files: &[(&str, &str)]) -> Project {
    Project::of_files(files.iter().map(|(name, text)| InputFile::in_memory(*name, text.as_bytes())).collect())
}

const POD: &str = "\
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: web
    image: registry.example/web:1
    securityContext:
      privileged: true
";

fn found(analysis: &Analysis, rule: &str) -> usize {
    analysis.findings.iter().filter(|finding| *finding.rule == *rule).count()
}

#[test]
fn a_finding_has_its_place_and_identity() {
    let analysis = engine(|_| {}).analyze(&project(&[("web.yaml", POD)]));
    let finding = analysis.findings.iter().find(|finding| &*finding.rule == "privileged-container").unwrap();
    assert_eq!(finding.primary.source.slice(finding.primary.span), "true");
    assert_eq!(finding.field.to_string(), "spec.containers[0].securityContext.privileged");
    assert_eq!(finding.resource.to_string(), "Pod/web");
    assert_eq!(finding.container.as_deref(), Some("web"));
    assert_eq!(finding.fingerprint.len(), 32);
    let moved = engine(|_| {}).analyze(&project(&[("web.yaml", &format!("# one line more\n{POD}"))]));
    assert!(moved.findings.iter().any(|other| other.fingerprint == finding.fingerprint));
    let elsewhere = engine(|_| {}).analyze(&project(&[("other/web.yaml", POD)]));
    assert!(elsewhere.findings.iter().all(|other| other.fingerprint != finding.fingerprint));
    let counts = analysis.counts;
    assert_eq!((counts.files.checked, counts.documents.checked, counts.objects.checked), (1, 1, 1));
    assert!(!analysis.is_blind());
}

#[test]
fn what_is_not_checked_is_counted_and_told() {
    let analysis = engine(|_| {}).analyze(&project(&[
        ("bad.yaml", "a: [\n"),
        ("kind.yaml", "apiVersion: v1\nkind: ${KIND}\n"),
        ("values.yaml", "image: x\n---\n# only a comment\n"),
        ("binary.yaml", "a\0"),
    ]));
    let counts = analysis.counts;
    assert_eq!((counts.files.checked, counts.files.not_checked), (1, 3));
    assert_eq!((counts.documents.checked, counts.documents.not_checked), (2, 1));
    assert_eq!((counts.objects.checked, counts.objects.not_checked), (0, 1));
    assert_eq!(counts.passed_over, 1);
    assert_eq!(analysis.problems.len(), 3);
    assert!(analysis.is_blind());
    assert!(engine(|_| {}).analyze(&project(&[])).is_blind());
}

#[test]
fn absence_in_a_patch_is_withheld() {
    let patch = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  template:\n    spec:\n      hostNetwork: true\n      containers:\n      - name: a\n";
    let file = InputFile::in_memory("patch.yaml", patch.as_bytes()).with_role(Role::OverlayPatch);
    let analysis = engine(|_| {}).analyze(&Project::of_files(vec![file]));
    assert!(analysis.counts.part_of_overlay > 0);
    assert!(analysis.findings.iter().all(|finding| !finding.absent));
    assert_eq!(found(&analysis, "host-network"), 1);
}

#[test]
fn comments_silence_what_they_stand_at() {
    let rule = "privileged-container";
    let line = POD
        .replace("privileged: true", "privileged: true # seaworthy: ignore[privileged-container] needs it");
    let above = POD.replace("  - name: web", "  # seaworthy: ignore[privileged-container]\n  - name: web");
    let object = format!("# seaworthy: ignore[privileged-container]\n{POD}");
    let file = format!("# seaworthy: file-ignore[privileged-container] legacy\n---\n{POD}---\n{POD}");
    for text in [&line, &above, &object, &file] {
        let analysis = engine(|_| {}).analyze(&project(&[("a.yaml", text)]));
        assert_eq!(found(&analysis, rule), 0, "{text}");
        assert!(analysis.ignored.iter().all(|ignored| &*ignored.finding.rule == rule));
        assert_eq!(analysis.counts.ignored, analysis.ignored.len());
        assert!(analysis.problems.is_empty(), "{:?}", analysis.problems);
        let never = engine(|settings| {
            settings.never_ignore.insert(rule.to_owned());
        });
        assert!(found(&never.analyze(&project(&[("a.yaml", text)])), rule) > 0);
        let none = engine(|settings| settings.no_ignores = true);
        assert!(found(&none.analyze(&project(&[("a.yaml", text)])), rule) > 0);
    }
    let first = engine(|_| {}).analyze(&project(&[("a.yaml", &line)]));
    assert_eq!(first.ignored[0].reason.as_deref(), Some("needs it"));
    assert_eq!(first.ignored[0].by, IgnoredBy::Comment);
}

#[test]
fn ignores_that_do_nothing_are_told() {
    let messages = |text: &str| {
        let analysis = engine(|_| {}).analyze(&project(&[("a.yaml", text)]));
        analysis.problems.iter().map(|problem| problem.message.clone()).collect::<Vec<_>>()
    };
    // The comment stands at another field.
    let beside = POD
        .replace("image: registry", "image: &i registry")
        .replace("/web:1", "/web:1 # seaworthy: ignore[privileged-container]");
    assert_eq!(messages(&beside), ["this ignore of privileged-container silences nothing"]);
    let unknown = format!("# seaworthy: ignore[privileged-containr]\n{POD}");
    assert_eq!(messages(&unknown), ["there is no rule `privileged-containr`"]);
    let blanket = format!("# seaworthy: ignore\n{POD}");
    assert_eq!(messages(&blanket).len(), 1);
    let late = format!("{POD}# seaworthy: file-ignore[privileged-container]\n");
    assert!(messages(&late)[0].starts_with("file-ignore has no effect here"));
    let text = POD.replace("image:", "command: ['# seaworthy: ignore[privileged-container]']\n    image:");
    assert!(messages(&text).is_empty());
}

#[test]
fn marks_of_other_tools_count() {
    let annotated = |annotation: &str| {
        POD.replace("  name: web\nspec", &format!("  name: web\n  annotations:\n    {annotation}\nspec"))
    };
    let cases = [
        ("ignore-check.kube-linter.io/privileged-container: known", "kube-linter"),
        ("kube-linter.io/ignore-all: old", "kube-linter"),
        ("polaris.fairwinds.com/runAsPrivileged-exempt: \"true\"", "polaris"),
        ("polaris.fairwinds.com/exempt: \"true\"", "polaris"),
        ("checkov.io/skip1: CKV_K8S_16=known", "checkov"),
        ("kubescape.io/skip-controls: C-0001, C-0057", "kubescape"),
    ];
    for (annotation, tool) in cases {
        let analysis = engine(|_| {}).analyze(&project(&[("a.yaml", &annotated(annotation))]));
        assert_eq!(found(&analysis, "privileged-container"), 0, "{annotation}");
        let ignored =
            analysis.ignored.iter().find(|ignored| &*ignored.finding.rule == "privileged-container");
        assert_eq!(ignored.unwrap().by, IgnoredBy::Peer(tool));
    }
    let other = annotated("checkov.io/skip1: CKV_K8S_99=other");
    assert_eq!(found(&engine(|_| {}).analyze(&project(&[("a.yaml", &other)])), "privileged-container"), 1);
    let label = POD.replace(
        "  name: web\nspec",
        "  name: web\n  labels:\n    container.kubeaudit.io/web.allow-privileged: x\nspec",
    );
    assert_eq!(found(&engine(|_| {}).analyze(&project(&[("a.yaml", &label)])), "privileged-container"), 0);
}

#[test]
fn repair_changes_only_what_it_proves() {
    let text = format!(
        "# first\n{}",
        POD.replace("      privileged: true\n", "      privileged: true # ✓ why\n\n# last")
    );
    let engine = restricted();
    let selection = Selection { unsafe_fixes: true, ..Selection::default() };
    let file = InputFile::in_memory("a.yaml", text.as_bytes());
    let fixed = engine.fix_text(&file, &selection);
    let after = fixed.text.expect("something is fixed");
    assert!(after.contains("# ✓ why") && after.ends_with("# last"), "{after}");
    assert!(after.contains("drop:"), "{after}");
    let change = &fixed.repair.verified.files()[0];
    assert_eq!(*change.edits().apply(&text), *after);
    let again = engine.fix_text(&InputFile::in_memory("a.yaml", after.as_bytes()), &selection);
    assert!(again.text.is_none());
    for outcome in &fixed.repair.outcomes {
        let left = fixed
            .repair
            .after
            .findings
            .iter()
            .any(|finding| finding.fingerprint == outcome.finding.fingerprint);
        assert_eq!(outcome.outcome == Outcome::Fixed, !left, "{outcome:?}");
    }
    let safe = engine.fix_text(&file, &Selection::default());
    assert!(
        safe.repair
            .outcomes
            .iter()
            .any(|outcome| matches!(&outcome.outcome, Outcome::HeldBack { release: Some(_), .. }))
    );
}

#[test]
fn the_order_does_not_depend_on_threads() {
    let files: Vec<_> =
        (0..40).map(|n| InputFile::in_memory(format!("{n:02}.yaml"), POD.as_bytes())).collect();
    let project = Project::of_files(files);
    let engine = engine(|_| {});
    let told = |analysis: Analysis| {
        let tell = |finding: &Finding| {
            format!("{} {} {:?}", finding.primary.path(), finding.rule, finding.primary.span)
        };
        analysis.findings.iter().map(tell).collect::<Vec<_>>()
    };
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let one = pool(1).install(|| told(engine.analyze(&project)));
    let four = pool(4).install(|| told(engine.analyze(&project)));
    assert_eq!(one, four);
    assert!(one.iter().map(|line| line.split(' ').next()).is_sorted());
}

#[test]
fn a_preview_joins_what_belongs_together() {
    let text = POD.replace("    securityContext:\n      privileged: true\n", "");
    let engine = restricted();
    let analysis = engine.analyze(&project(&[("a.yaml", &text)]));
    let container: Vec<&Finding> = analysis
        .findings
        .iter()
        .filter(|finding| finding.container.is_some() && finding.fix().is_some())
        .collect();
    assert!(container.len() > 1, "{container:?}");
    let preview = engine.preview(&container).unwrap();
    assert_eq!(preview.edits.apply(&text).matches("\n    securityContext:").count(), 1);
}

#[test]
fn a_sops_file_is_not_edited() {
    let text = format!("{POD}sops:\n  mac: x\n");
    let fixed = restricted().fix_text(
        &InputFile::in_memory("a.yaml", text.as_bytes()),
        &Selection { unsafe_fixes: true, ..Selection::default() },
    );
    assert!(fixed.text.is_none());
    assert!(fixed.repair.outcomes.iter().all(|outcome| outcome.outcome != Outcome::Fixed));
}
