//! Pictures of an answer: when a contract runs, what it is worth by financial year, and who works in its network; `tiles`
//! draws where its lots lie. A picture shows what a table beside it says, and nothing else: how firmly each part stands is in
//! its shape and its words, not in its colour alone. It must not add anything up; lengths are worked out in decimals.

use super::tiles::{self, Tiles};
use crate::question::{Answer, Cell, Row};
use chrono::Datelike;
use minutebook_events::{DateSpan, Day, EventKind, Standing};
use minutebook_projections::{Fact, Figure, Knowing, Val};
use rust_decimal::Decimal;

/// A picture in its frame.
pub(crate) struct Picture {
    /// What it shows.
    pub(crate) title: String,
    /// The same in words, for whoever does not see it.
    pub(crate) words: String,
    /// How wide and how tall it is.
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// What is in it.
    pub(crate) drawn: Drawn,
}

/// What is drawn.
pub(crate) enum Drawn {
    Terms(Terms),
    Map(Tiles),
    Years(Years),
    Stacks(Stacks),
    Network(Network),
}

/// The pictures of an answer.
pub(crate) fn pictures(answer: &Answer) -> Vec<Picture> {
    terms(answer).into_iter().chain(tiles::tiles(answer)).chain(years(answer)).chain(network(answer)).collect()
}

/// How tall the tallest bar is, and how far bars are apart, in the units of the picture.
const TALL: u32 = 160;
const APART: usize = 84;

/// A picture is as wide as of so many years, so that bars of all pictures are alike.
const FEWEST: usize = 8;

/// What a contract is worth by financial year, of one measure.
pub(crate) struct Years {
    /// A bar a year.
    pub(crate) bars: Vec<Bar>,
}

/// One year.
pub(crate) struct Bar {
    /// Where it begins.
    pub(crate) x: usize,
    /// Where its middle is.
    pub(crate) middle: usize,
    /// Where its top is.
    pub(crate) top: u32,
    /// How tall it is; nothing where the amount is not known.
    pub(crate) height: u32,
    /// How firmly it stands: firm, tentative, ours; or that it is not known.
    pub(crate) class: &'static str,
    /// The year.
    pub(crate) year: String,
    /// The amount, short.
    pub(crate) label: String,
}

/// The pictures of an answer about value, one a measure that has two years or more.
fn years(answer: &Answer) -> Vec<Picture> {
    let rows: Vec<&Row> = answer.answer.iter().filter(|row| row.kind == "financial-year").collect();
    let of = |row: &Row| (text(row, "contract"), text(row, "measure"));
    let measures = rows.chunk_by(|a, b| of(a) == of(b)).filter(|rows| rows.len() > 1);
    measures.filter_map(years_of).collect()
}

fn years_of(rows: &[&Row]) -> Option<Picture> {
    let amounts: Vec<(String, &Figure)> =
        rows.iter().filter_map(|row| Some((text(row, "year"), row.get("amount")?.figures().first()?))).collect();
    let pounds = |figure: &Figure| match &*figure.value() {
        Knowing::Known(Val::Money(money, _)) => Some(money.pounds()),
        _ => None,
    };
    let most = amounts.iter().filter_map(|(_, figure)| pounds(figure)).max().filter(|most| *most > Decimal::ZERO)?;
    let bar = |(place, (year, figure)): (usize, &(String, &Figure))| {
        let known = pounds(figure).filter(|pounds| !pounds.is_sign_negative());
        let height =
            known.map_or(0, |pounds| u32::try_from((pounds * Decimal::from(TALL) / most).round()).unwrap_or(TALL));
        Bar {
            x: place * APART + 12,
            middle: place * APART + APART / 2,
            top: TALL + 24 - height,
            height,
            class: class(figure),
            year: year.clone(),
            label: known.map_or_else(|| lacking(figure).to_owned(), short),
        }
    };
    let measure = text(rows[0], "measure");
    let title = format!("{} of {} by financial year", capital(&measure), text(rows[0], "contract"));
    let said = amounts.iter().map(|(year, figure)| format!("{year}: {}", figure.words()));
    Some(Picture {
        title,
        words: said.collect::<Vec<_>>().join("; "),
        width: amounts.len().max(FEWEST) * APART,
        height: TALL as usize + 56,
        drawn: Drawn::Years(Years { bars: amounts.iter().enumerate().map(bar).collect() }),
    })
}

/// How wide the longest of stacked bars is, and how tall a year of them, with its words below.
const STACKED: u32 = 640;
const YEAR: usize = 52;

/// Sums of some contracts by financial year: a bar a year, in it a part for each class of standing, one after the other.
pub(crate) struct Stacks {
    pub(crate) years: Vec<Stack>,
}

