//! Date and money arithmetic where the record itself gives the answer.
#![allow(clippy::unwrap_used)]

use minutebook_events::*;
use rust_decimal::Decimal;

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn range(from: &str, last_day: &str) -> TimeRange {
    TimeRange::to_last_day(day(from), day(last_day)).unwrap()
}

#[test]
fn forty_two_months_from_october_2017_end_in_march_2021_and_two_years_more_in_march_2023() {
    let start = day("2017-10-01");
    let end = Months(42).last_day_from(start).unwrap();
    assert_eq!(end, day("2021-03-31"));
    assert_eq!(Months(24).last_day_from(end.succ_opt().unwrap()), Some(day("2023-03-31")));
    assert_eq!(Months(42 + 24).last_day_from(start), Some(day("2023-03-31")));
}

#[test]
fn three_months_after_2_october_2025_is_2_january_2026() {
    assert_eq!(Months(3).after(day("2025-10-02")), Some(day("2026-01-02")));
    assert_eq!(Months(3).last_day_from(day("2025-10-02")), Some(day("2026-01-01")));
}

#[test]
fn october_to_march_is_half_of_a_yearly_amount() {
    let yearly: Money = "£5.05m".parse().unwrap();
    let half = range("2017-10-01", "2018-03-31").years();
    assert_eq!(half.of(yearly.pounds()), Decimal::from(2_525_000));
    assert_eq!(half.yearly(Decimal::from(2_525_000)), yearly.pounds());
    assert_eq!(half.to_string(), "6 months");
}

#[test]
fn a_financial_year_is_a_year_whatever_its_days() {
    for (from, last_day) in [("2022-04-01", "2023-03-31"), ("2023-04-01", "2024-03-31")] {
        assert_eq!(range(from, last_day).years().of(Decimal::from(12)), Decimal::from(12));
    }
}

#[test]
fn months_from_the_end_of_a_month_end_with_one() {
    assert_eq!(Months(1).last_day_from(day("2021-01-31")), Some(day("2021-02-28")));
    assert_eq!(Months(12).last_day_from(day("2024-02-29")), Some(day("2025-02-28")));
    assert_eq!(Months(1).last_day_from(day("2021-04-01")), Some(day("2021-04-30")));
}

#[test]
fn what_is_stated_to_ten_thousand_may_hide_five() {
    let money: Money = "£0.99m".parse().unwrap();
    assert_eq!((money.pounds(), money.slack()), (Decimal::from(990_000), Decimal::from(5_000)));
    assert_eq!("£250k".parse::<Money>().unwrap().slack(), Decimal::from(500));
    assert_eq!("£997,350.68".parse::<Money>().unwrap().slack(), Decimal::ZERO);
    assert_eq!("-£0.28m".parse::<Money>().unwrap().to_string(), "−£0.28 million");
}

#[test]
fn amounts_that_no_source_writes_are_refused() {
    for text in ["", "£", "-", "£1,00", "£1.234", "1e6", "£-5", "£1.m", "NaN", "£1 000", "£99999999999999999999999"]
    {
        assert!(text.parse::<Money>().is_err(), "{text}");
    }
}

#[test]
fn no_sum_of_what_is_taken_overflows() {
    let most: Money = "£1,000,000m".parse().unwrap();
    for text in ["£1,000,000.01m", "-£1,000,000.01m", "£1,000,000,000,000.01", "£99999999999999999m"] {
        assert!(text.parse::<Money>().unwrap_err().to_string().ends_with("at most £1,000,000m"), "{text}");
    }
    assert!("1000000000001%".parse::<Percent>().is_err() && "1000000000001 people".parse::<Quantity>().is_err());
    // A year's amount over all years that a date can name, in a sum of as many lines as an entry has events.
    let ever = range("0001-01-01", "9999-12-31").years().of(most.pounds());
    assert_eq!((0..2000).map(|_| ever).sum::<Decimal>(), most.pounds() * Decimal::from(9999) * Decimal::from(2000));
}

#[test]
fn the_day_after_a_month_is_a_day_of_no_month_and_open_ends_stay_open() {
    let last_day: DateSpan = "../2016-03-31".parse().unwrap();
    assert_eq!(last_day.plus_days(1).canonical(), "../2016-04-01");
    assert_eq!("2022-09-30".parse::<DateSpan>().unwrap().plus_days(1).canonical(), "2022-10-01");
    assert_eq!("2022-09".parse::<DateSpan>().unwrap().plus_days(1).canonical(), "2022-09-02/2022-10-01");
}
