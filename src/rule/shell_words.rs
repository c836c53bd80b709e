//! What a shell would make of a command, as far as that can be told without one.

/// Characters that only a shell understands.
const SYNTAX: &str = "$;&|<>*?()[]{}`\\~#!\n'\"";

/// Programs that are shells.
const SHELLS: [&str; 7] = ["sh", "bash", "ash", "dash", "ksh", "zsh", "busybox"];

/// Commands that only a shell knows.
const BUILTINS: [&str; 15] = [
    "cd", "export", "set", "source", ".", "eval", "exec", "trap", "ulimit", "umask", "if", "while", "for",
    "until", "case",
];

/// The last part of a program's path.
pub fn base_name(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

/// Whether a program is a shell.
pub fn is_shell(program: &str) -> bool {
    SHELLS.contains(&base_name(program))
}

/// Whether words start a shell.
pub fn starts_shell(words: &[String]) -> bool {
    words.first().is_some_and(|word| is_shell(word))
}

/// The words of a command that a shell would only split.
pub fn split(text: &str) -> Option<Vec<String>> {
    let text = text.trim();
    let text = text.strip_prefix("exec ").unwrap_or(text);
    let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    let first = words.first()?;
    let assigns = first.contains('=');
    let plain = !text.contains(|c: char| SYNTAX.contains(c));
    (plain && !assigns && !BUILTINS.contains(&first.as_str())).then_some(words)
}

/// The text that words hand to a shell with `-c`, where there is nothing else.
pub fn script(words: &[String]) -> Option<&str> {
    match words {
        [shell, flag, text] if is_shell(shell) && flag == "-c" => Some(text),
        _ => None,
    }
}

/// A script without what changes nothing for who only asks whether it succeeds: output that is thrown away,
/// and another way of failing.
pub fn without_trimmings(text: &str) -> &str {
    const TRIMMINGS: [&str; 8] = [
        "|| exit 1",
        "|| false",
        "2>&1",
        "> /dev/null",
        ">/dev/null",
        "2> /dev/null",
        "2>/dev/null",
        "&> /dev/null",
    ];
    let mut text = text.trim();
    // A redirection of standard error ends like one of standard output: longer words first.
    while let Some(rest) = TRIMMINGS.iter().rev().find_map(|end| text.strip_suffix(end)) {
        text = rest.trim_end();
    }
    text
}

/// The words of a script in which nothing but quotes around whole words needs a shell.
pub fn split_quoted(text: &str) -> Option<Vec<String>> {
    let text = text.trim();
    let text = text.strip_prefix("exec ").unwrap_or(text);
    let (mut words, mut word, mut quote, mut any) = (Vec::new(), String::new(), None, false);
    for character in text.chars() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (Some('"'), '$' | '`' | '\\') => return None,
            (Some(_), _) => word.push(character),
            (None, '\'' | '"') => (quote, any) = (Some(character), true),
            (None, _) if character.is_whitespace() => {
                if any {
                    words.push(std::mem::take(&mut word));
                }
                any = false;
            }
            // A question mark in a URL is a pattern that matches no file, and so stays as it is.
            (None, '?') => (word, any) = (word + "?", true),
            (None, _) if SYNTAX.contains(character) => return None,
            (None, _) => {
                word.push(character);
                any = true;
            }
        }
    }
    if any {
        words.push(word);
    }
    let builtin = words.first().is_none_or(|first| first.contains('=') || BUILTINS.contains(&first.as_str()));
    (quote.is_none() && !builtin).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_split_only_where_no_shell_is_needed() {
        let words = |text: &str| split_quoted(text).map(|words| words.join("|"));
        assert_eq!(
            words("curl -f 'http://localhost/a?b=1&c'").as_deref(),
            Some("curl|-f|http://localhost/a?b=1&c")
        );
        assert_eq!(
            words("curl -f http://localhost/a?b=1").as_deref(),
            Some("curl|-f|http://localhost/a?b=1")
        );
        for text in
            ["curl $URL", "curl \"$URL\"", "a && b", "a | b", "A=1 b", "cd /x", "a 'b", "echo `id`", ""]
        {
            assert_eq!(words(text), None, "{text}");
        }
        assert_eq!(
            split("exec /app --port 80").map(|words| words.join("|")).as_deref(),
            Some("/app|--port|80")
        );
        assert_eq!(split("cd /app"), None);
    }

    #[test]
    fn what_is_thrown_away_is_left_out() {
        for text in
            ["a b || exit 1", "a b >/dev/null 2>&1 || exit 1", "a b 2>/dev/null", "a b > /dev/null", "a b"]
        {
            assert_eq!(without_trimmings(text), "a b", "{text}");
        }
        assert_eq!(without_trimmings("a b || exit 0"), "a b || exit 0");
    }
}
