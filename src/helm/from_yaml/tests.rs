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
