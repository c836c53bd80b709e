//! Commands, probes and hooks that call a shell or a tool in an image that is known to have none.
//!
//! What the kubelet does about a program that is not there: a container is not started; a `postStart` hook
//! that fails kills its container; a `preStop` hook that fails is passed over. A probe that can not be run is
//! an error rather than a failure, and its result is thrown away (kubernetes pkg/kubelet/prober/worker.go,
//! `doProbe`): readiness stays as it was at the start, which is not ready, and liveness too, which is alive.

use crate::finding::{Applicability, PatchOp};
use crate::resource::{Container, ContainerList, Field, get, is_windows, read_int, read_text};
use crate::rule::frame::Frame;
use crate::rule::shell_words::{base_name, is_shell, script, split};
use crate::yaml::{FieldPath, NodeId, SpanTree};

use super::instead::{Instead, instead_of, is_tool};
use super::{Found, NativeFix, Repair};

/// Folders of the system in which a program is looked for.
const SYSTEM: [&str; 6] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// Seconds that a pod has to stop where it does not say.
const GRACE: i64 = 30;

/// Where a container names a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Command,
    Args,
    Probe(&'static str, &'static str),
    Hook(&'static str),
}

const PLACES: [Place; 7] = [
    Place::Command,
    Place::Args,
    Place::Probe("livenessProbe", "liveness"),
    Place::Probe("readinessProbe", "readiness"),
    Place::Probe("startupProbe", "startup"),
    Place::Hook("postStart"),
    Place::Hook("preStop"),
];

impl Place {
    fn keys(self) -> Vec<&'static str> {
        match self {
            Self::Command => vec!["command"],
            Self::Args => vec!["args"],
            Self::Probe(probe, _) => vec![probe, "exec", "command"],
            Self::Hook(hook) => vec!["lifecycle", hook, "exec", "command"],
        }
    }

    fn path(self, container: &Container) -> FieldPath {
        self.keys().into_iter().fold(container.path.clone(), |path, key| path.key(key))
    }

    /// The path of the probe or hook.
    fn owner(self, container: &Container) -> FieldPath {
        let keys = self.keys();
        let above = keys.len().saturating_sub(2);
        keys.into_iter().take(above).fold(container.path.clone(), |path, key| path.key(key))
    }
}

/// The commands that the kubelet runs in a container: those of its probes and hooks.
pub fn kubelet_commands(tree: &SpanTree, container: &Container) -> impl Iterator<Item = NodeId> {
    let by_kubelet = PLACES.into_iter().filter(|place| matches!(place, Place::Probe(..) | Place::Hook(_)));
    by_kubelet.filter_map(|place| get(tree, container.node, &place.keys()).value())
}

/// The words of a list; `None` where one is no text, or filled in later.
fn words(tree: &SpanTree, list: NodeId) -> Option<Vec<String>> {
    let text = |item: &NodeId| Field::text_of(tree, *item).value().map(|text| text.into_owned());
    tree.items(list).iter().map(text).collect()
}

