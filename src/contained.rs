//! Panics of others, contained: a crate that panics where the system refuses something is told as any other error. It must not be
//! put around code of our own.

use std::cell::Cell;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

/// What a crate said when it panicked.
#[derive(Debug)]
pub(crate) struct Panicked(String);

impl Panicked {
    /// Its first line.
    pub(crate) fn line(&self) -> &str {
        self.0.lines().next().unwrap_or(&self.0)
    }

    /// What the operating system said, where that is in it.
    pub(crate) fn os_error(&self) -> Option<io::Error> {
        os_error(&self.0)
    }
}

/// What the operating system said, where a text has it as Rust writes it for debugging.
pub(crate) fn os_error(text: &str) -> Option<io::Error> {
    let (_, rest) = text.split_once("Os { code: ")?;
    let (code, _) = rest.split_once(',')?;
    Some(io::Error::from_raw_os_error(code.parse().ok()?))
}

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Calls a crate, without a word on stderr where it panics. What it holds in memory is not to be trusted after that.
///
/// # Errors
/// [`Panicked`].
pub(crate) fn contained<T>(call: impl FnOnce() -> T) -> Result<T, Panicked> {
    hush();
    let before = QUIET.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(call));
    QUIET.set(before);
    outcome.map_err(|payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        Panicked(text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no reason given").to_owned())
    })
}

/// Keeps what is contained off stderr; every other panic is reported as before.
fn hush() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |info| {
            if !QUIET.get() {
                usual(info);
            }
        }));
    });
}
