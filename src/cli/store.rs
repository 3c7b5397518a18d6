//! `store`: the tables of a log on a server, and copies between there and folders.

use super::backup::progress;
use super::{Outcome, Stop, output};
use crate::audit::checkpoint::Signed;
use crate::copies::{Compared, CopyError, Lost, Parting, between, compare};
use crate::node::{Reappended, reappend};
use crate::report;
use crate::sealed::Contents;
use crate::store::{self, AddressError, Grants, Migrated, OpenError, Place, Store, migrate};
use clap::Subcommand;
use std::sync::Arc;

pub(super) const HELP: &str = "\
Examples:
  minutebook store migrate --grant minutes --store 'postgres://owner@db.example/council?ledger=kent'
  minutebook record decision.toml --store 'postgres://minutes@db.example/council?ledger=kent'
  MINUTEBOOK_STORE='postgres://minutes@db.example/council?ledger=kent' minutebook state
  minutebook serve --ledger node-a --store 'postgres://minutes@db.example/council?ledger=kent'
  minutebook store compare --ledger node-a --store 'postgres://minutes@db.example/council?ledger=kent'

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
  loss=allowed          a server that may lose what it acknowledges (fsync or synchronous_commit off, standbys that are not waited for)

A password is never in an address: it is read from password_file, MINUTEBOOK_STORE_PASSWORD, PGPASSWORD, and the file that \
passfile or PGPASSFILE names or ~/.pgpass, in this order.

`serve` with --store is a node: it keeps a verified copy of the log in the folder of --ledger, follows what other nodes append, and \
answers from it. Where the log is no longer what the copy has, after a failover that lost something, say, the node appends nothing \
more, says on /ready where they part, and answers from what it verified: `store compare` says what the log lost, and `store reappend` \
brings it back.";

const COMPARE: &str = "\
Example:
  minutebook store compare --ledger node-a --store 'postgres://minutes@db.example/council?ledger=kent'

Exit status 0: they are equal, or the copy is a beginning of the log, as that of a node which was stopped is. 1: the log lacks what \
the copy has, or they part.";

const REAPPEND: &str = "\
Examples:
  minutebook store reappend --dry-run --ledger node-a --store 'postgres://minutes@db.example/council?ledger=kent'
  minutebook store reappend --ledger node-a --store 'postgres://minutes@db.example/council?ledger=kent'

An entry that is brought back says in its recorder where it was first recorded: position, instant and leaf hash. It keeps its id, so \
that doing it again, or recording the same file again, records nothing twice. What no longer holds together is listed with its \
reason, and is for people to decide. Afterwards start the node with a new folder; the old one is the evidence of what was \
acknowledged: keep it.";

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
    /// Hold a node's copy against the log, every entry by its bytes: equal, behind, or where they part
    #[command(after_help = COMPARE)]
    Compare,
    /// Append to the log, as new entries that say so, what a node's copy has and the log lost
    #[command(after_help = REAPPEND)]
    Reappend {
        /// Say what would be appended, and append nothing
        #[arg(long)]
        dry_run: bool,
    },
}

