//! JSON whose numbers are decimals, since floats never touch money, and whose fields keep their order. It must not know what it says.

use rust_decimal::Decimal;
use serde::ser::{Error, Serialize, Serializer};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A field's name.
pub type Name = Cow<'static, str>;

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    /// Nothing; in a release it deletes.
    Null,
    /// Yes or no.
    Flag(bool),
    /// A number.
    Number(Decimal),
    /// Words.
    Text(String),
    /// Several, in order.
    List(Vec<Json>),
    /// Fields, in order.
    Object(Vec<(Name, Json)>),
}

impl Json {
    /// An object of those fields that say anything.
    pub fn object<N: Into<Name>>(fields: impl IntoIterator<Item = (N, Self)>) -> Self {
        let fields = fields.into_iter().map(|(name, value)| (name.into(), value));
        Self::Object(fields.filter(|(_, value)| !value.is_empty()).collect())
    }

    /// Words.
    pub fn text(text: impl ToString) -> Self {
        Self::Text(text.to_string())
    }

    /// A list of words.
    pub fn texts<T: ToString>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::List(texts.into_iter().map(Self::text).collect())
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Null => true,
            Self::List(items) => items.is_empty(),
            Self::Object(fields) => fields.is_empty(),
            Self::Flag(_) | Self::Number(_) | Self::Text(_) => false,
        }
    }

    /// A field of an object.
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(fields) => fields.iter().find(|(own, _)| own == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The items of a list of objects, which merge by their ids; nothing where it is anything else.
    pub fn objects(&self) -> Option<&[Self]> {
        match self {
            Self::List(items) if items.iter().all(|item| matches!(item, Self::Object(_))) => Some(items),
            _ => None,
        }
    }

    /// As bytes.
    pub fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("memory takes what is written to it, and a decimal is a number of JSON")
    }
}

impl<T: Into<Self>> From<Option<T>> for Json {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => to.serialize_unit(),
            Self::Flag(flag) => to.serialize_bool(*flag),
            Self::Number(number) => {
                RawValue::from_string(number.normalize().to_string()).map_err(S::Error::custom)?.serialize(to)
            }
            Self::Text(text) => to.serialize_str(text),
            Self::List(items) => to.collect_seq(items),
            Self::Object(fields) => to.collect_map(fields.iter().map(|(name, value)| (name, value))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_written_as_it_is() {
        for (text, written) in [("1000000000000.01", "1000000000000.01"), ("997350.60", "997350.6"), ("0.00", "0")] {
            let number = Json::Number(text.parse().expect("a decimal"));
            assert_eq!(String::from_utf8_lossy(&number.bytes()), written);
        }
    }
}
