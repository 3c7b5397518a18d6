//! A draft as the fields of a form: what is written in them into a decision file, and a decision file into fields. A field is
//! called by its place in the file, as `event.0.line.part`. It must not judge what is written: the decision file is checked,
//! and no form beside it.

use minutebook_events::Day;
use minutebook_events::fields::{self, Field, KINDS, Kind, Takes};
use std::collections::BTreeMap;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What is written in the fields of a form, by their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Filled(BTreeMap<String, String>);

/// What a decision file has and a form does not show, in words, with its line.
pub(super) type Left = Vec<String>;

/// How a value that may be unknown is known, beside its field.
pub(super) fn knowing(name: &str) -> String {
    format!("{name}-is")
}

/// The words for not knowing, each with what it means.
pub(super) const NOT_KNOWN: [(&str, &str); 2] =
    [("unknown", "not in the record, because"), ("withheld", "withheld, on the ground")];

/// The kinds that can be recorded here, with the word of each where one of several tables belongs in one of its fields: what
/// destroys a content is asked for elsewhere.
pub(super) fn kinds() -> impl Iterator<Item = (&'static Kind, Option<&'static str>)> {
    KINDS.iter().filter(|kind| kind.name != "content-erased").flat_map(|kind| {
        let words = kind.own.iter().find_map(|field| match field.takes {
            Takes::OneOf(tables) => Some(tables.iter().map(|(word, _)| Some(*word)).collect()),
            _ => None,
        });
        words.unwrap_or_else(|| vec![None]).into_iter().map(move |word| (kind, word))
    })
}

/// By what a kind is chosen: its name, and its word.
pub(super) fn choice((kind, word): (&Kind, Option<&str>)) -> String {
    word.map_or_else(|| kind.name.to_owned(), |word| format!("{} {word}", kind.name))
}

impl Filled {
    /// A form with nothing written in it but the entry's id, and one document to be named.
    pub(super) fn new(id: impl ToString) -> Self {
        let mut form = Self::default();
        form.set("id", id.to_string());
        form.add("document");
        form
    }

