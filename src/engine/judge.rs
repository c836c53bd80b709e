//! One text: read, evaluated, its findings placed, ignores applied.

use std::cell::OnceCell;
use std::sync::Arc;

use crate::finding::{CandidateFix, Finding, FixOffer, Location, ResourceId, RuleHit, SourceEdits};
use crate::fix::{self, Wanted};
use crate::project::Role;
use crate::resource::{Content, Document, NotAnObject};
use crate::rule::{self, Said, Target, Together};
use crate::source::{Problem, ProblemKind, Source};
use crate::yaml::{self, DocumentState, SpanTree};

use super::around::Around;
use super::locate::{fingerprint, mark, resource_id};
use super::suppress::Ignores;
use super::values::{self, ValuesHit};
use super::{Counts, Engine, Ignored, Previewed, preview};

/// Why a fix inside an anchored node is not made.
pub(super) const SHARED: &str =
    "the place is shared through an anchor, and not all its users want the change";

/// A text and what is wrong with it.
pub(super) struct Judged {
    pub tree: Arc<SpanTree>,
    pub documents: Vec<Document>,
    pub findings: Vec<Finding>,
    pub ignored: Vec<Ignored>,
    pub problems: Vec<Problem>,
    pub counts: Counts,
    /// Indexes of the configuration's ignores that silenced something.
    pub used_ignores: Vec<usize>,
    /// Whether a rule asked for the objects around these.
    pub asks_around: bool,
    /// What fixes of a place come to, where that is asked for.
    pub previews: Previewed,
}

/// What the objects of a text and those around it say, once something asks for it.
struct Lazily<'a, 'f> {
    own: &'a [Document],
    of_own: &'a OnceCell<Vec<Said>>,
    around: &'a Around<'f>,
    all: OnceCell<Vec<&'a Said>>,
}

impl Lazily<'_, '_> {
    /// Whether something asked.
    fn was_asked(&self) -> bool {
        self.all.get().is_some()
    }
}

impl Together for Lazily<'_, '_> {
    fn said(&self) -> &[&Said] {
        self.all.get_or_init(|| {
            let of_own = self.of_own.get_or_init(|| self.own.iter().map(Said::of).collect());
            of_own.iter().chain(self.around.said()).collect()
        })
    }
}

/// Judges one text by itself. What depends on other files is left open: see [`super::linked`].
pub(super) fn judge(engine: &Engine, source: &Arc<Source>, role: Role) -> Judged {
    judge_among(engine, source, role, &Around::none())
}

