//! The binary: hands its arguments to `minutebook::cli` and exits as that says. It must hold no logic.

fn main() {}
