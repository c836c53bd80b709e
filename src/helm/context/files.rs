//! `.Files`: the files of a chart that are neither templates nor its own description.

use std::any::Any;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::helm::call::{Args, FunctionResult, Method, Type};
use crate::helm::chart::{Chart, ChartFile};
use crate::helm::encoding::base64;
use crate::helm::exec::Exec;
use crate::helm::glob::Glob;
use crate::helm::rope::Str;
use crate::helm::to_yaml::to_yaml;
use crate::helm::value::{Kind, List, ListKind, Map, MapKind, Node, Object, Value};
use crate::origin::{Origin, OriginId, Origins, SourceRole};
use crate::source::Span;

/// A file's content is made into a string of the evaluator when it is asked for.
#[derive(Debug)]
struct Content {
    file: Arc<Chart>,
    index: usize,
    origin: OriginId,
    text: OnceCell<Str>,
}

impl Content {
    fn text(&self) -> Str {
        let make = || {
            let bytes = self.file.files.get(self.index).map_or(&[][..], |file| &file.bytes);
            Str::exact(bytes, self.origin)
        };
        self.text.get_or_init(make).clone()
    }
}

/// `.Files`, or what `.Files.Glob` selects of it.
#[derive(Debug)]
pub(super) struct FileSet {
    files: BTreeMap<Rc<[u8]>, Rc<Content>>,
}

impl FileSet {
    /// The files of a chart. Their texts become sources only where `origins` is given: where a
    /// template uses them.
    pub fn node(chart: &Arc<Chart>, mut origins: Option<&mut Origins>) -> Node {
        let content = |(index, file): (usize, &Arc<ChartFile>)| {
            let origin = origins.as_deref_mut().map_or(OriginId::NONE, |origins| origin(file, origins));
            let content = Content { file: Arc::clone(chart), index, origin, text: OnceCell::new() };
            (Rc::from(file.name.as_bytes()), Rc::new(content))
        };
        let files = chart.files.iter().enumerate().map(content).collect();
        Node::plain(Value::Object(Rc::new(Self { files })))
    }

    fn get(&self, name: &Str) -> Option<Str> {
        self.files.get(name.as_bytes()).map(|content| content.text())
    }

    /// Contents by base name.
    fn by_base_name(&self) -> impl Iterator<Item = (&[u8], Str)> {
        self.files.iter().map(|(name, content)| {
            (name.rsplit(|&byte| byte == b'/').next().unwrap_or_default(), content.text())
        })
    }
}

fn origin(file: &ChartFile, origins: &mut Origins) -> OriginId {
    let Some(source) = file.source() else { return OriginId::NONE };
    let start = if file.byte_order_mark { 3 } else { 0 };
    let span = Span::new(start, source.len());
    let source = origins.add_source(SourceRole::File, Arc::clone(source));
    origins.push(Origin::File { source, span })
}

impl Object for FileSet {
    fn type_name(&self) -> &'static str {
        "engine.files"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn method(&self, name: &str) -> Option<&'static Method> {
        METHODS.iter().find(|method| method.name == name)
    }

    fn plain(&self) -> Option<Value> {
        let map = Map::new();
        for (name, content) in &self.files {
            let text = content.text();
            let origin = text.origin();
            map.insert(Rc::clone(name), OriginId::NONE, Node::new(Value::Bytes(text), origin));
        }
        Some(Value::Map(map))
    }
}

static METHODS: [Method; 6] = [
    Method { name: "Get", parameters: &[Type::String], variadic: false, call: get },
    Method { name: "GetBytes", parameters: &[Type::String], variadic: false, call: get_bytes },
    Method { name: "Glob", parameters: &[Type::String], variadic: false, call: glob },
    Method { name: "Lines", parameters: &[Type::String], variadic: false, call: lines },
    Method { name: "AsConfig", parameters: &[], variadic: false, call: as_config },
    Method { name: "AsSecrets", parameters: &[], variadic: false, call: as_secrets },
];

fn file_set(object: &dyn Object) -> Option<&FileSet> {
    (object as &dyn Any).downcast_ref()
}

fn content(object: &dyn Object, name: &Str) -> Str {
    file_set(object).and_then(|set| set.get(name)).unwrap_or_default()
}

fn get(_: &mut Exec<'_>, object: &dyn Object, args: &Args<'_>) -> FunctionResult {
    Ok(Node::from(content(object, &args.str(0))))
}

fn get_bytes(_: &mut Exec<'_>, object: &dyn Object, args: &Args<'_>) -> FunctionResult {
    let text = content(object, &args.str(0));
    let origin = text.origin();
    Ok(Node::new(Value::Bytes(text), origin))
}

fn glob(exec: &mut Exec<'_>, object: &dyn Object, args: &Args<'_>) -> FunctionResult {
    exec.charge(1_000 + args.str(0).len().saturating_mul(40))?;
    let pattern = Glob::new(args.str(0).as_bytes());
    let mut files = BTreeMap::new();
    for (name, content) in file_set(object).iter().flat_map(|set| &set.files) {
        exec.charge(1 + name.len() / 16)?;
        if pattern.matches(&String::from_utf8_lossy(name)) {
            files.insert(Rc::clone(name), Rc::clone(content));
        }
    }
    Ok(Node::plain(Value::Object(Rc::new(FileSet { files }))))
}

fn lines(exec: &mut Exec<'_>, object: &dyn Object, args: &Args<'_>) -> FunctionResult {
    let text = content(object, &args.str(0));
    let bytes = text.as_bytes();
    let end = if bytes.ends_with(b"\n") { bytes.len() - 1 } else { bytes.len() };
    let mut items = Vec::new();
    let mut start = 0;
    while !bytes.is_empty() && start <= end {
        let rest = bytes.get(start..end).unwrap_or_default();
        let length = rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
        items.push(Node::from(text.slice(start..start + length)));
        start += length + 1;
    }
    exec.charge(items.len())?;
    Ok(Node::new(List::of_kind(ListKind::Strings, items), text.origin()))
}

fn as_config(exec: &mut Exec<'_>, object: &dyn Object, _: &Args<'_>) -> FunctionResult {
    let map = Map::of_kind(MapKind::Strings, super::Entries::new());
    for (name, text) in file_set(object).iter().flat_map(|set| set.by_base_name()) {
        // The key is the file's name, not a part of its text.
        let key_origin = exec.derive_from([text.origin()]);
        map.insert(name, key_origin, Node::from(text));
    }
    emit(exec, map)
}

fn as_secrets(exec: &mut Exec<'_>, object: &dyn Object, _: &Args<'_>) -> FunctionResult {
    let map = Map::of_kind(MapKind::Strings, super::Entries::new());
    for (name, text) in file_set(object).iter().flat_map(|set| set.by_base_name()) {
        exec.charge_bytes(text.len() * 2)?;
        let origin = exec.derive_from([text.origin()]);
        map.insert(name, origin, Node::from(Str::whole(base64(text.as_bytes()).into_bytes(), origin)));
    }
    emit(exec, map)
}

/// YAML of a map; nothing where it cannot be written.
fn emit(exec: &mut Exec<'_>, map: Map) -> FunctionResult {
    Ok(to_yaml(exec, &Node::plain(map)).map_or_else(|_| Node::from(Str::default()), Node::from))
}
