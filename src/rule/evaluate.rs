//! All rules over a document.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::finding::RuleHit;
use crate::resource::{Container, Document, Field, Pod, get};
use crate::yaml::{FieldPath, NodeId};

use super::catalogue::{Catalogue, Rule, RuleTest};
use super::frame::{Frame, Place};
use super::native::Repair;
use super::patching::{Candidates, candidates};
use super::pod_security::{self, Level, Verdict};
use super::predicate::{FieldTest, Outcome, Truth};
use super::scope::{HANDLERS, Root, Scope};
use super::selection::Selection;
use super::target::Target;

/// What is found before it becomes a [`RuleHit`].
struct Found<'p> {
    node: NodeId,
    field: FieldPath,
    absent: bool,
    test: Option<&'p FieldTest>,
    native: Option<super::native::Found>,
}

/// Which rules are asked, and what becomes of what they find.
trait Visitor {
    /// Whether a rule is asked at all.
    fn asks(&self, index: usize) -> bool;
    /// Takes what a rule found.
    fn take(&mut self, index: usize, rule: &Rule, frame: &Frame<'_>, found: Found<'_>);
}

impl Catalogue {
    /// Runs the selected rules over an object. `index` is its place among the documents of the
    /// target: hits and patches carry it.
    ///
    /// Hits come in the order of the text, then of rule ids.
    #[must_use]
    pub fn evaluate(
        &self,
        document: &Document,
        index: usize,
        selection: &Selection,
        target: &Target<'_>,
    ) -> Vec<RuleHit> {
        let levels = match selection.level {
            Some(level) => vec![level],
            None => Level::ALL.to_vec(),
        };
        let active = Level::ALL.map(|level| {
            let wanted = levels.contains(&level);
            let active = pod_security::active(&self.checks, level, target.version);
            active.into_iter().map(|active| active && wanted).collect()
        });
        let mut collector = Collector { catalogue: self, selection, index, active, target, hits: Vec::new() };
        self.visit(document, target, &mut collector);
        let mut hits = collector.hits;
        let start = |hit: &RuleHit| document.tree().span(hit.node).start;
        hits.sort_by(|a, b| start(a).cmp(&start(b)).then_with(|| a.rule.cmp(&b.rule)));
        hits
    }

    /// The Pod Security checks that an object fails: what Kubernetes' own library says of it.
    /// Selection and overrides play no part.
    #[must_use]
    pub fn pod_security(&self, document: &Document, target: &Target<'_>) -> Verdict {
        let active = Level::ALL.map(|level| pod_security::active(&self.checks, level, target.version));
        let mut judge = Judge { catalogue: self, active, target, verdict: Verdict::default() };
        self.visit(document, target, &mut judge);
        judge.verdict
    }

    fn visit(&self, document: &Document, target: &Target<'_>, visitor: &mut dyn Visitor) {
        let tree = document.tree();
        let object = Place::new(&self.paths, Root::Object, tree, document.root(), FieldPath::root());
        let base = Frame {
            scope: Scope::Object,
            document,
            object: &object,
            pod: None,
            pod_place: None,
            metadata: None,
            container: None,
            container_place: None,
            subject: &object,
            images: target.images,
            target,
            version: target.version,
        };
        self.ask(&base, visitor);
        if !document.pods().is_empty() {
            self.ask(&Frame { scope: Scope::Workload, ..base }, visitor);
        }
        for pod in document.pods() {
            self.visit_pod(&base, pod, visitor);
        }
    }

    fn visit_pod(&self, base: &Frame<'_>, pod: &Pod, visitor: &mut dyn Visitor) {
        let tree = base.tree();
        let place = Place::new(&self.paths, Root::Pod, tree, pod.spec, pod.path.clone());
        let metadata = pod.metadata.zip(pod.metadata_path.clone());
        let metadata =
            metadata.map(|(node, path)| Place::new(&self.paths, Root::PodMetadata, tree, node, path));
        let frame = Frame {
            scope: Scope::Pod,
            pod: Some(pod),
            pod_place: Some(&place),
            metadata: metadata.as_ref(),
            subject: &place,
            ..*base
        };
        self.ask(&frame, visitor);
        self.visit_item(&frame, Scope::SecurityContext, pod.spec, &pod.path, &["securityContext"], visitor);
        self.visit_list(&frame, Scope::Volume, pod.spec, &pod.path, &["volumes"], visitor);
        let sysctls = ["securityContext", "sysctls"];
        self.visit_list(&frame, Scope::Sysctl, pod.spec, &pod.path, &sysctls, visitor);
        for container in &pod.containers {
            self.visit_container(&frame, container, visitor);
        }
    }

