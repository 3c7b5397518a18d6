//! The binary: hands over to `minutebook::cli`. It must hold no logic.

fn main() -> std::process::ExitCode {
    minutebook::cli::main()
}
