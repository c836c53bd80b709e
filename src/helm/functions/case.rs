//! Upper and lower case, and the spelling of words.

use super::{derived_text, fixed};
use crate::helm::call::{Args, Function, FunctionResult, Type};
use crate::helm::exec::Exec;
use crate::helm::unicode::{self, is_letter, is_lower, is_number, is_punctuation, is_space, is_upper};
use crate::helm::value::Node;

const TEXT: &[Type] = &[Type::String];

pub(super) const TABLE: &[Function] = &[
    fixed("camelcase", TEXT, |exec, args| {
        let text = camel(args.str(0).as_bytes());
        respelled(exec, args, &text)
    }),
    fixed("initials", TEXT, |exec, args| {
        let text = initials(args.str(0).as_bytes());
        respelled(exec, args, &text)
    }),
    fixed("kebabcase", TEXT, |exec, args| {
        let text = separated(args.str(0).as_bytes(), '-');
        respelled(exec, args, &text)
    }),
    fixed("lower", TEXT, |exec, args| mapped(exec, args, unicode::to_lower)),
    fixed("snakecase", TEXT, |exec, args| {
        let text = separated(args.str(0).as_bytes(), '_');
        respelled(exec, args, &text)
    }),
    fixed("swapcase", TEXT, |exec, args| {
        let mut word_starts = true;
        each_rune(exec, args, move |character| {
            let starts = std::mem::replace(&mut word_starts, false);
            if is_upper(character) || unicode::is_title(character) {
                unicode::to_lower(character)
            } else if is_lower(character) {
                if starts { unicode::to_title(character) } else { unicode::to_upper(character) }
            } else {
                word_starts = is_space(character);
                character
            }
        })
    }),
    fixed("title", TEXT, |exec, args| {
        // Go's definition of a separator, which knows only ASCII punctuation.
        let separates = |character: char| match character {
            _ if character.is_ascii() => !character.is_ascii_alphanumeric() && character != '_',
            _ if is_letter(character) || unicode::is_digit(character) => false,
            _ => is_space(character),
        };
        let mut before = ' ';
        mapped(exec, args, move |character| {
            let starts = separates(std::mem::replace(&mut before, character));
            if starts { unicode::to_title(character) } else { character }
        })
    }),
    fixed("untitle", TEXT, |exec, args| {
        let mut word_starts = true;
        each_rune(exec, args, move |character| {
            let starts = std::mem::replace(&mut word_starts, is_space(character));
            if starts && !is_space(character) { unicode::to_lower(character) } else { character }
        })
    }),
    fixed("upper", TEXT, |exec, args| mapped(exec, args, unicode::to_upper)),
];

/// New spelling of the argument: bytes keep their origins where the length stays the same.
fn respelled(exec: &mut Exec<'_>, args: &Args<'_>, text: impl AsRef<[u8]>) -> FunctionResult {
    let text = text.as_ref();
    let old = args.str(0);
    if text.len() == old.len() {
        return Ok(Node::from(old.with_bytes(text)));
    }
    derived_text(exec, args, text)
}

/// Every character mapped, as `strings.Map` does it: a byte that is no UTF-8 becomes U+FFFD, unless
/// nothing changes at all.
fn mapped(exec: &mut Exec<'_>, args: &Args<'_>, map: impl FnMut(char) -> char) -> FunctionResult {
    each_rune(exec, args, map)
}

fn each_rune(exec: &mut Exec<'_>, args: &Args<'_>, mut map: impl FnMut(char) -> char) -> FunctionResult {
    let text = args.str(0);
    let output: String = unicode::runes(text.as_bytes()).map(|(character, _)| map(character)).collect();
    if output.as_bytes() == text.as_bytes() {
        return Ok(Node::from(text));
    }
    respelled(exec, args, &output)
}

/// The first byte of each word, as a character.
fn initials(text: &[u8]) -> String {
    let mut after_gap = true;
    let mut output = String::new();
    for byte in text {
        let character = char::from(*byte);
        let gap = is_space(character);
        if !gap && after_gap {
            output.push(character);
        }
        after_gap = gap;
    }
    output
}

