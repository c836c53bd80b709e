use std::fs;
use std::path::Path;
use std::sync::Arc;

use crate::finding::{Applicability, PatchOp, RuleHit, Severity};
use crate::resource::{Document, ImageRow, Images, Kinds, KubernetesVersion};
use crate::source::{Limits, Source};
use crate::yaml::parse;

use super::*;

fn objects(name: &str, text: &str) -> Vec<Document> {
    let tree = parse(&Arc::new(Source::new(name, text)), &Limits::default()).tree;
    Document::objects(&Arc::new(tree), Kinds::shipped())
}

fn hits_with(catalogue: &Catalogue, selection: &Selection, target: &Target<'_>, text: &str) -> Vec<RuleHit> {
    let objects = objects("t.yaml", text);
    objects
        .iter()
        .enumerate()
        .flat_map(|(at, object)| catalogue.evaluate(object, at, selection, target))
        .collect()
}

const NEWEST: KubernetesVersion = KubernetesVersion::NEWEST;

fn hits(rule: &str, text: &str) -> Vec<RuleHit> {
    let catalogue = Catalogue::shipped();
    let mut selection = Selection::none(catalogue);
    selection.enable(catalogue, rule).unwrap();
    hits_with(catalogue, &selection, &Target::new(NEWEST, Images::shipped()), text)
}

fn user(text: &str) -> Result<Catalogue, CatalogueError> {
    Catalogue::load(Some(&Catalogue::parse(text).unwrap()))
}

#[test]
fn shipped_rules_compile() {
    let catalogue = Catalogue::load(None).unwrap();
    assert!(catalogue.rules().len() >= 40);
    for rule in catalogue.rules() {
        assert!(!rule.fixes.is_empty() || rule.no_fix.is_some(), "{}: a fix, or the reason why not", rule.id);
    }
    let used: Vec<_> = catalogue.rules().flat_map(|rule| rule.pss.clone()).collect();
    for check in catalogue.checks() {
        assert!(used.contains(&check.id), "no rule for {}", check.id);
    }
}

