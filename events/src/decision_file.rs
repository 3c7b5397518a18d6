//! The decision file: one act written by hand in TOML, read into a [`Draft`] with the place of every value. It must
//! not judge whether the act holds together (that is [`crate::decide`]) and must not read files: it is given text.
//!
//! ```
//! use minutebook_events::decision_file::{DecisionFile, render};
//! let text = "id = \"ab61f2c8-6d3b-4a37-9d3c-5f0c6f1f2a10\"\n[act]\ntitel = \"Award\"\n";
//! let error = DecisionFile::parse(text).unwrap_err();
//! let shown = render("award.toml", text, error.span, &error.reason, error.remedy.as_deref());
//! assert!(shown.starts_with("award.toml:3:1\n"));
//! assert!(shown.ends_with("unknown key `titel`\ndid you mean `title`?\n"));
//! ```

use crate::decide::{Rejection, is_hidden};
use crate::entry::{Act, Draft};
use crate::event::Event;
use crate::ids::EntryId;
use crate::nearest::nearest;
use crate::prelude::*;
use crate::source::Document;
use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use core::fmt;
use core::ops::Range;
use serde::de::value::{MapAccessDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{Deserialize, Deserializer, Expected, IntoDeserializer, Unexpected, Visitor};
use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

/// The most that a decision file may hold, in bytes. Whoever reads one checks its size first.
pub const MAX_FILE_BYTES: usize = 4 * 1024 * 1024;

/// The keys of every event, beside those of its kind.
const COMMON: [&str; 7] = ["kind", "effective", "until", "standing", "because", "doubt", "sources"];

/// The keys that take a date, which TOML can write without quotes.
const DATES: [&str; 6] = ["effective", "until", "last_day", "decided", "dated", "from"];

/// The kinds whose `effective` is the first day without something: their files may give the last day with it.
const ENDINGS: [&str; 4] = ["ended", "lot-released", "service-removed", "partner-left"];

/// What is wrong with a decision file, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}{}", remedy.as_ref().map(|remedy| format!(": {remedy}")).unwrap_or_default())]
pub struct FileError {
    /// The place, in bytes of the text.
    pub span: Range<usize>,
    /// What is wrong.
    pub reason: String,
    /// What would be right.
    pub remedy: Option<String>,
}

/// A decision file that reads as a draft.
#[derive(Debug, Clone)]
pub struct DecisionFile {
    /// The entry to be.
    pub draft: Draft,
    places: Places,
}

impl DecisionFile {
    /// Reads a decision file from bytes.
    ///
    /// To show an error of bytes that are no UTF-8, [`render`] it over [`String::from_utf8_lossy`]: up to the error
    /// the two are the same.
    ///
    /// # Errors
    /// As [`DecisionFile::parse`], and where the bytes are no UTF-8.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FileError> {
        let text = core::str::from_utf8(bytes).map_err(|error| not_utf8(bytes, error.valid_up_to()))?;
        Self::parse(text)
    }

    /// Reads a decision file.
    ///
    /// # Errors
    /// [`FileError`], always with a place: no TOML, an unknown key, kind or word, a missing key, a value of the wrong
    /// shape, more than [`MAX_FILE_BYTES`].
    pub fn parse(text: &str) -> Result<Self, FileError> {
        if text.len() > MAX_FILE_BYTES {
            let reason = format!("the file has {} bytes, and the limit is {MAX_FILE_BYTES}", text.len());
            return Err(said(0..0, reason, "write one act a file"));
        }
        let root = DeTable::parse(text).map_err(|error| FileError {
            span: within(error.span().unwrap_or(0..0), text),
            reason: error.message().to_owned(),
            remedy: Some(toml_remedy(error.message()).to_owned()),
        })?;
        read(text, root).map_err(|problem| problem.into_error(text))
    }

    /// The bytes of a field, or of the event that lacks it, or the first of the file.
    ///
    /// Fields inside a field are named with points, as `line.part` or `sources.0`; those of the act and the documents
    /// start with `act` and `document`, and belong to no event.
    pub fn place_of(&self, event: Option<usize>, field: Option<&str>) -> Range<usize> {
        let (fallback, fields) = match event {
            None => (0..0, &self.places.top),
            Some(at) => match self.places.events.get(at) {
                None => return 0..0,
                Some(event) => (event.table.clone(), &event.fields),
            },
        };
        let mut path = field.unwrap_or_default();
        loop {
            if let Some(span) = fields.get(path) {
                return span.clone();
            }
            match path.rsplit_once('.') {
                Some((outer, _)) => path = outer,
                None => return fallback,
            }
        }
    }

    /// A rejection of the draft, at its place in the file.
    pub fn place(&self, rejection: &Rejection) -> FileError {
        FileError {
            span: self.place_of(rejection.event, rejection.field.as_deref()),
            reason: rejection.why.to_string(),
            remedy: Some(rejection.why.remedy()),
        }
    }
}

