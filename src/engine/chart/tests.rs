use std::sync::Arc;

use super::*;
use crate::config::Settings;
use crate::engine::{Engine, Outcome, Selection};
use crate::rule::{self, Catalogue};
use crate::source::MemoryFiles;

fn engine() -> Engine {
    let catalogue = Arc::new(Catalogue::shipped().clone());
    let mut rules = rule::Selection::none(&catalogue);
    rules.add_standard(&catalogue, "pss:restricted").unwrap();
    Engine::new(catalogue, rules, Settings::default()).unwrap()
}

const POD: &str = "\
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  securityContext:
    runAsNonRoot: true
    seccompProfile: {type: RuntimeDefault}
  containers:
  - name: web
    image: registry.example/web:1
    securityContext:
      capabilities: {drop: [ALL]}
";

fn ports() -> Engine {
    let catalogue = Arc::new(Catalogue::shipped().clone());
    let mut rules = rule::Selection::none(&catalogue);
    rules.enable(&catalogue, "privileged-port").unwrap();
    Engine::new(catalogue, rules, Settings::default()).unwrap()
}

fn chart(files: &[(&str, &str)]) -> ChartInput {
    let meta = ("c/Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n");
    let files = files.iter().map(|(path, text)| (format!("c/{path}"), *text));
    let files: MemoryFiles = std::iter::once((meta.0.to_owned(), meta.1)).chain(files).collect();
    ChartInput::in_memory(files, "c")
}

fn mended(input: &ChartInput) -> (Vec<(String, String)>, Vec<Outcome>) {
    mended_by(&engine(), input)
}

fn mended_by(engine: &Engine, input: &ChartInput) -> (Vec<(String, String)>, Vec<Outcome>) {
    let selection = Selection { unsafe_fixes: true, ..Selection::default() };
    let mended = mend(engine, input, &selection);
    let files = mended.verified.files().iter();
    let files = files.map(|file| (file.name().to_string(), file.after().text().to_string())).collect();
    (files, mended.outcomes.into_iter().map(|outcome| outcome.outcome).collect())
}

#[test]
fn a_finding_stands_at_the_value_that_causes_it() {
    let template = format!("{POD}      privileged: {{{{ .Values.privileged }}}}\n");
    let input = chart(&[
        ("templates/pod.yaml", &template),
        ("values.yaml", "# why\nprivileged: false\n"),
        ("values-dev.yaml", "privileged: true\n"),
    ]);
    let judged = judge(&engine(), &input);
    let found = judged.findings();
    let finding = found.iter().find(|finding| &*finding.rule == "privileged-container").unwrap();
    assert_eq!(&**finding.primary.path(), "c/values-dev.yaml");
    assert_eq!(finding.primary.source.slice(finding.primary.span), "true");
    let scenarios = finding.scenarios.as_ref().unwrap();
    assert_eq!((scenarios.found_in.len(), scenarios.total), (1, 2));
    assert!(
        finding
            .related
            .iter()
            .any(|(place, text)| { &**place.path() == "c/values.yaml" && text == "overridden" })
    );
    assert_eq!(judged.counts.scenarios.checked, 2);
}

#[test]
fn a_comment_at_a_value_silences_what_comes_from_it() {
    let template = format!("{POD}      privileged: {{{{ .Values.privileged }}}}\n");
    let values = "# seaworthy: ignore[privileged-container] needs the device\nprivileged: true\n";
    let input = chart(&[("templates/pod.yaml", &template), ("values.yaml", values)]);
    let judged = judge(&engine(), &input);
    assert!(judged.findings().iter().all(|finding| &*finding.rule != "privileged-container"));
    assert_eq!(judged.ignored.len(), 1);
    assert_eq!(judged.ignored[0].reason.as_deref(), Some("needs the device"));
}

