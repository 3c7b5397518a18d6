//! The thirteen questions that the ledger must answer from Kent's record.

use super::ask::{beside, known, list, not_determined, on, withheld};
use crate::places::also_on_a_server;

const LWK: &str = "live-well-kent-2016";
const LWK_2023: &str = "live-well-kent-2023";
const WELLBEING: &str = "community-wellbeing";

#[test]
fn q1_who_ran_lot_2_on_1_june_2018() {
    let answer = on("lots", LWK, "2018-06-01").answer();
    let lot = answer.row(&[("row", "lot"), ("lot", "2")]);
    known(&lot["holder"], "shaw-trust", "happened", &["A 2.7", "B 7.1"]);
    beside(&lot["holder"], &[]);
    assert!(lot["title"].as_str().is_some_and(|title| title.contains("West Kent")));
    assert_eq!(lot["status"]["value"], "in force");
}

#[test]
fn q2_who_ran_thanet_and_south_kent_coast_at_the_end_of_2021() {
    let answer = on("lots", LWK, "2021-12-31").answer();
    let lot = answer
        .rows()
        .iter()
        .find(|row| row["title"].as_str().is_some_and(|title| title.contains("Thanet and South Kent Coast")));
    let lot = lot.expect("the area is a lot");
    assert_eq!(lot["lot"], "4");
    known(&lot["holder"], "porchlight", "happened", &["A 2.7", "B 7.1"]);
}

#[test]
fn q3_which_varied_services_shaw_trust_managed_and_since_when() {
    let services = [
        ("telephone-and-online-support", "Kent and Medway", "2016-04-01/2019-04-01", &["A 2.12", "A 3.6"][..]),
        ("mental-health-housing-support", "lots 2 and 3", "2016-04-01/2019-10-01", &["A 2.12", "A 3.6"]),
        ("debt-counselling", "Kent", "2016-04-01/2022-03-31", &["A 2.12"]),
    ];
    let answer = on("lots", LWK, "2022-03-31").answer();
    let of_shaw_trust: Vec<_> = answer
        .rows()
        .iter()
        .filter(|row| row["row"] == "service")
        .filter(|row| row["says"]["text"].as_str().is_some_and(|text| text.ends_with("by shaw-trust")))
        .collect();
    assert_eq!(of_shaw_trust.len(), services.len());
    for (service, where_, since, sources) in services {
        let row = of_shaw_trust.iter().find(|row| row["service"] == service).expect("the service is there");
        assert!(row["says"]["text"].as_str().is_some_and(|text| text.contains(where_)), "{row:#}");
        assert_eq!(row["says"]["standing"], "happened");
        assert_eq!(list(&row["says"]["sources"]), sources);
        // When it was varied in is not determined: a span, and a day inside it is answered as uncertain.
        assert_eq!(row["says"]["effective"], since);
        assert!(row["says"]["uncertain"].is_null(), "{row:#}");
        let then = on("lots", LWK, "2018-06-01").answer();
        let then = then.rows().iter().find(|then| then["says"]["fact"] == row["says"]["fact"]).expect("it is there");
        assert!(then["says"]["uncertain"].as_str().is_some_and(|why| why.starts_with("takes effect between")));
    }
}

#[test]
fn q4_the_latest_end_that_the_record_allowed_on_1_april_2020() {
    let answer = on("register", LWK, "2020-04-01").answer();
    let contract = answer.row(&[("row", "contract")]);
    let end = &contract["latest-end"];
    known(end, "2023-03-31", "happened", &["A 1.4", "A 2.6", "A 3.3", "B 15.1", "B 2.2", "B 7.2", "B 7.3"]);
    assert_eq!(end["computed"], "7 years at the most from 1 April 2016");
    // The first term is our own conclusion, and the extension was recommended.
    known(&contract["term"], "to 31 March 2021", "inferred", &["A 2.16", "B 10.2"]);
    beside(
        &contract["term"],
        &[
            ("later", "proposed", "extended to 31 March 2023", "2021-04-01"),
            ("later", "inferred", "extended to 31 March 2023", "2021-04-01"),
        ],
    );
    known(&contract["option"], "up to 2 years more", "happened", &["A 2.16"]);
    // A lot that has nothing of its own is as its contract.
    assert_eq!(answer.row(&[("row", "lot"), ("lot", "2")])["latest-end"]["value"], "2023-03-31");
    // Before the cap was in effect it allowed nothing.
    let before = on("register", LWK, "2016-03-31").answer();
    not_determined(&before.row(&[("row", "contract")])["latest-end"], "in effect on the day");
}

