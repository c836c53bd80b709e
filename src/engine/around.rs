//! [`Surroundings`]: what the objects of a run say of ports; [`Around`]: what those around a file do.
//!
//! What fixes ask of other objects is remembered of every object of a run ([`Neighbour`]), so that no tree is
//! needed to decide on them. A file is read again only where a fix changes it. So memory is bounded by these
//! few words and a shelf of fixed size, not by the texts of the run.

use std::borrow::Cow;
use std::cell::LazyCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use crate::finding::Patch;
use crate::project::{InputFile, Role};
use crate::resource::Document;
use crate::rule::{Neighbour, Said};
use crate::source::Source;
use crate::yaml::{self, SpanTree};

use super::Engine;
use super::folders::Folders;

/// Bytes of text whose trees are kept for the next fix that changes the file.
const MOST_SHELVED: usize = 2 << 20;

/// The newest text of a file that is no longer as on disk, and whether it was changed since what is remembered of
/// its objects was learned.
type Changed<'a> = dyn Fn(usize) -> Option<(Arc<Source>, bool)> + 'a;

/// The objects around a file, which come behind its own in the target. They are looked for once something
/// asks for them.
pub(super) struct Around<'a> {
    found: LazyCell<Vec<Seen<'a>>, Box<dyn FnOnce() -> Vec<Seen<'a>> + 'a>>,
    read: Box<dyn Fn(usize) -> Option<Arc<AroundFile>> + 'a>,
    /// Whether nothing that is applied together is missing, as far as the caller was shown it.
    pub whole: bool,
}

/// An object around a file.
struct Seen<'a> {
    /// The place of its file among the manifests of the run.
    place: usize,
    /// Its place among the objects of its file.
    index: usize,
    said: Cow<'a, Box<Said>>,
}

/// A file around another, read.
pub(super) struct AroundFile {
    pub tree: Arc<SpanTree>,
    pub documents: Vec<Document>,
}

impl AroundFile {
    fn new(engine: &Engine, source: &Arc<Source>) -> Self {
        let tree = Arc::new(yaml::parse(source, &engine.limits).tree);
        let documents = Document::objects(&tree, &engine.kinds);
        Self { tree, documents }
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
        Self { found: LazyCell::new(Box::new(Vec::new)), read: Box::new(|_| None), whole: false }
    }

    /// What the objects say, in the order of their indexes.
    pub fn said(&self) -> impl Iterator<Item = &Said> + use<'_, 'a> {
        self.found.iter().map(|seen| &**seen.said)
    }

    /// The file at a place, if it can be read.
    pub fn file(&self, place: usize) -> Option<Arc<AroundFile>> {
        (self.read)(place)
    }

    /// A patch by the files it changes. `own` is the number of objects of the file that is judged.
    pub fn parts<'p>(&self, patch: &'p Patch, own: usize) -> Vec<Part<'p>> {
        if !patch.ops.is_empty() && patch.ops.iter().all(|op| op.document() < own) {
            return vec![Part { file: None, patch: Cow::Borrowed(patch) }];
        }
        let mut parts: BTreeMap<Option<usize>, Patch> = BTreeMap::new();
        for op in &patch.ops {
            let index = op.document();
            let seen = index.checked_sub(own).and_then(|beyond| self.found.get(beyond));
            // An object that is not there: the planner says so.
            let (file, index) = seen.map_or((None, index), |seen| (Some(seen.place), seen.index));
            parts.entry(file).or_default().ops.push(op.clone().on(index));
        }
        parts.into_iter().map(|(file, patch)| Part { file, patch: Cow::Owned(patch) }).collect()
    }
}

/// What is remembered of all manifests of a run.
pub(super) struct Surroundings<'a> {
    files: Vec<&'a InputFile>,
    folders: Folders,
    /// What is remembered of finished objects, in the order of their files.
    entries: Vec<Entry>,
    /// Where those of each file begin.
    starts: Vec<usize>,
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

/// What is remembered of an object. Small beside its box: of many only these few words are looked at.
struct Entry {
    /// The place of its file.
    place: u32,
    /// The number of its object: the same in all files that it stands in.
    object: u32,
    /// The number of its namespace, where it names one.
    space: Option<u32>,
    anywhere: bool,
    workload: bool,
    neighbour: Box<Neighbour>,
}

impl Entry {
    fn place(&self) -> usize {
        self.place as usize
    }

    fn object(&self) -> usize {
        self.object as usize
    }

    /// What [`Neighbour::is_near`] tells, without comparing names.
    fn is_near(&self, other: &Self) -> bool {
        self.anywhere || self.space.is_none() || other.space.is_none() || self.space == other.space
    }
}

/// How near the nearest file with an object is, by the number of the object.
struct Nearest(Vec<u32>);

impl Nearest {
    const UNKNOWN: u32 = u32::MAX;
    /// Nothing is as near as what is here.
    const HERE: u32 = u32::MAX - 1;

    fn new(objects: usize, here: impl Iterator<Item = usize>) -> Self {
        let mut nearest = vec![Self::UNKNOWN; objects];
        for object in here {
            if let Some(known) = nearest.get_mut(object) {
                *known = Self::HERE;
            }
        }
        Self(nearest)
    }

