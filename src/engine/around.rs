//! [`Surroundings`]: which files a fix of another file may have to read; [`Around`]: those files, read.
//!
//! For every object of a run a few words are remembered ([`Neighbour`]); trees are read again only for the
//! few files that a fix that reaches beyond its own file asks for. So memory is bounded by one such
//! neighbourhood and a shelf of fixed size, not by the run.

use std::borrow::Cow;
use std::cell::LazyCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use crate::finding::Patch;
use crate::project::{InputFile, Role};
use crate::resource::Document;
use crate::rule::Neighbour;
use crate::source::Source;
use crate::yaml::{self, SpanTree};

use super::Engine;

/// Bytes of text whose trees are kept for the next file that asks: many files have the same ones around them.
const MOST_SHELVED: usize = 16 << 20;

type Files = Vec<Arc<AroundFile>>;

/// The objects around a file, which come behind its own in the target. They are found and read once something
/// asks for them.
pub(super) struct Around<'a> {
    files: LazyCell<Files, Box<dyn FnOnce() -> Files + 'a>>,
    /// Whether nothing that is applied together is missing, as far as the caller was shown it.
    pub whole: bool,
}

struct AroundFile {
    /// Its place among the manifests of the run.
    place: usize,
    tree: Arc<SpanTree>,
    documents: Vec<Document>,
}

impl AroundFile {
    fn new(engine: &Engine, place: usize, source: &Arc<Source>) -> Self {
        let tree = Arc::new(yaml::parse(source, &engine.limits).tree);
        let documents = Document::objects(&tree, &engine.kinds);
        Self { place, tree, documents }
    }
}

/// Files that were read, by their places, and the bytes of their texts.
#[derive(Default)]
struct Shelf {
    /// Each with whether its text is one that was changed.
    files: HashMap<usize, (bool, Arc<AroundFile>)>,
    bytes: usize,
}

/// What a patch changes in one file.
pub(super) struct Part<'p> {
    /// Its place among the manifests of the run; `None` for the file that is judged.
    pub file: Option<usize>,
    /// The change, speaking of the objects of that file.
    pub patch: Cow<'p, Patch>,
}

impl<'a> Around<'a> {
    /// Nothing.
    pub fn none() -> Self {
        Self::new(Vec::new, false)
    }

    fn new(files: impl FnOnce() -> Vec<Arc<AroundFile>> + 'a, whole: bool) -> Self {
        let files: Box<dyn FnOnce() -> _ + 'a> = Box::new(files);
        Self { files: LazyCell::new(files), whole }
    }

    /// The objects, in the order of their indexes.
    pub fn documents(&self) -> impl Iterator<Item = &Document> {
        self.files.iter().flat_map(|file| &file.documents)
    }

    /// A file of these.
    pub fn file(&self, place: Option<usize>) -> Option<(&SpanTree, &[Document])> {
        let place = place?;
        let file = self.files.iter().find(|file| file.place == place)?;
        Some((&file.tree, &file.documents))
    }

    /// A patch by the files it changes. `own` is the number of objects of the file that is judged.
    pub fn parts<'p>(&self, patch: &'p Patch, own: usize) -> Vec<Part<'p>> {
        if !patch.ops.is_empty() && patch.ops.iter().all(|op| op.document() < own) {
            return vec![Part { file: None, patch: Cow::Borrowed(patch) }];
        }
        let mut parts: BTreeMap<Option<usize>, Patch> = BTreeMap::new();
        for op in &patch.ops {
            let (mut file, mut index) = (None, op.document());
            if let Some(beyond) = index.checked_sub(own) {
                index = beyond;
                for other in self.files.iter() {
                    if let Some(rest) = index.checked_sub(other.documents.len()) {
                        index = rest;
                    } else {
                        file = Some(other.place);
                        break;
                    }
                }
                // An object that is not there: the planner says so.
                if file.is_none() {
                    index = op.document();
                }
            }
            parts.entry(file).or_default().ops.push(op.clone().on(index));
        }
        parts.into_iter().map(|(file, patch)| Part { file, patch: Cow::Owned(patch) }).collect()
    }
}

