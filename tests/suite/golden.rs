//! Golden answers: the thirteen questions of Kent's record, its findings and its figures, each written from the
//! documents and never from our output. Every question is asked of the library and of the binary, which must agree.

mod alike;
mod ask;
mod findings;
mod questions;
mod record;
mod shape;
