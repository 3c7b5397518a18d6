//! The record itself: every figure of its tables is held, at its place, with its standing and its source; and it holds
//! no sentence of a document and nobody's name.

use super::ask::of_view;
use crate::places::also_on_a_server;
use minutebook::kent;
use minutebook::ledger::View;
use minutebook_projections::{Knowing, tell};
use std::path::Path;

const LWK: &str = "live-well-kent-2016";
const LWK_2023: &str = "live-well-kent-2023";
const WELLBEING: &str = "community-wellbeing";
const SIS: &str = "supporting-independence";
const HRS: &str = "housing-related-support";
const GRANTS: &str = "core-offer-grants";
const NAVIGATION: &str = "community-navigation";
const BREAKS: &str = "carers-short-breaks-2022";
const MEDWAY: &str = "live-well-medway";

/// Contract, key, effective, what it says, standing, a source.
type Fact = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

const CONTRACTS: &[Fact] = &[
    (LWK, "status", "2016-04-01", "in force", "happened", "A 1.4"),
    (LWK, "clause/term-cap", "2016-04-01", "at most 7 years", "happened", "B 2.2"),
    (LWK, "option", "2016-04-01", "up to 2 years more", "happened", "A 2.16"),
    (LWK, "term", "2016-04-01", "to 31 March 2021", "inferred", "B 10.2"),
    (LWK, "term", "2021-04-01", "extended to 31 March 2023", "proposed", "A 2.16"),
    (LWK, "term", "2021-04-01", "extended to 31 March 2023", "inferred", "A 2.16"),
    (LWK, "status", "2023-04-01", "ended", "planned", "A 1.4"),
    (SIS, "status", "../2017-03-31", "in force", "happened", "B 1.1"),
    (HRS, "status", "../2017-03-31", "in force", "happened", "B 1.1"),
    (MEDWAY, "status", "2021-05", "in force", "happened", "A 2.17"),
    (LWK_2023, "status", "2023-04-01", "in force", "planned", "A 9.2(ii)"),
    (LWK_2023, "term", "2023-04-01", "to 31 March 2026", "proposed", "A 6.3"),
    (LWK_2023, "option", "2023-04-01", "up to 2 years more", "proposed", "A 6.3"),
    (BREAKS, "term", "2022-04-01", "to 31 March 2023", "proposed", "C rec a"),
    (GRANTS, "performance/grants-a-year", "../2016-03-31", "66 grants", "happened", "A 2.3"),
    (GRANTS, "performance/grants-a-year", "../2016-03-31", "about 60 grants", "happened", "D L14"),
    (GRANTS, "status", "2016-04-01", "ended", "inferred", "B 2.3"),
    (NAVIGATION, "title", "2018-09-27", "Community Navigation services", "endorsed", "C 1.5"),
    (
        "community-navigation-carers",
        "title",
        "../2025-10-02",
        "Community Navigation for Carers",
        "happened",
        "E purpose",
    ),
];

