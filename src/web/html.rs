//! An answer as what the templates show: tables, figures with what is behind them, links that keep the coordinates. It
//! must not write HTML, which the templates do, nor word a figure, which `report` does.

use super::asked::Asked;
use crate::question::{Answer, Cell};
use crate::report::tables::{self, TableOf};
use crate::report::visible;
use crate::report::words::{fact_words, label, words};
use minutebook_events::Day;
use minutebook_projections::{Figure, How, Knowing, Says, Why};

/// What a page shows of who looks at it.
#[derive(Debug, Clone, Default)]
pub(super) struct Visitor {
    /// Whether a page may lead to recording.
    pub(super) may_record: bool,
    /// Whether signing in would allow more.
    pub(super) may_sign_in: bool,
    /// Who signed in, in words, and what forms of the session hold.
    pub(super) signed_in: Option<(String, String)>,
    /// Of a node: how far it is, and what is wrong with the log that it follows.
    pub(super) node: Option<String>,
}

/// A table of an answer.
pub(super) struct PageTable {
    /// What its rows are.
    pub(super) heading: String,
    /// What its columns are called.
    pub(super) columns: Vec<String>,
    /// Its rows.
    pub(super) rows: Vec<Vec<Shown>>,
    /// Whether a row has more words than a line has room for.
    pub(super) is_long: bool,
}

/// A cell.
pub(super) enum Shown {
    /// Words.
    Words(Vec<String>),
    /// A contract, which has a page.
    Contract(String),
    /// A sealed content of a contract, by its name, for whoever may read it.
    Content(String, String),
    /// Figures, with what is behind each.
    Figures(Vec<ShownFigure>),
    /// Entries, which have pages.
    Entries(Vec<u64>),
}

impl Shown {
    /// Whether nothing is in it.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Words(lines) => lines.iter().all(String::is_empty),
            Self::Contract(_) | Self::Content(..) => false,
            Self::Figures(figures) => figures.is_empty(),
            Self::Entries(entries) => entries.is_empty(),
        }
    }
}

