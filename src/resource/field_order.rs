//! Where people write a field among its siblings.

/// Fields of a pod that most manifests have in front of its containers, with what they are written in front of.
/// Counted in 6454 files of public manifests: `securityContext` stands before `containers` in 318 of 520 pods
/// that have one, `automountServiceAccountToken` in 105 of 113, and `hostNetwork`, to whose kin `hostUsers`
/// belongs, in 178 of 198. Fields that are not listed mostly stand behind the others: a container's
/// `securityContext` is its last field in 1278 of 1841 cases, a pod's `volumes` in 941 of 1153.
const BEFORE: [(&str, &[&str]); 3] = [
    ("automountServiceAccountToken", &["containers", "initContainers"]),
    ("hostUsers", &["containers", "initContainers"]),
    ("securityContext", &["containers", "initContainers"]),
];

/// The siblings that a new field is written in front of; none where it goes to the end.
#[must_use]
pub fn written_before(field: &str) -> &'static [&'static str] {
    BEFORE.iter().find(|(name, _)| *name == field).map_or(&[], |(_, before)| before)
}
