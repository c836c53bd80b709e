//! Go's `filepath.Match` (on Unix): the patterns of `.helmignore` and of `--show-only`.
//!
//! `*` and `?` stop at `/`, `[a-z]` and `[^a-z]` are classes, `\` takes the next character
//! literally; there is no `**`.

use std::str::Chars;

/// A pattern that does not follow the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("syntax error in pattern")]
pub struct BadPattern;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Literal(char),
    AnyOne,
    Class { negated: bool, ranges: Vec<(char, char)> },
}

impl Token {
    fn takes(&self, character: char) -> bool {
        match self {
            Self::Literal(literal) => *literal == character,
            Self::AnyOne => character != '/',
            Self::Class { negated, ranges } => {
                ranges.iter().any(|&(low, high)| low <= character && character <= high) != *negated
            }
        }
    }
}

/// What stands between two stars; the first chunk has no star in front.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Chunk {
    star: bool,
    tokens: Vec<Token>,
}

/// A compiled pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern {
    chunks: Vec<Chunk>,
}

impl PathPattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// The pattern does not follow the grammar: an open class, a class without a range, a `\` at
    /// the end.
    pub fn new(pattern: &str) -> Result<Self, BadPattern> {
        let mut chunks = vec![Chunk::default()];
        let mut rest = pattern.chars();
        while let Some(character) = rest.next() {
            let token = match character {
                '*' => {
                    match chunks.last_mut() {
                        Some(chunk) if chunk.tokens.is_empty() => chunk.star = true,
                        _ => chunks.push(Chunk { star: true, tokens: Vec::new() }),
                    }
                    continue;
                }
                '?' => Token::AnyOne,
                '[' => class(&mut rest)?,
                '\\' => Token::Literal(rest.next().ok_or(BadPattern)?),
                literal => Token::Literal(literal),
            };
            if let Some(chunk) = chunks.last_mut() {
                chunk.tokens.push(token);
            }
        }
        Ok(Self { chunks })
    }

    /// Whether the whole of `name` matches.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        let mut rest = name;
        for (at, chunk) in self.chunks.iter().enumerate() {
            let last = at + 1 == self.chunks.len();
            match find(chunk, rest, last) {
                Some(behind) => rest = behind,
                None => return false,
            }
        }
        rest.is_empty()
    }
}

/// The text behind the leftmost place where the chunk fits; taking the leftmost loses no match,
/// since what a star leaves to the next one is only more.
fn find<'a>(chunk: &Chunk, text: &'a str, last: bool) -> Option<&'a str> {
    let fits = |from: &'a str| eat(&chunk.tokens, from).filter(|behind| !last || behind.is_empty());
    if !chunk.star {
        return fits(text);
    }
    if last && chunk.tokens.is_empty() {
        return (!text.contains('/')).then_some("");
    }
    let ends = text.find('/').unwrap_or(text.len());
    if last {
        // Just as many characters must be left as the chunk takes.
        let (at, _) = text.char_indices().rev().nth(chunk.tokens.len().checked_sub(1)?)?;
        return text.get(at..).filter(|_| at <= ends).and_then(fits);
    }
    text.char_indices()
        .map(|(at, _)| at)
        .chain(std::iter::once(text.len()))
        .take_while(|&at| at <= ends)
        .find_map(|at| text.get(at..).and_then(fits))
}

fn eat<'a>(tokens: &[Token], text: &'a str) -> Option<&'a str> {
    let mut rest = text.chars();
    tokens
        .iter()
        .all(|token| rest.next().is_some_and(|character| token.takes(character)))
        .then_some(rest.as_str())
}

/// A class, read from behind its `[`.
fn class(rest: &mut Chars<'_>) -> Result<Token, BadPattern> {
    let negated = rest.as_str().starts_with('^');
    if negated {
        rest.next();
    }
    let mut ranges = Vec::new();
    loop {
        if !ranges.is_empty() && rest.as_str().starts_with(']') {
            rest.next();
            return Ok(Token::Class { negated, ranges });
        }
        let low = class_character(rest)?;
        let mut high = low;
        if rest.as_str().starts_with('-') {
            rest.next();
            high = class_character(rest)?;
        }
        ranges.push((low, high));
    }
}

fn class_character(rest: &mut Chars<'_>) -> Result<char, BadPattern> {
    let character = match rest.next() {
        None | Some('-' | ']') => return Err(BadPattern),
        Some('\\') => rest.next().ok_or(BadPattern)?,
        Some(character) => character,
    };
    // A class must be closed, so something has to follow.
    if rest.as_str().is_empty() { Err(BadPattern) } else { Ok(character) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, name: &str) -> bool {
        PathPattern::new(pattern).unwrap().matches(name)
    }

    #[test]
    fn stars_and_question_marks_stop_at_slashes() {
        assert!(matches("*.txt", "a.txt") && matches("*", "") && matches("a*b*c", "axxbyyc"));
        assert!(!matches("*.txt", "a/b.txt") && !matches("a?b", "a/b") && matches("a?b", "aäb"));
        assert!(matches("templates/.?*", "templates/.x") && !matches("templates/.?*", "templates/."));
        assert!(matches("*/b", "a/b") && !matches("*/b", "x/a/b") && !matches("a*", "a/b"));
        assert!(!matches("a*/b", "a/x/b") && matches("*x", "xxx"));
    }

    #[test]
    fn classes_and_escapes_follow_go() {
        assert!(matches("[a-c]x", "bx") && matches("[^a-c]x", "zx") && !matches("[^a-c]x", "ax"));
        assert!(matches("a\\*b", "a*b") && !matches("a\\*b", "axb") && matches("[\\-x]", "-"));
        assert!(matches("[x^]", "^"));
    }

    #[test]
    fn a_bad_pattern_is_refused_wherever_the_flaw_is() {
        for pattern in ["[", "[]a]", "[-x]", "[x-]", "[a-b-c]", "[a", "a[", "\\", "[\\", "x*[", "[^]"] {
            assert_eq!(PathPattern::new(pattern), Err(BadPattern), "{pattern}");
        }
    }
}