#[test]
fn q5_what_the_addition_of_2017_was_worth_as_proposed() {
    let answer = on("value", LWK, "2017-10-01").answer();
    for (total, pounds, computed_from) in [
        ("sis-hrs-without-extension", "16925000.00", &["B 11.1"][..]),
        ("sis-hrs-with-extension", "26525000.00", &["B 11.1", "B 11.2"]),
    ] {
        let row = answer.row(&[("row", "stated-total"), ("total", total)]);
        known(&row["stated"], pounds, "proposed", &["B 11.2"]);
        known(&row["computed"], pounds, "proposed", computed_from);
        assert_eq!(row["difference"], "none");
    }
    let part = answer.row(&[("row", "by-part"), ("part", "service sis-hrs"), ("measure", "budget")]);
    known(&part["first-term"], "16925000.00", "proposed", &["B 10.2", "B 11.1", "B 11.2"]);
    known(&part["with-options"], "26525000.00", "proposed", &["B 10.2", "B 11.1", "B 11.2"]);
    // Half of £5.05m, then £4.8m a year: the half year is that of B 11.2.
    for (year, pounds) in [("2017/18", "2525000.00"), ("2018/19", "4800000.00"), ("2020/21", "4800000.00")] {
        let row = answer.row(&[("row", "financial-year"), ("year", year), ("measure", "budget")]);
        known(&row["amount"], pounds, "proposed", &["B 11.1"]);
    }
    // The contract's own first term is inferred, and so is what is summed over it.
    let whole = answer.row(&[("row", "value"), ("measure", "budget")]);
    known(&whole["first-term"], "16925000.00", "inferred", &["A 2.16", "B 10.2", "B 11.1"]);
}

#[test]
fn q6_the_variation_of_2017_is_never_shown_as_in_force() {
    let answer = on("lots", LWK, "2017-10-01").answer();
    let service = answer.row(&[("row", "service"), ("service", "sis-hrs")]);
    known(&service["status"], "proposed to be in force", "proposed", &["B 10.1", "B 10.2", "B 15.2", "B 16.1"]);
    for (day, pounds, sources) in [
        ("2017-10-01", "5050000.00", &["B 11.1"][..]),
        ("2018-03-31", "5050000.00", &["B 11.1"]),
        ("2018-04-01", "4800000.00", &["B 11.1"]),
    ] {
        let answer = on("value", LWK, day).answer();
        let line = answer.row(&[("row", "line"), ("line", "budget/service-sis-hrs")]);
        known(&line["on-the-day"], pounds, "proposed", sources);
    }
    // The day before it is nothing yet; years later it is still no more than proposed.
    let before = on("lots", LWK, "2017-09-30").answer();
    let service = before.row(&[("row", "service"), ("service", "sis-hrs")]);
    assert_eq!(service["status"]["value"], "not yet in force");
    for day in ["2019-10-01", "2022-03-31", "2025-10-02"] {
        let answer = on("lots", LWK, day).answer();
        let service = answer.row(&[("row", "service"), ("service", "sis-hrs")]);
        assert_eq!(service["status"]["value"], "proposed to be in force", "{day}");
        assert_eq!(service["status"]["standing"], "proposed");
    }
    // The housing service that A confirms is another one.
    let later = on("lots", LWK, "2022-03-31").answer();
    assert!(later.has(&[("row", "service"), ("service", "mental-health-housing-support")]));
}

#[test]
fn q7_live_well_medway_was_outside_the_contract() {
    let answer = on("state", "live-well-medway", "2021-06-30").answer();
    let contract = answer.row(&[("row", "in-force"), ("contract", "live-well-medway")]);
    known(&contract["status"], "in force", "happened", &["A 2.17", "D L59"]);
    assert_eq!(contract["status"]["effective"], "2021-05");
    let network = on("network", "live-well-medway", "2021-06-30").answer();
    let commissioner = network.row(&[("row", "partner"), ("role", "commissioner")]);
    known(&commissioner["party"], "km-ccg", "happened", &["A 2.17", "D L59"]);
    let kent = on("lots", LWK, "2021-06-30").answer();
    assert!(!kent.0.to_string().contains("Live Well Medway"), "it is no lot and no service of the Kent contract");
    // May 2021 is known to the month: inside it the answer is uncertain, before it there is none.
    let during = on("state", "live-well-medway", "2021-05-10").answer();
    let during = during.row(&[("contract", "live-well-medway"), ("row", "may-be-in-force")]);
    assert!(during["status"]["uncertain"].is_string());
    let before = on("state", "live-well-medway", "2021-04-30").answer();
    assert_eq!(before.row(&[("row", "not-yet-in-force")])["status"]["value"], "not yet in force");
}

