//! Golden answers.
