//! One way for a small value to be text in JSON and TOML: `FromStr` to read, `Display` or `canonical` to write. It
//! must know no particular type.

use crate::prelude::*;
use core::{fmt, marker::PhantomData, str::FromStr};
use serde::de::{Deserializer, Error, Visitor};

/// Reads a value that is written as text, and says what to do about numbers that are not.
pub(crate) struct TextVisitor<T> {
    what: &'static str,
    marker: PhantomData<T>,
}

impl<T> TextVisitor<T> {
    pub(crate) fn new(what: &'static str) -> Self {
        Self { what, marker: PhantomData }
    }
}

impl<T: FromStr> Visitor<'_> for TextVisitor<T>
where
    T::Err: fmt::Display,
{
    type Value = T;

    fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str(self.what)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<T, E> {
        Err(E::custom(format!(
            "a float, {number}, where {} belongs: write it in quotes, so that no digit is lost",
            self.what
        )))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }
}

pub(crate) fn deserialize<'de, T, D>(what: &'static str, from: D) -> Result<T, D::Error>
where
    T: FromStr,
    T::Err: fmt::Display,
    D: Deserializer<'de>,
{
    from.deserialize_any(TextVisitor::new(what))
}

/// Gives a type serde by its text: `text_serde!(Money, "an amount", canonical)` writes `self.canonical()`.
macro_rules! text_serde {
    ($type:ty, $what:literal) => {
        $crate::text::text_serde!($type, $what, to_string);
    };
    ($type:ty, $what:literal, $write:ident) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(&self.$write())
            }
        }
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                $crate::text::deserialize($what, from)
            }
        }
    };
}
pub(crate) use text_serde;
