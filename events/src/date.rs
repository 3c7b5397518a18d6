//! Civil dates: spans of days, ranges, months as contracts count them, financial years. No instants and no zone here.

use crate::prelude::*;
use crate::text::text_serde;
use chrono::{Datelike, Days, NaiveDate};
use core::{fmt, str::FromStr};
use rust_decimal::Decimal;

/// A civil day.
pub type Day = NaiveDate;

/// From an earliest to a latest day: what is known of when something happened or takes effect.
///
/// A day is a span of one. `2021-05` is a day in May 2021. `2017-02-27/2017-03-31` is a day between the two.
/// `../2016-03-31` is on or before, `2026-01-02/..` on or after.
///
/// ```
/// use minutebook_events::DateSpan;
/// let span: DateSpan = "../2016-03-31".parse()?;
/// assert_eq!(span.to_string(), "on or before 31 March 2016");
/// assert!(span.earliest() < span.latest());
/// assert!("2022-02-30".parse::<DateSpan>().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateSpan {
    earliest: Day,
    latest: Day,
}

/// Where a day stands to a span: `Before` it has begun for certain, `Within` it may have, `After` it has for certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Within {
    /// The day is before the span's earliest.
    Before,
    /// The day is in the span, and not its last.
    Uncertain,
    /// The day is the span's latest or after it.
    After,
}

impl DateSpan {
    /// A span of one day.
    pub fn day(day: Day) -> Self {
        Self { earliest: day, latest: day }
    }

    /// From `earliest` to `latest`, both included; `None` where the span would end before it starts.
    pub fn new(earliest: Day, latest: Day) -> Option<Self> {
        (earliest <= latest).then_some(Self { earliest, latest })
    }

    /// The earliest day; `Day::MIN` where the record sets none.
    pub fn earliest(self) -> Day {
        self.earliest
    }

    /// The latest day; `Day::MAX` where the record sets none.
    pub fn latest(self) -> Day {
        self.latest
    }

    /// The one day, where it is one.
    pub fn exact(self) -> Option<Day> {
        (self.earliest == self.latest).then_some(self.earliest)
    }

    /// Whether `day` has reached what the span dates.
    pub fn reached(self, day: Day) -> Within {
        if day < self.earliest {
            Within::Before
        } else if day < self.latest {
            Within::Uncertain
        } else {
            Within::After
        }
    }

    /// The span moved by whole days; open ends stay open.
    pub fn plus_days(self, days: i64) -> Self {
        let shift = |day: Day| if day == Day::MIN || day == Day::MAX { day } else { shift_day(day, days) };
        Self { earliest: shift(self.earliest), latest: shift(self.latest) }
    }

    /// The text that reads back as the same span: the shortest of day, month, year or two days.
    pub fn canonical(&self) -> String {
        let (a, b) = (self.earliest, self.latest);
        if a == b {
            return a.to_string();
        }
        if let Some((year, month)) = self.month() {
            return format!("{year:04}-{month:02}");
        }
        if let Some(year) = self.year() {
            return format!("{year:04}");
        }
        let side = |day: Day| if day == Day::MIN || day == Day::MAX { "..".to_owned() } else { day.to_string() };
        format!("{}/{}", side(a), side(b))
    }

    fn month(self) -> Option<(i32, u32)> {
        let (year, month) = (self.earliest.year(), self.earliest.month());
        (month_span(year, month)? == self).then_some((year, month))
    }

    fn year(self) -> Option<i32> {
        (year_span(self.earliest.year())? == self).then_some(self.earliest.year())
    }
}

fn shift_day(day: Day, days: i64) -> Day {
    let size = Days::new(days.unsigned_abs());
    let shifted = if days < 0 { day.checked_sub_days(size) } else { day.checked_add_days(size) };
    shifted.unwrap_or(if days < 0 { Day::MIN } else { Day::MAX })
}

fn month_span(year: i32, month: u32) -> Option<DateSpan> {
    let first = Day::from_ymd_opt(year, month, 1)?;
    DateSpan::new(first, Months(1).last_day_from(first)?)
}

fn year_span(year: i32) -> Option<DateSpan> {
    DateSpan::new(Day::from_ymd_opt(year, 1, 1)?, Day::from_ymd_opt(year, 12, 31)?)
}

/// Why a text is not a date or a span of dates.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadDate {
    /// No date of this shape, or no such day in the calendar.
    #[error(
        "\"{0}\" is not a date of the calendar: write 2021-05-01, 2021-05, 2021, or two of them as 2017-02-27/2017-03-31, with .. for an open end"
    )]
    NoDate(String),
    /// The span ends before it starts.
    #[error("the span \"{0}\" ends before it starts: write the earlier day first")]
    Backwards(String),
}

