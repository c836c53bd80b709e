//! A chart and its subcharts as one render sees them: under their aliases, without those that are
//! switched off, with the values that they import from each other.
//!
//! Helm copies charts to give them aliases, but not everything behind them, so a copy may share
//! its subcharts and their dependency lists with another one. Members and lists are therefore
//! numbers in one table, and sharing is having the same number.

use std::sync::Arc;

use super::chart::Chart;
use super::metadata::{Dependency, ImportValue};
use super::value::{Map, Node};
use crate::origin::Origins;

/// A chart of a [`Family`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberId(usize);

#[derive(Clone, Debug)]
struct Member {
    chart: Arc<Chart>,
    list: usize,
    parent: Option<MemberId>,
    children: Vec<MemberId>,
    values: Node,
}

/// The changing part of a chart's Chart.yaml.
#[derive(Clone, Debug)]
pub(super) struct Declared {
    /// The chart's name: its alias, where it has one.
    pub name: String,
    /// Its dependencies; `None` where it declares none.
    pub dependencies: Option<Vec<Dependency>>,
}

/// A chart and its subcharts.
#[derive(Clone, Debug)]
pub struct Family {
    members: Vec<Member>,
    lists: Vec<Declared>,
    imports: bool,
    aliased: bool,
}

impl Family {
    /// The charts as they were loaded, each with the values that `values` gives it.
    #[must_use]
    pub fn new(chart: &Arc<Chart>, values: &mut dyn FnMut(&Chart) -> Node) -> Self {
        let mut family = Self { members: Vec::new(), lists: Vec::new(), imports: false, aliased: false };
        family.add(chart, None, values);
        family
    }

    fn add(
        &mut self,
        chart: &Arc<Chart>,
        parent: Option<MemberId>,
        values: &mut dyn FnMut(&Chart) -> Node,
    ) -> MemberId {
        let id = MemberId(self.members.len());
        let dependencies: Option<Vec<Dependency>> =
            chart.metadata.dependencies.as_ref().map(|list| list.iter().flatten().cloned().collect());
        let imports = |dependency: &Dependency| !dependency.import_values.is_empty();
        self.imports |= dependencies.iter().flatten().any(imports);
        let list = self.lists.len();
        self.lists.push(Declared { name: chart.metadata.name.clone(), dependencies });
        let own = values(chart);
        self.members.push(Member {
            chart: Arc::clone(chart),
            list,
            parent,
            children: Vec::new(),
            values: own,
        });
        for subchart in &chart.subcharts {
            let child = self.add(subchart, Some(id), values);
            if let Some(member) = self.members.get_mut(id.0) {
                member.children.push(child);
            }
        }
        id
    }

    /// The chart that is rendered.
    #[must_use]
    pub fn root(&self) -> MemberId {
        MemberId(0)
    }

    fn member(&self, id: MemberId) -> Option<&Member> {
        self.members.get(id.0)
    }

    /// The chart as it was loaded; the root's for a member of another family.
    #[must_use]
    pub fn chart(&self, id: MemberId) -> &Arc<Chart> {
        &self.members.get(id.0).unwrap_or(&self.members[0]).chart
    }

    /// The name, or the alias.
    #[must_use]
    pub fn name(&self, id: MemberId) -> &str {
        self.declared(id).map_or("", |declared| &declared.name)
    }

    /// The subcharts that are left.
    #[must_use]
    pub fn children(&self, id: MemberId) -> &[MemberId] {
        self.member(id).map_or(&[], |member| &member.children)
    }

    /// Whether nothing is above it.
    #[must_use]
    pub fn is_root(&self, id: MemberId) -> bool {
        self.member(id).is_none_or(|member| member.parent.is_none())
    }

    /// Its own values (values.yaml, and what it imports).
    #[must_use]
    pub fn values(&self, id: MemberId) -> Node {
        self.member(id).map_or_else(Node::default, |member| member.values.clone())
    }

    /// Names from the root, joined with dots.
    #[must_use]
    pub fn path(&self, id: MemberId) -> String {
        self.chain(id).join(".")
    }