    fn visit_container(&self, pod: &Frame<'_>, container: &Container, visitor: &mut dyn Visitor) {
        let (node, path) = (container.node, &container.path);
        let place = Place::new(&self.paths, Root::Container, pod.tree(), node, path.clone());
        let frame = Frame {
            scope: Scope::Container,
            container: Some(container),
            container_place: Some(&place),
            subject: &place,
            ..*pod
        };
        self.ask(&frame, visitor);
        self.visit_item(&frame, Scope::SecurityContext, node, path, &["securityContext"], visitor);
        self.visit_list(&frame, Scope::ContainerPort, node, path, &["ports"], visitor);
        for (scope, key) in [(Scope::AddedCapability, "add"), (Scope::DroppedCapability, "drop")] {
            let keys = ["securityContext", "capabilities", key];
            self.visit_list(&frame, scope, node, path, &keys, visitor);
        }
        for keys in HANDLERS {
            self.visit_item(&frame, Scope::Handler, node, path, keys, visitor);
        }
    }

    fn visit_item(
        &self,
        frame: &Frame<'_>,
        scope: Scope,
        map: NodeId,
        path: &FieldPath,
        keys: &[&str],
        visitor: &mut dyn Visitor,
    ) {
        if self.in_scope(scope).is_empty() {
            return;
        }
        let Field::Value(node) = get(frame.tree(), map, keys) else { return };
        let path = keys.iter().fold(path.clone(), |path, key| path.key(*key));
        let place = Place::new(&self.paths, scope.root(), frame.tree(), node, path);
        self.ask(&Frame { scope, subject: &place, ..*frame }, visitor);
    }

    fn visit_list(
        &self,
        frame: &Frame<'_>,
        scope: Scope,
        map: NodeId,
        path: &FieldPath,
        keys: &[&str],
        visitor: &mut dyn Visitor,
    ) {
        if self.in_scope(scope).is_empty() {
            return;
        }
        let tree = frame.tree();
        let Field::Value(list) = get(tree, map, keys) else { return };
        let path = keys.iter().fold(path.clone(), |path, key| path.key(*key));
        for (index, &item) in tree.items(list).iter().enumerate() {
            let place = Place::new(&self.paths, scope.root(), tree, item, path.index(index));
            self.ask(&Frame { scope, subject: &place, ..*frame }, visitor);
        }
    }

    /// Asks all rules of the frame's scope.
    fn ask(&self, frame: &Frame<'_>, visitor: &mut dyn Visitor) {
        for &index in self.in_scope(frame.scope) {
            let Some(rule) = self.rules.get(index).filter(|_| visitor.asks(index)) else { continue };
            let (since, until) = rule.versions;
            if since.is_some_and(|since| frame.version < since)
                || until.is_some_and(|until| frame.version > until)
            {
                continue;
            }
            if !rule.kinds.is_empty() && !rule.kinds.contains(&frame.document.kind().kind) {
                continue;
            }
            if rule.condition.as_ref().is_some_and(|condition| !condition.holds(frame)) {
                continue;
            }
            match &rule.test {
                RuleTest::Require(predicate) => {
                    let outcome = predicate.ask(frame);
                    if outcome.truth == Truth::False {
                        visitor.take(index, rule, frame, self.place_of(frame, outcome));
                    }
                }
                RuleTest::Forbid(predicate) => {
                    let outcome = predicate.ask(frame);
                    if outcome.truth == Truth::True {
                        visitor.take(index, rule, frame, self.place_of(frame, outcome));
                    }
                }
                // Their subjects are no parts of objects: they never get here.
                RuleTest::Dockerfile(_) | RuleTest::Every => {}
                RuleTest::Native(finder) => {
                    for found in (finder.run)(frame) {
                        let (node, field, absent) = (found.node, found.field.clone(), found.absent);
                        visitor.take(
                            index,
                            rule,
                            frame,
                            Found { node, field, absent, test: None, native: Some(found) },
                        );
                    }
                }
            }
        }
    }

