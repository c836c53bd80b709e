//! Names of standards for people.

/// `pss:restricted` as `Pod Security Standards, restricted`; other names as they are.
#[must_use]
pub fn readable(standard: &str) -> String {
    match standard.split_once(':') {
        Some(("pss", level)) => format!("Pod Security Standards, {level}"),
        _ => standard.to_owned(),
    }
}
