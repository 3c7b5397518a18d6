//! What day it is for the council. The one place that names its zone; dates elsewhere have none.

use chrono::Utc;
use chrono_tz::{Europe, Tz};
use minutebook_events::{Day, Instant};

/// The council's zone.
pub const ZONE: Tz = Europe::London;

/// Today, in the council's zone.
pub fn today() -> Day {
    day_of(Instant::new(Utc::now()))
}

/// The day that an instant falls on, in the council's zone.
pub fn day_of(instant: Instant) -> Day {
    instant.utc().with_timezone(&ZONE).date_naive()
}
