//! Findings on the same place are one diagnostic.

use crate::finding::Finding;

/// Findings on one place of one container, in their order.
#[derive(Debug)]
pub struct Group<'a> {
    /// The first of them.
    pub first: &'a Finding,
    rest: Vec<&'a Finding>,
}

impl<'a> Group<'a> {
    /// All of them.
    pub fn findings(&self) -> impl Iterator<Item = &'a Finding> {
        std::iter::once(self.first).chain(self.rest.iter().copied())
    }

    /// How many.
    pub fn len(&self) -> usize {
        1 + self.rest.len()
    }
}

/// Findings in groups: those that mark the same bytes of the same file for the same container, at
/// the place of the first.
pub fn groups(findings: &[Finding]) -> Vec<Group<'_>> {
    use std::collections::HashMap;
    let mut places: HashMap<_, usize> = HashMap::with_capacity(findings.len());
    let mut groups: Vec<Group<'_>> = Vec::new();
    for finding in findings {
        let place = &finding.primary;
        let key = (
            place.path(),
            place.span,
            &finding.resource,
            &finding.container,
            finding.scenarios.as_ref().map(|s| &s.found_in),
        );
        match places.get(&key).and_then(|&index| groups.get_mut(index)) {
            Some(group) => group.rest.push(finding),
            None => {
                places.insert(key, groups.len());
                groups.push(Group { first: finding, rest: Vec::new() });
            }
        }
    }
    groups
}