/// One year.
pub(crate) struct Stack {
    /// Where its bar is, and its words.
    pub(crate) y: usize,
    pub(crate) foot: usize,
    pub(crate) year: String,
    pub(crate) parts: Vec<Stacked>,
    /// What the parts come to, each by the word for how firmly it stands; never all of them together.
    pub(crate) words: String,
}

/// A part of a bar.
pub(crate) struct Stacked {
    pub(crate) x: u32,
    pub(crate) length: u32,
    pub(crate) class: &'static str,
}

/// What is drawn of a year: a sum for each class of standing, with how it is drawn and the word for it; nothing where they cannot
/// be written. And how many amounts are in no sum since they have no value.
pub(crate) struct OfYear<'a> {
    pub(crate) year: &'a str,
    pub(crate) sums: Option<Vec<(&'static str, &'static str, Decimal)>>,
    pub(crate) without: u64,
}

/// Sums by financial year, stacked.
pub(crate) fn stacked(title: String, years: &[OfYear<'_>]) -> Picture {
    let positive = |year: &OfYear<'_>| -> Vec<(&'static str, Decimal)> {
        let sums = year.sums.iter().flatten().filter(|(.., pounds)| *pounds > Decimal::ZERO);
        sums.map(|(class, _, pounds)| (*class, *pounds)).collect()
    };
    // A bar is as long as its parts are one after the other.
    let long = |year: &OfYear<'_>| {
        positive(year)
            .iter()
            .try_fold(Decimal::ZERO, |all, (_, pounds)| all.checked_add(*pounds))
            .unwrap_or(Decimal::MAX)
    };
    let most = years.iter().map(long).max().unwrap_or_default();
    let length = |pounds: Decimal| {
        let share = pounds.checked_div(most).unwrap_or_default() * Decimal::from(STACKED);
        u32::try_from(share.round()).unwrap_or(STACKED)
    };
    let stack = |(place, year): (usize, &OfYear<'_>)| {
        let mut x = 90;
        let parts = positive(year).into_iter().map(|(class, pounds)| {
            let part = Stacked { x, length: length(pounds), class };
            x += part.length;
            part
        });
        let y = place * YEAR + 6;
        Stack { y, foot: y + 38, year: year.year.to_owned(), parts: parts.collect(), words: said_of(year) }
    };
    let words = years.iter().map(|year| format!("{}: {}", year.year, said_of(year)));
    Picture {
        title,
        words: words.collect::<Vec<_>>().join("; "),
        width: STACKED as usize + 100,
        height: years.len() * YEAR + 6,
        drawn: Drawn::Stacks(Stacks { years: years.iter().enumerate().map(stack).collect() }),
    }
}

/// What a year comes to, in words: "£2.1m firm, £0.5m inferred; 2 amounts have no value".
fn said_of(year: &OfYear<'_>) -> String {
    let sums = match &year.sums {
        None => "more than can be written as a number".to_owned(),
        Some(sums) => {
            let sums = sums.iter().filter(|(.., pounds)| !pounds.is_zero());
            let sums: Vec<String> = sums.map(|(_, word, pounds)| format!("{} {word}", short(*pounds))).collect();
            if sums.is_empty() { "no amount with a value".to_owned() } else { sums.join(", ") }
        }
    };
    match year.without {
        0 => sums,
        1 => format!("{sums}; 1 amount has no value"),
        several => format!("{sums}; {several} amounts have no value"),
    }
}

/// An amount as it fits over a bar, to the thousand where it is millions: £4.8m, £2.525m.
fn short(pounds: Decimal) -> String {
    let (million, thousand) = (Decimal::from(1_000_000), Decimal::from(1_000));
    if pounds.is_sign_negative() {
        return format!("−{}", short(-pounds));
    }
    match pounds {
        pounds if pounds.round_dp(0) >= million - Decimal::from(50) => {
            format!("£{}m", (pounds / million).round_dp(3).normalize())
        }
        pounds if pounds >= thousand => format!("£{}k", (pounds / thousand).round_dp(1).normalize()),
        pounds => format!("£{}", pounds.normalize()),
    }
}

/// Why there is no amount, in a word.
pub(crate) fn lacking(figure: &Figure) -> &'static str {
    match &*figure.value() {
        Knowing::Known(_) => "below nothing",
        Knowing::Unknown(_) => "not known",
        Knowing::Withheld(_) => "withheld",
        Knowing::Conflicting(_) => "conflicting",
    }
}

/// How firmly a figure stands, as it is drawn. What may not hold on the day is not drawn as what does.
pub(crate) fn class(figure: &Figure) -> &'static str {
    match figure.standing.filter(|_| figure.value().known().is_some()) {
        Some(_) if figure.uncertain.is_some() => "uncertain",
        Some(standing) if standing.is_firm() => "firm",
        Some(Standing::Inferred) => "ours",
        Some(_) => "tentative",
        None => "unknown",
    }
}

