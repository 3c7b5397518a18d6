//! Knowing, not knowing, and not being allowed to say: never an empty cell. That two sources conflict is found when
//! facts are compared, not when one is stated, so it is not here.

use crate::prelude::*;
use crate::text::TextVisitor;
use core::{fmt, marker::PhantomData, str::FromStr};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// What one source lets us know of a value. In files: the value itself, `{ unknown = "why" }` or
/// `{ withheld = "the legal ground" }`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Knowledge<T> {
    /// The value.
    Known(T),
    /// Not in the record, and why we say so.
    Unknown(Arc<str>),
    /// Exempt from publication, and on which ground.
    Withheld(Arc<str>),
}

impl<T> Knowledge<T> {
    /// The value, where there is one.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown(_) | Self::Withheld(_) => None,
        }
    }
}

impl<T: fmt::Display> fmt::Display for Knowledge<T> {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Known(value) => value.fmt(out),
            Self::Unknown(why) => write!(out, "unknown ({why})"),
            Self::Withheld(ground) => write!(out, "withheld ({ground})"),
        }
    }
}

impl<T: Serialize> Serialize for Knowledge<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let (word, reason) = match self {
            Self::Known(value) => return value.serialize(to),
            Self::Unknown(why) => ("unknown", why),
            Self::Withheld(ground) => ("withheld", ground),
        };
        let mut map = to.serialize_map(Some(1))?;
        map.serialize_entry(word, reason)?;
        map.end()
    }
}

struct KnowledgeVisitor<T>(PhantomData<T>);

impl<'de, T: FromStr> Visitor<'de> for KnowledgeVisitor<T>
where
    T::Err: fmt::Display,
{
    type Value = Knowledge<T>;

    fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("a value in quotes (or { unknown = \"why\" }, or { withheld = \"ground\" })")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        TextVisitor::new("a value").visit_str(text).map(Knowledge::Known)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        TextVisitor::new("a value").visit_i64(number).map(Knowledge::Known)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        TextVisitor::new("a value").visit_u64(number).map(Knowledge::Known)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        TextVisitor::new("an amount").visit_f64(number).map(Knowledge::Known)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Some(word) = map.next_key::<String>()? else {
            return Err(A::Error::custom("an empty table: write unknown or withheld, with the reason"));
        };
        let reason: Arc<str> = map.next_value::<String>()?.into();
        if reason.trim().is_empty() {
            return Err(A::Error::custom(format!("{word} with no reason: say why")));
        }
        if map.next_key::<String>()?.is_some() {
            return Err(A::Error::custom("two words where one belongs: unknown or withheld"));
        }
        match word.as_str() {
            "unknown" => Ok(Knowledge::Unknown(reason)),
            "withheld" => Ok(Knowledge::Withheld(reason)),
            _ => Err(A::Error::unknown_field(&word, &["unknown", "withheld"])),
        }
    }
}

impl<'de, T: FromStr> Deserialize<'de> for Knowledge<T>
where
    T::Err: fmt::Display,
{
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(KnowledgeVisitor(PhantomData))
    }
}
