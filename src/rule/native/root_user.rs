//! Who a container runs as: `runAsNonRoot` and `runAsUser`, with a uid only where one is known.

use crate::finding::{Applicability, PatchOp};
use crate::resource::{Container, Field, ImageUser, Pod, read_bool, read_int, run_as_user};
use crate::rule::frame::Frame;
use crate::yaml::FieldPath;

use super::called_program::needs_root;
use super::{NativeFix, Repair};

/// What `runAsNonRoot: true` needs in one container to start.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Plan {
    /// `runAsUser` (and `runAsGroup`) to write beside it.
    user: Option<(i64, Option<i64>)>,
    level: Applicability,
    held_back: Option<String>,
    release: Option<String>,
}

/// The configuration line that tells the uid of an image.
pub(super) fn image_line(frame: &Frame<'_>, container: &Container, field: &str) -> Option<String> {
    let text = frame.image_of(container)?;
    let image = crate::resource::ImageReference::parse(&text)?;
    Some(format!("images.\"{}\" = {{ {field} }}", image.repository()))
}

fn plan(frame: &Frame<'_>, pod: &Pod, container: &Container) -> Result<Plan, String> {
    let label = container.label();
    let safe = Plan { user: None, level: Applicability::Safe, held_back: None, release: None };
    match run_as_user(frame.tree(), pod, container) {
        Field::Value(0) => {
            return Err(format!("container {label} has runAsUser: 0, which it would contradict"));
        }
        Field::Value(_) => return Ok(safe),
        Field::Unknown | Field::Wrong => {
            return Err(format!("the uid of container {label} is filled in later"));
        }
        Field::Absent => {}
    }
    if let Some(word) = needs_root(frame, container) {
        return Err(format!("container {label} calls {word}, which needs root"));
    }
    let fact = frame.fact_of(container);
    let reliable = fact.as_ref().is_some_and(|fact| fact.user_is_reliable());
    let image = frame.image_of(container).unwrap_or_else(|| "?".to_owned());
    let unsafe_plan = |user, reason: String, release| Plan {
        user,
        level: Applicability::Unsafe,
        held_back: Some(reason),
        release,
    };
    let line = || image_line(frame, container, "uid = UID");
    let user = fact.as_ref().map_or(ImageUser::Unknown, |fact| fact.user());
    match user {
        ImageUser::Uid(_) if reliable => Ok(safe),
        ImageUser::Named(_, Some(uid)) if reliable => {
            // The same user as before, by number: the kubelet can not look up a name.
            Ok(Plan { user: Some((uid, None)), ..safe })
        }
        ImageUser::Uid(uid) => Ok(unsafe_plan(
            Some((uid, None)),
            format!("not every version of {image} is known to run as {uid}"),
            image_line(frame, container, &format!("uid = {uid}")),
        )),
        ImageUser::Named(name, None) => Err(format!(
            "{image} runs as `{name}`; the kubelet starts it only with a number, which is not known{}",
            line().map(|line| format!(": say {line}")).unwrap_or_default()
        )),
        ImageUser::Named(name, Some(uid)) => Ok(unsafe_plan(
            Some((uid, None)),
            format!("{image} runs as `{name}`; not every version is known to give it the uid {uid}"),
            image_line(frame, container, &format!("uid = {uid}")),
        )),
        ImageUser::Root => match fact.as_ref().and_then(|fact| fact.non_root_user()) {
            Some((uid, gid)) => Ok(unsafe_plan(
                Some((uid, gid)),
                format!("{image} runs as root; under {uid} it may not read or write its files"),
                line(),
            )),
            None => {
                let other = fact.as_ref().and_then(|fact| fact.row.alternative.as_ref());
                let other = other.filter(|other| other.same_tags).map(|other| {
                    format!("; {} does the same as {}, on port {}", other.image, other.uid, other.port)
                });
                let other = other.unwrap_or_default();
                Err(format!("{image} runs as root, and no other uid is known for it{other}"))
            }
        },
        ImageUser::Unknown => Ok(unsafe_plan(
            None,
            format!("the kubelet refuses to start it if {image} runs as root or as a user by name"),
            line(),
        )),
    }
}

/// Whether a container leaves `runAsNonRoot` to the pod.
fn is_unset(frame: &Frame<'_>, container: &Container) -> bool {
    read_bool(frame.tree(), container.node, &["securityContext", "runAsNonRoot"]).is_absent()
}

fn set(document: usize, base: &FieldPath, field: &str, value: impl Into<serde_json::Value>) -> PatchOp {
    PatchOp::Set { document, path: base.key("securityContext").key(field), value: value.into() }
}

fn ops(document: usize, base: &FieldPath, user: Option<(i64, Option<i64>)>) -> Vec<PatchOp> {
    let mut ops = vec![set(document, base, "runAsNonRoot", true)];
    if let Some((uid, gid)) = user {
        ops.push(set(document, base, "runAsUser", uid));
        ops.extend(gid.map(|gid| set(document, base, "runAsGroup", gid)));
    }
    ops
}