#[test]
fn q8_the_value_of_2021_22_by_funder() {
    let answer = on("value", LWK, "2021-06-30").answer();
    let with = "value with live-well-medway";
    for (funder, pounds) in [
        ("Kent County Council", "5290185.00"),
        ("Kent and Medway Clinical Commissioning Group", "1488837.00"),
        ("Medway Council", "22850.00"),
    ] {
        let row = answer.row(&[("row", "by-funder"), ("funder", funder), ("measure", with)]);
        known(&row["a-year"], pounds, "happened", &["A 2.18", "A 2.19"]);
    }
    let whole = answer.row(&[("row", "value"), ("measure", with)]);
    known(&whole["a-year"], "6801872.00", "happened", &["A 2.18", "A 2.19"]);
    let total = answer.row(&[("row", "stated-total"), ("total", "annual-value-2021-22")]);
    known(&total["stated"], "6801872.00", "happened", &["A 2.18"]);
    known(&total["computed"], "6801872.00", "happened", &["A 2.18", "A 2.19"]);
    assert_eq!(total["difference"], "none");
    // One year is known of seven: what the contract is worth over its life is not.
    for range in ["first-term", "with-options", "left"] {
        not_determined(&whole[range], "no amount is in the record");
    }
    let alone = answer.row(&[("row", "value"), ("measure", "value of this contract alone")]);
    not_determined(&alone["a-year"], "covers live-well-medway too");
    for lot in ["lot 1", "lot 2", "lot 3", "lot 4"] {
        not_determined(&answer.row(&[("row", "by-part"), ("part", lot)])["a-year"], "for this lot alone");
    }
}

#[test]
fn q9_the_planned_five_year_cost_of_the_recommission() {
    let answer = on("value", LWK_2023, "2023-06-30").answer();
    for (funder, first, five, table) in [
        ("Kent County Council", "15990555.00", "26650925.00", "A Table 1"),
        ("Kent and Medway Clinical Commissioning Group", "4466511.00", "7444185.00", "A Table 2"),
    ] {
        let row = answer.row(&[("row", "by-funder"), ("funder", funder), ("measure", "cost")]);
        known(&row["first-term"], first, "proposed", &["A 10.1", "A 6.3", table]);
        known(&row["with-options"], five, "proposed", &["A 10.1", "A 6.3", table]);
    }
    let whole = answer.row(&[("row", "value"), ("measure", "cost")]);
    let sources = ["A 10.1", "A 6.3", "A Table 1", "A Table 2"];
    known(&whole["first-term"], "20457066.00", "proposed", &sources);
    known(&whole["with-options"], "34095110.00", "proposed", &sources);
    assert_eq!(whole["with-options"]["computed"], "5 years over 1 April 2023 to 31 March 2028");
    // Without Medway Council, which would commission too.
    assert!(!answer.has(&[("row", "by-funder"), ("funder", "Medway Council")]));
}

#[test]
fn q10_who_won_community_wellbeing_lot_4() {
    let ground = "Exempt Appendix 1: Schedule 12A, Local Government Act 1972";
    let sources = ["C 3.6", "C rec b"];
    let now = on("lots", WELLBEING, "2022-06-30").answer();
    let holder = &now.row(&[("row", "lot"), ("lot", "4")])["holder"];
    withheld(holder, ground, "proposed", &sources);
    beside(holder, &[("differs", "inferred", "Imago Community", "2022-04-01")]);
    assert_eq!(list(&holder["others"][0]["sources"]), ["C 3.2", "C 4.1", "E financial"]);
    assert_eq!(list(&holder["others"][0]["acts"]), ["inference: lot 4, Imago"]);
    // Decided by 1 March 2022, and on the day before the decision of 2025: withheld, and no more.
    for by in ["2022-03-01", "2025-10-01"] {
        let then = on("lots", WELLBEING, "2022-06-30").decided_by(by).answer();
        let holder = &then.row(&[("row", "lot"), ("lot", "4")])["holder"];
        withheld(holder, ground, "proposed", &sources);
        beside(holder, &[]);
        assert!(!then.0.to_string().to_lowercase().contains("imago"), "nothing of it in the whole answer");
    }
    let on_the_day = on("lots", WELLBEING, "2022-06-30").decided_by("2025-10-02").answer();
    beside(
        &on_the_day.row(&[("row", "lot"), ("lot", "4")])["holder"],
        &[("differs", "inferred", "Imago Community", "2022-04-01")],
    );
    // Lots 7 to 12 are in the other appendix.
    for lot in ["7", "8", "9", "10", "11", "12"] {
        withheld(&now.row(&[("row", "lot"), ("lot", lot)])["holder"], "Exempt Appendix 2", "proposed", &sources);
    }
}