impl StoreCommand {
    pub(super) fn run(self, place: &Place) -> Result<Outcome, Stop> {
        match self {
            Self::Compare => compared(place),
            Self::Reappend { dry_run } => reappended(place, dry_run),
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

/// The copy in a folder, and the log.
struct Both {
    copy: Arc<dyn Store>,
    log: Arc<dyn Store>,
}

fn both(place: &Place) -> Result<Both, Stop> {
    let Some(server) = &place.server else {
        return Err("name the log with --store, and the folder of the copy with --ledger".into());
    };
    let copy = store::open_copy(&place.folder, server).map_err(|error| match error {
        OpenError::Locked { .. } => format!("{error}; a node that runs says on /ready where its log has parted"),
        error => error.to_string(),
    })?;
    let log = store::open(Place { server: Some(server.clone()), ..Place::from("") })?;
    Ok(Both { copy, log })
}

fn compared(place: &Place) -> Result<Outcome, Stop> {
    let Both { copy, log } = both(place)?;
    let mut progress = output::Progress::new("comparing");
    let compared = compare(&*copy, &*log, |done, total| progress.tell(done, total))?;
    let signed = Signed::of(&place.folder).all()?.into_iter().map(|(checkpoint, _)| checkpoint.head.size.0).max();
    let signed = signed.filter(|signed| *signed > compared.copy.max(compared.log));
    output::print_found(&(told(&compared, place) + &beyond_both(signed)))?;
    Ok(if compared.is_beginning() && signed.is_none() { Outcome::Answered } else { Outcome::Found })
}

/// That a checkpoint was signed of more than both have.
fn beyond_both(signed: Option<u64>) -> String {
    signed.map_or_else(String::new, |signed| {
        format!(
            "A checkpoint in the folder was signed of {signed} entries, which neither has: look for the rest in the folders of other \
             nodes, and compare those\n"
        )
    })
}

fn told(compared: &Compared, place: &Place) -> String {
    let Compared { copy, log, root, parting, lost } = compared;
    let folder = place.folder.display();
    let mut text = match parting {
        None if copy == log => {
            format!("Equal: {copy} entries in {folder} and in {place}, byte for byte; Merkle root {root}\n")
        }
        None if copy < log => format!(
            "The copy is behind: {folder} has {copy} entries, each as in {place}, which has {} more; Merkle root of those {root}\n",
            log - copy
        ),
        None => format!(
            "The log is behind: {place} has {log} entries, each as in {folder}, which has {copy}; Merkle root of those {root}\n"
        ),
        Some(Parting { position, here: (id, leaf), there }) => {
            let there = match there {
                Ok((id, leaf)) => format!("{id} with leaf {leaf}"),
                Err(what) => what.clone(),
            };
            format!(
                "They part at position {position}:\n  {folder} has {id} with leaf {leaf}\n  {place} has {there}\n{folder} has {copy} \
                 entries, {place} {log}; Merkle root of those before {root}\n"
            )
        }
    };
    if !lost.is_empty() {
        text += &format!("In the copy and not in the log: {} entries\n", lost.len());
    }
    for Lost { id, position, recorded, leaf, other } in lost {
        text += &format!("  {id}  position {position}  recorded {recorded}  leaf {leaf}");
        text +=
            &other.map_or_else(String::new, |other| format!("  the log has another of this id at position {other}"));
        text += "\n";
    }
    text += &match parting {
        // What is appended comes after that.
        Some(Parting { there: Err(_), .. }) => format!(
            "What the log has there is not what was recorded, and nothing mends it in place: copy {folder} to a ledger of another name \
             with `minutebook store copy`, and start nodes of that with new folders; keep this log as evidence\n"
        ),
        _ if !lost.is_empty() => "`minutebook store reappend` brings back what still holds together\n".to_owned(),
        Some(_) => done(place),
        None => String::new(),
    };
    text
}

/// What is left to do once the log has everything.
fn done(place: &Place) -> String {
    let folder = place.folder.display();
    format!("The log has all that {folder} has: keep that folder as evidence, and start the node with a new one\n")
}

fn reappended(place: &Place, dry_run: bool) -> Result<Outcome, Stop> {
    let Both { copy, log } = both(place)?;
    let Reappended { appended, refused, has_parted } =
        reappend(&*copy, &Contents::beside(&place.folder), &*log, dry_run)?;
    let verb = if dry_run { "Would append" } else { "Appended" };
    let mut text = format!("{verb} {} entries to {place}\n", appended.len());
    for (id, first, now) in &appended {
        text += &format!("  {id}  first at position {first}, now at {now}\n");
    }
    if !refused.is_empty() {
        text += &format!("Not appended: {} entries\n", refused.len());
    }
    for (id, first, why) in &refused {
        text += &format!("  {id}  first at position {first}: {why}\n");
    }
    if has_parted && refused.is_empty() && !dry_run {
        text += &done(place);
    }
    output::print_found(&report::visible(&text))?;
    Ok(if refused.is_empty() { Outcome::Answered } else { Outcome::Found })
}