/// What is remembered of all manifests of a run.
pub(super) struct Surroundings<'a> {
    files: Vec<&'a InputFile>,
    /// The folder of each, step by step.
    folders: Vec<Vec<&'a str>>,
    /// What is remembered of finished objects, in the order of their files.
    entries: Vec<Entry>,
    /// Those that have something in common with others, by it.
    tied: HashMap<u64, Vec<usize>>,
    /// Those of which it cannot be told.
    untied: Vec<usize>,
    /// Those that may stand for pods of any labels.
    wide: Vec<usize>,
    /// The places of the files that each object stands in, by its number.
    places: Vec<Vec<usize>>,
    /// What is remembered of patches of overlays.
    patches: Vec<(usize, Neighbour)>,
    whole: bool,
    shelf: Mutex<Shelf>,
}

struct Entry {
    /// The place of its file.
    place: usize,
    /// The number of its object: the same in all files that it stands in.
    object: usize,
    /// The number of its namespace, where it names one.
    space: Option<usize>,
    neighbour: Neighbour,
}

impl Entry {
    /// What [`Neighbour::is_near`] tells, without comparing names.
    fn is_near(&self, other: &Self) -> bool {
        self.neighbour.anywhere || self.space.is_none() || other.space.is_none() || self.space == other.space
    }
}

