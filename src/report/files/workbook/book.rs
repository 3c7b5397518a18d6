//! A workbook on its way to disk: cells and how they look, how a sheet is filtered and printed, a chart. It must not know what is
//! told.

use super::super::cells::{Plain, Stands};
use super::super::folder::{FolderError, Output};
use super::super::years::{BEFORE, SUMS};
use super::rows::Told;
use crate::contained::contained;
use chrono::{DateTime, Datelike};
use minutebook_events::{DateSpan, Day, Instant};
use rust_decimal::Decimal;
use rust_xlsxwriter::{
    Chart, ChartFormat, ChartPatternFill, ChartPatternFillType, ChartSolidFill, ChartType, Color, DocProperties,
    Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// How many rows of answers a sheet has at the most. Excel takes 1,048,576: what has more than this nobody opens with ease.
pub(super) const MOST: u32 = 100_000;

/// How hard it is packed, of 9, by one core at the end: less than the usual 6, for a larger file.
const PACKED: u8 = 2;

/// How many characters a cell takes, as UTF-16 counts them.
const LONGEST: usize = 32_767;

/// The number that a spreadsheet keeps to the last digit: one of fifteen.
const EXACT: u128 = 1_000_000_000_000_000;

/// The first year whose days every spreadsheet counts alike.
const FIRST_YEAR: i32 = 1901;

/// A4, as a sheet names it.
const A4: u8 = 9;

/// How tall a row of one line is, in points: as tall as one is of which nothing is said.
const LINE: f64 = 15.0;

/// How many rows a chart takes with what is below it.
const CHART: u32 = 28;

/// What a sheet without rows says.
const NOTHING: &str = "nothing in the record at these coordinates";

const WHAT_IS_OURS: &str = "names, places and ranges are ours, within what a workbook takes";

pub(super) struct Book {
    book: Workbook,
    /// Where the rows of sheets wait until they are packed.
    scratch: PathBuf,
    looks: Looks,
    coordinates: String,
    pages: Vec<Page>,
}

/// How far a sheet is.
struct Page {
    /// How many rows it has.
    rows: u32,
    /// How wide its columns are.
    widths: Vec<u16>,
    /// How many rows it does not take.
    left: u64,
}

impl Page {
    fn of(widths: &[u16]) -> Self {
        Self { rows: 0, widths: widths.to_vec(), left: 0 }
    }
}

/// How cells look.
struct Looks {
    heading: Format,
    title: Format,
    /// Words, as every column has them.
    words: Format,
    /// By how firmly a figure stands.
    figures: [Figures; 3],
    number: Format,
    day: Format,
}

/// How figures look that stand alike.
struct Figures {
    /// Their words; nothing where those are as every column has them.
    words: Option<Format>,
    pounds: Format,
    pence: Format,
    day: Format,
}

const POUNDS: &str = "£#,##0;[Red]-£#,##0";
const PENCE: &str = "£#,##0.00;[Red]-£#,##0.00";
const DAY: &str = "d mmm yyyy";

impl Looks {
    fn new() -> Self {
        let words = Format::new().set_text_wrap().set_align(FormatAlign::Top);
        let bold = Format::new().set_bold();
        let figures = |own: Option<Format>| {
            let right = own.as_ref().unwrap_or(&words).clone().set_align(FormatAlign::Right);
            let [pounds, pence, day] = [POUNDS, PENCE, DAY].map(|format| right.clone().set_num_format(format));
            Figures { words: own, pounds, pence, day }
        };
        let not_firm = words.clone().set_italic();
        let not_known = words.clone().set_font_color(Color::RGB(0x59_59_59));
        Self {
            heading: bold
                .clone()
                .set_text_wrap()
                .set_align(FormatAlign::Top)
                .set_background_color(Color::RGB(0xD9_E2_EC))
                .set_border_bottom(FormatBorder::Thin),
            title: bold.set_font_size(14).set_border_bottom(FormatBorder::Thin),
            figures: [None, Some(not_firm), Some(not_known)].map(figures),
            number: words.clone().set_align(FormatAlign::Right),
            day: words.clone().set_align(FormatAlign::Right).set_num_format(DAY),
            words,
        }
    }

    fn figures(&self, stands: Stands) -> &Figures {
        let [firm, not_firm, not_known] = &self.figures;
        match stands {
            Stands::Firm => firm,
            Stands::Tentative | Stands::Ours | Stands::Uncertain => not_firm,
            Stands::NotKnown => not_known,
        }
    }
}

impl Book {
    /// Begins a workbook whose rows wait in this folder, in files without names.
    pub(super) fn begin(
        title: &str,
        coordinates: &str,
        recorded: Option<Instant>,
        scratch: &Path,
    ) -> Result<Self, FolderError> {
        let mut book = Workbook::new();
        book.set_tempdir(scratch).map_err(|error| no_scratch(scratch, error))?;
        book.set_zip_compression_level(PACKED);
        // The file says of its own time what it was made of, so that it says the same tomorrow.
        let created = recorded.map_or(DateTime::UNIX_EPOCH, |recorded| recorded.utc());
        let about = DocProperties::new().set_title(title).set_subject(coordinates).set_creation_datetime(&created);
        book.set_properties(&about);
        let (looks, coordinates) = (Looks::new(), coordinates.to_owned());
        Ok(Self { book, scratch: scratch.to_owned(), looks, coordinates, pages: vec![] })
    }

    /// Begins the next sheet, one to be read, with columns of these widths.
    pub(super) fn about(&mut self, name: &str, widths: [u16; 3]) {
        let sheet = self.book.add_worksheet();
        // It is one page.
        page(sheet, name, &self.coordinates, &widths, &self.looks).set_print_fit_to_pages(1, 1);
        self.pages.push(Page::of(&widths));
    }

    /// Begins the next sheet, one of rows, with these headings and widths of its columns. Its rows go to disk as they come.
    pub(super) fn sheet(&mut self, name: &str, columns: &[(String, u16)]) -> Result<(), FolderError> {
        let sheet = self.book.add_worksheet_with_constant_memory();
        let sheet = sheet.map_err(|error| no_scratch(&self.scratch, error))?;
        self.pages.push(begun(sheet, name, &self.coordinates, columns, &self.looks));
        Ok(())
    }

    /// The same, for a sheet that is drawn: its rows are in memory, and in the pictures.
    pub(super) fn drawn(&mut self, name: &str, columns: &[(String, u16)]) {
        self.pages.push(begun(self.book.add_worksheet(), name, &self.coordinates, columns, &self.looks));
    }

    /// Writes the next row of a sheet.
    pub(super) fn row(&mut self, page: usize, cells: Vec<Told>) -> Result<(), FolderError> {
        if self.is_full(page) {
            self.leave(page);
            return Ok(());
        }
        let Self { book, looks, pages, scratch, .. } = self;
        let Page { rows, widths, .. } = &mut pages[page];
        // Not every program finds out by itself how tall a row has to be.
        let tall = cells.iter().zip(&*widths).filter_map(|(cell, width)| match &cell.says {
            Plain::Words(words) => Some(lines(words, *width)),
            Plain::Number(_) | Plain::Day(_) => None,
        });
        let height = height(tall.max());
        let sheet = sheet(book, page);
        let done = written(scratch, || {
            let mut columns = cells.into_iter().zip(0..);
            columns.try_for_each(|(cell, column)| write(sheet, looks, (*rows, column), cell).map(drop))?;
            if height > LINE { sheet.set_row_height(*rows, height).map(drop) } else { Ok(()) }
        })?;
        done.expect(WHAT_IS_OURS);
        *rows += 1;
        Ok(())
    }

    /// Whether a sheet takes no more rows.
    pub(super) fn is_full(&self, page: usize) -> bool {
        self.pages[page].rows > MOST
    }

    /// Counts a row that a full sheet does not take.
    pub(super) fn leave(&mut self, page: usize) {
        assert!(self.is_full(page), "a sheet takes rows until it is full");
        self.pages[page].left += 1;
    }

    /// How many rows a sheet has below its headings, and how many it does not take.
    pub(super) fn rows(&self, page: usize) -> (u32, u64) {
        let Page { rows, left, .. } = &self.pages[page];
        (rows.saturating_sub(1), *left)
    }

    /// A heading on the first sheet.
    pub(super) fn heading(&mut self, heading: &str) {
        let row = &mut self.pages[0].rows;
        *row += u32::from(*row > 0);
        let sheet = sheet(&mut self.book, 0);
        for (text, column) in [heading, "", ""].into_iter().zip(0..) {
            sheet.write_string_with_format(*row, column, text, &self.looks.title).expect(WHAT_IS_OURS);
        }
        *row += 1;
    }

    /// A line on the first sheet.
    pub(super) fn line(&mut self, cells: [&str; 3]) -> Result<(), FolderError> {
        self.row(0, cells.map(Told::words).into())
    }

    /// A line on the first sheet that shows how a figure looks which stands so.
    pub(super) fn sample(&mut self, word: &str, stands: Stands, means: &str) -> Result<(), FolderError> {
        let word = Told { stands: Some(stands), ..Told::words(word) };
        let looks = Told { stands: Some(stands), ..Told::words("looks like this") };
        self.row(0, vec![word, looks, Told::words(means)])
    }

    /// Begins the last sheet, and draws the sums of each measure by year: the rows of a sheet from one to another.
    pub(super) fn charts(&mut self, name: &str, rows: usize, charts: &[(String, usize, usize)]) {
        let of = sheet(&mut self.book, rows).name();
        let sheet = page(self.book.add_worksheet(), name, &self.coordinates, &[20], &self.looks);
        self.pages.push(Page::of(&[20]));
        for (number, (title, first, last)) in (0..).zip(charts) {
            let place = |row: &usize| u32::try_from(row + 1).unwrap_or(u32::MAX).min(MOST);
            let chart = chart(&of, title, (place(first), place(last)));
            sheet.insert_chart(number * CHART, 0, &chart).expect(WHAT_IS_OURS);
        }
        let breaks: Vec<u32> = (1..).take(charts.len().saturating_sub(1)).map(|number| number * CHART).collect();
        sheet.set_page_breaks(&breaks).expect(WHAT_IS_OURS);
        if charts.is_empty() {
            sheet.write_string_with_format(0, 0, NOTHING, &self.looks.title).expect(WHAT_IS_OURS);
        }
    }

    /// Ends every sheet, and writes the workbook.
    pub(super) fn end(mut self, output: Output) -> Result<(), FolderError> {
        let mut to = To { output, failed: None };
        let saved = written(&self.scratch, || {
            // The first is read, the last is looked at: those between have rows.
            for number in 1..self.pages.len() - 1 {
                let Page { rows, ref widths, left } = self.pages[number];
                let sheet = sheet(&mut self.book, number);
                let last = match (rows, left) {
                    (1, _) => Some(NOTHING.to_owned()),
                    (_, 0) => None,
                    _ => Some(format!("… and {left} more rows, which are not here: a sheet ends after {MOST}")),
                };
                if let Some(last) = last {
                    let tall = height(Some(lines(&last, widths[0])));
                    sheet.set_row_height(rows, tall)?;
                    sheet.write_string(rows, 0, last)?;
                }
                sheet.autofilter(0, 0, rows.max(2) - 1, widths.len() as u16 - 1)?;
            }
            self.book.save_to_writer(&mut to)
        })?;
        match (saved, to.failed) {
            (_, Some(error)) => Err(error),
            (saved, None) => {
                saved.expect(WHAT_IS_OURS);
                to.output.end()
            }
        }
    }
}

/// Does what writes to the files of the sheets: where one cannot be written, their crate panics. What is ours to get right is not
/// asserted in it.
fn written<T>(scratch: &Path, write: impl FnOnce() -> T) -> Result<T, FolderError> {
    contained(write).map_err(|panicked| {
        let source = panicked.os_error().unwrap_or_else(|| io::Error::other(panicked.line().to_owned()));
        FolderError::io("write the rows of the workbook in", scratch)(source)
    })
}

fn no_scratch(scratch: &Path, error: XlsxError) -> FolderError {
    let source = match error {
        XlsxError::TempFileError(_, source) => source,
        other => io::Error::other(other),
    };
    FolderError::io("make a file for the rows of the workbook in", scratch)(source)
}

/// What every sheet has.
fn page<'s>(
    sheet: &'s mut Worksheet,
    name: &str,
    coordinates: &str,
    widths: &[u16],
    looks: &Looks,
) -> &'s mut Worksheet {
    sheet.set_name(name).expect(WHAT_IS_OURS);
    sheet.set_landscape().set_paper_size(A4).set_print_fit_to_pages(1, 0);
    sheet.set_margins(0.4, 0.4, 0.6, 0.6, 0.3, 0.3);
    // What follows an ampersand is a command there.
    sheet.set_header(format!("&L&A&R{}", coordinates.replace('&', "&&"))).set_footer("&CPage &P of &N");
    for (width, column) in widths.iter().zip(0..) {
        let sheet = sheet.set_column_width(column, *width).expect(WHAT_IS_OURS);
        sheet.set_column_format(column, &looks.words).expect(WHAT_IS_OURS);
    }
    sheet
}

