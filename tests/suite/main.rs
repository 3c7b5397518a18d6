//! The one test binary of the whole: a module a subject. What a single file promises is tested beside it; here stands
//! what only several parts together can show.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails, and says where")]

mod bundles;
mod checkpoints;
mod cli;
mod copies;
mod crash;
mod durability;
mod errors;
mod evidence;
mod explain;
mod folder;
mod golden;
mod histories;
mod kills;
mod ledger;
mod merkle;
mod model;
mod papers;
mod readme;
mod replay;
mod run;
mod sealed;
mod shared;
mod store;
mod streams;
mod tidy;
