//! Days as notices and call-ins count them: clear days, and working days in England; what calendar, pages and findings say of them
//! is said here. It owns which days are bank holidays, as they were published; it must not guess those of years of which none were.

use crate::date::{DateSpan, Day};
use crate::entry::Act;
use crate::prelude::*;
use chrono::{Datelike, Weekday};

/// A day a line, sorted, after what says where they are from.
const BANK_HOLIDAYS: &str = include_str!("bank_holidays.txt");

/// That it is not known which days are bank holidays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "whether {} is a working day is not known: the bank holidays of England are held from {} to {}",
    DateSpan::day(self.0), DateSpan::day(first()), DateSpan::day(last())
)]
pub struct NotPublished(pub Day);

fn days() -> impl Iterator<Item = &'static str> {
    BANK_HOLIDAYS.lines().filter(|line| !line.starts_with('#'))
}

fn year_of(line: Option<&str>) -> i32 {
    line.and_then(|line| line.get(..4)).and_then(|year| year.parse().ok()).expect("each line begins with a day")
}

/// The first day of which it is known whether it is a working day.
fn first() -> Day {
    Day::from_ymd_opt(year_of(days().next()), 1, 1).expect("every year begins")
}

/// The last one.
fn last() -> Day {
    Day::from_ymd_opt(year_of(days().last()), 12, 31).expect("every year ends")
}

/// Whether a day is a working day in England: not a Saturday or Sunday, and no bank holiday (Banking and Financial Dealings Act
/// 1971, Schedule 1, and the days proclaimed).
///
/// # Errors
/// [`NotPublished`] where nothing is held of its year.
pub fn is_working_day(day: Day) -> Result<bool, NotPublished> {
    if matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
        return Ok(false);
    }
    if day < first() || day > last() {
        return Err(NotPublished(day));
    }
    let text = day.to_string();
    Ok(!days().any(|line| line.starts_with(&text)))
}

/// The last of so many working days after a day, which itself does not count.
///
/// ```
/// use minutebook_events::{Day, working_days::working_days_after};
/// // Christmas Day and Boxing Day 2021 were a Saturday and a Sunday, with Monday and Tuesday in their place.
/// let day = Day::from_ymd_opt;
/// assert_eq!(day(2021, 12, 20).map(|from| working_days_after(5, from)), day(2021, 12, 29).map(Ok));
/// ```
///
/// # Errors
/// [`NotPublished`].
pub fn working_days_after(count: u32, day: Day) -> Result<Day, NotPublished> {
    let (mut day, mut left) = (day, count);
    while left > 0 {
        day = day.succ_opt().ok_or(NotPublished(day))?;
        left -= u32::from(is_working_day(day)?);
    }
    Ok(day)
}

/// The clear days between two days: neither of them counts. Less than none where the second is the same day or earlier.
pub fn clear_days(from: Day, to: Day) -> i64 {
    (to - from).num_days() - 1
}

/// The last day on which a notice of so many clear days can be given of what happens on a day (for a key decision 28 of them:
/// Local Authorities (Executive Arrangements) (Meetings and Access to Information) (England) Regulations 2012, regulation 9).
///
/// ```
/// use minutebook_events::{Day, working_days::{clear_days, last_notice}};
/// let (notice, decision) = (Day::from_ymd_opt(2021, 11, 21), Day::from_ymd_opt(2021, 12, 20));
/// assert_eq!(decision.and_then(|day| last_notice(28, day)), notice);
/// assert_eq!(notice.zip(decision).map(|(notice, day)| clear_days(notice, day)), Some(28));
/// ```
pub fn last_notice(clear: u32, day: Day) -> Option<Day> {
    day.checked_sub_days(chrono::Days::new(u64::from(clear) + 1))
}

/// The clear days of notice that a key decision needs (the same regulation).
const OF_A_KEY_DECISION: u32 = 28;

/// The last day on which notice of a key decision can have been given, or nothing where the record does not say that it is one, or
/// on which day it was taken. Whether notice was given is another question.
pub fn notice_due(act: &Act) -> Option<Day> {
    let taken = act.key_decision.filter(|is_key| *is_key).and_then(|_| act.decided.exact())?;
    last_notice(OF_A_KEY_DECISION, taken)
}

/// The day on which the call-in of an act ends, of so many working days: it may be implemented after it, unless it is called in.
/// As precisely as it is known when it was taken. Nothing where the record does not say that it can be called in, or by when it was
/// taken, or where nobody has said which days are bank holidays.
pub fn call_in_ends(act: &Act, working_days: u32) -> Option<DateSpan> {
    let taken = act.callable_in.filter(|is_callable| *is_callable).map(|_| act.decided)?;
    let ends = |taken| working_days_after(working_days, taken).ok();
    DateSpan::new(ends(taken.earliest())?, ends(taken.latest())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().expect("a day")
    }

    #[test]
    fn every_line_is_a_weekday_and_they_are_sorted() {
        let all: Vec<Day> = days().map(|line| day(&line[..10])).collect();
        assert!(all.is_sorted() && all.iter().all(|day| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun)));
        // Eight a year: one more in 2012, 2022 (two) and 2023, for jubilees, a funeral and a coronation.
        for year in first().year()..=last().year() {
            let more = match year {
                2012 | 2023 => 1,
                2022 => 2,
                _ => 0,
            };
            assert_eq!(all.iter().filter(|day| day.year() == year).count(), 8 + more, "{year}");
        }
    }

    #[test]
    fn working_days_are_what_a_calendar_says() {
        assert_eq!(is_working_day(day("2021-12-24")), Ok(true), "a Friday");
        assert_eq!(is_working_day(day("2021-12-27")), Ok(false), "in the place of Christmas Day");
        assert_eq!(is_working_day(day("2022-09-19")), Ok(false), "the day of a state funeral");
        // A Saturday is none in any year.
        assert_eq!(is_working_day(day("2040-01-07")), Ok(false));
        assert_eq!(is_working_day(day("2040-01-09")), Err(NotPublished(day("2040-01-09"))));
        assert_eq!(working_days_after(0, day("2021-12-25")), Ok(day("2021-12-25")));
        assert_eq!(working_days_after(5, day("2026-11-27")), Ok(day("2026-12-04")));
    }
}
