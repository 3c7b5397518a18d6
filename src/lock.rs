//! A lock on a file, held by one process until it is dropped. It must not know what the file guards, nor wait.

use std::fs::{File, TryLockError};

/// A file that is locked for this process.
///
/// Dropping it unlocks it, and does not leave that to the closing of the file: a program that another thread is starting has
/// the same open file until it runs, and would hold the lock a moment longer.
#[derive(Debug)]
pub(crate) struct Lock(File);

impl Lock {
    /// Locks a file against all others. Where another has it, the file comes back, to read who that is.
    ///
    /// # Errors
    /// The file with `None` where another has locked it, and with what the operating system says otherwise.
    pub fn exclusive(file: File) -> Result<Self, (File, Option<std::io::Error>)> {
        let outcome = file.try_lock();
        Self::of(file, outcome)
    }

    /// Locks a file against those who want it for themselves.
    ///
    /// # Errors
    /// As [`Lock::exclusive`].
    pub fn shared(file: File) -> Result<Self, (File, Option<std::io::Error>)> {
        let outcome = file.try_lock_shared();
        Self::of(file, outcome)
    }

    fn of(file: File, outcome: Result<(), TryLockError>) -> Result<Self, (File, Option<std::io::Error>)> {
        match outcome {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err((file, None)),
            Err(TryLockError::Error(error)) => Err((file, Some(error))),
        }
    }

    /// The locked file.
    pub fn file(&mut self) -> &mut File {
        &mut self.0
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Where this fails, closing the file unlocks it.
        let _ = self.0.unlock();
    }
}