impl<'a> Surroundings<'a> {
    /// The files with what is remembered of their objects. Parts of overlays are no finished objects.
    pub fn new(files: Vec<&'a InputFile>, neighbours: Vec<Vec<Neighbour>>, whole: bool) -> Self {
        let of_file = |(place, found): (usize, Vec<Neighbour>)| found.into_iter().map(move |it| (place, it));
        let all = neighbours.into_iter().enumerate().flat_map(of_file);
        let finished = |(place, _): &(usize, Neighbour)| {
            files.get(*place).is_some_and(|file| file.role() != Role::OverlayPatch)
        };
        let (finished, patches): (Vec<_>, Vec<_>) = all.partition(finished);
        let (mut numbers, mut places, mut entries) = (HashMap::new(), Vec::<Vec<usize>>::new(), Vec::new());
        let mut spaces: HashMap<String, usize> = HashMap::new();
        let (mut tied, mut untied, mut wide) = (HashMap::<u64, Vec<usize>>::new(), Vec::new(), Vec::new());
        for (number, (place, neighbour)) in finished.into_iter().enumerate() {
            match neighbour.ties() {
                Some(ties) => ties.iter().for_each(|&tie| tied.entry(tie).or_default().push(number)),
                None => untied.push(number),
            }
            if neighbour.wide {
                wide.push(number);
            }
            let object = *numbers.entry(neighbour.identity.clone()).or_insert(places.len());
            match places.get_mut(object) {
                Some(known) => known.push(place),
                None => places.push(vec![place]),
            }
            let space = neighbour.identity.2.clone().map(|name| {
                let next = spaces.len();
                *spaces.entry(name).or_insert(next)
            });
            entries.push(Entry { place, object, space, neighbour });
        }
        let folder = |file: &&'a InputFile| {
            file.name().rsplit_once('/').map_or("", |(folder, _)| folder).split('/').collect()
        };
        let folders = files.iter().map(folder).collect();
        let shelf = Mutex::default();
        Self { files, folders, entries, tied, untied, wide, places, patches, whole, shelf }
    }

    /// The files of overlays that patch an object of this kind and name.
    pub fn patched_in<'s>(&'s self, kind: &'s str, name: &'s str) -> impl Iterator<Item = usize> + 's {
        let same = move |it: &Neighbour| it.identity.1 == kind && it.identity.3 == name;
        self.patches.iter().filter(move |(_, it)| same(it)).map(|(place, _)| *place)
    }

    /// A file.
    pub fn input(&self, place: usize) -> Option<&'a InputFile> {
        self.files.get(place).copied()
    }

    /// How many folders two files have in common.
    fn common(&self, one: usize, other: usize) -> usize {
        let (Some(one), Some(other)) = (self.folders.get(one), self.folders.get(other)) else { return 0 };
        one.iter().zip(other).take_while(|(one, other)| one == other).count()
    }

    /// The files with neighbours of a file's pods. An object that stands in several files (a copy for
    /// each environment) is the nearest one to both sides: what belongs to a farther copy is left alone.
    fn near(&self, place: usize) -> Vec<usize> {
        let start = self.entries.partition_point(|entry| entry.place < place);
        let own = || self.entries.iter().skip(start).take_while(|entry| entry.place == place);
        let pods: Vec<&Entry> = own().filter(|it| it.neighbour.workload).collect();
        let objects: Vec<usize> = own().map(|it| it.object).collect();
        let elsewhere = |object: usize| {
            let places = self.places.get(object).map_or(&[][..], Vec::as_slice);
            places.iter().copied().filter(|other| *other != place)
        };
        let copies: Vec<usize> = pods.iter().flat_map(|pod| elsewhere(pod.object)).collect();
        let concerns = |it: &Neighbour| pods.iter().any(|pod| it.concerns(&pod.neighbour));
        let wide = self.wide.iter().filter_map(|&number| self.entries.get(number));
        let wide = wide.into_iter().any(|it| concerns(&it.neighbour));
        let near = |it: &Entry| pods.iter().any(|pod| it.is_near(pod));
        let candidates = if wide { (0..self.entries.len()).collect() } else { self.tied_to(&pods) };
        let candidates = candidates.into_iter().filter_map(|number| self.entries.get(number));
        // Whatever concerns a pod is near it.
        let concerned = candidates
            .filter(|it| it.place != place && if wide { near(it) } else { concerns(&it.neighbour) });
        let mut nearest: HashMap<usize, usize> = HashMap::new();
        let (mut found, mut sharing): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
        for Entry { place: other, object, neighbour, .. } in concerned {
            let copied = self.places.get(*object).is_some_and(|places| places.len() > 1);
            // Mostly neither has copies: which is nearer is no question then.
            if copies.is_empty() && !copied {
                found.extend((!objects.contains(object)).then_some(*other));
                continue;
            }
            let common = self.common(place, *other);
            let nearest = *nearest.entry(*object).or_insert_with(|| {
                elsewhere(*object).map(|other| self.common(place, other)).max().unwrap_or(0)
            });
            let of_a_copy = copies.iter().any(|copy| self.common(*copy, *other) > common);
            if nearest <= common && !of_a_copy && !objects.contains(object) {
                found.push(*other);
                // What is as near to a copy as to this file leads to that copy too.
                if !neighbour.workload {
                    let shares = |copy: &usize| self.common(*copy, *other) == common;
                    sharing.extend(copies.iter().copied().filter(shares));
                }
            }
        }
        found.append(&mut sharing);
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The numbers of the entries that may have something in common with one of these, each once.
    fn tied_to(&self, pods: &[&Entry]) -> Vec<usize> {
        let mut numbers = self.untied.clone();
        for pod in pods {
            match pod.neighbour.ties() {
                Some(ties) => numbers.extend(ties.iter().filter_map(|tie| self.tied.get(tie)).flatten()),
                None => numbers.extend(0..self.entries.len()),
            }
        }
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// A file, read: as it is on disk, or of the newest text where it was changed.
    fn read(&self, engine: &Engine, place: usize, changed: Option<Arc<Source>>) -> Option<Arc<AroundFile>> {
        let shelf = || self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |was_changed: bool, file: &AroundFile| match &changed {
            Some(source) => Arc::ptr_eq(source, file.tree.source()),
            None => !was_changed,
        };
        if let Some((_, file)) = shelf().files.get(&place).filter(|(was, file)| same(*was, file)) {
            return Some(Arc::clone(file));
        }
        let is_changed = changed.is_some();
        let source = match changed {
            Some(source) => source,
            None => self.input(place)?.read(&engine.limits).ok()?,
        };
        let file = Arc::new(AroundFile::new(engine, place, &source));
        let mut shelf = shelf();
        // Another thread may have read it meanwhile.
        if let Some((_, old)) = shelf.files.remove(&place) {
            shelf.bytes -= old.tree.source().len();
        }
        if shelf.bytes + source.len() > MOST_SHELVED {
            *shelf = Shelf::default();
        }
        shelf.bytes += source.len();
        shelf.files.insert(place, (is_changed, Arc::clone(&file)));
        Some(file)
    }

    /// What is in the files near one. `changed` gives the newest text of a file that is no longer
    /// as on disk.
    pub fn around<'s>(
        &'s self,
        engine: &'s Engine,
        place: usize,
        changed: &'s dyn Fn(usize) -> Option<Arc<Source>>,
    ) -> Around<'s> {
        let finished = self.input(place).is_some_and(|file| file.role() != Role::OverlayPatch);
        if !finished {
            return Around::none();
        }
        let read = move |place: usize| self.read(engine, place, changed(place));
        Around::new(move || self.near(place).into_iter().filter_map(read).collect(), self.whole)
    }
}
