//! Commands of probes and hooks that call a port of their own pod.

use crate::resource::{Container, Field, get};
use crate::yaml::SpanTree;

/// Where a container may name a command that the kubelet runs in it.
const EXECS: [&[&str]; 5] = [
    &["lifecycle", "postStart", "exec"],
    &["lifecycle", "preStop", "exec"],
    &["livenessProbe", "exec"],
    &["readinessProbe", "exec"],
    &["startupProbe", "exec"],
];

/// Whether a command that the kubelet runs in a container calls a port of the pod itself.
pub fn calls_port(tree: &SpanTree, container: &Container, port: i64) -> bool {
    EXECS.iter().filter_map(|keys| get(tree, container.node, keys).value()).any(|exec| {
        let Some(list) = get(tree, exec, &["command"]).value() else { return false };
        let words: Vec<_> =
            tree.items(list).iter().filter_map(|&item| Field::text_of(tree, item).value()).collect();
        let text = words.join(" ");
        ["localhost", "127.0.0.1", "[::1]"].into_iter().any(|host| {
            text.match_indices(host).any(|(at, _)| {
                let rest = text.get(at + host.len()..).unwrap_or("");
                match rest.strip_prefix(':') {
                    Some(rest) => {
                        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
                        rest.get(..end).and_then(|number| number.parse().ok()) == Some(port)
                    }
                    None => port == 80 && text.get(..at).is_some_and(|front| front.ends_with("http://")),
                }
            })
        })
    })
}
