//! Commands of probes and hooks, and of containers, that start a shell which the image does not have.

use serde_json::json;

use crate::resource::{Container, Field, Pod, get, read_int};
use crate::rule::frame::Frame;
use crate::yaml::{FieldPath, NodeId, SpanTree};

use super::{Found, Planned, Repair};

/// Programs that come with a shell's userland: an image without a shell does not have them either.
const TOOLS: [&str; 8] = ["sh", "bash", "ash", "dash", "sleep", "curl", "wget", "cat"];

/// Where a container may name a command that the kubelet runs in it.
const EXECS: [&[&str]; 5] = [
    &["lifecycle", "postStart", "exec"],
    &["lifecycle", "preStop", "exec"],
    &["livenessProbe", "exec"],
    &["readinessProbe", "exec"],
    &["startupProbe", "exec"],
];

/// Seconds that Kubernetes gives a pod to end, unless it says otherwise.
const GRACE: i64 = 30;

/// The commands that cannot run, where it is certain that the image has no shell.
pub fn find(frame: &Frame<'_>) -> Vec<Found> {
    let (Some(pod), Some(container)) = (frame.pod, frame.container) else { return Vec::new() };
    if !frame.fact_of(container).is_some_and(|fact| fact.has_no_shell()) {
        return Vec::new();
    }
    let tree = frame.tree();
    let image = frame.image_of(container).unwrap_or_default();
    let mut found = Vec::new();
    for keys in EXECS {
        let Field::Value(exec) = get(tree, container.node, keys) else { continue };
        let Some((list, words)) = words_of(tree, exec) else { continue };
        let Some(program) = tool_of(&words) else { continue };
        let path = keys.iter().fold(container.path.clone(), |path, key| path.key(*key));
        let what = keys.get(..keys.len() - 1).unwrap_or_default().join(".");
        found.push(Found {
            node: list,
            field: path.key("command"),
            absent: false,
            message: Some(format!(
                "{what} of container {} calls {program}, which {image} does not have",
                container.label()
            )),
            repair: repair(frame, pod, keys, &path, &words),
        });
    }
    if let Some((list, words)) = words_of(tree, container.node)
        && let Some(program) = tool_of(&words)
    {
        found.push(Found {
            node: list,
            field: container.path.key("command"),
            absent: false,
            message: Some(format!(
                "container {} starts {program}, which {image} does not have",
                container.label()
            )),
            repair: None,
        });
    }
    found
}

/// The words of a `command`, where all of them are known.
fn words_of(tree: &SpanTree, node: NodeId) -> Option<(NodeId, Vec<String>)> {
    let list = get(tree, node, &["command"]).value()?;
    let word = |&item: &NodeId| Field::text_of(tree, item).value().map(|text| text.into_owned());
    let words: Option<Vec<String>> = tree.items(list).iter().map(word).collect();
    Some((list, words?))
}

/// The program of a command, where it is one of those tools.
fn tool_of(words: &[String]) -> Option<&'static str> {
    let program = words.first()?.rsplit('/').next()?;
    TOOLS.into_iter().find(|tool| *tool == program)
}

/// The words that are run in the end: those behind `sh -c`, where a shell would only split them.
fn plain(words: &[String]) -> Option<Vec<String>> {
    match words {
        [_, flag, text] if matches!(tool_of(words), Some("sh" | "bash" | "ash" | "dash")) => {
            let text = text.trim();
            let text = text.strip_suffix("|| exit 1").map_or(text, str::trim_end);
            let only_words = !text.contains(|c: char| "$;&|<>*?()[]{}`\\~#!\n'\"".contains(c));
            (flag == "-c" && only_words).then(|| text.split_whitespace().map(str::to_owned).collect())
        }
        _ if matches!(tool_of(words), Some("sh" | "bash" | "ash" | "dash")) => None,
        _ => Some(words.to_vec()),
    }
}

