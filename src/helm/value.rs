//! What template expressions work on: Go's values as Helm's templates meet them, each with its
//! origin.
//!
//! Go's types matter, since `typeOf`, `kindIs`, `%T`, comparisons and error texts show them: a
//! number from a values file is a `float64`, one from `--set` an `int64`, a literal an `int`.
//!
//! **Sharing.** Maps are shared and mutable, as in Go: `set`, `unset` and `merge` change the map
//! that others hold too. Cloning a [`Map`] clones the handle. Lists are never changed in place by
//! any function, so a [`List`] is shared and immutable.

use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use super::rope::Str;
use crate::origin::OriginId;

/// A value with its origin.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// The value.
    pub value: Value,
    origin: OriginId,
}

impl Node {
    /// A value from somewhere. A string keeps the origins of its own bytes.
    #[must_use]
    pub fn new(value: impl Into<Value>, origin: OriginId) -> Self {
        Self { value: value.into(), origin }
    }

    /// A value without origin (a string keeps its own).
    #[must_use]
    pub fn plain(value: impl Into<Value>) -> Self {
        Self::new(value, OriginId::NONE)
    }

    /// Go's `nil`, with the reason why it is one (an absent key).
    #[must_use]
    pub fn nil(origin: OriginId) -> Self {
        Self::new(Value::Nil, origin)
    }

    /// Where it came from; for a string, where its first byte did.
    #[must_use]
    pub fn origin(&self) -> OriginId {
        match &self.value {
            Value::Str(text) => text.origin(),
            _ => self.origin,
        }
    }

    /// The same value from elsewhere; the bytes of a string each get what `replace` makes of
    /// their origin.
    #[must_use]
    pub fn map_origin(&self, mut replace: impl FnMut(OriginId) -> OriginId) -> Self {
        match &self.value {
            Value::Str(text) => Self::plain(text.map_origins(replace)),
            value => Self::new(value.clone(), replace(self.origin)),
        }
    }
}

impl From<Str> for Node {
    fn from(text: Str) -> Self {
        Self::plain(text)
    }
}

/// A value of the template language.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// The nil interface: an absent key, YAML's `null`, the literal `nil`.
    #[default]
    Nil,
    /// `bool`
    Bool(bool),
    /// `int`: literals, `len`, `int`, `until`.
    Int(i64),
    /// `int64`: `--set`, `int64`, `add` and its kin.
    Int64(i64),
    /// `uint8`: an item of a byte list or of a string.
    Uint8(u8),
    /// `uint64`: `.Major` of a `semver`.
    Uint64(u64),
    /// `float64`: every number of a values file, of `fromYaml` and `fromJson`.
    Float(f64),
    /// `complex128`: only literals such as `1i` make one.
    Complex(f64, f64),
    /// `time.Duration` in nanoseconds.
    Duration(i64),
    /// `string`
    Str(Str),
    /// `[]uint8`: content of `.Files`, `.GetBytes`.
    Bytes(Str),
    /// A slice of anything but bytes.
    List(List),
    /// A map with string keys.
    Map(Map),
    /// A value with methods or fields of its own: times, versions, `.Files`, `.Capabilities`.
    Object(Rc<dyn Object>),
}

/// Kinds as Go's `reflect` names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "Go's names")]
pub enum Kind {
    Invalid,
    Bool,
    Int,
    Int64,
    Uint8,
    Uint64,
    Float64,
    Complex128,
    String,
    Slice,
    Map,
    Struct,
    Pointer,
}

impl Kind {
    /// The word that `kindOf` gives.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Int64 => "int64",
            Self::Uint8 => "uint8",
            Self::Uint64 => "uint64",
            Self::Float64 => "float64",
            Self::Complex128 => "complex128",
            Self::String => "string",
            Self::Slice => "slice",
            Self::Map => "map",
            Self::Struct => "struct",
            Self::Pointer => "ptr",
        }
    }
}