#[test]
fn q11_lot_5_over_its_first_term_and_with_options() {
    let answer = on("value", WELLBEING, "2022-06-30").answer();
    let lot = answer.row(&[("row", "by-part"), ("part", "lot 5")]);
    assert_eq!(lot["measure"], "envelope");
    known(&lot["first-term"], "2094460.80", "proposed", &["C 4.1", "C T1", "C rec b", "C 4.3"]);
    known(&lot["with-options"], "3324460.80", "proposed", &["C 4.1", "C T1", "C rec b", "C 4.3"]);
    let total = answer.row(&[("row", "stated-total"), ("total", "lot-5-five-years")]);
    known(&total["stated"], "3324460.80", "proposed", &["C 4.1"]);
    known(&total["computed"], "3324460.80", "proposed", &["C 4.1", "C T1"]);
    assert_eq!(total["difference"], "none");
}

#[test]
fn q12_the_lifetime_value_of_phase_2() {
    let answer = on("value", WELLBEING, "2022-06-30").answer();
    let total = answer.row(&[("row", "stated-total"), ("total", "phase-2-lifetime")]);
    known(&total["stated"], "8949043.88", "proposed", &["C 4.3"]);
    known(&total["computed"], "8942043.88", "proposed", &["C 4.1", "C T1"]);
    assert_eq!(total["difference"], "£7,000");
}

#[test]
fn q13_what_the_decision_of_2_october_2025_saves() {
    let answer = on("value", WELLBEING, "2025-10-02").answer();
    let total = answer.row(&[("row", "stated-total"), ("total", "saving-3022")]);
    known(&total["stated"], "3450000.00", "proposed", &["E financial"]);
    known(&total["computed"], "3450000.00", "proposed", &["E financial"]);
    assert_eq!((&total["stated"]["basis"], &total["difference"]), (&"full-year".into(), &"none".into()));
    for (total, pounds) in [("added-cost-3022-least", "18000.00"), ("added-cost-3022-most", "180000.00")] {
        let row = answer.row(&[("row", "stated-total"), ("total", total)]);
        known(&row["stated"], pounds, "proposed", &["E financial"]);
    }
    for (contract, pounds) in
        [("community-navigation", "850000.00"), (WELLBEING, "2240000.00"), (LWK_2023, "360000.00")]
    {
        let answer = on("value", contract, "2025-10-02").answer();
        let saving = answer.row(&[("row", "value"), ("measure", "saving")]);
        known(&saving["a-year"], pounds, "proposed", &["E financial"]);
        assert_eq!(saving["a-year"]["basis"], "full-year");
        let part_year = answer.row(&[("row", "financial-year"), ("year", "2025/26"), ("measure", "saving")]);
        not_determined(&part_year["amount"], "in a full year, and not what of it falls into 2 October 2025");
    }
    // A range is two ends, and never their sum.
    not_determined(
        &answer.row(&[("row", "line"), ("line", "added-cost")])["on-the-day"],
        "a range is stated, £18,000 to £180,000",
    );
    // The operative text states no amount: from the change on, the value is not determined, and the estimate beside it.
    let after = on("value", WELLBEING, "2026-01-02").answer();
    let line = &after.row(&[("row", "line"), ("line", "value/to-involve-kent/west-kent")])["on-the-day"];
    not_determined(line, "changed by an amount that is not stated");
    assert_eq!(list(&line["acts"]), ["3022", "3022 estimates"]);
    beside(line, &[("differs", "proposed", "£0.42 million a year", "2026-01-02")]);
}

also_on_a_server! {
    q1_who_ran_lot_2_on_1_june_2018,
    q2_who_ran_thanet_and_south_kent_coast_at_the_end_of_2021,
    q3_which_varied_services_shaw_trust_managed_and_since_when,
    q4_the_latest_end_that_the_record_allowed_on_1_april_2020,
    q5_what_the_addition_of_2017_was_worth_as_proposed,
    q6_the_variation_of_2017_is_never_shown_as_in_force,
    q7_live_well_medway_was_outside_the_contract,
    q8_the_value_of_2021_22_by_funder,
    q9_the_planned_five_year_cost_of_the_recommission,
    q10_who_won_community_wellbeing_lot_4,
    q11_lot_5_over_its_first_term_and_with_options,
    q12_the_lifetime_value_of_phase_2,
    q13_what_the_decision_of_2_october_2025_saves,
}
