//! What the record shows of itself: money that does not add up, contradictions, and money that does.

use super::ask::{Answer, list, on};
use crate::places::also_on_a_server;
use serde_json::Value;

/// A finding as the documents have it: rule, a part of its text, stated, computed, difference, sources that it cites.
type Expected = (&'static str, &'static str, [&'static str; 3], &'static [&'static str]);

const DIFFERENCES: [Expected; 9] = [
    ("stated-total", "phase-2-lifetime", ["£8,949,043.88", "£8,942,043.88", "+£7,000"], &["C 4.3", "C 4.1"]),
    ("stated-total", "lots 7 to 9, five years come", ["£5,643,000", "£4,061,500", "+£1,581,500"], &["C 4.3", "C 4.1"]),
    ("stated-total", "and lots 10 to 12", ["£5,643,000", "£7,102,836", "−£1,459,836"], &["C 4.3", "C 4.1"]),
    (
        "stated-total",
        "dementia-coordinators-two-years",
        ["£1.8 million", "£3,041,336", "−£1,241,336"],
        &["C 1.13", "C 4.1"],
    ),
    ("stated-count", "kcc-funded-lots", ["3", "6", "-3"], &["C 4.1"]),
    ("carried-over", "Kent County Council", ["£5,330,185", "£5,290,185", "+£40,000"], &["A Table 1", "A 2.19"]),
    (
        "uplift",
        "the uplift is not in them",
        ["at least 2 % a year", "0 %", "-2 %"],
        &["A 6.3", "A 10.3", "A Table 1", "A Table 2"],
    ),
    ("stated-count", "contracts-varied", ["3", "4", "-1"], &["E-dec a", "E financial"]),
    ("alternatives", "exactly the same", ["£3.45 million", "£3.45 million", "none"], &["E options", "E financial"]),
];

/// A contradiction: its number in the record, rule, weight, what the text names, sources.
type Contradiction = (u8, &'static str, &'static str, &'static [&'static str], &'static [&'static str]);

const CONTRADICTIONS: [Contradiction; 12] = [
    (1, "two-sources", "conflict", &["about 60 grants", "66 grants"], &["A 2.3", "D L14"]),
    (2, "two-sources", "conflict", &["seat-health-commissioner", "kent-ccgs", "km-ccg"], &["A 2.2", "D L22"]),
    (3, "names", "conflict", &["SEK", "Social Enterprise Kent", "South East Kent"], &["E purpose", "E-dec a"]),
    (5, "wording", "note", &["Outcome field is blank", "decided"], &["E-dec a"]),
    (
        10,
        "two-sources",
        "conflict",
        &["lot-10/funding: km-ccg", "kcc, km-ccg"],
        &["C 1.8(i)", "C 4.1", "C rec b", "C 3.3"],
    ),
    (
        10,
        "two-sources",
        "conflict",
        &["lot-11/funding: km-ccg", "kcc, km-ccg"],
        &["C 1.8(i)", "C 4.1", "C rec b", "C 3.3"],
    ),
    (
        10,
        "two-sources",
        "conflict",
        &["lot-12/funding: km-ccg", "kcc, km-ccg"],
        &["C 1.8(i)", "C 4.1", "C rec b", "C 3.3"],
    ),
    (11, "stated-count", "conflict", &["9", "lots 4 to 12", "the three of Phase One"], &["C 2.3"]),
    (12, "two-sources", "conflict", &["27 September 2018", "27 September 2019"], &["C 1.5", "C 11"]),
    (13, "verb", "conflict", &["approved", "endorsement"], &["C 1.6"]),
    (15, "estimates", "note", &["about 205,000 people", "about 212,000 people"], &["A 1.1", "B 3"]),
    (16, "past-its-term", "gap", &["lot 4", "31 March 2025 (proposed)", "not in the record"], &["E-dec a", "C rec b"]),
];

fn findings() -> Answer {
    on("findings", "", "2026-06-01").answer()
}

#[track_caller]
fn one<'a>(answer: &'a Answer, rule: &str, names: &[&str]) -> &'a Value {
    let fits = |row: &&Value| {
        let text = row["finding"].as_str().unwrap_or_default();
        row["row"] == "finding" && row["rule"] == rule && names.iter().all(|name| text.contains(name))
    };
    let found: Vec<_> = answer.rows().iter().filter(fits).collect();
    assert_eq!(found.len(), 1, "{rule} {names:?}: {found:#?}");
    found[0]
}

#[track_caller]
fn cites(finding: &Value, sources: &[&str]) {
    let cited = list(&finding["sources"]);
    assert!(sources.iter().all(|source| cited.contains(source)), "{sources:?} in {finding:#}");
}

