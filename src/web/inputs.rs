//! The fields of a form as the page shows them: labels, hints, what can be chosen, and what is wrong at each. It must not write
//! HTML, which the template does, nor find what is wrong.

use super::form::{Filled, NOT_KNOWN, knowing};
use crate::report::in_hand::Reason;
use minutebook_events::ContractId;
use minutebook_events::decide::{IdKind, Known};
use minutebook_events::fields::{self, Field, Kind, Takes};
use std::collections::BTreeSet;

/// A piece of the form, in the order of the page.
pub(super) enum Piece {
    /// The beginning of a group of fields.
    Open(Group),
    /// One field.
    Input(Input),
    /// What is written in no field of its own.
    Hidden { name: String, value: String },
    /// What adds one more to a list of groups.
    Add { list: String, label: String, at: usize },
    /// The end of a group, and what takes it away, where that can be.
    Close { remove: Option<(String, String)> },
}

/// A group of fields.
pub(super) struct Group {
    pub(super) name: String,
    pub(super) legend: String,
    pub(super) hint: String,
    pub(super) wrong: Vec<String>,
    /// Whether it is one of the parts of the page: the act, a document, an event.
    pub(super) is_part: bool,
}

/// A field.
pub(super) struct Input {
    pub(super) name: String,
    pub(super) label: String,
    pub(super) hint: String,
    pub(super) value: String,
    pub(super) wrong: Vec<String>,
    pub(super) how: How,
    /// Whether it takes the width of the page.
    pub(super) is_broad: bool,
}