fn is_connector(character: char) -> bool {
    matches!(character, '-' | '_') || is_space(character)
}

/// Words joined, each with an upper case first letter; connectors at the start stay, and of
/// several in a row all but one.
fn camel(text: &[u8]) -> String {
    let mut runes = unicode::runes(text).map(|(character, _)| character).peekable();
    let mut output = String::new();
    let mut pending = None;
    let mut upper_word = false;
    for character in runes.by_ref() {
        if is_connector(character) {
            output.push(character);
            continue;
        }
        upper_word = is_upper(character);
        pending = Some(unicode::to_upper(character));
        break;
    }
    let Some(mut current) = pending else {
        // Where there are only connectors, Go writes the last one again.
        output.extend(output.chars().next_back());
        return output;
    };
    for character in runes {
        let before = std::mem::replace(&mut current, character);
        match (is_connector(current), is_connector(before)) {
            (true, true) => output.push(before),
            (false, true) => {
                upper_word = is_upper(current);
                current = unicode::to_upper(current);
            }
            _ => {
                if upper_word {
                    if is_upper(current) {
                        current = unicode::to_lower(current);
                    } else {
                        upper_word = false;
                    }
                }
                output.push(before);
            }
        }
    }
    output.push(current);
    output
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Invalid,
    Number,
    Upper,
    Alphabet,
    Connector,
    Punctuation,
    Other,
}

/// Words in lower case with a connector between them: `HTTPServer` is `http_server`, `http2xx` is
/// `http_2xx`.
fn separated(text: &[u8], connector: char) -> Vec<u8> {
    let mut words = Words { rest: text };
    let mut output: Vec<u8> = Vec::with_capacity(text.len() + 8);
    let mut connector_bytes = [0; 4];
    let between: &[u8] = connector.encode_utf8(&mut connector_bytes).as_bytes();
    let (mut kind, mut word) = words.next_word();
    let joins = |kind: Word| !matches!(kind, Word::Connector | Word::Punctuation);
    while !words.rest.is_empty() {
        if kind != Word::Connector {
            push_lower(&mut output, kind, word, between);
        }
        let (before, last) = (kind, word);
        (kind, word) = words.next_word();
        match before {
            Word::Number => {
                while matches!(kind, Word::Alphabet | Word::Number) {
                    push_lower(&mut output, kind, word, between);
                    (kind, word) = words.next_word();
                }
                if kind != Word::Invalid && joins(kind) {
                    output.extend_from_slice(between);
                }
            }
            Word::Connector => push_lower(&mut output, before, last, between),
            Word::Punctuation => {}
            _ if kind != Word::Number => {
                if joins(kind) {
                    output.extend_from_slice(between);
                }
            }
            _ if words.rest.is_empty() => {}
            _ => {
                // A number belongs to the word before it, unless lower case letters follow.
                let number = word;
                (kind, word) = words.next_word();
                if kind != Word::Alphabet {
                    push_lower(&mut output, Word::Number, number, between);
                    if joins(kind) {
                        output.extend_from_slice(between);
                    }
                    continue;
                }
                output.extend_from_slice(between);
                push_lower(&mut output, Word::Number, number, between);
                while matches!(kind, Word::Alphabet | Word::Number) {
                    push_lower(&mut output, kind, word, between);
                    (kind, word) = words.next_word();
                }
                if kind != Word::Invalid && joins(kind) {
                    output.extend_from_slice(between);
                }
            }
        }
    }
    push_lower(&mut output, kind, word, between);
    output
}

