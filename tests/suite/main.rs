//! The one test binary of the whole: a module a subject. What a single file promises is tested beside it; here stands
//! what only several parts together can show.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails, and says where")]

mod access;
mod alone;
mod bundles;
mod checkpoints;
mod cli;
mod copies;
mod crowds;
mod durability;
mod errors;
mod evidence;
mod explain;
mod faults;
mod folder;
mod given;
mod golden;
mod histories;
mod ledger;
mod lines;
mod merkle;
mod model;
mod ocds;
mod openid;
mod papers;
mod parquet;
mod postgres;
mod readme;
mod recording;
mod replay;
mod report;
mod run;
mod sealed;
mod served;
mod shared;
mod snapshots;
mod store;
mod streams;
mod survival;
mod tampering;
mod tidy;
mod totals;
mod web;
mod whole;
mod workbook;