#[test]
fn values_win_over_text_and_nothing_changes_twice() {
    let template = POD.replace(
        "      capabilities: {drop: [ALL]}\n",
        "      {{- toYaml .Values.securityContext | nindent 6 }}\n",
    );
    let values = "securityContext: # of the container\n  capabilities:\n    drop: [ALL] # all\n";
    let input = chart(&[("templates/pod.yaml", &template), ("values.yaml", values)]);
    let (files, outcomes) = mended(&input);
    let after = "securityContext: # of the container\n  capabilities:\n    drop: [ALL] # all\n  allowPrivilegeEscalation: false\n";
    assert_eq!(files, [("c/values.yaml".to_owned(), after.to_owned())]);
    assert_eq!(outcomes, [Outcome::Fixed]);
    let input = chart(&[("templates/pod.yaml", &template), ("values.yaml", after)]);
    assert_eq!(mended(&input), (Vec::new(), Vec::new()));
}

#[test]
fn what_would_change_something_else_is_refused() {
    // The key is also printed into a configuration map: changing it changes more than the pod.
    let template =
        POD.replace("      capabilities: {drop: [ALL]}\n", "      {{- toYaml .Values.sc | nindent 6 }}\n");
    let copy = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata:\n  sc: {{ toJson .Values.sc | quote }}\n";
    let input = chart(&[
        ("templates/pod.yaml", &template),
        ("templates/map.yaml", copy),
        ("values.yaml", "sc: {capabilities: {drop: [ALL]}}\n"),
    ]);
    let (files, outcomes) = mended(&input);
    assert!(files.is_empty(), "{files:?}");
    let [Outcome::Refused { reason }] = outcomes.as_slice() else { panic!("{outcomes:?}") };
    assert!(reason.contains("data.sc of ConfigMap/m would change too"), "{reason}");
}

#[test]
fn text_is_edited_where_no_value_leads_to_the_field() {
    let input = chart(&[("templates/pod.yaml", POD)]);
    let (files, outcomes) = mended(&input);
    let after =
        POD.replace("      capabilities:", "      allowPrivilegeEscalation: false\n      capabilities:");
    assert_eq!(files, [("c/templates/pod.yaml".to_owned(), after)]);
    assert_eq!(outcomes, [Outcome::Fixed]);
}

#[test]
fn a_chart_that_does_not_render_is_not_checked() {
    let input = chart(&[("templates/pod.yaml", "kind: {{ required \"say which\" .Values.kind }}\n")]);
    let judged = judge(&engine(), &input);
    assert_eq!((judged.counts.charts.checked, judged.counts.charts.not_checked), (0, 1));
    assert!(judged.problems[0].message.contains("say which"));
    assert_eq!(&*judged.problems[0].path, "c/templates/pod.yaml");
}

