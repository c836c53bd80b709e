//! The patterns of `.Files.Glob`: those of gobwas/glob with `/` as separator.
//!
//! `*` stays within a folder, `**` does not, `?` is one character but `/`, `[a-c]`, `[!abc]` is one
//! character of a set (or not of it), `{a,b}` one of several patterns, `\` takes the next
//! character as it is.

use regex::Regex;

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct Glob {
    /// `None` matches everything.
    pattern: Option<Regex>,
}

impl Glob {
    /// Compiles a pattern. What is no pattern matches every path, as it does in Helm.
    #[must_use]
    pub fn new(pattern: &[u8]) -> Self {
        let text = std::str::from_utf8(pattern).ok().filter(|text| !text.contains('\u{fffd}'));
        Self { pattern: text.and_then(translate).and_then(|text| Regex::new(&text).ok()) }
    }

    /// Whether the whole path matches.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        self.pattern.as_ref().is_none_or(|pattern| pattern.is_match(path))
    }
}

/// The pattern as a regular expression; `None` where it is malformed.
fn translate(pattern: &str) -> Option<String> {
    let mut output = String::from(r"\A(?s:");
    let mut depth = 0usize;
    // A NUL ends the pattern.
    let mut rest = pattern.split('\0').next().unwrap_or("").chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '*' if rest.next_if_eq(&'*').is_some() => output.push_str(".*"),
            '*' => output.push_str("[^/]*"),
            '?' => output.push_str("[^/]"),
            '[' => output.push_str(&set(&mut rest)?),
            '{' => {
                depth += 1;
                output.push_str("(?:");
            }
            ',' if depth > 0 => output.push('|'),
            '}' if depth > 0 => {
                depth -= 1;
                output.push(')');
            }
            '\\' => match rest.next() {
                Some(escaped) => push_literal(&mut output, escaped),
                None => break,
            },
            other => push_literal(&mut output, other),
        }
    }
    // Alternatives that are still open end with the pattern.
    output.extend(std::iter::repeat_n(')', depth));
    output.push_str(r")\z");
    Some(output)
}

fn push_literal(output: &mut String, character: char) {
    output.push_str(&regex::escape(character.encode_utf8(&mut [0; 4])));
}

/// What follows `[`, up to the closing bracket.
fn set(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<String> {
    let not = if rest.next_if_eq(&'!').is_some() { "^" } else { "" };
    let mut ahead = rest.clone();
    let (first, second) = (ahead.next()?, ahead.next());
    if second == Some('-') {
        let last = ahead.next()?;
        *rest = ahead;
        rest.next_if_eq(&']')?;
        return (first <= last).then(|| format!("[{not}{}-{}]", class_escape(first), class_escape(last)));
    }
    let mut characters = String::new();
    loop {
        match rest.next()? {
            ']' => break,
            '\\' => characters.push_str(&class_escape(rest.next()?)),
            other => characters.push_str(&class_escape(other)),
        }
    }
    (!characters.is_empty()).then(|| format!("[{not}{characters}]"))
}

fn class_escape(character: char) -> String {
    format!("\\u{{{:x}}}", u32::from(character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_paths() {
        for (pattern, inside, outside) in [
            ("files/*", "files/a.txt", "files/sub/b.txt"),
            ("files/**", "files/sub/b.txt", "other/a"),
            ("**/b.yaml", "a/c/b.yaml", "b.yaml"),
            ("*.{yaml,yml}", "a.yml", "a.json"),
            ("f?les/[a-c].txt", "files/b.txt", "files/d.txt"),
            ("[!abc]", "d", "a"),
            (r"\*\{", "*{", "a{"),
            ("a}b,c", "a}b,c", "ab"),
            ("{a,b", "b", "{a"),
            ("[a\\]^]", "]", "\\"),
        ] {
            let glob = Glob::new(pattern.as_bytes());
            assert!(glob.matches(inside), "{inside} in {pattern}");
            assert!(!glob.matches(outside), "{outside} not in {pattern}");
        }
    }

    #[test]
    fn a_malformed_pattern_matches_everything() {
        for pattern in ["[", "[a", "[]", "[c-a]", "[a-", "[a-bc]"] {
            assert!(Glob::new(pattern.as_bytes()).matches("x/y"), "{pattern}");
        }
        assert!(Glob::new(b"\xff").matches("x"));
    }
}
