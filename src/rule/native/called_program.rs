//! Programs that a container's command calls and that fail without root, without a capability or without
//! the Kubernetes API: what the manifest itself says of what a repair would break.

use crate::resource::{Container, ContainerList, Field, get};
use crate::rule::frame::Frame;
use crate::yaml::{NodeId, Scalar, SpanTree};

use super::capability::names;

/// A program that fails without a right that root has.
struct Program {
    name: &'static str,
    /// The capabilities that its usual use needs (capabilities(7), and the program's manual page).
    capabilities: &'static [&'static str],
    /// Whether it writes below `/proc/sys`, which runtimes mount read-only but for privileged containers.
    privileged: bool,
}

const fn program(name: &'static str, capabilities: &'static [&'static str]) -> Program {
    Program { name, capabilities, privileged: false }
}

const PROGRAMS: [Program; 33] = [
    program("chown", &["CHOWN"]),
    program("chgrp", &["CHOWN"]),
    program("chroot", &["SYS_CHROOT"]),
    program("mknod", &["MKNOD"]),
    program("setcap", &["SETFCAP"]),
    // They become another user.
    program("gosu", &["SETUID", "SETGID"]),
    program("su-exec", &["SETUID", "SETGID"]),
    program("setpriv", &["SETUID", "SETGID"]),
    program("runuser", &["SETUID", "SETGID"]),
    // They unpack files of other owners, or write to /etc/passwd.
    program("apt-get", &["CHOWN", "SETUID", "SETGID"]),
    program("apk", &["CHOWN"]),
    program("yum", &["CHOWN"]),
    program("dnf", &["CHOWN"]),
    program("microdnf", &["CHOWN"]),
    program("useradd", &["CHOWN"]),
    program("adduser", &["CHOWN"]),
    // None of these is in the runtimes' default set.
    program("iptables", &["NET_ADMIN"]),
    program("ip6tables", &["NET_ADMIN"]),
    program("iptables-restore", &["NET_ADMIN"]),
    program("ipset", &["NET_ADMIN"]),
    program("nft", &["NET_ADMIN"]),
    program("mount", &["SYS_ADMIN"]),
    program("umount", &["SYS_ADMIN"]),
    program("losetup", &["SYS_ADMIN"]),
    program("nsenter", &["SYS_ADMIN"]),
    program("setns", &["SYS_ADMIN"]),
    program("modprobe", &["SYS_MODULE"]),
    program("insmod", &["SYS_MODULE"]),
    program("rmmod", &["SYS_MODULE"]),
    program("hwclock", &["SYS_TIME"]),
    program("tcpdump", &["NET_RAW"]),
    program("renice", &["SYS_NICE"]),
    Program { name: "sysctl", capabilities: &[], privileged: true },
];

/// Clients of the Kubernetes API, which log in with the pod's token where nothing else is said.
const CLIENTS: [&str; 6] = ["kubectl", "helm", "oc", "istioctl", "kustomize-controller", "argocd"];

/// What runtimes grant where nothing is said (containerd, CRI-O; the list that the baseline standard allows, and
/// `NET_RAW` of containerd).
const DEFAULT: [&str; 14] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "NET_RAW",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// The texts of what a container runs: command, arguments and hooks.
pub fn texts(tree: &SpanTree, container: &Container) -> Vec<String> {
    const LISTS: [&[&str]; 4] = [
        &["command"],
        &["args"],
        &["lifecycle", "postStart", "exec", "command"],
        &["lifecycle", "preStop", "exec", "command"],
    ];
    let list = |path: &&[&str]| match get(tree, container.node, path) {
        Field::Value(list) => Some(list),
        _ => None,
    };
    let items = |list: NodeId| tree.items(list).iter().copied();
    let text = |item: NodeId| match tree.written_scalar(item) {
        Some(Scalar::String(text)) => Some(text.into_owned()),
        _ => None,
    };
    LISTS.iter().filter_map(list).flat_map(items).filter_map(text).collect()
}

/// The words of a text in which a shell, or nobody, would see a program's name.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let ends = |c: char| c.is_whitespace() || ";|&(){}`'\"$<>".contains(c);
    text.split(ends).filter_map(|word| match word.rsplit_once('/') {
        None => Some(word),
        Some((folder, name)) => matches!(
            folder,
            "/bin" | "/sbin" | "/usr/bin" | "/usr/sbin" | "/usr/local/bin" | "/usr/local/sbin"
        )
        .then_some(name),
    })
}

