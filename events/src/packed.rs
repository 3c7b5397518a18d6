//! Entries as few bytes, for memory and for files that can be made anew: names once, numbers as short as they are. What is
//! packed is derived: it is never hashed as an entry, and must not be kept where the canonical bytes are not.

use crate::content::{Classification, Commitment, Paragraph, Salt, Step};
use crate::date::{DateSpan, Day, Months};
use crate::decide::{Name, Stepped};
use crate::entry::{Act, ActKind, Entry, Instant};
use crate::event::{Clause, Event, EventKind, Funder, Lines, Power, Reading, Role, ValueLine};
use crate::hash::Hash;
use crate::ids::{EntryId, EventRef, Part, Position};
use crate::knowledge::Knowledge;
use crate::prelude::*;
use crate::source::{Document, Source};
use crate::standing::Standing;
use chrono::{DateTime, Datelike};
use core::hash::BuildHasher;
use hashbrown::{DefaultHashBuilder, HashTable};
use rust_decimal::Decimal;
use uuid::Uuid;

/// Raised whenever the same entry would be packed otherwise.
pub const VERSION: u32 = 1;

/// Names that entries have in common, each kept once and known by its number.
#[derive(Debug, Clone, Default)]
pub struct Names {
    texts: Vec<Arc<str>>,
    numbers: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Names {
    /// The number of a name, which is the next one where it is new.
    pub fn number(&mut self, name: &str) -> u32 {
        let Self { texts, numbers, hasher } = self;
        let hash = hasher.hash_one(name);
        if let Some(number) = numbers.find(hash, |number| &*texts[*number as usize] == name) {
            return *number;
        }
        let number = u32::try_from(texts.len()).expect("a ledger has fewer names than entries can tell apart");
        texts.push(name.into());
        numbers.insert_unique(hash, number, |number| hasher.hash_one(&*texts[*number as usize]));
        number
    }

    /// Adds a name under the next number; whether it is new.
    pub fn add(&mut self, name: &str) -> bool {
        let before = self.texts.len();
        self.number(name) as usize == before
    }

    /// Every name, in the order of their numbers.
    pub fn all(&self) -> &[Arc<str>] {
        &self.texts
    }
}

/// Where something is packed.
pub struct Packer<'a> {
    bytes: &'a mut Vec<u8>,
    names: &'a mut Names,
    /// The codes of documents, which are the entry's own: its sources are in those that it lists.
    codes: Vec<Arc<str>>,
}

impl<'a> Packer<'a> {
    /// At the end of these bytes, with the names so far.
    pub fn new(bytes: &'a mut Vec<u8>, names: &'a mut Names) -> Self {
        Self { bytes, names, codes: vec![] }
    }

    pub(crate) fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    /// The number of a variant; what the variant holds follows.
    pub fn variant(&mut self, number: u8) -> &mut Self {
        self.byte(number);
        self
    }

    /// A number in as few bytes as it needs, seven bits in each (LEB128).
    pub fn number(&mut self, mut number: u128) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    /// A number that may be less than nothing: near to nothing, it is short.
    pub fn signed(&mut self, number: i128) {
        self.number((number << 1 ^ number >> 127) as u128);
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u128);
        self.bytes.extend_from_slice(text.as_bytes());
    }

    pub(crate) fn name(&mut self, name: &str) {
        let number = self.names.number(name);
        self.number(number.into());
    }

    /// A document's code: in full, and from then on by its place among those of the entry.
    pub(crate) fn code(&mut self, code: &Arc<str>) {
        match self.codes.iter().position(|own| own == code) {
            Some(place) => self.number(place as u128 + 1),
            None => {
                self.number(0);
                self.text(code);
                self.codes.push(Arc::clone(code));
            }
        }
    }
}

/// Where something was packed. Whatever it gives is nothing where the bytes are not what was packed.
pub struct Unpacker<'a> {
    bytes: &'a [u8],
    names: &'a [Arc<str>],
    codes: Vec<Arc<str>>,
}