    /// Whether no file with the object is nearer than one with so many folders in common.
    fn is(&mut self, object: usize, common: usize, find: impl FnOnce() -> usize) -> bool {
        let Some(known) = self.0.get_mut(object) else { return false };
        if *known == Self::UNKNOWN {
            *known = u32::try_from(find()).unwrap_or(Self::HERE);
        }
        *known as usize <= common
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
            let short = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
            entries.push(Entry {
                place: short(place),
                object: short(object),
                space: space.map(short),
                anywhere: neighbour.anywhere,
                workload: neighbour.workload,
                neighbour: Box::new(neighbour),
            });
        }
        let folders = Folders::of(files.iter().map(|file| &**file.name()));
        let start = |place: usize| entries.partition_point(|entry| entry.place() < place);
        let starts = (0..files.len()).map(start).collect();
        let shelf = Mutex::default();
        Self { files, folders, entries, starts, tied, untied, wide, places, patches, whole, shelf }
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

    /// What is remembered of the objects of a file.
    fn of_file(&self, place: usize) -> impl Iterator<Item = &Entry> {
        let start = self.starts.get(place).copied().unwrap_or(self.entries.len());
        let rest = self.entries.get(start..).unwrap_or(&[]).iter();
        rest.take_while(move |entry| entry.place() == place)
    }

    /// The files with neighbours of a file's pods. An object that stands in several files (a copy for
    /// each environment) is the nearest one to both sides: what belongs to a farther copy is left alone.
    fn near(&self, place: usize) -> Vec<usize> {
        let own = || self.of_file(place);
        let pods: Vec<&Entry> = own().filter(|it| it.workload).collect();
        let elsewhere = |object: usize| {
            let places = self.places.get(object).map_or(&[][..], Vec::as_slice);
            places.iter().copied().filter(|other| *other != place)
        };
        let copies: Vec<usize> = pods.iter().flat_map(|pod| elsewhere(pod.object())).collect();
        let (to_here, to_copies) =
            (self.folders.near_to([place].into_iter()), self.folders.near_to(copies.iter().copied()));
        let concerns = |it: &Entry| pods.iter().any(|pod| it.neighbour.concerns(&pod.neighbour));
        let near = |it: &Entry| pods.iter().any(|pod| it.is_near(pod));
        let mut wide = self.wide.iter().filter_map(|&number| self.entries.get(number));
        // Whatever concerns a pod is near it.
        let concerned: Vec<&Entry> = if wide.any(concerns) {
            self.entries.iter().filter(|it| near(it)).collect()
        } else {
            let tied = self.tied_to(&pods).into_iter().filter_map(|number| self.entries.get(number));
            tied.filter(|it| concerns(it)).collect()
        };
        let mut nearest = Nearest::new(self.places.len(), own().map(Entry::object));
        let (mut found, mut sharing): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
        let mut shared = HashSet::new();
        for of_one in concerned.chunk_by(|one, other| one.place == other.place) {
            let Some(other) = of_one.first().map(|it| it.place()).filter(|other| *other != place) else {
                continue;
            };
            let common = self.folders.nearest(other, &to_here);
            let of_copies = self.folders.nearest(other, &to_copies);
            // It belongs to a copy that is nearer.
            if of_copies > common {
                continue;
            }
            let (mut is_found, mut leads) = (false, false);
            for it in of_one {
                let places = || elsewhere(it.object()).map(|other| self.folders.nearest(other, &to_here));
                if nearest.is(it.object(), common, || places().max().unwrap_or(0)) {
                    is_found = true;
                    leads |= !it.workload;
                }
            }
            // What is as near to a copy as to this file leads to that copy too.
            if leads && of_copies == common {
                // No copy has more in common with it, so that those are meant that lie in what it has in common
                // with this file: once for all that lies there.
                let folder = self.folders.above(other, common);
                if shared.insert(folder) {
                    let shares = |copy: &usize| self.folders.above(*copy, common) == folder;
                    sharing.extend(copies.iter().copied().filter(shares));
                }
            }
            found.extend(is_found.then_some(other));
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

    /// What the objects of a file say: as they were when it was judged, or of the newest text where it was changed
    /// since.
    fn seen<'s>(&'s self, engine: &Engine, place: usize, changed: &Changed<'_>, seen: &mut Vec<Seen<'s>>) {
        if let Some((source, true)) = changed(place) {
            let file = self.read(engine, place, Some(source));
            let objects = file.map(|file| Neighbour::of_all(&file.documents)).unwrap_or_default().into_iter();
            seen.extend(objects.map(|it| Seen { place, index: it.index, said: Cow::Owned(it.said) }));
            return;
        }
        let of_file = self.of_file(place).map(|entry| &*entry.neighbour);
        seen.extend(of_file.map(|it| Seen { place, index: it.index, said: Cow::Borrowed(&it.said) }));
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
        let file = Arc::new(AroundFile::new(engine, &source));
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
    pub fn around<'s>(&'s self, engine: &'s Engine, place: usize, changed: &'s Changed<'s>) -> Around<'s> {
        let finished = self.input(place).is_some_and(|file| file.role() != Role::OverlayPatch);
        if !finished {
            return Around::none();
        }
        let found: Box<dyn FnOnce() -> Vec<Seen<'s>> + 's> = Box::new(move || {
            let mut seen = Vec::new();
            for place in self.near(place) {
                self.seen(engine, place, changed, &mut seen);
            }
            seen
        });
        Around {
            found: LazyCell::new(found),
            read: Box::new(move |place| self.read(engine, place, changed(place).map(|(source, _)| source))),
            whole: self.whole,
        }
    }
}
