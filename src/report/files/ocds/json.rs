//! JSON whose numbers are decimals, since floats never touch money, and whose fields keep their order. It must not know what it says.

use rust_decimal::Decimal;
use std::borrow::Cow;
use std::io::Write;

/// How many bytes a release takes, more or less.
const USUAL: usize = 4096;

/// A field's name.
pub type Name = Cow<'static, str>;

/// A JSON value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Json {
    /// Nothing; in a release it deletes.
    Null,
    /// Yes or no.
    Flag(bool),
    /// A number.
    Number(Decimal),
    /// Words.
    Text(Cow<'static, str>),
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

    /// Words as they are.
    pub fn text(text: impl Into<Cow<'static, str>>) -> Self {
        Self::Text(text.into())
    }

    /// What something is in words.
    pub fn shown(shown: impl ToString) -> Self {
        Self::text(shown.to_string())
    }

    /// A list of what each is in words.
    pub fn all_shown<T: ToString>(all: impl IntoIterator<Item = T>) -> Self {
        Self::List(all.into_iter().map(Self::shown).collect())
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

    /// As bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(USUAL);
        self.write(&mut bytes);
        bytes
    }

    /// Adds it to bytes.
    pub fn write(&self, to: &mut Vec<u8>) {
        match self {
            Self::Null => to.extend_from_slice(b"null"),
            Self::Flag(flag) => to.extend_from_slice(if *flag { b"true" } else { b"false" }),
            Self::Number(number) => {
                write!(to, "{}", number.normalize()).expect("memory takes what is written to it");
            }
            Self::Text(text) => write_text(text, to),
            Self::List(items) => {
                write_each(to, *b"[]", items, |item, to| item.write(to));
            }
            Self::Object(fields) => {
                write_each(to, *b"{}", fields, |(name, value), to| {
                    write_name(name, to);
                    value.write(to);
                });
            }
        }
    }
}

/// Adds a text to bytes.
pub fn write_text(text: &str, to: &mut Vec<u8>) {
    // Most have nothing in them that has to be written otherwise (RFC 8259, 7). All of a text is looked at, many bytes at a time.
    if text.bytes().fold(true, |plain, byte| plain & (byte >= b' ') & (byte != b'"') & (byte != b'\\')) {
        to.push(b'"');
        to.extend_from_slice(text.as_bytes());
        to.push(b'"');
    } else {
        serde_json::to_writer(to, text).expect("memory takes what is written to it");
    }
}

/// Adds a field's name to bytes, up to its value.
pub fn write_name(name: &str, to: &mut Vec<u8>) {
    write_text(name, to);
    to.push(b':');
}

/// Adds several to bytes, with commas between them, in these brackets.
pub fn write_each<T>(
    to: &mut Vec<u8>,
    [open, close]: [u8; 2],
    items: impl IntoIterator<Item = T>,
    write: impl Fn(T, &mut Vec<u8>),
) {
    to.push(open);
    for (number, item) in items.into_iter().enumerate() {
        if number > 0 {
            to.push(b',');
        }
        write(item, to);
    }
    to.push(close);
}

impl<T: Into<Self>> From<Option<T>> for Json {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
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
