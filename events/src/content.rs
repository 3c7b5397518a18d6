//! Sealed content: what an entry says of content that it does not hold, because it is exempt from publication or
//! personal. It must not hold the content, nor know where it lies or how it is encrypted.

use crate::hash::{from_hex, to_hex};
use crate::prelude::*;
use crate::text::text_serde;
use core::{fmt, str::FromStr};
use serde::{Deserialize, Serialize};

/// What a sealed content can be checked against: the SHA-256 of its [`Salt::preamble`] and its bytes. It tells nothing of the
/// content to whoever has no salt. With both, anyone can check it:
///
/// ```text
/// { printf 'minutebook content 1\n%s\n' SALT; cat FILE; } | sha256sum
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Commitment(pub crate::Hash);

impl FromStr for Commitment {
    type Err = BadHex;
    fn from_str(text: &str) -> Result<Self, BadHex> {
        from_hex(text).map(|bytes| Self(crate::Hash(bytes))).ok_or(BadHex("a commitment"))
    }
}
impl fmt::Display for Commitment {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        self.0.fmt(out)
    }
}
text_serde!(Commitment, "a commitment");

/// 32 random bytes, new for each content, so that nobody finds a content by trying what it might be. Secret until the
/// content is published, and destroyed with it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Salt(pub [u8; 32]);

impl FromStr for Salt {
    type Err = BadHex;
    fn from_str(text: &str) -> Result<Self, BadHex> {
        from_hex(text).map(Self).ok_or(BadHex("a salt"))
    }
}
impl fmt::Display for Salt {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        to_hex(&self.0, out)
    }
}
impl fmt::Debug for Salt {
    /// Never the salt itself.
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("a salt")
    }
}
text_serde!(Salt, "a salt");

/// Why a text is not a commitment or a salt. It does not repeat the text, which may be secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the text is not {0}: write its 64 hexadecimal digits")]
pub struct BadHex(&'static str);

impl Salt {
    /// The 86 bytes that are hashed before the content: `minutebook content 1`, a line feed, the salt in 64 lower-case
    /// hexadecimal digits, a line feed. No entry begins so, nor does what a Merkle tree hashes.
    pub fn preamble(&self) -> String {
        format!("minutebook content 1\n{self}\n")
    }
}

/// A paragraph of Part 1 of Schedule 12A to the Local Government Act 1972 (England), by its number, 1 to 7: a description
/// of information that may be exempt. Paragraphs 1 to 5 were read in the Act as it stood in April 2022; the words for 6 and
/// 7 are from secondary sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum Paragraph {
    /// 1: relating to any individual.
    Individual,
    /// 2: likely to reveal the identity of an individual.
    Identity,
    /// 3: relating to the financial or business affairs of any particular person, the authority included.
    BusinessAffairs,
    /// 4: relating to consultations or negotiations in connection with a labour relations matter.
    LabourRelations,
    /// 5: to which a claim to legal professional privilege could be maintained.
    LegalPrivilege,
    /// 6: which reveals that the authority proposes to give a notice, or to make an order or direction.
    NoticesAndOrders,
    /// 7: relating to the prevention, investigation or prosecution of crime.
    Crime,
}

impl Paragraph {
    const ALL: [Self; 7] = [
        Self::Individual,
        Self::Identity,
        Self::BusinessAffairs,
        Self::LabourRelations,
        Self::LegalPrivilege,
        Self::NoticesAndOrders,
        Self::Crime,
    ];

    /// Its number in the Schedule.
    pub fn number(self) -> u8 {
        self as u8 + 1
    }

    fn about(self) -> &'static str {
        match self {
            Self::Individual => "an individual",
            Self::Identity => "the identity of an individual",
            Self::BusinessAffairs => "financial or business affairs",
            Self::LabourRelations => "labour relations",
            Self::LegalPrivilege => "legal professional privilege",
            Self::NoticesAndOrders => "notices and orders",
            Self::Crime => "crime",
        }
    }
}

impl fmt::Display for Paragraph {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        write!(out, "paragraph {} ({})", self.number(), self.about())
    }
}

impl From<Paragraph> for u8 {
    fn from(paragraph: Paragraph) -> Self {
        paragraph.number()
    }
}

impl TryFrom<u8> for Paragraph {
    type Error = BadParagraph;
    fn try_from(number: u8) -> Result<Self, BadParagraph> {
        let found = Self::ALL.into_iter().find(|paragraph| paragraph.number() == number);
        found.ok_or(BadParagraph(number))
    }
}

/// Why a number is no paragraph.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a paragraph of Part 1 of Schedule 12A: write 1 to 7")]
pub struct BadParagraph(u8);

/// Why a content is withheld.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Classification {
    /// It is exempt information under Schedule 12A.
    Exempt {
        /// Which descriptions it falls within; at least one.
        paragraphs: Vec<Paragraph>,
        /// Why the public interest in keeping it exempt outweighs that in disclosing it (Schedule 12A, paragraph 10): a
        /// description alone exempts nothing.
        public_interest: String,
    },
    /// It is personal data (UK GDPR), whether or not a meeting ever had it before it.
    PersonalData {
        /// Whose and why it is kept, in a few words; never the data.
        reason: String,
    },
}

impl fmt::Display for Classification {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Exempt { paragraphs, public_interest } => {
                out.write_str("Schedule 12A, ")?;
                for (at, paragraph) in paragraphs.iter().enumerate() {
                    write!(out, "{}{paragraph}", if at > 0 { " and " } else { "" })?;
                }
                write!(out, "; public interest: {public_interest}")
            }
            Self::PersonalData { reason } => write!(out, "personal data: {reason}"),
        }
    }
}

/// What an event does to a content. A content is sealed once, published at most once, and erased at most once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// The ledger commits to it, and withholds it.
    Sealed(Commitment),
    /// It is disclosed to everybody, with its salt.
    Published(Salt),
    /// It is destroyed, with its salt.
    Erased,
}

impl Step {
    /// The step in words.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sealed(_) => "sealed",
            Self::Published(_) => "published",
            Self::Erased => "erased",
        }
    }
}
