//! [`Recipe`]: a migration as data, `recipes.toml`: which rules' fixes belong together.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::resource::ImageReference;

use super::catalogue::Catalogue;
use super::selection::{Selection, SelectionError, nearest};

/// The shipped recipes.
const SHIPPED: &str = include_str!("../../recipes.toml");

/// Fixes of several rules that are made together or not at all.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// What it does, in one line.
    pub title: String,
    /// What changes, and what is refused.
    pub about: String,
    /// Repositories of images that it is about: bases of Dockerfiles, and images that containers run.
    pub images: Vec<String>,
    /// Rules whose fixes change a Dockerfile.
    pub dockerfile: Vec<String>,
    /// Rules whose fixes change the workloads, in this order.
    pub workload: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    recipes: BTreeMap<String, Recipe>,
}

/// The shipped recipes by name; none should the file be broken, which a test makes sure it is not.
#[must_use]
pub fn recipes() -> &'static BTreeMap<String, Recipe> {
    static RECIPES: LazyLock<BTreeMap<String, Recipe>> =
        LazyLock::new(|| toml::from_str::<Table>(SHIPPED).unwrap_or_default().recipes);
    &RECIPES
}

impl Recipe {
    /// The recipe of a name.
    ///
    /// # Errors
    /// There is none; the nearest name is told.
    pub fn of(name: &str) -> Result<&'static Self, SelectionError> {
        recipes().get(name).ok_or_else(|| {
            let nearest = nearest(name, recipes().keys().map(String::as_str)).map(str::to_owned);
            SelectionError { what: "recipe", name: name.to_owned(), nearest }
        })
    }

    /// Whether it is about an image, by its repository.
    #[must_use]
    pub fn is_about(&self, image: &str) -> bool {
        ImageReference::parse(image).is_some_and(|image| self.images.contains(&image.repository()))
    }

    /// A selection of these rules. One that the catalogue does not have is left out: a test makes sure that
    /// the shipped one has all.
    #[must_use]
    pub fn select(catalogue: &Catalogue, rules: &[String]) -> Selection {
        let mut selection = Selection::none(catalogue);
        for rule in rules {
            // Unknown rules select nothing.
            let _ = selection.enable(catalogue, rule);
        }
        selection
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::Scope;

    #[test]
    fn recipes_name_rules_that_have_fixes() {
        let catalogue = Catalogue::shipped();
        assert!(recipes().len() >= 2);
        for (name, recipe) in recipes() {
            assert!(!recipe.images.is_empty() && !recipe.about.trim().is_empty(), "{name}");
            for (rules, docker) in [(&recipe.dockerfile, true), (&recipe.workload, false)] {
                for id in rules {
                    let rule = catalogue.rule(id).unwrap_or_else(|| panic!("{name}: no rule {id}"));
                    assert!(!rule.fixes.is_empty(), "{name}: {id} has no fix");
                    assert_eq!(rule.scope == Scope::Dockerfile, docker, "{name}: {id}");
                }
            }
        }
    }

    #[test]
    fn an_unknown_recipe_is_told_with_the_nearest_one() {
        assert_eq!(
            Recipe::of("dotnet-chisled").unwrap_err().to_string(),
            "there is no recipe `dotnet-chisled`; did you mean `dotnet-chiseled`?"
        );
        let recipe = Recipe::of("nginx-unprivileged").unwrap();
        assert!(recipe.is_about("docker.io/library/nginx:1.29") && !recipe.is_about("nginx/nginx-ingress:5"));
    }
}
