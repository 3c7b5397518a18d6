//! How firmly a fact stands. It must never turn one standing into another: a plan never becomes a fact.

use core::fmt;
use serde::{Deserialize, Serialize};

/// The standing of an event, from the weakest word to the strongest within its class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Stated as having happened.
    Happened,
    /// Taken by someone with the power.
    Decided,
    /// Planned by those who would do it.
    Planned,
    /// Endorsed by a body that advises.
    Endorsed,
    /// Proposed, recommended, asked for.
    Proposed,
    /// Our own conclusion, always with its reason.
    Inferred,
}

/// The three classes of standing, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// `happened`, `decided`: what a contract is in force by.
    Firm,
    /// `planned`, `endorsed`, `proposed`.
    Tentative,
    /// `inferred`: ours.
    Ours,
}

impl Standing {
    /// Which class the standing is of.
    pub fn class(self) -> Class {
        match self {
            Self::Happened | Self::Decided => Class::Firm,
            Self::Planned | Self::Endorsed | Self::Proposed => Class::Tentative,
            Self::Inferred => Class::Ours,
        }
    }

    /// Whether a contract can be in force by it.
    pub fn is_firm(self) -> bool {
        self.class() == Class::Firm
    }

    /// Among tentative words the stronger has the greater strength (planned, endorsed, proposed); firm words are equal.
    pub fn strength(self) -> u8 {
        match self {
            Self::Happened | Self::Decided => 5,
            Self::Planned => 4,
            Self::Endorsed => 3,
            Self::Proposed => 2,
            Self::Inferred => 1,
        }
    }

    /// Every one, the firmest first.
    pub const ALL: [Self; 6] =
        [Self::Happened, Self::Decided, Self::Planned, Self::Endorsed, Self::Proposed, Self::Inferred];

    /// The word that the record and the answers use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Happened => "happened",
            Self::Decided => "decided",
            Self::Planned => "planned",
            Self::Endorsed => "endorsed",
            Self::Proposed => "proposed",
            Self::Inferred => "inferred",
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.pad(self.word())
    }
}
