//! Go's pattern syntax, checked as `regexp/syntax` checks it and spelled for the `regex` crate.

/// Largest repetition count, alone or as a product of nested ones.
const MAX_REPEAT: u64 = 1000;
/// Deepest nesting of groups. (Go allows some more.)
const MAX_DEPTH: usize = 200;

/// Why a pattern is refused: Go's words and the part of the pattern they are about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) what: &'static str,
    pub(super) part: Vec<u8>,
}

/// A pattern in the syntax of the `regex` crate.
#[derive(Debug, Default)]
pub(super) struct Translated {
    pub(super) pattern: String,
    /// Names of the groups, from group 1 on; empty for a group without name.
    pub(super) names: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Flags {
    fold_case: bool,
    multi_line: bool,
    dot_newline: bool,
    lazy: bool,
}

/// The last thing in a sequence: what a repetition operator applies to.
#[derive(Clone, Copy, Debug)]
struct Atom {
    /// Where its spelling starts in the output.
    start: usize,
    /// The largest product of repetition counts in it.
    copies: u64,
    repeated: bool,
}

/// An open group, or the whole pattern.
#[derive(Debug)]
struct Group {
    start: usize,
    /// Flags to restore when it closes.
    flags: Flags,
    last: Option<Atom>,
    copies: u64,
}

struct Translator<'a> {
    whole: &'a [u8],
    rest: &'a [u8],
    flags: Flags,
    /// The flags that the output has switched on at its end.
    written: Flags,
    groups: Vec<Group>,
    output: Translated,
}

/// Translates a pattern.
pub(super) fn translate(pattern: &[u8]) -> Result<Translated, Fault> {
    let base = Group { start: 0, flags: Flags::default(), last: None, copies: 0 };
    let mut translator = Translator {
        whole: pattern,
        rest: pattern,
        flags: Flags::default(),
        written: Flags::default(),
        groups: vec![base],
        output: Translated::default(),
    };
    translator.run()?;
    Ok(translator.output)
}

/// The character that `text` starts with, and its length.
fn decode(text: &[u8]) -> Option<(char, usize)> {
    let chunk = text.utf8_chunks().next()?;
    let character = chunk.valid().chars().next()?;
    Some((character, character.len_utf8()))
}

/// A code point that may be no character (a surrogate, written `\x{D800}`).
fn spell(code: u32) -> String {
    match char::from_u32(code) {
        Some(_) => format!("\\u{{{code:x}}}"),
        // No text holds a surrogate.
        None => "[a&&b]".to_owned(),
    }
}

impl<'a> Translator<'a> {
    fn fault<T>(&self, what: &'static str, part: &[u8]) -> Result<T, Fault> {
        Err(Fault { what, part: part.to_vec() })
    }

