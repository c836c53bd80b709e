//! Layer 1: lossless YAML as Kubernetes reads it.
//!
//! [`parse`] splits a source into documents as kubectl does and reads each with the rules of the
//! parser behind kubectl (sigs.k8s.io/yaml on go-yaml v2: YAML 1.1 with its quirks). The result is
//! a [`SpanTree`]: every node with the bytes it came from, comments by position, anchors, tags and
//! duplicate keys kept. Scalars are resolved by [`SpanTree::scalar`] with Kubernetes' rules, and
//! read by field type with [`SpanTree::read_bool`] and its kin.
//!
//! The grammar is read by our own scanner and composer instead of a YAML library: what counts here
//! is what a cluster gets, and every library differs from kubectl's parser in some file (tabs,
//! `"a"# c`, `|#c`, NEL line ends, `!x` tags, escapes). Working on bytes also gives exact spans.

mod builder;
mod change;
mod check;
mod comments;
mod compose;
mod delete;
mod effective;
mod flow;
mod insert;
mod json;
mod literal;
mod number;
mod op;
mod parse;
mod path;
mod quantity;
mod replace;
mod same;
mod scalar;
mod scan;
mod scan_scalar;
mod split;
mod style;
mod token;
mod tree;
mod typed;

#[cfg(test)]
mod tests;

pub use comments::Comment;
pub use effective::{Entry, TooLarge};
pub use literal::place_in_literal;
pub use op::{Op, Refusal, plan, plan_shared};
pub use parse::{Parsed, parse, parse_first, parse_stream};
pub use path::{FieldPath, PathError, Segment};
pub use quantity::{Quantity, QuantityError};
pub use same::{Difference, verify};
pub use scalar::{CoreTag, Scalar, is_unknown_text, resolve_plain};
pub use split::next_separator;
pub use tree::{Anchor, CollectionStyle, DocumentState, Kind, NodeId, ScalarStyle, SpanTree, TreeDocument};
pub use typed::{IntOrString, JsonType, Reading};