/// Judges one text with the objects around it.
pub(super) fn judge_among(engine: &Engine, source: &Arc<Source>, role: Role, around: &Around<'_>) -> Judged {
    let yaml::Parsed { tree, problems } = yaml::parse(source, &engine.limits);
    let mut judged = Judged {
        tree: Arc::new(tree),
        documents: Vec::new(),
        findings: Vec::new(),
        ignored: Vec::new(),
        problems,
        counts: Counts::default(),
        used_ignores: Vec::new(),
        asks_around: false,
        previews: Previewed::new(),
    };
    let alone = role == Role::Manifest && engine.installs.judges_alone(source.name());
    let role = if alone { Role::Values } else { role };
    judged.read(engine, role);
    let tree = Arc::clone(&judged.tree);
    let documents = std::mem::take(&mut judged.documents);
    let of_own = OnceCell::new();
    let together = Lazily { own: &documents, of_own: &of_own, around, all: OnceCell::new() };
    let target = engine.target(&[], around.whole);
    let target = Target {
        documents: rule::Documents::Asked(&together),
        repairs: engine.repairs,
        enough: &*engine.enough,
        ..target
    };
    let ignores = Ignores::read(engine, &tree, &mut judged.problems);
    // Which node each finding is about, for ignores.
    let mut found = Vec::new();
    let sealed = |document: &Document| {
        let place = tree.documents().get(document.document());
        place.is_some_and(|place| tree.is_sops(place))
    };
    for (index, document) in documents.iter().enumerate().filter(|(_, document)| !document.is_values()) {
        let (id, sealed) = (resource_id(document), sealed(document));
        let known = found.len();
        for enough in [target.enough, &|_, _| false] {
            let target = Target { enough, ..target };
            let hits = engine.catalogue.evaluate(document, index, &engine.rules, &target);
            let (mut short, mut withheld) = (false, 0);
            found.reserve(hits.len());
            for hit in hits {
                if hit.absent && role == Role::OverlayPatch {
                    withheld += 1;
                    continue;
                }
                let (node, wanted, more) = (hit.node, hit.fixes.len(), hit.more && !sealed);
                let finding = place(&tree, &documents, around, &id, sealed, hit);
                short |= more && finding.fixes.len() < wanted;
                found.push(((node, index), finding));
            }
            // What would have been enough can not be made at its place: only all that there is will tell.
            if !short {
                judged.counts.part_of_overlay += withheld;
                break;
            }
            found.truncate(known);
        }
    }
    judged.asks_around = together.was_asked();
    let values = values::find(engine, &tree, &documents);
    judged.counts.values = values.counts;
    judged.problems.extend(values.problems);
    judged.tally();
    for ValuesHit { hit, span } in values.hits {
        let (node, index) = (hit.node, hit.document);
        let Some(document) = documents.get(index) else { continue };
        let mut finding = place(&tree, &documents, around, &resource_id(document), sealed(document), hit);
        if let Some(span) = span {
            finding.primary = Location::new(tree.source(), span);
        }
        found.push(((node, index), finding));
    }
    found.sort_by(|(_, a), (_, b)| {
        let key = |finding: &Finding| {
            (finding.primary.span.start, finding.resource.document, finding.resource.item)
        };
        key(a).cmp(&key(b)).then_with(|| a.rule.cmp(&b.rule))
    });
    let (nodes, mut findings): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    fingerprint(&mut findings);
    // Findings are kept: no room for more than there are.
    judged.findings.reserve_exact(findings.len());
    for ((node, index), finding) in nodes.into_iter().zip(findings) {
        match ignores.silences(engine, documents.get(index), node, finding.primary.span, &finding) {
            Some(silence) => {
                judged.used_ignores.extend(silence.configured);
                judged.ignored.push(Ignored { finding, by: silence.by, reason: silence.reason });
            }
            None => judged.findings.push(finding),
        }
    }
    judged.counts.ignored = judged.ignored.len();
    if engine.previews {
        judged.previews = preview::of_places(&tree, &documents, &judged.findings);
    }
    // The ignores of a values file are used where its chart is checked.
    if !documents.is_empty() && !engine.installs.use_ignores_of(source.name()) {
        ignores.unused(engine, &tree, &mut judged.problems);
    }
    judged.problems.sort_by_key(|problem| problem.span);
    judged.documents = documents;
    judged
}

impl Judged {
    /// All findings, the ignored ones last.
    pub fn all(&self) -> impl Iterator<Item = &Finding> + Clone {
        self.findings.iter().chain(self.ignored.iter().map(|ignored| &ignored.finding))
    }

    /// Finds the objects, and counts what is read and what is not.
    fn read(&mut self, engine: &Engine, role: Role) {
        let tree = Arc::clone(&self.tree);
        for document in tree.documents() {
            match document.state {
                DocumentState::Read => self.counts.documents.checked += 1,
                DocumentState::Refused => self.counts.documents.not_checked += 1,
                DocumentState::Empty => {}
            }
        }
        let mut passed_over = std::collections::BTreeSet::new();
        let mut values = Vec::new();
        for content in Document::read_all(&tree, &engine.kinds) {
            match content {
                Content::Object(document) => {
                    self.counts.objects.checked += 1;
                    self.documents.push(document);
                }
                Content::Other { document, item: None, node: Some(root), reason: NotAnObject::NoKind }
                    if role == Role::Values =>
                {
                    values.push(Document::of_values(&tree, root, document));
                }
                Content::Other { document, item: None, node: Some(root), reason: NotAnObject::NoKind }
                    if let Some(holder) = values::holder(&tree, root, document) =>
                {
                    self.counts.objects.checked += 1;
                    self.documents.push(holder);
                }
                Content::Other { document, node, reason, .. } => {
                    let message = match reason {
                        NotAnObject::UnknownKind => {
                            "the kind of this object is filled in later, so that it is not checked"
                        }
                        NotAnObject::NestedList => {
                            "kubectl refuses a list within a list, so that it is not checked"
                        }
                        NotAnObject::NoMapping | NotAnObject::NoKind => {
                            let read = tree.documents().get(document).map(|document| document.state);
                            if read == Some(DocumentState::Read) {
                                passed_over.insert(document);
                            }
                            continue;
                        }
                        NotAnObject::Unread => continue,
                    };
                    self.counts.objects.not_checked += 1;
                    let span = node.map(|node| mark(&tree, node)).unwrap_or_default();
                    self.problems.push(Problem::new(ProblemKind::NotChecked, tree.source(), span, message));
                }
            }
        }
        self.documents.append(&mut values);
        self.counts.passed_over = passed_over.len();
    }

