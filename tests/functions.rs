//! Expressions by the thousand, each evaluated and compared with what Helm made of it.
//!
//! The vectors of the shared folder, where it is present. An output must be equal byte for byte, an
//! error in its text and place. `SEAWORTHY_VECTORS=file` takes the vectors of another file.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a test that prints counts")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use seaworthy::helm::budget::Bounds;
use seaworthy::helm::encoding::decode_base64;
use seaworthy::helm::load::{LoadOptions, load_folder};
use seaworthy::helm::render::render;
use seaworthy::helm::scenario::Scenario;
use seaworthy::source::MemoryFiles;

/// Percent of outputs and of errors that must be right.
const LEAST: (usize, usize) = (99, 99);

const FILE: &str = "templates/t.yaml";

/// The chart in which expressions are evaluated.
struct Chart {
    files: MemoryFiles,
}

impl Chart {
    fn read(folder: &Path) -> Self {
        let mut files = MemoryFiles::new();
        for path in support::files(folder, &[""]) {
            let name = path.strip_prefix(folder).unwrap().to_str().unwrap().replace('\\', "/");
            files.insert(format!("micro/{name}"), fs::read(&path).unwrap());
        }
        Self { files }
    }

    /// What a template of the chart prints, or Helm's error.
    fn render(&self, text: &str) -> Result<Vec<u8>, String> {
        let mut files = self.files.clone();
        files.insert(format!("micro/{FILE}"), text.as_bytes());
        let chart =
            load_folder(&files, "micro", &LoadOptions::default()).map_err(|error| error.to_string())?;
        let mut scenario =
            Scenario { bounds: Bounds { stack: 64 << 20, ..Bounds::default() }, ..Scenario::default() };
        "rel".clone_into(&mut scenario.release.name);
        // About when the vectors were made: some count years since.
        scenario.environment.now = 1_795_536_000_000_000_000;
        let rendered = render(&chart, &scenario);
        // What is printed need be no YAML.
        let printed = rendered.files.iter().find(|file| file.path.ends_with(FILE));
        match (printed, rendered.failures.first()) {
            (Some(file), _) => Ok(file.bytes.to_vec()),
            (None, Some(error)) => Err(error.to_string()),
            (None, None) => Err("nothing is printed".to_owned()),
        }
    }
}

#[test]
fn expressions_give_what_helm_gives() {
    let Some(corpus) = support::corpus("helm-open") else { return };
    let chart = Chart::read(&corpus.join("functions-chart"));
    let other = std::env::var_os("SEAWORTHY_VECTORS").map(PathBuf::from);
    let vectors = fs::read_to_string(other.unwrap_or_else(|| corpus.join("functions.jsonl"))).unwrap();
    let wanted = std::env::var("SEAWORTHY_VECTOR").ok();
    let run = |line: &str| {
        let vector: serde_json::Value = serde_json::from_str(line).unwrap();
        let expression = vector["expr"].as_str().unwrap();
        if wanted.as_ref().is_some_and(|wanted| !expression.contains(wanted.as_str())) {
            return None;
        }
        let fails = vector["status"] == "err";
        let expected = match vector["out_b64"].as_str() {
            Some(packed) => decode_base64(packed.as_bytes()).unwrap(),
            None => vector["out"].as_str().unwrap().as_bytes().to_vec(),
        };
        let wrong = evaluate(&chart, expression, &expected, fails).err().map(|found| {
            let expected = String::from_utf8_lossy(&expected);
            (class(expression), format!("{expression}\n   helm: {expected}\n   ours: {found}"))
        });
        Some((fails, wrong))
    };
    let pool = rayon::ThreadPoolBuilder::new().stack_size(128 << 20).build().unwrap();
    // One expression in four, unless all are asked for: all of them take minutes.
    let all = wanted.is_some() || std::env::var("SEAWORTHY_CORPUS").is_ok_and(|what| what == "all");
    let lines: Vec<&str> = vectors.lines().step_by(if all { 1 } else { 4 }).collect();
    let results: Vec<_> = pool.install(|| lines.par_iter().filter_map(|line| run(line)).collect());
    let (mut right, mut total) = ([0usize; 2], [0usize; 2]);
    let mut wrong: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (fails, found) in results {
        total[usize::from(fails)] += 1;
        match found {
            Some((class, text)) => wrong.entry(class).or_default().push(text),
            None => right[usize::from(fails)] += 1,
        }
    }
    for (class, examples) in &wrong {
        eprintln!("{class}: {}", examples.len());
    }
    let most = std::env::var("SEAWORTHY_VECTOR_MOST").ok().and_then(|most| most.parse().ok()).unwrap_or(2);
    for example in wrong.values().flat_map(|examples| examples.iter().take(most)) {
        eprintln!("{example}");
    }
    eprintln!("functions: {} of {} outputs, {} of {} errors", right[0], total[0], right[1], total[1]);
    // In percent, as recorded when all were run.
    let percent = |at: usize| right[at] * 100 / total[at].max(1);
    assert!(percent(0) >= LEAST.0 && percent(1) >= LEAST.1, "fewer are right than recorded");
}

/// A word to group an expression by.
fn class(expression: &str) -> String {
    let mut words = expression.split(|c: char| !c.is_ascii_alphanumeric());
    words.rfind(|word| word.chars().next().is_some_and(|c| c.is_ascii_lowercase())).unwrap_or("-").to_owned()
}

/// Evaluates an expression; the error says what came instead.
fn evaluate(chart: &Chart, expression: &str, expected: &[u8], fails: bool) -> Result<(), String> {
    let text = |end: &str| {
        format!("{{{{- define \"e\" }}}}{{{{ {expression} }}}}{{{{ end }}}}{{{{ include \"e\" . {end}}}}}")
    };
    let found = chart.render(&text(""));
    if fails {
        return match found {
            Err(error) if format!("Error: {error}").as_bytes() == expected => Ok(()),
            Err(error) => Err(format!("Error: {error}")),
            Ok(found) => Err(String::from_utf8_lossy(&found).into_owned()),
        };
    }
    let found = found.map_err(|error| format!("Error: {error}"))?;
    if found == expected {
        return Ok(());
    }
    // What missing values print is cut from files only at their end.
    let packed = chart.render(&text("| b64enc ")).map_err(|error| format!("Error: {error}"))?;
    match decode_base64(packed.trim_ascii()) {
        Ok(raw) if raw == expected => Ok(()),
        _ => Err(String::from_utf8_lossy(&found).into_owned()),
    }
}
