//! Commands that need a shell in an image that has none.

use crate::dockerfile::{Base, Command, Instruction, Keyword, Op};
use crate::finding::Applicability;
use crate::rule::native::instead::is_tool;
use crate::rule::shell_words::{base_name, script, split, starts_shell};

use super::build::Build;
use super::{Found, Repair};

/// Whether the image certainly has no shell: the base has none, and nothing that could be one comes in.
pub fn has_no_shell(build: &Build<'_>) -> bool {
    let base = match build.chain.base {
        Base::Scratch => true,
        _ => build.fact.as_ref().is_some_and(|fact| fact.has_no_shell()),
    };
    let mut folder = "";
    base && !build.chain.instructions().any(|(_, it)| {
        if let (Keyword::Workdir, Some(word)) = (it.keyword, it.words.first()) {
            folder = word.text.trim_matches('"');
        }
        may_bring_a_shell(it, folder)
    })
}

/// Whether an instruction may bring a shell, or names one: archives, and copies into folders of the system.
/// `folder` is the working folder.
fn may_bring_a_shell(instruction: &Instruction, folder: &str) -> bool {
    match instruction.keyword {
        Keyword::Shell => true,
        Keyword::Add | Keyword::Copy => {
            let written = instruction.words.last().map_or("", |word| word.text.trim_matches('"'));
            // What stands relative to the working folder is in it, or below.
            let to = if written.starts_with(['/', '$']) { written } else { folder };
            let system = ["/bin", "/sbin", "/usr", "/lib", "/busybox", "/opt"];
            let archive = instruction.keyword == Keyword::Add;
            let shell =
                |name: &str| matches!(name.rsplit('/').next(), Some("sh" | "bash" | "busybox" | "dash"));
            archive
                || matches!(to, "/" | "" | ".")
                || written.contains("..")
                || to.contains('$')
                || system.iter().any(|folder| to.starts_with(folder))
                || instruction.words.iter().any(|word| shell(word.text.trim_matches('"')))
        }
        _ => false,
    }
}

/// Whether a command starts a shell.
pub fn needs_shell(command: &Command) -> bool {
    shell_text(command).is_some()
}

/// The words of a command, where no shell is needed to tell them.
pub fn words_of(command: &Command) -> Option<Vec<String>> {
    match (command, shell_text(command)) {
        (_, Some(text)) => split(text),
        (Command::Exec(words), None) => Some(words.clone()),
        (Command::Shell(_), None) => None,
    }
}

/// The text that a shell would have to run.
fn shell_text(command: &Command) -> Option<&str> {
    match command {
        Command::Shell(text) => Some(text),
        Command::Exec(words) if starts_shell(words) => Some(script(words).unwrap_or("")),
        Command::Exec(_) => None,
    }
}

/// `ENTRYPOINT`, `CMD` and `RUN` in shell form, or with a shell as the program.
pub fn commands(build: &Build<'_>) -> Vec<Found> {
    if !has_no_shell(build) {
        return Vec::new();
    }
    let entrypoint = build.chain.last(Keyword::Entrypoint);
    let cmd = build.chain.last(Keyword::Cmd);
    let mut found = Vec::new();
    for (at, instruction) in build.chain.instructions() {
        let counts = match instruction.keyword {
            Keyword::Run => true,
            Keyword::Entrypoint => entrypoint.is_some_and(|(last, _)| last == at),
            // Behind an ENTRYPOINT in exec form it is arguments.
            Keyword::Cmd => cmd.is_some_and(|(last, _)| last == at) && entrypoint.is_none(),
            _ => false,
        };
        let Some(text) = instruction.command.as_ref().filter(|_| counts).and_then(shell_text) else {
            continue;
        };
        let repair = match (instruction.keyword, split(text)) {
            (Keyword::Run, _) => Err("run it in another stage, and copy what it makes".to_owned()),
            (Keyword::Cmd, _) => {
                Err("the base may have an ENTRYPOINT that takes it as arguments: write an ENTRYPOINT"
                    .to_owned())
            }
            (_, Some(words)) => {
                let level = Some(Applicability::Safe);
                Ok(Repair { title: None, level, ops: vec![Op::Exec { at, words }] })
            }
            (_, None) => Err("it says what only a shell understands".to_owned()),
        };
        let (keyword, base) = (instruction.keyword.as_str(), build.base_name());
        found.push(Found {
            at,
            span: instruction.span,
            field: keyword,
            absent: false,
            message: Some(format!("{keyword} needs a shell, and {base} has none")),
            repair,
        });
    }
    found
}

/// The tool that words start by its name or in a folder of the system, where none is.
fn missing_tool<'w>(build: &Build<'_>, words: &'w [String]) -> Option<&'w str> {
    let program = words.first()?;
    let name = base_name(program);
    let folder = program.strip_suffix(name).unwrap_or("").trim_end_matches('/');
    let searched = !program.contains('/') || ["/bin", "/usr/bin", "/usr/local/bin"].contains(&folder);
    let sets_path = || build.chain.instructions().any(|(_, it)| it.names.iter().any(|name| name == "PATH"));
    (is_tool(name) && searched && !sets_path()).then_some(name)
}

/// `HEALTHCHECK` in shell form, or with a shell or a tool as the program.
pub fn healthcheck(build: &Build<'_>) -> Vec<Found> {
    if !has_no_shell(build) {
        return Vec::new();
    }
    let Some((at, instruction)) = build.chain.last(Keyword::Healthcheck) else { return Vec::new() };
    let what = match &instruction.command {
        Some(command) if needs_shell(command) => "needs a shell".to_owned(),
        Some(Command::Exec(words)) => match missing_tool(build, words) {
            Some(tool) => format!("calls {tool}"),
            None => return Vec::new(),
        },
        _ => return Vec::new(),
    };
    let base = build.base_name();
    vec![Found {
        at,
        span: instruction.span,
        field: "HEALTHCHECK",
        absent: false,
        message: Some(format!("HEALTHCHECK {what}, and {base} has none: it always fails")),
        repair: Ok(Repair { title: None, level: None, ops: vec![Op::Remove { at }] }),
    }]
}
