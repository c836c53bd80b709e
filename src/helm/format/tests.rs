use super::*;
use crate::helm::budget::Bounds;
use crate::helm::exec::Environment;
use crate::helm::value::{List, ListKind, Map, Node, Value};
use crate::origin::{Origin, Origins};

const NOWHERE: Environment = Environment { now: 0, seed: 0 };

fn exec() -> Exec<'static> {
    Exec::new(Origins::new(), &NOWHERE, Bounds::default())
}

fn text(text: &str) -> Node {
    Str::plain(text.as_bytes()).into()
}

fn formatted(format: &str, values: &[Node]) -> String {
    let text = print_format(&mut exec(), &Str::plain(format.as_bytes()), values).unwrap();
    text.to_text().into_owned()
}

fn map(entries: &[(&str, Node)]) -> Node {
    let map = Map::new();
    for (key, node) in entries {
        map.insert(key.as_bytes(), OriginId::NONE, node.clone());
    }
    Node::plain(map)
}

#[test]
fn verbs_show_values_as_go_does() {
    let (int, float) = (Node::plain(Value::Int(42)), Node::plain(1_234_567.5));
    let list = Node::plain(List::new(vec![int.clone(), text("a"), Node::default()]));
    let bytes = Node::plain(Value::Bytes(Str::plain(*b"hi")));
    let digits = Node::plain(Value::Bytes(Str::plain([0, 9, 10, 99, 100, 105, 255])));
    for (format, value, expected) in [
        ("%v|%d|%5d|%-5d|%05d|%+d|% d|%x|%#x|%o|%#o|%b|%c|%q|%U|%e", &int, None),
        ("%d", &Node::plain(Value::Int(-42)), Some("-42")),
        ("%6d|", &Node::plain(Value::Int(-42)), Some("   -42|")),
        ("%06d", &Node::plain(Value::Int(-42)), Some("-00042")),
        ("%.5d", &int, Some("00042")),
        ("%#U", &Node::plain(Value::Int(0x263a)), Some("U+263A '☺'")),
        ("%d", &float, Some("%!d(float64=1.2345675e+06)")),
        ("%8.2f|", &Node::plain(3.14259), Some("    3.14|")),
        ("%08.3f", &Node::plain(-3.24159), Some("-003.242")),
        ("%+.1e", &float, Some("+1.2e+06")),
        ("%#g", &Node::plain(1.0), Some("1.00000")),
        ("%s", &list, Some("[%!s(int=42) a <nil>]")),
        ("%v", &list, Some("[42 a <nil>]")),
        ("%#v", &list, Some("[]interface {}{42, \"a\", interface {}(nil)}")),
        ("%T", &list, Some("[]interface {}")),
        ("%v", &bytes, Some("[104 105]")),
        ("%v", &digits, Some("[0 9 10 99 100 105 255]")),
        ("%04d", &digits, Some("[0000 0009 0010 0099 0100 0105 0255]")),
        ("%s|", &bytes, Some("hi|")),
        ("%#v", &bytes, Some("[]byte{0x68, 0x69}")),
        ("%x", &bytes, Some("6869")),
        ("%t", &Node::plain(true), Some("true")),
        ("%d", &Node::plain(true), Some("%!d(bool=true)")),
        ("%s", &Node::default(), Some("%!s(<nil>)")),
        ("%v", &Node::default(), Some("<nil>")),
        ("%q", &text("a\"b"), Some("\"a\\\"b\"")),
        ("%#q", &text("ab"), Some("`ab`")),
        ("%+q", &text("é"), Some("\"\\u00e9\"")),
        ("%.2s|", &text("héllo"), Some("hé|")),
        ("%6s|%-6s|", &text("é"), None),
        ("% x", &text("hi"), Some("68 69")),
        ("%# X", &text("hi"), Some("0X68 0X69")),
        ("%v", &Node::plain(Value::Complex(1.0, -2.5)), Some("(1-2.5i)")),
        ("%v", &Node::plain(List::of_kind(ListKind::Strings, vec![text("a b"), text("c")])), Some("[a b c]")),
        ("%v", &map(&[("b", int.clone()), ("a", text("x"))]), Some("map[a:x b:42]")),
        ("%#v", &map(&[("b", int.clone())]), Some("map[string]interface {}{\"b\":42}")),
        ("%z", &int, Some("%!z(int=42)")),
        ("%w", &text("a"), Some("%!w(string=a)")),
    ] {
        let count = format.matches('%').count();
        let values = vec![value.clone(); count];
        match expected {
            Some(expected) => assert_eq!(formatted(format, &values[..1]), expected, "{format}"),
            None => assert!(!formatted(format, &values).contains("EXTRA"), "{format}"),
        }
    }
    assert_eq!(
        formatted("%v|%d|%5d|%-5d|%05d|%+d|% d|%x|%#x|%o|%#o|%b|%c|%q|%U|%e", &vec![int; 16]),
        "42|42|   42|42   |00042|+42| 42|2a|0x2a|52|052|101010|*|'*'|U+002A|%!e(int=42)"
    );
    assert_eq!(formatted("%6s|%-6s|", &[text("é"), text("é")]), "     é|é     |");
}