/// Whether a volume may bring the program into the container.
fn may_be_mounted(frame: &Frame<'_>, container: &Container, program: &str) -> bool {
    let tree = frame.tree();
    let list = match get(tree, container.node, &["volumeMounts"]) {
        Field::Absent => return false,
        Field::Value(list) => list,
        Field::Unknown | Field::Wrong => return true,
    };
    let sets_path = || {
        let env = get(tree, container.node, &["env"]).value();
        let items = env.map_or(&[][..], |env| tree.items(env));
        items
            .iter()
            .any(|&item| !matches!(read_text(tree, item, &["name"]), Field::Value(name) if name != "PATH"))
    };
    let within = |path: &str, folder: &str| {
        path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    tree.items(list).iter().any(|&item| {
        let Field::Value(mount) = read_text(tree, item, &["mountPath"]) else { return true };
        let mount = mount.trim_end_matches('/');
        if program.starts_with('/') {
            return within(program, mount);
        }
        let last = base_name(mount);
        matches!(last, "bin" | "sbin")
            || last == program
            || SYSTEM.iter().any(|folder| within(folder, mount) || within(mount, folder))
            || sets_path()
    })
}

/// Whether the image certainly lacks a program: a shell or a tool by its name alone, or in a folder of the
/// system. Elsewhere it may be the image's own.
fn is_missing(frame: &Frame<'_>, container: &Container, program: &str) -> bool {
    let folder = program.strip_suffix(base_name(program)).unwrap_or("").trim_end_matches('/');
    (is_shell(program) || is_tool(program))
        && (!program.contains('/') || SYSTEM.contains(&folder))
        && !may_be_mounted(frame, container, program)
}

/// Every command, probe and hook of a container that calls what its image does not have.
pub fn find(frame: &Frame<'_>) -> Vec<Found> {
    let (Some(pod), Some(container)) = (frame.pod, frame.container) else { return Vec::new() };
    let tree = frame.tree();
    if is_windows(tree, pod) || !frame.fact_of(container).is_some_and(|fact| fact.has_no_shell()) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for place in PLACES {
        let Field::Value(list) = get(tree, container.node, &place.keys()) else { continue };
        let Some(&node) = tree.items(list).first() else { continue };
        let Some(program) = Field::text_of(tree, node).value() else { continue };
        if place == Place::Args && !starts_script(frame, container, list) {
            continue;
        }
        if is_missing(frame, container, &program) {
            let message = Some(message(frame, container, place, &program));
            let field = place.path(container);
            found.push(Found { node, field, absent: false, message, repair: None });
        }
    }
    found
}

/// Whether arguments are a shell with a script and there is no command: whatever the image's own entry point
/// makes of the words, no shell is run. A tool's name may be a word of the program's own.
fn starts_script(frame: &Frame<'_>, container: &Container, args: NodeId) -> bool {
    let tree = frame.tree();
    get(tree, container.node, &["command"]).is_absent()
        && words(tree, args).is_some_and(|words| script(&words).is_some())
}

fn message(frame: &Frame<'_>, container: &Container, place: Place, program: &str) -> String {
    let image = frame.image_of(container).unwrap_or_default();
    let image = image.split_once('@').map_or(image.as_str(), |(name, _)| name);
    let name = container.label();
    let error = if program.contains('/') {
        format!("exec: \"{program}\": stat {program}: no such file or directory")
    } else {
        format!("exec: \"{program}\": executable file not found in $PATH")
    };
    let what = match place {
        Place::Command if container.list == ContainerList::Init => {
            format!("init container {name} does not start, and so the pod does not")
        }
        Place::Command => format!("container {name} does not start"),
        Place::Args => {
            return format!(
                "the args of container {name} start {program}, which {image} does not have: no shell reads them"
            );
        }
        Place::Probe(_, "readiness") => {
            format!("container {name} never becomes ready, since its readiness probe can not be run")
        }
        Place::Probe(_, "startup") => {
            format!("container {name} never counts as started, since its startup probe can not be run")
        }
        Place::Probe(_, probe) => {
            format!("the {probe} probe of container {name} can not be run, so that it notices nothing")
        }
        Place::Hook("postStart") => {
            format!("container {name} is killed whenever it starts, since its postStart hook fails")
        }
        Place::Hook(hook) => format!("the {hook} hook of container {name} does nothing but fail"),
    };
    format!("{what}: {image} has no {} ({error})", base_name(program))
}

/// What the kubelet does by itself in place of the command, or the command without its shell.
pub fn fix(
    frame: &Frame<'_>,
    document: usize,
    found: &FieldPath,
    _: Option<&Repair>,
) -> Result<NativeFix, String> {
    let container = frame.container.ok_or("there is no container")?;
    let place = PLACES.into_iter().find(|place| place.path(container) == *found);
    let place = place.ok_or("there is no command")?;
    let list = get(frame.tree(), container.node, &place.keys()).value().ok_or("there is no command")?;
    let words = words(frame.tree(), list).ok_or("a word of it is filled in later")?;
    match place {
        Place::Command => command(frame, container, document, words),
        Place::Args => {
            Err("the image's own entry point gets them: write the program itself as the command".to_owned())
        }
        Place::Probe(..) => probe(frame, container, document, place, &words),
        Place::Hook(hook) => on_event(frame, container, document, (place, hook), &words),
    }
}

fn set(document: usize, path: FieldPath, value: impl Into<serde_json::Value>) -> PatchOp {
    PatchOp::Set { document, path, value: value.into() }
}

/// The level of what mends a thing that can not work: safe, unless only the next build of the image is known.
fn broken_today(frame: &Frame<'_>, container: &Container) -> (Applicability, Option<String>) {
    if frame.fact_of(container).is_some_and(|fact| fact.row.built) {
        let reason = "the image that runs may be an older build than its Dockerfile makes";
        return (Applicability::Unsafe, Some(reason.to_owned()));
    }
    (Applicability::Safe, None)
}

/// The command of the container in exec form. It can not start as it is.
fn command(
    frame: &Frame<'_>,
    container: &Container,
    document: usize,
    mut words: Vec<String>,
) -> Result<NativeFix, String> {
    let args = match get(frame.tree(), container.node, &["args"]) {
        Field::Value(list) => self::words(frame.tree(), list).ok_or("a word of it is filled in later")?,
        Field::Absent => Vec::new(),
        Field::Unknown | Field::Wrong => return Err("its args are filled in later".to_owned()),
    };
    let has_args = !args.is_empty();
    words.extend(args);
    let plain = script(&words)
        .and_then(split)
        .filter(|words| !words.first().is_some_and(|word| is_tool(word) || is_shell(word)));
    let plain = plain.ok_or("call a program of the image, or take an image that has a shell")?;
    let mut ops = vec![set(document, container.path.key("command"), plain)];
    if has_args {
        ops.push(PatchOp::Remove { document, path: container.path.key("args"), prune: false });
    }
    let title = Some("Start the program without a shell".to_owned());
    let (level, held_back) = broken_today(frame, container);
    Ok(NativeFix { title, level: Some(level), ops, held_back, ..NativeFix::default() })
}

/// Takes `exec` out of a probe or hook and puts another action in.
fn replaced(
    container: &Container,
    document: usize,
    place: Place,
    key: &str,
    value: serde_json::Value,
) -> Vec<PatchOp> {
    let owner = place.owner(container);
    let exec = PatchOp::Remove { document, path: owner.key("exec"), prune: false };
    vec![set(document, owner.key(key), value), exec]
}

fn probe(
    frame: &Frame<'_>,
    container: &Container,
    document: usize,
    place: Place,
    words: &[String],
) -> Result<NativeFix, String> {
    let Place::Probe(probe, kind) = place else { return Err("there is no probe".to_owned()) };
    let within = |limit: Option<i64>| match (
        limit,
        read_int(frame.tree(), container.node, &[probe, "timeoutSeconds"]),
    ) {
        (None, _) | (_, Field::Absent) => Ok(()),
        (Some(limit), Field::Value(timeout)) if limit >= timeout => Ok(()),
        _ => Err("it gives up before the probe's timeoutSeconds".to_owned()),
    };
    let (title, ops) = match instead_of(words)? {
        Instead::Http(request) => {
            within(request.limit)?;
            (
                "Let the kubelet ask over HTTP",
                replaced(container, document, place, "httpGet", request.to_value()),
            )
        }
        Instead::Tcp { port, limit } => {
            within(limit)?;
            let value = serde_json::json!({ "port": port });
            ("Let the kubelet make the connection", replaced(container, document, place, "tcpSocket", value))
        }
        Instead::Command(words) => {
            ("Call the program without a shell", vec![set(document, place.path(container), words)])
        }
        Instead::Sleep(_) => return Err("it only waits, which tells nothing: remove it".to_owned()),
    };
    let title = Some(title.to_owned());
    if kind == "readiness" {
        // As it is nothing is ever sent there: there is nothing to break.
        let (level, held_back) = broken_today(frame, container);
        return Ok(NativeFix { title, level: Some(level), ops, held_back, ..NativeFix::default() });
    }
    let held_back = Some(format!(
        "a {kind} probe that can not be run never restarts the container; one that runs does where it fails, as it would where the server listens on the loopback only"
    ));
    Ok(NativeFix { title, level: Some(Applicability::Unsafe), ops, held_back, ..NativeFix::default() })
}

fn on_event(
    frame: &Frame<'_>,
    container: &Container,
    document: usize,
    (place, hook): (Place, &str),
    words: &[String],
) -> Result<NativeFix, String> {
    let pod = frame.pod.ok_or("there is no pod")?;
    let (title, ops, held_back) = match instead_of(words)? {
        Instead::Http(request) if request.limit.is_none() => {
            let ops = replaced(container, document, place, "httpGet", request.to_value());
            (
                "Let the kubelet ask over HTTP",
                ops,
                "a server that listens on the loopback only does not answer".to_owned(),
            )
        }
        Instead::Http(_) => return Err("it gives up after some seconds, and a hook does not".to_owned()),
        Instead::Tcp { .. } => return Err("a hook can not make a connection".to_owned()),
        Instead::Command(words) => (
            "Call the program without a shell",
            vec![set(document, place.path(container), words)],
            format!("the {hook} hook has never run so far"),
        ),
        Instead::Sleep(seconds) => {
            if frame.version < "1.30".parse().unwrap_or_default() {
                return Err("the kubelet waits by itself only from Kubernetes 1.30 on".to_owned());
            }
            let grace = match read_int(frame.tree(), pod.spec, &["terminationGracePeriodSeconds"]) {
                Field::Value(grace) => grace,
                Field::Absent => GRACE,
                Field::Unknown | Field::Wrong => return Err("the grace period is filled in later".to_owned()),
            };
            if seconds > grace {
                return Err(format!(
                    "the API refuses a sleep of {seconds} s above the grace period of {grace} s"
                ));
            }
            let value = serde_json::json!({ "seconds": seconds });
            let ops = replaced(container, document, place, "sleep", value);
            let costs = match hook {
                "preStop" => format!("of {grace} s to stop, the program loses {seconds} s"),
                _ => "clusters before 1.30 do not know it".to_owned(),
            };
            ("Let the kubelet wait", ops, costs)
        }
    };
    Ok(NativeFix {
        title: Some(title.to_owned()),
        level: Some(Applicability::Unsafe),
        ops,
        held_back: Some(held_back),
        ..NativeFix::default()
    })
}