impl<'a> Unpacker<'a> {
    /// At the start of these bytes, with these names.
    pub fn new(bytes: &'a [u8], names: &'a [Arc<str>]) -> Self {
        Self { bytes, names, codes: vec![] }
    }

    /// The bytes that are left.
    pub fn rest(&self) -> &'a [u8] {
        self.bytes
    }

    /// A number, as [`Packer::number`] wrote it.
    pub fn number(&mut self) -> Option<u128> {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.byte()?;
            number |= u128::from(byte & 0x7f).checked_shl(shift)?;
            if byte < 0x80 {
                return Some(number);
            }
            shift += 7;
        }
    }

    fn small<N: TryFrom<u128>>(&mut self) -> Option<N> {
        N::try_from(self.number()?).ok()
    }

    /// A number, as [`Packer::signed`] wrote it.
    pub fn signed(&mut self) -> Option<i128> {
        let number = self.number()?;
        Some((number >> 1) as i128 ^ -((number & 1) as i128))
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*byte)
    }

    /// So many bytes.
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.bytes.split_first_chunk()?;
        self.bytes = rest;
        Some(*array)
    }

    fn text(&mut self) -> Option<&str> {
        let length = self.small()?;
        let (text, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        core::str::from_utf8(text).ok()
    }

    pub(crate) fn name(&mut self) -> Option<Arc<str>> {
        let number: usize = self.small()?;
        self.names.get(number).cloned()
    }

    pub(crate) fn code(&mut self) -> Option<Arc<str>> {
        match self.small::<usize>()?.checked_sub(1) {
            Some(place) => self.codes.get(place).cloned(),
            None => {
                let code: Arc<str> = self.text()?.into();
                self.codes.push(Arc::clone(&code));
                Some(code)
            }
        }
    }
}

/// What can be packed.
pub trait Pack: Sized {
    /// Adds it.
    fn pack(&self, to: &mut Packer);
    /// Takes it back.
    fn unpack(from: &mut Unpacker) -> Option<Self>;
}

/// Packs a struct field by field, an enum by the number of its variant. All fields are listed: the compiler sees one that
/// is left out.
macro_rules! packed {
    (struct $name:ident $(<$part:ident>)? { $($field:ident),* $(,)? }) => {
        impl $(<$part: $crate::packed::Pack>)? $crate::packed::Pack for $name $(<$part>)? {
            fn pack(&self, to: &mut $crate::packed::Packer) {
                let Self { $($field),* } = self;
                $($crate::packed::Pack::pack($field, to);)*
            }
            fn unpack(from: &mut $crate::packed::Unpacker) -> Option<Self> {
                $(let $field = $crate::packed::Pack::unpack(from)?;)*
                Some(Self { $($field),* })
            }
        }
    };
    (enum $name:ident { $($number:literal $variant:ident { $($field:ident),* }),* $(,)? }) => {
        impl $crate::packed::Pack for $name {
            fn pack(&self, to: &mut $crate::packed::Packer) {
                match self {
                    $(Self::$variant { $($field),* } => {
                        to.byte($number);
                        $($crate::packed::Pack::pack($field, to);)*
                    })*
                }
            }
            fn unpack(from: &mut $crate::packed::Unpacker) -> Option<Self> {
                match from.byte()? {
                    $($number => {
                        $(let $field = $crate::packed::Pack::unpack(from)?;)*
                        Some(Self::$variant { $($field),* })
                    })*
                    _ => None,
                }
            }
        }
    };
}
pub(crate) use packed;

impl Pack for bool {
    fn pack(&self, to: &mut Packer) {
        to.byte(u8::from(*self));
    }
    fn unpack(from: &mut Unpacker) -> Option<Self> {
        Some(from.byte()? == 1)
    }
}

macro_rules! packed_number {
    ($($number:ty),*) => {$(
        impl Pack for $number {
            fn pack(&self, to: &mut Packer) {
                to.number((*self).into());
            }
            fn unpack(from: &mut Unpacker) -> Option<Self> {
                from.small()
            }
        }
    )*};
}
packed_number!(u8, u16, u32, u64);

impl Pack for String {
    fn pack(&self, to: &mut Packer) {
        to.text(self);
    }
    fn unpack(from: &mut Unpacker) -> Option<Self> {
        from.text().map(ToOwned::to_owned)
    }
}