/// `runAsNonRoot: true` for the pod where all its containers need the same; else for the container
/// alone. A uid is written beside it only where one is known.
pub fn fix_non_root(
    frame: &Frame<'_>,
    document: usize,
    _: &FieldPath,
    _: Option<&Repair>,
) -> Result<NativeFix, String> {
    let pod = frame.pod.ok_or("there is no pod")?;
    let finish = |base: &FieldPath, plan: Plan| NativeFix {
        title: plan.user.map(|(uid, _)| format!("Run as uid {uid}, and never as root")),
        level: Some(plan.level),
        ops: ops(document, base, plan.user),
        held_back: plan.held_back,
        release: plan.release,
    };
    let unset: Vec<&Container> =
        pod.containers.iter().filter(|container| is_unset(frame, container)).collect();
    let plans: Vec<Result<Plan, String>> =
        unset.iter().map(|container| plan(frame, pod, container)).collect();
    let own_pod_field = frame.container.is_none();
    let together = match plans.split_first() {
        Some((Ok(first), rest)) => {
            let same = |plan: &Result<Plan, String>| matches!(plan, Ok(plan) if plan.user == first.user && plan.level == first.level);
            // A uid for the pod must not reach a container that it is not for.
            let others = pod.containers.iter().filter(|container| !is_unset(frame, container));
            let reaches_other = first.user.is_some()
                && others.into_iter().any(|container| {
                    read_int(frame.tree(), container.node, &["securityContext", "runAsUser"]).is_absent()
                });
            (rest.iter().all(same) && !reaches_other).then(|| first.clone())
        }
        _ => None,
    };
    // A container with a value of its own does not hear the pod's.
    let own_value = frame.container.is_some_and(|container| !is_unset(frame, container));
    if let Some(plan) = together.filter(|_| !own_value) {
        return Ok(finish(&pod.path, plan));
    }
    if own_pod_field {
        // The pod says false: that alone is refused, whatever its containers say.
        return match plans.into_iter().find_map(Result::err) {
            Some(reason) => Err(reason),
            None if unset.is_empty() => Ok(NativeFix {
                level: Some(Applicability::Safe),
                ops: ops(document, &pod.path, None),
                ..NativeFix::default()
            }),
            None => Err("its containers need different users: set runAsUser on each first".to_owned()),
        };
    }
    let container = frame.container.ok_or("there is no container")?;
    Ok(finish(&container.path, plan(frame, pod, container)?))
}

/// Replaces `runAsUser: 0` by a uid that is known, or removes it where the pod or the image has one.
pub fn fix_uid(
    frame: &Frame<'_>,
    document: usize,
    found: &FieldPath,
    _: Option<&Repair>,
) -> Result<NativeFix, String> {
    let pod = frame.pod.ok_or("there is no pod")?;
    let tree = frame.tree();
    let path = ["securityContext", "runAsUser"];
    let remove = |title: &str| NativeFix {
        title: Some(title.to_owned()),
        ops: vec![PatchOp::Remove { document, path: found.clone(), prune: true }],
        ..NativeFix::default()
    };
    let concerned: Vec<&Container> = match frame.container {
        Some(container) => vec![container],
        None => {
            let inherits = |container: &&Container| read_int(tree, container.node, &path).is_absent();
            pod.containers.iter().filter(inherits).collect()
        }
    };
    if let Some(container) =
        concerned.iter().find_map(|container| Some((container, needs_root(frame, container)?)))
    {
        return Err(format!("container {} calls {}, which needs root", container.0.label(), container.1));
    }
    if frame.container.is_some() && matches!(read_int(tree, pod.spec, &path), Field::Value(uid) if uid > 0) {
        return Ok(remove("Run as the pod's user"));
    }
    if concerned.is_empty() {
        return Ok(remove("Remove the uid that no container uses"));
    }
    let mut users = Vec::new();
    for container in &concerned {
        let fact = frame.fact_of(container);
        let image = frame.image_of(container).unwrap_or_else(|| "?".to_owned());
        let user = fact.as_ref().and_then(|fact| fact.non_root_user());
        users.push(user.ok_or_else(|| format!("no uid other than 0 is known for {image}"))?);
    }
    let (first, rest) = users.split_first().ok_or("there is no container")?;
    if rest.iter().any(|user| user != first) {
        return Err("its containers need different users: set runAsUser on each".to_owned());
    }
    let (uid, gid) = *first;
    let base = frame.subject.path.clone();
    let mut ops = vec![PatchOp::Set { document, path: base.key("runAsUser"), value: uid.into() }];
    if let Some(gid) = gid {
        ops.push(PatchOp::Set { document, path: base.key("runAsGroup"), value: gid.into() });
    }
    Ok(NativeFix {
        title: Some(format!("Run as uid {uid}, which the image knows")),
        ops,
        ..NativeFix::default()
    })
}
