//! The integration tests of the whole program, in one binary so that it links once; a module a subject.

mod golden;