    /// What was read since `before` was all that is left.
    fn since(&self, before: &'a [u8]) -> &'a [u8] {
        &before[..before.len() - self.rest.len()]
    }

    fn next_char(&mut self) -> Result<char, Fault> {
        let Some((character, length)) = decode(self.rest) else {
            return self.fault("invalid UTF-8", self.rest);
        };
        self.rest = &self.rest[length..];
        Ok(character)
    }

    /// Whether all that is left is UTF-8, as a fault otherwise.
    fn check_utf8(&self, text: &[u8]) -> Result<(), Fault> {
        match std::str::from_utf8(text) {
            Ok(_) => Ok(()),
            Err(error) => self.fault("invalid UTF-8", &text[error.valid_up_to()..]),
        }
    }

    fn group(&mut self) -> &mut Group {
        // The base group is never popped.
        if self.groups.is_empty() {
            self.groups.push(Group { start: 0, flags: self.flags, last: None, copies: 0 });
        }
        let last = self.groups.len() - 1;
        &mut self.groups[last]
    }

    /// Brings the output's flags up to date, since something follows that they matter to.
    fn write_flags(&mut self) {
        let (now, then) = (self.flags, self.written);
        let all = [
            (now.fold_case, then.fold_case, 'i'),
            (now.multi_line, then.multi_line, 'm'),
            (now.dot_newline, then.dot_newline, 's'),
        ];
        let pick = |wanted: bool| all.iter().filter(move |(now, then, _)| now != then && *now == wanted);
        let (on, off): (String, String) =
            (pick(true).map(|flag| flag.2).collect(), pick(false).map(|flag| flag.2).collect());
        if !off.is_empty() {
            self.output.pattern.push_str(&format!("(?{on}-{off})"));
        } else if !on.is_empty() {
            self.output.pattern.push_str(&format!("(?{on})"));
        }
        self.written = now;
    }

    fn atom(&mut self, spelling: &str) {
        self.write_flags();
        let start = self.output.pattern.len();
        self.output.pattern.push_str(spelling);
        self.group().last = Some(Atom { start, copies: 0, repeated: false });
    }

    fn run(&mut self) -> Result<(), Fault> {
        let mut last_repeat: &[u8] = b"";
        while let Some(&first) = self.rest.first() {
            let before = self.rest;
            let mut repeat: &[u8] = b"";
            match first {
                b'(' if self.rest.get(1) == Some(&b'?') => self.perl_group()?,
                b'(' => {
                    self.rest = &self.rest[1..];
                    self.output.names.push(String::new());
                    self.open("(")?;
                }
                b'|' => {
                    self.rest = &self.rest[1..];
                    // Flags set by (?i) go on behind a bar, and the crate has that too.
                    self.output.pattern.push('|');
                    self.group().last = None;
                }
                b')' => self.close()?,
                b'^' | b'$' | b'.' => {
                    self.rest = &self.rest[1..];
                    self.atom(match first {
                        b'^' => "^",
                        b'$' => "$",
                        _ => ".",
                    });
                }
                b'[' => self.class()?,
                b'*' | b'+' | b'?' => {
                    self.rest = &self.rest[1..];
                    let operator = [first];
                    self.repeat(&String::from_utf8_lossy(&operator), None, before, last_repeat)?;
                    repeat = before;
                }
                b'{' => match self.counts() {
                    None => {
                        self.rest = &self.rest[1..];
                        self.atom("\\{");
                    }
                    Some((least, most, length)) => {
                        let bad = |count: Option<u64>| count.is_none_or(|count| count > MAX_REPEAT);
                        let part = &before[..length];
                        if bad(least) || most.is_some_and(bad) || most.is_some_and(|most| most < least) {
                            return self.fault("invalid repeat count", part);
                        }
                        self.rest = &self.rest[length..];
                        let (least, most) = (least.unwrap_or(0), most.map(|most| most.unwrap_or(0)));
                        let operator = String::from_utf8_lossy(part).into_owned();
                        self.repeat(&operator, Some((least, most)), before, last_repeat)?;
                        repeat = before;
                    }
                },
                b'\\' => self.backslash()?,
                _ => {
                    let character = self.next_char()?;
                    self.atom(&regex::escape(character.encode_utf8(&mut [0; 4])));
                }
            }
            last_repeat = repeat;
        }
        if self.groups.len() > 1 { self.fault("missing closing )", self.whole) } else { Ok(()) }
    }

    fn open(&mut self, spelling: &str) -> Result<(), Fault> {
        if self.groups.len() > MAX_DEPTH {
            return self.fault("expression nests too deeply", self.whole);
        }
        self.write_flags();
        let group = Group { start: self.output.pattern.len(), flags: self.flags, last: None, copies: 0 };
        self.output.pattern.push_str(spelling);
        self.groups.push(group);
        Ok(())
    }

    fn close(&mut self) -> Result<(), Fault> {
        if self.groups.len() < 2 {
            return self.fault("unexpected )", self.whole);
        }
        self.rest = &self.rest[1..];
        self.output.pattern.push(')');
        if let Some(group) = self.groups.pop() {
            let copies = group.copies.max(group.last.map_or(0, |atom| atom.copies));
            self.flags = group.flags;
            self.written = group.flags;
            self.group().last = Some(Atom { start: group.start, copies, repeated: false });
        }
        Ok(())
    }

    fn repeat(
        &mut self,
        operator: &str,
        counts: Option<(u64, Option<u64>)>,
        before: &'a [u8],
        last_repeat: &'a [u8],
    ) -> Result<(), Fault> {
        let mut lazy = self.flags.lazy;
        if self.rest.first() == Some(&b'?') {
            self.rest = &self.rest[1..];
            lazy = !lazy;
        }
        if !last_repeat.is_empty() {
            let part = &last_repeat[..last_repeat.len() - self.rest.len()];
            return self.fault("invalid nested repetition operator", part);
        }
        let part = self.since(before);
        let Some(mut atom) = self.group().last else {
            return self.fault("missing argument to repetition operator", part);
        };
        if let Some((least, most)) = counts {
            let times = most.unwrap_or(least);
            atom.copies = match most {
                Some(0) => 0,
                None if least == 0 => atom.copies,
                _ => times.saturating_mul(atom.copies.max(1)),
            };
            if (least >= 2 || most.is_some_and(|most| most >= 2)) && atom.copies > MAX_REPEAT {
                return self.fault("invalid repeat count", part);
            }
        }
        if atom.repeated {
            self.output.pattern.insert_str(atom.start, "(?:");
            self.output.pattern.push(')');
        }
        self.output.pattern.push_str(operator);
        if lazy {
            self.output.pattern.push('?');
        }
        atom.repeated = true;
        let group = self.group();
        group.copies = group.copies.max(atom.copies);
        group.last = Some(atom);
        Ok(())
    }

    /// `{2}`, `{2,}` or `{2,3}` at the start of what is left: least, most (`None`: no bound) and
    /// length. A count that is far too large is `None` itself. `None` if it is no repetition.
    fn counts(&self) -> Option<(Option<u64>, Option<Option<u64>>, usize)> {
        let number = |text: &[u8]| -> Option<(Option<u64>, usize)> {
            let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if digits == 0 || digits > 1 && text[0] == b'0' {
                return None;
            }
            let value = std::str::from_utf8(&text[..digits]).ok()?.parse().ok();
            Some((value.filter(|value| *value < 100_000_000), digits))
        };
        let text = self.rest.strip_prefix(b"{")?;
        let (least, length) = number(text)?;
        let mut at = length;
        let mut most = Some(least);
        if text.get(at) == Some(&b',') {
            at += 1;
            if text.get(at) == Some(&b'}') {
                most = None;
            } else {
                let (value, length) = number(text.get(at..)?)?;
                at += length;
                most = Some(value);
            }
        }
        (text.get(at) == Some(&b'}')).then_some((least, most, at + 2))
    }

    /// `(?P<name>`, `(?<name>`, `(?flags)` or `(?flags:`.
    fn perl_group(&mut self) -> Result<(), Fault> {
        let before = self.rest;
        let name_at = match before {
            [b'(', b'?', b'P', b'<', _, ..] => Some(4),
            [b'(', b'?', b'<', _, ..] => Some(3),
            _ => None,
        };
        if let Some(start) = name_at {
            let Some(end) = before.iter().position(|byte| *byte == b'>') else {
                self.check_utf8(before)?;
                return self.fault("invalid named capture", before);
            };
            let name = before.get(start..end).unwrap_or_default();
            self.check_utf8(name)?;
            if name.is_empty() || !name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_') {
                return self.fault("invalid named capture", &before[..=end]);
            }
            self.rest = &before[end + 1..];
            self.output.names.push(String::from_utf8_lossy(name).into_owned());
            return self.open("(");
        }
        self.rest = &before[2..];
        let (mut flags, mut on, mut seen) = (self.flags, true, false);
        while !self.rest.is_empty() {
            match self.next_char()? {
                'i' => flags.fold_case = on,
                'm' => flags.multi_line = on,
                's' => flags.dot_newline = on,
                'U' => flags.lazy = on,
                '-' if on => {
                    (on, seen) = (false, false);
                    continue;
                }
                end @ (':' | ')') if on || seen => {
                    if end == ':' {
                        self.open("(?:")?;
                    }
                    self.flags = flags;
                    return Ok(());
                }
                _ => break,
            }
            seen = true;
        }
        self.fault("invalid or unsupported Perl syntax", self.since(before))
    }