/// What every sheet of rows begins with.
fn begun(sheet: &mut Worksheet, name: &str, coordinates: &str, columns: &[(String, u16)], looks: &Looks) -> Page {
    let widths: Vec<u16> = columns.iter().map(|(_, width)| *width).collect();
    page(sheet, name, coordinates, &widths, looks);
    for ((heading, _), column) in columns.iter().zip(0..) {
        sheet.write_string_with_format(0, column, heading, &looks.heading).expect(WHAT_IS_OURS);
    }
    let lines = columns.iter().map(|(heading, width)| lines(heading, *width)).max();
    sheet.set_row_height(0, height(lines)).expect(WHAT_IS_OURS);
    sheet.set_freeze_panes(1, 1).expect(WHAT_IS_OURS).set_repeat_rows(0, 0).expect(WHAT_IS_OURS);
    Page { rows: 1, ..Page::of(&widths) }
}

/// The sums of a measure from one row of a sheet to another, a column a year.
fn chart(of: &str, title: &str, (first, last): (u32, u32)) -> Chart {
    let year = BEFORE.len() as u16 - 1;
    let mut chart = Chart::new(ChartType::ColumnStacked);
    chart.title().set_name(title);
    chart.x_axis().set_name("Financial year");
    chart.y_axis().set_name("£").set_num_format("£#,##0");
    chart.set_width(1_000).set_height(480).set_alt_text(format!("{title}: the rows of {of}, as stacked columns"));
    for ((stands, heading), column) in SUMS.into_iter().zip(BEFORE.len() as u16..) {
        let heading = heading.strip_suffix(" (£)").unwrap_or(heading);
        let (values, years) = ((of, first, column, last, column), (of, first, year, last, year));
        chart.add_series().set_name(heading).set_values(values).set_categories(years).set_format(&mut fill(stands));
    }
    chart
}

