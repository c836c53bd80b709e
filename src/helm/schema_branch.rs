//! Branches between two places of a schema.
//!
//! Where only one branch of `allOf`, `anyOf` or `oneOf` failed, boon puts its error in place of the
//! keyword's; the library that Helm uses keeps both. The address of the schema that failed tells
//! which keywords were passed.

/// A keyword with branches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Branch {
    /// What its error says.
    pub message: &'static str,
    /// How many tokens the location of the value has that it is about.
    pub depth: usize,
}

/// The keywords from one schema to another within it, outermost first. `depth` is where the first
/// one stands in the values, `end` where the last one does. None are given where the way is not
/// known for certain.
pub(super) fn between(from: &str, to: &str, depth: usize, end: usize) -> Vec<Branch> {
    walk(from, to, depth, end).unwrap_or_default()
}

fn walk(from: &str, to: &str, mut depth: usize, end: usize) -> Option<Vec<Branch>> {
    let (from_document, from) = from.split_once('#').unwrap_or((from, ""));
    let (to_document, to) = to.split_once('#').unwrap_or((to, ""));
    let way = to.strip_prefix(from).filter(|_| from_document == to_document)?;
    let mut words = way.split('/');
    if !words.next()?.is_empty() {
        return None;
    }
    let mut found = Vec::new();
    while let Some(word) = words.next() {
        let message = match word {
            "allOf" => "'allOf' failed",
            "anyOf" => "'anyOf' failed",
            "oneOf" => "'oneOf' failed, none matched",
            "properties" | "patternProperties" | "prefixItems" => {
                words.next()?;
                depth += 1;
                continue;
            }
            // One schema for all items, or one for each.
            "items" => {
                let mut ahead = words.clone();
                if ahead.next().is_some_and(|word| word.parse::<usize>().is_ok()) {
                    words = ahead;
                }
                depth += 1;
                continue;
            }
            "additionalProperties" | "additionalItems" | "unevaluatedProperties" | "unevaluatedItems" => {
                depth += 1;
                continue;
            }
            "dependentSchemas" | "dependencies" => {
                words.next()?;
                continue;
            }
            "then" | "else" => continue,
            _ => return None,
        };
        words.next()?;
        found.push(Branch { message, depth });
    }
    (depth == end).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_stand_where_the_values_are() {
        let depths = |from: &str, to: &str, depth, end| -> Vec<usize> {
            between(from, to, depth, end).into_iter().map(|branch| branch.depth).collect()
        };
        assert_eq!(depths("f#", "f#/properties/allOf", 0, 1), [0; 0]);
        assert_eq!(depths("f#", "f#/allOf/0/properties/a/items/oneOf/1", 0, 2), [0, 2]);
        assert_eq!(depths("f", "f#/items/3/anyOf/0/then", 0, 1), [1]);
        assert_eq!(depths("f#/allOf/0", "f#/allOf/0/properties/a", 0, 1), [0; 0]);
        // Another document, a place that is not within, a way that is not known.
        assert_eq!(depths("g#", "f#/allOf/0", 0, 0), [0; 0]);
        assert_eq!(depths("f#/all", "f#/allOf/0", 0, 0), [0; 0]);
        assert_eq!(depths("f#", "f#/allOf/0/propertyNames", 0, 0), [0; 0]);
        assert_eq!(depths("f#", "f#/allOf/0", 0, 1), [0; 0]);
    }
}