    /// The path of its files in the output: `root/charts/sub`.
    #[must_use]
    pub fn full_path(&self, id: MemberId) -> String {
        self.chain(id).join("/charts/")
    }

    fn chain(&self, id: MemberId) -> Vec<&str> {
        let mut names = Vec::new();
        let mut at = Some(id);
        // A parent was made before its child, or is a copy of such a one: no cycle.
        while let Some(id) = at.filter(|_| names.len() <= self.members.len()) {
            names.push(self.name(id));
            at = self.member(id).and_then(|member| member.parent);
        }
        names.reverse();
        names
    }

    /// Whether any chart imports values of another one.
    #[must_use]
    pub fn imports(&self) -> bool {
        self.imports
    }

    /// Whether each chart stands at one place only, so that nothing of it is shared.
    #[must_use]
    pub fn is_tree(&self) -> bool {
        !self.aliased
    }

    /// All members that are left, parents first.
    #[must_use]
    pub fn all(&self) -> Vec<MemberId> {
        let mut found = vec![self.root()];
        let mut at = 0;
        while let Some(&id) = found.get(at) {
            found.extend_from_slice(self.children(id));
            at += 1;
        }
        found
    }

    pub(super) fn declared(&self, id: MemberId) -> Option<&Declared> {
        self.lists.get(self.member(id)?.list)
    }

    pub(super) fn declared_mut(&mut self, id: MemberId) -> Option<&mut Declared> {
        let list = self.member(id)?.list;
        self.lists.get_mut(list)
    }

    pub(super) fn set_children(&mut self, id: MemberId, children: Vec<MemberId>) {
        for &child in &children {
            if let Some(member) = self.members.get_mut(child.0) {
                member.parent = Some(id);
            }
        }
        if let Some(member) = self.members.get_mut(id.0) {
            member.children = children;
        }
    }

    /// Gives each chart that is left its whole values.
    pub(super) fn read_values(&mut self, origins: &mut Origins) {
        let mut read: Vec<(Arc<Chart>, Node)> = Vec::new();
        for id in self.all() {
            let chart = Arc::clone(self.chart(id));
            // Copies under other names share their values, as in Helm.
            let known = read.iter().find(|(other, _)| Arc::ptr_eq(other, &chart));
            let values = match (known, &chart.values) {
                (Some((_, values)), _) => values.clone(),
                (None, Some(file)) => file.to_map(origins),
                (None, None) => Node::plain(Map::new()),
            };
            if known.is_none() {
                read.push((chart, values.clone()));
            }
            self.set_values(id, values);
        }
    }

    pub(super) fn set_values(&mut self, id: MemberId, values: Node) {
        if let Some(member) = self.members.get_mut(id.0) {
            member.values = values;
        }
    }

    /// A copy of a chart under another name, with copies of its direct subcharts. What is below
    /// those, and their dependency lists, stay shared.
    pub(super) fn copy(&mut self, id: MemberId, name: &str) -> MemberId {
        let copy = MemberId(self.members.len());
        let Some(member) = self.member(id).cloned() else { return id };
        let mut declared =
            self.declared(id).cloned().unwrap_or(Declared { name: String::new(), dependencies: None });
        name.clone_into(&mut declared.name);
        let children = member.children.clone();
        self.members.push(Member { list: self.lists.len(), children: Vec::new(), ..member });
        self.lists.push(declared);
        let mut copies = Vec::with_capacity(children.len());
        for child in children {
            if let Some(member) = self.member(child).cloned() {
                copies.push(MemberId(self.members.len()));
                self.members.push(member);
            }
        }
        self.set_children(copy, copies);
        copy
    }

    pub(super) fn note_alias(&mut self) {
        self.aliased = true;
    }
}

impl Declared {
    /// Import entries of the nth dependency.
    pub(super) fn imports(&self, at: usize) -> &[ImportValue] {
        self.dependencies
            .as_ref()
            .and_then(|list| list.get(at))
            .map_or(&[], |dependency| &dependency.import_values)
    }
}
