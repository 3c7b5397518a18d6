//! A table as columns in a Parquet file, a group of rows at a time, so that memory does not grow with the table. The types are those
//! that an analyst expects: text in UTF-8, a decimal, a day, an instant in UTC, lists. The same rows give the same bytes. It must not
//! know what a row is about.
//!
//! A decimal has 38 digits, 18 of them after the point: the ledger takes amounts and counts up to a million million with at most 18
//! decimals, so that each fits as it is, with room for sums; nothing is ever rounded to fit.

use super::folder::{Draft, FolderError, Output};
use minutebook_events::{Day, Instant, Position};
use minutebook_projections::At;
use parquet::basic::Compression;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, FixedLenByteArray, FixedLenByteArrayType};
use parquet::data_type::{Int32Type, Int64Type};
use parquet::errors::Result as InMemory;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;
use rust_decimal::Decimal;
use std::fmt::{self, Write};
use std::ops::Range;
use std::sync::Arc;
use std::{iter, mem};

/// A group of rows is written once there are so many of them: few enough for memory, enough for a reader to go by columns.
const GROUP: usize = 1 << 16;

/// How many digits of a decimal stand after the point.
const DECIMALS: u32 = 18;

/// What goes wrong where a file is made in memory: nothing.
const IN_MEMORY: &str = "memory takes what is written to it, and every row has every column";

/// A column: its name, and what it has of a row.
pub(super) type Column<R> = (&'static str, Of<R>);

/// What a column has of a row; where that may be nothing, the cell is null. Texts are written where they stay: there are far too
/// many for a `String` each.
pub(super) enum Of<R> {
    /// One.
    Text(fn(&R, &mut Texts)),
    /// One at the most.
    MaybeText(fn(&R, &mut Texts)),
    /// Any number.
    Texts(fn(&R, &mut Texts)),
    Position(fn(&R) -> Position),
    MaybePosition(fn(&R) -> Option<Position>),
    Positions(fn(&R) -> Vec<Position>),
    Place(fn(&R) -> u16),
    Flag(fn(&R) -> bool),
    Decimal(fn(&R) -> Option<Decimal>),
    /// An end of a span: nothing where the span has none on that side.
    Day(fn(&R) -> Option<Day>),
    Instant(fn(&R) -> Instant),
}

/// How many values a column has of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Each {
    One,
    AtMostOne,
    Any,
}

impl<R> Of<R> {
    fn each(&self) -> Each {
        match self {
            Self::Text(_) | Self::Position(_) | Self::Place(_) | Self::Flag(_) | Self::Instant(_) => Each::One,
            Self::MaybeText(_) | Self::MaybePosition(_) | Self::Decimal(_) | Self::Day(_) => Each::AtMostOne,
            Self::Texts(_) | Self::Positions(_) => Each::Any,
        }
    }

    /// The column in a schema.
    fn schema(&self, name: &str) -> String {
        let (kind, means) = match self {
            Self::Text(_) | Self::MaybeText(_) | Self::Texts(_) => ("BYTE_ARRAY", " (STRING)".to_owned()),
            Self::Position(_) | Self::MaybePosition(_) | Self::Positions(_) => ("INT64", String::new()),
            Self::Place(_) => ("INT32", String::new()),
            Self::Flag(_) => ("BOOLEAN", String::new()),
            Self::Decimal(_) => ("FIXED_LEN_BYTE_ARRAY (16)", format!(" (DECIMAL(38,{DECIMALS}))")),
            Self::Day(_) => ("INT32", " (DATE)".to_owned()),
            Self::Instant(_) => ("INT64", " (TIMESTAMP(MICROS,true))".to_owned()),
        };
        match self.each() {
            Each::One => format!("REQUIRED {kind} {name}{means};"),
            Each::AtMostOne => format!("OPTIONAL {kind} {name}{means};"),
            Each::Any => {
                format!("REQUIRED group {name} (LIST) {{ REPEATED group list {{ REQUIRED {kind} element{means}; }} }}")
            }
        }
    }

