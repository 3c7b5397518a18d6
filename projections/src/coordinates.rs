//! The three coordinates of a question. They say which facts count; they must not hold any.

use crate::prelude::*;
use minutebook_events::{DateSpan, Day, Position};

/// As of, known at, decided by: where a question stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct At {
    /// The effective coordinate: the state on this day.
    pub as_of: Day,
    /// The recorded coordinate: the first position that is not known, so the number of entries that are.
    pub head: Position,
    /// The decision coordinate: only what had been decided by this day; `None` for all that is known.
    pub decided_by: Option<Day>,
}

/// Whether an act counts by the decision coordinate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// It does.
    Yes,
    /// The act's date is a span that the coordinate falls into: named, not counted.
    Perhaps,
    /// It does not.
    No,
}

impl At {
    /// The same question on another day.
    pub fn on(self, as_of: Day) -> Self {
        Self { as_of, ..self }
    }

    /// Whether what was decided then counts.
    pub fn counts(self, decided: DateSpan) -> Counted {
        match self.decided_by {
            None => Counted::Yes,
            Some(by) if decided.latest() <= by => Counted::Yes,
            Some(by) if decided.earliest() <= by => Counted::Perhaps,
            Some(_) => Counted::No,
        }
    }

    /// The coordinates in words, as every answer begins.
    pub fn words(self) -> String {
        let known = match self.head.0 {
            0 => "with nothing recorded".to_owned(),
            n => format!("as known at position {}", n - 1),
        };
        let decided = match self.decided_by {
            None => "whenever decided".to_owned(),
            Some(by) => format!("as decided by {}", DateSpan::day(by)),
        };
        format!("as of {}, {known}, {decided}", DateSpan::day(self.as_of))
    }
}