/// Where the values of a file stand.
#[derive(Debug, Clone, Default)]
struct Places {
    top: Fields,
    events: Vec<EventPlace>,
}

#[derive(Debug, Clone)]
struct EventPlace {
    table: Range<usize>,
    fields: Fields,
}

/// Path of a field to the place of its value.
type Fields = BTreeMap<String, Range<usize>>;

fn note(fields: &mut Fields, path: &str, value: &Spanned<DeValue>) {
    fields.insert(path.to_owned(), value.span());
    match value.get_ref() {
        DeValue::Table(table) => note_all(fields, &format!("{path}."), table),
        DeValue::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| note(fields, &format!("{path}.{at}"), item));
        }
        _ => {}
    }
}

fn note_all(fields: &mut Fields, prefix: &str, table: &DeTable) {
    for (key, value) in table {
        note(fields, &format!("{prefix}{}", key.get_ref()), value);
    }
}

type Value<'i> = Spanned<DeValue<'i>>;

fn read(text: &str, root: Spanned<DeTable>) -> Result<DecisionFile, Problem> {
    let mut root = root.into_inner();
    quote_dates(text, &mut root)?;
    let mut places = Places::default();
    let events = tables("event", root.remove("event"))?;
    note_all(&mut places.top, "", &root);
    let id: Option<EntryId> = root.remove("id").map(Node::read).transpose()?;
    let act: Option<Act> = root.remove("act").map(|value| table("act", value).and_then(Node::read)).transpose()?;
    let documents = tables("document", root.remove("document"))?;
    only_known_keys(&root)?;
    let draft = Draft {
        id: id.ok_or_else(|| no_id(text))?,
        act: act.ok_or_else(|| Problem::said(0..0, "the file has no act", "add a table [act]"))?,
        documents: documents.into_iter().map(Node::read::<Document>).collect::<Result<_, _>>()?,
        events: events.into_iter().map(|value| event(value, &mut places)).collect::<Result<_, _>>()?,
    };
    Ok(DecisionFile { draft, places })
}

fn no_id(text: &str) -> Problem {
    let remedy = format!("add, as the first line: id = \"{}\"", EntryId::from_text(text));
    Problem::said(
        0..0,
        "the file has no id, without which recording it twice could not be told from recording it once",
        remedy,
    )
}

fn only_known_keys(rest: &DeTable) -> Result<(), Problem> {
    let Some(key) = rest.keys().min_by_key(|key| key.span().start) else { return Ok(()) };
    let what = What::UnknownKey(key.get_ref().to_string(), vec!["id", "act", "document", "event"]);
    Err(Problem { span: Some(key.span()), what })
}

fn table<'i>(name: &str, value: Value<'i>) -> Result<Value<'i>, Problem> {
    if value.get_ref().is_table() {
        return Ok(value);
    }
    let reason = format!("`{name}` is {}, and a table belongs here", kind_of(value.get_ref()));
    Err(Problem::said(value.span(), reason, format!("write [{name}] and its keys below")))
}