impl Pack for Arc<str> {
    fn pack(&self, to: &mut Packer) {
        to.text(self);
    }
    fn unpack(from: &mut Unpacker) -> Option<Self> {
        from.text().map(Into::into)
    }
}

impl<T: Pack> Pack for Option<T> {
    fn pack(&self, to: &mut Packer) {
        self.is_some().pack(to);
        if let Some(it) = self {
            it.pack(to);
        }
    }
    fn unpack(from: &mut Unpacker) -> Option<Self> {
        Some(if bool::unpack(from)? { Some(T::unpack(from)?) } else { None })
    }
}

impl<T: Pack> Pack for Vec<T> {
    fn pack(&self, to: &mut Packer) {
        to.number(self.len() as u128);
        self.iter().for_each(|it| it.pack(to));
    }
    fn unpack(from: &mut Unpacker) -> Option<Self> {
        let length: usize = from.small()?;
        // Each takes a byte or more: what is no length must not reserve the memory of one.
        let mut all = Vec::with_capacity(length.min(from.bytes.len()));
        for _ in 0..length {
            all.push(T::unpack(from)?);
        }
        Some(all)
    }
}

impl<A: Pack, B: Pack> Pack for (A, B) {
    fn pack(&self, to: &mut Packer) {
        self.0.pack(to);
        self.1.pack(to);
    }
    fn unpack(from: &mut Unpacker) -> Option<Self> {
        Some((A::unpack(from)?, B::unpack(from)?))
    }
}

impl<T: Pack> Pack for Knowledge<T> {
    fn pack(&self, to: &mut Packer) {
        match self {
            Self::Known(value) => value.pack(to.variant(0)),
            Self::Unknown(why) => why.pack(to.variant(1)),
            Self::Withheld(ground) => ground.pack(to.variant(2)),
        }
    }
    fn unpack(from: &mut Unpacker) -> Option<Self> {
        match from.byte()? {
            0 => T::unpack(from).map(Self::Known),
            1 => Pack::unpack(from).map(Self::Unknown),
            2 => Pack::unpack(from).map(Self::Withheld),
            _ => None,
        }
    }
}

impl Pack for Part {
    fn pack(&self, to: &mut Packer) {
        match self {
            Self::Whole => to.byte(0),
            Self::Lot(lot) => lot.pack(to.variant(1)),
            Self::Service(service) => service.pack(to.variant(2)),
        }
    }
    fn unpack(from: &mut Unpacker) -> Option<Self> {
        match from.byte()? {
            0 => Some(Self::Whole),
            1 => Pack::unpack(from).map(Self::Lot),
            2 => Pack::unpack(from).map(Self::Service),
            _ => None,
        }
    }
}

impl Pack for Day {
    fn pack(&self, to: &mut Packer) {
        to.signed(self.num_days_from_ce().into());
    }
    fn unpack(from: &mut Unpacker) -> Option<Self> {
        let days = from.signed()?.try_into().ok()?;
        Self::from_num_days_from_ce_opt(days)
    }
}

impl Pack for DateSpan {
    fn pack(&self, to: &mut Packer) {
        self.earliest().pack(to);
        to.signed((self.latest() - self.earliest()).num_days().into());
    }
    fn unpack(from: &mut Unpacker) -> Option<Self> {
        let earliest = Day::unpack(from)?;
        let days: i64 = from.signed()?.try_into().ok()?;
        Self::new(earliest, earliest.checked_add_signed(chrono::TimeDelta::try_days(days)?)?)
    }
}

impl Pack for Instant {
    fn pack(&self, to: &mut Packer) {
        to.signed(self.utc().timestamp_micros().into());
    }
    fn unpack(from: &mut Unpacker) -> Option<Self> {
        DateTime::from_timestamp_micros(from.signed()?.try_into().ok()?).map(Self::new)
    }
}

