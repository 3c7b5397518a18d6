//! Answers as people and programs read them: words, tables and pictures of one answer, and the files of a report (`files`). It must
//! only format: no figure is made or changed here.

pub(crate) mod draw;
pub mod files;
pub mod in_hand;
pub(crate) mod tables;
mod terminal;
mod tiles;
pub(crate) mod words;

pub use terminal::Terminal;

use crate::question::Answer;
use minutebook_events::decide::is_hidden;

/// A text that others wrote, for a person: what a terminal would obey, or not show, is written as an escape. No entry may
/// hold such a character; a ledger that another program wrote might.
pub fn visible(text: &str) -> String {
    // Most have none.
    if !text.chars().any(|c| c != '\n' && is_hidden(c)) {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c != '\n' && is_hidden(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// An answer as one JSON object.
pub fn json(answer: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(answer).expect("an answer has only text, numbers and lists, which JSON always holds")
}

/// An answer for people: its coordinates in words, then a table for each kind of row.
pub fn text(answer: &Answer, terminal: Terminal) -> String {
    terminal.answer(answer)
}
