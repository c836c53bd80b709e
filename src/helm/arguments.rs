//! `--set` and its kin.

use super::scenario::Scenario;
use super::value::Node;
use crate::origin::Origins;

/// TODO
pub(super) fn apply(user: Node, _scenario: &Scenario, _origins: &mut Origins) -> Result<Node, String> {
    Ok(user)
}
