//! A few lines of a literal block scalar (`|`) instead of all of it.

use super::flow::edit;
use super::style::Style;
use super::tree::{Kind, NodeId, ScalarStyle, SpanTree};
use crate::source::{Edit, Span};

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

/// Longest literal in which a place is looked for, in bytes: each look goes through its lines.
const LONGEST: usize = 256 << 10;

/// Where byte `at` of what a literal block scalar says is written, up to the end of its line. `span` is
/// the scalar as spelled in `text`. `None` for other scalars, and where the place is not plain to see.
#[must_use]
pub fn place_in_literal(text: &str, span: Span, at: usize) -> Option<Span> {
    let written = text.get(span.range()).filter(|written| written.len() <= LONGEST)?;
    let (header, body) = written.strip_prefix('|')?.split_once('\n')?;
    if header.split('#').next()?.contains(|character: char| character.is_ascii_digit()) {
        return None;
    }
    let is_blank = |line: &str| line.bytes().all(|byte| matches!(byte, b' ' | b'\r'));
    let first = body.split('\n').find(|line| !is_blank(line))?;
    let indent = first.len() - first.trim_start_matches(' ').len();
    let (mut start, mut said) = (span.end() - body.len(), 0);
    for line in body.split('\n') {
        let content = line.strip_suffix('\r').unwrap_or(line).get(indent..).unwrap_or("");
        if at <= said + content.len() {
            let start = start + indent.min(line.len());
            return Some(Span::new(start + (at - said), start + content.len()));
        }
        said += content.len() + 1;
        start += line.len() + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::source::{Limits, Source, Span};
    use crate::yaml::{Op, parse, place_in_literal, plan, verify};

    #[test]
    fn what_a_literal_says_has_a_place() {
        let text = "a: | # 2\n\n    x\r\n      yz\n    w\nb: 1\n";
        let literal = Span::new(3, text.find("b:").unwrap());
        let at = |said: usize| place_in_literal(text, literal, said).map(|span| &text[span.range()]);
        // It says "\nx\n  yz\nw\n".
        assert_eq!([0, 1, 3, 5, 6, 8].map(at), ["", "x", "  yz", "yz", "z", "w"].map(Some));
        assert_eq!(at(50), None);
        assert_eq!(place_in_literal("a: >\n  x\n", Span::new(3, 9), 0), None);
        assert_eq!(place_in_literal("a: |1\n  x\n", Span::new(3, 10), 0), None);
    }

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