/// Every rule has a folder with cases that it finds and cases that it does not.
#[test]
fn cases_are_found_and_passed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/rules");
    let catalogue = Catalogue::shipped();
    let mut wrong = Vec::new();
    for rule in catalogue.rules() {
        let mut selection = Selection::none(catalogue);
        selection.enable(catalogue, &rule.id).unwrap();
        let version = rule.versions.1.unwrap_or(NEWEST);
        let target = Target::new(version, Images::shipped());
        let (mut fails, mut passes) = (0, 0);
        let files = fs::read_dir(folder.join(&*rule.id)).into_iter().flatten().flatten();
        for file in files.map(|file| file.path()) {
            let name = file.file_stem().unwrap().to_string_lossy().into_owned();
            if file.is_dir() || file.extension().is_some_and(|end| end == "Dockerfile") {
                // A chart, or a Dockerfile: tests/cases.rs judges them.
                fails += usize::from(name.starts_with("fail"));
                passes += usize::from(name.starts_with("pass"));
                continue;
            }
            if name.contains('.') || file.extension().is_none_or(|end| end != "yaml") {
                continue;
            }
            let found = hits_with(catalogue, &selection, &target, &fs::read_to_string(&file).unwrap());
            let (expected, count) =
                if name.starts_with("pass") { (false, &mut passes) } else { (true, &mut fails) };
            *count += 1;
            if found.is_empty() == expected {
                wrong.push(format!("{}/{name}: {} hits", rule.id, found.len()));
            }
        }
        if fails == 0 || passes == 0 {
            wrong.push(format!("{}: {fails} failing and {passes} passing cases", rule.id));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn pod(container: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  containers:\n  - {{name: c, {container}}}\n"
    )
}

/// Level of the first fix and the operations' paths.
fn fix(hit: &RuleHit) -> Option<(Applicability, Vec<String>)> {
    let fix = hit.fixes.first()?;
    Some((fix.applicability, fix.patch.ops.iter().map(|op| op.path().to_string()).collect()))
}

#[test]
fn non_root_is_safe_only_with_a_known_uid() {
    let level = |container: &str| fix(&hits("run-as-root", &pod(container))[0]).map(|(level, _)| level);
    assert_eq!(level("image: a, securityContext: {runAsUser: 5}"), Some(Applicability::Safe));
    assert_eq!(
        level("image: 'mcr.microsoft.com/dotnet/aspnet:8.0-noble-chiseled'"),
        Some(Applicability::Safe)
    );
    assert_eq!(level("image: a"), Some(Applicability::Unsafe));
    assert_eq!(level("image: 'bitnami/redis:7'"), Some(Applicability::Unsafe), "not every tag is known");
    assert_eq!(level("image: a, securityContext: {runAsUser: 0}"), None);
    assert_eq!(level("image: a, securityContext: {runAsUser: '$(UID)'}"), None);
    assert_eq!(level("image: debian"), None, "root, and no uid is known for it");
}

#[test]
fn configured_images_make_fixes_safe() {
    let catalogue = Catalogue::shipped();
    let mut selection = Selection::none(catalogue);
    selection.enable(catalogue, "run-as-root").unwrap();
    let images = Images::with_user_rows([
        ("acme/api".to_owned(), ImageRow { uid: Some(1654), ..ImageRow::default() }),
        ("acme/named".to_owned(), ImageRow { user: Some("app".into()), uid: Some(7), ..ImageRow::default() }),
    ]);
    let target = Target::new(NEWEST, &images);
    let fix_of =
        |image: &str| fix(&hits_with(catalogue, &selection, &target, &pod(&format!("image: {image}")))[0]);
    let non_root = "spec.securityContext.runAsNonRoot".to_owned();
    assert_eq!(fix_of("acme/api"), Some((Applicability::Safe, vec![non_root.clone()])));
    let both = vec![non_root, "spec.securityContext.runAsUser".to_owned()];
    assert_eq!(fix_of("acme/named"), Some((Applicability::Safe, both)), "a name needs its number beside it");
    let unknown = &hits_with(catalogue, &selection, &target, &pod("image: 'acme/web:1'"))[0];
    assert_eq!(unknown.fixes[0].release.as_deref(), Some("images.\"acme/web\" = { uid = UID }"));
}

#[test]
fn escalation_is_not_fixed_where_the_api_refuses_it() {
    let refused =
        ["securityContext: {privileged: true}", "securityContext: {capabilities: {add: [CAP_SYS_ADMIN]}}"];
    for container in refused {
        let found = &hits("privilege-escalation", &pod(container))[0];
        assert!(found.fixes.is_empty() && found.no_fix.is_some(), "{container}");
    }
    let windows = "apiVersion: v1\nkind: Pod\nspec:\n  os: {name: windows}\n  containers: [{name: c, securityContext: {capabilities: {drop: [all]}}}]\n";
    let found = &hits("capability-spelling", windows)[0];
    assert_eq!(found.no_fix.as_deref(), Some("the API refuses capabilities in a pod with os.name: windows"));
}

#[test]
fn unknown_values_neither_pass_nor_fail() {
    for rule in Catalogue::shipped().rules() {
        let text =
            pod("image: '${IMAGE}', securityContext: '${SC}', resources: '{{ .R }}', ports: '${PORTS}'");
        let found = hits(&rule.id, &text);
        assert!(found.is_empty() || &*rule.id == "service-account-token", "{} found {found:?}", rule.id);
    }
    let list = "securityContext: {capabilities: {drop: ['${CAPABILITY}']}}";
    assert!(hits("undropped-capabilities", &pod(list)).is_empty());
}

#[test]
fn nothing_fires_without_a_pod() {
    let text = "apiVersion: v1\nkind: ConfigMap\nspec: {hostNetwork: true, containers: [{securityContext: {privileged: true}}]}\n---\napiVersion: apps/v1\nkind: Deployment\nspec: {}\n";
    let catalogue = Catalogue::shipped();
    let target = Target::new(NEWEST, Images::shipped());
    assert!(hits_with(catalogue, &Selection::all(catalogue), &target, text).is_empty());
}

#[test]
fn a_standard_selects_its_findings_only() {
    let catalogue = Catalogue::shipped();
    let mut selection = Selection::none(catalogue);
    selection.add_standard(catalogue, "pss:baseline").unwrap();
    let target = Target::new(NEWEST, Images::shipped());
    let text = "apiVersion: v1\nkind: Pod\nspec:\n  hostUsers: false\n  containers: [{name: c, securityContext: {privileged: true, procMount: Unmasked, capabilities: {add: [CHOWN]}}}]\n";
    let rules: Vec<_> =
        hits_with(catalogue, &selection, &target, text).iter().map(|hit| hit.rule.to_string()).collect();
    assert_eq!(rules, ["privileged-container"], "procMount is exempt at baseline with user namespaces");
    let error = selection.add_standard(catalogue, "pss:restrict").unwrap_err();
    assert_eq!(error.nearest.as_deref(), Some("pss:restricted"));
}

#[test]
fn a_moved_field_is_one_patch() {
    let found = hits("misplaced-field", &pod("runAsNonRoot: true"));
    let ops = &found[0].fixes[0].patch.ops;
    assert!(
        matches!(&ops[0], PatchOp::Set { path, .. } if path.to_string() == "spec.containers[0].securityContext.runAsNonRoot")
    );
    assert!(
        matches!(&ops[1], PatchOp::Remove { path, .. } if path.to_string() == "spec.containers[0].runAsNonRoot")
    );
}

#[test]
fn what_the_pod_can_not_say_moves_to_each_container() {
    let text = "apiVersion: v1\nkind: Pod\nspec:\n  securityContext: {privileged: false}\n  containers: [{name: a}, {name: b}]\n";
    let paths = fix(&hits("misplaced-field", text)[0]).unwrap().1;
    let [a, b] = [0, 1].map(|at| format!("spec.containers[{at}].securityContext.privileged"));
    assert_eq!(paths, [a, b, "spec.securityContext.privileged".to_owned()]);
}

#[test]
fn users_add_and_override_rules() {
    let catalogue = user(
        "[rules.acme-team]\nsummary = 's'\nseverity = 'medium'\nscope = 'workload'\nkinds = ['Pod']\nrequire = { path = 'metadata.labels.\"acme.example/team\"', matches = '^team-' }\nmessage = '{kind}/{object} has no team'\nwhy = 'w'\n[[rules.acme-team.fix]]\ntitle = 'Add it'\nop = 'add'\npath = 'metadata.labels.\"acme.example/team\"'\nvalue = 'team-x'\napplicability = 'suggestion'\nsafety = 's'\n[rules.host-pid]\nseverity = 'info'\nenabled = false\n[rules.privilege-escalation]\napplicability = 'safe'\n",
    )
    .unwrap();
    let mut selection = Selection::new(&catalogue);
    assert!(!selection.runs(&catalogue, "host-pid") && selection.runs(&catalogue, "acme-team"));
    assert_eq!(catalogue.rule("host-pid").unwrap().severity, Severity::Info);
    selection = Selection::none(&catalogue);
    selection.enable(&catalogue, "acme-team").unwrap();
    selection.enable(&catalogue, "privilege-escalation").unwrap();
    let target = Target::new(NEWEST, Images::shipped());
    let found = hits_with(&catalogue, &selection, &target, &pod("image: a"));
    let messages: Vec<_> = found.iter().map(|hit| hit.message.as_str()).collect();
    assert_eq!(messages, ["Pod/p has no team", "container c does not set allowPrivilegeEscalation: false"]);
    assert_eq!(found[1].fixes[0].applicability, Applicability::Safe);
}

#[test]
fn errors_say_where_and_what() {
    let head = "[rules.a-b]\nsummary = 's'\nseverity = 'low'\nscope = 'container'\nwhy = 'w'\n";
    let cases = [
        (
            "forbid = { path = 'x', is = true }\nmessage = '{nam}'\n",
            "`{nam}` is no placeholder",
            "did you mean `{name}`?",
        ),
        ("forbid = { path = 'x[', is = true }\nmessage = 'm'\n", "path `x[`", ""),
        ("forbid = { path = 'x', matches = '(' }\nmessage = 'm'\n", "regex", ""),
        (
            "forbid = { named = 'window' }\nmessage = 'm'\n",
            "no predicate `window`",
            "did you mean `windows`?",
        ),
        ("forbid = { path = 'x' }\nmessage = 'm'\n", "exactly one of `is`", ""),
        (
            "native = 'image-tags'\nmessage = 'm'\n",
            "no native rule `image-tags`",
            "did you mean `image-tag`?",
        ),
        ("message = 'm'\n", "exactly one of `require`", ""),
    ];
    for (tail, message, help) in cases {
        let error = user(&format!("{head}{tail}")).unwrap_err();
        assert!(error.message.contains(message), "{}", error.message);
        assert_eq!(error.help.unwrap_or_default(), help);
    }
    let text = "[rules.host-pidd]\nseverity = 'low'\n";
    let error = user(text).unwrap_err();
    assert_eq!(error.help.as_deref(), Some("did you mean `host-pid`?"));
    assert!(error.span.is_some());
    assert!(user("[rules.host-pid]\nsummary = 'mine'\n").unwrap_err().message.contains("shipped"));
}

#[test]
fn levels_of_a_namespace() {
    let catalogue = Catalogue::shipped();
    let target = Target::new(NEWEST, Images::shipped());
    let verdict = |text: &str| catalogue.pod_security(&objects("t.yaml", text)[0], &target);
    let mut all = verdict(&pod("image: a"));
    assert_eq!(all.highest(), Some(Level::Baseline));
    all.merge(&verdict(&pod("image: a, securityContext: {privileged: true}")));
    let next = NextLevel::from(&all);
    assert_eq!((next.now, next.next), (None, Some(Level::Baseline)));
    assert_eq!(next.blocked_by.iter().map(|check| &**check).collect::<Vec<_>>(), ["privileged"]);
}

#[test]
fn schema_describes_the_file() {
    let schema = json_schema();
    assert!(schema["properties"]["rules"].is_object());
}
