//! A few lines of a literal block scalar (`|`) instead of all of it.

use super::flow::edit;
use super::style::Style;
use super::tree::{Kind, NodeId, ScalarStyle, SpanTree};
use crate::source::Edit;

/// The edit that makes a literal block scalar say `new` by changing only the lines that differ; `None`
/// where it is no such scalar, or has to be written anew.
pub(super) fn lines(tree: &SpanTree, style: &Style<'_>, node: NodeId, new: &str) -> Option<Edit> {
    if tree.kind(node) != Kind::Scalar(ScalarStyle::Literal) {
        return None;
    }
    let split = |text: &str| {
        let body = text.trim_end_matches('\n');
        (text.len() - body.len(), body.split('\n').map(str::to_owned).collect::<Vec<_>>())
    };
    let ((old_tail, old), (new_tail, new)) = (split(tree.text(node)), split(new));
    if old_tail != new_tail {
        return None;
    }
    // Where each line stands, its line break included, and how far all of them are indented.
    let mut at = style.line_end(tree.span(node).start());
    let (mut places, mut indent) = (Vec::new(), None);
    for line in &old {
        let end = style.line_end(at);
        let written = style.text.get(at..end)?.trim_end_matches(['\n', '\r']);
        let before = written.strip_suffix(line.as_str())?;
        if !line.is_empty() {
            if indent.is_some_and(|indent| indent != before) {
                return None;
            }
            indent = Some(before);
        }
        places.push((at, end));
        at = end;
    }
    let indent = indent?;
    let front = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let most = old.len().min(new.len()) - front;
    let back = old.iter().rev().zip(new.iter().rev()).take(most).take_while(|(old, new)| old == new).count();
    let changed = new.get(front..new.len() - back)?;
    let (start, end) = match places.get(front..places.len() - back)? {
        [first, .., last] => (first.0, last.1),
        [only] => *only,
        [] => {
            let start = places.get(front).map_or(at, |place| place.0);
            (start, start)
        }
    };
    let finished = style.text.get(..end)?.ends_with('\n');
    if !finished && changed.is_empty() {
        return None;
    }
    let line = |line: &String| if line.is_empty() { String::new() } else { format!("{indent}{line}") };
    let mut text = changed.iter().map(line).collect::<Vec<_>>().join(style.newline);
    if finished && !changed.is_empty() {
        text.push_str(style.newline);
    }
    Some(edit(start, end, text))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::source::{Limits, Source};
    use crate::yaml::{Op, parse, plan, verify};

    fn replaced(text: &str, new: &str) -> String {
        let limits = Limits::default();
        let source = Arc::new(Source::new("a.yaml", text));
        let tree = parse(&source, &limits).tree;
        let node = tree.get(tree.documents()[0].root.unwrap(), "a").unwrap();
        let ops = [Op::Replace { node, value: new.into() }];
        let after = plan(&tree, &ops).unwrap().apply(source.text());
        let read = parse(&Arc::new(Source::new("a.yaml", after.clone())), &limits).tree;
        verify(&tree, &ops, &read).unwrap();
        after
    }

    #[test]
    fn lines_that_stay_are_not_touched() {
        let text = "a: |\n\n      x: 1\n   \n      y: 2 # b\nb: 1\n";
        assert_eq!(replaced(text, "\nx: 1\n\ny: 3 # b\n"), text.replace("y: 2", "y: 3"));
        let windows = text.replace('\n', "\r\n");
        assert_eq!(replaced(&windows, "\nx: 1\n\ny: 3 # b\n"), windows.replace("y: 2", "y: 3"));
        assert_eq!(replaced("a: |-\n  x\n  y", "x\nz"), "a: |-\n  x\n  z");
        assert_eq!(replaced("a: |-\n  x\n  y", "x\nw\ny"), "a: |-\n  x\n  w\n  y");
        assert_eq!(replaced("a: |2\n    x\n  y\n", "  x\nz\n"), "a: |2\n    x\n  z\n");
    }
}
