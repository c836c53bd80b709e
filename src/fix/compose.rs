//! Edits after edits as edits of the first text.

use crate::source::{Edit, EditConflict, Span, TextEdits};

/// A piece of a text: bytes of the first text, or new ones.
enum Piece {
    Kept(std::ops::Range<usize>),
    New(String),
}

impl Piece {
    fn len(&self) -> usize {
        match self {
            Self::Kept(range) => range.len(),
            Self::New(text) => text.len(),
        }
    }

    /// The bytes `from..to` of the piece.
    fn part(&self, from: usize, to: usize) -> Self {
        match self {
            Self::Kept(range) => Self::Kept(range.start + from..range.start + to),
            Self::New(text) => Self::New(text.get(from..to).unwrap_or("").to_owned()),
        }
    }
}

/// The edits of `text` that do what `first` and then `second` do. `second` is of the text that
/// `first` leaves.
///
/// # Errors
/// Never for edits that were made for these texts.
pub fn compose(text: &str, first: &TextEdits, second: &TextEdits) -> Result<TextEdits, EditConflict> {
    let middle = apply(vec![Piece::Kept(0..text.len())], first);
    let last = apply(middle, second);
    let mut edits = Vec::new();
    let (mut done, mut new) = (0, String::new());
    for piece in last.iter().chain(std::iter::once(&Piece::Kept(text.len()..text.len()))) {
        match piece {
            Piece::New(text) => new.push_str(text),
            Piece::Kept(range) => {
                if done < range.start || !new.is_empty() {
                    edits.push(Edit { span: Span::new(done, range.start), text: std::mem::take(&mut new) });
                }
                done = range.end;
            }
        }
    }
    TextEdits::new(edits)
}

fn apply(pieces: Vec<Piece>, edits: &TextEdits) -> Vec<Piece> {
    let mut result = Vec::new();
    let mut edits = edits.as_slice().iter().peekable();
    let mut at = 0;
    // Bytes below this offset were replaced.
    let mut gone = 0;
    for piece in pieces {
        let end = at + piece.len();
        let mut from = at.max(gone.min(end));
        while let Some(edit) = edits.peek() {
            // An insertion at the end belongs to the next piece, if there is one.
            if edit.span.start() >= end {
                break;
            }
            if edit.span.start() > from {
                result.push(piece.part(from - at, edit.span.start() - at));
            }
            result.push(Piece::New(edit.text.clone()));
            gone = gone.max(edit.span.end());
            from = from.max(edit.span.start()).max(gone.min(end));
            edits.next();
        }
        if from < end {
            result.push(piece.part(from - at, end - at));
        }
        at = end;
    }
    result.extend(edits.map(|edit| Piece::New(edit.text.clone())));
    result
}
