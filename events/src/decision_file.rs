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
use crate::fields::{self, Field, Takes};
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
use toml::de::{DeArray, DeInteger, DeTable, DeValue};

/// The most that a decision file may hold, in bytes. Whoever reads one checks its size first.
pub const MAX_FILE_BYTES: usize = 4 * 1024 * 1024;

/// The keys that take a date, which TOML can write without quotes.
const DATES: [&str; 6] = ["effective", "until", "last_day", "decided", "dated", "from"];

/// What is wrong with a decision file, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}{}", remedy.as_ref().map(|remedy| format!(": {remedy}")).unwrap_or_default())]
pub struct FileError {
    /// The place, in bytes of the text.
    pub span: Range<usize>,
    /// The event it is in, from 0; `None` for the act and its documents.
    pub event: Option<usize>,
    /// The field it is in, or that is missing, as a [`Rejection`] names it; `None` where it is in none.
    pub field: Option<String>,
    /// Whether the field is not there.
    pub is_missing: bool,
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
    /// As [`DecisionFile::read`], and where the bytes are no UTF-8.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Vec<FileError>> {
        let text = core::str::from_utf8(bytes).map_err(|error| vec![not_utf8(bytes, error.valid_up_to())])?;
        Self::read(text)
    }

    /// Reads a decision file, as far as its first fault.
    ///
    /// # Errors
    /// The first [`FileError`] of those that [`DecisionFile::read`] tells.
    pub fn parse(text: &str) -> Result<Self, FileError> {
        Self::read(text).map_err(|mut faults| faults.swap_remove(0))
    }

    /// Reads a decision file to its end, whatever is wrong on the way.
    ///
    /// # Errors
    /// Every [`FileError`], at least one, in the order of reading, always with a place: no TOML, an unknown key, kind or
    /// word, a missing key, a value of the wrong shape, more than [`MAX_FILE_BYTES`]. What is no TOML is not read further;
    /// of one field one fault is told.
    pub fn read(text: &str) -> Result<Self, Vec<FileError>> {
        if text.len() > MAX_FILE_BYTES {
            let reason = format!("the file has {} bytes, and the limit is {MAX_FILE_BYTES}", text.len());
            return Err(vec![said(0..0, reason, "write one act a file")]);
        }
        let root = DeTable::parse(text).map_err(|error| {
            let remedy = toml_remedy(error.message());
            vec![said(within(error.span().unwrap_or(0..0), text), error.message().to_owned(), remedy)]
        })?;
        read(text, root)
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
        let mut path = field.map_or("", |field| self.written_as(event, field));
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

    /// The field that the file has in the place of one of the draft.
    fn written_as<'f>(&self, event: Option<usize>, field: &'f str) -> &'f str {
        let by_last_day = event.and_then(|at| self.places.events.get(at)).is_some_and(|event| event.by_last_day);
        if by_last_day && field == "effective" { "last_day" } else { field }
    }

    /// A rejection of the draft, at its place in the file.
    pub fn place(&self, rejection: &Rejection) -> FileError {
        let Rejection { event, field, why } = rejection;
        self.fault(*event, field.as_deref(), why.to_string(), Some(why.remedy()))
    }

    /// What is wrong with a field of the draft, at its place in the file.
    pub fn fault(
        &self,
        event: Option<usize>,
        field: Option<&str>,
        reason: String,
        remedy: Option<String>,
    ) -> FileError {
        let field = field.map(|field| self.written_as(event, field));
        let span = self.place_of(event, field);
        FileError { span, event, field: field.map(ToOwned::to_owned), is_missing: false, reason, remedy }
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
    /// Whether the file gives the last day in place of the first day without it.
    by_last_day: bool,
}

impl EventPlace {
    fn of(value: &Value) -> Self {
        let mut fields = Fields::new();
        let DeValue::Table(table) = value.get_ref() else {
            return Self { table: value.span(), fields, by_last_day: false };
        };
        note_all(&mut fields, "", table);
        let ends = table.get("kind").and_then(|kind| kind.get_ref().as_str()).is_some_and(is_ending);
        let by_last_day = ends && table.contains_key("last_day") && !table.contains_key("effective");
        Self { table: value.span(), fields, by_last_day }
    }
}

/// The innermost field that a place lies in.
fn field_at(fields: &Fields, place: &Range<usize>) -> Option<String> {
    let around = fields.iter().filter(|(_, span)| is_inside(place, span));
    around.max_by_key(|(path, _)| path.len()).map(|(path, _)| path.clone())
}

fn is_inside(place: &Range<usize>, span: &Range<usize>) -> bool {
    span.start <= place.start && place.end <= span.end
}

fn is_ending(kind: &str) -> bool {
    fields::kind(kind).is_some_and(|kind| kind.is_ending)
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

/// What is wrong so far.
struct Told<'t> {
    text: &'t str,
    faults: Vec<FileError>,
}