    /// Where to point: at the field that decided, or the nearest parent that is there.
    fn place_of<'p>(&self, frame: &Frame<'_>, outcome: Outcome<'p>) -> Found<'p> {
        let subject = || Found {
            node: frame.subject.node,
            field: frame.subject.path.clone(),
            absent: false,
            test: outcome.witness,
            native: None,
        };
        let Some(test) = outcome.witness else { return subject() };
        let at = |root: Root, slot| {
            let place = frame.place(root)?;
            let here = place.slots.get(slot);
            let node = self.paths.trie(root).nearest(&place.slots, slot).unwrap_or(place.node);
            Some((here, node, place.path.join(&test.path)))
        };
        let own = at(test.root, test.slot);
        // An absent container value that the pod sets: point at the pod's.
        let inherited = test.effective.and_then(|slot| at(Root::Pod, slot));
        let shown = match (&own, inherited) {
            (Some((Field::Absent, ..)), Some(inherited)) if !inherited.0.is_absent() => Some(inherited),
            _ => own,
        };
        let Some((here, node, field)) = shown else { return subject() };
        Found { node, field, absent: here.is_absent(), test: Some(test), native: None }
    }

    /// Checks of a rule that fail for a subject, given which are active.
    fn failing<'a>(
        &'a self,
        rule: &'a Rule,
        frame: &'a Frame<'_>,
        active: &'a [bool],
    ) -> impl Iterator<Item = usize> + 'a {
        rule.checks.iter().copied().filter(move |&check| {
            let exempt = self.checks.get(check).and_then(|check| check.exempt.as_ref());
            active.get(check) == Some(&true) && !exempt.is_some_and(|exempt| exempt.holds(frame))
        })
    }
}

struct Collector<'a> {
    catalogue: &'a Catalogue,
    selection: &'a Selection,
    index: usize,
    active: [Vec<bool>; 2],
    target: &'a Target<'a>,
    hits: Vec<RuleHit>,
}

impl Visitor for Collector<'_> {
    fn asks(&self, index: usize) -> bool {
        self.selection.rules.get(index) == Some(&true)
    }

    fn take(&mut self, _: usize, rule: &Rule, frame: &Frame<'_>, found: Found<'_>) {
        if self.target.only.is_some_and(|only| !frame.runs_one_of(only)) {
            return;
        }
        let mut standards: Vec<Arc<str>> = Vec::new();
        if !rule.checks.is_empty() {
            for (level, active) in Level::ALL.into_iter().zip(&self.active) {
                if self.catalogue.failing(rule, frame, active).next().is_some() {
                    standards.push(level.shared_standard());
                }
            }
            // No check of the version fails: newer versions ask for it, or the pod is exempt.
            if standards.is_empty() {
                return;
            }
        }
        debug_assert_eq!(frame.version, self.target.version);
        standards.extend(rule.standards.iter().filter(|name| !name.starts_with("pss:")).cloned());
        let native = found.native.as_ref();
        let message = match native.and_then(|native| native.message.clone()) {
            Some(message) => message,
            None => rule.message.fill(frame, found.test, Some(found.node)),
        };
        let repair: Option<&Repair> = native.and_then(|native| native.repair.as_ref());
        let candidates = match self.target.repairs {
            true => candidates(rule, frame, self.index, &found.field, repair),
            false => Candidates::default(),
        };
        self.hits.push(RuleHit {
            rule: Arc::clone(&rule.id),
            severity: rule.severity,
            document: self.index,
            container: frame.container.map(Container::label),
            field: found.field,
            node: found.node,
            absent: found.absent,
            message,
            label: None,
            related: Vec::new(),
            standards,
            fixes: candidates.fixes,
            no_fix: candidates.no_fix,
            more: candidates.more,
            linked: rule.is_linked(),
        });
    }
}

struct Judge<'a> {
    catalogue: &'a Catalogue,
    active: [Vec<bool>; 2],
    target: &'a Target<'a>,
    verdict: Verdict,
}

impl Visitor for Judge<'_> {
    fn asks(&self, index: usize) -> bool {
        self.catalogue.rules.get(index).is_some_and(|rule| !rule.checks.is_empty())
    }

    fn take(&mut self, _: usize, rule: &Rule, frame: &Frame<'_>, _: Found<'_>) {
        debug_assert_eq!(frame.version, self.target.version);
        let [baseline, restricted] = &self.active;
        let sets = [&mut self.verdict.baseline, &mut self.verdict.restricted];
        for (active, set) in [baseline, restricted].into_iter().zip(sets) {
            collect(self.catalogue, rule, frame, active, set);
        }
    }
}

fn collect(
    catalogue: &Catalogue,
    rule: &Rule,
    frame: &Frame<'_>,
    active: &[bool],
    set: &mut BTreeSet<Arc<str>>,
) {
    for check in catalogue.failing(rule, frame, active) {
        if let Some(check) = catalogue.checks.get(check) {
            set.insert(Arc::clone(&check.id));
        }
    }
}