/// How a field is written in.
pub(super) enum How {
    /// In one line: the list of what is known, where there is one, and whether it is of words.
    Line { list: Option<&'static str>, is_words: bool },
    /// In several lines, as many as are shown.
    Lines(usize),
    /// By a choice: value and words.
    Choice(Vec<(String, String)>),
    /// In one line, with a choice beside it of how it is known: its name, what is chosen, and value and words.
    Known { name: String, chosen: String, words: Vec<(&'static str, String)>, list: Option<&'static str> },
}

/// What a screen reader says more of a field or a group: its hint, and what is wrong with it.
fn described_by(name: &str, hint: &str, wrong: &[String]) -> String {
    let hint = (!hint.is_empty()).then(|| format!("{name}-hint"));
    let wrong = (!wrong.is_empty()).then(|| format!("{name}-wrong"));
    hint.into_iter().chain(wrong).collect::<Vec<_>>().join(" ")
}

impl Group {
    /// The ids of what says more of it.
    pub(super) fn described_by(&self) -> String {
        described_by(&self.name, &self.hint, &self.wrong)
    }
}

impl Input {
    /// The ids of what says more of it.
    pub(super) fn described_by(&self) -> String {
        described_by(&self.name, &self.hint, &self.wrong)
    }
}

/// Something that is wrong, and the field it is said at, where it is of one.
pub(super) struct Wrong {
    pub(super) at: Option<String>,
    pub(super) what: String,
    /// As it stands beside the file, for what is of no field.
    pub(super) shown: Option<String>,
}

impl Wrong {
    /// Something that is of no place in the draft.
    pub(super) fn said(what: impl Into<String>) -> Self {
        Self { at: None, what: what.into(), shown: None }
    }

    /// The same beside the text of a decision file.
    pub(super) fn in_text(reason: &Reason) -> Self {
        Self { at: Some("text".to_owned()), what: String::new(), shown: Some(reason.shown.clone()) }
    }
}

/// A kind of event in words, with its word where it has one.
pub(super) fn words((kind, word): (&Kind, Option<&str>)) -> String {
    let word = word.map(|word| format!(", {word}")).unwrap_or_default();
    format!("{}{word}: {}", kind.name, kind.says.to_lowercase())
}

/// How much of a text a line of its field shows.
const PROSE: usize = 30;

/// The fields of a draft.
pub(super) fn pieces(form: &Filled) -> Vec<Piece> {
    let mut pieces = vec![];
    open(&mut pieces, "act", "The act", "One act of governance. Offices decide, not names.", true);
    draw(&mut pieces, form, fields::ACT.iter(), "act.");
    draw(&mut pieces, form, fields::ENTRY.iter(), "");
    pieces.push(Piece::Close { remove: None });
    for at in 0..form.count("document") {
        let (name, legend) = (format!("document.{at}"), format!("Document {}", at + 1));
        open(&mut pieces, &name, &legend, "What the events cite.", true);
        draw(&mut pieces, form, fields::DOCUMENT.iter(), &format!("{name}."));
        pieces.push(Piece::Close { remove: Some((name, format!("Remove document {}", at + 1))) });
    }
    pieces.push(Piece::Add {
        list: "document".to_owned(),
        label: "Add a document".to_owned(),
        at: form.count("document"),
    });
    for at in 0..form.count("event") {
        let name = format!("event.{at}");
        let written = form.get(&format!("{name}.kind")).to_owned();
        let kind = form.kind(&name);
        let says = kind.map_or_else(|| "There is no such kind of event.".to_owned(), |kind| format!("{}.", kind.says));
        open(&mut pieces, &name, &format!("Event {}: {written}", at + 1), &says, true);
        pieces.push(Piece::Hidden { name: format!("{name}.kind"), value: written });
        if let Some(kind) = kind {
            draw(&mut pieces, form, kind.fields(), &format!("{name}."));
        }
        pieces.push(Piece::Close { remove: Some((name, format!("Remove event {}", at + 1))) });
    }
    pieces
}

fn open(pieces: &mut Vec<Piece>, name: &str, legend: &str, hint: &str, is_part: bool) {
    pieces.push(Piece::Open(Group {
        name: name.to_owned(),
        legend: legend.to_owned(),
        hint: hint.to_owned(),
        wrong: vec![],
        is_part,
    }));
}

fn draw<'f>(pieces: &mut Vec<Piece>, form: &Filled, fields: impl Iterator<Item = &'f Field>, within: &str) {
    for field in fields {
        let name = format!("{within}{}", field.name);
        match field.takes {
            Takes::Table(fields) => {
                open(pieces, &name, field.label, field.hint, false);
                draw(pieces, form, fields.iter(), &format!("{name}."));
                pieces.push(Piece::Close { remove: None });
            }
            Takes::Tables(fields) => draw_list(pieces, form, (field, fields), &name),
            Takes::OneOf(tables) => {
                let written = form.get(&name);
                open(pieces, &name, &format!("{}: {written}", field.label), field.hint, false);
                pieces.push(Piece::Hidden { name: name.clone(), value: written.to_owned() });
                if let Some((word, fields)) = tables.iter().find(|(word, _)| *word == written) {
                    draw(pieces, form, fields.iter(), &format!("{name}.{word}."));
                }
                pieces.push(Piece::Close { remove: None });
            }
            _ => pieces.push(Piece::Input(input(field, name, form))),
        }
    }
}

/// A list of groups, and what adds one more.
fn draw_list(pieces: &mut Vec<Piece>, form: &Filled, (field, fields): (&Field, &'static [Field]), name: &str) {
    open(pieces, name, &format!("{}s", field.label), field.hint, false);
    for at in 0..form.count(name) {
        let one = format!("{name}.{at}");
        let called = format!("{} {}", field.label, at + 1);
        open(pieces, &one, &called, "", false);
        draw(pieces, form, fields.iter(), &format!("{one}."));
        pieces.push(Piece::Close { remove: Some((one, format!("Remove {}", called.to_lowercase()))) });
    }
    let label = format!("Add a {}", field.label.to_lowercase());
    pieces.push(Piece::Add { list: name.to_owned(), label, at: form.count(name) });
    pieces.push(Piece::Close { remove: None });
}

fn input(field: &Field, name: String, form: &Filled) -> Input {
    let value = form.get(&name).to_owned();
    let optional = if field.required { "" } else { " (optional)" };
    let how = match field.takes {
        Takes::Choice(words) => choice(words.iter().map(|word| (*word, word.replace('-', " ")))),
        Takes::YesNo => choice([("yes", "yes".to_owned()), ("no", "no".to_owned())].into_iter()),
        Takes::List(_) => How::Lines(value.lines().count().clamp(2, 12)),
        Takes::Prose => How::Lines((value.len() / PROSE).clamp(2, 8)),
        Takes::Known(takes) => How::Known {
            chosen: form.get(&knowing(&name)).to_owned(),
            name: knowing(&name),
            words: std::iter::once(("", "as stated".to_owned()))
                .chain(NOT_KNOWN.iter().map(|(word, words)| (*word, (*words).to_owned())))
                .collect(),
            list: list_of(takes),
        },
        takes => How::Line { list: list_of(&takes), is_words: matches!(takes, Takes::Words) },
    };
    let is_broad = match field.takes {
        Takes::List(takes) => matches!(takes, Takes::Words),
        Takes::Words => field.required,
        Takes::Digits => true,
        _ => false,
    };
    let label = format!("{}{optional}", field.label);
    Input { name, label, hint: field.hint.to_owned(), value, wrong: vec![], how, is_broad }
}

fn choice<'w>(words: impl Iterator<Item = (&'w str, String)>) -> How {
    let nothing = (String::new(), String::new());
    How::Choice(std::iter::once(nothing).chain(words.map(|(word, words)| (word.to_owned(), words))).collect())
}