fn parse_side(text: &str) -> Option<DateSpan> {
    let digit = |digit: &u8| digit.is_ascii_digit().then(|| u32::from(digit - b'0'));
    let number = |digits: &[u8]| digits.iter().try_fold(0, |number, next| Some(number * 10 + digit(next)?));
    let year = |digits: &[u8]| number(digits).map(u32::cast_signed);
    match text.as_bytes() {
        digits if digits.len() == 4 => year_span(year(digits)?),
        [digits @ .., b'-', m, n] if digits.len() == 4 => month_span(year(digits)?, number(&[*m, *n])?),
        [digits @ .., b'-', m, n, b'-', d, e] if digits.len() == 4 => {
            Day::from_ymd_opt(year(digits)?, number(&[*m, *n])?, number(&[*d, *e])?).map(DateSpan::day)
        }
        _ => None,
    }
}

impl FromStr for DateSpan {
    type Err = BadDate;
    fn from_str(text: &str) -> Result<Self, BadDate> {
        let bad = || BadDate::NoDate(text.to_owned());
        let Some((a, b)) = text.split_once('/') else {
            return parse_side(text).ok_or_else(bad);
        };
        let earliest = if a == ".." { Day::MIN } else { parse_side(a).ok_or_else(bad)?.earliest };
        let latest = if b == ".." { Day::MAX } else { parse_side(b).ok_or_else(bad)?.latest };
        Self::new(earliest, latest).ok_or_else(|| BadDate::Backwards(text.to_owned()))
    }
}

text_serde!(DateSpan, "a date or a span of dates", canonical);

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The name of a day's month.
fn month(day: Day) -> &'static str {
    MONTHS[day.month0() as usize]
}

/// A day as a person reads it.
fn words(day: Day) -> impl fmt::Display {
    struct Words(Day);
    impl fmt::Display for Words {
        fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
            let Self(day) = *self;
            write!(out, "{} {} {:04}", day.day(), month(day), day.year())
        }
    }
    Words(day)
}

impl DateSpan {
    fn write(self, out: &mut impl fmt::Write) -> fmt::Result {
        if self.earliest == self.latest {
            write!(out, "{}", words(self.earliest))
        } else if let Some(year) = self.year() {
            write!(out, "{year}")
        } else if self.month().is_some() {
            write!(out, "{} {:04}", month(self.earliest), self.earliest.year())
        } else {
            match (self.earliest == Day::MIN, self.latest == Day::MAX) {
                (true, true) => out.write_str("on a day not in the record"),
                (true, false) => write!(out, "on or before {}", words(self.latest)),
                (false, true) => write!(out, "on or after {}", words(self.earliest)),
                (false, false) => write!(out, "between {} and {}", words(self.earliest), words(self.latest)),
            }
        }
    }
}

impl fmt::Display for DateSpan {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        if out.width().is_none() && out.precision().is_none() {
            return self.write(out);
        }
        let mut text = String::new();
        self.write(&mut text)?;
        out.pad(&text)
    }
}

/// Whole calendar months, as contracts count them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Months(pub u32);

impl Months {
    /// The same day of the month, this many months later; the month's last day where it has no such day. `None` past
    /// the end of the calendar.
    pub fn after(self, day: Day) -> Option<Day> {
        day.checked_add_months(chrono::Months::new(self.0))
    }

    /// The same day of the month, this many months earlier: from when this many months run to a day. `None` before the calendar.
    pub fn before(self, day: Day) -> Option<Day> {
        day.checked_sub_months(chrono::Months::new(self.0))
    }

    /// The last day of a period of this many months that starts on `first`.
    ///
    /// ```
    /// use minutebook_events::{Day, Months};
    /// let last_day = Day::from_ymd_opt(2017, 10, 1).and_then(|start| Months(42).last_day_from(start));
    /// assert_eq!(last_day, Day::from_ymd_opt(2021, 3, 31));
    /// ```
    pub fn last_day_from(self, first: Day) -> Option<Day> {
        let same = self.after(first)?;
        // A month from 31 January has run when February has: there is no 31 February to stop short of.
        if same.day() < first.day() { Some(same) } else { same.pred_opt() }
    }
}

impl fmt::Display for Months {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match (self.0 / 12, self.0 % 12) {
            (1, 0) => out.pad("1 year"),
            (years, 0) if years > 0 => write!(out, "{years} years"),
            (_, _) if self.0 == 1 => out.pad("1 month"),
            _ => write!(out, "{} months", self.0),
        }
    }
}

/// Days from `from` to the day before `end`: half open inside, shown with its last day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeRange {
    /// The first day.
    pub from: Day,
    /// The day after the last.
    pub end: Day,
}

