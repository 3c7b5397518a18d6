//! The one test binary of the whole: a module a subject. What a single file promises is tested beside it; here stands
//! what only several parts together can show.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails, and says where")]

mod golden;
mod histories;
mod model;
mod shared;
mod tidy;
