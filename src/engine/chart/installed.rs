//! Values in the resource that installs a chart, where the scenario stands for one.

use std::rc::Rc;
use std::sync::Arc;

use crate::engine::installs::{Form, Install, Place};
use crate::yaml::{NodeId, SpanTree};

use super::candidate::Proposal;
use super::resource_site;
use super::sites::Sites;
use super::trace::{PrintedValue, ValuePath};
use super::values_site::{self, ValuesChange};

impl<'a> Sites<'a> {
    /// The resource that the scenario stands for.
    fn install(&self) -> Option<&'a Install> {
        self.input.install(&self.scenario.name)
    }

    /// Values of the scenario's resource in a file that may be changed, those that win first.
    fn places(&self, file: &str) -> impl Iterator<Item = &'a Arc<Place>> {
        let places = self.install().into_iter().flat_map(|install| install.places().rev());
        places.filter(move |place| *place.at.file == *file && self.input.can_change(&place.at))
    }

    /// The mapping of values at a place of a resource.
    fn root_in(&self, place: &Place) -> Option<(Rc<SpanTree>, NodeId)> {
        let tree = self.tree(&place.at.file)?;
        let node = place.at.node(&tree)?;
        resource_site::root(tree, place, node, self.limits)
    }

    /// The mappings of values of the scenario's resource in a file.
    pub(super) fn roots_in(&self, file: &str) -> impl Iterator<Item = (Rc<SpanTree>, NodeId)> {
        self.places(file).filter_map(|place| self.root_in(place))
    }

    /// Changes values of the scenario's resource: those that hold the key; a key that none of them holds goes into
    /// the chart's own values first.
    pub(super) fn in_resource(&self, path: &ValuePath, change: &ValuesChange) -> Vec<Proposal> {
        let (keys, change) = (&path.path, change);
        let at = |place: &Arc<Place>| Proposal::Resource {
            place: Arc::clone(place),
            keys: keys.clone(),
            change: change.clone(),
        };
        let holds = |place: &&Arc<Place>| match &place.form {
            Form::Single(known) => known == keys && resource_site::word(change).is_some(),
            Form::Mapping | Form::Text => {
                self.root_in(place).is_some_and(|(tree, root)| values_site::holds(&tree, root, keys, change))
            }
        };
        if let Some(place) = self.places(&path.file).find(holds) {
            return vec![at(place)];
        }
        let file = self.input.inside("values.yaml");
        let own = Proposal::Values { file, keys: keys.clone(), change: change.clone() };
        std::iter::once(own).chain(self.places(&path.file).next().map(at)).collect()
    }

    /// Gives the scenario's resource a key.
    pub(super) fn in_install(&self, keys: Vec<String>, change: &ValuesChange) -> Option<Proposal> {
        let mut places = self.install()?.places().rev();
        let may =
            |place: &&Arc<Place>| !matches!(place.form, Form::Single(_)) && self.input.can_change(&place.at);
        let place = Arc::clone(places.find(may)?);
        Some(Proposal::Resource { place, keys, change: change.clone() })
    }

    /// Gives the parameter that printed a value another text.
    pub(super) fn in_parameter(&self, value: &PrintedValue, change: &ValuesChange) -> Option<Proposal> {
        let parameters = self.install()?.parameters.as_ref()?;
        let text = resource_site::word(change)?;
        (*parameters.at.file == *value.at.file && self.input.can_change(&parameters.at))
            .then(|| Proposal::Parameter { parameters: Arc::clone(parameters), span: value.span, text })
    }
}
