//! The program as it is run: `testdata/cli/<case>/` holds a command (`cmd`), its input files (`in/`),
//! and what comes out (`stdout`, `stderr`, `status`, and `out/` for files that change).
//! `SEAWORTHY_BLESS=1` writes what came out.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::type_complexity,
    missing_docs
)]
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use libtest_mimic::{Arguments, Failed, Trial};

/// Environment that must not reach the program under test.
const CLEARED: &[&str] = &[
    "NO_COLOR",
    "FORCE_COLOR",
    "CLICOLOR_FORCE",
    "GITHUB_ACTIONS",
    "SEAWORTHY_CONFIG",
    "SEAWORTHY_FORMAT",
    "SEAWORTHY_OUTPUT",
    "COLUMNS",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seaworthy"));
    for name in CLEARED {
        command.env_remove(name);
    }
    // Charts that are on this machine by chance are not part of the input.
    command.env("HELM_REPOSITORY_CACHE", "/nonexistent/helm");
    command.current_dir(folder);
    command
}

struct Run {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    code: i32,
}

fn run(mut command: Command, stdin: &[u8]) -> Run {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    // A program that does not read its input may be gone already.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    let output = child.wait_with_output().expect("ends");
    Run { stdout: output.stdout, stderr: output.stderr, code: output.status.code().unwrap_or(-1) }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

fn copy(from: &Path, to: &Path) {
    for file in files_below(from) {
        let target = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(&file, &target).unwrap();
    }
}

/// A fresh folder for one case, outside any repository's configuration.
fn fresh(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    // The search for a configuration ends here.
    fs::create_dir_all(folder.join(".git")).unwrap();
    folder
}

/// Times differ from run to run.
fn without_times(text: &str) -> String {
    let mut output = String::new();
    for line in text.split_inclusive('\n') {
        match line.strip_prefix("Checked ").and_then(|rest| rest.find(" s.").map(|end| (rest, end))) {
            Some((rest, end)) => {
                let start = rest[..end].rfind(" in ").unwrap_or(end);
                output += &format!("Checked {} in TIME s.{}", &rest[..start], &rest[end + 3..]);
            }
            None => output += line,
        }
    }
    output
}

/// Words of a command line; quotes as in a shell, nothing else.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quote, mut any) = (Vec::new(), String::new(), None, false);
    for character in text.chars() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (None, '\'' | '"') => (quote, any) = (Some(character), true),
            (None, _) if character.is_whitespace() => {
                if any {
                    words.push(std::mem::take(&mut word));
                }
                any = false;
            }
            _ => {
                word.push(character);
                any = true;
            }
        }
    }
    if any {
        words.push(word);
    }
    words
}

fn compare(file: &Path, found: &str) -> Result<(), Failed> {
    if std::env::var_os("SEAWORTHY_BLESS").is_some() {
        if found.is_empty() {
            let _ = fs::remove_file(file);
        } else {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, found).unwrap();
        }
        return Ok(());
    }
    let wanted = fs::read_to_string(file).unwrap_or_default();
    if wanted == found {
        return Ok(());
    }
    let diff = similar::TextDiff::from_lines(wanted.as_str(), found);
    Err(format!("{}:\n{}", file.display(), diff.unified_diff()).into())
}

fn case(folder: &Path) -> Result<(), Failed> {
    let name = folder.file_name().unwrap().to_string_lossy().into_owned();
    let place = fresh(&name);
    copy(&folder.join("in"), &place);
    let line = fs::read_to_string(folder.join("cmd")).unwrap();
    let mut command = program(&place);
    let mut given = words(line.trim()).into_iter().peekable();
    while let Some((key, value)) = given.peek().and_then(|word| word.split_once('=')) {
        command.env(key, value);
        given.next();
    }
    assert_eq!(given.next().as_deref(), Some("seaworthy"), "a command starts with the program");
    command.args(given);
    let stdin = fs::read(folder.join("stdin")).unwrap_or_default();
    let run = run(command, &stdin);
    compare(&folder.join("status"), &format!("{}\n", run.code))?;
    let text = |bytes| {
        without_times(&String::from_utf8(bytes).unwrap()).replace(env!("CARGO_PKG_VERSION"), "VERSION")
    };
    compare(&folder.join("stdout"), &text(run.stdout))?;
    compare(&folder.join("stderr"), &text(run.stderr))?;
    for file in files_below(&place) {
        let inside = file.strip_prefix(&place).unwrap();
        let text = fs::read_to_string(&file).unwrap();
        let before = fs::read_to_string(folder.join("in").join(inside)).ok();
        let out = folder.join("out").join(inside);
        if before.as_ref() != Some(&text) {
            compare(&out, &text)?;
        } else if out.exists() {
            return Err(format!("{} did not change", inside.display()).into());
        }
    }
    Ok(())
}

