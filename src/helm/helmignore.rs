//! `.helmignore`: which files of a chart folder are no part of the chart.
//!
//! The rules are not those of git. The first rule that matches decides; a rule with `!` ignores
//! whatever it does *not* match; a rule with `/` inside is compared with the whole path, others
//! with the base name; `**` is an error. Only the root chart's file counts, for its subcharts too.

use std::collections::BTreeMap;

use super::path_match::{BadPattern, PathPattern};

/// The file's name.
pub const FILE_NAME: &str = ".helmignore";

/// Longest line that Helm reads, in bytes; longer ones end in an error there too.
const LINE_BYTES: usize = 64 << 10;

/// Why a `.helmignore` cannot be used. The texts are Helm's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IgnoreError {
    /// `**` somewhere in a rule.
    #[error("double-star (**) syntax is not supported")]
    DoubleStar,
    /// A pattern that Go's `filepath.Match` refuses.
    #[error(transparent)]
    Pattern(#[from] BadPattern),
    /// A line beyond 64 KiB.
    #[error("bufio.Scanner: token too long")]
    LineTooLong,
}

#[derive(Clone, Debug)]
struct Rule {
    pattern: PathPattern,
    negated: bool,
    folders_only: bool,
    whole_path: bool,
}

/// The rules of one chart.
#[derive(Clone, Debug, Default)]
pub struct IgnoreRules {
    rules: Vec<Rule>,
}

impl IgnoreRules {
    /// The rules of a file's text (nothing for a chart that has none), and the one that every chart
    /// has: no dot files in `templates/`.
    ///
    /// # Errors
    /// A rule that Helm refuses, with its 1-based line.
    pub fn parse(text: &str) -> Result<Self, (usize, IgnoreError)> {
        let mut rules = Self::default();
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (at, line) in text.split('\n').enumerate() {
            if line.len() > LINE_BYTES {
                return Err((at + 1, IgnoreError::LineTooLong));
            }
            rules.add(line.trim()).map_err(|error| (at + 1, error))?;
        }
        rules.add("templates/.?*").map_err(|error| (0, error))?;
        Ok(rules)
    }

    fn add(&mut self, line: &str) -> Result<(), IgnoreError> {
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        if line.contains("**") {
            return Err(IgnoreError::DoubleStar);
        }
        PathPattern::new(line)?;
        let (negated, rule) = line.strip_prefix('!').map_or((false, line), |rule| (true, rule));
        let (folders_only, rule) = rule.strip_suffix('/').map_or((false, rule), |rule| (true, rule));
        let (rooted, rule) = rule.strip_prefix('/').map_or((false, rule), |rule| (true, rule));
        let whole_path = rooted || rule.contains('/');
        // A rule that is bad only without its marks (`x\/`) never matches anything.
        let Ok(pattern) = PathPattern::new(rule) else { return Ok(()) };
        self.rules.push(Rule { pattern, negated, folders_only, whole_path });
        Ok(())
    }

    fn ignores(&self, path: &str, is_folder: bool) -> bool {
        let base = path.rsplit_once('/').map_or(path, |(_, base)| base);
        for rule in &self.rules {
            let fits_kind = is_folder || !rule.folders_only;
            let name = if rule.whole_path { path } else { base };
            let matches = fits_kind && rule.pattern.matches(name);
            if matches != rule.negated {
                return true;
            }
        }
        false
    }

    /// The paths that are not ignored, each with the folders above it. `paths` are relative to the
    /// chart's folder.
    #[must_use]
    pub fn keep<'a>(&self, paths: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
        let mut folders: BTreeMap<&str, bool> = BTreeMap::new();
        let mut kept = Vec::new();
        // Whether the folder of the path before, or one above it, is ignored.
        let mut last = ("", false);
        for path in paths {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            if folder != last.0 {
                let mut above = path.match_indices('/').filter_map(|(at, _)| path.get(..at));
                let mut ignores =
                    |folder| *folders.entry(folder).or_insert_with(|| self.ignores(folder, true));
                last = (folder, above.any(&mut ignores));
            }
            if !last.1 && !self.ignores(path, false) {
                kept.push(path);
            }
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATHS: [&str; 7] =
        ["Chart.yaml", "a/b.txt", "a/c/d.txt", "docs/x.md", "templates/.hid", "templates/x.yaml", "x.md"];

    fn kept(rules: &str) -> Vec<&'static str> {
        IgnoreRules::parse(rules).unwrap().keep(PATHS)
    }

    #[test]
    fn dot_files_in_templates_are_always_ignored() {
        assert_eq!(kept(""), ["Chart.yaml", "a/b.txt", "a/c/d.txt", "docs/x.md", "templates/x.yaml", "x.md"]);
    }

    #[test]
    fn base_names_whole_paths_roots_and_folders() {
        assert_eq!(kept("*.md"), ["Chart.yaml", "a/b.txt", "a/c/d.txt", "templates/x.yaml"]);
        assert_eq!(kept("/*.md\na/c/"), ["Chart.yaml", "a/b.txt", "docs/x.md", "templates/x.yaml"]);
        assert_eq!(kept("a/*.txt # no comment here"), kept(""));
        assert_eq!(kept("# c\n\n a/*.txt \r\ndocs"), ["Chart.yaml", "a/c/d.txt", "templates/x.yaml", "x.md"]);
        // `x.md/` names a folder only.
        assert_eq!(kept("x.md/"), kept(""));
    }

    #[test]
    fn a_negated_rule_ignores_what_it_does_not_match() {
        assert_eq!(kept("!x.md"), ["x.md"]);
        assert!(kept("!docs/").is_empty());
    }

    #[test]
    fn what_helm_refuses_is_refused_at_its_line() {
        assert_eq!(IgnoreRules::parse("a\n**/b").unwrap_err(), (2, IgnoreError::DoubleStar));
        assert_eq!(IgnoreRules::parse("[a").unwrap_err(), (1, IgnoreError::Pattern(BadPattern)));
    }
}