impl Pack for Decimal {
    fn pack(&self, to: &mut Packer) {
        to.number(self.scale().into());
        to.signed(self.mantissa());
    }
    fn unpack(from: &mut Unpacker) -> Option<Self> {
        let scale = from.small()?;
        Self::try_from_i128_with_scale(from.signed()?, scale).ok()
    }
}

impl Pack for EntryId {
    fn pack(&self, to: &mut Packer) {
        to.bytes.extend_from_slice(self.0.as_bytes());
    }
    fn unpack(from: &mut Unpacker) -> Option<Self> {
        from.array().map(|id| Self(Uuid::from_bytes(id)))
    }
}

impl Pack for Hash {
    fn pack(&self, to: &mut Packer) {
        to.bytes.extend_from_slice(&self.0);
    }
    fn unpack(from: &mut Unpacker) -> Option<Self> {
        from.array().map(Self)
    }
}

impl Pack for Commitment {
    fn pack(&self, to: &mut Packer) {
        self.0.pack(to);
    }
    fn unpack(from: &mut Unpacker) -> Option<Self> {
        Hash::unpack(from).map(Self)
    }
}

impl Pack for Salt {
    fn pack(&self, to: &mut Packer) {
        to.bytes.extend_from_slice(&self.0);
    }
    fn unpack(from: &mut Unpacker) -> Option<Self> {
        from.array().map(Self)
    }
}

impl Pack for Position {
    fn pack(&self, to: &mut Packer) {
        self.0.pack(to);
    }
    fn unpack(from: &mut Unpacker) -> Option<Self> {
        u64::unpack(from).map(Self)
    }
}

impl Pack for Months {
    fn pack(&self, to: &mut Packer) {
        self.0.pack(to);
    }
    fn unpack(from: &mut Unpacker) -> Option<Self> {
        u32::unpack(from).map(Self)
    }
}

impl Pack for Paragraph {
    fn pack(&self, to: &mut Packer) {
        to.byte((*self).into());
    }
    fn unpack(from: &mut Unpacker) -> Option<Self> {
        from.byte()?.try_into().ok()
    }
}

impl Pack for Entry {
    fn pack(&self, to: &mut Packer) {
        let Self { v, id, expected_head, recorded, recorder, act, documents, events } = self;
        v.pack(to);
        id.pack(to);
        expected_head.pack(to);
        recorded.pack(to);
        to.name(recorder);
        act.pack(to);
        documents.pack(to);
        events.pack(to);
    }
    fn unpack(from: &mut Unpacker) -> Option<Self> {
        Some(Self {
            v: Pack::unpack(from)?,
            id: Pack::unpack(from)?,
            expected_head: Pack::unpack(from)?,
            recorded: Pack::unpack(from)?,
            recorder: (*from.name()?).into(),
            act: Pack::unpack(from)?,
            documents: Pack::unpack(from)?,
            events: Pack::unpack(from)?,
        })
    }
}

/// When an entry was recorded that was packed here, without the rest of it.
pub fn recorded_of(from: &mut Unpacker) -> Option<Instant> {
    u8::unpack(from)?;
    EntryId::unpack(from)?;
    Position::unpack(from)?;
    Instant::unpack(from)
}

impl Pack for Step {
    fn pack(&self, to: &mut Packer) {
        match self {
            Self::Sealed(commitment) => commitment.pack(to.variant(0)),
            Self::Published(salt) => salt.pack(to.variant(1)),
            Self::Erased => to.byte(2),
        }
    }
    fn unpack(from: &mut Unpacker) -> Option<Self> {
        match from.byte()? {
            0 => Pack::unpack(from).map(Self::Sealed),
            1 => Pack::unpack(from).map(Self::Published),
            2 => Some(Self::Erased),
            _ => None,
        }
    }
}

