//! Names that values files have.

use std::path::Path;

/// Whether a file's name is one that values files have: `values.yaml`, `values-prod.yaml`,
/// `web.values.yaml`, `web-values.yml`.
#[must_use]
pub fn is_values_name(name: &str) -> bool {
    let Some(stem) = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml")) else { return false };
    let marked =
        stem.starts_with("values") || ["-values", ".values", "_values"].iter().any(|end| stem.ends_with(end));
    marked && !stem.ends_with("schema")
}

/// The same for a path, where a folder `values` tells it too.
pub(super) fn is_values_file(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
    let in_folder = path.parent().and_then(Path::file_name).is_some_and(|folder| folder == "values");
    is_values_name(name) || in_folder && (name.ends_with(".yaml") || name.ends_with(".yml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_files_are_told_by_their_names() {
        for path in
            ["a/values.yaml", "values-prod.yml", "web.values.yaml", "web-values.yaml", "values/web.yaml"]
        {
            assert!(is_values_file(Path::new(path)), "{path}");
        }
        for path in ["web.yaml", "values.json", "values.schema.yaml", "myvalues.yaml", "values/web.json"] {
            assert!(!is_values_file(Path::new(path)), "{path}");
        }
    }
}
