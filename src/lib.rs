//! Minutebook: the ledger of record for what a council has decided about its contracts.
//!
//! This crate joins the pure parts (`minutebook-events`, `minutebook-projections`) to the world: the store, the clock,
//! the command line. It must not decide what an entry means (events) nor what a question selects (projections).

pub mod access;
mod ahead;
pub mod audit;
pub mod cli;
mod contained;
pub mod copies;
pub mod durable;
mod gather;
mod here;
pub mod kent;
pub mod ledger;
mod lock;
pub mod merkle;
pub mod node;
pub mod question;
pub mod report;
pub mod sealed;
mod slice;
mod snapshot;
pub mod store;
pub mod streams;
pub mod today;
pub mod web;
mod writer;
