//! What a figure is in a cell of a table: a number, a day or words, and beside it how firmly it stands. Shared by every format that
//! has cells. It must not know of which format.

use crate::report::visible;
use minutebook_events::{Class, Day, EventKind, Standing};
use minutebook_projections::{Figure, Knowing, Lack, Says, Val, Why};
use rust_decimal::Decimal;

/// What is in a cell.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Plain {
    /// Words: those of a value that is neither a number nor a day, or why there is none.
    Words(String),
    /// Pounds, or a count.
    Number(Decimal),
    /// A day that is known as one.
    Day(Day),
}

impl Plain {
    /// What a figure says. What is not known says so in words, as what is withheld and what sources contradict.
    pub(super) fn of(figure: &Figure) -> Self {
        if matches!(&figure.says, Says::Ours(Knowing::Unknown(Why::Nothing))) {
            return Self::Words("nothing".to_owned());
        }
        let value = figure.value();
        match value.known() {
            Some(Val::Money(money, _)) => Self::Number(money.pounds()),
            Some(Val::Count(count)) => Self::Number((*count).into()),
            Some(Val::Date(date)) if date.exact().is_some() => Self::Day(date.earliest()),
            _ => Self::Words(visible(&value.words())),
        }
    }

    /// As text: a number with its pence where it has any, a day as 2018-06-01.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Words(words) => words.clone(),
            Self::Number(number) => number.normalize().to_string(),
            Self::Day(day) => day.to_string(),
        }
    }
}

/// How firmly a figure stands, in a word or two: its standing, or how it is known where it has no value, and whether that is
/// certain on the day.
pub(super) fn standing(figure: &Figure) -> String {
    let value = figure.value();
    let word = match (figure.standing, value.known()) {
        (Some(standing), Some(_)) => standing.word().to_owned(),
        (None, Some(_)) => "computed".to_owned(),
        // What is withheld may be proposed, and no more.
        (Some(standing), None) if matches!(*value, Knowing::Withheld(_)) => format!("{}, {standing}", value.word()),
        (_, None) if is_partly_withheld(&value) => format!("{}, partly withheld", value.word()),
        (_, None) => value.word().to_owned(),
    };
    if figure.uncertain.is_some() { format!("{word}, uncertain") } else { word }
}

/// Whether a sum is not known since an amount of it is withheld: whoever filters by that must find it.
fn is_partly_withheld(value: &Knowing) -> bool {
    let Knowing::Unknown(Why::Sum { lacks, withheld, .. }) = value else { return false };
    matches!(lacks, Lack::Withheld(..)) || !withheld.is_empty()
}

/// How firmly a figure stands, as it is drawn and added up: what may not hold on the day is not drawn as what does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stands {
    /// By firm facts.
    Firm,
    /// Only planned, endorsed or proposed.
    Tentative,
    /// Our own conclusion, or made of no fact that has a standing.
    Ours,
    /// It may not hold on the day.
    Uncertain,
    /// It has no value.
    NotKnown,
}

impl Stands {
    pub(super) fn of(figure: &Figure) -> Self {
        match (figure.value().known(), figure.standing.map(|standing| standing.class())) {
            (None, _) => Self::NotKnown,
            _ if figure.uncertain.is_some() => Self::Uncertain,
            (_, Some(Class::Firm)) => Self::Firm,
            (_, Some(Class::Tentative)) => Self::Tentative,
            (_, Some(Class::Ours) | None) => Self::Ours,
        }
    }
}

/// The last day that a term sets, where it is known as one: sources that conflict set none.
pub(super) fn last_day(term: &Figure) -> Option<Day> {
    term.value().known()?;
    term.rests_on.last().and_then(|fact| match fact.event().kind {
        EventKind::TermSet { last_day, .. } | EventKind::Extended { last_day, .. } => last_day.exact(),
        _ => None,
    })
}

/// A text that a spreadsheet does not take for a formula: one that begins like one is preceded by an apostrophe (OWASP, CSV
/// Injection).
pub(super) fn defused(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

/// Every word for how firmly a figure stands, as it looks, and what it means.
pub(super) fn meanings() -> impl Iterator<Item = (&'static str, Stands, &'static str)> {
    use Standing::{Decided, Endorsed, Happened, Inferred, Planned, Proposed};
    let means = |standing| match standing {
        Happened => "firm: stated as having happened",
        Decided => "firm: taken by someone with the power",
        Planned => "not firm: planned by those who would do it",
        Endorsed => "not firm: endorsed by a body that advises",
        Proposed => "not firm: proposed, recommended, asked for",
        Inferred => "not firm: our own conclusion; its reason stands beside it",
    };
    let of = move |standing: Standing| {
        let stands = match standing.class() {
            Class::Firm => Stands::Firm,
            Class::Tentative => Stands::Tentative,
            Class::Ours => Stands::Ours,
        };
        (standing.word(), stands, means(standing))
    };
    let others = [
        ("…, uncertain", Stands::Uncertain, "it may not hold on the day; why stands beside it"),
        ("computed", Stands::Ours, "made by this ledger of no fact that has a standing"),
        ("unknown", Stands::NotKnown, "not in the record, or not to be determined from it; why stands in its place"),
        ("withheld", Stands::NotKnown, "exempt or personal: the ground stands in its place, never the content"),
        ("conflicting", Stands::NotKnown, "sources differ: each of them is told"),
    ];
    [Happened, Decided, Planned, Endorsed, Proposed, Inferred].into_iter().map(of).chain(others)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_a_formula() {
        for text in ["=1+1", "+44", "-2", "@SUM(A1)", "\tx", "\rx"] {
            assert_eq!(defused(text), format!("'{text}"));
        }
        assert_eq!(defused("Porchlight = partner"), "Porchlight = partner");
    }
}