/// The tables of a list; none where the file has no such list.
fn tables<'i>(name: &str, value: Option<Value<'i>>) -> Result<Vec<Value<'i>>, Problem> {
    let Some(value) = value else { return Ok(vec![]) };
    let wrong = |span, found| {
        let reason = format!("`{name}` holds {found}, and a list of tables belongs here");
        Err(Problem::said(span, reason, format!("write [[{name}]], with two brackets")))
    };
    let (span, found) = (value.span(), kind_of(value.get_ref()));
    let DeValue::Array(items) = value.into_inner() else { return wrong(span, found) };
    match items.iter().find(|item| !item.get_ref().is_table()) {
        Some(item) => wrong(item.span(), kind_of(item.get_ref())),
        None => Ok(items.into_iter().collect()),
    }
}

/// Reads one event: the keys of its kind stand beside the common ones in a file, and inside the kind in an entry.
fn event(value: Value, places: &mut Places) -> Result<Event, Problem> {
    let span = value.span();
    let DeValue::Table(mut rest) = value.into_inner() else {
        return Err(Problem::said(span, "an event is a table", "write [[event]]"));
    };
    let mut fields = Fields::new();
    note_all(&mut fields, "", &rest);
    let kind = kind(&mut rest, &span)?;
    last_day(&kind, &mut rest, &mut fields)?;
    let mut event = DeTable::new();
    for key in COMMON {
        if let Some((key, value)) = rest.remove_entry(key) {
            event.insert(key, value);
        }
    }
    let own: Vec<Range<usize>> = rest.keys().map(Spanned::span).collect();
    let mut tagged = DeTable::new();
    tagged.insert(kind, Spanned::new(span.clone(), DeValue::Table(rest)));
    event.insert(Spanned::new(span.clone(), "kind".into()), Spanned::new(span.clone(), DeValue::Table(tagged)));
    places.events.push(EventPlace { table: span.clone(), fields });
    Node::read(Spanned::new(span, DeValue::Table(event))).map_err(|problem| problem.offering_common(&own))
}

fn kind<'i>(table: &mut DeTable<'i>, span: &Range<usize>) -> Result<Spanned<Cow<'i, str>>, Problem> {
    let value =
        table.remove("kind").ok_or_else(|| Problem { span: Some(span.clone()), what: What::MissingKey("kind") })?;
    let at = value.span();
    match value.into_inner() {
        DeValue::String(kind) => Ok(Spanned::new(at, kind)),
        other => {
            Err(Problem::said(at, format!("{} where the kind of event belongs", kind_of(&other)), "write it in quotes"))
        }
    }
}

/// `last_day` of what ends, as `effective`: the first day without it.
fn last_day(kind: &Spanned<Cow<str>>, table: &mut DeTable, fields: &mut Fields) -> Result<(), Problem> {
    if !ENDINGS.contains(&kind.get_ref().as_ref()) {
        return Ok(());
    }
    let Some((key, value)) = table.remove_entry("last_day") else { return Ok(()) };
    if table.contains_key("effective") {
        let reason = "both `effective` and `last_day`, of which the one follows from the other";
        return Err(Problem::said(key.span(), reason, "write one: effective is the day after the last day"));
    }
    let span = value.span();
    let last: crate::DateSpan = Node::read(value)?;
    fields.insert("effective".to_owned(), span.clone());
    let day_after = DeValue::String(last.plus_days(1).canonical().into());
    table.insert(Spanned::new(key.span(), "effective".into()), Spanned::new(span, day_after));
    Ok(())
}

/// Puts the dates that TOML writes without quotes into them, and refuses them where no date belongs.
fn quote_dates<'i>(text: &'i str, table: &mut DeTable<'i>) -> Result<(), Problem> {
    for (key, value) in table.iter_mut() {
        let span = value.span();
        match value.get_mut() {
            date @ DeValue::Datetime(_) if DATES.contains(&key.get_ref().as_ref()) => {
                *date = DeValue::String(text.get(span).unwrap_or_default().into());
            }
            inner => quote_inside(text, inner)?,
        }
    }
    Ok(())
}