    fn cells(&self, rows: &[R]) -> Cells {
        let mut levels = Levels::of(self.each(), rows.len());
        let values = match self {
            Self::Text(of) | Self::MaybeText(of) | Self::Texts(of) => {
                let mut texts = Texts::default();
                texts.places.reserve_exact(if self.each() == Each::One { rows.len() } else { 0 });
                for row in rows {
                    let before = texts.places.len();
                    of(row, &mut texts);
                    levels.so_many(texts.places.len() - before);
                }
                Values::Texts(texts)
            }
            Self::Position(of) => positions(rows.iter().map(of)),
            Self::MaybePosition(of) => positions(rows.iter().filter_map(|row| levels.maybe(of(row)))),
            Self::Positions(of) => positions(rows.iter().flat_map(|row| levels.any(of(row)))),
            Self::Place(of) => Values::Short(rows.iter().map(|row| of(row).into()).collect()),
            Self::Flag(of) => Values::Flags(rows.iter().map(of).collect()),
            Self::Decimal(of) => {
                Values::Decimals(rows.iter().filter_map(|row| levels.maybe(of(row))).map(scaled).collect())
            }
            Self::Day(of) => {
                let set = |day: &Day| *day != Day::MIN && *day != Day::MAX;
                let days = rows.iter().filter_map(|row| levels.maybe(of(row).filter(set)));
                Values::Short(days.map(|day| day.to_epoch_days()).collect())
            }
            Self::Instant(of) => Values::Long(rows.iter().map(|row| of(row).utc().timestamp_micros()).collect()),
        };
        Cells { values, levels }
    }
}

/// A number in units of its last decimal.
fn scaled(number: Decimal) -> i128 {
    let number = number.normalize();
    let left = DECIMALS.checked_sub(number.scale()).expect("an amount and a count have at most 18 decimals");
    number.mantissa().checked_mul(10_i128.pow(left)).expect("a sum of amounts has at most 20 digits before the point")
}

/// The texts of a column. Most say what the one before them says: that is kept once for all of them that follow each other.
#[derive(Default)]
pub(super) struct Texts {
    all: String,
    /// Where each begins and ends.
    places: Vec<Range<usize>>,
}

impl Texts {
    /// Adds one.
    pub(super) fn add(&mut self, text: &str) {
        let last = self.places.last().filter(|last| self.all[(*last).clone()] == *text).cloned();
        let place = last.unwrap_or_else(|| {
            let from = self.all.len();
            self.all.push_str(text);
            from..self.all.len()
        });
        self.places.push(place);
    }

    /// Adds each of some, in order.
    pub(super) fn add_each(&mut self, texts: impl IntoIterator<Item: AsRef<str>>) {
        texts.into_iter().for_each(|text| self.add(text.as_ref()));
    }

    /// Adds what something is in words.
    pub(super) fn show(&mut self, shown: impl fmt::Display) {
        let from = self.all.len();
        write!(self.all, "{shown}").expect("memory takes what is written to it");
        let last = self.places.last().filter(|last| self.all[(*last).clone()] == self.all[from..]).cloned();
        if last.is_some() {
            self.all.truncate(from);
        }
        self.places.push(last.unwrap_or(from..self.all.len()));
    }

    /// Adds what each of some is in words, in order.
    pub(super) fn show_each(&mut self, shown: impl IntoIterator<Item: fmt::Display>) {
        shown.into_iter().for_each(|shown| self.show(shown));
    }
}

fn positions(positions: impl Iterator<Item = Position>) -> Values {
    let number = |position: Position| i64::try_from(position.0).expect("a ledger has fewer entries than that");
    Values::Long(positions.map(number).collect())
}

/// The values of a column.
enum Values {
    Texts(Texts),
    Long(Vec<i64>),
    Short(Vec<i32>),
    Flags(Vec<bool>),
    Decimals(Vec<i128>),
}

/// Which of the values of a column are whose: as Parquet has it, of each value whether there is one, and whether it belongs to the
/// row of the one before it.
struct Levels {
    each: Each,
    is_there: Vec<i16>,
    goes_on: Vec<i16>,
}

impl Levels {
    fn of(each: Each, rows: usize) -> Self {
        let room = |is_kept: bool| Vec::with_capacity(if is_kept { rows } else { 0 });
        Self { each, is_there: room(each != Each::One), goes_on: room(each == Each::Any) }
    }

    /// A row has so many values.
    fn so_many(&mut self, count: usize) {
        match self.each {
            Each::One => assert!(count == 1, "a column that is never null has one value of each row"),
            Each::AtMostOne => {
                assert!(count < 2, "a column that is no list has one value of each row at the most");
                self.is_there.push(i16::from(count > 0));
            }
            Each::Any => {
                let cells = count.max(1);
                self.is_there.extend(iter::repeat_n(i16::from(count > 0), cells));
                self.goes_on.extend((0..cells).map(|place| i16::from(place > 0)));
            }
        }
    }

