//! Places and identities of findings.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::finding::{Finding, ResourceId};
use crate::resource::Document;
use crate::source::Span;
use crate::yaml::{Kind, NodeId, SpanTree};

/// The bytes to mark for a node: a scalar itself, of a collection what it is called by (its key, an
/// item's `name`, an object's `kind`).
pub(super) fn mark(tree: &SpanTree, node: NodeId) -> Span {
    let span = tree.span(node);
    match tree.kind(node) {
        Kind::Scalar(_) | Kind::Alias if !span.is_empty() => return span,
        _ => {}
    }
    if let Some(key) = tree.key_node(node) {
        return tree.span(key);
    }
    let pair = |key: &str| {
        let entry = tree.entry(node, key).filter(|entry| !entry.inherited)?;
        let value = tree.span(entry.value_node);
        tree.kind(entry.value_node).is_scalar().then(|| tree.span(entry.key_node).to(value))
    };
    let first = || {
        let first = tree.children(node).first().copied()?;
        Some(tree.span(first))
    };
    let named = if tree.parent(node).is_none() { pair("kind") } else { pair("name") };
    named.or_else(first).filter(|mark| !mark.is_empty()).unwrap_or(span)
}

/// What Kubernetes calls an object, and where it stands.
pub(super) fn resource_id(document: &Document) -> Arc<ResourceId> {
    Arc::new(ResourceId {
        api_version: document.api_version().to_owned(),
        kind: document.kind().kind.clone(),
        namespace: document.namespace().map(str::to_owned),
        name: document.name().unwrap_or_default().to_owned(),
        document: document.document(),
        item: document.item(),
    })
}

/// Gives every finding of a file its fingerprint: 128 bits of SHA-256 over rule, path, object,
/// container, field and, for what is equal in all of these, the ordinal.
pub(super) fn fingerprint(findings: &mut [Finding]) {
    let mut seen: HashMap<[u8; 16], u32> = HashMap::new();
    let mut text = String::new();
    for finding in findings {
        let resource = &finding.resource;
        let parts = [
            &*finding.rule,
            finding.primary.path(),
            &resource.kind,
            resource.namespace.as_deref().unwrap_or(""),
            &resource.name,
            finding.container.as_deref().unwrap_or(""),
        ];
        text.clear();
        for part in parts {
            text.push_str(part);
            text.push('\0');
        }
        // To write into a text does not fail.
        let _ = write!(text, "{}\0", finding.field);
        let same = digest(&text, 0);
        let ordinal = seen.entry(same).or_default();
        let id = if *ordinal == 0 { same } else { digest(&text, *ordinal) };
        *ordinal += 1;
        finding.fingerprint.reserve_exact(2 * id.len());
        for digit in id.iter().flat_map(|byte| [byte >> 4, byte & 15]) {
            finding.fingerprint.extend(char::from_digit(digit.into(), 16));
        }
    }
}

fn digest(text: &str, ordinal: u32) -> [u8; 16] {
    let mut hash = Sha256::new();
    hash.update(text.as_bytes());
    hash.update(ordinal.to_le_bytes());
    let mut id = [0; 16];
    for (to, from) in id.iter_mut().zip(hash.finalize()) {
        *to = from;
    }
    id
}