fn quote_inside<'i>(text: &'i str, value: &mut DeValue<'i>) -> Result<(), Problem> {
    match value {
        DeValue::Table(table) => quote_dates(text, table),
        DeValue::Array(items) => items.iter_mut().try_for_each(|item| quote_inside(text, item.get_mut())),
        _ => Ok(()),
    }
}

/// A value with its place, as serde reads it: whatever is wrong gets the place of the innermost value it is wrong in.
struct Node<'i>(Value<'i>);

impl<'i> Node<'i> {
    fn read<T: Deserialize<'i>>(value: Value<'i>) -> Result<T, Problem> {
        T::deserialize(Node(value))
    }
}

/// The entries of a table in the order of the file, so that the first fault of a file is the one told.
fn entries<'i>(table: DeTable<'i>) -> impl Iterator<Item = (Node<'i>, Node<'i>)> {
    let mut entries: Vec<_> = table.into_iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries.into_iter().map(|(key, value)| {
        let span = key.span();
        (Node(Spanned::new(span, DeValue::String(key.into_inner()))), Node(value))
    })
}

fn integer(number: &DeInteger) -> Result<i64, Problem> {
    i64::from_str_radix(number.as_str(), number.radix())
        .map_err(|_| Problem::new(format!("the number {number} is too large"), None))
}

fn float(raw: &str, expected: &dyn Expected) -> Problem {
    let expected = in_words(expected);
    let remedy = (!expected.contains("whole number"))
        .then(|| format!("write it in quotes, as \"{raw}\", so that no digit is lost"));
    Problem::new(format!("a float, {raw}, where {expected} belongs"), remedy)
}

impl<'de> Deserializer<'de> for Node<'de> {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        let span = self.0.span();
        match self.0.into_inner() {
            DeValue::String(Cow::Borrowed(text)) => visitor.visit_borrowed_str(text),
            DeValue::String(Cow::Owned(text)) => visitor.visit_string(text),
            DeValue::Integer(number) => integer(&number).and_then(|number| visitor.visit_i64(number)),
            DeValue::Float(number) => Err(float(number.as_str(), &visitor)),
            DeValue::Boolean(value) => visitor.visit_bool(value),
            DeValue::Datetime(date) => {
                let reason = format!("a date, {date}, where {} belongs", in_words(&visitor));
                Err(Problem::new(reason, Some("where it is text, write it in quotes".to_owned())))
            }
            DeValue::Array(items) => visitor.visit_seq(SeqDeserializer::new(items.into_iter().map(Node))),
            DeValue::Table(table) => visitor.visit_map(MapDeserializer::new(entries(table))),
        }
        .map_err(|problem| problem.at(span))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        let span = self.0.span();
        match self.0.into_inner() {
            DeValue::String(word) => visitor.visit_enum(word.into_deserializer()),
            DeValue::Table(table) if table.len() == 1 => {
                visitor.visit_enum(MapAccessDeserializer::new(MapDeserializer::new(entries(table))))
            }
            other => Err(Problem::new(
                format!("{} where one of a few words belongs", kind_of(&other)),
                Some(format!("the words are {}", list(variants))),
            )),
        }
        .map_err(|problem: Problem| problem.at(span))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Problem> for Node<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// What serde found wrong, before it is put into words.
#[derive(Debug)]
struct Problem {
    span: Option<Range<usize>>,
    what: What,
}

#[derive(Debug)]
enum What {
    UnknownKey(String, Vec<&'static str>),
    UnknownWord(String, &'static [&'static str]),
    MissingKey(&'static str),
    Said(String, Option<String>),
}

impl Problem {
    fn new(reason: String, remedy: Option<String>) -> Self {
        Self { span: None, what: What::Said(reason, remedy) }
    }

    fn said(span: Range<usize>, reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(reason.into(), Some(remedy.into())).at(span)
    }

    fn at(mut self, span: Range<usize>) -> Self {
        self.span.get_or_insert(span);
        self
    }