impl Told<'_> {
    /// What was read, where nothing is wrong with it.
    fn of<T>(&mut self, read: Result<T, Vec<Problem>>, event: Option<usize>, fields: &Fields) -> Option<T> {
        let problems = match read {
            Ok(read) => return Some(read),
            Err(problems) => problems,
        };
        self.faults.extend(problems.into_iter().map(|problem| problem.into_error(self.text, event, fields)));
        None
    }
}

fn read(text: &str, root: Spanned<DeTable>) -> Result<DecisionFile, Vec<FileError>> {
    let (mut root, mut told) = (root.into_inner(), Told { text, faults: vec![] });
    quote_dates(text, &mut root);
    let events = tables("event", root.remove("event"));
    let mut places = Places::default();
    note_all(&mut places.top, "", &root);
    let top = &places.top;
    let (id, act, documents) = (root.remove("id"), root.remove("act"), root.remove("document"));
    told.of(only_known_keys(&root).map_err(Problem::alone), None, top);
    let id = id.map(|id| told.of(Node::read::<EntryId>(id).map_err(Problem::alone), None, top));
    let act = act.map(|act| {
        let act = table("act", act).map_err(Problem::alone);
        told.of(act.and_then(|act| whole(act, fields::ACT.iter(), Node::read::<Act>)), None, top)
    });
    // A key that is none may have been meant for one that is not there.
    if root.is_empty() && id.is_none() {
        told.of::<()>(Err(no_id(text).alone()), None, top);
    }
    if root.is_empty() && act.is_none() {
        let no_act = Problem::said(0..0, "the file has no act", "add a table [act]");
        told.of::<()>(Err(no_act.alone()), None, top);
    }
    let documents = told.of(tables("document", documents).map_err(Problem::alone), None, top);
    let documents = documents
        .unwrap_or_default()
        .into_iter()
        .filter_map(|value| told.of(whole(value, fields::DOCUMENT.iter(), Node::read::<Document>), None, top));
    let documents = documents.collect();
    let events = told.of(events.map_err(Problem::alone), None, top).unwrap_or_default();
    places.events = events.iter().map(EventPlace::of).collect();
    let events = events.into_iter().zip(&places.events).enumerate();
    let events = events.filter_map(|(at, (value, place))| {
        let kind = value.get_ref().get("kind").and_then(|kind| kind.get_ref().as_str()).and_then(fields::kind);
        let fields = kind.into_iter().flat_map(fields::Kind::fields);
        told.of(whole(value, fields, event), Some(at), &place.fields)
    });
    let events = events.collect();
    match (id.flatten(), act.flatten()) {
        (Some(id), Some(act)) if told.faults.is_empty() => {
            Ok(DecisionFile { draft: Draft { id, act, documents, events }, places })
        }
        _ => Err(told.faults),
    }
}

/// Reads a table to its end: where something is wrong with a field, that is told, and a value that would be right stands in
/// for it, so that the rest is read too. What is read with one of these is given to nobody.
fn whole<'i, T>(
    mut value: Value<'i>,
    fields: impl Iterator<Item = &'static Field>,
    read: impl Fn(Value<'i>) -> Result<T, Problem>,
) -> Result<T, Vec<Problem>> {
    let fields: Vec<&Field> = fields.collect();
    let (mut told, mut mended) = (Vec::<Problem>::new(), Vec::<String>::new());
    loop {
        let problem = match read(value.clone()) {
            Ok(read) => return if told.is_empty() { Ok(read) } else { Err(told) },
            Err(problem) => problem,
        };
        let span = value.span();
        let DeValue::Table(table) = value.get_mut() else { return Err(vec![problem]) };
        let key = problem.key_in(table, &span);
        told.push(problem);
        let Some(key) = key.filter(|key| !mended.contains(key)) else { return Err(told) };
        let named = |name: &str| fields.iter().find(|field| field.name == name);
        // A wrong kind leaves nothing to read the rest by.
        if key == "kind" && named("kind").is_none() {
            return Err(told);
        }
        table.remove(key.as_str());
        // A key that is none may have been meant for one that is not there.
        let meant = || nearest(&key, fields.iter().map(|field| field.name)).filter(|name| !table.contains_key(*name));
        if let Some(field) = named(&key).or_else(|| named(meant()?)) {
            table.insert(Spanned::new(span.end..span.end, field.name.into()), stand_in(&field.takes));
        }
        mended.push(key);
    }
}

