use super::*;
use crate::helm::budget::Bounds;
use crate::helm::exec::Environment;
use crate::origin::{OriginId, Origins};

fn with_exec<T>(run: impl FnOnce(&mut Exec<'_>) -> T) -> T {
    let environment = Environment { now: 0, seed: 1 };
    run(&mut Exec::new(Origins::new(), &environment, Bounds::default()))
}

fn read(text: &[u8]) -> Result<Node, String> {
    with_exec(|exec| match decode(exec, &Str::exact(text, OriginId::from_index(7)), Target::Any) {
        Ok((node, None)) => Ok(node),
        Ok((_, Some(error))) | Err(error) => Err(error.to_string()),
    })
}

fn rewritten(text: &str, layout: Layout, escape_html: bool) -> String {
    let node = read(text.as_bytes()).unwrap();
    with_exec(|exec| encode(exec, &node, layout, escape_html)).unwrap().to_text().into_owned()
}

#[test]
fn text_is_escaped_as_go_escapes_it() {
    let text = r#"{"b":["<&>\u2028\u0001\b\"\\é",1e21,1e-7,100000,-0],"a":null}"#;
    let html = r#"{"a":null,"b":["\u003c\u0026\u003e\u2028\u0001\b\"\\é",1e+21,1e-7,100000,-0]}"#;
    assert_eq!(rewritten(text, Layout::Compact, true), html);
    assert_eq!(rewritten(r#""<""#, Layout::Compact, false), r#""<""#);
    assert_eq!(
        rewritten(r#"{"a":[],"b":{},"c":[1]}"#, Layout::Indented, true),
        "{\n  \"a\": [],\n  \"b\": {},\n  \"c\": [\n    1\n  ]\n}"
    );
}

#[test]
fn strings_keep_the_origin_of_their_bytes() {
    let node = read(br#"{"key": "a\nb"}"#).unwrap();
    let map = node.value.as_map().unwrap().clone();
    let entries = map.snapshot();
    let text = entries[0].1.node.value.as_str().unwrap().clone();
    let places: Vec<_> = text.runs(0..text.len()).map(|(part, run)| (part, run.at)).collect();
    assert_eq!(places, [(0..1, 9), (1..2, crate::origin::Run::WHOLE), (2..3, 12)]);
    assert_eq!(entries[0].1.key_origin, OriginId::from_index(7));
}

#[test]
fn what_is_no_json_is_refused_with_gos_words() {
    for (text, message) in [
        ("", "unexpected end of JSON input"),
        ("{", "unexpected end of JSON input"),
        ("[1,]", "invalid character ']' looking for beginning of value"),
        ("{a:1}", "invalid character 'a' looking for beginning of object key string"),
        ("{\"a\" 1}", "invalid character '1' after object key"),
        ("{\"a\":01}", "invalid character '1' after object key:value pair"),
        ("[1 2]", "invalid character '2' after array element"),
        ("1 x", "invalid character 'x' after top-level value"),
        ("trux", "invalid character 'x' in literal true (expecting 'e')"),
        ("- x", "invalid character ' ' in numeric literal"),
        ("1.x", "invalid character 'x' after decimal point in numeric literal"),
        ("1ex", "invalid character 'x' in exponent of numeric literal"),
        ("\"\\x\"", "invalid character 'x' in string escape code"),
        ("\"\\u00g0\"", "invalid character 'g' in \\u hexadecimal character escape"),
        ("\"\n\"", "invalid character '\\n' in string literal"),
        ("é", "invalid character 'Ã' looking for beginning of value"),
        ("1e400", "json: cannot unmarshal number 1e400 into Go value of type float64"),
    ] {
        assert_eq!(read(text.as_bytes()).unwrap_err(), message, "{text}");
    }
}

#[test]
fn a_map_that_holds_itself_is_refused() {
    let map = Map::new();
    map.insert(*b"a", OriginId::NONE, Node::plain(map.clone()));
    let node = Node::plain(map.clone());
    let error = with_exec(|exec| encode(exec, &node, Layout::Compact, true)).unwrap_err();
    assert_eq!(error, JsonError::Cycle("map[string]interface {}"));
    map.remove(b"a");
}

#[test]
fn nesting_ends_at_the_stack_bound() {
    let text = "[".repeat(1_000_000);
    assert!(read(text.as_bytes()).unwrap_err().contains("deeply"));
}

#[test]
fn a_text_that_ends_within_a_word_lacks_a_letter() {
    for (text, message) in [
        ("tru", "invalid character ' ' in literal true (expecting 'e')"),
        ("[-", "invalid character ' ' in numeric literal"),
        ("1.", "invalid character ' ' after decimal point in numeric literal"),
        ("\"\\", "invalid character ' ' in string escape code"),
        ("\"a", "unexpected end of JSON input"),
        ("[1", "unexpected end of JSON input"),
    ] {
        assert_eq!(read(text.as_bytes()).unwrap_err(), message, "{text}");
    }
}
