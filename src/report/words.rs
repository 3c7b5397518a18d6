//! Cells and figures in words, with what stands beside them and where it is written. It must not know how wide anything is.

use super::visible;
use crate::question::{Cell, Row};
use minutebook_projections::{Figure, How, Knowing, Other, Says, Why};

/// How many facts are shown beside a figure in a table; `why` shows all.
const BESIDE: usize = 1;

/// A cell in words.
pub(crate) fn words(cell: &Cell) -> String {
    visible(&raw_words(cell))
}

fn raw_words(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => text.clone(),
        Cell::Figure(figure) => figure_words(figure, false),
        Cell::Figures(figures) if figures.is_empty() => "not in the record".to_owned(),
        Cell::Figures(figures) => figures.iter().map(labelled).collect::<Vec<_>>().join("\n"),
        Cell::List(items) => items.join(", "),
        Cell::Position(position) => position.to_string(),
        Cell::Positions(positions) => positions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        Cell::Flag(Some(true)) => "yes".to_owned(),
        Cell::Flag(Some(false)) => "no".to_owned(),
        Cell::Flag(None) => "not stated".to_owned(),
        Cell::Rows(rows) => rows.iter().map(fact_words).collect::<Vec<_>>().join("\n"),
    }
}

/// A fact in the row of a change: what it is to the day, and what it says where the row does not tell that already.
pub(crate) fn fact_words(row: &Row) -> String {
    let cell = |name| row.get(name).map(words).unwrap_or_default();
    let counts = row.get("counts-as").or(row.get("counted-as")).map(words).unwrap_or_default();
    let mut out = format!("{}: {counts}", cell("entry"));
    if row.kind != "shown" {
        out += &format!(": {} ({}), {}", cell("says"), cell("standing"), cell("effective"));
    }
    if let Some(Cell::List(sources)) = row.get("sources") {
        out += &source_words(sources);
    }
    for (name, label) in [("doubt", "doubt".to_owned()), ("reason", format!("struck by {}", cell("struck-by")))] {
        if row.get(name).is_some() {
            out += &format!("; {label}: {}", cell(name));
        }
    }
    out
}

/// Where something is written: the first places, and how many more.
pub(crate) fn source_words(sources: &[String]) -> String {
    match sources {
        [] => String::new(),
        [first, second, rest @ ..] if rest.len() > 1 => format!(" [{first}, {second} and {} more]", rest.len()),
        few => format!(" [{}]", few.join(", ")),
    }
}

/// Among several figures a sum says of what it is: an envelope is not a price.
pub(crate) fn label(figure: &Figure) -> String {
    figure.fact.strip_prefix("a-year/").map(|measure| format!("{measure}: ")).unwrap_or_default()
}

fn labelled(figure: &Figure) -> String {
    label(figure) + &figure_words(figure, false)
}

/// The figure, where it comes from, and the nearest of what stands beside it.
pub(super) fn figure_words(figure: &Figure, all: bool) -> String {
    if let Some(how @ How::AsTheWhole) = &figure.computed {
        return how.to_string();
    }
    if matches!(&figure.says, Says::Ours(Knowing::Unknown(Why::Nothing))) {
        return "nothing".to_owned();
    }
    let mut out = figure.words();
    if let Some(how) = figure.computed.as_ref().filter(|how| how.counts().is_some()) {
        out.push_str(&format!("\n  {how}"));
    }
    out += &source_words(&figure.sources().iter().map(ToString::to_string).collect::<Vec<_>>());
    let uncertain = figure.uncertain.as_ref().map(ToString::to_string);
    if let Some(uncertain) = &uncertain {
        out.push_str(&format!("\n  uncertain: {uncertain}"));
    }
    let shown = if all { usize::MAX } else { BESIDE };
    // What makes a figure uncertain has been said already.
    let said = |other: &&Other| uncertain.as_ref().is_some_and(|why| why.ends_with(&other.words()));
    let others: Vec<&Other> = figure.others.iter().filter(|other| !said(other)).collect();
    for other in others.iter().take(shown) {
        out.push_str(&format!("\n  beside: {}", other.words()));
    }
    if others.len() > shown {
        out.push_str(&format!("\n  and {} more beside: why {}", others.len() - shown, figure.fact));
    }
    out
}