    fn backslash(&mut self) -> Result<(), Fault> {
        let before = self.rest;
        let spelling = match before.get(1) {
            Some(b'A') => "\\A",
            Some(b'b') => "(?-u:\\b)",
            Some(b'B') => "(?-u:\\B)",
            Some(b'z') => "\\z",
            Some(b'C') => return self.fault("invalid escape sequence", &before[..2]),
            Some(b'Q') => {
                self.rest = &before[2..];
                return self.quoted();
            }
            _ => {
                let spelling = match self.class_escape()? {
                    Some(class) => class,
                    None => spell(self.escape()?),
                };
                self.atom(&spelling);
                return Ok(());
            }
        };
        self.rest = &before[2..];
        self.atom(spelling);
        Ok(())
    }

    /// What stands between `\Q` and `\E`, or the end.
    fn quoted(&mut self) -> Result<(), Fault> {
        let end = self.rest.windows(2).position(|pair| pair == b"\\E");
        let (text, after) = match end {
            Some(end) => (&self.rest[..end], &self.rest[end + 2..]),
            None => (self.rest, &b""[..]),
        };
        self.rest = text;
        while !self.rest.is_empty() {
            let character = self.next_char()?;
            self.atom(&regex::escape(character.encode_utf8(&mut [0; 4])));
        }
        self.rest = after;
        Ok(())
    }

