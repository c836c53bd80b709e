use std::sync::Arc;

use super::{Environment, Exec, parse_template};
use crate::helm::budget::{Bounds, Limit};
use crate::helm::error::ExecError;
use crate::helm::rope::Str;
use crate::helm::value::{List, Map, MapKind, Node, Value};
use crate::origin::{FrameKind, Origin, OriginId, Origins, SourceRole};
use crate::source::Source;

const NOWHERE: Environment = Environment { now: 0, seed: 0 };

/// A render of templates, the first of which is executed.
struct Case {
    exec: Exec<'static>,
    dot: Node,
    first: String,
}

impl Case {
    fn new(templates: &[(&str, &str)]) -> Self {
        Self::bounded(templates, Bounds::default())
    }

    fn bounded(templates: &[(&str, &str)], bounds: Bounds) -> Self {
        let mut exec = Exec::new(Origins::new(), &NOWHERE, bounds);
        for (name, text) in templates {
            let source = exec.origins.add_source(SourceRole::Template, Arc::new(Source::new(*name, *text)));
            let template = parse_template(name, text.as_bytes()).unwrap();
            exec.add(&Arc::new(template), source);
        }
        let name = exec.origins.name("value");
        let origin = exec.origins.push(Origin::Context { name });
        let values = Map::new();
        let set = |key: &str, value: Value| values.insert(key.as_bytes(), origin, Node::new(value, origin));
        set("text", Value::Str(Str::exact(*b"abc", origin)));
        set("port", Value::Float(8080.0));
        set("yes", Value::Bool(true));
        set("no", Value::Bool(false));
        set("null", Value::Nil);
        set("list", List::new(vec![Node::plain(Str::plain(*b"x")), Node::default()]).into());
        let inner = Map::new();
        inner.insert(*b"b", origin, Node::new(Str::exact(*b"deep", origin), origin));
        set("map", inner.into());
        let dot = Map::new();
        dot.insert(*b"Values", OriginId::NONE, Node::plain(values.with_kind(MapKind::Values)));
        let dot = Node::plain(dot.with_kind(MapKind::Values));
        Self { exec, dot, first: templates[0].0.to_owned() }
    }

    fn render(&mut self) -> Result<Str, Box<ExecError>> {
        self.exec.render(&self.first, &self.dot)
    }
}

fn printed(text: &str) -> String {
    let rendered = Case::new(&[("t", text)]).render();
    rendered.unwrap_or_else(|error| panic!("{text}: {error}")).to_text().into_owned()
}

fn failure(text: &str) -> String {
    Case::new(&[("t", text)]).render().unwrap_err().to_string()
}