fn capital(words: &str) -> String {
    crate::report::tables::capital(words)
}

pub(crate) fn text(row: &Row, name: &str) -> String {
    match row.get(name) {
        Some(Cell::Text(text)) => text.clone(),
        _ => String::new(),
    }
}

/// How wide and how far apart boxes of a network are.
const BOX: usize = 190;
const GAP: usize = 50;
const LINE: usize = 18;

/// Who works in a contract's network, a column a role, from who pays to who delivers.
pub(crate) struct Network {
    /// The roles.
    pub(crate) columns: Vec<(usize, String)>,
    /// The parties.
    pub(crate) boxes: Vec<Party>,
    /// From the party that works to the one that it works under.
    pub(crate) under: Vec<[usize; 4]>,
}

/// A party in its role.
pub(crate) struct Party {
    /// Where its box begins.
    pub(crate) x: usize,
    pub(crate) y: usize,
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// How firmly it stands.
    pub(crate) class: &'static str,
    /// Its name in lines, each with where it stands.
    pub(crate) lines: Vec<(usize, String)>,
}

/// A party as the answer has it: its name, and whom it works under.
struct Works<'a> {
    name: String,
    under: Option<String>,
    figure: &'a Figure,
}

/// The picture of an answer about the network of one contract; nothing of others, or where nobody is in it.
fn network(answer: &Answer) -> Option<Picture> {
    answer.contract.as_ref().filter(|_| answer.question == "network")?;
    let mut columns: Vec<(String, Vec<Works<'_>>)> = vec![];
    for row in answer.answer.iter().filter(|row| row.kind == "partner") {
        let Some(figure) = row.get("party").and_then(|cell| cell.figures().first()) else { continue };
        let (role, value) = (text(row, "role"), figure.value());
        // Who funds which part is no role of a party, and stands in the table alone.
        let is_funding = |fact: &Fact| matches!(fact.event().kind, EventKind::FundingSet { .. });
        if figure.rests_on.iter().any(is_funding) || matches!(&*value, Knowing::Unknown(_)) {
            continue;
        }
        // Whom it works under stands in the column before.
        let under = figure.rests_on.iter().find_map(|fact| match &fact.event().kind {
            EventKind::PartnerJoined { under, .. } => under.as_ref().map(ToString::to_string),
            _ => None,
        });
        let said = value.words();
        let own = under.as_ref().and_then(|under| said.strip_suffix(&format!(" under {under}")));
        let name = own.unwrap_or(&said).to_owned();
        match columns.iter_mut().find(|(known, _)| *known == role) {
            Some((_, parties)) => parties.push(Works { name, under, figure }),
            None => columns.push((role, vec![Works { name, under, figure }])),
        }
    }
    if columns.is_empty() {
        return None;
    }
    let (mut boxes, mut under, mut places, mut deepest) = (vec![], vec![], vec![], 0);
    for (column, (_, parties)) in columns.iter().enumerate() {
        let (x, mut y) = (column * (BOX + GAP), 44);
        for Works { name, under: works_under, figure } in parties {
            let lines: Vec<String> = wrapped(name, 22);
            let height = lines.len() * LINE + 14;
            let middle = y + height / 2;
            let id = match &*figure.value() {
                Knowing::Known(Val::Party(id, _)) => Some(id.to_string()),
                _ => None,
            };
            let over = works_under.as_ref().and_then(|asked| {
                places.iter().rfind(|(known, _): &&(Option<String>, [usize; 2])| known.as_ref() == Some(asked))
            });
            under.extend(over.map(|(_, [right, over])| [*right, *over, x, middle]));
            places.push((id, [x + BOX, middle]));
            let line = |(number, line): (usize, String)| (y + 20 + number * LINE, line);
            let lines = lines.into_iter().enumerate().map(line).collect();
            boxes.push(Party { x, y, width: BOX, height, class: class(figure), lines });
            y += height + 12;
        }
        deepest = deepest.max(y);
    }
    let words = columns.iter().map(|(role, parties)| {
        let parties: Vec<String> = parties.iter().map(|party| party.figure.words()).collect();
        format!("{role}: {}", parties.join(", "))
    });
    let columns = columns.iter().enumerate().map(|(at, (role, _))| (at * (BOX + GAP), capital(role)));
    Some(Picture {
        title: format!("Network of {}", answer.contract.as_ref().map(ToString::to_string).unwrap_or_default()),
        words: words.collect::<Vec<_>>().join("; "),
        width: columns.len() * (BOX + GAP) - GAP,
        height: deepest,
        drawn: Drawn::Network(Network { columns: columns.collect(), boxes, under }),
    })
}

/// How wide the time line of terms is, where it begins, and how tall a row of it.
const LONG: usize = 760;
const LEFT: usize = 200;
const ROW: usize = 34;

/// When a contract and its lots run: each term as a bar, and after it what options or a cap on the term allow.
pub(crate) struct Terms {
    pub(crate) rows: Vec<Term>,
    /// The first of January of some years: where, and which.
    pub(crate) years: Vec<(i64, i32)>,
    /// Where the day of the question is.
    pub(crate) day: i64,
    /// Where lines across it end.
    pub(crate) foot: usize,
}

/// One term.
pub(crate) struct Term {
    pub(crate) y: usize,
    pub(crate) name: String,
    /// Where it begins and how long it is, and how firmly it stands.
    pub(crate) x: i64,
    pub(crate) length: i64,
    pub(crate) class: &'static str,
    /// How much further it may be extended; nothing where it may not, or nobody knows.
    pub(crate) further: i64,
}

/// When the contract of an answer of the register runs; nothing of others, or where no term is known.
fn terms(answer: &Answer) -> Option<Picture> {
    let contract = answer.contract.as_ref().filter(|_| answer.question == "register")?;
    let known = |row: &Row| {
        let figure = |name| row.get(name).and_then(|cell: &Cell| cell.figures().first());
        let term = figure("term").filter(|term| term.value().known().is_some())?;
        let (first, last, is_exact) = span_of(term)?;
        let latest = figure("latest-end").and_then(|latest| match &*latest.value() {
            Knowing::Known(Val::Date(latest)) => Some(latest.latest()),
            _ => None,
        });
        let name = if row.kind == "lot" { format!("lot {}", text(row, "lot")) } else { "whole contract".to_owned() };
        // Where it begins or ends on a day that nobody knows, no day of it is drawn as firm.
        let class = if is_exact { class(term) } else { "uncertain" };
        Some((name, (term.clone(), class), first, last, latest.filter(|latest| *latest > last)))
    };
    let rows: Vec<_> =
        answer.answer.iter().filter(|row| matches!(row.kind, "contract" | "lot")).filter_map(known).collect();
    let from = rows.iter().map(|(.., first, _, _)| *first).min()?.min(answer.as_of);
    let ends = rows.iter().map(|(.., last, latest)| latest.unwrap_or(*last));
    let to = ends.max()?.max(answer.as_of);
    let days = (to - from).num_days().max(1);
    let at = |day: Day| LEFT as i64 + (day - from).num_days() * LONG as i64 / days;
    let words = rows.iter().map(|(name, (term, _), _, _, latest)| {
        let further = latest.map(|latest| format!(", at the latest to {}", DateSpan::day(latest)));
        format!("{name}: {}{}", term.words(), further.unwrap_or_default())
    });
    let words: Vec<String> = words.collect();
    let every = (i64::from(to.year() - from.year()) / 12 + 1) as usize;
    let years = (from.year() + 1..=to.year()).step_by(every);
    let years = years.filter_map(|year| Some((at(Day::from_ymd_opt(year, 1, 1)?), year))).collect();
    let rows = rows.into_iter().enumerate().map(|(number, (name, (_, class), first, last, latest))| Term {
        y: 30 + number * ROW,
        name,
        x: at(first),
        length: (at(last) - at(first)).max(2),
        class,
        further: latest.map_or(0, |latest| at(latest) - at(last)),
    });
    let rows: Vec<Term> = rows.collect();
    let height = 30 + rows.len() * ROW + 24;
    Some(Picture {
        title: format!("Terms of {contract}, as they are on this day"),
        words: words.join("; "),
        width: LEFT + LONG + 40,
        height,
        drawn: Drawn::Terms(Terms { rows, years, day: at(answer.as_of), foot: height - 20 }),
    })
}

/// The first and the last day of a term, by the facts that it rests on, and whether both are known to the day.
fn span_of(term: &Figure) -> Option<(Day, Day, bool)> {
    let facts = term.rests_on.iter().map(|fact| (&fact.event().kind, fact.effective()));
    let spans: Vec<(DateSpan, DateSpan)> = facts
        .filter_map(|(kind, effective)| match kind {
            EventKind::TermSet { last_day, .. } | EventKind::Extended { last_day, .. } => Some((effective, *last_day)),
            _ => None,
        })
        .collect();
    let first = spans.iter().map(|(first, _)| first.earliest()).min()?;
    let last = spans.iter().map(|(_, last)| last.latest()).max()?;
    let is_exact = spans.iter().all(|(first, last)| first.exact().is_some() && last.exact().is_some());
    (first < last).then_some((first, last, is_exact))
}

/// Words in lines of so many characters, parted at spaces and hyphens.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for part in text.split_inclusive([' ', '-']) {
        let last = lines.last_mut().expect("there is always a line");
        match last.is_empty() || last.chars().count() + part.trim_end().chars().count() <= width {
            true => last.push_str(part),
            false => lines.push(part.to_owned()),
        }
    }
    lines
}
