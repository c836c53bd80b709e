//! How the values of a chart, of its subcharts and of the user become one tree.
//!
//! The user's values win over a chart's, a parent's over its child's, and `global` goes from
//! parents to children. Null removes a default. The order and the sharing of maps follow Helm
//! exactly, since templates can see both: a map below a table of `global` is the same one in parent
//! and child.

use super::family::{Family, MemberId};
use super::value::{Entry, Map, Node, Value};
use super::values::{add_loser, beat, deep_copy};
use crate::origin::{Origin, OriginId, Origins};

/// The key whose values reach all subcharts.
const GLOBAL: &[u8] = b"global";

/// A text where a subchart needs a table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("type mismatch on {name}: {value}")]
pub struct TypeMismatch {
    /// The subchart.
    pub name: String,
    /// Its value as Go's `%t` prints it.
    pub value: String,
    /// Where that value came from.
    pub origin: OriginId,
}

/// Something that Helm ignores with a line in its log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValuesWarning {
    /// What is ignored and why.
    pub message: String,
    /// The value that is ignored.
    pub origin: OriginId,
}

/// One pass over a chart and its subcharts.
pub(super) struct Coalescer<'a> {
    pub family: &'a Family,
    pub origins: &'a mut Origins,
    pub warnings: &'a mut Vec<ValuesWarning>,
    /// Whether nulls are kept (Helm's merge) or remove what they stand for (its coalescing).
    pub merge: bool,
    /// Whether a null above is written into the table below too, which shows where that table is
    /// part of something else (what import-values takes).
    pub spread_nils: bool,
    /// Whether charts' maps may be taken as they are, because nobody needs them afterwards.
    pub consume: bool,
}

impl Coalescer<'_> {
    /// The values of a chart under those of `dest`, which is changed and must be nobody else's.
    pub fn run(&mut self, chart: MemberId, dest: &Node) -> Result<(), TypeMismatch> {
        let Some(map) = dest.value.as_map() else { return Ok(()) };
        self.defaults(chart, map);
        for &child in self.family.children(chart) {
            self.child(chart, child, map, dest.origin())?;
        }
        Ok(())
    }

    fn child(
        &mut self,
        chart: MemberId,
        child: MemberId,
        map: &Map,
        origin: OriginId,
    ) -> Result<(), TypeMismatch> {
        let name = self.family.name(child).to_owned();
        let key = name.as_bytes();
        let node = match map.get(key) {
            Some(node) if node.value.as_map().is_some() => node,
            Some(node) => {
                let value = print_as_bool(&node.value);
                return Err(TypeMismatch { name, value, origin: node.origin() });
            }
            None => {
                let node = Node::new(Map::new(), self.absent(origin, &name));
                map.insert(key, OriginId::NONE, node.clone());
                node
            }
        };
        let prefix = self.family.path(chart);
        if let Some(values) = node.value.as_map() {
            self.globals(values, map, node.origin(), &prefix);
        }
        self.run(child, &node)
    }

    fn absent(&mut self, parent: OriginId, key: &str) -> OriginId {
        let key = self.origins.name(key);
        self.origins.push(Origin::Absent { parent, key })
    }

    /// Gives a child its parent's globals.
    fn globals(&mut self, child: &Map, parent: &Map, child_origin: OriginId, prefix: &str) {
        let own = child.get(GLOBAL).unwrap_or_else(|| {
            let origin = self.absent(child_origin, "global");
            Node::new(Map::new(), origin)
        });
        let Some(globals) = own.value.as_map() else {
            return self
                .warn("skipping globals because the destination's global is not a table", own.origin());
        };
        let given = parent.get(GLOBAL).unwrap_or_else(|| Node::plain(Map::new()));
        let Some(from) = given.value.as_map() else {
            return self.warn("skipping globals because the source's global is not a table", given.origin());
        };
        for (key, entry) in from.snapshot() {
            let below = globals.get(&key);
            let node = match (&entry.node.value, below.as_ref().map(|node| &node.value)) {
                (Value::Map(table), None) => Node::new(shallow_copy(table), entry.node.origin()),
                (Value::Map(table), Some(Value::Map(own))) => {
                    let copy = shallow_copy(table);
                    self.tables(&copy, own, prefix, true);
                    let beaten = below.as_ref().map_or(OriginId::NONE, Node::origin);
                    Node::new(copy, add_loser(self.origins, entry.node.origin(), beaten))
                }
                (Value::Map(_), Some(_)) => {
                    self.warn(
                        &format!("cannot merge a map onto the non-map global {}", shown(&key)),
                        entry.node.origin(),
                    );
                    continue;
                }
                (_, Some(Value::Map(_))) => {
                    self.warn(
                        &format!("the global {} is a table; skipping what is none", shown(&key)),
                        entry.node.origin(),
                    );
                    continue;
                }
                (_, Some(_)) => {
                    let beaten = below.as_ref().map_or(OriginId::NONE, Node::origin);
                    beat(self.origins, &entry.node, beaten)
                }
                (_, None) => entry.node,
            };
            put(globals, &key, entry.key_origin, node);
        }
        child.insert(GLOBAL, OriginId::NONE, own);
    }

    /// Puts the chart's own values under `dest`.
    fn defaults(&mut self, chart: MemberId, dest: &Map) {
        let Value::Map(own) = self.family.values(chart).value else { return };
        let own = if self.consume { own } else { deep_copy(&own, self.family.imports()) };
        let prefix = self.family.path(chart);
        for (key, entry) in own.snapshot() {
            let default = entry.node;
            let Some(found) = dest.get(&key) else {
                if !self.merge {
                    match &default.value {
                        Value::Nil => continue,
                        Value::Map(table) => drop_nils(table),
                        _ => {}
                    }
                }
                put(dest, &key, entry.key_origin, default);
                continue;
            };
            match (&found.value, &default.value) {
                (Value::Nil, _) if !self.merge => {
                    dest.remove(&key);
                }
                (Value::Map(table), Value::Map(below)) => {
                    let merge = self.merge || self.is_child(chart, &key);
                    if !merge {
                        drop_nils(below);
                    }
                    self.tables(table, below, &format!("{prefix}.{}", shown(&key)), merge);
                    let origin = add_loser(self.origins, found.origin(), default.origin());
                    put(dest, &key, entry.key_origin, Node::new(table.clone(), origin));
                }
                (Value::Map(_), Value::Nil) => {}
                (Value::Map(_), _) => {
                    self.warn(
                        &format!("skipped value for {prefix}.{}: not a table", shown(&key)),
                        default.origin(),
                    );
                }
                _ => {
                    let node = beat(self.origins, &found, default.origin());
                    dest.insert(key, OriginId::NONE, node);
                }
            }
        }
    }

    fn is_child(&self, chart: MemberId, key: &[u8]) -> bool {
        self.family.children(chart).iter().any(|&child| self.family.name(child).as_bytes() == key)
    }

    /// Puts the table `below` under the table `dest`.
    fn tables(&mut self, dest: &Map, below: &Map, prefix: &str, merge: bool) {
        if self.spread_nils {
            for (key, entry) in dest.snapshot() {
                if matches!(entry.node.value, Value::Nil) {
                    below.insert(key, entry.key_origin, entry.node);
                }
            }
        }
        for (key, entry) in below.snapshot() {
            let default = entry.node;
            let Some(found) = dest.get(&key) else {
                put(dest, &key, entry.key_origin, default);
                continue;
            };
            let path = || format!("{prefix}.{}", shown(&key));
            match (&found.value, &default.value) {
                (Value::Nil, default) => {
                    if !merge && !matches!(default, Value::Nil) {
                        dest.remove(&key);
                    }
                }
                (Value::Map(table), Value::Map(inner)) => {
                    self.tables(table, inner, &path(), merge);
                    let origin = add_loser(self.origins, found.origin(), default.origin());
                    dest.insert(key, OriginId::NONE, Node::new(table.clone(), origin));
                }
                (_, Value::Map(_)) => {
                    self.warn(
                        &format!("cannot overwrite table with non table for {}", path()),
                        found.origin(),
                    );
                }
                (Value::Map(_), Value::Nil) => {}
                (Value::Map(_), _) => {
                    self.warn(&format!("{} is a table; ignoring what is none", path()), default.origin());
                }
                _ => {
                    let node = beat(self.origins, &found, default.origin());
                    dest.insert(key, OriginId::NONE, node);
                }
            }
        }
    }

    fn warn(&mut self, message: &str, origin: OriginId) {
        let warning = ValuesWarning { message: message.to_owned(), origin };
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }
}