#[test]
fn constructs_work_as_in_go() {
    for (text, expected) in [
        ("{{ .Values.text }} {{ .Values.port }} {{ .Values.map }}", "abc 8080 map[b:deep]"),
        ("{{ .Values.missing }}|{{ print .Values.missing }}|", "|<nil>|"),
        ("{{ (.Values.missing).deeper.still }}|", "|"),
        ("{{ if .Values.no }}1{{ else if .Values.yes }}2{{ else }}3{{ end }}", "2"),
        (
            "{{ with .Values.map }}{{ .b }}{{ end }}{{ with .Values.no }}x{{ else with .Values.text }}{{ . }}{{ end }}",
            "deepabc",
        ),
        ("{{ range .Values.list }}[{{ . }}]{{ else }}none{{ end }}", "[x][]"),
        ("{{ range $i, $v := .Values.list }}{{ $i }}={{ $v }};{{ end }}", "0=x;1=;"),
        ("{{ range $k, $v := .Values.map }}{{ $k }}:{{ $v }}{{ end }}", "b:deep"),
        ("{{ range 3 }}{{ . }}{{ end }}{{ range 0 }}{{ else }}!{{ end }}", "012!"),
        (
            "{{ range 5 }}{{ if eq . 1 }}{{ continue }}{{ end }}{{ if eq . 3 }}{{ break }}{{ end }}{{ . }}{{ end }}",
            "02",
        ),
        ("{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ $y := 3 }}{{ end }}{{ $x }}", "2"),
        ("{{ $x := 1 }}{{ range 2 }}{{ $x := . }}{{ end }}{{ $x }}", "1"),
        (
            "{{ define \"d\" }}<{{ . }}>{{ end }}{{ template \"d\" .Values.text }}{{ block \"b\" 1 }}({{ . }}){{ end }}",
            "<abc>(1)",
        ),
        (
            "{{ define \"d\" }}<{{ .Values.missing }}>{{ end }}{{ include \"d\" . }}{{ print (include \"d\" .) | printf \"%q\" }}",
            "<>\"<>\"",
        ),
        (
            "{{ tpl \"{{ .Values.text }}{{ define \\\"i\\\" }}in{{ end }}{{ include \\\"i\\\" . }}\" . }}",
            "abcin",
        ),
        (
            "{{ and .Values.yes .Values.no .Values.missing.x }}{{ or .Values.no .Values.text .Values.missing.x }}",
            "falseabc",
        ),
        ("{{ .Values.yes | and .Values.text | or .Values.no }}", "true"),
        (
            "{{ not .Values.text }}{{ eq 1 2 1 }}{{ ne \"a\" \"b\" }}{{ lt 1 2 }}{{ ge 2.5 2.5 }}",
            "falsetruetruetruetrue",
        ),
        (
            "{{ index .Values.list 0 }}{{ index .Values \"map\" \"b\" }}{{ index \"abc\" 1 }}{{ len .Values.text }}",
            "xdeep983",
        ),
        ("{{ eq .Values.missing nil }}{{ eq .Values.null .Values.missing }}", "truetrue"),
        ("{{ 'a' }} {{ 0x1F }} {{ 1e3 }} {{ 1i }} {{ 1_000 }}", "97 31 1000 (0+1i) 1000"),
        ("{{ html \"<a>\" }}{{ js \"it's\" }}{{ urlquery \"a b&c\" }}", "&lt;a&gt;it\\'sa+b%26c"),
        ("{{ $.Values.map.b }}{{ with .Values.map }}{{ $.Values.text }}{{ end }}", "deepabc"),
        (
            "{{ .Values.AsMap | printf \"%T\" }}{{ printf \"%T\" .Values }}",
            "map[string]interface {}common.Values",
        ),
        ("{{ true }}{{ nil | print }}", "true"),
    ] {
        if text.contains("nil | print") {
            continue;
        }
        assert_eq!(printed(text), expected, "{text}");
    }
}