impl Value {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Nil => Kind::Invalid,
            Self::Bool(_) => Kind::Bool,
            Self::Int(_) => Kind::Int,
            Self::Int64(_) | Self::Duration(_) => Kind::Int64,
            Self::Uint8(_) => Kind::Uint8,
            Self::Uint64(_) => Kind::Uint64,
            Self::Float(_) => Kind::Float64,
            Self::Complex(..) => Kind::Complex128,
            Self::Str(_) => Kind::String,
            Self::Bytes(_) | Self::List(_) => Kind::Slice,
            Self::Map(_) => Kind::Map,
            Self::Object(object) => object.kind(),
        }
    }

    /// Its type as `%T` prints it.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Nil => "<nil>",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Int64(_) => "int64",
            Self::Uint8(_) => "uint8",
            Self::Uint64(_) => "uint64",
            Self::Float(_) => "float64",
            Self::Complex(..) => "complex128",
            Self::Duration(_) => "time.Duration",
            Self::Str(_) => "string",
            Self::Bytes(_) => "[]uint8",
            Self::List(list) => list.kind().type_name(),
            Self::Map(map) => map.kind().type_name(),
            Self::Object(object) => object.type_name(),
        }
    }

    /// Whether a condition takes it as true: not nil, false, zero or empty. Structs always are.
    #[must_use]
    pub fn is_true(&self) -> bool {
        match self {
            Self::Nil => false,
            Self::Bool(value) => *value,
            Self::Int(value) | Self::Int64(value) | Self::Duration(value) => *value != 0,
            Self::Uint8(value) => *value != 0,
            Self::Uint64(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Complex(real, imaginary) => *real != 0.0 || *imaginary != 0.0,
            Self::Str(text) | Self::Bytes(text) => !text.is_empty(),
            Self::List(list) => !list.is_empty(),
            Self::Map(map) => !map.is_empty(),
            Self::Object(object) => object.is_true(),
        }
    }

    /// The text of a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&Str> {
        if let Self::Str(text) = self { Some(text) } else { None }
    }

    /// The map.
    #[must_use]
    pub fn as_map(&self) -> Option<&Map> {
        if let Self::Map(map) = self { Some(map) } else { None }
    }

    /// The list.
    #[must_use]
    pub fn as_list(&self) -> Option<&List> {
        if let Self::List(list) = self { Some(list) } else { None }
    }

    /// The object, where it is one of type `T`.
    #[must_use]
    pub fn as_object<T: Object>(&self) -> Option<&T> {
        if let Self::Object(object) = self { (object.as_ref() as &dyn Any).downcast_ref() } else { None }
    }
}

macro_rules! value_from {
    ($($from:ty => $variant:ident),* $(,)?) => {
        $(impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Self::$variant(value)
            }
        })*
    };
}

value_from!(bool => Bool, f64 => Float, u64 => Uint64, u8 => Uint8, Str => Str, List => List, Map => Map);

/// What the items of a [`List`] are, since Go's type names and assignments show it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ListKind {
    /// `[]interface {}`
    #[default]
    Any,
    /// `[]string`: every item is a [`Value::Str`].
    Strings,
    /// `[]int`: every item is a [`Value::Int`].
    Ints,
    /// `[][]interface {}`: every item is a [`Value::List`] of [`ListKind::Any`].
    Lists,
    /// A slice of some other type, by its name: `[]*v2.Maintainer`.
    Other(&'static str),
}

impl ListKind {
    /// Whether an item's static type is `interface {}`.
    pub(super) fn is_boxed(self) -> bool {
        self == Self::Any
    }

    /// The type as `%T` prints it.
    #[must_use]
    pub fn type_name(self) -> &'static str {
        match self {
            Self::Any => "[]interface {}",
            Self::Strings => "[]string",
            Self::Ints => "[]int",
            Self::Lists => "[][]interface {}",
            Self::Other(name) => name,
        }
    }
}