/// Puts `below` under `dest`, both tables outside any chart, keeping nulls (what import-values does).
pub(super) fn merge_tables(origins: &mut Origins, family: &Family, dest: &Map, below: &Map) {
    let mut warnings = Vec::new();
    let mut pass = Coalescer {
        family,
        origins,
        warnings: &mut warnings,
        merge: true,
        spread_nils: true,
        consume: false,
    };
    pass.tables(dest, below, "", true);
}

/// Sets a key; a new one gets the origin of where it is written.
fn put(map: &Map, key: &[u8], key_origin: OriginId, node: Node) {
    map.insert(key, key_origin, node);
}

fn shallow_copy(map: &Map) -> Map {
    let entries = map.snapshot().into_iter().collect();
    Map::of_kind(map.kind(), entries)
}

/// Removes nulls at every level of maps.
fn drop_nils(map: &Map) {
    for (key, Entry { node, .. }) in map.snapshot() {
        match &node.value {
            Value::Nil => {
                map.remove(&key);
            }
            Value::Map(inner) => drop_nils(inner),
            _ => {}
        }
    }
}

fn shown(key: &[u8]) -> String {
    String::from_utf8_lossy(key).into_owned()
}

/// Go's `%t` of what is no boolean.
fn print_as_bool(value: &Value) -> String {
    match value {
        Value::Bool(value) => value.to_string(),
        Value::Nil => "%!t(<nil>)".to_owned(),
        Value::Str(text) => format!("%!t(string={})", text.to_text()),
        Value::Float(value) => format!("%!t(float64={})", super::number::format_general(*value)),
        Value::Int64(value) => format!("%!t(int64={value})"),
        Value::List(list) => {
            let item = |item: &Node| match &item.value {
                Value::Nil => "<nil>".to_owned(),
                value => print_as_bool(value),
            };
            let items: Vec<_> = list.items().iter().map(item).collect();
            format!("[{}]", items.join(" "))
        }
        other => format!("%!t({}=…)", other.type_name()),
    }
}