    /// Writes in a field.
    pub(super) fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.insert(name.into(), value.into());
    }

    /// What is written in a field.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str).trim()
    }

    /// How many there are of a list of tables.
    pub(super) fn count(&self, list: &str) -> usize {
        (0..).take_while(|at| self.names_in(&format!("{list}.{at}.")).next().is_some()).count()
    }

    fn names_in<'a>(&'a self, within: &'a str) -> impl Iterator<Item = &'a String> {
        self.0.range(within.to_owned()..).map(|(name, _)| name).take_while(move |name| name.starts_with(within))
    }

    /// The kind of an event.
    pub(super) fn kind(&self, event: &str) -> Option<&'static Kind> {
        fields::kind(self.get(&format!("{event}.kind"))).filter(|kind| kind.name != "content-erased")
    }

    /// Adds an event, by the choice of its kind; whether there is such a kind.
    pub(super) fn add_event(&mut self, chosen: &str) -> bool {
        let Some((kind, word)) = kinds().find(|kind| choice(*kind) == chosen) else { return false };
        let event = format!("event.{}", self.count("event"));
        self.set(format!("{event}.kind"), kind.name);
        for field in kind.own {
            match (field.takes, word) {
                (Takes::OneOf(_), Some(word)) => self.set(format!("{event}.{}", field.name), word),
                // One of each list that must have one is there to be filled in.
                (Takes::Tables(_), _) if field.required => self.add(&format!("{event}.{}", field.name)),
                _ => {}
            }
        }
        true
    }

    /// Adds a table to a list, with nothing written in it.
    pub(super) fn add(&mut self, list: &str) {
        let one = format!("{list}.{}", self.count(list));
        // What shows that it is there.
        self.set(format!("{one}."), "");
    }

    /// Takes a table out of its list, by its name; those after it move up.
    pub(super) fn remove(&mut self, one: &str) {
        let Some((list, Ok(gone))) = one.rsplit_once('.').map(|(list, at)| (list, at.parse::<usize>())) else { return };
        let within = format!("{list}.");
        let moved = std::mem::take(&mut self.0).into_iter().filter_map(|(name, value)| {
            let place = name.strip_prefix(&within).and_then(|rest| {
                let (at, rest) = rest.split_once('.')?;
                Some((at.parse::<usize>().ok()?, rest.to_owned()))
            });
            match place {
                Some((at, _)) if at == gone => None,
                Some((at, rest)) if at > gone => Some((format!("{within}{}.{rest}", at - 1), value)),
                _ => Some((name, value)),
            }
        });
        self.0 = moved.collect();
    }

    /// The decision file that says what is written.
    pub(super) fn text(&self) -> String {
        let mut text = self.lines(fields::ENTRY.iter(), "");
        text.push_str("\n[act]\n");
        text.push_str(&self.lines(fields::ACT.iter(), "act."));
        for at in 0..self.count("document") {
            text.push_str("\n[[document]]\n");
            text.push_str(&self.lines(fields::DOCUMENT.iter(), &format!("document.{at}.")));
        }
        for at in 0..self.count("event") {
            let event = format!("event.{at}");
            text.push_str(&format!("\n[[event]]\nkind = {}\n", quoted(self.get(&format!("{event}.kind")))));
            if let Some(kind) = self.kind(&event) {
                text.push_str(&self.lines(kind.fields(), &format!("{event}.")));
            }
        }
        text
    }

    fn lines<'a>(&self, fields: impl Iterator<Item = &'a Field>, within: &str) -> String {
        let line = |field: &Field| Some(format!("{} = {}\n", field.name, self.value(field, within, "\n")?));
        fields.filter_map(line).collect()
    }

    /// A field in TOML, its tables one from the next by a line end, or else by a space; none where nothing is written in it.
    fn value(&self, field: &Field, within: &str, end: &str) -> Option<String> {
        let name = format!("{within}{}", field.name);
        let written = self.get(&name);
        match field.takes {
            Takes::Known(takes) => {
                let word = self.get(&knowing(&name));
                let is_known = !NOT_KNOWN.iter().any(|(known, _)| *known == word);
                if is_known { leaf(takes, written) } else { Some(format!("{{ {word} = {} }}", quoted(written))) }
            }
            Takes::List(takes) => {
                let items: Vec<String> = written.lines().filter_map(|line| leaf(takes, line.trim())).collect();
                (!items.is_empty()).then(|| format!("[{}]", items.join(", ")))
            }
            Takes::Table(fields) => Some(self.table(fields, &format!("{name}."))),
            Takes::Tables(fields) => {
                let one = |at: usize| self.table(fields, &format!("{name}.{at}."));
                let all: Vec<String> = (0..self.count(&name)).map(one).collect();
                let (before, between, after) = if end == "\n" { ("\n    ", ",\n    ", ",\n") } else { ("", ", ", "") };
                match all.is_empty() {
                    // None is said by an empty list, where there must be one.
                    true => field.required.then(|| "[]".to_owned()),
                    false => Some(format!("[{before}{}{after}]", all.join(between))),
                }
            }
            Takes::OneOf(tables) => {
                let (word, fields) = tables.iter().find(|(word, _)| *word == written)?;
                Some(format!("{{ {word} = {} }}", self.table(fields, &format!("{name}.{word}."))))
            }
            takes => leaf(&takes, written),
        }
    }

    fn table(&self, fields: &[Field], within: &str) -> String {
        let part = |field: &Field| Some(format!("{} = {}", field.name, self.value(field, within, " ")?));
        let parts: Vec<String> = fields.iter().filter_map(part).collect();
        if parts.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", parts.join(", ")) }
    }

    /// The form that says what a decision file says, and what the file has besides; none where it is no TOML.
    pub(super) fn of(text: &str) -> Option<(Self, Left)> {
        let mut root = DeTable::parse(text).ok()?.into_inner();
        let mut taken = Taken { text, form: Self::default(), left: vec![] };
        taken.comments(&root);
        taken.fields(&mut root, fields::ENTRY.iter(), "");
        if let Some((key, value)) = root.remove_entry("act") {
            taken.one(value, (key.span(), "act"), |taken, table| taken.fields(table, fields::ACT.iter(), "act."));
        }
        if let Some((key, value)) = root.remove_entry("document") {
            taken.tables(value, (key.span(), "document"), &|_| Some(fields::DOCUMENT.iter().collect()));
        }
        if let Some((key, value)) = root.remove_entry("event") {
            taken.tables(value, (key.span(), "event"), &|table| {
                let kind = table.get("kind").and_then(|kind| kind.get_ref().as_str()).and_then(fields::kind);
                kind.filter(|kind| kind.name != "content-erased").map(|kind| kind.fields().collect())
            });
        }
        taken.rest(&root, "");
        taken.left.sort();
        Some((taken.form, taken.left.into_iter().map(|(_, what)| what).collect()))
    }
}

