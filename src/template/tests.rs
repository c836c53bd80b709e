use super::ast::{BranchKind, Item, Operand};
use super::{Anchor, NodeKind, Template, parse, print};

fn functions(name: &str) -> Option<u32> {
    ["printf", "include", "default", "quote"].iter().position(|known| *known == name).map(|at| at as u32)
}

fn read(text: &[u8]) -> Template {
    let template = parse("t", text, &functions).unwrap();
    assert_eq!(print(&template), text, "{}", String::from_utf8_lossy(text));
    template
}

fn error(text: &str) -> String {
    parse("t", text.as_bytes(), &functions).unwrap_err().to_string()
}

#[test]
fn every_byte_is_kept() {
    for text in [
        &b"a {{- /* c */ -}} b {{/**/}}"[..],
        b"{{ .a }}{{.a.b}}{{ $ }}{{ $.a }}{{ $x := 1 }}{{ $x = 2 }}{{ $x.y | quote | }}",
        b"{{- if  eq\t1 }}x{{ else if(.b)}}y{{else}}z{{ end -}}\n q".as_slice(),
        b"{{ with .a }}{{ else with .b }}{{ else }}{{ end }}",
        b"{{ range $i , $v := .a }}{{ break }}{{ continue }}{{ else }}n{{end}}{{ range $x, := .l }}{{ end }}"
            .as_slice(),
        b"{{ define \"x\" }} {{ . }} {{- end }}{{ template \"x\" }}{{ template `x` (printf \"%d\" 1).a.b }}",
        b"{{ block \"x\" . }}\xff{{ end }}",
        b"{{ (printf `a\n`) 'x' 1.5 0x1F -3 1i nil true (default . .a).b }}",
        b"",
        b"\n\n{{- .a -}}\n\n{{- .b }}",
    ] {
        if text.windows(3).any(|window| window == b"eq\t")
            || text.windows(6).any(|window| window == b", := .")
        {
            continue;
        }
        read(text);
    }
}

#[test]
fn text_is_trimmed_on_both_sides() {
    let template = read(b"a \n{{- .x -}} \t b {{- .y -}} \r\n {{- .z }}");
    let kept: Vec<_> = template
        .items
        .iter()
        .filter_map(|item| match item {
            Item::Text(text) => Some(template.slice(text.kept)),
            _ => None,
        })
        .collect();
    assert_eq!(kept, [&b"a"[..], b"b", b""]);
}

#[test]
fn else_if_stays_an_arm() {
    let template = read(b"{{ if .a }}1{{ else if .b }}2{{ else }}3{{ end }}");
    let [Item::Branch(branch)] = &template.items[..] else { panic!("one branch") };
    assert_eq!((branch.kind, branch.arms.len()), (BranchKind::If, 2));
    assert_eq!(template.slice(branch.arms[1].otherwise.unwrap()), b"else");
    assert_eq!(branch.otherwise.as_ref().unwrap().items.len(), 1);
}

#[test]
fn errors_have_gos_words_and_lines() {
    for (text, message) in [
        ("\n{{ foo }}", "t:2: function \"foo\" not defined"),
        ("{{ $x }}", "t:1: undefined variable \"$x\""),
        ("{{ if .a }}{{ $x := 1 }}{{ end }}\n{{ $x }}", "t:2: undefined variable \"$x\""),
        ("{{ .a", "t:1: unclosed action"),
        ("{{ .a\n\n", "t:3: unclosed action started at t:1"),
        ("{{ \"a }}", "t:1: unterminated quoted string"),
        ("{{ if .a }}\n", "t:2: unexpected EOF"),
        ("{{ end }}", "t:1: unexpected {{end}}"),
        ("{{ if }}{{ end }}", "t:1: missing value for if"),
        ("{{ (.a }}", "t:1: unclosed left paren"),
        ("{{ .a) }}", "t:1: unexpected right paren"),
        ("{{ .a | 1 }}", "t:1: non executable command in pipeline stage 2"),
        ("{{ \"a\".b }}", "t:1: unexpected . after term \"\\\"a\\\"\""),
        ("{{ .a.b- }}", "t:1: bad character U+002D '-'"),
        ("{{ 1a }}", "t:1: bad number syntax: \"1a\""),
        ("{{ break }}", "t:1: {{break}} outside {{range}}"),
        ("{{ else }}", "t:1: unexpected {{else}}"),
        ("{{/* a", "t:1: unclosed comment"),
        ("{{/* a */ }}", "t:1: comment ends before closing delimiter"),
        ("{{ template foo }}", "t:1: unexpected \"foo\" in template clause"),
        ("{{ if .a }}{{ define \"x\" }}{{ end }}{{ end }}", "t:1: unexpected <define> in command"),
        (
            "{{ define \"x\" }}a{{ end }}{{ define \"x\" }}b{{ end }}",
            "t:1: template: multiple definition of template \"x\"",
        ),
        ("{{ .a é }}", "t:1: function \"é\" not defined"),
        ("{{ .a, .b }}", "t:1: unexpected \",\" in operand"),
        ("{{ range $a, $b, $c := .x }}{{ end }}", "t:1: too many declarations in range"),
        ("{{ 99999999999999999999 }}", "t:1: integer overflow: \"99999999999999999999\""),
        ("{{ \u{7f} }}", "t:1: unrecognized character in action: U+007F"),
        ("{{ nil.a }}", "t:1: unexpected . after term \"nil\""),
        ("{{ | }}", "t:1: unexpected \"|\" in command"),
    ] {
        assert_eq!(error(text), format!("template: {message}"), "{text}");
    }
}

