//! Amounts as they are stated: money with its precision and basis, percentages, quantities. Floats never enter, and
//! no amount here knows what it is the value of.

use crate::packed::{Pack, Packer, Unpacker, packed};
use crate::prelude::*;
use crate::text::text_serde;
use core::{fmt, str::FromStr};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Scale {
    One,
    Thousand,
    Million,
}

impl Scale {
    fn factor(self) -> Decimal {
        Decimal::from(match self {
            Self::One => 1,
            Self::Thousand => 1_000,
            Self::Million => 1_000_000,
        })
    }
}

/// An amount of pounds, with the precision it is stated to: "£0.99m" is to the nearest £10,000.
///
/// Written `£997,350.68`, `£250k`, `£0.99m`, `-£0.28m`; the `£` and the commas may be left out.
///
/// ```
/// use minutebook_events::Money;
/// let money: Money = "£0.99m".parse()?;
/// assert_eq!((money.pounds().to_string(), money.nearest().to_string()), ("990000.00".into(), "10000.00".into()));
/// assert_eq!("£16,925,000".parse::<Money>()?.to_string(), "£16,925,000");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money {
    digits: Decimal,
    scale: Scale,
}

impl Money {
    /// An amount computed by us: exact to what it holds.
    pub fn exact(pounds: Decimal) -> Self {
        Self { digits: pounds, scale: Scale::One }
    }

    /// The amount in pounds.
    pub fn pounds(self) -> Decimal {
        if self.scale == Scale::One { self.digits } else { self.digits * self.scale.factor() }
    }

    /// The step it is stated to, in pounds.
    pub fn nearest(self) -> Decimal {
        Decimal::new(1, self.digits.scale()) * self.scale.factor()
    }

    /// The most that rounding to the stated step can hide, either way.
    pub fn slack(self) -> Decimal {
        // An amount to the penny or the pound hides nothing: it is the amount.
        if self.scale == Scale::One || self.nearest() <= Decimal::ONE {
            return Decimal::ZERO;
        }
        self.nearest() / Decimal::TWO
    }

    /// The text that reads back as the same amount, with the same precision.
    pub fn canonical(&self) -> String {
        let unit = match self.scale {
            Scale::One => "",
            Scale::Thousand => "k",
            Scale::Million => "m",
        };
        format!("{}{unit}", self.digits)
    }
}

/// The largest number that is taken: a million million. What is computed from such numbers, whatever the record holds,
/// stays far below the largest decimal, so that no sum and no product can overflow.
const MOST: Decimal = Decimal::from_parts(0xd4a5_1000, 0xe8, 0, false, 0);

/// Why a text is not an amount of money.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not an amount: write \"£997,350.68\", \"£250k\" or \"£0.99m\"{1}")]
pub struct BadMoney(String, &'static str);

impl FromStr for Money {
    type Err = BadMoney;
    fn from_str(text: &str) -> Result<Self, BadMoney> {
        let bad = || BadMoney(text.to_owned(), "");
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let rest = rest.strip_prefix('£').unwrap_or(rest);
        let (number, scale) = match rest.strip_suffix('m') {
            Some(number) => (number, Scale::Million),
            None => match rest.strip_suffix('k') {
                Some(number) => (number, Scale::Thousand),
                None => (rest, Scale::One),
            },
        };
        let number = ungroup(number).ok_or_else(bad)?;
        let fraction = number.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        if fraction > 2 && scale == Scale::One || number.len() > 20 {
            return Err(bad());
        }
        let mut digits = Decimal::from_str_exact(&number).map_err(|_| bad())?;
        digits.set_sign_negative(negative && !digits.is_zero());
        let money = Self { digits, scale };
        if money.pounds().abs() > MOST {
            return Err(BadMoney(text.to_owned(), ", and at most £1,000,000m"));
        }
        Ok(money)
    }
}

/// Digits with at most one point, commas only where thousands end.
fn ungroup(text: &str) -> Option<String> {
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
    let groups: Vec<&str> = whole.split(',').collect();
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let grouped = groups.len() == 1 || groups[0].len() <= 3 && groups[1..].iter().all(|group| group.len() == 3);
    if !grouped || !groups.iter().all(|group| digits(group)) || !fraction.is_none_or(digits) {
        return None;
    }
    Some(match fraction {
        Some(fraction) => format!("{}.{fraction}", groups.concat()),
        None => groups.concat(),
    })
}

text_serde!(Money, "an amount in quotes, as \"£997,350.68\"", canonical);
packed!(struct Money { digits, scale });
packed!(enum Scale { 0 One {}, 1 Thousand {}, 2 Million {} });

fn grouped(digits: Decimal) -> String {
    let text = digits.abs().to_string();
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), ""), |(whole, fraction)| (whole, fraction));
    let mut out = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if !fraction.is_empty() && fraction.bytes().any(|b| b != b'0') {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

impl fmt::Display for Money {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        let sign = if self.digits.is_sign_negative() && !self.digits.is_zero() { "−" } else { "" };
        let text = match self.scale {
            // "£0.90 million" keeps its nought: it says how precise it is.
            Scale::Million => format!("{sign}£{} million", self.digits.abs()),
            Scale::Thousand => format!("{sign}£{}", grouped(self.pounds())),
            Scale::One => format!("{sign}£{}", grouped(self.digits)),
        };
        out.pad(&text)
    }
}

/// What an amount is an amount for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// A year: a rate.
    Year,
    /// The whole of its period, `effective` to `until`.
    WholePeriod,
    /// Once.
    Once,
    /// A saving or cost in a full year, of which a part year is not stated.
    FullYear,
    /// The source gives an amount and not what it is for: said, not guessed.
    Unstated,
}