const LOTS: &[Fact] = &[
    (LWK, "lot-1/holder", "2016-04-01", "porchlight", "happened", "A 2.7"),
    (LWK, "lot-2/holder", "2016-04-01", "shaw-trust", "happened", "A 2.7"),
    (LWK, "lot-3/holder", "2016-04-01", "shaw-trust", "happened", "B 7.1"),
    (LWK, "lot-4/holder", "2016-04-01", "porchlight", "happened", "B 7.1"),
    (
        LWK,
        "lot-1/title",
        "2016-04-01",
        "Community mental health and wellbeing (Dartford, Gravesham, Swanley and Swale)",
        "happened",
        "A 2.7",
    ),
    (
        LWK,
        "lot-3/title",
        "2016-04-01",
        "Community mental health and wellbeing (Ashford and Canterbury Coastal)",
        "happened",
        "A 2.7",
    ),
    (
        LWK,
        "service-young-people-activity/clause/eligibility",
        "2016-04-01/2022-03-31",
        "aged 14 to 35",
        "happened",
        "A 2.12",
    ),
    (WELLBEING, "lot-phase-one-west-kent/status", "2021-04", "in force", "happened", "C 1.9"),
    (WELLBEING, "lot-phase-one-thanet-and-south-kent-coast/status", "2021-04", "in force", "happened", "C 1.9"),
    (WELLBEING, "lot-phase-one-sensory-impairment/status", "2021-04", "in force", "happened", "C 1.9"),
    (WELLBEING, "lot-4/status", "2022-04-01", "in force", "planned", "C T1"),
    (WELLBEING, "lot-9/term", "2022-04-01", "to 31 March 2025", "proposed", "C rec b"),
    (WELLBEING, "lot-9/option", "2022-04-01", "up to 2 years more", "proposed", "C rec b"),
    (WELLBEING, "lot-10/term", "2022-04-01", "to 31 March 2024", "proposed", "C rec b"),
    (WELLBEING, "lot-12/term", "2022-04-01", "to 31 March 2024", "proposed", "C rec b"),
    (WELLBEING, "lot-11/clause/funding-agreement", "2022-04-01", "Section 256", "planned", "C 1.14"),
    (WELLBEING, "lot-4/holder", "2022-04-01", "imago", "inferred", "E financial"),
    (WELLBEING, "lot-5/holder", "2022-04-01", "involve-kent", "inferred", "E financial"),
    (WELLBEING, "lot-4/term", "2025-04-01", "extended to 31 March 2027", "inferred", "E-dec a"),
    (WELLBEING, "lot-5/term", "2025-04-01", "extended to 31 March 2027", "inferred", "E-dec a"),
    (WELLBEING, "lot-4/status", "2027-04-01", "ended", "decided", "E-dec a"),
    (WELLBEING, "lot-phase-one-west-kent/status", "2027-04-01", "ended", "decided", "E-dec a"),
];

