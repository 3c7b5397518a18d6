//! The stored bytes of an entry: version 1 as it was when it was frozen, and the text forms that its values have.
#![allow(clippy::unwrap_used)]

use minutebook_events::codec::{BadBytes, decode, encode};
use minutebook_events::decision_file::DecisionFile;
use minutebook_events::packed::{Names, Pack, Packer, Unpacker};
use minutebook_events::*;
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// An entry of version 1 with every kind of event that there was first. It is in ledgers: it must never be written again.
const FROZEN: &[u8] = include_bytes!("entry-v1.json");

/// Entries of version 1 which have every kind of event between them, each as it was when its kinds came: the stored bytes,
/// their SHA-256, and the decision file that they were made from.
const ALL_FROZEN: [(&[u8], &str, &str); 2] = [
    (FROZEN, "e7d1d826a5db4e152d5ac80ea4ded7980ed3c6a718de494190e61433d9fd4cc8", include_str!("every-kind.toml")),
    (
        include_bytes!("entry-v1-contents.json"),
        "8de1b24c9a1ffef6e771eb310003d63bd362d59d0bcfc83fef346145fdadc3e9",
        include_str!("contents.toml"),
    ),
];

fn entry_of(draft: &str) -> Entry {
    let draft = DecisionFile::parse(draft).unwrap().draft;
    Entry::stamp(draft, Position(7), "2026-11-22T09:30:00.000001Z".parse().unwrap(), "democratic services".to_owned())
}

#[test]
fn no_frozen_entry_ever_changes() {
    for (frozen, sha256, _) in ALL_FROZEN {
        let digest: String = Sha256::digest(frozen).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, sha256, "a frozen entry was edited: restore it, and write a new version beside it");
        assert_eq!(encode(&decode(frozen).unwrap()), frozen, "version 1 is read or written otherwise than it was");
    }
}

#[test]
fn the_frozen_entries_have_every_kind_of_event() {
    let events = ALL_FROZEN.iter().flat_map(|(frozen, ..)| decode(frozen).unwrap().events);
    let kinds: BTreeSet<_> = events.map(|event| event.kind.name()).collect();
    assert_eq!(kinds, EventKind::NAMES.into_iter().collect());
}

#[test]
fn a_decision_file_becomes_the_same_bytes_as_it_did() {
    for (frozen, _, draft) in ALL_FROZEN {
        assert_eq!(String::from_utf8(encode(&entry_of(draft))).unwrap(), std::str::from_utf8(frozen).unwrap());
        assert!(decode(frozen).unwrap().records(&DecisionFile::parse(draft).unwrap().draft));
    }
}

#[test]
fn a_kind_is_named_in_bytes_as_it_names_itself() {
    for event in ALL_FROZEN.iter().flat_map(|(frozen, ..)| decode(frozen).unwrap().events) {
        let json = serde_json::to_value(&event.kind).unwrap();
        assert_eq!(json.as_object().unwrap().keys().next().unwrap(), event.kind.name());
    }
}

fn frozen_with(from: &str, to: &str) -> Vec<u8> {
    let text = std::str::from_utf8(FROZEN).unwrap();
    assert!(text.contains(from));
    text.replacen(from, to, 1).into_bytes()
}

