//! The nearest right word for a wrong one. It must only suggest, never correct.

/// The candidate nearest to `wrong`, where one is near enough to be what was meant.
///
/// ```
/// use minutebook_events::nearest;
/// assert_eq!(nearest("amout", ["amount", "basis"]), Some("amount"));
/// assert_eq!(nearest("zebra", ["amount", "basis"]), None);
/// ```
pub fn nearest<'a>(wrong: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(wrong, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}