const CHRONOLOGY: &[Fact] = &[
    (LWK, "status", "2016-04-01", "in force", "endorsed", "B 2.3"),
    (GRANTS, "funding", "2015-04-01", "kcc", "endorsed", "B 2.3"),
    (
        LWK,
        "milestone/workshop-outcome-measures",
        "2016-12-12",
        "Provider workshop: outcome measures: 12 December 2016",
        "happened",
        "B 5.2",
    ),
    (
        LWK,
        "milestone/workshop-partnership",
        "2016-12-14",
        "Provider workshop: partnership and ways of working: 14 December 2016",
        "happened",
        "B 5.2",
    ),
    (
        LWK,
        "milestone/workshop-paying-for-outcomes",
        "2017-01-24",
        "Provider workshop: paying for outcomes: 24 January 2017",
        "happened",
        "B 5.2",
    ),
    (
        LWK,
        "milestone/workshop-move-on-accommodation",
        "2017-02-27",
        "Provider workshop: move on accommodation: 27 February 2017",
        "happened",
        "B 6.6",
    ),
    (LWK, "performance/people-referred", "2016-04-01", "4,095 people", "happened", "B 7.3"),
    (LWK, "performance/people-signed-up", "2016-04-01", "3,157 people", "happened", "B 7.3"),
    (LWK, "performance/referrals-not-progressed", "2016-04-01", "938 referrals", "happened", "B 7.3"),
    (LWK, "performance/signed-up-serious-mental-illness", "2016-04-01", "1,142 people", "happened", "B 7.5"),
    (LWK, "performance/signed-up-common-mental-illness", "2016-04-01", "1,710 people", "happened", "B 7.5"),
    (LWK, "performance/signed-up-neither-illness", "2016-04-01", "305 people", "happened", "B 7.5"),
    (
        LWK,
        "performance/people-supported",
        "2016-04-01",
        "17,608 people, varied services not included",
        "happened",
        "A 3.3",
    ),
    (SIS, "status", "2017-09-02/2017-10-01", "ended", "planned", "B 1.2"),
    (HRS, "status", "2017-09-02/2017-10-01", "ended", "planned", "B 1.2"),
    (LWK, "service-sis-hrs/term", "2017-10-01", "to 31 March 2021", "proposed", "B 10.2"),
    (LWK, "service-sis-hrs/option", "2017-10-01", "up to 2 years more", "proposed", "B 10.2"),
    (
        WELLBEING,
        "milestone/new-approach-endorsed",
        "2017-11-23",
        "New approach endorsed: end the remaining grants, commission wellbeing support: 23 November 2017",
        "endorsed",
        "C 1.3",
    ),
    (
        WELLBEING,
        "milestone/two-stages-endorsed",
        "2018-09-27",
        "Two stages endorsed: Community Navigation, and Community Based Wellbeing Services: 27 September 2018",
        "endorsed",
        "C 1.5",
    ),
    (LWK, "milestone/service-review", "2019", "Service review: 2019", "happened", "A 2.14"),
    (
        WELLBEING,
        "milestone/timetable-approved",
        "2020-01-16",
        "Timetable of a three-phase procurement approved: 16 January 2020",
        "endorsed",
        "C 1.6",
    ),
    (LWK_2023, "milestone/consultation", "2021-08-23", "Public consultation: 23 August 2021", "happened", "A 7.1"),
    (
        LWK_2023,
        "milestone/market-event-east-kent",
        "2021-09-06",
        "Market event: East Kent: 6 September 2021",
        "happened",
        "A 7.3",
    ),
    (
        LWK_2023,
        "milestone/market-event-dartford-gravesham-and-swanley",
        "2021-09-09",
        "Market event: Dartford, Gravesham and Swanley: 9 September 2021",
        "happened",
        "A 7.3",
    ),
    (
        WELLBEING,
        "milestone/phase-2-award-letters",
        "2022-01-31",
        "Award letters issued, Phase 2: 31 January 2022",
        "planned",
        "C T1",
    ),
    (
        WELLBEING,
        "milestone/phase-3-standstill-complete",
        "2022-02-11",
        "Standstill period complete, Phase 3: 11 February 2022",
        "planned",
        "C T1",
    ),
    (
        WELLBEING,
        "milestone/phase-2-contract-award",
        "2022-02-14",
        "Contract award, Phase 2: 14 February 2022",
        "planned",
        "C T1",
    ),
    (LWK_2023, "clause/uplift-floor", "2023-04-01", "at least 2% a year, funded by km-ccg", "proposed", "A 6.3"),
    (
        WELLBEING,
        "milestone/preventative-services-consultation-began",
        "2024-11-26",
        "Consultation on preventative services began: 26 November 2024",
        "happened",
        "E purpose",
    ),
    (
        WELLBEING,
        "milestone/preventative-services-consultation-closed",
        "2025-01-27",
        "Consultation on preventative services closed: 27 January 2025",
        "happened",
        "E purpose",
    ),
    (WELLBEING, "milestone/decision-3022", "2025-10-02", "Decision 3022 taken: 2 October 2025", "decided", "E-dec a"),
    (NAVIGATION, "notice", "2025-10-02/..", "3 months from on or after 2 October 2025", "decided", "E-dec a"),
    (NAVIGATION, "status", "2026-01-02/..", "ended", "decided", "E-dec a"),
    (LWK_2023, "service-innovation-fund", "2025-10-02/..", "removed", "decided", "E-dec a"),
    (
        LWK,
        "service-innovation-fund/clause/grant-range",
        "2016-04-01/2022-03-31",
        "£500 to £10,000 a grant",
        "happened",
        "A 4.6",
    ),
    (LWK, "clause/eligibility", "2016-04-01", "aged 17 and over", "happened", "A 2.9"),
    (LWK, "clause/eligibility", "2016-04-01", "aged 18 and over", "happened", "D L3"),
    (LWK, "performance/people-with-mental-illness", "2017-02-27/2017-03-31", "about 205,000 people", "happened", "B 3"),
    (
        LWK,
        "performance/people-with-mental-illness",
        "2022-01-01/2022-03-31",
        "about 212,000 people",
        "happened",
        "A 1.1",
    ),
];

