//! Answers as a terminal or another program reads them. It must only format: no figure is made or changed here.

mod terminal;

pub use terminal::Terminal;

use crate::question::Answer;

/// An answer as one JSON object.
pub fn json(answer: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(answer).expect("an answer has only text, numbers and lists, which JSON always holds")
}

/// An answer for people: its coordinates in words, then a table for each kind of row.
pub fn text(answer: &Answer, terminal: Terminal) -> String {
    terminal.answer(answer)
}