    fn maybe<T>(&mut self, value: Option<T>) -> Option<T> {
        self.so_many(value.iter().len());
        value
    }

    fn any<T>(&mut self, values: Vec<T>) -> Vec<T> {
        self.so_many(values.len());
        values
    }
}

/// What some rows have in a column.
struct Cells {
    values: Values,
    levels: Levels,
}

impl Cells {
    fn write(self, to: &mut SerializedColumnWriter<'_>) -> InMemory<()> {
        let Levels { each, is_there, goes_on } = &self.levels;
        let is_there = (*each != Each::One).then_some(is_there.as_slice());
        let goes_on = (*each == Each::Any).then_some(goes_on.as_slice());
        match self.values {
            Values::Texts(Texts { all, places }) => {
                let all = ByteArray::from(all.into_bytes());
                let texts: Vec<ByteArray> =
                    places.into_iter().map(|place| all.slice(place.start, place.len())).collect();
                to.typed::<ByteArrayType>().write_batch(&texts, is_there, goes_on)?
            }
            Values::Long(numbers) => to.typed::<Int64Type>().write_batch(&numbers, is_there, goes_on)?,
            Values::Short(numbers) => to.typed::<Int32Type>().write_batch(&numbers, is_there, goes_on)?,
            Values::Flags(flags) => to.typed::<BoolType>().write_batch(&flags, is_there, goes_on)?,
            Values::Decimals(numbers) => {
                let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_be_bytes()).collect();
                let (all, each) = (ByteArray::from(bytes), size_of::<i128>());
                let place = |place: usize| all.slice(place * each, each).into();
                let numbers: Vec<FixedLenByteArray> = (0..numbers.len()).map(place).collect();
                to.typed::<FixedLenByteArrayType>().write_batch(&numbers, is_there, goes_on)?
            }
        };
        Ok(())
    }
}

/// Some rows, column by column.
pub(super) struct Rows {
    count: usize,
    columns: Vec<Cells>,
}

impl Rows {
    pub(super) fn of<R>(columns: &[Column<R>], rows: &[R]) -> Self {
        Self { count: rows.len(), columns: columns.iter().map(|(_, of)| of.cells(rows)).collect() }
    }
}

/// A table that is made in memory, of which what is made is taken away.
struct Groups {
    file: SerializedFileWriter<Vec<u8>>,
    waiting: Vec<Rows>,
    /// How many rows a group has before it is written.
    group: usize,
}

