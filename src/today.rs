//! What day it is for the council. The one place that names its zone; dates elsewhere have none.

use chrono::Utc;
use chrono_tz::{Europe, Tz};
use minutebook_events::Day;

/// The council's zone.
pub const ZONE: Tz = Europe::London;

/// Today, in the council's zone.
pub fn today() -> Day {
    Utc::now().with_timezone(&ZONE).date_naive()
}