#[test]
fn a_port_moves_in_all_scenarios_or_not_at_all() {
    let pod = "\
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  containers:
  - name: web
    image: registry.example/web:1
    env:
    - {name: PORT, value: \"80\"}
    ports:
    - containerPort: 80
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports:
  - {port: 80, targetPort: 80}
";
    let policy = |name: &str| {
        let text = "\
{{- if .Values.NAME }}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: NAME}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress:
  - ports:
    - port: 80
{{- end }}
";
        text.replace("NAME", name)
    };
    let files =
        [("templates/pod.yaml", pod), ("templates/a.yaml", &policy("a")), ("ci/a-values.yaml", "a: true\n")];
    let (changed, outcomes) = mended_by(&ports(), &chart(&files));
    assert_eq!(outcomes, [Outcome::Fixed]);
    assert_eq!(changed.len(), 2, "{changed:?}");
    assert!(changed.iter().all(|(_, text)| text.contains("8080")), "{changed:?}");
    // No scenario prints both policies, so that one of them would be forgotten.
    let (b, values) = (policy("b"), "b: true\n");
    let more = [("templates/b.yaml", &*b), ("ci/b-values.yaml", values)];
    let (changed, outcomes) = mended_by(&ports(), &chart(&[&files[..], &more[..]].concat()));
    assert!(changed.is_empty(), "{changed:?}");
    let [Outcome::Refused { reason }] = outcomes.as_slice() else { panic!("{outcomes:?}") };
    assert!(reason.contains("of NetworkPolicy/b would stay behind"), "{reason}");
}

#[test]
fn the_last_item_of_a_list_goes_with_the_list() {
    let template = POD.replace(
        "capabilities: {drop: [ALL]}",
        "capabilities: {drop: [ALL], add: {{ toJson .Values.add }}}\n      allowPrivilegeEscalation: false",
    );
    let input = chart(&[("templates/pod.yaml", &template), ("values.yaml", "add:\n- SYS_TIME\nother: 1\n")]);
    let (_, outcomes) = mended(&input);
    assert!(outcomes.iter().all(|outcome| !matches!(outcome, Outcome::Fixed)), "the template prints null");
    let template = template.replace("add: {{ toJson .Values.add }}}", "add: [SYS_TIME]}").replace(
        "capabilities: {drop: [ALL], add: [SYS_TIME]}",
        "capabilities:\n        drop:\n        - ALL\n        add:\n        - SYS_TIME",
    );
    let (files, outcomes) = mended(&chart(&[("templates/pod.yaml", &template)]));
    assert_eq!(outcomes, [Outcome::Fixed]);
    assert_eq!(files[0].1, template.replace("        add:\n        - SYS_TIME\n", ""));
}

#[test]
fn templates_that_change_values_for_others_are_rendered_together() {
    let profile = "{{- $_ := set .Values \"image\" (dict \"name\" \"web\") }}";
    let template =
        POD.replace("registry.example/web:1", "registry.example/{{ index .Values.image \"name\" }}:1");
    // Files are executed from the last name to the first.
    let input = chart(&[("templates/pod.yaml", &template), ("templates/zzz.yaml", profile)]);
    let (files, outcomes) = mended(&input);
    assert_eq!(outcomes, [Outcome::Fixed]);
    assert_eq!(files.len(), 1);
    assert!(files[0].1.contains("allowPrivilegeEscalation: false"));
}

fn with_new_values(input: &ChartInput) -> Vec<(String, String)> {
    let selection = Selection { unsafe_fixes: true, add_values: true, ..Selection::default() };
    let files = mend(&engine(), input, &selection).verified;
    files.files().iter().map(|file| (file.name().to_string(), file.after().text().to_string())).collect()
}

#[test]
fn a_field_without_a_hook_gets_one_with_its_value() {
    let input = chart(&[("templates/pod.yaml", POD), ("values.yaml", "image: web # ours\n")]);
    let hook = "allowPrivilegeEscalation: {{ .Values.securityContext.allowPrivilegeEscalation }}";
    let template = POD.replace("      capabilities:", &format!("      {hook}\n      capabilities:"));
    let values = "image: web # ours\nsecurityContext:\n  allowPrivilegeEscalation: false\n";
    let files = with_new_values(&input);
    assert_eq!(
        files,
        [("c/templates/pod.yaml".into(), template.clone()), ("c/values.yaml".into(), values.into())]
    );
    assert!(
        with_new_values(&chart(&[("templates/pod.yaml", &template), ("values.yaml", values)])).is_empty()
    );
}

#[test]
fn a_new_key_is_nobody_elses() {
    // What is printed for several components, a subchart's name, and a values file that is not there.
    let two = format!("{POD}---\n{}", POD.replace("name: web\nspec", "name: other\nspec"));
    let range = format!("{{{{- range .Values.names }}}}\n---\n{POD}{{{{- end }}}}\n")
        .replace("name: web\nspec", "name: {{ . }}\nspec");
    let meta = "apiVersion: v2\nname: web\nversion: 1.0.0\n";
    for files in [
        vec![("templates/pod.yaml", &*range), ("values.yaml", "names: [a, b]\n")],
        vec![("templates/pod.yaml", &*two), ("values.yaml", "a: 1\n"), ("charts/web/Chart.yaml", meta)],
        vec![("templates/pod.yaml", POD)],
    ] {
        let files = with_new_values(&chart(&files));
        let [(name, text)] = files.as_slice() else { panic!("{files:?}") };
        assert_eq!(name, "c/templates/pod.yaml");
        assert!(text.contains("allowPrivilegeEscalation: false\n"), "{text}");
    }
    // Without such a subchart the component's name will do.
    let files = with_new_values(&chart(&[("templates/pod.yaml", &two), ("values.yaml", "a: 1\n")]));
    assert!(files.iter().any(|(_, text)| text.contains("\nweb:\n  securityContext:\n")), "{files:?}");
}

/// What becomes of a chart whose only container runs an image that another one is known for.
fn swapped(image: &str, values: &str) -> (Vec<(String, String)>, Vec<Outcome>) {
    let catalogue = Arc::new(Catalogue::shipped().clone());
    let mut rules = rule::Selection::none(&catalogue);
    rules.enable(&catalogue, "privileged-image").unwrap();
    let engine = Engine::new(catalogue, rules, Settings::default()).unwrap();
    let template = format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  - name: web\n    command: [a]\n    image: {image}\n"
    );
    // Images that are configured by their command are left alone, but for those of .NET.
    let template =
        if image.contains("dotnet") { template } else { template.replace("    command: [a]\n", "") };
    let input = chart(&[("templates/pod.yaml", &template), ("values.yaml", values)]);
    let suggestions = std::iter::once("privileged-image".to_owned()).collect();
    let mended = mend(&engine, &input, &Selection { suggestions, ..Selection::default() });
    let files = mended.verified.files().iter();
    let files = files.map(|file| (file.name().to_string(), file.after().text().to_string())).collect();
    (files, mended.outcomes.into_iter().map(|outcome| outcome.outcome).collect())
}