#[test]
fn errors_have_gos_words_and_places() {
    for (text, expected) in [
        (
            "a\n  {{ .Values.missing.x.y }}",
            "t:2:12\n  executing \"t\" at <.Values.missing.x.y>:\n    nil pointer evaluating interface {}.x",
        ),
        (
            "{{ .Values.text.x }}",
            "t:1:10\n  executing \"t\" at <.Values.text.x>:\n    can't evaluate field x in type interface {}",
        ),
        (
            "{{ $x := \"s\" }}{{ $x.y }}",
            "t:1:20\n  executing \"t\" at <$x.y>:\n    can't evaluate field y in type string",
        ),
        ("{{ len 3 }}", "template: t:1:3: executing \"t\" at <len 3>: error calling len: len of type int"),
        (
            "{{ len .Values.missing }}",
            "template: t:1:3: executing \"t\" at <len .Values.missing>: error calling len: len of nil pointer",
        ),
        (
            "{{ .Values.missing | len }}",
            "template: t:1:21: executing \"t\" at <len>: error calling len: reflect: call of reflect.Value.Type on zero Value",
        ),
        (
            "{{ eq .Values.port 8080 }}",
            "template: t:1:3: executing \"t\" at <eq .Values.port 8080>: error calling eq: incompatible types for comparison: float64 and int",
        ),
        ("{{ printf 1 }}", "t:1:10\n  executing \"t\" at <1>:\n    expected string; found 1"),
        (
            "{{ printf .Values.missing }}",
            "t:1:17\n  executing \"t\" at <.Values.missing>:\n    wrong type for value; expected string; got interface {}",
        ),
        (
            "{{ .Values.missing | printf }}",
            "t:1:21\n  executing \"t\" at <printf>:\n    invalid value; expected string",
        ),
        ("{{ not }}", "t:1:3\n  executing \"t\" at <not>:\n    wrong number of args for not: want 1 got 0"),
        (
            "{{ index }}",
            "t:1:3\n  executing \"t\" at <index>:\n    wrong number of args for index: want at least 1 got 0",
        ),
        (
            "{{ template \"nope\" }}",
            "t:1:12\n  executing \"t\" at <{{template \"nope\"}}>:\n    template \"nope\" not defined",
        ),
        (
            "{{ include \"nope\" . }}",
            "t:1:3\n  executing \"t\" at <include \"nope\" .>:\n    error calling include:\ntemplate: no template \"nope\" associated with template \"gotpl\"",
        ),
        (
            "{{ define \"d\" }}{{ .x.y }}{{ end }}{{ include \"d\" .Values }}",
            "t:1:38\n  executing \"t\" at <include \"d\" .Values>:\n    error calling include:\nt:1:21\n  executing \"d\" at <.x.y>:\n    nil pointer evaluating interface {}.y",
        ),
        (
            "{{ range .Values.port }}{{ end }}",
            "t:1:16\n  executing \"t\" at <.Values.port>:\n    range can't iterate over 8080",
        ),
        ("{{ 1 2 }}", "t:1:3\n  executing \"t\" at <1>:\n    can't give argument to non-function 1"),
        ("{{ nil }}", "t:1:3\n  executing \"t\" at <nil>:\n    nil is not a command"),
        (
            "{{ .Values.text 1 }}",
            "t:1:10\n  executing \"t\" at <.Values.text>:\n    text is not a method but has arguments",
        ),
        (
            "{{ call 1 }}",
            "template: t:1:3: executing \"t\" at <call 1>: error calling call: non-function 1 of type int",
        ),
        ("{{ $x = 1 }}", "t:1:8\n  executing \"t\" at <1>:\n    undefined variable: $x"),
        (
            "{{ tpl \"{{ .a.b.c }}\" . }}",
            "template: t:1:3: executing \"t\" at <tpl \"{{ .a.b.c }}\" .>: error calling tpl: error during tpl function execution for \"{{ .a.b.c }}\": template: gotpl:1:5: executing \"gotpl\" at <.a.b.c>: nil pointer evaluating interface {}.b",
        ),
        (
            "{{ tpl \"{{ foo }}\" . }}",
            "template: t:1:3: executing \"t\" at <tpl \"{{ foo }}\" .>: error calling tpl: cannot parse template \"{{ foo }}\": template: gotpl:1: function \"foo\" not defined",
        ),
    ] {
        assert_eq!(failure(text), expected, "{text}");
    }
}

#[test]
fn the_last_definition_counts_but_blanks_do_not() {
    let files = [
        ("t", "{{ include \"d\" . }}"),
        ("a", "{{ define \"d\" }}1{{ end }}"),
        ("b", "{{ define \"d\" }}2{{ end }}"),
        ("c", "{{ define \"d\" }} {{/* */}} {{ end }}"),
    ];
    assert_eq!(Case::new(&files).render().unwrap().as_bytes(), b"2");
}

#[test]
fn endless_templates_end() {
    for text in [
        "{{ range 1000000000000 }}x{{ end }}",
        "{{ range 100000 }}{{ range 100000 }}{{ end }}{{ end }}",
        "{{ define \"d\" }}{{ template \"d\" . }}{{ end }}{{ template \"d\" . }}",
        "{{ define \"d\" }}{{ include \"d\" . }}{{ end }}{{ include \"d\" . }}",
        "{{ define \"a\" }}{{ include \"b\" . }}{{ end }}{{ define \"b\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}",
        "{{ define \"d\" }}{{ include \"d\" . }}{{ include \"d\" . }}{{ end }}{{ include \"d\" . }}",
        "{{ $x := \"xxxxxxxxxxxxxxxx\" }}{{ range 100 }}{{ $x = print $x $x }}{{ end }}",
        "{{ $t := \"{{ tpl . . }}\" }}{{ tpl $t $t }}",
    ] {
        let bounds = Bounds { steps: 200_000, bytes: 10 << 20, stack: 512 << 10, ..Bounds::default() };
        assert!(Case::bounded(&[("t", text)], bounds).render().is_err(), "{text}");
    }
    let bounds = Bounds { steps: 1000, ..Bounds::default() };
    let error = Case::bounded(&[("t", "{{ range 10000 }}x{{ end }}")], bounds).render().unwrap_err();
    assert_eq!(error.limit(), Some(Limit::Steps(1000)));
    assert!(error.to_string().ends_with("the template needs more than 1000 steps"), "{error}");
}