impl Pack for Name {
    fn pack(&self, to: &mut Packer) {
        match self {
            Self::Contract(id) => id.pack(to.variant(0)),
            Self::Lot(of, id) => {
                of.pack(to.variant(1));
                id.pack(to);
            }
            Self::Service(of, id) => {
                of.pack(to.variant(2));
                id.pack(to);
            }
            Self::Party(id) => id.pack(to.variant(3)),
            Self::Office(id) => id.pack(to.variant(4)),
            Self::Content(of, id) => {
                of.pack(to.variant(5));
                id.pack(to);
            }
        }
    }
    fn unpack(from: &mut Unpacker) -> Option<Self> {
        match from.byte()? {
            0 => Pack::unpack(from).map(Self::Contract),
            1 => Pack::unpack(from).map(|(of, id)| Self::Lot(of, id)),
            2 => Pack::unpack(from).map(|(of, id)| Self::Service(of, id)),
            3 => Pack::unpack(from).map(Self::Party),
            4 => Pack::unpack(from).map(Self::Office),
            5 => Pack::unpack(from).map(|(of, id)| Self::Content(of, id)),
            _ => None,
        }
    }
}

packed!(struct Stepped { event, contract, content, step, effective });
packed!(struct Act { reference, title, kind, verb, office, decided, key_decision, callable_in, answers });
packed!(struct Document { code, title, dated });
packed!(struct Source { document, paragraph });
packed!(struct Event { effective, until, standing, because, doubt, sources, kind });
packed!(struct EventRef { entry, event });
packed!(struct ValueLine { measure, part, party, funder, name });
packed!(struct Lines { contract, measure, parts, parties, funders, names, from, until });
packed!(struct Reading<Parts> { label, parts });
packed!(struct Funder { party, share });
packed!(enum Classification { 0 Exempt { paragraphs, public_interest }, 1 PersonalData { reason } });
packed!(enum ActKind {
    0 Decision {},
    1 Endorsement {},
    2 Proposal {},
    3 Report {},
    4 Inference {},
    5 Correction {},
    6 Definition {},
});
packed!(enum Standing { 0 Happened {}, 1 Decided {}, 2 Planned {}, 3 Endorsed {}, 4 Proposed {}, 5 Inferred {} });
packed!(enum Role { 0 Funder {}, 1 Commissioner {}, 2 StrategicPartner {}, 3 Provider {}, 4 DeliveryPartner {} });
packed!(enum Power { 0 Decides {}, 1 Advises {} });
packed!(enum Clause {
    0 TermCap { months },
    1 ValueCap { amount },
    2 SelfDeliveryCap { share },
    3 UpliftFloor { percent, funder },
    4 NoticePeriod { months },
    5 GrantRange { least, most },
    6 Tolerance { lower, upper },
    7 Eligibility { from_age, to_age },
    8 Additions { agreed_by_both, own_term },
    9 Procedure { name },
    10 Payment { method },
    11 FundingAgreement { name },
});
packed!(enum EventKind {
    0 ContractDefined { contract, title },
    1 Commenced { contract, part },
    2 Ended { contract, part },
    3 Succeeded { contract, by },
    4 TermSet { contract, part, last_day },
    5 OptionGranted { contract, part, months },
    6 Extended { contract, part, last_day },
    7 LotDefined { contract, lot, title, area },
    8 LotAssigned { contract, lot, party },
    9 LotReleased { contract, lot, party },
    10 ServiceAdded { contract, service, title, area, lots, party },
    11 ServiceRemoved { contract, service, party },
    12 ValueSet { contract, line, amount, basis, with },
    13 ValueChanged { contract, line, by, basis },
    14 TotalStated { contract, total, amount, basis, readings },
    15 CountStated { contract, count, number, readings },
    16 FundingSet { contract, part, funders },
    17 PartyDefined { party, name, arm_of },
    18 AliasStated { party, alias, expands },
    19 OfficeDefined { office, title, body, power },
    20 PartnerJoined { contract, party, role, under, seat },
    21 PartnerLeft { contract, party, role, under, seat },
    22 ClauseSet { contract, part, clause },
    23 DelegationGranted { contracts, to, scope },
    24 Milestone { contract, milestone, title },
    25 NoticeGiven { contract, part, months },
    26 PerformanceReported { contract, measure, value },
    27 AlternativeConsidered { contracts, alternative, title, saving, taken },
    28 ContentSealed { contract, content, title, classification, commitment },
    29 ContentPublished { contract, content, salt },
    30 ContentErased { contract, content, reason },
    31 Correction { strikes, reason },
});