const MONEY: &[Fact] = &[
    (SIS, "line/value", "2017-02-27/2017-03-31", "£2.8 million basis not stated", "happened", "B 1.1"),
    (HRS, "line/value", "2017-02-27/2017-03-31", "£2.5 million basis not stated", "happened", "B 1.1"),
    (LWK, "line/budget/service-sis-hrs", "2017-10-01", "£5.05 million a year", "proposed", "B 11.1"),
    (LWK, "line/budget/service-sis-hrs", "2018-04-01", "£4.8 million a year", "proposed", "B 11.1"),
    (LWK, "line/saving/service-sis-hrs/mtfp-2017-18", "2017-04-01", "£250,000 in a full year", "planned", "B 11.1"),
    (LWK, "line/saving/service-sis-hrs/mtfp-2018-19", "2018-04-01", "£250,000 in a full year", "planned", "B 11.1"),
    (LWK, "total/sis-hrs-without-extension", "2017-10-01", "£16,925,000 for the whole period", "proposed", "B 11.2"),
    (LWK, "total/sis-hrs-with-extension", "2017-10-01", "£26,525,000 for the whole period", "proposed", "B 11.2"),
    (LWK, "line/value/from-kcc", "2021-04-01", "£5,290,185 a year", "happened", "A 2.19"),
    (LWK, "line/value/from-km-ccg", "2021-04-01", "£1,488,837 a year", "happened", "A 2.19"),
    (LWK, "line/value/from-medway-council", "2021-04-01", "£22,850 a year", "happened", "A 2.19"),
    (LWK, "total/annual-value-2021-22", "2021-04-01", "£6,801,872 a year", "happened", "A 2.18"),
    (LWK, "funding", "2021-04-01", "kcc 77.78%, km-ccg 21.89%, medway-council 0.34%", "happened", "A 2.19"),
    (
        LWK_2023,
        "line/cost/from-kcc-public-health",
        "2023-04-01",
        "£6,757,945.50 for the whole period",
        "proposed",
        "A Table 1",
    ),
    (
        LWK_2023,
        "line/cost/from-kcc-public-health",
        "2026-04-01",
        "£4,505,297 for the whole period",
        "proposed",
        "A Table 1",
    ),
    (
        LWK_2023,
        "line/cost/from-kcc-adult-social-care",
        "2023-04-01",
        "£9,232,609.50 for the whole period",
        "proposed",
        "A Table 1",
    ),
    (
        LWK_2023,
        "line/cost/from-kcc-adult-social-care",
        "2026-04-01",
        "£6,155,073 for the whole period",
        "proposed",
        "A Table 1",
    ),
    (LWK_2023, "line/cost/from-km-ccg", "2023-04-01", "£4,466,511 for the whole period", "proposed", "A Table 2"),
    (LWK_2023, "line/cost/from-km-ccg", "2026-04-01", "£2,977,674 for the whole period", "proposed", "A Table 2"),
    (
        LWK_2023,
        "total/public-health-five-years",
        "2023-04-01",
        "£11,263,242.50 for the whole period",
        "proposed",
        "A Table 1",
    ),
    (
        LWK_2023,
        "total/adult-social-care-five-years",
        "2023-04-01",
        "£15,387,682.50 for the whole period",
        "proposed",
        "A Table 1",
    ),
    (LWK_2023, "total/ccg-five-years", "2023-04-01", "£7,444,185 for the whole period", "proposed", "A Table 2"),
    (
        WELLBEING,
        "total/dementia-coordinators-two-years",
        "2022-04-01",
        "£1.8 million for the whole period",
        "decided",
        "C 1.13",
    ),
    (WELLBEING, "total/phase-2-lifetime", "2022-04-01", "£8,949,043.88 for the whole period", "proposed", "C 4.3"),
    (WELLBEING, "total/phase-3-lifetime", "2022-04-01", "£5,643,000 for the whole period", "proposed", "C 4.3"),
    (
        WELLBEING,
        "line/value/to-involve-kent/west-kent",
        "2021-04-01/2025-10-02",
        "£0.99 million a year",
        "happened",
        "E financial",
    ),
    (
        WELLBEING,
        "line/value/to-involve-kent/north-kent",
        "2021-04-01/2025-10-02",
        "£0.66 million a year",
        "happened",
        "E financial",
    ),
    (
        WELLBEING,
        "line/value/to-sek/east-kent",
        "2021-04-01/2025-10-02",
        "£1.24 million a year",
        "happened",
        "E financial",
    ),
    (
        WELLBEING,
        "line/value/to-imago/ashford-canterbury-and-swale",
        "2021-04-01/2025-10-02",
        "£0.98 million a year",
        "happened",
        "E financial",
    ),
    (
        WELLBEING,
        "line/value/to-involve-kent/west-kent",
        "2026-01-02",
        "£0.42 million a year",
        "proposed",
        "E financial",
    ),
    (
        WELLBEING,
        "line/value/to-involve-kent/north-kent",
        "2026-01-02",
        "£0.28 million a year",
        "proposed",
        "E financial",
    ),
    (WELLBEING, "line/value/to-sek/east-kent", "2026-01-02", "£0.52 million a year", "proposed", "E financial"),
    (
        WELLBEING,
        "line/value/to-imago/ashford-canterbury-and-swale",
        "2026-01-02",
        "£0.41 million a year",
        "proposed",
        "E financial",
    ),
    (WELLBEING, "total/annual-value-55-plus", "2025-10-02", "£3.87 million a year", "happened", "E financial"),
    (WELLBEING, "total/proposed-funding-55-plus", "2026-01-02", "£1.63 million a year", "proposed", "E financial"),
    (NAVIGATION, "line/saving", "2025-10-02", "£0.85 million in a full year", "proposed", "E financial"),
    (WELLBEING, "line/saving", "2025-10-02", "£2.24 million in a full year", "proposed", "E financial"),
    (
        LWK_2023,
        "line/saving/service-innovation-fund",
        "2025-10-02",
        "£0.28 million in a full year",
        "proposed",
        "E financial",
    ),
    (LWK_2023, "line/saving/back-office", "2025-10-02", "£0.04 million in a full year", "proposed", "E financial"),
    (
        LWK_2023,
        "line/saving/to-shaw-trust/unallocated",
        "2025-10-02",
        "£0.04 million in a full year",
        "proposed",
        "E financial",
    ),
    (LWK_2023, "total/saving-live-well-kent", "2025-10-02", "£0.36 million in a full year", "proposed", "E financial"),
    (WELLBEING, "total/saving-3022", "2025-10-02", "£3.45 million in a full year", "proposed", "E financial"),
];