/// A value in TOML; none of what is empty.
fn leaf(takes: &Takes, written: &str) -> Option<String> {
    let bare = match takes {
        Takes::Number => written.parse::<u64>().ok().map(|number| number.to_string()),
        Takes::Day | Takes::Span => {
            written.parse::<Day>().ok().map(|_| written.to_owned()).filter(|day| day.len() == 10)
        }
        Takes::YesNo if written == "yes" => Some("true".to_owned()),
        Takes::YesNo if written == "no" => Some("false".to_owned()),
        _ => None,
    };
    (!written.is_empty()).then(|| bare.unwrap_or_else(|| quoted(written)))
}

/// A text in TOML's quotes (TOML 1.0, Basic strings).
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// What is taken out of a decision file.
struct Taken<'t> {
    text: &'t str,
    form: Filled,
    left: Vec<(usize, String)>,
}

impl Taken<'_> {
    fn line(&self, at: usize) -> usize {
        self.text.get(..at).unwrap_or_default().matches('\n').count() + 1
    }

    fn leave(&mut self, span: &Range<usize>, what: &str) {
        let line = self.line(span.start);
        self.left.push((line, format!("line {line}: {what}")));
    }

    /// Comments are whatever follows a `#` that stands in no key and no value.
    fn comments(&mut self, root: &DeTable) {
        let mut spans = vec![];
        root.iter().for_each(|(key, value)| leaves(key, value, &mut spans));
        spans.sort_by_key(|span| span.start);
        let (mut spans, mut at) = (spans.into_iter().peekable(), 0);
        while let Some(found) = self.text.get(at..).and_then(|rest| rest.find('#')).map(|found| at + found) {
            while spans.next_if(|span| span.end <= found).is_some() {}
            at = match spans.peek().filter(|span| span.contains(&found)) {
                Some(span) => span.end,
                None => {
                    self.leave(&(found..found), "a comment");
                    let rest = self.text.get(found..).unwrap_or_default();
                    rest.find('\n').map_or(self.text.len(), |end| found + end)
                }
            };
        }
    }

    /// Takes the fields of a table out of it, and says what is left.
    fn fields<'f>(&mut self, table: &mut DeTable, fields: impl Iterator<Item = &'f Field>, within: &str) {
        for field in fields {
            if let Some((key, value)) = table.remove_entry(field.name) {
                self.field(&field.takes, value, (key.span(), &format!("{within}{}", field.name)));
            }
        }
        if !within.is_empty() {
            self.rest(table, within);
        }
    }

    fn rest(&mut self, table: &DeTable, within: &str) {
        for key in table.keys() {
            self.leave(&key.span(), &format!("{within}{}", key.get_ref()));
        }
    }

    /// Takes a value as a table.
    fn one(
        &mut self,
        value: Spanned<DeValue>,
        (key, name): (Range<usize>, &str),
        take: impl FnOnce(&mut Self, &mut DeTable),
    ) {
        match value.into_inner() {
            DeValue::Table(mut table) => take(self, &mut table),
            _ => self.leave(&key, name),
        }
    }

    /// Takes a value as a list of tables, each with its fields; one that has none is left.
    fn tables<'f>(
        &mut self,
        value: Spanned<DeValue>,
        (key, name): (Range<usize>, &str),
        fields: &dyn Fn(&DeTable) -> Option<Vec<&'f Field>>,
    ) {
        let DeValue::Array(items) = value.into_inner() else { return self.leave(&key, name) };
        for item in items {
            let (span, at) = (item.span(), self.form.count(name));
            let table = match item.into_inner() {
                DeValue::Table(table) => table,
                _ => DeTable::new(),
            };
            let Some((mut table, fields)) = fields(&table).map(|fields| (table, fields)) else {
                self.leave(&span, name);
                continue;
            };
            self.form.add(name);
            let within = format!("{name}.{at}.");
            if let Some(kind) = table.remove("kind").filter(|_| name == "event") {
                self.form.set(format!("{within}kind"), kind.get_ref().as_str().unwrap_or_default());
            }
            self.fields(&mut table, fields.into_iter(), &within);
        }
    }

    fn field(&mut self, takes: &Takes, value: Spanned<DeValue>, (key, name): (Range<usize>, &str)) {
        let span = value.span();
        match takes {
            Takes::Table(fields) => {
                self.one(value, (key, name), |taken, table| taken.fields(table, fields.iter(), &format!("{name}.")));
            }
            Takes::Tables(fields) => self.tables(value, (key, name), &|_| Some(fields.iter().collect())),
            Takes::OneOf(tables) => self.one(value, (key.clone(), name), |taken, table| {
                let found = tables.iter().find_map(|(word, fields)| Some((word, fields, table.remove(*word)?)));
                if let Some((word, fields, value)) = found {
                    taken.form.set(name, *word);
                    let inner = format!("{name}.{word}");
                    taken.one(value, (key, &inner), |taken, table| {
                        taken.fields(table, fields.iter(), &format!("{inner}."));
                    });
                }
                taken.rest(table, &format!("{name}."));
            }),
            Takes::Known(takes) => match value.get_ref() {
                DeValue::Table(table) => {
                    let word =
                        NOT_KNOWN.iter().find_map(|(word, _)| Some((word, shown(table.get(*word)?, self.text)?)));
                    match word.filter(|_| table.len() == 1) {
                        Some((word, why)) => {
                            self.form.set(name, why);
                            self.form.set(knowing(name), *word);
                        }
                        None => self.leave(&span, name),
                    }
                }
                _ => self.field(takes, value, (key, name)),
            },
            Takes::List(_) => {
                let DeValue::Array(items) = value.get_ref() else { return self.leave(&key, name) };
                let items: Vec<Option<String>> = items.iter().map(|item| shown(item, self.text)).collect();
                let lines: Vec<String> = items.iter().flatten().filter(|line| !line.is_empty()).cloned().collect();
                if lines.len() < items.len() {
                    self.leave(&key, &format!("something in {name}"));
                }
                self.form.set(name, lines.join("\n"));
            }
            takes => match (takes, value.get_ref()) {
                (Takes::YesNo, DeValue::Boolean(value)) => self.form.set(name, if *value { "yes" } else { "no" }),
                (Takes::Choice(words), DeValue::String(word)) if !words.contains(&word.as_ref()) => {
                    self.leave(&span, &format!("{name} = \"{word}\""));
                }
                (Takes::YesNo, _) => self.leave(&span, name),
                _ => match shown(&value, self.text) {
                    Some(text) => self.form.set(name, text),
                    None => self.leave(&span, name),
                },
            },
        }
    }
}

