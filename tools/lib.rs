//! Tools that measure Minutebook; they may use every crate, and nothing may use them.

pub mod facts;
pub mod national;