/// How many lines words take in a column of a width.
fn lines(words: &str, width: u16) -> usize {
    // Words are not parted: a line is seldom full.
    let room = usize::from(width).saturating_sub(1).max(1);
    if words.len() <= room && !words.contains('\n') {
        return 1;
    }
    words.lines().map(|line| line.chars().count().div_ceil(room).max(1)).sum()
}

/// How tall a row of so many lines is, in points: as tall as one can be at the most.
fn height(lines: Option<usize>) -> f64 {
    f64::from(u32::try_from(lines.unwrap_or(1).clamp(1, 27)).unwrap_or(1)) * LINE
}

fn sheet(book: &mut Workbook, page: usize) -> &mut Worksheet {
    book.worksheet_from_index(page).expect("a page is made with its sheet")
}

fn write<'s>(
    sheet: &'s mut Worksheet,
    looks: &Looks,
    (row, column): (u32, u16),
    cell: Told,
) -> Result<&'s mut Worksheet, XlsxError> {
    let Told { says, stands, is_money } = cell;
    let figures = stands.map(|stands| looks.figures(stands));
    match says {
        Plain::Words(words) => text(sheet, (row, column), cut(words), figures),
        Plain::Number(number) => match exact(number) {
            Some(value) => {
                let look = match figures {
                    Some(figures) if is_money && number.is_integer() => &figures.pounds,
                    Some(figures) if is_money => &figures.pence,
                    _ => &looks.number,
                };
                sheet.write_number_with_format(row, column, value, look)
            }
            None => text(sheet, (row, column), number.normalize().to_string(), figures),
        },
        Plain::Day(day) if counts(day) => {
            sheet.write_date_with_format(row, column, day, figures.map_or(&looks.day, |figures| &figures.day))
        }
        Plain::Day(day) => text(sheet, (row, column), DateSpan::day(day).to_string(), figures),
    }
}

