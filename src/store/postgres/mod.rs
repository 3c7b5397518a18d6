//! The store on a server that speaks PostgreSQL's protocol: one table of entries, which only grows, for many ledgers. It
//! must not know what an entry means; order, replication and failover are the server's business, and nothing here decides them.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `address` | where the log is, and how its server is spoken to; never a password |
//! | `checked` | what the server is set to, and what our role may do there |
//! | `fault` | what the server said, as an error with a remedy |
//! | `line` | connections: made, made anew, given up in time |
//! | `password` | where the password is read |
//! | `postgres_store` | appending and reading |
//! | `schema` | the tables: made, migrated, granted |
//! | `tls` | the connection in the open network |

mod address;
mod checked;
mod fault;
mod line;
mod password;
mod postgres_store;
mod schema;
mod tls;

pub use address::{Address, AddressError};
pub use password::PASSWORD;
pub use postgres_store::{Heard, PostgresStore};
pub use schema::{Grants, Migrated, migrate};
