use super::*;
use crate::helm::budget::Bounds;
use crate::helm::exec::{Environment, Exec};
use crate::helm::json::{self, Layout};
use crate::helm::rope::Str;
use crate::origin::Origins;

fn read(text: &str) -> Result<String, String> {
    let environment = Environment { now: 0, seed: 1 };
    let mut exec = Exec::new(Origins::new(), &environment, Bounds::default());
    let node = from_toml(&mut exec, &Str::plain(text.as_bytes())).map_err(|error| error.to_string())?;
    let text = json::encode(&mut exec, &node, Layout::Compact, false).unwrap();
    Ok(text.to_text().into_owned())
}

fn rewritten(text: &str) -> String {
    let environment = Environment { now: 0, seed: 1 };
    let mut exec = Exec::new(Origins::new(), &environment, Bounds::default());
    let node = from_toml(&mut exec, &Str::plain(text.as_bytes())).unwrap();
    to_toml(&mut exec, &node).unwrap().to_text().into_owned()
}

#[test]
fn documents_are_read() {
    for (text, json) in [
        ("a = 1\n[t]\nx = \"y\"", r#"{"a":1,"t":{"x":"y"}}"#),
        ("[[a]]\nb = 1\n[[a]]\nb = 2\n[a.c]\nd = 3", r#"{"a":[{"b":1},{"b":2,"c":{"d":3}}]}"#),
        (
            "a.b.c = 1\na.d = {e = [1, 2, # x\n 3,], f.g = 'h'}",
            r#"{"a":{"b":{"c":1},"d":{"e":[1,2,3],"f":{"g":"h"}}}}"#,
        ),
        ("a = \"\"\"\nx\\\n   y\"\"\"\"\nb = '''\\n'''", r#"{"a":"xy\"","b":"\\n"}"#),
        (
            "a = 0x1F\nb = 1_000\nc = -1.5e3\nd = 2024-01-02",
            r#"{"a":31,"b":1000,"c":-1500,"d":"2024-01-02T00:00:00Z"}"#,
        ),
        ("\"a b\" = \"\\u00e9\\t\"", r#"{"a b":"é\t"}"#),
        ("a = [{b = 1}, {b = 2}]", r#"{"a":[{"b":1},{"b":2}]}"#),
    ] {
        assert_eq!(read(text).as_deref(), Ok(json), "{text}");
    }
}

#[test]
fn errors_are_helms() {
    for (text, message) in [
        ("a = 1\na = 2", "toml: line 2 (last key \"a\"): Key 'a' has already been defined."),
        ("a", "toml: line 1: unexpected EOF; expected key separator '='"),
        ("a = ", "toml: line 1 (last key \"a\"): unexpected EOF; expected value"),
        ("[t", "toml: line 1: expected '.' or ']' to end table name, but got '\\x00' instead"),
        ("a = 01", "toml: line 1 (last key \"a\"): Invalid integer \"01\": cannot have leading zeroes"),
        ("a = b", "toml: line 1 (last key \"a\"): expected value but found \"b\" instead"),
        ("a\n= 1", "toml: line 1: expected '.' or '=', but got '\\n' instead"),
        (
            "[t]\na = 1 b",
            "toml: line 2 (last key \"t\"): expected a top-level item to end with a newline, comment, or EOF, but got 'b' instead",
        ),
        ("a = \"x\ny\"", "toml: line 1 (last key \"a\"): strings cannot contain newlines"),
        ("a = 'x", "toml: line 1 (last key \"a\"): unexpected EOF; expected \"'\""),
        (
            "a = [1 2]",
            "toml: line 1 (last key \"a\"): expected a comma (',') or array terminator (']'), but got '2'",
        ),
        ("a = \"\\q\"", "toml: line 1 (last key \"a\"): invalid escape in string '\\q'"),
        ("[a]\n[a]", "toml: line 2 (last key \"\"): Key 'a' has already been defined."),
    ] {
        let found = read(text).unwrap_err();
        assert_eq!(found.replace(" (last key \"\")", ""), message.replace(" (last key \"\")", ""), "{text}");
    }
}

#[test]
fn what_is_written_is_read_back() {
    let text =
        "a = 1\nb = 1.5\n\n[c]\n  d = \"x\\ny\"\n\n  [[c.e]]\n    f = [1, 2]\n\n  [[c.e]]\n    f = []\n";
    assert_eq!(rewritten(text), text);
    assert_eq!(rewritten("a = 2.0\n\"b c\" = {d = 1}"), "a = 2.0\n\n[\"b c\"]\n  d = 1\n");
}

#[test]
fn dates_without_zone_stay_without() {
    for (text, written) in [
        ("a = 1979-05-27", "a = 1979-05-27\n"),
        ("a = 07:32:00.999999", "a = 07:32:00.999999\n"),
        ("a = 1979-05-27 07:32:00", "a = 1979-05-27T07:32:00\n"),
        ("a = [1979-05-27, 07:32]", "a = [1979-05-27, 07:32:00]\n"),
        ("a = 1979-05-27T07:32:00Z", "a = 1979-05-27T07:32:00Z\n"),
    ] {
        assert_eq!(rewritten(text), written, "{text}");
    }
}