fn text<'s>(
    sheet: &'s mut Worksheet,
    (row, column): (u32, u16),
    text: String,
    figures: Option<&Figures>,
) -> Result<&'s mut Worksheet, XlsxError> {
    match figures.and_then(|figures| figures.words.as_ref()) {
        Some(look) => sheet.write_string_with_format(row, column, text, look),
        // It looks as its column does.
        None => sheet.write_string(row, column, text),
    }
}

/// A number as a spreadsheet keeps it, where it keeps every digit of it.
fn exact(number: Decimal) -> Option<f64> {
    let number = number.normalize();
    (number.mantissa().unsigned_abs() < EXACT).then(|| number.to_string().parse().ok()).flatten()
}

/// Whether spreadsheets count to this day.
fn counts(day: Day) -> bool {
    (FIRST_YEAR..=9999).contains(&day.year())
}

/// A text that a cell takes: what is too long is cut, and says so.
fn cut(text: String) -> String {
    let units = |text: &str| text.encode_utf16().count();
    // It has no more of them than bytes.
    if text.len() <= LONGEST || units(&text) <= LONGEST {
        return text;
    }
    let ending = |kept: usize| format!("… ({} more characters)", text.chars().count() - kept);
    let (mut kept, mut end, mut long) = (0, 0, 0);
    // The words at the end are longest where nothing is kept.
    let room = LONGEST - units(&ending(0));
    for (at, letter) in text.char_indices() {
        if long + letter.len_utf16() > room {
            break;
        }
        (kept, end, long) = (kept + 1, at + letter.len_utf8(), long + letter.len_utf16());
    }
    format!("{}{}", &text[..end], ending(kept))
}