/// A slice: shared, never changed in place.
#[derive(Clone, Debug, Default)]
pub struct List {
    items: Rc<Items>,
    kind: ListKind,
    nil: bool,
}

#[derive(Debug, Default)]
struct Items(Vec<Node>);

impl Drop for Items {
    fn drop(&mut self) {
        dismantle(std::mem::take(&mut self.0));
    }
}

/// Drops nodes one after another instead of one inside another: collections may be nested deeper
/// than the stack is.
fn dismantle(mut nodes: Vec<Node>) {
    if !nodes.iter().any(|node| matches!(node.value, Value::List(_) | Value::Map(_))) {
        return;
    }
    while let Some(node) = nodes.pop() {
        match node.value {
            Value::List(list) => {
                nodes.append(
                    &mut Rc::into_inner(list.items)
                        .map(|mut items| std::mem::take(&mut items.0))
                        .unwrap_or_default(),
                );
            }
            Value::Map(map) => {
                if let Some(mut cell) = Rc::into_inner(map.cell) {
                    nodes
                        .extend(std::mem::take(cell.entries.get_mut()).into_values().map(|entry| entry.node));
                }
            }
            _ => {}
        }
    }
}

impl List {
    /// A `[]interface {}`.
    #[must_use]
    pub fn new(items: Vec<Node>) -> Self {
        Self::of_kind(ListKind::Any, items)
    }

    /// A slice of another type.
    #[must_use]
    pub fn of_kind(kind: ListKind, items: Vec<Node>) -> Self {
        Self { items: Rc::new(Items(items)), kind, nil: false }
    }

    /// A slice that Go left nil: empty, but JSON's null.
    #[must_use]
    pub fn nil(kind: ListKind) -> Self {
        Self { items: Rc::default(), kind, nil: true }
    }

    /// Whether it is Go's nil slice.
    #[must_use]
    pub fn is_nil(&self) -> bool {
        self.nil
    }

    /// The items.
    #[must_use]
    pub fn items(&self) -> &[Node] {
        &self.items.0
    }

    /// The type.
    #[must_use]
    pub fn kind(&self) -> ListKind {
        self.kind
    }

    /// How many items.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.0.is_empty()
    }
}

/// What the entries of a [`Map`] are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MapKind {
    /// `map[string]interface {}`
    #[default]
    Any,
    /// `map[string]string`: every value is a [`Value::Str`].
    Strings,
    /// `common.Values`, Helm's name for `map[string]interface {}`: `.Values`, and the dot of a file.
    Values,
}

impl MapKind {
    /// Whether an entry's static type is `interface {}`.
    pub(super) fn is_boxed(self) -> bool {
        self != Self::Strings
    }

    /// What a key that is not there gives.
    pub(super) fn zero(self, origin: OriginId) -> Node {
        match self {
            Self::Any | Self::Values => Node::nil(origin),
            Self::Strings => Str::whole(*b"", origin).into(),
        }
    }

    /// The type as `%T` prints it.
    #[must_use]
    pub fn type_name(self) -> &'static str {
        match self {
            Self::Any => "map[string]interface {}",
            Self::Strings => "map[string]string",
            Self::Values => "common.Values",
        }
    }
}

/// A map's key: bytes.
pub type Key = Rc<[u8]>;

/// What a map holds at a key.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Where the key came from.
    pub key_origin: OriginId,
    /// The value.
    pub node: Node,
}

/// The entries of a map, sorted by key as Go prints and ranges over them.
pub type Entries = BTreeMap<Key, Entry>;

/// A map: shared and mutable. Equality of handles is [`Map::same`]. The type belongs to the handle:
/// `.Values` of a subchart is its parent's `.Values.NAME` by another type.
#[derive(Clone, Default)]
pub struct Map {
    cell: Rc<MapCell>,
    kind: MapKind,
}