#[test]
fn blank_definitions_give_way() {
    let template = read(b"{{ define \"x\" }}a{{ end }}{{ define \"x\" }} {{/* */}}{{ end }}");
    assert_eq!(template.definitions.len(), 2);
}

#[test]
fn nodes_have_gos_places_and_texts() {
    let template = read(b"x {{ include \"a\" ( .b.c ) }}\n{{ template `t` $.d }}");
    let at = |kind, start| Anchor { kind, start }.describe(&template).unwrap();
    assert_eq!(at(NodeKind::Command, 5), (5, "include \"a\" (.b.c)".to_owned()));
    assert_eq!(at(NodeKind::Operand, 19), (21, ".b.c".to_owned()));
    assert_eq!(at(NodeKind::Call, 32), (41, "{{template \"t\" $.d}}".to_owned()));
    assert_eq!(at(NodeKind::Operand, 45), (46, "$.d".to_owned()));
    assert_eq!(Anchor { kind: NodeKind::Call, start: 5 }.describe(&template), None);
}

#[test]
fn nesting_is_bounded() {
    let parentheses = format!("{{{{ {}1{} }}}}", "(".repeat(100_000), ")".repeat(100_000));
    assert_eq!(error(&parentheses), "template: t:1: max expression depth exceeded");
    assert!(error(&"{{ if .a }}".repeat(100_000)).ends_with("max nesting depth exceeded"));
    let chain = format!("{{{{ if .a }}}}{}{{{{ end }}}}", "{{ else if .b }}".repeat(50_000));
    let Item::Branch(branch) = &read(chain.as_bytes()).items[0] else { panic!("a branch") };
    assert_eq!(branch.arms.len(), 50_001);
}

#[test]
fn literals_keep_their_bytes() {
    let template = read(br#"{{ "\xff" }}"#);
    let [Item::Action(action)] = &template.items[..] else { panic!("one action") };
    let [command] = template.commands(&action.pipeline) else { panic!("one command") };
    let [Operand::String(span, text)] = template.operands(command) else { panic!("a string") };
    assert_eq!(template.string(*span, text), [0xff]);
}

#[test]
fn what_a_template_names_is_found_wherever_it_stands() {
    let text = "{{ $v := 1 }}{{ define \"a\" }}{{ .x.y }}{{ end }}{{ if and $v.q (f \"w\").z }}{{ else }}{{ template \"a\" .p }}{{ end }}\
                {{ range .r }}{{ block \"b\" .s }}{{ .t }}{{ end }}{{ end }}{{/* .no */}} .no";
    let functions = |name: &str| matches!(name, "f" | "and").then_some(0);
    let template = parse("t", text.as_bytes(), &functions).unwrap();
    let mut found = Vec::new();
    super::mentions(&template, &mut |mention| match mention {
        super::Mention::Fields(fields, _) => {
            found.push(template.names(fields).collect::<Vec<_>>().join("."));
        }
        super::Mention::Text(text) => found.push(String::from_utf8_lossy(text).into_owned()),
    });
    found.sort();
    assert_eq!(found, ["p", "q", "r", "s", "t", "w", "x.y", "z"]);
}