fn called(frame: &Frame<'_>, container: &Container) -> Vec<&'static Program> {
    let texts = texts(frame.tree(), container);
    let calls = |program: &&Program| texts.iter().any(|text| words(text).any(|word| word == program.name));
    PROGRAMS.iter().filter(calls).collect()
}

/// The first program of a container's command that needs root.
pub fn needs_root(frame: &Frame<'_>, container: &Container) -> Option<&'static str> {
    called(frame, container).first().map(|program| program.name)
}

fn may_be_root(frame: &Frame<'_>, container: &Container) -> bool {
    !frame.user_of(container).is_non_root()
}

/// Whether a container's command calls a program that works only because the container is privileged.
pub fn works_privileged(frame: &Frame<'_>, container: &Container) -> bool {
    let lacks = |capability: &&str| {
        !DEFAULT.contains(capability) && !names(frame.tree(), container, "add", capability)
    };
    let only = |program: &&Program| program.privileged || program.capabilities.iter().any(&lacks);
    may_be_root(frame, container) && called(frame, container).iter().any(only)
}

/// Whether a container's command calls a program that `drop: [ALL]` would take a capability from.
pub fn uses_capabilities(frame: &Frame<'_>, container: &Container) -> bool {
    let tree = frame.tree();
    let privileged = crate::resource::read_bool(tree, container.node, &["securityContext", "privileged"]);
    let lost = |capability: &&str| {
        let held = DEFAULT.contains(capability) || privileged == Field::Value(true);
        held && ["add", "drop"].iter().all(|list| !names(tree, container, list, capability))
    };
    let loses = |program: &&Program| program.capabilities.iter().any(&lost);
    may_be_root(frame, container) && called(frame, container).iter().any(loses)
}

/// Whether a container's command calls a program that needs the capability of that name.
pub fn uses_capability(frame: &Frame<'_>, container: &Container, capability: &str) -> bool {
    let uses = |program: &&Program| program.capabilities.contains(&capability);
    may_be_root(frame, container) && called(frame, container).iter().any(uses)
}

/// Whether a container of the pod calls a client of the Kubernetes API, or its image is called like one.
pub fn calls_api(frame: &Frame<'_>) -> bool {
    let is_client = |name: &str| CLIENTS.contains(&name);
    let calls = |container: &Container| {
        let image = frame.image_of(container);
        let image = image.as_deref().and_then(crate::resource::ImageReference::parse);
        let named = image.is_some_and(|image| image.repository().rsplit('/').next().is_some_and(is_client));
        named || texts(frame.tree(), container).iter().any(|text| words(text).any(is_client))
    };
    let runs = |container: &&Container| container.list != ContainerList::Ephemeral;
    frame.pod.is_some_and(|pod| pod.containers.iter().filter(runs).any(calls))
}

/// The programs in question, for a sentence.
pub fn listed(frame: &Frame<'_>) -> String {
    let programs = frame.container.map(|container| called(frame, container)).unwrap_or_default();
    programs.iter().map(|program| program.name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_told_from_paths_and_flags() {
        let found = |text: &str| words(text).any(|word| word == "mount");
        assert!(found("mount -t nfs a b") && found("set -e;/bin/mount a") && found("$(mount)"));
        assert!(!found("--mount=/a") && !found("/data/mount") && !found("ls mounts"));
    }
}