/// C 4.1: what each lot's envelope is, year by year from 1 April 2022, and the total stated of them.
const ENVELOPES: [(u8, &str, &[&str], &str); 9] = [
    (4, "kcc", &["£997,350.68", "£998,000", "£975,000", "£950,000", "£930,000"], "£4,850,350.68"),
    (5, "kcc", &["£734,460.80", "£700,000", "£660,000", "£630,000", "£600,000"], "£3,324,460.80"),
    (6, "kcc", &["£148,616.20", "£148,616.20", "£155,000", "£155,000", "£160,000"], "£767,232.40"),
    (7, "kcc", &["£239,500", "£250,000", "£280,000", "£310,000", "£330,000"], "£1,409,500"),
    (8, "kcc", &["£200,000", "£227,000", "£275,000", "£330,000", "£380,000"], "£1,412,000"),
    (9, "kcc", &["£235,000", "£240,000", "£245,000", "£250,000", "£270,000"], "£1,240,000"),
    (10, "km-ccg", &["£317,286", "£317,286"], "£634,572"),
    (11, "km-ccg", &["£639,318", "£639,318"], "£1,278,636"),
    (12, "km-ccg", &["£564,064", "£564,064"], "£1,128,128"),
];

/// Whether the ledger holds the fact, and what it holds on the key otherwise.
fn held(view: &View<'_>, (contract, key, effective, says, standing, source): Fact) -> Result<(), String> {
    let mut holds = vec![];
    for (known, timeline) in view.projections.timelines() {
        if known.contract().is_none_or(|of| of.as_str() != contract) || known.to_string() != key {
            continue;
        }
        for fact in timeline.facts() {
            let event = fact.event();
            let effect = serde_json::to_value(event.effective).expect("a date is JSON");
            let words = Knowing::from(tell(event)).words();
            let sources: Vec<String> = event.sources.iter().map(ToString::to_string).collect();
            let same = (effect.as_str(), words.as_str(), event.standing.word()) == (Some(effective), says, standing);
            if same && sources.iter().any(|it| it == source) {
                return Ok(());
            }
            holds.push(format!("{effect} {words} ({}) {sources:?}", event.standing));
        }
    }
    Err(format!("{contract} {key} from {effective}: {says} ({standing}) [{source}]; held are {holds:#?}"))
}