impl Basis {
    /// The word for it, as files write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Year => "year",
            Self::WholePeriod => "whole-period",
            Self::Once => "once",
            Self::FullYear => "full-year",
            Self::Unstated => "unstated",
        }
    }

    /// The words after an amount.
    pub fn words(self) -> &'static str {
        match self {
            Self::Year => "a year",
            Self::WholePeriod => "for the whole period",
            Self::Once => "once",
            Self::FullYear => "in a full year",
            Self::Unstated => "basis not stated",
        }
    }
}

/// What kind of figure a value line is; only lines of one measure add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// What the contract is worth as stated: a contract value or price.
    Value,
    /// The most that the council sets aside: an envelope, not a price.
    Envelope,
    /// A budget.
    Budget,
    /// What it costs those who fund it.
    Cost,
    /// Funding offered or available.
    Funding,
    /// A saving.
    Saving,
    /// A cost that may be added elsewhere.
    AddedCost,
}

impl Measure {
    /// All of them.
    pub const EACH: [Self; 7] =
        [Self::Value, Self::Envelope, Self::Budget, Self::Cost, Self::Funding, Self::Saving, Self::AddedCost];

    /// Whether the line says what the contract is worth, and not what a change to it saves or costs.
    pub fn is_worth(self) -> bool {
        matches!(self, Self::Value | Self::Envelope | Self::Budget | Self::Cost | Self::Funding)
    }

    /// The measure in words, as in keys.
    pub fn word(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Envelope => "envelope",
            Self::Budget => "budget",
            Self::Cost => "cost",
            Self::Funding => "funding",
            Self::Saving => "saving",
            Self::AddedCost => "added-cost",
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.pad(self.word())
    }
}

fn decimal(text: &str) -> Option<Decimal> {
    let number = ungroup(text)?;
    let decimal = (number.len() <= 20).then(|| Decimal::from_str_exact(&number).ok()).flatten()?;
    (decimal <= MOST).then_some(decimal)
}

/// A percentage, to the decimals it is stated to: `77.78%`, or `77.78`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent(Decimal);

impl Percent {
    /// The number before the sign.
    pub fn value(self) -> Decimal {
        self.0
    }

    /// The most that rounding can hide, either way.
    pub fn slack(self) -> Decimal {
        Decimal::new(5, self.0.scale() + 1)
    }
}
impl FromStr for Percent {
    type Err = BadNumber;
    fn from_str(text: &str) -> Result<Self, BadNumber> {
        decimal(text.strip_suffix('%').unwrap_or(text))
            .map(Self)
            .ok_or_else(|| BadNumber(text.to_owned(), "a percentage, as \"77.78%\""))
    }
}
impl fmt::Display for Percent {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        write!(out, "{}%", self.0)
    }
}
text_serde!(Percent, "a percentage in quotes, as \"77.78%\"");

impl Pack for Percent {
    fn pack(&self, to: &mut Packer) {
        self.0.pack(to);
    }
    fn unpack(from: &mut Unpacker) -> Option<Self> {
        Pack::unpack(from).map(Self)
    }
}

/// A number of something, as stated: `17,608 people`, `about 60 grants`, `84% of people asked`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity {
    /// The number.
    pub number: Decimal,
    /// Whether the source says "about", "around" or "more than".
    pub about: bool,
    /// What is counted; starts with `%` for a share.
    pub unit: Arc<str>,
}

impl FromStr for Quantity {
    type Err = BadNumber;
    fn from_str(text: &str) -> Result<Self, BadNumber> {
        let bad = || BadNumber(text.to_owned(), "a quantity, as \"17,608 people\" or \"about 60 grants\"");
        let (about, rest) = text.strip_prefix("about ").map_or((false, text), |rest| (true, rest));
        let (number, unit) = rest.split_once(' ').ok_or_else(bad)?;
        let (number, unit) = match number.strip_suffix('%') {
            Some(number) => (number, format!("% {unit}")),
            None => (number, unit.to_owned()),
        };
        let good = !unit.trim().is_empty()
            && unit.trim() == unit
            && unit.chars().count() <= 80
            && !unit.chars().any(char::is_control);
        if !good {
            return Err(bad());
        }
        Ok(Self { number: decimal(number).ok_or_else(bad)?, about, unit: unit.into() })
    }
}
impl fmt::Display for Quantity {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        let about = if self.about { "about " } else { "" };
        let space = if self.unit.starts_with('%') { "" } else { " " };
        write!(out, "{about}{}{space}{}", grouped_all(self.number), self.unit)
    }
}
fn grouped_all(number: Decimal) -> String {
    // Unlike money, a quantity keeps its noughts: "6.0 days" was measured to a tenth.
    let text = number.to_string();
    match text.split_once('.') {
        Some((_, fraction)) => format!("{}.{fraction}", grouped(number.trunc())),
        None => grouped(number),
    }
}
text_serde!(Quantity, "a number and what it counts, as \"17,608 people\"");
packed!(struct Quantity { number, about, unit });
packed!(enum Basis { 0 Year {}, 1 WholePeriod {}, 2 Once {}, 3 FullYear {}, 4 Unstated {} });
packed!(enum Measure { 0 Value {}, 1 Envelope {}, 2 Budget {}, 3 Cost {}, 4 Funding {}, 5 Saving {}, 6 AddedCost {} });

/// Why a text is not a number of the kind that belongs here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not {1}")]
pub struct BadNumber(String, &'static str);
