//! The binary: hands over to `minutebook::cli`. It must hold no logic.

/// Reading a ledger makes and drops entries of many small texts on all cores, which this allocator does faster than the C
/// library's: `cargo bench -p minutebook-tools --bench audit` measures with it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    minutebook::cli::main()
}
