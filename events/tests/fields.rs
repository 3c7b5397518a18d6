//! The table of fields is what decision files are read into: the same keys, the same words, the same need of each.
#![allow(clippy::unwrap_used, clippy::panic)]

use minutebook_events::EventKind;
use minutebook_events::decision_file::{DecisionFile, FileError};
use minutebook_events::fields::{ACT, COMMON, DOCUMENT, Field, KINDS, Takes, kind};
use std::collections::BTreeSet;

/// A value that a field takes, in TOML.
fn right(takes: &Takes) -> String {
    let table = |fields: &[Field]| {
        let parts: Vec<String> =
            fields.iter().map(|field| format!("{} = {}", field.name, right(&field.takes))).collect();
        format!("{{ {} }}", parts.join(", "))
    };
    match takes {
        Takes::EntryId => "\"0f0e2f3c-7c5e-4f0a-9d57-5b8f3a1c2d4e\"".to_owned(),
        Takes::Source => "\"C 1\"".to_owned(),
        Takes::Part => "\"lot 1\"".to_owned(),
        // Whatever takes a day takes it as TOML has it.
        Takes::Span | Takes::Day => "2021-05-01".to_owned(),
        Takes::Number => "3".to_owned(),
        Takes::Amount => "\"£1m\"".to_owned(),
        Takes::Percent => "\"1%\"".to_owned(),
        Takes::Quantity => "\"1 grant\"".to_owned(),
        Takes::Digits => format!("\"{}\"", "0a".repeat(32)),
        Takes::YesNo => "true".to_owned(),
        Takes::Choice(words) => format!("\"{}\"", words[0]),
        Takes::Known(_) => "{ unknown = \"the record does not say\" }".to_owned(),
        Takes::List(takes) => format!("[{}]", right(takes)),
        Takes::Table(fields) => table(fields),
        Takes::Tables(fields) => format!("[{}]", table(fields)),
        Takes::OneOf(tables) => format!("{{ {} = {} }}", tables[0].0, table(tables[0].1)),
        _ => "\"x\"".to_owned(),
    }
}

fn lines<'a>(fields: impl Iterator<Item = &'a Field>, but: &str, instead: &str) -> String {
    let line = |field: &Field| match field.name {
        name if name == but => instead.to_owned(),
        name => format!("{name} = {}\n", right(&field.takes)),
    };
    fields.map(line).collect()
}

/// A file with one event of a kind, in which one field is written otherwise. Of what ends it has the first day without it.
fn file(name: &str, but: &str, instead: &str) -> String {
    let kind = kind(name).unwrap();
    let act = lines(ACT.iter(), "", "");
    let fields = kind.fields().filter(|field| !(kind.is_ending && field.name == "last_day"));
    format!(
        "id = \"0f0e2f3c-7c5e-4f0a-9d57-5b8f3a1c2d4e\"\n[act]\n{act}[[document]]\n{}[[event]]\nkind = \"{name}\"\n{}",
        lines(DOCUMENT.iter(), "", ""),
        lines(fields, but, instead),
    )
}

#[track_caller]
fn faults(text: &str) -> Vec<FileError> {
    DecisionFile::read(text).err().unwrap_or_default()
}

/// The words of a remedy that stand between backticks.
fn listed(error: &FileError) -> BTreeSet<String> {
    error.remedy.iter().flat_map(|remedy| remedy.split('`').skip(1).step_by(2)).map(ToOwned::to_owned).collect()
}

fn names<'a>(fields: impl Iterator<Item = &'a Field>) -> BTreeSet<String> {
    fields.map(|field| field.name.to_owned()).collect()
}

#[test]
fn kinds_are_those_of_events_and_what_fields_take_is_read() {
    assert_eq!(KINDS.map(|kind| kind.name), EventKind::NAMES);
    for kind in KINDS {
        let text = file(kind.name, "", "");
        assert_eq!(faults(&text), [], "{text}");
    }
}

#[test]
fn the_fields_of_each_kind_are_the_keys_that_are_read() {
    for kind in KINDS {
        let faults = faults(&(file(kind.name, "", "") + "zzzzzzzzzz = 1\n"));
        let mut keys = names(kind.own.iter().chain(COMMON));
        keys.insert("kind".to_owned());
        assert_eq!(listed(&faults[0]), keys, "{faults:?}");
    }
    for (table, fields) in [("[act]", ACT), ("[[document]]", DOCUMENT)] {
        let text = file("milestone", "", "").replace(table, &format!("{table}\nzzzzzzzzzz = 1"));
        assert_eq!(listed(&faults(&text)[0]), names(fields.iter()));
    }
}

#[test]
fn what_is_needed_is_missed_and_nothing_else_is() {
    for kind in KINDS {
        for field in kind.fields() {
            let faults = faults(&file(kind.name, field.name, ""));
            let missed = faults.iter().any(|fault| fault.is_missing && fault.field.as_deref() == Some(field.name));
            assert_eq!(
                (missed, faults.len()),
                (field.required, usize::from(field.required)),
                "{}: {faults:?}",
                kind.name
            );
        }
    }
}

#[test]
fn the_words_to_choose_from_are_those_that_are_read() {
    for kind in KINDS {
        for field in kind.fields() {
            let words: BTreeSet<String> = match field.takes {
                Takes::Choice(words) => words.iter().map(|word| (*word).to_owned()).collect(),
                Takes::OneOf(tables) => tables.iter().map(|(word, _)| (*word).to_owned()).collect(),
                _ => continue,
            };
            let line = format!("{} = \"zzzzzzzzzz\"\n", field.name);
            assert_eq!(listed(&faults(&file(kind.name, field.name, &line))[0]), words, "{}", field.name);
        }
    }
}

#[test]
fn every_table_of_a_choice_is_read_as_its_fields_say() {
    for kind in KINDS {
        for field in kind.own {
            let Takes::OneOf(tables) = field.takes else { continue };
            for (word, fields) in tables {
                let whole = |but: &str, more: &str| {
                    let inner = fields.iter().filter(|field| field.name != but);
                    let parts: Vec<_> =
                        inner.map(|field| format!("{} = {}", field.name, right(&field.takes))).collect();
                    let line = format!("{} = {{ {word} = {{ {}{more} }} }}\n", field.name, parts.join(", "));
                    faults(&file(kind.name, field.name, &line))
                };
                assert_eq!(whole("", ""), [], "{word}");
                let comma = if fields.is_empty() { "" } else { ", " };
                let keys = listed(&whole("", &format!("{comma}zzzzzzzzzz = 1"))[0]);
                assert_eq!(keys, names(fields.iter()), "{word}");
                for inner in *fields {
                    let is_missed = whole(inner.name, "").iter().any(|fault| fault.is_missing);
                    assert_eq!(is_missed, inner.required, "{word}: {}", inner.name);
                }
            }
        }
    }
}