    /// `\d`, `\pL`, `\p{Greek}` and their kin, spelled so that they fit inside a class too.
    fn class_escape(&mut self) -> Result<Option<String>, Fault> {
        let before = self.rest;
        let spelling = match before {
            [b'\\', b'd', ..] => "[0-9]",
            [b'\\', b'D', ..] => "[^0-9]",
            [b'\\', b's', ..] => "[\\t\\n\\x0C\\r ]",
            [b'\\', b'S', ..] => "[^\\t\\n\\x0C\\r ]",
            [b'\\', b'w', ..] => "[0-9A-Za-z_]",
            [b'\\', b'W', ..] => "[^0-9A-Za-z_]",
            [b'\\', b'p' | b'P', ..] => return self.unicode_class().map(Some),
            _ => return Ok(None),
        };
        self.rest = &before[2..];
        Ok(Some(spelling.to_owned()))
    }

    fn unicode_class(&mut self) -> Result<String, Fault> {
        let before = self.rest;
        let mut negated = before.get(1) == Some(&b'P');
        self.rest = &before[2..];
        let first = self.next_char()?;
        let mut name = &self.since(before)[2..];
        if first == '{' {
            let Some(end) = before.iter().position(|byte| *byte == b'}') else {
                self.check_utf8(before)?;
                return self.fault("invalid character class range", before);
            };
            name = &before[3..end];
            self.check_utf8(name)?;
            self.rest = &before[end + 1..];
        }
        if let Some(inner) = name.strip_prefix(b"^") {
            negated = !negated;
            name = inner;
        }
        let name = String::from_utf8_lossy(name).into_owned();
        let plain = !name.is_empty()
            && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ' '));
        let letter = if negated { 'P' } else { 'p' };
        // A category or a script; other properties are unknown to Go.
        let known = ["gc", "sc"].iter().map(|kind| format!("\\{letter}{{{kind}={name}}}"));
        let spelling = known.into_iter().find(|spelling| plain && regex::Regex::new(spelling).is_ok());
        match spelling {
            Some(spelling) => Ok(spelling),
            None => self.fault("invalid character class range", self.since(before)),
        }
    }

    /// An escaped single character, as its code point.
    fn escape(&mut self) -> Result<u32, Fault> {
        let before = self.rest;
        self.rest = &before[1..];
        if self.rest.is_empty() {
            return self.fault("trailing backslash at end of expression", b"");
        }
        let character = self.next_char()?;
        let octal_follows = matches!(self.rest.first(), Some(b'0'..=b'7'));
        let found = match character {
            '0' => Some(self.octal(0)),
            '1'..='7' if octal_follows => Some(self.octal(character.to_digit(8).unwrap_or(0))),
            'x' => self.hexadecimal()?,
            'a' => Some(7),
            'f' => Some(12),
            'n' => Some(10),
            'r' => Some(13),
            't' => Some(9),
            'v' => Some(11),
            _ if character.is_ascii() && !character.is_ascii_alphanumeric() => Some(u32::from(character)),
            _ => None,
        };
        match found {
            Some(code) => Ok(code),
            None => self.fault("invalid escape sequence", self.since(before)),
        }
    }

    fn octal(&mut self, first: u32) -> u32 {
        let mut value = first;
        for _ in 0..2 {
            let Some(digit @ b'0'..=b'7') = self.rest.first() else { break };
            value = value * 8 + u32::from(digit - b'0');
            self.rest = &self.rest[1..];
        }
        value
    }

    /// What follows `\x`: two digits, or any number in braces. `None` if there is no number.
    fn hexadecimal(&mut self) -> Result<Option<u32>, Fault> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let first = self.next_char()?;
        if first != '{' {
            if self.rest.is_empty() {
                return Ok(None);
            }
            let second = self.next_char()?;
            return Ok(first.to_digit(16).zip(second.to_digit(16)).map(|(high, low)| high * 16 + low));
        }
        let (mut value, mut digits) = (0u32, 0);
        loop {
            if self.rest.is_empty() {
                return Ok(None);
            }
            let character = self.next_char()?;
            if character == '}' {
                return Ok((digits > 0).then_some(value));
            }
            let Some(digit) = character.to_digit(16) else { return Ok(None) };
            value = value * 16 + digit;
            digits += 1;
            if value > 0x10_FFFF {
                return Ok(None);
            }
        }
    }

    fn class(&mut self) -> Result<(), Fault> {
        let before = self.rest;
        self.rest = &before[1..];
        let mut spelling = String::from("[");
        if self.rest.first() == Some(&b'^') {
            self.rest = &self.rest[1..];
            spelling.push('^');
        }
        let mut first = true;
        while first || self.rest.first() != Some(&b']') {
            first = false;
            if let Some(class) = self.posix_class()? {
                spelling.push_str(&class);
                continue;
            }
            if let Some(class) = self.class_escape()? {
                spelling.push_str(&class);
                continue;
            }
            let range = self.rest;
            let low = self.class_char(before)?;
            let mut high = low;
            if self.rest.first() == Some(&b'-') && self.rest.get(1).is_some_and(|byte| *byte != b']') {
                self.rest = &self.rest[1..];
                high = self.class_char(before)?;
                if high < low {
                    return self.fault("invalid character class range", self.since(range));
                }
            }
            // Surrogates are in no text.
            let low = if (0xD800..0xE000).contains(&low) { 0xE000 } else { low };
            let high = if (0xD800..0xE000).contains(&high) { 0xD7FF } else { high };
            if low <= high {
                spelling.push_str(&format!("\\u{{{low:x}}}-\\u{{{high:x}}}"));
            } else {
                spelling.push_str("[a&&b]");
            }
        }
        self.rest = &self.rest[1..];
        spelling.push(']');
        self.atom(&spelling);
        Ok(())
    }

    fn class_char(&mut self, class: &'a [u8]) -> Result<u32, Fault> {
        match self.rest.first() {
            None => self.fault("missing closing ]", class),
            Some(b'\\') => self.escape(),
            Some(_) => self.next_char().map(u32::from),
        }
    }

    /// `[:alpha:]`, `[:^alpha:]`.
    fn posix_class(&mut self) -> Result<Option<String>, Fault> {
        let Some(inner) = self.rest.strip_prefix(b"[:") else { return Ok(None) };
        let Some(end) = inner.windows(2).position(|pair| pair == b":]") else { return Ok(None) };
        let part = &self.rest[..end + 4];
        let name = &inner[..end];
        let plain = name.strip_prefix(b"^").unwrap_or(name);
        const NAMES: [&str; 14] = [
            "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
            "space", "upper", "word", "xdigit",
        ];
        if !NAMES.iter().any(|known| known.as_bytes() == plain) {
            return self.fault("invalid character class range", part);
        }
        self.rest = &self.rest[part.len()..];
        Ok(Some(String::from_utf8_lossy(part).into_owned()))
    }
}
