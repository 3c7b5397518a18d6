//! Kent's twelve districts and Medway as tiles, about where they lie, with who runs which lot: as far as the titles of lots name
//! them. A title that says "West Kent" names no district, and no document says which it means: such a lot is listed, and drawn on
//! no tile. It must not guess where a lot is.

use super::draw::{Drawn, Picture, class, lacking, text, wrapped};
use crate::question::{Answer, Row};
use minutebook_events::Standing;
use minutebook_projections::{Figure, Knowing, State, Val};

/// The districts of Kent's twelve district councils, and Medway's, each with its column and row.
const DISTRICTS: [(&str, usize, usize); 13] = [
    ("Dartford", 0, 0),
    ("Gravesham", 1, 0),
    ("Medway", 2, 0),
    ("Swale", 3, 0),
    ("Canterbury", 4, 0),
    ("Thanet", 5, 0),
    ("Sevenoaks", 0, 1),
    ("Tonbridge and Malling", 1, 1),
    ("Maidstone", 2, 1),
    ("Ashford", 3, 1),
    ("Dover", 5, 1),
    ("Tunbridge Wells", 1, 2),
    ("Folkestone and Hythe", 4, 2),
];

const WIDE: usize = 186;
const TALL: usize = 112;
const GAP: usize = 8;
const LINE: usize = 17;

/// The map of one contract's lots.
pub(crate) struct Tiles {
    /// The lots whose titles name no district here.
    pub(crate) elsewhere: Vec<String>,
    /// A tile a district.
    pub(crate) tiles: Vec<Tile>,
}

/// One district.
pub(crate) struct Tile {
    pub(crate) x: usize,
    pub(crate) y: usize,
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) name: String,
    /// How firmly what is on it stands; empty where no lot names it.
    pub(crate) class: &'static str,
    /// What is on it, in lines, each with where it stands.
    pub(crate) lines: Vec<(usize, String)>,
}

/// The map of an answer about the lots of one contract; nothing where no title names a district.
pub(crate) fn tiles(answer: &Answer) -> Option<Picture> {
    let contract = answer.contract.as_ref().filter(|_| answer.question == "lots")?;
    let lots: Vec<&Row> = answer.answer.iter().filter(|row| row.kind == "lot").collect();
    let named = |row: &&&Row, district: &str| names(&text(row, "title"), district);
    let (mut tiles, mut words) = (vec![], vec![]);
    for (name, column, row) in DISTRICTS {
        let here: Vec<&Row> = lots.iter().filter(|lot| named(lot, name)).copied().collect();
        let said: Vec<String> = here.iter().map(|lot| who(lot)).collect();
        if !said.is_empty() {
            words.push(format!("{name}: {}", said.join("; ")));
        }
        let (x, y) = (column * (WIDE + GAP), row * (TALL + GAP));
        let lines = said.iter().flat_map(|said| wrapped(said, 23)).take(4);
        let line = |(number, line): (usize, String)| (y + 40 + number * LINE, line);
        let class = match &here[..] {
            [] => "empty",
            [one] => standing(one),
            several => {
                let first = standing(several[0]);
                if several.iter().all(|lot| standing(lot) == first) { first } else { "uncertain" }
            }
        };
        let lines = lines.enumerate().map(line).collect();
        tiles.push(Tile { x, y, width: WIDE, height: TALL, name: name.to_owned(), class, lines });
    }
    if words.is_empty() {
        return None;
    }
    let nowhere = lots.iter().filter(|lot| !DISTRICTS.iter().any(|(name, ..)| named(lot, name)));
    let elsewhere = nowhere.map(|lot| text(lot, "lot")).collect();
    Some(Picture {
        title: format!("Lots of {contract} by the districts that their titles name"),
        words: words.join(". "),
        width: 6 * (WIDE + GAP) - GAP,
        height: 3 * (TALL + GAP) - GAP,
        drawn: Drawn::Map(Tiles { elsewhere, tiles }),
    })
}

/// Whether a title has a name in it as whole words.
fn names(title: &str, name: &str) -> bool {
    let title = title.replace('&', "and");
    title.match_indices(name).any(|(at, _)| {
        let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        !is_word(title[..at].chars().next_back()) && !is_word(title[at + name.len()..].chars().next())
    })
}

fn figure<'a>(row: &'a Row, name: &str) -> Option<&'a Figure> {
    row.get(name).and_then(|cell| cell.figures().first())
}

/// Who runs a lot, and what it is where it is not in force by firm facts, in few words.
fn who(lot: &Row) -> String {
    let holder = figure(lot, "holder").map_or_else(String::new, |holder| match &*holder.value() {
        Knowing::Known(party) => party.words() + &doubts(holder, holder.standing),
        _ => lacking(holder).to_owned(),
    });
    let status = figure(lot, "status").filter(|_| state(lot) != Some(State::InForce));
    let status = status.map(|status| format!(", {}{}", status.value().words(), doubts(status, None)));
    format!("lot {}: {holder}{}", text(lot, "lot"), status.unwrap_or_default())
}

/// What is to be said with a figure that does not stand firmly: a border alone is not seen by everybody.
fn doubts(figure: &Figure, standing: Option<Standing>) -> String {
    let standing = standing.filter(|standing| !standing.is_firm()).map(|standing| format!(" ({standing})"));
    let uncertain = if figure.uncertain.is_some() { " (uncertain)" } else { "" };
    standing.unwrap_or_default() + uncertain
}

/// What a lot is on the day; nothing where nobody can say.
fn state(lot: &Row) -> Option<State> {
    let status = figure(lot, "status")?;
    match &*status.value() {
        Knowing::Known(Val::State(state)) if status.uncertain.is_none() => Some(*state),
        _ => None,
    }
}

/// How firmly it stands that this runs here on the day: no more firmly than that the lot is in force.
fn standing(lot: &Row) -> &'static str {
    match (figure(lot, "holder"), state(lot)) {
        (Some(holder), Some(State::InForce)) => class(holder),
        (Some(_), Some(State::SaidToBe(Standing::Inferred))) => "ours",
        (Some(_), Some(State::SaidToBe(_))) => "tentative",
        (Some(_), _) => "uncertain",
        (None, _) => "unknown",
    }
}
