use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::finding::{Patch, PatchOp};
use crate::resource::{Document, Kinds};
use crate::source::{Edit, Limits, Source, Span, TextEdits};
use crate::yaml::{self, FieldPath};

fn path(text: &str) -> FieldPath {
    text.parse().unwrap()
}

fn set(document: usize, at: &str, value: serde_json::Value) -> Patch {
    Patch::one(PatchOp::Set { document, path: path(at), value })
}

fn append(at: &str, value: serde_json::Value) -> Patch {
    Patch::one(PatchOp::Append { document: 0, path: path(at), value })
}

fn remove(at: &str) -> Patch {
    Patch::one(PatchOp::Remove { document: 0, path: path(at), prune: true })
}

fn run(text: &str, patches: &[Patch]) -> (String, Planned) {
    let source = Arc::new(Source::new("a.yaml", text));
    let tree = Arc::new(yaml::parse(&source, &Limits::default()).tree);
    let documents = Document::objects(&tree, Kinds::shipped());
    let wanted: Vec<_> = patches.iter().enumerate().map(|(id, patch)| Wanted { id, patch }).collect();
    let planned = plan(&tree, &documents, &wanted);
    (planned.edits.apply(text), planned)
}

const POD: &str = "\
apiVersion: v1
kind: Pod
spec:
  containers:
  - name: a
    image: x
";

#[test]
fn fields_of_one_absent_parent_become_one_block() {
    let base = "spec.containers[0].securityContext";
    let patches = [
        set(0, &format!("{base}.allowPrivilegeEscalation"), json!(false)),
        append(&format!("{base}.capabilities.drop"), json!("ALL")),
        append(&format!("{base}.capabilities.drop"), json!("ALL")),
        set(0, &format!("{base}.seccompProfile"), json!({"type": "RuntimeDefault"})),
    ];
    let (text, planned) = run(POD, &patches);
    assert_eq!(planned.taken, [0, 1, 2, 3]);
    let block = "    securityContext:
      allowPrivilegeEscalation: false
      capabilities:
        drop:
        - ALL
      seccompProfile:
        type: RuntimeDefault
";
    assert_eq!(text, format!("{POD}{block}"));
}

#[test]
fn two_values_for_one_place_wait_for_the_next_round() {
    let at = "spec.hostNetwork";
    let (text, planned) = run(POD, &[set(0, at, json!(false)), set(0, at, json!(true))]);
    assert_eq!((planned.taken, planned.deferred), (vec![0], vec![1]));
    assert_eq!(text, format!("{POD}  hostNetwork: false\n"));
    let (_, nested) = run(
        POD,
        &[
            set(0, "spec.a", json!({"b": 1})),
            remove("spec.containers[0]"),
            set(0, "spec.containers[0].x", json!(1)),
        ],
    );
    assert_eq!((nested.taken, nested.deferred), (vec![0, 1], vec![2]));
}

#[test]
fn what_is_left_empty_goes_too_unless_something_comes() {
    let text =
        format!("{POD}    securityContext:\n      capabilities:\n        add:\n        - A\n        - B\n");
    let item = "spec.containers[0].securityContext.capabilities.add";
    let both = [remove(&format!("{item}[0]")), remove(&format!("{item}[1]"))];
    assert_eq!(run(&text, &both).0, POD);
    let (one, _) = run(&text, &both[..1]);
    assert_eq!(one, text.replace("        - A\n", ""));
    let drop = append("spec.containers[0].securityContext.capabilities.drop", json!("ALL"));
    let (kept, planned) = run(&text, &[both[0].clone(), both[1].clone(), drop]);
    assert_eq!(planned.taken, [0, 1, 2]);
    assert!(kept.contains("capabilities:\n        drop:\n"), "{kept}");
    assert!(!kept.contains("add:"), "{kept}");
}

#[test]
fn moving_a_field_is_one_patch() {
    let text = format!("{POD}    runAsNonRoot: true\n");
    let ops = vec![
        PatchOp::Remove { document: 0, path: path("spec.containers[0].runAsNonRoot"), prune: false },
        PatchOp::Set {
            document: 0,
            path: path("spec.containers[0].securityContext.runAsNonRoot"),
            value: json!(true),
        },
    ];
    let (moved, _) = run(&text, &[Patch { ops, ..Patch::default() }]);
    assert_eq!(moved, format!("{POD}    securityContext:\n      runAsNonRoot: true\n"));
}

#[test]
fn unknown_and_misshapen_parents_are_refused() {
    let text = "apiVersion: v1\nkind: Pod\nspec: ${SPEC}\nmetadata: [x]\n";
    let (same, planned) = run(
        text,
        &[
            set(0, "spec.a", json!(1)),
            set(0, "metadata.name", json!("x")),
            set(0, "list[0].x", json!(1)),
            set(7, "a", json!(1)),
        ],
    );
    assert_eq!(same, text);
    assert_eq!(planned.refused.len(), 4, "{planned:?}");
}

#[test]
fn an_anchored_node_changes_when_all_its_users_want_it() {
    let text = "\
apiVersion: v1
kind: Pod
spec:
  containers:
  - name: a
    securityContext: &sc
      privileged: false
  - name: b
    securityContext: *sc
";
    let on = |container: usize| {
        set(0, &format!("spec.containers[{container}].securityContext.readOnlyRootFilesystem"), json!(true))
    };
    let (same, alone) = run(text, &[on(0)]);
    assert_eq!((same.as_str(), alone.shared), (text, vec![0]));
    let (both, planned) = run(text, &[on(0), on(1)]);
    assert_eq!(planned.taken, [0, 1]);
    let line = "      privileged: false\n";
    assert_eq!(both, text.replace(line, &format!("{line}      readOnlyRootFilesystem: true\n")));
}

#[test]
fn documents_do_not_disturb_each_other() {
    let text = format!("{POD}---\n{POD}");
    let (both, planned) = run(&text, &[set(1, "spec.x", json!(1)), set(0, "spec.x", json!(2))]);
    assert_eq!(planned.taken.len(), 2);
    assert_eq!(both, format!("{POD}  x: 2\n---\n{POD}  x: 1\n"));
}

fn edits(list: &[(usize, usize, &str)]) -> TextEdits {
    let edit = |&(start, end, text): &(usize, usize, &str)| Edit {
        span: Span::new(start, end),
        text: text.to_owned(),
    };
    TextEdits::new(list.iter().map(edit).collect()).unwrap()
}

#[test]
fn edits_of_two_rounds_add_up() {
    let text = "0123456789";
    let cases = [
        (vec![(2, 4, "ab")], vec![(3, 5, "X")]),
        (vec![(2, 2, "ab")], vec![(2, 4, "")]),
        (vec![(0, 10, "abc")], vec![(1, 1, "-"), (3, 3, "!")]),
        (vec![(5, 5, "new\n")], vec![(9, 9, "more\n")]),
        (vec![(1, 2, ""), (3, 4, "")], vec![(0, 3, "z")]),
        (vec![], vec![(10, 10, "end")]),
        (vec![(10, 10, "end")], vec![(10, 11, "E"), (13, 13, "!")]),
    ];
    for (first, second) in cases {
        let (first, second) = (edits(&first), edits(&second));
        let both = compose(text, &first, &second).unwrap();
        assert_eq!(both.apply(text), second.apply(&first.apply(text)), "{first:?} {second:?}");
    }
    let outside = compose(text, &edits(&[(2, 3, "x")]), &edits(&[(7, 8, "y")])).unwrap();
    assert_eq!(outside, edits(&[(2, 3, "x"), (7, 8, "y")]));
}
