//! What the command that starts a container tells of its image.

/// Programs that start another one, and tend its children.
const INITS: [&str; 5] = ["catatonit", "docker-init", "dumb-init", "env", "tini"];

/// The name of the .NET library that words start: `Shop` of `dotnet Shop.dll`.
#[must_use]
pub fn library_in(words: &[String]) -> Option<String> {
    words.iter().find_map(|word| word.strip_suffix(".dll")).map(last_part)
}

/// The name of the .NET program that words start: `Shop` of `./Shop` too.
#[must_use]
pub fn program_in(words: &[String]) -> Option<String> {
    let first = || words.first().filter(|first| *first != "dotnet").map(|first| last_part(first));
    library_in(words).or_else(first)
}

/// Whether words start a shell, or a script of one.
#[must_use]
pub(super) fn starts_in_shell(words: &[String]) -> bool {
    let tended = |word: &&String| word.starts_with('-') || INITS.contains(&&*last_part(word));
    let first = words.iter().find(|word| !tended(word)).map(|word| last_part(word));
    first.is_some_and(|first| {
        matches!(first.as_str(), "sh" | "bash" | "ash" | "dash") || first.ends_with(".sh")
    })
}

/// Whether a word is a program that becomes another user, for which it has to start as root.
#[must_use]
pub(super) fn changes_user(word: &str) -> bool {
    matches!(&*last_part(word), "gosu" | "su-exec")
}

fn last_part(path: &str) -> String {
    path.rsplit(['/', '\\']).next().unwrap_or(path).to_owned()
}