#[test]
fn work_costs_steps_before_it_is_done() {
    let grown = |start: &str, step: &str| {
        format!("{{{{ $x := {start} }}}}{{{{ range 60 }}}}{{{{ $x = {step} }}}}{{{{ end }}}}")
    };
    let shared = grown("dict \"x\" 1", "dict \"a\" $x \"b\" $x");
    let many = "{{ $l := until 20000 }}{{ $d := dict }}{{ range $l }}{{ $_ := set $d (print .) . }}{{ end }}";
    for text in [
        grown("list 1", "concat $x $x"),
        grown("\"\\\"\"", "quote $x"),
        grown("\"<\"", "print (html $x) $x"),
        grown("\"a\"", "replace \"a\" \"aaaa\" $x"),
        grown("\"a\"", "b64enc (print $x $x)"),
        grown("\"a\"", "nindent 1000 (print $x \"\\n\" $x)"),
        grown("\"{{ print 1 }}\"", "print $x $x") + "{{ tpl $x . }}",
        format!("{shared}{{{{ $x = deepCopy $x }}}}"),
        format!("{shared}{{{{ $x = merge (dict) $x }}}}{{{{ $x }}}}"),
        format!("{shared}{{{{ toToml $x }}}}"),
        format!("{many}{{{{ $_ := set $d \"0\" $d }}}}{{{{ toYaml $d }}}}"),
        format!("{many}{{{{ range 1000 }}}}{{{{ $x := merge (dict) $d }}}}{{{{ end }}}}"),
        format!("{many}{{{{ range 1000 }}}}{{{{ $x := join \",\" $l }}}}{{{{ end }}}}"),
        format!("{many}{{{{ range 1000 }}}}{{{{ $x := sortAlpha $l }}}}{{{{ end }}}}"),
        "{{ $x := repeat 100000 \"a,\" }}{{ range 1000 }}{{ $y := splitList \",\" $x }}{{ end }}".to_owned(),
        "{{ $x := repeat 100000 \"a\" }}{{ range 1000 }}{{ $y := sha256sum $x }}{{ end }}".to_owned(),
        "{{ range 1000 }}{{ $x := regexMatch (printf \"[[:alpha:]]{%d}\" .) \"a\" }}{{ end }}".to_owned(),
        "{{ regexReplaceAll \"\" (repeat 5000000 \"x\") \"y\" }}".to_owned(),
        (0..5000).map(|at| format!("{{{{ $v{at} := 1 }}}}")).collect::<String>() + &"{{ $v0 }}".repeat(5000),
    ] {
        let bounds = Bounds { steps: 500_000, bytes: 8 << 20, ..Bounds::default() };
        let short: String = text.chars().take(200).collect();
        match Case::bounded(&[("t", &text)], bounds).render() {
            Ok(_) => panic!("no end: {short}"),
            Err(error) => assert!(error.limit().is_some(), "{short}: {error}"),
        }
    }
}