    /// Whether the file as a whole was read.
    fn tally(&mut self) {
        let blind = self.problems.iter().any(|problem| problem.kind == ProblemKind::NotChecked);
        let files = &mut self.counts.files;
        if blind { files.not_checked += 1 } else { files.checked += 1 }
    }
}

/// Turns a hit into a finding.
fn place(
    tree: &Arc<SpanTree>,
    documents: &[Document],
    around: &Around<'_>,
    id: &Arc<ResourceId>,
    sealed: bool,
    hit: RuleHit,
) -> Finding {
    let source = tree.source();
    let related = hit.related.into_iter().filter_map(|(document, node, text)| {
        let tree = documents.get(document)?.tree();
        Some((Location::new(tree.source(), mark(tree, node)), text))
    });
    let mut no_fix = hit.no_fix;
    let mut fixes = Vec::with_capacity(hit.fixes.len());
    for candidate in hit.fixes {
        if sealed {
            no_fix.get_or_insert_with(|| "the file is encrypted by sops: it is not edited".into());
            break;
        }
        match offer(tree, documents, around, candidate) {
            Ok(offer) => fixes.push(offer),
            Err(reason) => no_fix = no_fix.or(Some(reason.into())),
        }
    }
    if fixes.is_empty() {
        no_fix.get_or_insert_with(|| "there is no fix".into());
    }
    Finding {
        rule: hit.rule,
        severity: hit.severity,
        message: hit.message,
        label: hit.label,
        primary: Location::new(source, mark(tree, hit.node)),
        absent: hit.absent,
        related: related.collect(),
        resource: Arc::clone(id),
        container: hit.container,
        field: hit.field,
        standards: hit.standards,
        fingerprint: String::new(),
        fixes,
        no_fix,
        linked: hit.linked,
        scenarios: None,
    }
}

/// A candidate with the bytes it changes, in every file it changes. One that several users of an anchor
/// must want together has none by itself.
fn offer(
    tree: &SpanTree,
    documents: &[Document],
    around: &Around<'_>,
    candidate: CandidateFix,
) -> Result<FixOffer, String> {
    let mut held_back = candidate.held_back;
    let parts = around.parts(&candidate.patch, documents.len());
    let mut edits = Vec::with_capacity(parts.len());
    for part in parts {
        let other = match part.file {
            Some(place) => Some(around.file(place).ok_or("a file that it changes can not be read again")?),
            None => None,
        };
        let (tree, documents) =
            other.as_ref().map_or((tree, documents), |file| (&file.tree, &file.documents));
        let planned = fix::plan(tree, documents, &[Wanted { id: 0, patch: &part.patch }]);
        if let Some((_, reason)) = planned.refused.into_iter().next() {
            return Err(reason);
        }
        if !planned.shared.is_empty() {
            held_back = held_back.or_else(|| Some(SHARED.into()));
        }
        if !planned.edits.is_empty() {
            edits.push(SourceEdits { source: Arc::clone(tree.source()), edits: planned.edits });
        }
    }
    Ok(FixOffer {
        title: candidate.title,
        applicability: candidate.applicability,
        safety: candidate.safety,
        patch: candidate.patch,
        edits,
        held_back,
        release: candidate.release,
    })
}