#[test]
fn a_later_version_is_too_new_whatever_its_shape() {
    assert_eq!(decode(&frozen_with("\"v\":1", "\"v\":2")), Err(BadBytes::TooNew(2)));
    assert_eq!(decode(&frozen_with("\"v\":1", "\"v\":300")), Err(BadBytes::TooNew(300)));
    assert_eq!(decode(br#"{"v":2,"shape":"another"}"#), Err(BadBytes::TooNew(2)));
}

#[test]
fn what_is_no_entry_is_refused() {
    let refused = |bytes: &[u8]| matches!(decode(bytes), Err(BadBytes::NoEntry(_)));
    assert!(refused(b""));
    assert!(refused(b"garbage"));
    assert!(refused(&[0xff; 64]));
    assert!(refused(br#"{"v":1}"#));
    assert!(refused(&frozen_with("\"v\":1", "\"v\":0")));
    assert!(refused(&frozen_with("\"v\":1", "\"v\":-1")));
    assert!(refused(&frozen_with("\"v\":1", "\"v\":1,\"v\":1")));
    assert!(refused(&frozen_with("\"v\":1", "\"v\":1,\"extra\":true")));
    assert!(refused(&frozen_with("\"months\":24", "\"months\":24.0")));
    assert!(refused(&frozen_with("\"2016-04-01\"", "\"2016-04-31\"")));
    assert!(refused(FROZEN.split_last().unwrap().1));
    assert!(refused(&[FROZEN, b"{}"].concat()));
}

fn day() -> impl Strategy<Value = Day> {
    (1900..2200i32, 1..=366u32).prop_filter_map("a day of the year", |(year, day)| Day::from_yo_opt(year, day))
}

fn span() -> impl Strategy<Value = DateSpan> {
    let month = (1900..2200i32, 1..=12u32).prop_map(|(year, month)| format!("{year}-{month:02}").parse().unwrap());
    let year = (1900..2200i32).prop_map(|year| year.to_string().parse().unwrap());
    let two = (day(), day()).prop_map(|(a, b)| DateSpan::new(a.min(b), a.max(b)).unwrap());
    let open = (day(), any::<bool>()).prop_map(|(day, before)| {
        let (a, b) = if before { (Day::MIN, day) } else { (day, Day::MAX) };
        DateSpan::new(a, b).unwrap()
    });
    prop_oneof![day().prop_map(DateSpan::day), month, year, two, open]
}

/// A number as a source writes it: its sign, its digits with or without commas, its decimals.
fn number(most_decimals: usize) -> impl Strategy<Value = String> {
    (0..10_000_000_000u64, 0..=most_decimals, any::<u32>()).prop_map(|(whole, decimals, fraction)| {
        let fraction = &format!("{fraction:010}")[..decimals];
        if decimals == 0 { whole.to_string() } else { format!("{whole}.{fraction}") }
    })
}

fn round_trip<T>(value: &T) -> T
where
    T: serde::Serialize + serde::de::DeserializeOwned,
{
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}

proptest! {
    #[test]
    fn a_span_of_dates_reads_back(span in span()) {
        prop_assert_eq!(span.canonical().parse(), Ok(span));
        prop_assert_eq!(round_trip(&span), span);
    }

    #[test]
    fn money_reads_back_with_its_precision(sign in "-?", pound in "£?", digits in number(2), unit in "[km]?") {
        let text = format!("{sign}{pound}{digits}{unit}");
        // More than a million million is refused, and says so.
        let money: Money = match text.parse() {
            Ok(money) => money,
            Err(error) => {
                prop_assert!(format!("{error}").ends_with("and at most £1,000,000m"), "{}", text);
                return Ok(());
            }
        };
        let back: Money = money.canonical().parse().unwrap();
        prop_assert_eq!(back, money);
        prop_assert_eq!(back.nearest(), money.nearest());
        prop_assert_eq!(round_trip(&money).canonical(), money.canonical());
    }

    #[test]
    fn a_quantity_reads_back_as_it_is_shown(about in "(about )?", digits in number(4), share in "%?", unit in "[a-z]{1,9}( [a-z]{1,9})?") {
        let quantity: Quantity = format!("{about}{digits}{share} {unit}").parse().unwrap();
        prop_assert_eq!(quantity.to_string().parse(), Ok(quantity.clone()));
        prop_assert_eq!(round_trip(&quantity), quantity);
    }

    #[test]
    fn a_percentage_reads_back_with_its_decimals(digits in number(4)) {
        let percent: Percent = format!("{digits}%").parse().unwrap();
        prop_assert_eq!(round_trip(&percent).to_string(), percent.to_string());
    }

    #[test]
    fn no_bytes_break_the_reader(at in 0..FROZEN.len(), byte in any::<u8>(), cut in 0..FROZEN.len()) {
        let mut bytes = FROZEN.to_vec();
        bytes[at] = byte;
        // What still reads after a change reads back as it was read.
        if let Ok(entry) = decode(&bytes) {
            prop_assert_eq!(decode(&encode(&entry)), Ok(entry));
        }
        prop_assert!(decode(&bytes[..cut]).is_err());
    }
}

/// Packs an entry, and takes it back.
fn packed(entry: &Entry, names: &mut Names) -> (Vec<u8>, Option<Entry>) {
    let mut bytes = vec![];
    entry.pack(&mut Packer::new(&mut bytes, names));
    let back = Entry::unpack(&mut Unpacker::new(&bytes, names.all()));
    (bytes, back)
}

#[test]
fn an_entry_of_every_kind_packs_and_comes_back() {
    let mut names = Names::default();
    for (frozen, ..) in ALL_FROZEN {
        let entry = decode(frozen).unwrap();
        let (bytes, back) = packed(&entry, &mut names);
        assert_eq!(back.as_ref(), Some(&entry));
        assert!(bytes.len() * 2 < frozen.len(), "{} of {} bytes", bytes.len(), frozen.len());
        for length in 0..bytes.len() {
            let cut = Entry::unpack(&mut Unpacker::new(&bytes[..length], names.all()));
            assert_eq!(cut, None, "cut at {length}");
        }
    }
}

#[test]
fn days_at_the_ends_of_the_calendar_pack_and_come_back() {
    let mut names = Names::default();
    for span in ["../2016-03-31", "2026-01-02/..", "../..", "2021-05", "0001-01-01"] {
        let span: DateSpan = span.parse().unwrap_or_else(|_| DateSpan::new(Day::MIN, Day::MAX).unwrap());
        let mut bytes = vec![];
        span.pack(&mut Packer::new(&mut bytes, &mut names));
        assert_eq!(DateSpan::unpack(&mut Unpacker::new(&bytes, &[])), Some(span));
    }
}

proptest! {
    #[test]
    fn other_bytes_are_refused_or_are_an_entry(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = Entry::unpack(&mut Unpacker::new(&bytes, &["kcc".into()]));
    }

    #[test]
    fn numbers_pack_and_come_back(number in any::<u128>()) {
        let mut bytes = vec![];
        Packer::new(&mut bytes, &mut Names::default()).number(number);
        let mut from = Unpacker::new(&bytes, &[]);
        prop_assert_eq!((from.number(), from.rest().len()), (Some(number), 0));
    }
}