/// What the kubelet does by itself instead: it waits, or calls the pod.
fn repair(frame: &Frame<'_>, pod: &Pod, keys: &[&str], path: &FieldPath, words: &[String]) -> Option<Repair> {
    let words = plain(words)?;
    let command = path.key("command");
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [sleep, seconds] if *sleep == "sleep" || sleep.ends_with("/sleep") => {
            let seconds: i64 = seconds.trim_end_matches('s').parse().ok().filter(|seconds| *seconds > 0)?;
            let grace = match read_int(frame.tree(), pod.spec, &["terminationGracePeriodSeconds"]) {
                Field::Absent => GRACE,
                Field::Value(grace) => grace,
                _ => return None,
            };
            // Kubernetes 1.30 knows the action without being asked; it must end before the pod has to.
            let known = frame.version >= "1.30".parse().unwrap_or_default();
            (keys.first() == Some(&"lifecycle") && known && seconds <= grace).then(|| Repair {
                title: format!("Let the kubelet wait for {seconds} seconds"),
                ops: vec![
                    Planned::Rename(path.clone(), "sleep".to_owned()),
                    Planned::Rename(command.clone(), "seconds".to_owned()),
                    Planned::Set(command, json!(seconds)),
                ],
                level: None,
            })
        }
        [tool, rest @ ..] if matches!(tool_of(&words), Some("curl" | "wget")) => {
            let (port, url) = url_of(tool, rest)?;
            Some(Repair {
                title: format!("Let the kubelet call port {port}"),
                ops: vec![
                    Planned::Rename(path.clone(), "httpGet".to_owned()),
                    Planned::Rename(command.clone(), "path".to_owned()),
                    Planned::Set(command, json!(url)),
                    Planned::Set(path.key("port"), json!(port)),
                ],
                level: None,
            })
        }
        _ => None,
    }
}

/// Port and path of the only URL, which must be one of the pod itself; options must be ones that change
/// nothing but what is printed, and whether an answer of 400 or more fails, as it does with the kubelet.
fn url_of(tool: &str, words: &[&str]) -> Option<(i64, String)> {
    const QUIET: [&str; 14] = [
        "-f",
        "-s",
        "-S",
        "-fs",
        "-sf",
        "-sS",
        "-fsS",
        "-sSf",
        "-q",
        "--fail",
        "--silent",
        "--show-error",
        "--quiet",
        "--spider",
    ];
    let is_curl = tool.ends_with("curl");
    // Without it curl is content with any answer.
    let strict = words.iter().any(|word| {
        *word == "--fail" || word.starts_with('-') && !word.starts_with("--") && word.contains('f')
    });
    let mut urls = words.iter().filter(|word| !QUIET.contains(word));
    let url = urls.next().filter(|_| urls.next().is_none() && (!is_curl || strict))?;
    let rest = url.strip_prefix("http://")?;
    let (host, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let (name, port) = host.split_once(':').map_or((host, "80"), |(name, port)| (name, port));
    let path = if path.is_empty() { "/" } else { path };
    matches!(name, "localhost" | "127.0.0.1").then_some(())?;
    Some((port.parse().ok().filter(|port| (1..=65535).contains(port))?, path.to_owned()))
}

/// Whether a command that the kubelet runs in a container calls a port of the pod itself.
pub fn calls_port(tree: &SpanTree, container: &Container, port: i64) -> bool {
    EXECS.iter().filter_map(|keys| get(tree, container.node, keys).value()).any(|exec| {
        let Some((_, words)) = words_of(tree, exec) else { return false };
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

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn shells_are_looked_into_where_they_only_split_words() {
        let shell = |text: &str| vec!["/bin/sh".to_owned(), "-c".to_owned(), text.to_owned()];
        assert_eq!(plain(&shell("sleep 5")), Some(words("sleep 5")));
        assert_eq!(
            plain(&shell("curl -f http://localhost/h || exit 1")),
            Some(words("curl -f http://localhost/h"))
        );
        assert_eq!(plain(&shell("sleep $SECONDS")), None);
        assert_eq!(plain(&words("sh /drain")), None);
        assert_eq!(plain(&words("sleep 5")), Some(words("sleep 5")));
    }

    #[test]
    fn urls_of_the_pod_itself_lead_to_port_and_path() {
        let url = |text: &str| {
            let words: Vec<&str> = text.split(' ').collect();
            url_of(words[0], &words[1..])
        };
        assert_eq!(url("curl -f http://localhost/health"), Some((80, "/health".to_owned())));
        assert_eq!(url("wget -q --spider http://127.0.0.1:8080"), Some((8080, "/".to_owned())));
        assert_eq!(url("curl http://localhost/health"), None);
        assert_eq!(url("curl -f http://other/health"), None);
        assert_eq!(url("curl -f -H a:b http://localhost/"), None);
        assert_eq!(url("curl -f https://localhost/"), None);
    }
}
