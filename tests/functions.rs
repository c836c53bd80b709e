//! Expressions by the thousand, each evaluated and compared with what Helm made of it.
//!
//! The vectors of the shared folder, where it is present. An output must be equal byte for byte, an
//! error in its text and place.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a test that prints counts")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;
use seaworthy::helm::budget::Bounds;
use seaworthy::helm::encoding::decode_base64;
use seaworthy::helm::exec::{Environment, Exec, parse_template};
use seaworthy::helm::from_yaml::from_yaml;
use seaworthy::helm::json::Target;
use seaworthy::helm::rope::Str;
use seaworthy::helm::value::{Map, MapKind, Node, Value};
use seaworthy::origin::{OriginId, Origins, SourceRole};
use seaworthy::source::Source;
use seaworthy::template::Template;

const FILE: &str = "micro/templates/t.yaml";

struct Chart {
    values: String,
    helpers: Vec<(String, Arc<Template>)>,
}

impl Chart {
    fn read(folder: &Path) -> Self {
        let values = fs::read_to_string(folder.join("values.yaml")).unwrap();
        let mut helpers = Vec::new();
        for path in support::files(&folder.join("templates"), &[".tpl"]) {
            let name = format!("micro/templates/{}", path.file_name().unwrap().to_str().unwrap());
            let template = parse_template(&name, fs::read(&path).unwrap()).unwrap();
            helpers.push((name, Arc::new(template)));
        }
        Self { values, helpers }
    }

    /// What a template of the chart prints, or Helm's error.
    fn render(&self, text: &str) -> Result<Vec<u8>, String> {
        let environment = Environment { now: 1_764_000_000_000_000_000, seed: 1 };
        let mut exec =
            Exec::new(Origins::new(), &environment, Bounds { stack: 64 << 20, ..Bounds::default() });
        for (name, template) in self.helpers.iter().rev() {
            let source =
                exec.origins.add_source(SourceRole::Template, Arc::new(Source::new(name.as_str(), "")));
            exec.add(template, source);
        }
        let template = parse_template(FILE, text.as_bytes()).map_err(|error| {
            let last = error.message.rsplit(": ").next().unwrap_or_default();
            format!("parse error at ({}:{}): {last}", error.name, error.line)
        })?;
        let source = exec.origins.add_source(SourceRole::Template, Arc::new(Source::new(FILE, text)));
        exec.add(&Arc::new(template), source);
        let dot = self.dot(&mut exec);
        exec.render(FILE, &dot).map(|text| text.as_bytes().to_vec()).map_err(|error| error.to_string())
    }

    fn dot(&self, exec: &mut Exec<'_>) -> Node {
        let read = |exec: &mut Exec<'_>, text: &str| {
            from_yaml(exec, &Str::plain(text.as_bytes()), Target::Map)
                .map(|node| node.value)
                .unwrap_or_default()
        };
        let Value::Map(values) = read(exec, &self.values) else { panic!("values") };
        let dot = Map::new();
        let set = |key: &str, value: Value| dot.insert(key.as_bytes(), OriginId::NONE, Node::plain(value));
        set("Values", values.with_kind(MapKind::Values).into());
        set(
            "Release",
            read(exec, "{Name: rel, Namespace: default, IsInstall: true, IsUpgrade: false, Service: Helm}"),
        );
        set("Template", read(exec, &format!("{{Name: {FILE}, BasePath: micro/templates}}")));
        Node::plain(dot.with_kind(MapKind::Values))
    }
}

#[test]
fn expressions_give_what_helm_gives() {
    let Some(corpus) = support::corpus("helm-open") else { return };
    let chart = Chart::read(&corpus.join("functions-chart"));
    let vectors = fs::read_to_string(corpus.join("functions.jsonl")).unwrap();
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
    let lines: Vec<&str> = vectors.lines().collect();
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
    assert!(wrong.is_empty());
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
