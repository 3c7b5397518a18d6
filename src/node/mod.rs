//! A node: a ledger whose entries are on a server, for several machines at once, with a verified copy of them in this one's own
//! folder. It follows what the others append, answers from its own memory, and appends to the log first: a receipt means that the
//! server has committed. It must not decide order, replication or failover: those are the server's; nor trust the log beyond what
//! the copy shows of it.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `copier` | the thread that appends to the copy |
//! | `following` | what is known of the log, for whoever asks how the node stands |
//! | `group` | what is decided at once, and taken back where another node was first |
//! | `hold` | the log held to what the copy has |
//! | `live` | taking entries in: projections, tree, copy |
//! | `log` | the log while it is reached, and while it is not |
//! | `reappend` | bringing back what a log lost |
//! | `turn` | the thread that follows and records, one thing after the other |

mod copier;
mod following;
mod group;
mod hold;
mod live;
mod log;
mod reappend;
mod turn;

pub(crate) use copier::Copied;
pub use following::{Following, Parted, Standing, State};
pub use reappend::{Reappended, reappend};
pub(crate) use turn::{Started, start};

use std::time::Duration;

/// How a node follows the log.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How often the log is asked for what others appended.
    pub every: Duration,
    /// For how long the log may not be heard before the node says that it is not ready.
    pub silence: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { every: Duration::from_millis(20), silence: Duration::from_secs(30) }
    }
}