#[track_caller]
fn all_held(facts: &[Fact]) {
    let missing: Vec<String> = of_view(|view| facts.iter().filter_map(|fact| held(view, *fact).err()).collect());
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn every_contract_is_held() {
    all_held(CONTRACTS);
}

#[test]
fn every_lot_is_held() {
    all_held(LOTS);
}

#[test]
fn the_chronology_is_held() {
    all_held(CHRONOLOGY);
}

#[test]
fn all_money_is_held() {
    all_held(MONEY);
}

#[test]
fn every_envelope_is_held() {
    of_view(|view| {
        let facts = |key: &str| -> Vec<String> {
            let found = view.projections.timelines().find(|(known, _)| known.to_string() == key);
            let (_, timeline) = found.unwrap_or_else(|| unreachable!("{key} is in the record"));
            timeline
                .facts()
                .iter()
                .map(|fact| {
                    let event = fact.event();
                    assert!(event.sources.iter().any(|source| source.to_string() == "C 4.1"), "{key}");
                    format!("{} {} {}", event.effective, Knowing::from(tell(event)).words(), event.standing)
                })
                .collect()
        };
        for (lot, funder, years, total) in ENVELOPES {
            let expected: Vec<String> =
                (2022..).zip(years).map(|(year, pounds)| format!("1 April {year} {pounds} a year proposed")).collect();
            assert_eq!(facts(&format!("line/envelope/lot-{lot}/from-{funder}")), expected);
            let span = if years.len() == 5 { "five-years" } else { "two-years" };
            let expected = format!("1 April 2022 {total} for the whole period proposed");
            assert_eq!(facts(&format!("total/lot-{lot}-{span}")), [expected]);
        }
    });
}

/// Every text of the record as it is held: comments stay in the files.
fn texts() -> Vec<(&'static str, String)> {
    let mut texts = vec![];
    for (name, file) in kent::decision_files() {
        texts.extend(
            file.lines().filter(|line| !line.trim_start().starts_with('#')).map(|line| (name, line.to_owned())),
        );
    }
    texts
}

#[test]
fn nobodys_name_or_address_is_in_the_record() {
    // An entry's id is digits at random.
    for (name, line) in texts().into_iter().filter(|(_, line)| !line.starts_with("id = ")) {
        let words: Vec<&str> = line.split(|c: char| !c.is_alphanumeric()).collect();
        let titled = ["Mr", "Mrs", "Ms", "Miss", "Dr", "Cllr", "Councillor"].iter().any(|title| words.contains(title));
        assert!(!titled && !line.contains('@'), "{name}: {line}");
        let digits = line.split(|c: char| !c.is_ascii_digit() && c != ' ').map(|run| run.replace(' ', ""));
        assert!(!digits.into_iter().any(|run| run.starts_with('0') && run.len() >= 10), "{name}: {line}");
    }
}

/// How many words in a row make a sentence of a document, and not a name or a term of the field.
const SENTENCE: usize = 16;

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

#[test]
fn no_sentence_of_a_document_is_in_the_record() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/sources");
    let Ok(files) = std::fs::read_dir(&folder) else {
        assert!(
            std::env::var_os("CI").is_none(),
            "{} is missing, and a release is not checked without it",
            folder.display()
        );
        println!("skipped: {} is not here", folder.display());
        return;
    };
    let mut sentences = std::collections::HashSet::new();
    for file in files {
        let path = file.expect("a file of the folder").path();
        let document = words(&std::fs::read_to_string(path).expect("a document is text"));
        sentences.extend(document.windows(SENTENCE).map(<[String]>::to_vec));
    }
    for (name, line) in texts() {
        let copied = words(&line).windows(SENTENCE).find(|run| sentences.contains(*run)).map(|run| run.join(" "));
        assert_eq!(copied, None, "{name} copies a sentence");
    }
}

also_on_a_server! {
    every_contract_is_held,
    every_lot_is_held,
    the_chronology_is_held,
    all_money_is_held,
    every_envelope_is_held,
}