fn push_lower(output: &mut Vec<u8>, kind: Word, word: &[u8], connector: &[u8]) {
    if !matches!(kind, Word::Upper | Word::Connector) {
        output.extend_from_slice(word);
        return;
    }
    for (character, _) in unicode::runes(word) {
        if is_connector(character) {
            output.extend_from_slice(connector);
        } else {
            let lower = if is_upper(character) { unicode::to_lower(character) } else { character };
            output.extend_from_slice(lower.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

struct Words<'a> {
    rest: &'a [u8],
}

impl<'a> Words<'a> {
    /// The next character from `at` that is UTF-8, and where it ends; the one before it at the
    /// end of the text.
    fn rune(&self, at: usize, before: char) -> (char, usize) {
        let mut end = at;
        for (character, width) in unicode::runes(self.rest.get(at..).unwrap_or_default()) {
            end += width;
            if character != '\u{fffd}' {
                return (character, end);
            }
        }
        (before, end)
    }

    /// Takes the next word.
    fn next_word(&mut self) -> (Word, &'a [u8]) {
        if self.rest.is_empty() {
            return (Word::Invalid, b"");
        }
        let (first, mut end) = self.rune(0, '\u{fffd}');
        let kind = match first {
            '\u{fffd}' => Word::Invalid,
            _ if is_connector(first) => Word::Connector,
            _ if is_punctuation(first) => Word::Punctuation,
            _ if is_upper(first) => Word::Upper,
            _ if is_letter(first) => Word::Alphabet,
            _ if is_number(first) => Word::Number,
            _ => Word::Other,
        };
        let lower = |character: char| is_letter(character) && !is_upper(character);
        match kind {
            Word::Invalid => {}
            Word::Connector => end = self.run(end, first, is_connector),
            Word::Punctuation => end = self.run(end, first, is_punctuation),
            Word::Alphabet => end = self.run(end, first, lower),
            Word::Number => end = self.run(end, first, is_number),
            Word::Other => {
                end = self.run(end, first, |character| {
                    !(is_connector(character)
                        || is_letter(character)
                        || is_number(character)
                        || is_punctuation(character))
                });
            }
            Word::Upper if end == self.rest.len() => {}
            Word::Upper => {
                let (second, second_end) = self.rune(end, first);
                if is_upper(second) {
                    let start = end;
                    end = self.run(end, first, is_upper);
                    // The last capital of HTTPStatus begins the next word.
                    let (next, _) = self.rune(end, second);
                    if end < self.rest.len() && is_letter(next) {
                        end = self.last_start(start, end);
                    }
                } else if is_letter(second) {
                    end = self.run(second_end, second, lower);
                }
            }
        }
        let (word, rest) = self.rest.split_at(end.min(self.rest.len()));
        self.rest = rest;
        (kind, word)
    }

    /// Where a run of characters that began before `end` ends.
    fn run(&self, mut end: usize, mut before: char, belongs: impl Fn(char) -> bool) -> usize {
        while end < self.rest.len() {
            let (character, next) = self.rune(end, before);
            if !belongs(character) {
                break;
            }
            (before, end) = (character, next);
        }
        end
    }

    /// Where the last character of `from..to` starts.
    fn last_start(&self, from: usize, to: usize) -> usize {
        let (mut at, mut start) = (from, from);
        while at < to {
            start = at;
            at = self.rune(at, ' ').1;
        }
        start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_every_spelling() {
        for (text, snake) in [
            ("FirstName", "first_name"),
            ("HTTPServer", "http_server"),
            ("NoHTTPS", "no_https"),
            ("GO PATH", "go_path"),
            ("http2xx", "http_2xx"),
            ("HTTP20xOK", "http_20x_ok"),
            ("Duration2m3s", "duration_2m3s"),
            ("Bld4Floor3rd", "bld4_floor_3rd"),
            ("a--b", "a__b"),
        ] {
            assert_eq!(separated(text.as_bytes(), '_'), snake.as_bytes());
        }
        for (text, pascal) in [
            ("some_words", "SomeWords"),
            ("_complex__case_", "_Complex_Case_"),
            ("GOLANG_IS_GREAT", "GolangIsGreat"),
            ("_-", "_--"),
            ("a", "A"),
        ] {
            assert_eq!(camel(text.as_bytes()), pascal);
        }
        assert_eq!(separated(b"x\xff", '_'), b"x\xff");
        assert_eq!(initials(b"first  try\there"), "fth");
    }
}