#[test]
fn money_that_does_not_add_up() {
    let answer = findings();
    for (rule, names, [stated, computed, difference], sources) in DIFFERENCES {
        let finding = one(&answer, rule, &[names]);
        assert_eq!(finding["weight"], "difference", "{finding:#}");
        assert_eq!([&finding["stated"], &finding["computed"], &finding["difference"]], [stated, computed, difference]);
        cites(finding, sources);
    }
    let totals = answer.rows().iter().filter(|row| row["row"] == "finding" && row["rule"] == "stated-total").count();
    assert_eq!(totals, 4, "every other stated total adds up");
}

#[test]
fn contradictions() {
    let answer = findings();
    for (number, rule, weight, names, sources) in CONTRADICTIONS {
        let finding = one(&answer, rule, names);
        assert_eq!(finding["weight"], weight, "contradiction {number}: {finding:#}");
        cites(finding, sources);
    }
    // 16: 31 March 2027 is six years from April 2021; the cap is proposed, and the finding says so.
    let cap = one(&answer, "term-cap", &["phase-one-west-kent"]);
    assert_eq!([&cap["stated"], &cap["computed"]], ["31 March 2027", "31 March 2026"]);
    assert!(cap["finding"].as_str().is_some_and(|text| text.contains("cap of 5 years (proposed)")), "{cap:#}");
}

#[test]
fn shares_are_within_rounding() {
    let answer = findings();
    let shares = one(&answer, "shares", &["100.01 %", "rounding explains it"]);
    assert_eq!((&shares["weight"], &shares["difference"]), (&"note".into(), &"0.01".into()));
    cites(shares, &["A 2.19"]);
}

#[test]
fn money_that_adds_up() {
    let totals = [
        ("live-well-kent-2016", "annual-value-2021-22", "6801872.00", "happened"),
        ("live-well-kent-2016", "sis-hrs-combined-budget", "5300000.00", "proposed"),
        ("live-well-kent-2016", "sis-hrs-without-extension", "16925000.00", "proposed"),
        ("live-well-kent-2016", "sis-hrs-with-extension", "26525000.00", "proposed"),
        ("live-well-kent-2023", "public-health-five-years", "11263242.50", "proposed"),
        ("live-well-kent-2023", "adult-social-care-five-years", "15387682.50", "proposed"),
        ("live-well-kent-2023", "ccg-five-years", "7444185.00", "proposed"),
        ("live-well-kent-2023", "saving-live-well-kent", "360000.00", "proposed"),
        ("community-wellbeing", "lot-4-five-years", "4850350.68", "proposed"),
        ("community-wellbeing", "lot-5-five-years", "3324460.80", "proposed"),
        ("community-wellbeing", "lot-6-five-years", "767232.40", "proposed"),
        ("community-wellbeing", "lot-7-five-years", "1409500.00", "proposed"),
        ("community-wellbeing", "lot-8-five-years", "1412000.00", "proposed"),
        ("community-wellbeing", "lot-9-five-years", "1240000.00", "proposed"),
        ("community-wellbeing", "lot-10-two-years", "634572.00", "proposed"),
        ("community-wellbeing", "lot-11-two-years", "1278636.00", "proposed"),
        ("community-wellbeing", "lot-12-two-years", "1128128.00", "proposed"),
        ("community-wellbeing", "annual-value-55-plus", "3870000.00", "happened"),
        ("community-wellbeing", "proposed-funding-55-plus", "1630000.00", "proposed"),
        ("community-wellbeing", "saving-3022", "3450000.00", "proposed"),
    ];
    for contract in ["live-well-kent-2016", "live-well-kent-2023", "community-wellbeing"] {
        let answer = on("value", contract, "2026-06-01").answer();
        for (_, total, pounds, standing) in totals.iter().filter(|(of, ..)| *of == contract) {
            let row = answer.row(&[("row", "stated-total"), ("total", total)]);
            assert_eq!((&row["stated"]["value"], &row["computed"]["value"]), (&(*pounds).into(), &(*pounds).into()));
            assert_eq!((&row["stated"]["standing"], &row["difference"]), (&(*standing).into(), &"none".into()));
        }
    }
    let answer = on("value", "community-wellbeing", "2022-06-30").answer();
    for (lot, pounds) in [
        ("lot 4", "2970350.68"),
        ("lot 5", "2094460.80"),
        ("lot 6", "452232.40"),
        ("lot 7", "769500.00"),
        ("lot 8", "702000.00"),
        ("lot 9", "720000.00"),
    ] {
        let row = answer.row(&[("row", "by-part"), ("part", lot), ("measure", "envelope")]);
        assert_eq!((&row["first-term"]["value"], &row["first-term"]["standing"]), (&pounds.into(), &"proposed".into()));
    }
}

also_on_a_server! {
    money_that_does_not_add_up,
    contradictions,
    shares_are_within_rounding,
    money_that_adds_up,
}
