//! The nearest right word for a wrong one. It must only suggest, never correct.

/// The candidate nearest to `wrong`, where one is near enough to be what was meant. Every number is like another, so
/// none is suggested for one.
///
/// ```
/// use minutebook_events::nearest;
/// assert_eq!(nearest("amout", ["amount", "basis"]), Some("amount"));
/// assert_eq!(nearest("zebra", ["amount", "basis"]), None);
/// assert_eq!(nearest("14", ["1", "4"]), None);
/// ```
pub fn nearest<'a>(wrong: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let number = wrong.bytes().all(|byte| byte.is_ascii_digit());
    candidates
        .into_iter()
        .filter(|_| !number)
        .map(|candidate| (strsim::jaro_winkler(wrong, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}
