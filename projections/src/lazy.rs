//! What follows from the entries, and is made of them when it is first asked for. It must not hold what cannot be made
//! anew.

use crate::prelude::*;
use core::fmt;
use spin::Once;

/// A place for it. A clone has to make it again.
pub(crate) struct Lazy<T>(Once<Box<T>>);

impl<T> Lazy<T> {
    /// It, made already.
    pub(crate) fn made(made: T) -> Self {
        Self(Once::initialized(Box::new(made)))
    }

    /// It, made now where nobody has asked for it yet; who asks meanwhile waits.
    pub(crate) fn get_or_make(&self, make: impl FnOnce() -> T) -> &T {
        self.0.call_once(|| Box::new(make()))
    }

    /// Whether it was made.
    pub(crate) fn is_made(&self) -> bool {
        self.0.is_completed()
    }

    /// It, to keep it up, where it was made.
    pub(crate) fn get_mut(&mut self) -> Option<&mut T> {
        self.0.get_mut().map(AsMut::as_mut)
    }

    /// Forgets it.
    pub(crate) fn forget(&mut self) {
        self.0 = Once::new();
    }
}

impl<T> Default for Lazy<T> {
    fn default() -> Self {
        Self(Once::new())
    }
}

impl<T> Clone for Lazy<T> {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl<T> fmt::Debug for Lazy<T> {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str(if self.is_made() { "made" } else { "not made" })
    }
}