fn broken_pipe() -> Result<(), Failed> {
    let mut command = program(root());
    let mut child = command
        .args(["rules", "--format", "json", "--isolated"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
    Ok(())
}

fn stdin_that_is_no_text() -> Result<(), Failed> {
    let place = fresh("no-text");
    let mut command = program(&place);
    command.args(["fix", "--stdin-filename", "a.yaml", "-"]);
    let run = run(command, b"a: \xff\n");
    assert_eq!((run.code, run.stdout.as_slice()), (0, &b"a: \xff\n"[..]));
    assert!(!run.stderr.is_empty());
    Ok(())
}

fn starts_fast() -> Result<(), Failed> {
    let place = fresh("start-up");
    let time = || {
        let start = std::time::Instant::now();
        let mut command = program(&place);
        command.args(["rules", "--isolated"]);
        assert_eq!(run(command, b"").code, 0);
        start.elapsed()
    };
    let best = (0..5).map(|_| time()).min().unwrap();
    // Generous: a debug build on a busy machine. Release builds take a few milliseconds.
    assert!(best.as_millis() < 1_000, "{best:?}");
    Ok(())
}

/// The worked example of a .NET port, where it is at hand: what a recipe makes of it is what an expert made,
/// but for where new fields stand among others.
fn dotnet_case() -> Result<(), Failed> {
    let shared = std::env::var_os("SEAWORTHY_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from);
    let folder = shared.join("reference/dotnet-case");
    if !folder.is_dir() {
        eprintln!("skipped: {} is not there", folder.display());
        return Ok(());
    }
    let place = fresh("dotnet-case");
    for file in files_below(&folder.join("before")) {
        let target = place.join(file.strip_prefix(folder.join("before")).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        // Not a copy of its permissions.
        fs::write(target, fs::read(&file).unwrap()).unwrap();
    }
    let recipe = || {
        let mut command = program(&place);
        command.args(["fix", "--recipe", "dotnet-chiseled", "."]);
        run(command, b"")
    };
    let first = recipe();
    assert_eq!(first.code, 0, "{}", String::from_utf8_lossy(&first.stderr));
    let after = folder.join("after");
    for file in files_below(&after) {
        let inside = file.strip_prefix(&after).unwrap();
        let (wanted, found) =
            (fs::read_to_string(&file).unwrap(), fs::read_to_string(place.join(inside)).unwrap());
        if inside == Path::new("manifests/cat-facts.yaml") {
            // The pod's securityContext stands behind the containers instead of before them.
            let lines = |text: &str| {
                let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
                lines.sort();
                lines
            };
            assert_eq!(lines(&wanted), lines(&found));
        } else if wanted != found {
            let diff = similar::TextDiff::from_lines(&wanted, &found);
            return Err(format!("{}:\n{}", inside.display(), diff.unified_diff()).into());
        }
    }
    let second = recipe();
    assert_eq!((second.code, second.stdout.len()), (0, 0), "a second run changes nothing");
    Ok(())
}

fn main() {
    let mut arguments = Arguments::from_args();
    // Cases share nothing, but a machine with two cores is not helped by ten processes.
    arguments.test_threads = arguments.test_threads.or(Some(2));
    let mut trials = vec![
        Trial::test("broken-pipe", broken_pipe),
        Trial::test("stdin-that-is-no-text", stdin_that_is_no_text),
        Trial::test("starts-fast", starts_fast),
        Trial::test("dotnet-case", dotnet_case),
    ];
    let folder = root().join("testdata/cli");
    let mut folders: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    for folder in folders {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        trials.push(Trial::test(name, move || case(&folder)));
    }
    libtest_mimic::run(&arguments, trials).exit();
}