impl TimeRange {
    /// From the first to the last day, both included; `None` where it would end before it starts.
    pub fn to_last_day(from: Day, last_day: Day) -> Option<Self> {
        let end = last_day.succ_opt().unwrap_or(Day::MAX);
        (from < end).then_some(Self { from, end })
    }

    /// The last day.
    pub fn last_day(self) -> Day {
        self.end.pred_opt().unwrap_or(Day::MIN)
    }

    /// Whether `day` is in it.
    pub fn contains(self, day: Day) -> bool {
        self.from <= day && day < self.end
    }

    /// What both have in common.
    pub fn overlap(self, other: Self) -> Option<Self> {
        let (from, end) = (self.from.max(other.from), self.end.min(other.end));
        (from < end).then_some(Self { from, end })
    }

    /// The same, where it ends with a month and starts within one: the days are those of its first month.
    fn years_to_a_first(self) -> YearFraction {
        let first = self.from.with_day(1).unwrap_or(self.from);
        let next = Months(1).after(first).unwrap_or(self.end);
        let rest = Self { from: next, end: self.end }.years();
        YearFraction {
            months: rest.months,
            days: (next - self.from).num_days().unsigned_abs(),
            of_days: (next - first).num_days().unsigned_abs().max(1),
        }
    }

    /// How much of a year it is, by whole months and the days of the last one: the record's own rule (the variation of
    /// 2017, B 11.2) counts October to March as half a financial year, whatever its days.
    pub fn years(self) -> YearFraction {
        let (from, end) = (self.from, self.end);
        if end.day() == 1 && from.day() != 1 {
            return self.years_to_a_first();
        }
        let apart = (end.year() - from.year()) * 12 + end.month0().cast_signed() - from.month0().cast_signed();
        let apart = u32::try_from(apart).unwrap_or(0);
        if from.day() == end.day() {
            return YearFraction { months: apart, days: 0, of_days: 1 };
        }
        // The last of them is whole where the end has reached the day of the month.
        let whole = Months(apart).after(from).is_some_and(|day| day <= end);
        let months = if whole { apart } else { apart.saturating_sub(1) };
        let reached = Months(months).after(self.from).unwrap_or(self.end);
        let next = Months(months + 1).after(self.from).unwrap_or(self.end);
        YearFraction {
            months,
            days: (self.end - reached).num_days().unsigned_abs(),
            of_days: (next - reached).num_days().unsigned_abs().max(1),
        }
    }
}

impl fmt::Display for TimeRange {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match (self.from == Day::MIN, self.end == Day::MAX) {
            (true, true) => out.pad("at all times"),
            (true, false) => write!(out, "to {}", words(self.last_day())),
            (false, true) => write!(out, "from {}", words(self.from)),
            (false, false) => write!(out, "{} to {}", words(self.from), words(self.last_day())),
        }
    }
}

/// A number of years in months and days of a month, so that a rate is multiplied before it is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct YearFraction {
    months: u32,
    days: u64,
    of_days: u64,
}

impl YearFraction {
    /// So many parts of a year, and how many make one.
    fn parts(self) -> (u64, u64) {
        (u64::from(self.months) * self.of_days + self.days, 12 * self.of_days)
    }

    /// What a yearly amount comes to over it.
    pub fn of(self, yearly: Decimal) -> Decimal {
        let (parts, year) = self.parts();
        if parts.is_multiple_of(year) {
            return yearly * Decimal::from(parts / year);
        }
        yearly * Decimal::from(parts) / Decimal::from(year)
    }

    /// What an amount for all of it comes to a year.
    pub fn yearly(self, whole: Decimal) -> Decimal {
        let (parts, year) = self.parts();
        if parts == 0 { whole } else { whole * Decimal::from(year) / Decimal::from(parts) }
    }
}

impl fmt::Display for YearFraction {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self.days {
            0 => Months(self.months).fmt(out),
            days => write!(out, "{} and {days} of {} days", Months(self.months), self.of_days),
        }
    }
}

/// The financial year of a day, 1 April to 31 March, and its name, as in "2021/22".
///
/// ```
/// use minutebook_events::{Day, financial_year};
/// let of = Day::from_ymd_opt(2022, 3, 31).map(financial_year).map(|(year, name)| (year.to_string(), name));
/// assert_eq!(of, Some(("1 April 2021 to 31 March 2022".to_owned(), "2021/22".to_owned())));
/// ```
pub fn financial_year(day: Day) -> (TimeRange, String) {
    let year = if day.month() >= 4 { day.year() } else { day.year() - 1 };
    let april = |year| Day::from_ymd_opt(year, 4, 1).unwrap_or(day);
    (TimeRange { from: april(year), end: april(year + 1) }, format!("{year}/{:02}", (year + 1).rem_euclid(100)))
}
