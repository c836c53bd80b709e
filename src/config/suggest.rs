//! "Did you mean": the nearest of the known names.

/// The known name closest to `given`, if one is close enough to be what was meant: at most a third
/// of its letters differ (swaps count once). Case and `_` for `-` do not count.
pub fn closest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |name: &str| name.to_lowercase().replace('_', "-");
    let wanted = plain(given);
    let most = (given.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|name| (strsim::osa_distance(&wanted, &plain(name)), name))
        .filter(|&(distance, _)| distance <= most)
        .min_by_key(|&(distance, name)| (distance, name))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn near_names_are_offered_and_far_ones_are_not() {
        let known = ["privileged-container", "privilege-escalation", "host-port"];
        assert_eq!(closest("priviledge-escalation", known), Some("privilege-escalation"));
        assert_eq!(closest("HOST_PORT", known), Some("host-port"));
        assert_eq!(closest("unrelated", known), None);
    }
}
