//! Messages with placeholders from a closed list.

use super::frame::Frame;
use super::predicate::FieldTest;
use crate::resource::{Field, get};
use crate::yaml::NodeId;

/// What a message may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    /// `{name}`, `{container}`: the subject's container; where there is none, the pod.
    Name,
    /// `{owner}`: `container app`, or `the pod`.
    Owner,
    /// `{item}`: the name of the volume, or another item with a name.
    Item,
    /// `{kind}`: the object's kind.
    Kind,
    /// `{object}`: the object's name.
    Object,
    /// `{value}`: the text found.
    Value,
    /// `{key}`: the last key of the field.
    Key,
    /// `{image}`: the image of the container.
    Image,
}

const WORDS: [(&str, Word); 9] = [
    ("name", Word::Name),
    ("owner", Word::Owner),
    ("item", Word::Item),
    ("container", Word::Name),
    ("kind", Word::Kind),
    ("object", Word::Object),
    ("value", Word::Value),
    ("key", Word::Key),
    ("image", Word::Image),
];

#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    Word(Word),
}

/// A message, ready to be filled in.
#[derive(Clone, Debug, Default)]
pub struct Message {
    pieces: Vec<Piece>,
}

/// A placeholder that is not in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownWord {
    /// The word between the braces.
    pub word: String,
    /// The nearest known one.
    pub nearest: &'static str,
}

impl Message {
    /// Reads a message.
    pub fn parse(text: &str) -> Result<Self, UnknownWord> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((word, after)) = after.split_once('}') else { break };
            let Some(&(_, known)) = WORDS.iter().find(|(name, _)| *name == word) else {
                return Err(UnknownWord { word: word.to_owned(), nearest: nearest(word) });
            };
            pieces.push(Piece::Text(before.to_owned()));
            pieces.push(Piece::Word(known));
            rest = after;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Self { pieces })
    }

    /// The text of a message without placeholders.
    pub fn plain(&self) -> String {
        let text = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Word(_) => String::new(),
        };
        self.pieces.iter().map(text).collect()
    }

    /// Fills it in. `node` is what was found, `test` the test that found it.
    pub fn fill(&self, frame: &Frame<'_>, test: Option<&FieldTest>, node: Option<NodeId>) -> String {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(plain) => text.push_str(plain),
                Piece::Word(word) => text.push_str(&value_of(*word, frame, test, node)),
            }
        }
        text
    }

    /// Fills it in where there is a key and no object.
    pub fn fill_key(&self, key: &str) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Text(plain) => plain.clone(),
            Piece::Word(Word::Key) => shorten(key),
            Piece::Word(_) => String::new(),
        };
        self.pieces.iter().map(piece).collect()
    }
}

fn value_of(word: Word, frame: &Frame<'_>, test: Option<&FieldTest>, node: Option<NodeId>) -> String {
    match word {
        Word::Name => {
            frame.container.map_or_else(|| "the pod".to_owned(), |container| container.label().to_string())
        }
        Word::Owner => frame
            .container
            .map_or_else(|| "the pod".to_owned(), |container| format!("container {}", container.label())),
        Word::Item => {
            let name = get(frame.tree(), frame.subject.node, &["name"]).value();
            name.map_or_else(|| "without a name".to_owned(), |name| shorten(frame.tree().text(name)))
        }
        Word::Kind => frame.document.kind().kind.clone(),
        Word::Object => frame.document.name().unwrap_or("?").to_owned(),
        Word::Image => {
            frame.container.and_then(|container| frame.image_of(container)).unwrap_or_else(|| "?".to_owned())
        }
        Word::Key => {
            let last = test.and_then(|test| test.path.segments().last());
            match last.or_else(|| frame.subject.path.segments().last()) {
                Some(crate::yaml::Segment::Key(key)) => key.to_string(),
                _ => String::new(),
            }
        }
        Word::Value => {
            let found = test.map(|test| test.field(frame)).and_then(Field::value).or(node);
            found.map_or_else(|| "nothing".to_owned(), |node| shorten(frame.tree().text(node)))
        }
    }
}

/// A value for a message: one line of bounded length.
pub fn shorten(text: &str) -> String {
    const LONGEST: usize = 80;
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect();
    if text.chars().nth(LONGEST).is_some() { format!("{line}…") } else { line }
}

/// The known placeholder most like a word.
fn nearest(word: &str) -> &'static str {
    let distance = |name: &str| strsim::damerau_levenshtein(name, word);
    WORDS.iter().map(|(name, _)| *name).min_by_key(|name| distance(name)).unwrap_or("name")
}