#[test]
fn of_several_values_that_print_a_scalar_one_is_changed() {
    const NEW: &str = "nginxinc/nginx-unprivileged";
    let in_values = [
        // As `helm create` writes it.
        ("\"{{ .Values.repo }}:{{ .Values.tag }}\"", "repo: nginx   # ours\ntag: 1.29\n"),
        ("\"{{ .Values.repo }}:{{ .Values.tag | default .Chart.Version }}\"", "repo: nginx\ntag: ''\n"),
        // The registry stays.
        (
            "{{ printf \"%s/%s:%s\" .Values.registry .Values.repo .Values.tag | quote }}",
            "registry: docker.io\nrepo: nginx\ntag: '1'\n",
        ),
        ("{{ .Values.registry }}{{ .Values.repo }}:1", "registry: docker.io/library/\nrepo: nginx\n"),
        ("{{ .Values.repo }}", "repo: nginx\n"),
    ];
    for (image, values) in in_values {
        let (files, outcomes) = swapped(image, values);
        let wanted = if values.contains("library/") {
            // No one value makes `library/` go as well.
            Vec::new()
        } else {
            vec![("c/values.yaml".to_owned(), values.replace("repo: nginx", &format!("repo: {NEW}")))]
        };
        assert_eq!(files, wanted, "{image}: {outcomes:?}");
    }
    let (files, _) = swapped("nginx:{{ .Values.tag }}", "tag: '1'\n");
    let [(name, text)] = files.as_slice() else { panic!("{files:?}") };
    assert!(
        name == "c/templates/pod.yaml" && text.contains(&format!("image: {NEW}:{{{{ .Values.tag }}}}\n"))
    );
    let (files, _) = swapped("{{ printf \"nginx:%s\" .Values.tag }}", "tag: '1'\n");
    let [(name, text)] = files.as_slice() else { panic!("{files:?}") };
    assert!(name == "c/templates/pod.yaml" && text.contains(&format!("printf \"{NEW}:%s\" .Values.tag")));
    // The tag, where it is the part that changes: at the key that was looked for first.
    let image = "\"mcr.microsoft.com/dotnet/{{ .Values.kind }}:{{ .Values.tag | default \"9.0\" }}\"";
    let (files, outcomes) = swapped(image, "kind: aspnet\ntag: \"\" # usual\n");
    let text = "kind: aspnet\ntag: \"9.0-noble-chiseled-extra\" # usual\n";
    assert_eq!(files, [("c/values.yaml".to_owned(), text.to_owned())], "{outcomes:?}");
}

#[test]
fn a_part_that_others_print_too_stays() {
    let (files, outcomes) = swapped(
        "\"{{ .Values.repo }}:1\"\n  restartPolicy: Never\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {image: \"{{ .Values.repo }}\"}",
        "repo: nginx\n",
    );
    let [Outcome::Refused { reason }] = outcomes.as_slice() else { panic!("{outcomes:?}") };
    assert!(files.is_empty() && reason.contains("data.image"), "{reason}");
    let (files, outcomes) =
        swapped("\"{{ .Values.repo }}@sha256:{{ .Values.sum }}\"", "repo: nginx\nsum: 'ab'\n");
    let [Outcome::NoFix { reason }] = outcomes.as_slice() else { panic!("{outcomes:?}") };
    assert!(files.is_empty() && reason.contains("digest"), "{reason}");
}

