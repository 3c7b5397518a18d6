//! Where a fact is written: a document and a paragraph. It must hold no sentence of the document and no person's name.

use crate::date::DateSpan;
use crate::packed::{Pack, Packer, Unpacker};
use crate::prelude::*;
use crate::text::text_serde;
use core::{fmt, str::FromStr};
use serde::{Deserialize, Serialize};

/// The short code of a document, as in "C 4.1": one word.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentCode(Arc<str>);

impl DocumentCode {
    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
impl FromStr for DocumentCode {
    type Err = BadSource;
    fn from_str(text: &str) -> Result<Self, BadSource> {
        let good =
            (1..=32).contains(&text.chars().count()) && text.chars().all(|c| !c.is_whitespace() && !c.is_control());
        if good { Ok(Self(text.into())) } else { Err(BadSource(text.to_owned())) }
    }
}
impl fmt::Display for DocumentCode {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.pad(&self.0)
    }
}
text_serde!(DocumentCode, "a document's code");

impl Pack for DocumentCode {
    fn pack(&self, to: &mut Packer) {
        to.code(&self.0);
    }
    fn unpack(from: &mut Unpacker) -> Option<Self> {
        from.code().map(Self)
    }
}

/// A document that an entry cites.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// The code its paragraphs are cited by, unique within the ledger.
    pub code: DocumentCode,
    /// Its title.
    pub title: String,
    /// When it was published, as precisely as is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub dated: Option<DateSpan>,
}

/// A document and the paragraph in it, written `C 4.1`, `E-dec a`, `D L14`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    /// The document's code.
    pub document: DocumentCode,
    /// The paragraph, table, recommendation or line.
    pub paragraph: Arc<str>,
}

impl FromStr for Source {
    type Err = BadSource;
    fn from_str(text: &str) -> Result<Self, BadSource> {
        let bad = || BadSource(text.to_owned());
        let (document, paragraph) = text.split_once(' ').ok_or_else(bad)?;
        let good = (1..=64).contains(&paragraph.chars().count()) && paragraph.trim() == paragraph;
        if !good || paragraph.chars().any(char::is_control) {
            return Err(bad());
        }
        Ok(Self { document: document.parse().map_err(|_| bad())?, paragraph: paragraph.into() })
    }
}
impl fmt::Display for Source {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str(self.document.as_str())?;
        out.write_str(" ")?;
        out.write_str(&self.paragraph)
    }
}
text_serde!(Source, "a document's code and a paragraph, as \"C 4.1\"");

/// Why a text is not a source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a source: write a document's code, a space and the paragraph, as \"C 4.1\"")]
pub struct BadSource(String);
