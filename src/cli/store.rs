//! `store`: the tables of a log on a server, and copies between there and folders.

use super::backup::progress;
use super::{Outcome, Stop, output};
use crate::copies::{CopyError, between};
use crate::store::{AddressError, Grants, Migrated, Place, migrate};
use clap::Subcommand;

pub(super) const HELP: &str = "\
Examples:
  minutebook store migrate --grant minutes --store 'postgres://owner@db.example/council?ledger=kent'
  minutebook record decision.toml --store 'postgres://minutes@db.example/council?ledger=kent'
  MINUTEBOOK_STORE='postgres://minutes@db.example/council?ledger=kent' minutebook state

Where the server may be on one of several machines, the address names all of them, with commas between, as in one:5432,other:5432: \
the first that takes writes is the server.

An address says, after its question mark and with & between them:
  ledger=NAME           which ledger of that database
  sslmode=MODE          verify-full where it is left out; require checks no certificate; disable is for this machine, where it is \
what counts
  sslrootcert=FILE      who signs certificates, in PEM, in place of those that browsers trust
  password_file=FILE    the password, alone; for its owner alone (chmod 600)
  passfile=FILE         a file as ~/.pgpass, in its place
  connect_timeout=N     seconds to be let in: 5 where it is left out
  statement_timeout=N   seconds to an answer: 30 where it is left out
  plain=allowed         no TLS to another machine
  loss=allowed          a server that may lose what it acknowledges (fsync or synchronous_commit off)

A password is never in an address: it is read from password_file, MINUTEBOOK_STORE_PASSWORD, PGPASSWORD, and the file that \
passfile or PGPASSFILE names or ~/.pgpass, in this order.";

/// What to do with a store.
#[derive(Debug, Subcommand)]
pub(super) enum StoreCommand {
    /// Make the tables in the database that --store names, or bring them up to this program
    #[command(
        after_help = "Example:\n  minutebook store migrate --grant minutes --store 'postgres://owner@db.example/council?ledger=kent'"
    )]
    Migrate {
        /// A role that may read and append, and no more
        #[arg(long, value_name = "ROLE")]
        grant: Vec<String>,
        /// A role that may read
        #[arg(long, value_name = "ROLE")]
        grant_read: Vec<String>,
    },
    /// Copy a ledger's entries between a folder and a server, either way, and hold the copy to them
    ///
    /// A copy that was interrupted goes on where it stopped, once what is there was held to what is copied. What lies beside the
    /// entries, such as exempt content and signed checkpoints, stays in its folder.
    #[command(
        after_help = "Examples:\n  minutebook store copy --from minutebook-ledger --to 'postgres://minutes@db.example/council?ledger=kent'\n  minutebook store copy --from 'postgres://minutes@db.example/council?ledger=kent' --to copied-ledger"
    )]
    Copy {
        /// The ledger to copy: its folder, or its address on a server
        #[arg(long, value_name = "DIR|postgres://…")]
        from: String,
        /// Where to: a folder that is empty, not there or a beginning of it, or an address on a server
        #[arg(long, value_name = "DIR|postgres://…")]
        to: String,
    },
}

impl StoreCommand {
    pub(super) fn run(self, place: &Place) -> Result<Outcome, Stop> {
        match self {
            Self::Migrate { grant, grant_read } => migrated(place, Grants { append: grant, read: grant_read }),
            Self::Copy { from, to } => copied(&place_of(&from)?, &place_of(&to)?),
        }
    }
}

fn migrated(place: &Place, grants: Grants) -> Result<Outcome, Stop> {
    let Some(address) = place.server.clone() else {
        return Err("name the database with --store: a folder needs no tables; see `minutebook store --help`".into());
    };
    let database = address.database();
    let mut text = match migrate(address, &grants)? {
        Migrated::Made => format!("Made the tables in {database}\n"),
        Migrated::Already => format!("The tables in {database} are as this program needs them: nothing was changed\n"),
    };
    for (roles, may) in [(&grants.append, "read and append"), (&grants.read, "read")] {
        roles.iter().for_each(|role| text += &format!("{role} may {may}\n"));
    }
    output::print(&text)?;
    Ok(Outcome::Answered)
}

/// A place as it is typed: an address is one by how it begins.
fn place_of(text: &str) -> Result<Place, AddressError> {
    match text.starts_with("postgres:") || text.starts_with("postgresql:") {
        true => Ok(Place { server: Some(text.parse()?), ..Place::from("") }),
        false => Ok(Place::from(text)),
    }
}

fn copied(from: &Place, to: &Place) -> Result<Outcome, Stop> {
    match between(from, to, &mut progress()) {
        Ok(moved) => {
            let (entries, new, root) = (moved.entries, moved.entries - moved.before, moved.head.root);
            let before = match moved.before {
                0 => String::new(),
                before => format!(", where {before} were already"),
            };
            output::print(&format!(
                "Copied {new} entries from {from} to {to}{before}.\nRead again there, all {entries} come to the same roots; Merkle \
                 root {root}\nWhat lies beside the entries was not copied: exempt content and signed checkpoints\n"
            ))?;
            Ok(Outcome::Answered)
        }
        Err(other @ CopyError::Other { .. }) => {
            output::complain(&format_args!("minutebook: {other}\n"));
            Ok(Outcome::Found)
        }
        Err(error) => Err(error.into()),
    }
}