impl Groups {
    fn begin<R>(columns: &[Column<R>], at: At, group: usize) -> Self {
        let fields: String = columns.iter().map(|(name, of)| of.schema(name)).collect();
        let schema = parse_message_type(&format!("message minutebook {{ {fields} }}")).expect("it is written by us");
        let properties = WriterProperties::builder()
            .set_created_by(concat!("minutebook ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_key_value_metadata(Some(vec![KeyValue::new("minutebook".to_owned(), at.words())]))
            .set_compression(Compression::SNAPPY)
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .build();
        let file = SerializedFileWriter::new(vec![], Arc::new(schema), Arc::new(properties)).expect(IN_MEMORY);
        Self { file, waiting: vec![], group }
    }

    /// Takes rows that come next, and gives what comes next of the file.
    fn take(&mut self, rows: Rows) -> Vec<u8> {
        self.waiting.push(rows);
        if self.waiting.iter().map(|rows| rows.count).sum::<usize>() >= self.group {
            self.write_group().expect(IN_MEMORY);
        }
        mem::take(self.file.inner_mut())
    }

    fn write_group(&mut self) -> InMemory<()> {
        let mut waiting: Vec<_> =
            mem::take(&mut self.waiting).into_iter().map(|rows| rows.columns.into_iter()).collect();
        let mut group = self.file.next_row_group()?;
        while let Some(mut column) = group.next_column()? {
            waiting.iter_mut().filter_map(Iterator::next).try_for_each(|cells| cells.write(&mut column))?;
            column.close()?;
        }
        group.close()?;
        Ok(self.file.flush()?)
    }

    /// The rest of the file.
    fn end(mut self) -> Vec<u8> {
        if self.waiting.iter().any(|rows| rows.count > 0) {
            self.write_group().expect(IN_MEMORY);
        }
        self.file.into_inner().expect(IN_MEMORY)
    }
}

/// A file of a table while it is written.
pub(super) struct Table {
    file: Output,
    groups: Groups,
}

impl Table {
    pub(super) fn begin<R>(draft: &mut Draft, name: &str, columns: &[Column<R>], at: At) -> Result<Self, FolderError> {
        Ok(Self { file: draft.file(name)?, groups: Groups::begin(columns, at, GROUP) })
    }

    pub(super) fn take(&mut self, rows: Rows) -> Result<(), FolderError> {
        self.file.write(&self.groups.take(rows))
    }

    pub(super) fn end(mut self) -> Result<(), FolderError> {
        self.file.write(&self.groups.end())?;
        self.file.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::Field;
    use std::io::Write as _;

    struct One {
        number: u16,
        text: Option<String>,
        list: Vec<String>,
    }

    fn one(number: u16) -> One {
        let text = (!number.is_multiple_of(3)).then(|| ["", "café \"a\"\n", "=1+1"][usize::from(number % 3)].repeat(2));
        One { number, text, list: (0..number % 4).map(|item| format!("{number}, {item}")).collect() }
    }

    const COLUMNS: &[Column<One>] = &[
        ("number", Of::Place(|it| it.number)),
        ("text", Of::MaybeText(|it, to| to.add_each(&it.text))),
        ("list", Of::Texts(|it, to| to.add_each(&it.list))),
        ("decimal", Of::Decimal(|it| it.number.is_multiple_of(2).then(|| Decimal::from_i128_with_scale(-7, 18)))),
        ("day", Of::Day(|it| Day::from_ymd_opt(2020, 1, 1).filter(|_| it.number > 5).or(Some(Day::MIN)))),
    ];

    /// What a file of these rows holds, so many taken at once: how many groups, and its rows.
    fn read_back(rows: &[One], at_once: usize, group: usize) -> (usize, Vec<Vec<Field>>) {
        let at = At { as_of: Day::MIN, head: Position(0), decided_by: None };
        let mut groups = Groups::begin(COLUMNS, at, group);
        let mut file = tempfile::tempfile().expect("a file for a while");
        for rows in rows.chunks(at_once) {
            file.write_all(&groups.take(Rows::of(COLUMNS, rows))).expect("there is room");
        }
        file.write_all(&groups.end()).expect("there is room");
        let reader = SerializedFileReader::new(file).expect("it is a file of Parquet");
        let rows = reader.get_row_iter(None).expect("it has rows").map(|row| row.expect("it is a row"));
        let rows = rows.map(|row| row.into_columns().into_iter().map(|(_, field)| field).collect());
        (reader.metadata().num_row_groups(), rows.collect())
    }

    #[test]
    fn rows_come_back_in_groups() {
        let rows: Vec<One> = (0..47).map(one).collect();
        let (groups, read) = read_back(&rows, 4, 10);
        // Twelve rows are the first ten or more.
        assert_eq!((groups, read.len()), (4, 47));
        for (row, read) in rows.iter().zip(&read) {
            assert_eq!(read[0], Field::Int(row.number.into()));
            assert_eq!(read[1], row.text.clone().map_or(Field::Null, Field::Str));
            let Field::ListInternal(list) = &read[2] else { unreachable!("{read:?}") };
            assert_eq!(list.elements(), row.list.iter().cloned().map(Field::Str).collect::<Vec<_>>());
            match &read[3] {
                Field::Decimal(number) => assert_eq!(number.data(), (-7_i128).to_be_bytes()),
                nothing => assert!(*nothing == Field::Null && !row.number.is_multiple_of(2)),
            }
            assert_eq!(read[4], if row.number > 5 { Field::Date(18_262) } else { Field::Null });
        }
        // However they are grouped.
        assert_eq!(read_back(&rows, 47, 1000), (1, read));
    }

    #[test]
    fn no_rows_are_a_table_too() {
        assert_eq!(read_back(&[], 4, 10), (0, vec![]));
    }

    #[test]
    fn every_amount_that_the_ledger_takes_fits() {
        for (text, units) in [
            ("£1,000,000m", 1_000_000_000_000_000_000_000_000_000_000),
            ("-£0.01", -10_000_000_000_000_000),
            ("0.123456789012345678m", 123_456_789_012_345_678_000_000),
            ("0.000000000000000001k", 1000),
        ] {
            let money: minutebook_events::Money = text.parse().expect("an amount");
            assert_eq!(scaled(money.pounds()), units, "{text}");
        }
    }
}