/// How firmly an amount stands is in its shape, not in its colour alone.
fn fill(stands: Stands) -> ChartFormat {
    let mut format = ChartFormat::new();
    let (pattern, color) = match stands {
        Stands::Firm => {
            format.set_solid_fill(ChartSolidFill::new().set_color(Color::RGB(0x1F_4E_79)));
            return format;
        }
        Stands::Tentative => (ChartPatternFillType::DiagonalStripesWideUpwards, 0x1F_4E_79),
        Stands::Ours => (ChartPatternFillType::Dotted20Percent, 0x59_59_59),
        Stands::Uncertain | Stands::NotKnown => (ChartPatternFillType::OutlinedDiamondGrid, 0x9C_57_00),
    };
    let mut fill = ChartPatternFill::new();
    fill.set_pattern(pattern).set_foreground_color(Color::RGB(color)).set_background_color(Color::White);
    format.set_pattern_fill(&fill);
    format
}

/// Where the workbook is written to; it keeps why that fails.
struct To {
    output: Output,
    failed: Option<FolderError>,
}

impl Write for To {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.output.write(bytes) {
            Ok(()) => Ok(bytes.len()),
            Err(error) => {
                self.failed.get_or_insert(error);
                Err(io::Error::other("the report cannot be written"))
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_too_long_is_cut_and_says_by_how_much() {
        for fits in ["a".repeat(LONGEST), "é".repeat(LONGEST)] {
            assert_eq!(cut(fits.clone()), fits);
        }
        let long = "𝄞a".repeat(LONGEST);
        let short = cut(long.clone());
        assert!(short.encode_utf16().count() <= LONGEST, "{}", short.len());
        let (start, more) = short.split_once("… (").expect("it says so");
        assert!(long.starts_with(start));
        let more: usize = more.strip_suffix(" more characters)").and_then(|more| more.parse().ok()).expect("a number");
        assert_eq!(start.chars().count() + more, long.chars().count());
    }

    #[test]
    fn a_number_is_one_where_every_digit_is_kept() {
        let number = |text: &str| text.parse::<Decimal>().expect("a number");
        assert_eq!(exact(number("9999999999999.99")), Some(9_999_999_999_999.99));
        assert_eq!(exact(number("-0.10")), Some(-0.1));
        assert_eq!(exact(number("12345678901234.56")), None);
        assert!(!counts(Day::from_ymd_opt(1900, 2, 28).expect("a day")));
    }
}
