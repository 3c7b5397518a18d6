//! The ledger: what records decisions, keeps them and answers from them.

pub mod store;