#[test]
fn what_does_not_fit_is_said_in_the_text() {
    let int = |value| Node::plain(Value::Int(value));
    assert_eq!(formatted("%d %d", &[int(1)]), "1 %!d(MISSING)");
    assert_eq!(formatted("%d", &[int(1), text("a"), Node::default()]), "1%!(EXTRA string=a, <nil>)");
    assert_eq!(formatted("%", &[]), "%!(NOVERB)");
    assert_eq!(formatted("%!", &[]), "%!!(MISSING)");
    assert_eq!(formatted("100%%", &[]), "100%");
    assert_eq!(formatted("%[2]d %[1]d", &[int(1), int(2)]), "2 1");
    assert_eq!(formatted("%[3]d", &[int(1)]), "%!d(BADINDEX)");
    assert_eq!(formatted("%*d|%-*d|", &[int(4), int(1), int(4), int(2)]), "   1|2   |");
    assert_eq!(formatted("%*d", &[text("a"), int(1)]), "%!(BADWIDTH)1");
    assert_eq!(formatted("%.*f", &[int(1), Node::plain(2.55)]), "2.5");
}

#[test]
fn print_spaces_what_is_no_string() {
    let values = [Node::plain(1.0), Node::plain(true), text("a"), Node::plain(2.0), Node::default()];
    assert_eq!(print(&mut exec(), &values).unwrap().to_text(), "1 truea2 <nil>");
    assert_eq!(print_line(&mut exec(), &values).unwrap().to_text(), "1 true a 2 <nil>\n");
}

#[test]
fn strings_keep_their_origins_in_formats() {
    let mut exec = exec();
    let name = exec.origins.name("n");
    let origin = exec.origins.push(Origin::Context { name });
    let value = Node::from(Str::exact(*b"abc", origin));
    let format = Str::exact(*b"x-%s-%q-%4.1s", OriginId::from_index(99));
    let text = print_format(&mut exec, &format, &[value.clone(), value.clone(), value]).unwrap();
    assert_eq!(text.to_text(), "x-abc-\"abc\"-   a");
    let from_value: Vec<_> = text
        .runs(0..text.len())
        .filter(|(_, run)| run.origin == origin)
        .map(|(part, run)| (part.start, part.end, run.at))
        .collect();
    assert_eq!(from_value, [(2, 5, 0), (7, 10, 0), (15, 16, 0)]);
}

#[test]
fn values_within_themselves_end_in_a_bound() {
    let map = Map::new();
    map.insert(*b"a", OriginId::NONE, Node::plain(map.clone()));
    let mut exec = Exec::new(Origins::new(), &NOWHERE, Bounds { stack: 100 << 10, ..Bounds::default() });
    assert!(matches!(print_value(&mut exec, &Node::plain(map)), Err(FunctionError::Limit(_))));
}
