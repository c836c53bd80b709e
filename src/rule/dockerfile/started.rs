//! Which program an image starts.

use crate::dockerfile::{Chain, Command, Keyword};
use crate::resource::{library_in, program_in};

use super::shell::words_of;

/// The words of the command that an image starts: what `ENTRYPOINT` says, with `CMD` behind it where both are in
/// exec form. What only a shell understands is split at blanks, so that names in it are found.
fn started(chain: &Chain<'_>) -> Vec<String> {
    let words = |command: &Command| match (words_of(command), command) {
        (Some(words), _) => words,
        (None, Command::Shell(text)) => text.split_whitespace().map(str::to_owned).collect(),
        (None, Command::Exec(words)) => words.clone(),
    };
    let of = |keyword| chain.last(keyword).and_then(|(_, it)| it.command.as_ref());
    match (of(Keyword::Entrypoint), of(Keyword::Cmd)) {
        (Some(Command::Exec(entrypoint)), Some(Command::Exec(cmd))) => {
            entrypoint.iter().chain(cmd).cloned().collect()
        }
        (Some(command), _) | (None, Some(command)) => words(command),
        (None, None) => Vec::new(),
    }
}

/// The name of the .NET library that an image starts.
#[must_use]
pub fn library_of(chain: &Chain<'_>) -> Option<String> {
    library_in(&started(chain))
}

/// The name of the .NET program that an image starts.
#[must_use]
pub fn program_of(chain: &Chain<'_>) -> Option<String> {
    program_in(&started(chain))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::dockerfile::Dockerfile;
    use crate::source::Source;

    #[test]
    fn programs_are_told_from_entrypoint_and_cmd_together() {
        let program = |text: &str| {
            let source = Arc::new(Source::new("Dockerfile", format!("FROM x\n{text}\n")));
            let file = Dockerfile::parse(&source).unwrap();
            (library_of(&file.chain()), program_of(&file.chain()))
        };
        let (shop, none) = (|| Some("Shop".to_owned()), None::<String>);
        assert_eq!(program(r#"ENTRYPOINT ["dotnet", "/app/Shop.dll"]"#), (shop(), shop()));
        assert_eq!(program("ENTRYPOINT [\"dotnet\"]\nCMD [\"Shop.dll\"]"), (shop(), shop()));
        assert_eq!(program("ENTRYPOINT exec dotnet Shop.dll $ARGS\nCMD [\"x\"]"), (shop(), shop()));
        assert_eq!(program("CMD dotnet Shop.dll"), (shop(), shop()));
        assert_eq!(program(r#"ENTRYPOINT ["./Shop"]"#), (none.clone(), shop()));
        assert_eq!(program(r#"ENTRYPOINT ["dotnet"]"#), (none.clone(), none.clone()));
        assert_eq!(program("RUN x"), (none.clone(), none));
    }
}
