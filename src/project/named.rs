//! Files whose names say what they are: they need not say it themselves.

use std::path::Path;

use super::kustomize::is_kustomization;

/// `apiVersion` and `kind` of what a file holds where it says neither: kustomizations, the fleet.yaml of Rancher
/// Fleet (fields of a Bundle), a helmfile.
#[must_use]
pub fn kind_by_name(path: &Path) -> Option<(&'static str, &'static str)> {
    if is_kustomization(path) {
        return Some(("kustomize.config.k8s.io/v1beta1", "Kustomization"));
    }
    match path.file_name()?.to_str()? {
        "fleet.yaml" => Some(("fleet.cattle.io/v1alpha1", "Bundle")),
        "helmfile.yaml" | "helmfile.yml" => Some(("helmfile", "Helmfile")),
        _ => None,
    }
}
