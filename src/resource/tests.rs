use std::sync::Arc;

use crate::source::{Limits, Source};
use crate::yaml::{SpanTree, parse};

use super::*;

fn tree(text: &str) -> Arc<SpanTree> {
    Arc::new(parse(&Arc::new(Source::new("t.yaml", text)), &Limits::default()).tree)
}

fn objects(text: &str) -> Vec<Document> {
    Document::objects(&tree(text), Kinds::shipped())
}

#[test]
fn shipped_tables_are_read() {
    assert!(
        !Kinds::read(include_str!("../../kinds.toml"))
            .unwrap()
            .pods_in(&GroupVersionKind::gvk("apps", "v1", "Deployment"))
            .is_empty()
    );
    let images = Images::read(include_str!("../../images.toml")).unwrap();
    assert!(images.find(&ImageReference::parse("nginx:1.29").unwrap()).is_some());
}

#[test]
fn finds_pods_by_kind() {
    let text = "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: c}\nspec:\n  jobTemplate:\n    spec:\n      template:\n        metadata: {labels: {a: b}}\n        spec:\n          initContainers: [{name: i}]\n          containers: [{name: x}, {image: y}]\n";
    let [cron] = &objects(text)[..] else { panic!() };
    let [pod] = cron.pods() else { panic!() };
    assert_eq!(pod.path.to_string(), "spec.jobTemplate.spec.template.spec");
    assert!(pod.metadata.is_some());
    let labels: Vec<String> = pod.containers.iter().map(|container| container.label().to_string()).collect();
    assert_eq!(labels, ["i", "x", "containers[1]"]);
    assert_eq!(pod.containers[2].path.to_string(), "spec.jobTemplate.spec.template.spec.containers[1]");
}

#[test]
fn wildcards_reach_every_template() {
    let text = "apiVersion: kubeflow.org/v1\nkind: PyTorchJob\nspec:\n  pytorchReplicaSpecs:\n    Master: {template: {spec: {containers: []}}}\n    Worker: {template: {spec: {containers: []}}}\n";
    let paths: Vec<String> = objects(text)[0].pods().iter().map(|pod| pod.path.to_string()).collect();
    assert_eq!(
        paths,
        ["spec.pytorchReplicaSpecs.Master.template.spec", "spec.pytorchReplicaSpecs.Worker.template.spec"]
    );
}

#[test]
fn lists_yield_items() {
    let text = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {}}\n- 1\n- {apiVersion: v1, kind: List, items: []}\n---\nnot: an object\n---\napiVersion: v1\nkind: PodList\nitems:\n- {metadata: {name: b}, spec: {}}\n";
    let found = Document::read_all(&tree(text), Kinds::shipped());
    let words: Vec<String> = found
        .iter()
        .map(|content| match content {
            Content::Object(document) => {
                format!("{} {:?} {}", document.document(), document.item(), document.name().unwrap_or("-"))
            }
            Content::Other { document, item, reason, .. } => format!("{document} {item:?} {reason:?}"),
        })
        .collect();
    assert_eq!(
        words,
        ["0 Some(0) a", "0 Some(1) NoMapping", "0 Some(2) NestedList", "1 None NoKind", "2 Some(0) b"]
    );
}

#[test]
fn container_value_wins_over_the_pods() {
    let text = "apiVersion: v1\nkind: Pod\nspec:\n  securityContext: {runAsUser: 5, runAsNonRoot: true}\n  containers:\n  - {name: a}\n  - {name: b, securityContext: {runAsUser: 0, runAsNonRoot: $(X)}}\n  - {name: c, securityContext: {runAsUser: null, runAsNonRoot: 'true'}}\n  - {name: d, securityContext: '${SC}'}\n";
    let objects = objects(text);
    let (tree, pod) = (objects[0].tree(), &objects[0].pods()[0]);
    let users: Vec<_> = pod.containers.iter().map(|c| run_as_user(tree, pod, c)).collect();
    assert_eq!(users, [Field::Value(5), Field::Value(0), Field::Value(5), Field::Unknown]);
    let flags: Vec<_> = pod.containers.iter().map(|c| run_as_non_root(tree, pod, c)).collect();
    assert_eq!(flags, [Field::Value(true), Field::Unknown, Field::Wrong, Field::Unknown]);
}

#[test]
fn reads_image_references() {
    let parts = |text| {
        ImageReference::parse(text)
            .map(|image| (image.repository(), image.tag.text().to_owned(), image.digest.map(str::to_owned)))
    };
    let some = |name: &str, tag: &str, digest: Option<&str>| {
        Some((name.to_owned(), tag.to_owned(), digest.map(str::to_owned)))
    };
    assert_eq!(parts("nginx"), some("nginx", "latest", None));
    assert_eq!(parts("docker.io/library/nginx:1.29"), some("nginx", "1.29", None));
    assert_eq!(parts("registry:5000/app"), some("registry:5000/app", "latest", None));
    assert_eq!(parts("k8s.gcr.io/pause:3@sha256:ab"), some("registry.k8s.io/pause", "3", Some("sha256:ab")));
    for text in ["", "${IMAGE}", "$(IMAGE):1", "a b", "nginx:", "/x"] {
        assert_eq!(parts(text), None, "{text}");
    }
}

#[test]
fn image_rows_match_by_the_longest_pattern() {
    let rows = [("acme/*", 1), ("acme/api", 2), ("acme/api:2*", 3), ("acme/api:2.4+;edge", 4)];
    let rows = rows.map(|(key, uid)| (key.to_owned(), ImageRow { uid: Some(uid), ..ImageRow::default() }));
    let images = Images::with_user_rows(rows);
    let uid = |text| images.find(&ImageReference::parse(text).unwrap()).and_then(|fact| fact.row.uid);
    assert_eq!(uid("acme/web:1"), Some(1));
    assert_eq!(uid("acme/api"), Some(2));
    assert_eq!(uid("docker.io/acme/api:v2.1"), Some(3));
    assert_eq!(uid("acme/api:2.10.1-slim"), Some(4));
    assert_eq!(uid("acme/api:edge"), Some(4));
    assert_eq!(uid("acme"), None);
    assert_eq!(
        uid("mcr.microsoft.com/dotnet/aspnet:8.0-noble-chiseled"),
        Some(1654),
        "falls back on the shipped table"
    );
}

#[test]
fn only_read_rows_of_bounded_tags_are_reliable() {
    let images = Images::shipped();
    let runs_as = |text| images.find(&ImageReference::parse(text).unwrap()).unwrap().runs_as();
    assert_eq!(runs_as("mcr.microsoft.com/dotnet/aspnet:8.0-noble-chiseled"), RunsAs::Uid(1654));
    assert_eq!(runs_as("bitnami/redis:7"), RunsAs::Unknown);
    assert_eq!(runs_as("nginx:1.29"), RunsAs::Unknown);
    let user =
        Images::with_user_rows([("nginx".to_owned(), ImageRow { uid: Some(101), ..ImageRow::default() })]);
    assert_eq!(user.find(&ImageReference::parse("nginx").unwrap()).unwrap().runs_as(), RunsAs::Uid(101));
}

#[test]
fn versions_are_read() {
    for text in ["1.29", "v1.29", "1.29.4", "v1.29.4+k3s1", "1.29-eks"] {
        assert_eq!(text.parse(), Ok(KubernetesVersion::new(29)), "{text}");
    }
    assert_eq!("latest".parse(), Ok(KubernetesVersion::NEWEST));
    assert!("2.0".parse::<KubernetesVersion>().is_err());
}
