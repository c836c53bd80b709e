//! Edits of one text: sorted, disjoint, applied in one pass.

use super::Span;

/// Replaces the bytes of `span` by `text`; an empty span inserts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What goes.
    pub span: Span,
    /// What comes in its place.
    pub text: String,
}

/// Two edits that want the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("two edits overlap at byte {at}")]
pub struct EditConflict {
    /// Where they meet.
    pub at: u32,
}

/// Edits of one text, sorted by position and disjoint. Insertions at one place keep the order in
/// which they were added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextEdits {
    edits: Vec<Edit>,
}

impl TextEdits {
    /// Sorts and checks edits.
    ///
    /// # Errors
    /// Two edits share a byte, or one inserts inside what another replaces.
    pub fn new(mut edits: Vec<Edit>) -> Result<Self, EditConflict> {
        // Every finding keeps its own: no room for more.
        edits.shrink_to_fit();
        edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
        let clash = edits.windows(2).find(|pair| pair[1].span.start < pair[0].span.end);
        match clash {
            Some(pair) => Err(EditConflict { at: pair[1].span.start }),
            None => Ok(Self { edits }),
        }
    }

    /// Adds all edits of `other`, or none.
    ///
    /// # Errors
    /// An edit of the one overlaps an edit of the other.
    pub fn merge(&mut self, other: &Self) -> Result<(), EditConflict> {
        let mut edits = self.edits.clone();
        edits.extend(other.edits.iter().cloned());
        *self = Self::new(edits)?;
        Ok(())
    }

    /// The edits, by position.
    #[must_use]
    pub fn as_slice(&self) -> &[Edit] {
        &self.edits
    }

    /// Whether nothing would change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// The text with all edits applied. Edits outside the text or across a character are left out;
    /// spans of a tree of this very text never are.
    #[must_use]
    pub fn apply(&self, text: &str) -> String {
        self.apply_within(text, Span::new(0, text.len()))
    }

    /// What stands in `part` of the text, with the edits in it applied. Others are left out, as are those across
    /// a character.
    #[must_use]
    pub fn apply_within(&self, text: &str, part: Span) -> String {
        let inside =
            || self.edits.iter().filter(|edit| part.start <= edit.span.start && edit.span.end <= part.end);
        let grown: usize = inside().map(|edit| edit.text.len()).sum();
        let mut output = String::with_capacity(part.len() + grown);
        let mut done = part.start();
        for edit in inside() {
            let (Some(kept), Some(_)) = (text.get(done..edit.span.start()), text.get(edit.span.range()))
            else {
                continue;
            };
            output.push_str(kept);
            output.push_str(&edit.text);
            done = edit.span.end();
        }
        output.push_str(text.get(done..part.end()).unwrap_or(""));
        output
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(start: usize, end: usize, text: &str) -> Edit {
        Edit { span: Span::new(start, end), text: text.to_owned() }
    }

    #[test]
    fn edits_apply_in_one_pass_and_keep_insertion_order() {
        let edits = TextEdits::new(vec![edit(4, 5, "E"), edit(1, 1, "x"), edit(1, 1, "y")]).unwrap();
        assert_eq!(edits.apply("abcdef"), "axybcdEf");
    }

    #[test]
    fn a_part_gets_the_edits_that_lie_in_it() {
        let edits = TextEdits::new(vec![edit(0, 1, "A"), edit(3, 3, "x"), edit(5, 6, "F")]).unwrap();
        assert_eq!(edits.apply_within("abcdef", Span::new(2, 5)), "cxde");
        assert_eq!(edits.apply_within("abcdef", Span::new(0, 6)), "AbcxdeF");
    }

    #[test]
    fn overlap_is_a_conflict_and_merging_is_all_or_nothing() {
        assert_eq!(TextEdits::new(vec![edit(0, 3, ""), edit(2, 4, "")]), Err(EditConflict { at: 2 }));
        let mut edits = TextEdits::new(vec![edit(0, 3, "")]).unwrap();
        let before = edits.clone();
        assert!(edits.merge(&TextEdits::new(vec![edit(5, 6, ""), edit(1, 1, "x")]).unwrap()).is_err());
        assert_eq!(edits, before);
    }
}