    /// A wrong key of an event may have been meant for a common one, of which its kind does not know.
    fn offering_common(mut self, own: &[Range<usize>]) -> Self {
        if let (What::UnknownKey(_, keys), Some(span)) = (&mut self.what, &self.span)
            && own.contains(span)
        {
            keys.extend(COMMON);
        }
        self
    }

    fn into_error(self, text: &str) -> FileError {
        let (reason, remedy) = match self.what {
            What::UnknownKey(key, keys) => (format!("unknown key `{key}`"), Some(suggest(&key, &keys, "keys here"))),
            What::UnknownWord(word, words) => {
                let (one, all) =
                    if words == crate::EventKind::NAMES { ("kind of event", "kinds") } else { ("word", "words") };
                (format!("unknown {one} \"{word}\""), Some(suggest(&word, words, &format!("{all} here"))))
            }
            What::MissingKey(key) => (format!("the key `{key}` is missing"), Some(how_to_add(key))),
            What::Said(reason, remedy) => (reason, remedy),
        };
        FileError { span: within(self.span.unwrap_or(0..0), text), reason, remedy }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        write!(out, "{:?}", self.what)
    }
}
impl core::error::Error for Problem {}

impl serde::de::Error for Problem {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self::new(reason.to_string(), None)
    }

    fn invalid_type(found: Unexpected, expected: &dyn Expected) -> Self {
        Self::new(format!("{} where {} belongs", found_in_words(found), in_words(expected)), None)
    }

    fn invalid_value(found: Unexpected, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn unknown_variant(word: &str, words: &'static [&'static str]) -> Self {
        Self { span: None, what: What::UnknownWord(word.to_owned(), words) }
    }

    fn unknown_field(key: &str, keys: &'static [&'static str]) -> Self {
        Self { span: None, what: What::UnknownKey(key.to_owned(), keys.to_vec()) }
    }

    fn missing_field(key: &'static str) -> Self {
        Self { span: None, what: What::MissingKey(key) }
    }
}

/// What would be right where the text is no TOML.
fn toml_remedy(reason: &str) -> &'static str {
    if reason.starts_with("duplicate key") {
        "keep one of the two; a further event or document opens with [[event]] or [[document]]"
    } else if reason.starts_with("invalid date") || reason.starts_with("invalid month") {
        "write a day that the calendar has, as 2021-05-01; a month alone stands in quotes, as \"2021-05\""
    } else {
        "a decision file is TOML: key = value, text in quotes, [act], [[document]] and [[event]]"
    }
}

