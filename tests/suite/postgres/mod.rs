//! The log on a real server: PostgreSQL as Debian packages it, started by these tests in folders that go away. What every
//! store promises is in `store`, which is run against this one too.
//!
//! | file | what it shows |
//! | --- | --- |
//! | `server` | no tests: a server, and who asks it besides us |
//! | `proxy` | no tests: what cuts a connection in the middle of a commit |
//! | `tables` | tables made and migrated, and what they refuse to whom |
//! | `doors` | who gets in, by which password, and how the connection is kept |
//! | `faults` | what is damaged, gone, full or set wrong is found and told |
//! | `races` | many writers at once, and connections that are cut |
//! | `copies` | one record in a folder and on a server |
//! | `nodes` | several machines on one log, each with its copy |
//! | `trust` | a log that is not what a node has verified of it |
//! | `durable` | a server that is set otherwise while a node appends there |
//! | `parted` | two servers that take themselves for the primary |
//! | `contents` | exempt content on several nodes, over TLS |

mod contents;
mod copies;
mod doors;
mod durable;
mod faults;
pub mod nodes;
mod parted;
pub mod proxy;
mod races;
pub mod server;
mod tables;
mod trust;