/// A figure, and why it is what it is.
pub(super) struct ShownFigure {
    /// What it says.
    pub(super) text: String,
    /// How firmly it stands, in a word.
    pub(super) standing: Option<String>,
    /// How it is known, in a word.
    pub(super) knowledge: &'static str,
    /// Whether it may not hold on the day.
    pub(super) is_uncertain: bool,
    /// What is behind it, each with its label.
    pub(super) behind: Vec<(&'static str, String)>,
    /// What stands beside it.
    pub(super) others: Vec<String>,
    /// The entries behind it.
    pub(super) entries: Vec<u64>,
    /// Where all that was ever said of it is shown.
    pub(super) why: Option<String>,
}

impl ShownFigure {
    fn of(figure: &Figure, contract: Option<&str>, asked: &Asked) -> Self {
        let value = figure.value();
        let text = match (&figure.computed, &figure.says) {
            (Some(how @ How::AsTheWhole), _) => how.to_string(),
            (_, Says::Ours(Knowing::Unknown(Why::Nothing))) => "nothing".to_owned(),
            _ => value.words(),
        };
        // Where sources conflict, each of them has a standing of its own.
        let stands = value.known().is_some();
        let listed = |items: Vec<String>| (!items.is_empty()).then(|| items.join(", "));
        let behind = [
            ("From", figure.effective.map(|effective| effective.to_string())),
            ("Uncertain", figure.uncertain.as_ref().map(ToString::to_string)),
            ("Computed", figure.computed.as_ref().map(ToString::to_string)),
            ("Inferred since", figure.because.as_ref().map(ToString::to_string)),
            ("Written in", listed(figure.sources().iter().map(ToString::to_string).collect())),
            ("By", listed(figure.acts().iter().map(ToString::to_string).collect())),
        ];
        let why = contract.map(|contract| {
            let asked = Asked { contract: contract.to_owned(), fact: figure.fact.clone(), ..asked.coordinates() };
            format!("/why{}", asked.query())
        });
        Self {
            text: visible(&text),
            standing: figure.standing.filter(|_| stands).map(|standing| standing.to_string()),
            knowledge: if figure.uncertain.is_some() && stands { "uncertain" } else { value.word() },
            is_uncertain: figure.uncertain.is_some(),
            behind: behind.into_iter().filter_map(|(label, what)| Some((label, what?))).collect(),
            others: figure.others.iter().map(|other| visible(&other.words())).collect(),
            entries: figure.entries().iter().map(|position| position.0).collect(),
            why,
        }
    }
}

/// The most rows of one answer on a page: who wants all of a large ledger takes them from the API.
const MOST: usize = 500;

/// The tables of an answer, with links that keep the coordinates of what was asked, as far as a page has room; and how
/// many rows are left out.
pub(super) fn tables_of(answer: &Answer, asked: &Asked) -> (Vec<PageTable>, usize) {
    let (mut shown, mut all, mut left) = (vec![], 0, MOST);
    for table in tables::tables(answer) {
        all += table.rows.len();
        let rows = &table.rows[..left.min(table.rows.len())];
        left -= rows.len();
        if !rows.is_empty() {
            shown.push(table_of(answer, &TableOf { rows, ..table }, asked));
        }
    }
    (shown, all.saturating_sub(MOST))
}

fn table_of(answer: &Answer, table: &TableOf<'_>, asked: &Asked) -> PageTable {
    let row = |row: &crate::question::Row| {
        let of_row = match row.get("contract") {
            Some(Cell::Text(contract)) => Some(contract.as_str()),
            _ => None,
        };
        let contract = of_row.or(answer.contract.as_ref().map(|contract| contract.as_str()));
        let shown = |name: &&'static str| {
            row.get(name).map_or(Shown::Words(vec![]), |cell| show(name, cell, contract, (answer.to, asked)))
        };
        table.columns.iter().map(shown).collect()
    };
    PageTable {
        heading: table.heading.clone(),
        columns: table.columns.iter().map(|name| tables::capital(&name.replace('-', " "))).collect(),
        rows: table.rows.iter().map(row).collect(),
        is_long: table.is_long,
    }
}

/// What the fact of a content's name begins with.
const CONTENT: &str = "content/";

fn show(name: &str, cell: &Cell, contract: Option<&str>, (answer_to, asked): (Option<Day>, &Asked)) -> Shown {
    // What is of the later day of a comparison is asked of that day.
    let later = answer_to.filter(|_| name == "after").map(|to| Asked { as_of: to.to_string(), ..asked.clone() });
    let asked = later.as_ref().unwrap_or(asked);
    match cell {
        Cell::Text(text) if name == "contract" && !text.is_empty() => Shown::Contract(text.clone()),
        Cell::Text(text) if name == "what" && contract.is_some() && text.starts_with(CONTENT) => {
            Shown::Content(contract.unwrap_or_default().to_owned(), text[CONTENT.len()..].to_owned())
        }
        Cell::Figure(_) | Cell::Figures(_) if !cell.figures().is_empty() => {
            let of = |figure| ShownFigure::of(figure, contract, asked);
            let mut figures: Vec<ShownFigure> = cell.figures().iter().map(of).collect();
            if let Cell::Figures(each) = cell {
                figures.iter_mut().zip(each).for_each(|(shown, figure)| shown.text.insert_str(0, &label(figure)));
            }
            Shown::Figures(figures)
        }
        Cell::Position(position) => Shown::Entries(vec![position.0]),
        Cell::Positions(positions) => Shown::Entries(positions.iter().map(|position| position.0).collect()),
        Cell::List(items) => Shown::Words(items.iter().map(|item| visible(item)).collect()),
        Cell::Rows(rows) => Shown::Words(rows.iter().map(fact_words).collect()),
        cell => Shown::Words(vec![words(cell)]),
    }
}