/// A value as a field of one line shows it; none where a line cannot.
fn shown(value: &Spanned<DeValue>, text: &str) -> Option<String> {
    let shown = match value.get_ref() {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Datetime(_) => text.get(value.span())?.to_owned(),
        DeValue::Boolean(_) | DeValue::Array(_) | DeValue::Table(_) => return None,
    };
    (shown.trim() == shown && !shown.contains(char::is_control)).then_some(shown)
}

/// Where keys stand, and values that hold no others.
fn leaves(key: &Spanned<std::borrow::Cow<str>>, value: &Spanned<DeValue>, spans: &mut Vec<Range<usize>>) {
    spans.push(key.span());
    inner_leaves(value, spans);
}

fn inner_leaves(value: &Spanned<DeValue>, spans: &mut Vec<Range<usize>>) {
    match value.get_ref() {
        DeValue::Table(table) => table.iter().for_each(|(key, value)| leaves(key, value, spans)),
        DeValue::Array(items) => items.iter().for_each(|item| inner_leaves(item, spans)),
        _ => spans.push(value.span()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kent::decision_files;
    use minutebook_events::EventKind;
    use minutebook_events::decision_file::DecisionFile;

    /// Every kind of event and every clause, in every form of date, amount and knowledge.
    const EVERY: &str = include_str!("../../events/tests/every-kind.toml");

    fn draft(text: &str) -> minutebook_events::Draft {
        DecisionFile::parse(text).expect(text).draft
    }

    #[test]
    fn a_file_opened_in_the_form_and_written_again_is_the_same_entry() {
        for (name, text) in decision_files().into_iter().chain([("every kind", EVERY)]) {
            let (form, left) = Filled::of(text).expect(name);
            let mut shown = draft(text);
            shown.events.retain(|event| !matches!(event.kind, EventKind::ContentErased { .. }));
            assert_eq!(draft(&form.text()), shown, "{name}: {}", form.text());
            let other: Vec<_> = left.iter().filter(|what| !what.ends_with(": a comment")).collect();
            assert!(other.is_empty() || name == "every kind" && other.len() == 1, "{name}: {other:?}");
            let (again, left) = Filled::of(&form.text()).expect(name);
            assert_eq!((again, left), (form, vec![]), "{name}");
        }
    }

    #[test]
    fn what_the_form_does_not_show_is_said() {
        let text = "# why\nid = \"#no\" # where\n\n[act]\ntitle = 'a # b'\nfoo = 1\n\n[[event]]\nkind = \"party-defined\"\n\
                    party = \"x\" # who\nname = \"a\\nb\"\nsources = [\"C 1\", # first\n  \"\"]\nstanding = \"certain\"\n\n\
                    [[event]]\nkind = \"content-erased\"\n[other]\n";
        let (form, left) = Filled::of(text).expect("it is TOML");
        let expected = [
            "line 1: a comment",
            "line 2: a comment",
            "line 6: act.foo",
            "line 10: a comment",
            "line 11: event.0.name",
            "line 12: a comment",
            "line 12: something in event.0.sources",
            "line 14: event.0.standing = \"certain\"",
            "line 16: event",
            "line 18: other",
        ];
        assert_eq!(left, expected);
        assert_eq!((form.get("act.title"), form.get("event.0.sources"), form.count("event")), ("a # b", "C 1", 1));
    }

    #[test]
    fn every_kind_has_its_fields_and_nothing_filled_in_tells_each_that_is_needed() {
        for kind in kinds() {
            let mut form = Filled::new("0f0e2f3c-7c5e-4f0a-9d57-5b8f3a1c2d4e");
            assert!(form.add_event(&choice(kind)));
            let (again, left) = Filled::of(&form.text()).expect("a form writes TOML");
            assert_eq!((again.text(), left), (form.text(), vec![]));
            let faults = DecisionFile::read(&form.text()).expect_err("nothing is filled in");
            let told: Vec<&str> = faults
                .iter()
                .filter(|fault| fault.event == Some(0))
                .map(|fault| fault.field.as_deref().unwrap_or_default())
                .collect();
            let needed = kind.0.fields().filter(|field| field.required && !matches!(field.takes, Takes::OneOf(_)));
            for field in needed {
                let inside = format!("{}.", field.name);
                let is_told = |path: &&str| *path == field.name || path.starts_with(&inside);
                assert!(told.iter().any(is_told), "{}: {} of {told:?}", kind.0.name, field.name);
            }
        }
    }

    #[test]
    fn whatever_is_written_makes_a_decision_file_of_it() {
        let awkward =
            ["\"", "\\", "a\u{0}b\u{7f}\u{85}", "007", "-1", "2021-02-30", "2021-1-1", "'''", "é #", "}", "maybe"];
        for written in awkward {
            let mut form = Filled::new(written);
            for kind in kinds() {
                form.add_event(&choice(kind));
            }
            let names: Vec<String> = (0..form.count("event"))
                .flat_map(|at| {
                    let kind = form.kind(&format!("event.{at}")).expect("it was added");
                    let leaf = |field: &&Field| !matches!(field.takes, Takes::OneOf(_));
                    kind.fields().filter(leaf).map(|field| format!("event.{at}.{}", field.name)).collect::<Vec<_>>()
                })
                .collect();
            for name in names {
                form.set(name, written);
            }
            assert!(DeTable::parse(&form.text()).is_ok(), "{}", form.text());
        }
    }

    #[test]
    fn what_is_removed_is_gone_and_what_is_after_it_moves_up() {
        let mut form = Filled::new("x");
        for kind in ["milestone", "funding-set", "clause-set term-cap"] {
            assert!(form.add_event(kind));
        }
        form.set("event.1.funders.0.party", "kcc");
        form.add("event.1.funders");
        form.set("event.1.funders.1.party", "nhs");
        form.remove("event.1.funders.0");
        form.remove("event.0");
        assert_eq!((form.count("event"), form.count("event.0.funders")), (2, 1));
        assert_eq!((form.get("event.0.funders.0.party"), form.get("event.1.clause")), ("nhs", "term-cap"));
        assert!(!form.add_event("nonsense") && !form.add_event("content-erased") && !form.add_event("clause-set"));
    }
}