#[derive(Default)]
struct MapCell {
    nil: bool,
    entries: RefCell<Entries>,
}

impl Drop for MapCell {
    fn drop(&mut self) {
        dismantle(std::mem::take(self.entries.get_mut()).into_values().map(|entry| entry.node).collect());
    }
}

impl Map {
    /// An empty `map[string]interface {}`.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A map of a kind with entries.
    #[must_use]
    pub fn of_kind(kind: MapKind, entries: Entries) -> Self {
        Self { cell: Rc::new(MapCell { nil: false, entries: RefCell::new(entries) }), kind }
    }

    /// A map that Go left nil: empty, JSON's null, and nothing can be set in it.
    #[must_use]
    pub fn nil() -> Self {
        Self { cell: Rc::new(MapCell { nil: true, entries: RefCell::default() }), kind: MapKind::Any }
    }

    /// Whether it is Go's nil map.
    #[must_use]
    pub fn is_nil(&self) -> bool {
        self.cell.nil
    }

    /// The type.
    #[must_use]
    pub fn kind(&self) -> MapKind {
        self.kind
    }

    /// The same map by another type.
    #[must_use]
    pub fn with_kind(&self, kind: MapKind) -> Self {
        Self { cell: Rc::clone(&self.cell), kind }
    }

    /// Whether both are handles of one map: a change of the one is seen in the other.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.cell, &other.cell)
    }

    /// A number that only handles of this map have, while it lives.
    #[must_use]
    pub fn address(&self) -> usize {
        Rc::as_ptr(&self.cell).addr()
    }

    /// The value at a key.
    #[must_use]
    pub fn get(&self, key: &[u8]) -> Option<Node> {
        self.read(|entries| entries.get(key).map(|entry| entry.node.clone()))
    }

    /// Whether the key is there, be its value nil.
    #[must_use]
    pub fn contains(&self, key: &[u8]) -> bool {
        self.read(|entries| entries.contains_key(key))
    }

    /// Sets a key. A key that was there keeps its own origin; `key_origin` is for a new one.
    pub fn insert(&self, key: impl Into<Key>, key_origin: OriginId, node: Node) {
        self.write(|entries| match entries.entry(key.into()) {
            std::collections::btree_map::Entry::Occupied(mut entry) => entry.get_mut().node = node,
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert(Entry { key_origin, node });
            }
        });
    }

    /// Removes a key.
    pub fn remove(&self, key: &[u8]) -> Option<Entry> {
        self.write(|entries| entries.remove(key))
    }

    /// How many entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.read(BTreeMap::len)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entries as they are now; later changes of the map do not show in it.
    #[must_use]
    pub fn snapshot(&self) -> Vec<(Key, Entry)> {
        self.read(|entries| entries.iter().map(|(key, entry)| (Rc::clone(key), entry.clone())).collect())
    }

    /// Reads the entries in place. `read` may look into other maps and this one, but must not
    /// change this one: a change made meanwhile is lost.
    pub fn read<T>(&self, read: impl FnOnce(&Entries) -> T) -> T {
        match self.cell.entries.try_borrow() {
            Ok(entries) => read(&entries),
            Err(_) => read(&Entries::new()),
        }
    }

    /// Changes the entries in place. `write` must not touch this map through another handle: it
    /// would find it empty.
    pub fn write<T>(&self, write: impl FnOnce(&mut Entries) -> T) -> T {
        match self.cell.entries.try_borrow_mut() {
            Ok(mut entries) => write(&mut entries),
            Err(_) => write(&mut Entries::new()),
        }
    }
}

impl FromIterator<(Key, Entry)> for Map {
    fn from_iter<I: IntoIterator<Item = (Key, Entry)>>(entries: I) -> Self {
        Self::of_kind(MapKind::Any, entries.into_iter().collect())
    }
}

