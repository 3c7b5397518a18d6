//! The log that a node follows, while it is reached and while it is not: a node starts and answers without it. It must not look at
//! entries.

use crate::store::{Address, OpenError, PostgresStore, StoreError};
use std::sync::Arc;

/// The log at an address.
pub(super) struct Log {
    address: Address,
    opened: Option<Arc<PostgresStore>>,
}

impl Log {
    /// The log at an address, opened where it is reached.
    ///
    /// # Errors
    /// [`OpenError`]: none but [`OpenError::Server`] goes away by itself.
    pub(super) fn open(address: Address) -> Result<(Self, Option<OpenError>), OpenError> {
        match PostgresStore::open(address.clone()) {
            Ok(opened) => Ok((Self { address, opened: Some(Arc::new(opened)) }, None)),
            Err(error @ OpenError::Server { .. }) => Ok((Self { address, opened: None }, Some(error))),
            Err(error) => Err(error),
        }
    }

    /// The log, opened anew where it was not.
    ///
    /// # Errors
    /// [`StoreError::Server`].
    pub(super) fn reach(&mut self) -> Result<Arc<PostgresStore>, StoreError> {
        if let Some(opened) = &self.opened {
            return Ok(Arc::clone(opened));
        }
        let opened = PostgresStore::open(self.address.clone()).map_err(|error| unreached(error, &self.address))?;
        Ok(Arc::clone(self.opened.insert(Arc::new(opened))))
    }

    /// What its server is set to, in a line; nothing where it was never reached.
    pub(super) fn set(&self) -> Option<&str> {
        self.opened.as_ref().map(|opened| opened.set())
    }
}

/// As it is told to whoever reads or appends.
fn unreached(error: OpenError, address: &Address) -> StoreError {
    match error {
        OpenError::Server { doing, server, cause, remedy } => {
            StoreError::Server { doing: doing.to_owned(), server, cause, remedy }
        }
        error => StoreError::Server {
            doing: "open the log".to_owned(),
            server: address.to_string(),
            cause: error.to_string(),
            remedy: "see what changed there, then try again",
        },
    }
}
