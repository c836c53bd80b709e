use super::*;
use crate::helm::budget::Bounds;
use crate::helm::exec::Environment;
use crate::helm::json::Layout;
use crate::origin::{Origins, Run};

fn read(text: &[u8], target: Target) -> Result<(Node, String), String> {
    let environment = Environment { now: 0, seed: 1 };
    let mut exec = Exec::new(Origins::new(), &environment, Bounds::default());
    let text = Str::exact(text, OriginId::from_index(5));
    let node = from_yaml(&mut exec, &text, target).map_err(|error| error.to_string())?;
    let json = json::encode(&mut exec, &node, Layout::Compact, false).unwrap();
    Ok((node, json.to_text().into_owned()))
}

#[test]
fn scalars_keep_the_origin_of_their_bytes() {
    let (node, _) = read(b"a: bc\n'd': \"e\"\nf: |\n  g\n  h\n", Target::Map).unwrap();
    let map = node.value.as_map().unwrap().clone();
    let places = |key: &[u8]| -> Vec<(Range<usize>, u32)> {
        let text = map.get(key).unwrap().value.as_str().unwrap().clone();
        text.runs(0..text.len()).map(|(part, run)| (part, run.at)).collect()
    };
    assert_eq!(places(b"a"), [(0..2, 3)]);
    assert_eq!(places(b"d"), [(0..1, 12)]);
    let script = places(b"f");
    assert_eq!((script[0].clone(), script[1].1), ((0..1, 22), Run::WHOLE));
}

#[test]
fn errors_are_go_yamls() {
    for (text, message) in [
        ("a: [", "yaml: line 1: did not find expected node content"),
        ("a: b: c", "yaml: mapping values are not allowed in this context"),
        ("a:\n\t- b", "yaml: line 2: found character that cannot start any token"),
        ("- a\nb: c", "yaml: line 1: did not find expected '-' indicator"),
        ("a: *x", "yaml: unknown anchor 'x' referenced"),
        ("<<: 1", "yaml: map merge requires map or sequence of maps as the value"),
        ("a: .inf", "json: unsupported value: +Inf"),
        ("a: !!int x", "yaml: cannot decode !!str `x` as a !!int"),
        ("{[a]: 1}", "yaml: invalid map key: []interface {}{\"a\"}"),
        ("null: 1", "unsupported map key of type: %!s(<nil>), key: <nil>, value: 1"),
    ] {
        let found = read(text.as_bytes(), Target::Map).unwrap_err();
        assert_eq!(found, format!("error converting YAML to JSON: {message}"), "{text}");
    }
    let found = read(b"a: \xff", Target::Map).unwrap_err();
    assert_eq!(found, "error converting YAML to JSON: yaml: invalid leading UTF-8 octet");
    let found = read(b"- a", Target::Map).unwrap_err();
    assert!(found.ends_with("cannot unmarshal array into Go value of type map[string]interface {}"));
}

#[test]
fn numbers_become_floats_and_only_the_first_document_counts() {
    let (_, json) = read(b"a: 9007199254740993\nb: 0x10\nc: yes\n---\n[", Target::Map).unwrap();
    assert_eq!(json, r#"{"a":9007199254740992,"b":16,"c":true}"#);
}

#[test]
fn a_block_that_ends_with_the_text_has_no_line_break() {
    for (text, json) in [
        ("a: |\n  x", r#"{"a":"x"}"#),
        ("a: |2\n   x", r#"{"a":" x"}"#),
        ("a: >\n  x\n   y\n  z", r#"{"a":"x\n y\nz"}"#),
        ("a: |+\n  x\n\n  y", r#"{"a":"x\n\ny"}"#),
        ("a: |\n  x\n", r#"{"a":"x\n"}"#),
        ("a: |\n  x\nb: 1", r#"{"a":"x\n","b":1}"#),
    ] {
        assert_eq!(read(text.as_bytes(), Target::Map).unwrap().1, json, "{text}");
    }
}

#[test]
fn version_1_1_may_be_said() {
    for text in ["%YAML 1.1\n---\na: 1", "%YAML 1.1 # c\n\n# d\n--- \na: 1"] {
        assert_eq!(read(text.as_bytes(), Target::Map).unwrap().1, r#"{"a":1}"#, "{text}");
    }
    let other = read(b"%YAML 1.2\n---\na: 1", Target::Map).unwrap_err();
    assert_eq!(other, "error converting YAML to JSON: yaml: found incompatible YAML document");
}

#[test]
fn utf_16_is_told_by_its_mark() {
    assert_eq!(read(b"\xff\xfea\0:\0 \0\xe9\0", Target::Map).unwrap().1, r#"{"a":"é"}"#);
    assert_eq!(read(b"\xfe\xff\0-\0 \xd8\x3d\xde\0", Target::List).unwrap().1, "[\"\u{1f600}\"]");
    for (text, message) in [
        (&b"\xff\xfea"[..], "incomplete UTF-16 character"),
        (b"\xff\xfea\0\0\xd8", "incomplete UTF-16 surrogate pair"),
        (b"\xff\xfe\0\xd8a\0", "expected low surrogate area"),
    ] {
        let found = read(text, Target::Map).unwrap_err();
        assert_eq!(found, format!("error converting YAML to JSON: yaml: {message}"));
    }
}