/// The list that names what is known of a kind.
fn list_of(takes: &Takes) -> Option<&'static str> {
    match takes {
        Takes::Name(IdKind::Contract) => Some("known-contracts"),
        Takes::Name(IdKind::Party) => Some("known-parties"),
        Takes::Name(IdKind::Office) => Some("known-offices"),
        Takes::Name(IdKind::Lot) => Some("known-lots"),
        Takes::Name(IdKind::Service) => Some("known-services"),
        Takes::Name(IdKind::Content) => Some("known-contents"),
        Takes::Part => Some("known-parts"),
        _ => None,
    }
}

/// The most names that a list of what is known has: of a large register none are suggested.
const MOST_NAMES: usize = 500;

/// What is known to the ledger, by the names of lists: what is of a contract, for the contracts that the draft names.
pub(super) fn known(form: &Filled, known: &dyn Known) -> Vec<(&'static str, Vec<String>)> {
    let named = (0..form.count("event")).map(|at| form.get(&format!("event.{at}.contract")).parse::<ContractId>());
    let named: BTreeSet<ContractId> = named.flatten().take(20).collect();
    let of_contracts = |kind| named.iter().flat_map(|contract| known.ids(kind, Some(contract))).collect();
    let (lots, services): (Vec<String>, Vec<String>) = (of_contracts(IdKind::Lot), of_contracts(IdKind::Service));
    let of = |word: &str, ids: &[String]| ids.iter().map(|id| format!("{word} {id}")).collect::<Vec<_>>();
    let parts = [of("lot", &lots), of("service", &services)].concat();
    let lists = [
        ("known-contracts", known.ids(IdKind::Contract, None)),
        ("known-parties", known.ids(IdKind::Party, None)),
        ("known-offices", known.ids(IdKind::Office, None)),
        ("known-lots", lots),
        ("known-services", services),
        ("known-contents", of_contracts(IdKind::Content)),
        ("known-parts", parts),
    ];
    let lists = lists.into_iter().map(|(name, mut ids)| {
        ids.sort_unstable();
        ids.dedup();
        (name, if ids.len() > MOST_NAMES { vec![] } else { ids })
    });
    lists.collect()
}

/// Says each of the reasons at the field it is of, or else at the group around it, and lists them in the order of the page.
pub(super) fn place(pieces: &mut [Piece], reasons: &[Reason]) -> Vec<Wrong> {
    let mut wrong: Vec<(usize, Wrong)> = reasons.iter().map(|reason| place_one(pieces, reason)).collect();
    wrong.sort_by_key(|(place, _)| *place);
    wrong.into_iter().map(|(_, wrong)| wrong).collect()
}

/// The part of the page that a field is in, where there are several of its sort.
fn part_of(path: &str) -> Option<String> {
    let mut names = path.split('.');
    let part = match names.next()? {
        "event" => "Event",
        "document" => "Document",
        _ => return None,
    };
    Some(format!("{part} {}", names.next()?.parse::<usize>().ok()? + 1))
}

/// With the place on the page, by its pieces.
fn place_one(pieces: &mut [Piece], reason: &Reason) -> (usize, Wrong) {
    let Some(error) = &reason.place else { return (0, Wrong::said(reason.shown.trim_end())) };
    let event = error.event.map(|at| format!("event.{at}"));
    let mut path: String = [event, error.field.clone()].into_iter().flatten().collect::<Vec<_>>().join(".");
    loop {
        for (place, piece) in pieces.iter_mut().enumerate() {
            let (name, label, wrong) = match piece {
                Piece::Open(group) => (&group.name, &group.legend, &mut group.wrong),
                Piece::Input(input) => (&input.name, &input.label, &mut input.wrong),
                Piece::Hidden { .. } | Piece::Add { .. } | Piece::Close { .. } => continue,
            };
            if *name == path {
                let what = if error.is_missing { format!("{label} must be given") } else { error.to_string() };
                wrong.push(what.clone());
                let what = part_of(&path).map_or_else(|| what.clone(), |part| format!("{part}: {what}"));
                return (place, Wrong { at: Some(path), what, shown: None });
            }
        }
        match path.rsplit_once('.') {
            Some((outer, _)) => path = outer.to_owned(),
            // What is of the whole is mended by adding to it.
            None => return (usize::MAX, Wrong { at: Some("kind".to_owned()), what: error.to_string(), shown: None }),
        }
    }
}
