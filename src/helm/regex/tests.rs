use super::*;

fn pattern(text: &str) -> Pattern {
    Pattern::new(text.as_bytes()).unwrap()
}

fn replaced(regex: &str, text: &str, template: &str) -> String {
    let pieces = pattern(regex).replace_all(text.as_bytes(), template.as_bytes(), false);
    pieces
        .into_iter()
        .map(|piece| match piece {
            Piece::Text(range) => &text[range],
            Piece::Template(range) => &template[range],
        })
        .collect()
}

fn split(regex: &str, text: &str, limit: i64) -> Option<Vec<String>> {
    let parts = pattern(regex).split(text.as_bytes(), limit)?;
    Some(parts.into_iter().map(|part| text[part].to_owned()).collect())
}

#[test]
fn classes_are_ascii_unless_they_name_unicode() {
    for (regex, inside, outside) in [
        (r"^\d$", "5", "٣"),
        (r"^\w$", "a", "é"),
        (r"^\s$", "\t", "\u{a0}"),
        (r"\bé", "aé", "é"),
        (r"^\pL$", "é", "5"),
        (r"^\p{Greek}$", "α", "a"),
        (r"^\P{^Lu}$", "A", "a"),
        (r"^[[:^alpha:]]$", "1", "a"),
        (r"^[^\d\n]$", "a", "1"),
        (r"^(?i)straße$", "STRAßE", "strasse"),
        (r"^[\x{41}-\103]$", "B", "D"),
        (r"^a{,2}$", "a{,2}", "aa"),
        (r"^\Qa.b*\E$", "a.b*", "axb"),
        (r"(?s)^a.b$", "a\nb", "a.c"),
        (r"(?m)^b$", "a\nb", "ab"),
        (r"^[]a]$", "]", "b"),
        (r"^[a&&b]$", "&", "c"),
        (r"^a(?i)*b$", "aaB", "AAB"),
        (r"^(?U)a+$", "aaa", "b"),
    ] {
        assert!(pattern(regex).is_match(inside.as_bytes()), "{regex} {inside}");
        assert!(!pattern(regex).is_match(outside.as_bytes()), "{regex} {outside}");
    }
}

#[test]
fn what_is_no_pattern_is_refused_with_gos_words() {
    for (regex, message) in [
        ("(a", "missing closing ): `(a`"),
        ("\\x4", "invalid escape sequence: `\\x4`"),
        ("a)", "unexpected ): `a)`"),
        ("[a", "missing closing ]: `[a`"),
        ("a**", "invalid nested repetition operator: `**`"),
        ("a+?*", "invalid nested repetition operator: `+?*`"),
        ("*", "missing argument to repetition operator: `*`"),
        ("(|*)", "missing argument to repetition operator: `*`"),
        ("(?i)*", "missing argument to repetition operator: `*`"),
        ("a{2,1}", "invalid repeat count: `{2,1}`"),
        ("a{1001}", "invalid repeat count: `{1001}`"),
        ("(a{100}){11}", "invalid repeat count: `{11}`"),
        ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
        ("(?i", "invalid or unsupported Perl syntax: `(?i`"),
        ("(?P<n", "invalid named capture: `(?P<n`"),
        ("(?P<n->a)", "invalid named capture: `(?P<n->`"),
        (r"\1", r"invalid escape sequence: `\1`"),
        (r"\q", r"invalid escape sequence: `\q`"),
        (r"\x{110000}", r"invalid escape sequence: `\x{110000`"),
        ("\\", "trailing backslash at end of expression: ``"),
        ("[b-a]", "invalid character class range: `b-a`"),
        (r"\p{Foo}", r"invalid character class range: `\p{Foo}`"),
        ("[[:foo:]]", "invalid character class range: `[:foo:]`"),
        (r"[a-\d]", r"invalid escape sequence: `\d`"),
    ] {
        let error = Pattern::new(regex.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), format!("error parsing regexp: {message}"));
    }
    assert_eq!(Pattern::new(b"a\xff").unwrap_err().what, "invalid UTF-8");
}

#[test]
fn templates_refer_to_groups() {
    for (regex, template, result) in [
        ("(b)(x)?", "<$1$2>", "a<b>cd"),
        ("(b)(c)", "$2$1", "acbd"),
        ("(?P<x>b)", "${x}${x}", "abbcd"),
        ("b", "$1x", "acd"),
        ("b", "$$", "a$cd"),
        ("b", "$", "a$cd"),
        ("b", "${", "a${cd"),
        ("b", "$0é", "acd"),
        ("b", "${0}é", "abécd"),
        ("b", "${00}", "acd"),
        ("", "-", "-a-b-c-d-"),
    ] {
        assert_eq!(replaced(regex, "abcd", template), result, "{regex} {template}");
    }
    assert_eq!(replaced("a*", "baac", "x"), "xbxcx");
}

#[test]
fn splitting_keeps_empty_parts() {
    let parts = |parts: &[&str]| Some(parts.iter().map(|part| (*part).to_owned()).collect());
    assert_eq!(split(",", "a,b,,c", -1), parts(&["a", "b", "", "c"]));
    assert_eq!(split(",", "a,b,c", 2), parts(&["a", "b,c"]));
    assert_eq!(split(",", "", -1), parts(&[""]));
    assert_eq!(split("", "abc", -1), parts(&["a", "b", "c"]));
    assert_eq!(split(",", "a,", -1), parts(&["a", ""]));
    assert_eq!(split(",", "a", 0), None);
}

#[test]
fn bytes_that_are_no_text_match_as_one_character_each() {
    let text = b"a\xff\xfeb";
    assert_eq!(pattern("x*").find_all("é".as_bytes(), 9), [0..0, 2..2]);
    assert_eq!(pattern(".").find_all(text, 9), [0..1, 1..2, 2..3, 3..4]);
    assert_eq!(pattern("\\x{FFFD}+").find(text), Some(1..3));
}

#[test]
fn a_pattern_that_grows_too_large_is_refused() {
    let error = Pattern::new(br"(\pL{1000}){1}(\pL{1000})(\pL{1000})").unwrap_err();
    assert_eq!(error.what, "expression too large");
}