/// A value that a field takes.
fn stand_in(takes: &Takes) -> Value<'static> {
    let table = |fields: &[Field]| {
        let needed = fields.iter().filter(|field| field.required);
        let values = needed.map(|field| (Spanned::new(0..0, Cow::Borrowed(field.name)), stand_in(&field.takes)));
        DeValue::Table(values.collect())
    };
    let text = |text: &'static str| DeValue::String(text.into());
    let value = match takes {
        Takes::EntryId => DeValue::String(uuid::Uuid::nil().to_string().into()),
        Takes::Source => text("x 1"),
        Takes::Part => text("whole"),
        Takes::Span | Takes::Day => text("2000-01-01"),
        Takes::Number => DeValue::Integer(DeInteger::default()),
        Takes::Amount => text("£1"),
        Takes::Percent => text("1%"),
        Takes::Quantity => text("1 x"),
        Takes::Digits => DeValue::String("0".repeat(64).into()),
        Takes::YesNo => DeValue::Boolean(true),
        Takes::Choice(words) => text(words.first().copied().unwrap_or_default()),
        Takes::Known(takes) => return stand_in(takes),
        Takes::List(_) | Takes::Tables(_) => DeValue::Array(DeArray::new()),
        Takes::Table(fields) => table(fields),
        Takes::OneOf(tables) => DeValue::Table(
            tables
                .iter()
                .take(1)
                .map(|(word, fields)| (Spanned::new(0..0, Cow::Borrowed(*word)), Spanned::new(0..0, table(fields))))
                .collect(),
        ),
        Takes::Reference | Takes::Code | Takes::Words | Takes::Prose | Takes::Slug | Takes::Name(_) => text("x"),
    };
    Spanned::new(0..0, value)
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
fn event(value: Value) -> Result<Event, Problem> {
    let span = value.span();
    let DeValue::Table(mut rest) = value.into_inner() else {
        return Err(Problem::said(span, "an event is a table", "write [[event]]"));
    };
    let kind = kind(&mut rest, &span)?;
    last_day(&kind, &mut rest)?;
    let mut event = DeTable::new();
    for field in fields::COMMON {
        if let Some((key, value)) = rest.remove_entry(field.name) {
            event.insert(key, value);
        }
    }
    let own: Vec<Range<usize>> = rest.keys().map(Spanned::span).collect();
    let mut tagged = DeTable::new();
    tagged.insert(kind, Spanned::new(span.clone(), DeValue::Table(rest)));
    event.insert(Spanned::new(span.clone(), "kind".into()), Spanned::new(span.clone(), DeValue::Table(tagged)));
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
fn last_day(kind: &Spanned<Cow<str>>, table: &mut DeTable) -> Result<(), Problem> {
    if !is_ending(kind.get_ref()) {
        return Ok(());
    }
    let Some((key, value)) = table.remove_entry("last_day") else { return Ok(()) };
    if table.contains_key("effective") {
        let reason = "both `effective` and `last_day`, of which the one follows from the other";
        return Err(Problem::said(key.span(), reason, "write one: effective is the day after the last day"));
    }
    let span = value.span();
    let last: crate::DateSpan = Node::read(value)?;
    let day_after = DeValue::String(last.plus_days(1).canonical().into());
    table.insert(Spanned::new(key.span(), "effective".into()), Spanned::new(span, day_after));
    Ok(())
}

/// Puts the dates that TOML writes without quotes into them, where a date belongs.
fn quote_dates<'i>(text: &'i str, table: &mut DeTable<'i>) {
    for (key, value) in table.iter_mut() {
        let span = value.span();
        match value.get_mut() {
            date @ DeValue::Datetime(_) if DATES.contains(&key.get_ref().as_ref()) => {
                *date = DeValue::String(text.get(span).unwrap_or_default().into());
            }
            inner => quote_inside(text, inner),
        }
    }
}

fn quote_inside<'i>(text: &'i str, value: &mut DeValue<'i>) {
    match value {
        DeValue::Table(table) => quote_dates(text, table),
        DeValue::Array(items) => items.iter_mut().for_each(|item| quote_inside(text, item.get_mut())),
        _ => {}
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
            keys.push("kind");
            keys.extend(fields::COMMON.iter().map(|field| field.name));
        }
        self
    }

    fn alone(self) -> Vec<Self> {
        vec![self]
    }

    /// The key of a table, which stands at a place, that it is about.
    fn key_in(&self, table: &DeTable, at: &Range<usize>) -> Option<String> {
        let span = self.span.as_ref()?;
        if let What::MissingKey(key) = self.what
            && span == at
        {
            return Some(key.to_owned());
        }
        let about = |(key, value): &(&Spanned<Cow<str>>, &Value)| {
            is_inside(span, &key.span()) || is_inside(span, &value.span())
        };
        table.iter().find(about).map(|(key, _)| key.get_ref().to_string())
    }

    fn into_error(self, text: &str, event: Option<usize>, fields: &Fields) -> FileError {
        let span = self.span.unwrap_or(0..0);
        let (around, missing) = (
            field_at(fields, &span),
            match self.what {
                What::MissingKey(key) => Some(key),
                _ => None,
            },
        );
        let field = match (around, missing) {
            (Some(around), Some(key)) => Some(format!("{around}.{key}")),
            (around, key) => around.or(key.map(ToOwned::to_owned)),
        };
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
        FileError { span: within(span, text), event, field, is_missing: missing.is_some(), reason, remedy }
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
    FileError { span, event: None, field: None, is_missing: false, reason, remedy: Some(remedy.to_owned()) }
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
