use std::sync::Arc;

use super::*;
use crate::finding::Finding;
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
fn many_fixes_in_one_string_are_all_made() {
    let one = |n: usize| format!("        c{n}: {{securityContext: {{privileged: true}}}}\n");
    let all: String = (0..30).map(one).collect();
    let text = format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec:\n  source:\n    helm:\n      values: |\n{all}"
    );
    let file = InputFile::in_memory("a.yaml", text.as_bytes());
    let selection = Selection { unsafe_fixes: true, ..Selection::default() };
    let fixed = engine(|_| {}).fix_text(&file, &selection);
    assert_eq!(fixed.text.as_deref(), Some(&*text.replace("true", "false")));
}

#[test]
fn values_are_judged_where_they_are_present() {
    let values = "hostPID: true\nsecurityContext: {}\n---\nimage: x\n";
    let file = InputFile::in_memory("values.yaml", values.as_bytes());
    let analysis = engine(|_| {}).analyze(&Project::of_files(vec![file.clone().with_role(Role::Values)]));
    assert_eq!((analysis.counts.values.checked, analysis.counts.passed_over), (2, 0));
    assert_eq!(analysis.findings.len(), found(&analysis, "host-pid"));
    assert!(!analysis.is_blind());
    // As a manifest it is nothing.
    assert!(engine(|_| {}).analyze(&Project::of_files(vec![file])).is_blind());
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
    let preview = engine.previews(&analysis).of(&container).unwrap();
    assert_eq!(preview.edits.apply(&text).matches("\n    securityContext:").count(), 1);
}

#[test]
fn a_preview_made_while_a_file_is_judged_is_the_one_made_of_the_file() {
    let text = POD.replace("    securityContext:\n      privileged: true\n", "");
    let files = project(&[("a.yaml", &text)]);
    let engine = restricted();
    let (plain, made) = (engine.analyze(&files), engine.clone().with_previews().analyze(&files));
    assert!(plain.previews.is_empty());
    let place = made.findings.iter().find(|finding| finding.container.is_some()).unwrap().primary.span;
    let shown = |finding: &&Finding| {
        finding.primary.span == place
            && finding.fix().is_some_and(|fix| fix.applicability > Applicability::Suggestion)
    };
    let of = |analysis: &Analysis, most: usize| {
        let findings: Vec<&Finding> = analysis.findings.iter().filter(shown).take(most).collect();
        engine.previews(analysis).of(&findings).unwrap().edits
    };
    let whole = of(&made, usize::MAX);
    assert!(made.previews.values().flatten().any(|known| known.edits == whole), "{:?}", made.previews);
    assert_eq!(whole, of(&plain, usize::MAX));
    // Fewer findings are another question.
    assert_ne!(whole, of(&made, 2));
    assert_eq!(of(&made, 2), of(&plain, 2));
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

/// A pod that is told its port, and a Service in a file of its own.
fn linked(service: &str) -> Project {
    let pod = "\
apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: {app: web}
spec:
  containers:
  - name: web
    image: registry.example/web:1
    env: [{name: PORT, value: '80'}]
    ports: [{containerPort: 80}]
";
    let mut project = project(&[("k8s/pod.yaml", pod), ("k8s/service.yaml", service)]);
    project.whole = true;
    project
}

const SERVICE: &str = "\
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
";

fn ports(change: impl FnOnce(&mut Settings)) -> Engine {
    let catalogue = Arc::new(Catalogue::shipped().clone());
    let mut rules = rule::Selection::none(&catalogue);
    rules.enable(&catalogue, "privileged-port").unwrap();
    let mut settings = Settings::default();
    change(&mut settings);
    Engine::new(catalogue, rules, settings).unwrap()
}

#[test]
fn a_port_moves_in_all_files_or_in_none() {
    let engine = ports(|_| {});
    let selection = Selection { unsafe_fixes: true, ..Selection::default() };
    let repair = engine.repair(&linked(SERVICE), &selection);
    let names: Vec<&str> = repair.verified.files().iter().map(|file| &**file.name()).collect();
    assert_eq!(names, ["k8s/pod.yaml", "k8s/service.yaml"]);
    assert!(repair.verified.files()[1].after().text().contains("[{port: 80, targetPort: 8080}]"));
    assert_eq!((repair.after.findings.len(), &repair.outcomes[0].outcome), (0, &Outcome::Fixed));

    // The list of ports is shared with another Service that does not lead to the pod.
    let shared = "\
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Service
  metadata: {name: web}
  spec: {selector: {app: web}, ports: &ports [{port: 80}]}
- apiVersion: v1
  kind: Service
  metadata: {name: other}
  spec: {selector: {app: other}, ports: *ports}
";
    let repair = engine.repair(&linked(shared), &selection);
    assert!(repair.verified.is_empty());
    assert!(
        matches!(&repair.outcomes[0].outcome, Outcome::Refused { .. } | Outcome::NoFix { .. }),
        "{:?}",
        repair.outcomes[0].outcome
    );
}

#[test]
fn a_port_that_is_told_by_a_known_variable_moves_safely_in_a_whole_folder_only() {
    let known = |settings: &mut Settings| {
        let row = crate::resource::ImageRow { port_env: Some("PORT".to_owned()), ..Default::default() };
        settings.images.insert("registry.example/web".to_owned(), row);
    };
    let level = |engine: &Engine, project: &Project| {
        engine.analyze(project).findings[0].fix().map(|fix| fix.applicability)
    };
    let whole = linked(SERVICE);
    let mut named = linked(SERVICE);
    named.whole = false;
    let applicability = |it| Some(it);
    use crate::finding::Applicability::{Safe, Unsafe};
    assert_eq!(level(&ports(known), &whole), applicability(Safe));
    assert_eq!(level(&ports(known), &named), applicability(Unsafe));
    assert_eq!(level(&ports(|_| {}), &whole), applicability(Unsafe));
    let repair = ports(known).repair(&named, &Selection::default());
    let reason = "Services outside of the checked files are not seen";
    assert!(
        matches!(&repair.outcomes[0].outcome, Outcome::HeldBack { reason: found, .. } if found == reason)
    );
    let repair = ports(known).repair(&whole, &Selection::default());
    assert_eq!(repair.verified.files().len(), 2);
}

#[test]
fn nodes_that_open_low_ports_leave_nothing_to_find() {
    let nodes = |known| move |settings: &mut Settings| settings.unprivileged_ports = known;
    let message = |known| {
        let analysis = ports(nodes(known)).analyze(&linked(SERVICE));
        analysis.findings.first().map(|finding| finding.message.clone())
    };
    assert_eq!(message(Some(true)), None);
    assert!(message(Some(false)).is_some_and(|text| text.ends_with("which root only may")));
    assert!(message(None).is_some_and(|text| text.ends_with("works on some nodes only")));
    let host = POD
        .replace("spec:\n", "spec:\n  hostNetwork: true\n")
        .replace("    securityContext:\n      privileged: true\n", "    ports: [{containerPort: 80}]\n");
    assert_eq!(ports(nodes(Some(true))).analyze(&project(&[("host.yaml", &host)])).findings.len(), 1);
}
