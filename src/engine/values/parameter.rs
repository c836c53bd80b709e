//! Values as a list of dotted names: `parameters` of an Argo CD Application, read as `--set` reads them.

use std::sync::Arc;

use serde_json::Value;

use crate::engine::Engine;
use crate::finding::{Patch, PatchOp};
use crate::resource::{Field, read_bool, read_text};
use crate::yaml::{FieldPath, SpanTree};

use super::ValuesHit;
use super::fragment::{Fragment, What, context_of, is_policy, pod_field};
use super::place::Place;
use super::stand_in;
use super::translate::{lowered, tell};

/// What is wrong with single parameters. Names with an escape, an index or a list in them are left alone.
pub fn hits(engine: &Engine, tree: &Arc<SpanTree>, place: &Place) -> Vec<ValuesHit> {
    let mut found = Vec::new();
    for (index, &item) in tree.items(place.node).iter().enumerate() {
        let text = |key: &str| read_text(tree, item, &[key]);
        let (Field::Value(name), Field::Value(value)) = (text("name"), text("value")) else { continue };
        if name.contains(['\\', '[', '{', ',', '=']) || value.contains(['\\', '{', ',']) {
            continue;
        }
        let string = read_bool(tree, item, &["forceString"]) == Field::Value(true);
        let Some(fragment) = fragment(&name, typed(&value, string)) else { continue };
        let Some(node) = tree.get(item, "value") else { continue };
        let path = place.path.index(index).key("value");
        for seen in stand_in::judge(engine, &fragment, &[]) {
            let mut hit = seen.hit;
            let off = value == "true" && !string;
            let fixes = std::mem::take(&mut hit.fixes);
            if off && let Some(fix) = fixes.into_iter().next() {
                let document = place.document;
                let set = PatchOp::Set { document, path: path.clone(), value: "false".into() };
                hit.fixes.push(lowered(fix, Patch::one(set)));
            } else {
                hit.no_fix = Some("no data says which parameter to write instead".into());
            }
            (hit.node, hit.field, hit.document) = (node, path.clone(), place.document);
            tell(&mut hit, &fragment);
            found.push(ValuesHit { hit, span: None });
        }
    }
    found
}

/// What `--set` makes of a text: integers, booleans and null; all else is a string (Helm's strvals).
fn typed(text: &str, string: bool) -> Value {
    match text {
        _ if string => text.into(),
        "true" => true.into(),
        "false" => false.into(),
        "null" => Value::Null,
        "0" => 0.into(),
        _ if text.starts_with('0') => text.into(),
        _ => text.parse::<i64>().map_or_else(|_| text.into(), Value::from),
    }
}

fn fragment(name: &str, value: Value) -> Option<Fragment> {
    let keys: Vec<&str> = name.split('.').collect();
    if keys.iter().any(|key| is_policy(key)) {
        return None;
    }
    let (last, above) = keys.split_last()?;
    let owner = |above: &[&str]| above.last().map(|key| Arc::from(*key));
    let path = FieldPath::root();
    if let Some(field) = pod_field(last) {
        return value.is_boolean().then(|| Fragment {
            what: What::PodField(field),
            path,
            value,
            owner: owner(above),
        });
    }
    let at = keys.iter().rposition(|key| context_of(key, None, &|_| false).is_some())?;
    let fields = keys.get(at + 1..).filter(|fields| !fields.is_empty())?;
    let above = keys.get(..at)?;
    let has = |field: &str| fields.first() == Some(&field);
    let what = context_of(keys.get(at)?, above.last().copied(), &has)?;
    let nested = fields
        .iter()
        .rev()
        .fold(value, |value, key| Value::Object(std::iter::once(((*key).to_owned(), value)).collect()));
    Some(Fragment { what, path, value: nested, owner: owner(above) })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_have_the_types_that_set_gives_them() {
        assert_eq!(typed("true", false), json!(true));
        assert_eq!(typed("true", true), json!("true"));
        assert_eq!(typed("0", false), json!(0));
        assert_eq!(typed("-7", false), json!(-7));
        assert_eq!(typed("007", false), json!("007"));
        assert_eq!(typed("1.5", false), json!("1.5"));
        assert_eq!(typed("null", false), json!(null));
    }

    #[test]
    fn names_say_what_a_parameter_is() {
        let what = |name: &str| fragment(name, json!(true)).map(|it| (it.what, it.owner));
        let own = |name: &str| Some(Arc::from(name));
        assert_eq!(what("hostPID"), Some((What::PodField("hostPID"), None)));
        assert_eq!(what("web.securityContext.privileged"), Some((What::ContainerContext, own("web"))));
        assert_eq!(what("web.podSecurityContext.runAsUser"), Some((What::PodContext, own("web"))));
        for name in ["web.privileged", "securityContext", "psp.hostPID", "hostNetwork.enabled"] {
            assert_eq!(what(name), None, "{name}");
        }
    }
}