fn suggest(wrong: &str, right: &[&'static str], what: &str) -> String {
    if wrong == "last_day" && right.contains(&"until") {
        return "the last day on which it holds is `until`".to_owned();
    }
    match nearest(wrong, right.iter().copied()) {
        Some(word) => format!("did you mean `{word}`?"),
        None => format!("the {what} are {}", list(right)),
    }
}

fn list(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

fn how_to_add(key: &str) -> String {
    match key {
        "basis" => {
            "say what the amount is for: `year`, `whole-period`, `once` or `full-year`; `unstated` is for a source \
                    that does not say"
                .to_owned()
        }
        "kind" => format!("the kinds are {}", list(&crate::EventKind::NAMES)),
        "effective" => {
            "add the day from which it holds, as effective = 2021-05-01, or \"2021-05\" where only the month is \
                        known"
                .to_owned()
        }
        "standing" => {
            "say how firmly it stands: `happened`, `decided`, `planned`, `endorsed`, `proposed` or `inferred`"
                .to_owned()
        }
        "sources" => "say where it is written, as sources = [\"C 4.1\"]".to_owned(),
        "decided" => "add the day of the act, as decided = 2021-05-01".to_owned(),
        "commitment" => "seal the content first, with `minutebook content seal`, and add what that prints".to_owned(),
        "salt" => "put the content out first, with `minutebook content publish`, and add what that prints".to_owned(),
        "classification" => {
            "say why it is withheld, as { exempt = { paragraphs = [3], public_interest = \"…\" } } or \
                             { personal-data = { reason = \"…\" } }"
                .to_owned()
        }
        "public_interest" => {
            "say why the public interest in keeping it exempt outweighs that in disclosing it: a paragraph alone exempts \
                              nothing"
                .to_owned()
        }
        _ => format!("add {key} = …"),
    }
}

fn kind_of(value: &DeValue) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

fn found_in_words(found: Unexpected) -> String {
    match found {
        Unexpected::Map | Unexpected::StructVariant => "a table".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Str(text) => format!("the text \"{text}\""),
        Unexpected::Signed(number) => format!("the number {number}"),
        Unexpected::Unsigned(number) => format!("the number {number}"),
        Unexpected::Bool(value) => format!("{value}"),
        Unexpected::UnitVariant => "a word alone".to_owned(),
        other => other.to_string(),
    }
}

/// serde's word for what belongs, in ours.
fn in_words(expected: &dyn Expected) -> String {
    let word = expected.to_string();
    match word.as_str() {
        "a string" => "text in quotes".to_owned(),
        "u8" => "a whole number from 0 to 255".to_owned(),
        "u16" => "a whole number from 0 to 65,535".to_owned(),
        "u32" | "tuple struct Months" => "a whole number from 0".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a sequence" => "a list, in [ ],".to_owned(),
        "a formatted date string" => "a day, as 2021-05-01,".to_owned(),
        _ if word.starts_with("struct ") => "a table, in { },".to_owned(),
        _ => word,
    }
}

fn said(span: Range<usize>, reason: String, remedy: &str) -> FileError {
    FileError { span, reason, remedy: Some(remedy.to_owned()) }
}

fn not_utf8(bytes: &[u8], offset: usize) -> FileError {
    let line = bytes.iter().take(offset).filter(|byte| **byte == b'\n').count() + 1;
    let byte = bytes.get(offset).copied().unwrap_or_default();
    let reason = format!("the byte 0x{byte:02X} at offset {offset}, in line {line}, is not UTF-8");
    said(offset..offset + 1, reason, "save the file as UTF-8")
}

/// A span inside the text, on the borders of characters.
fn within(span: Range<usize>, text: &str) -> Range<usize> {
    let border = |at: usize| (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let start = border(span.start);
    start..border(span.end).max(start)
}

/// The most characters of a line that an excerpt shows.
const EXCERPT: usize = 120;

/// An error as a person reads it: place, excerpt with the fault underlined, what is wrong and what would be right.
///
/// Lines and columns count from 1, columns in characters. `reason` and `remedy` are shown as they are.
pub fn render(file_name: &str, text: &str, span: Range<usize>, reason: &str, remedy: Option<&str>) -> String {
    let span = within(span, text);
    let before = text.get(..span.start).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = text.get(line_start..).unwrap_or_default().lines().next().unwrap_or_default();
    let number = before.matches('\n').count() + 1;
    let column = before.get(line_start..).unwrap_or_default().chars().count();
    let marked = text.get(span).unwrap_or_default().lines().next().unwrap_or_default().chars().count();
    let (excerpt, carets) = excerpt(line, column, marked);
    let gutter = " ".repeat(number.to_string().len());
    let remedy = remedy.map(|remedy| format!("{remedy}\n")).unwrap_or_default();
    format!(
        "{file_name}:{number}:{}\n{gutter} |\n{number} | {excerpt}\n{gutter} | {carets}\n\n{reason}\n{remedy}",
        column + 1
    )
}

/// The part of a line around the fault, and the carets below it. What is hidden could rewrite the terminal: it is
/// shown as a space.
fn excerpt(line: &str, column: usize, marked: usize) -> (String, String) {
    let skipped = if column + marked.min(EXCERPT / 2) <= EXCERPT { 0 } else { column.saturating_sub(EXCERPT / 2) };
    let shown: String = line.chars().skip(skipped).take(EXCERPT).map(|c| if is_hidden(c) { ' ' } else { c }).collect();
    let from = column - skipped;
    let carets = marked.clamp(1, EXCERPT.saturating_sub(from).max(1));
    (shown, format!("{}{}", " ".repeat(from), "^".repeat(carets)))
}