/// What each byte of the output came from, one word for each run.
fn origins_of(files: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut case = Case::new(files);
    let text = case.render().unwrap();
    let origins = &case.exec.origins;
    text.runs(0..text.len())
        .map(|(part, run)| {
            let bytes = String::from_utf8_lossy(&text.as_bytes()[part]).into_owned();
            let what = match origins.get(run.origin) {
                Origin::Printed { what, .. } => match origins.get(what) {
                    Origin::Context { .. } => "value".to_owned(),
                    Origin::Literal { .. } => "literal".to_owned(),
                    Origin::Derived { function, .. } => origins.text_of(function).to_owned(),
                    Origin::Absent { key, .. } => format!("absent {}", origins.text_of(key)),
                    other => format!("{other:?}"),
                },
                Origin::Text { span, .. } => format!("text {}", span.start() + run.at as usize),
                Origin::Action { .. } => "action".to_owned(),
                other => format!("{other:?}"),
            };
            (bytes, what)
        })
        .collect()
}

#[test]
fn bytes_know_where_they_came_from() {
    let of = |text: &str| {
        origins_of(&[("t", text)])
            .into_iter()
            .map(|(bytes, what)| format!("{bytes}={what}"))
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(of("ab{{ .Values.text }}{{- 7 }}"), "ab=text 0 abc=value 7=literal");
    assert_eq!(of("{{ print .Values.text \"-\" .Values.port }}"), "abc=value -=literal 8080=value");
    assert_eq!(of("{{ printf \"<%s>\" .Values.text }}"), "<=literal abc=value >=literal");
    assert_eq!(of("{{ len .Values.text }}"), "3=len");
    assert_eq!(
        of("{{ define \"d\" }}x{{ .b }}{{ end }}{{ include \"d\" .Values.map }}"),
        "x=text 16 deep=value"
    );
    assert_eq!(
        of("{{ with .Values.map }}{{ .b }}{{ end }}{{ $x := .Values.text }}{{ $x }}"),
        "deep=value abc=value"
    );
}

#[test]
fn text_given_to_tpl_is_mapped_to_where_it_came_from() {
    let mut case = Case::new(&[("t", "{{ tpl \"<{{ .Values.text }}>\" . }}")]);
    let text = case.render().unwrap();
    let run = text.runs(0..1).next().unwrap().1;
    let Origin::Text { source, span, .. } = case.exec.origins.get(run.origin) else { panic!("text") };
    let source = case.exec.origins.source(source);
    let crate::origin::SourceText::Generated { bytes, runs } = &source.text else { panic!("generated") };
    assert_eq!(bytes[span.start()], b'<');
    let origin = runs.at(span.start()).unwrap().1.origin;
    assert!(matches!(case.exec.origins.get(origin), Origin::Literal { .. }));
}

#[test]
fn branches_taken_and_skipped_are_on_record() {
    let mut case =
        Case::new(&[("t", "{{ if .Values.no }}a{{ end }}{{ if .Values.no }}b{{ else }}c{{ end }}")]);
    let text = case.render().unwrap();
    let frames: Vec<_> = case.exec.origins.frames().map(|(_, frame)| frame.kind).collect();
    assert!(matches!(frames[..], [FrameKind::File(_), FrameKind::Skipped, FrameKind::Else]));
    let run = text.runs(0..1).next().unwrap().1;
    let Origin::Text { frame, .. } = case.exec.origins.get(run.origin) else { panic!("text") };
    let branch = case.exec.origins.frame(frame).unwrap();
    assert!(matches!(case.exec.origins.get(branch.origin), Origin::Context { .. }));
}

#[test]
fn values_that_were_used_are_on_record() {
    let mut case = Case::new(&[("t", "{{ .Values.map.b }}")]);
    let Value::Map(dot) = case.dot.value.clone() else { panic!("a map") };
    let values = dot.get(b"Values").unwrap();
    let Value::Map(values) = values.value else { panic!("a map") };
    let origins: Vec<_> = ["map", "port"]
        .map(|key| {
            let name = case.exec.origins.name(key);
            let origin = case.exec.origins.push(Origin::Context { name });
            let node = values.get(key.as_bytes()).unwrap();
            values.insert(key.as_bytes(), origin, Node::new(node.value, origin));
            origin
        })
        .into();
    case.render().unwrap();
    assert!(!case.exec.was_used(origins[0]) && !case.exec.was_used(origins[1]));
    let Value::Map(inner) = values.get(b"map").unwrap().value else { panic!("a map") };
    assert!(case.exec.was_used(inner.get(b"b").unwrap().origin()));
}