/// Maps may hold themselves, so only their size is shown.
impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Map({} entries)", self.len())
    }
}

/// A value of a Go type of its own, with exported fields and methods: `time.Time`,
/// `*semver.Version`, `.Files`, `.Capabilities`, certificates.
pub trait Object: Any + fmt::Debug {
    /// The type as `%T` prints it: `*semver.Version`.
    fn type_name(&self) -> &'static str;

    /// The kind: usually `Struct` or `Pointer`; `Slice` and `Map` for named slices and maps.
    fn kind(&self) -> Kind;

    /// An exported field.
    fn field(&self, _name: &str) -> Option<Node> {
        None
    }

    /// An exported method. The evaluator checks arguments against its signature before it calls.
    fn method(&self, _name: &str) -> Option<&'static Method> {
        None
    }

    /// What `String()` or `Error()` gives, where the type has one: printing uses it.
    fn text(&self) -> Option<String> {
        None
    }

    /// What an action prints of it: Go takes methods of the pointer there, but not in functions.
    fn action_text(&self) -> Option<String> {
        self.text()
    }

    /// What is left of a part of something larger once it is passed to a function: Go copies it, and a
    /// copy has no methods of the pointer. `None` where that makes no difference.
    fn passed(&self) -> Option<Value> {
        None
    }

    /// The plain value that ranging, indexing, `len`, comparison and JSON work on: the map or list
    /// of a named map or slice, the JSON of a struct. `None` where there is none.
    fn plain(&self) -> Option<Value> {
        None
    }

    /// Fields in the order of their declaration, for `%v` of a struct.
    fn fields(&self) -> Vec<(&'static str, Node)> {
        Vec::new()
    }

    /// The fields that packages other than the type's own can see.
    fn exported_fields(&self) -> Vec<(&'static str, Node)> {
        let exported = |name: &str| name.starts_with(|first: char| first.is_ascii_uppercase());
        self.fields().into_iter().filter(|(name, _)| exported(name)).collect()
    }

    /// Fields by their JSON names in the order of their declaration, for a struct without a plain
    /// value.
    fn json_fields(&self) -> Vec<(&'static str, Node)> {
        self.fields()
    }

    /// Whether a condition takes it as true. Structs and pointers that are not nil are.
    fn is_true(&self) -> bool {
        self.plain()
            .is_none_or(|value| matches!(self.kind(), Kind::Struct | Kind::Pointer) || value.is_true())
    }
}

pub use super::call::Method;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_of_a_map_share_it() {
        let map = Map::new();
        let alias = map.clone();
        alias.insert(*b"a", OriginId::NONE, Node::plain(true));
        assert!(map.contains(b"a") && map.same(&alias));
        let entries = map.snapshot();
        map.remove(b"a");
        assert_eq!((entries.len(), alias.len()), (1, 0));
    }

    #[test]
    fn touching_a_map_while_it_changes_does_not_panic() {
        let map = Map::new();
        map.insert(*b"a", OriginId::NONE, Node::plain(true));
        assert!(map.write(|_| map.get(b"a").is_none()));
        map.read(|_| map.insert(*b"b", OriginId::NONE, Node::default()));
        assert_eq!(map.len(), 1);
    }

    #[test]
    fn dropping_a_deep_nest_needs_no_stack() {
        let mut node = Node::default();
        for turn in 0..200_000 {
            node = if turn % 2 == 0 {
                Node::plain(List::new(vec![node]))
            } else {
                let map = Map::new();
                map.insert(*b"a", OriginId::NONE, node);
                Node::plain(map)
            };
        }
        drop(node);
    }

    #[test]
    fn go_takes_zero_and_empty_as_false() {
        assert!(!Value::Nil.is_true() && !Value::Float(0.0).is_true() && !Value::from(Map::new()).is_true());
        assert!(Value::Float(f64::NAN).is_true() && Value::from(Str::plain(*b"false")).is_true());
    }
}
