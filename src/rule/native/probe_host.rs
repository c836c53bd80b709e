//! Probes and hooks that name a host: the kubelet calls the pod itself without one.

use core::net::IpAddr;

use serde_json::json;

use crate::finding::PatchOp;
use crate::resource::{Field, read_text};
use crate::rule::frame::Frame;
use crate::yaml::{FieldPath, Segment};

use super::{NativeFix, Repair};

/// Removes `host`; a DNS name of an `httpGet` becomes its `Host` header, so that a server that
/// tells sites apart by name still finds the right one.
pub fn fix(
    frame: &Frame<'_>,
    document: usize,
    _: &FieldPath,
    _: Option<&Repair>,
) -> Result<NativeFix, String> {
    let (tree, subject) = (frame.tree(), frame.subject);
    let host = match read_text(tree, subject.node, &["host"]) {
        Field::Value(host) => host.into_owned(),
        _ => return Err("the host is filled in later".to_owned()),
    };
    let mut ops = vec![PatchOp::Remove { document, path: subject.path.key("host"), prune: false }];
    let http = matches!(subject.path.split_last(), Some((_, Segment::Key(key))) if **key == *"httpGet");
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let is_name = host != "localhost" && bare.parse::<IpAddr>().is_err();
    let mut title = None;
    if http && is_name {
        let headers = crate::resource::get(tree, subject.node, &["httpHeaders"]).value();
        let named = headers.is_some_and(|headers| {
            tree.items(headers).iter().any(|&header| {
                matches!(read_text(tree, header, &["name"]), Field::Value(name) if name.eq_ignore_ascii_case("host"))
            })
        });
        if !named {
            let path = subject.path.key("httpHeaders");
            ops.push(PatchOp::Append { document, path, value: json!({ "name": "Host", "value": host }) });
            title = Some("Call the pod itself, with the name as Host header".to_owned());
        }
    }
    Ok(NativeFix { title, ops, ..NativeFix::default() })
}
