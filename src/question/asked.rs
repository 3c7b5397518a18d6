//! What a question is asked with, as people write it: on a command line, in an address, in a form. It must not know which of
//! these it is, nor what is asked.

use minutebook_events::{DateSpan, Day, Months, Position};
use minutebook_projections::By;

/// A position.
///
/// # Errors
/// What would be right, in words.
pub fn position(text: &str) -> Result<Position, String> {
    text.parse().map_err(|_| format!("\"{text}\" is not a position: write the number of an entry, as 12"))
}

/// A day of the calendar.
///
/// # Errors
/// What would be right.
pub fn day(text: &str) -> Result<Day, String> {
    let span: DateSpan =
        text.parse().map_err(|_| format!("\"{text}\" is not a day of the calendar: write it as 2018-06-01"))?;
    span.exact().ok_or_else(|| format!("\"{text}\" is more than one day: a question is as of one, written 2018-06-01"))
}

/// By what totals are grouped.
///
/// # Errors
/// What would be right.
pub fn by(text: &str) -> Result<By, String> {
    let words = || By::EACH.map(By::word).join(", ");
    By::EACH
        .into_iter()
        .find(|by| by.word() == text)
        .ok_or_else(|| format!("totals are by one of these, and \"{text}\" is none: {}", words()))
}

/// A century is more than any contract has.
const LONGEST: u32 = 1200;

/// A number of months.
///
/// # Errors
/// What would be right.
pub fn months(text: &str) -> Result<Months, String> {
    let months = text.parse().ok().filter(|months| (1..=LONGEST).contains(months));
    months.map(Months).ok_or_else(|| format!("\"{text}\" is no number of months from 1 to {LONGEST}: write it as 6"))
}