/// The charts of the cases of the command line that are to be fixed.
fn charts_of_cases() -> Vec<ChartInput> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/cli");
    let mut charts = Vec::new();
    for case in std::fs::read_dir(root).unwrap().flatten() {
        if !case.file_name().to_string_lossy().starts_with("fix-chart") {
            continue;
        }
        let files = files_below(&case.path().join("in"));
        let own = |path: &str| path.ends_with("Chart.yaml") && !path.contains("/charts/");
        for chart in files.keys().filter_map(|path| path.strip_suffix("/Chart.yaml").filter(|_| own(path))) {
            let files: MemoryFiles = files.iter().map(|(path, text)| (path.clone(), text.as_str())).collect();
            charts.push(ChartInput::in_memory(files, chart));
        }
    }
    charts
}

fn files_below(folder: &Path) -> std::collections::BTreeMap<String, String> {
    let mut found = std::collections::BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(open) = folders.pop() {
        for entry in std::fs::read_dir(open).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                found.insert(name, std::fs::read_to_string(path).unwrap());
            }
        }
    }
    found
}

#[test]
fn nothing_is_rendered_twice_for_the_same_bytes() {
    let engine = engine();
    let selection = Selection { unsafe_fixes: true, ..Selection::default() };
    let mut rendered = 0;
    let charts = charts_of_cases();
    assert!(charts.len() > 10);
    for input in charts {
        let mut trials = trials::Trials::new(&engine, &input, &selection, 400);
        mend::mend_by(&mut trials, &engine, &input, &selection);
        let distinct: std::collections::BTreeSet<_> = trials.rendered.iter().collect();
        assert_eq!(distinct.len(), trials.rendered.len(), "{}", input.name);
        rendered += distinct.len();
    }
    assert!(rendered > 10, "{rendered}");
}

#[test]
fn values_files_of_the_same_bytes_are_rendered_once() {
    let template = format!("{POD}      privileged: {{{{ .Values.privileged }}}}\n");
    let input = chart(&[
        ("templates/pod.yaml", &template),
        ("values.yaml", "privileged: false\n"),
        ("ci/a-values.yaml", "privileged: true\n"),
        ("ci/b-values.yaml", "privileged: true\n"),
    ]);
    let judged = judge(&engine(), &input);
    let [default, a, b] = judged.scenarios.as_slice() else { panic!("{} scenarios", judged.scenarios.len()) };
    // A document that was rendered twice would be read twice.
    assert!(Arc::ptr_eq(&a.documents[0].tree, &b.documents[0].tree));
    assert!(!Arc::ptr_eq(&a.documents[0].tree, &default.documents[0].tree));
    // Each file has its own finding, at its own place, and its own fix.
    let found = judged.findings();
    let privileged = found.iter().filter(|finding| &*finding.rule == "privileged-container");
    let places: Vec<String> = privileged.map(|finding| finding.primary.path().to_string()).collect();
    assert_eq!(places, ["c/ci/a-values.yaml", "c/ci/b-values.yaml"]);
    let (files, _) = mended(&input);
    for file in places {
        assert!(files.iter().any(|(name, text)| *name == file && text == "privileged: false\n"), "{files:?}");
    }
}

#[test]
fn scenarios_that_a_change_does_not_touch_stay_rendered() {
    let template = format!("{POD}      privileged: {{{{ .Values.privileged }}}}\n");
    let (values, own) = ("privileged: false\n", "privileged: true\n");
    let files = [("templates/pod.yaml", &*template), ("values.yaml", values), ("ci/a-values.yaml", own)];
    let input = chart(&files);
    let before = judge(&engine(), &input);
    let mut above = MemoryFiles::new();
    above.insert("c/ci/a-values.yaml", &b"privileged: null\n"[..]);
    let files = OverlayFiles::new(Arc::clone(&input.files), above);
    let after = judge::judge_again(&engine(), &input, &files, Some(&before));
    assert!(Arc::ptr_eq(&before.scenarios[0], &after.scenarios[0]));
    assert!(!Arc::ptr_eq(&before.scenarios[1], &after.scenarios[1]));
}
