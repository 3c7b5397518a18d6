//! `content`: exempt and personal content beside the ledger: seal it, read it, check what was disclosed of it, publish it,
//! erase it. What is done is recorded from a decision file, as everything is; these commands do what that says to the files.

use super::check;
use super::{Outcome, Stop, output, record};
use crate::audit::key::PrivateKey;
use crate::audit::note;
use crate::durable;
use crate::ledger::{Ledger, View};
use crate::report::in_hand::Fault;
use crate::sealed::{ContentError, ReadKey, SealKey, certificate, commits};
use crate::store::Place;
use chrono::Utc;
use clap::Subcommand;
use minutebook_events::{Commitment, ContractId, Instant, Position, Salt, Slug, nearest};
use minutebook_projections::{Content as Known, Knowing, tell};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// One content of a contract.
#[derive(Debug, clap::Args)]
pub(super) struct Which {
    /// The contract
    contract: ContractId,
    /// The content's name
    content: Slug,
}

/// Who signs a certificate.
#[derive(Debug, clap::Args)]
pub(super) struct Sign {
    /// Sign the certificate with this private key, a file that `minutebook key new` made
    #[arg(long = "sign", value_name = "FILE")]
    key: Option<PathBuf>,
}

impl Sign {
    /// Nobody's, where nobody signs.
    fn key(&self) -> Result<Option<PrivateKey>, Stop> {
        Ok(self.key.as_deref().map(PrivateKey::read).transpose()?)
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum Content {
    /// Make a read key, in a new file that only you may read, and print the seal key that belongs to it
    #[command(after_help = "Example:\n  minutebook content key --out officer.key > officer.pub\n\n\
        Whoever has the seal key can seal, and not read. Without the read key nobody reads what was sealed: keep a copy of it.")]
    Key {
        /// The file for the read key
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Encrypt a content beside the ledger, and print the commitment for its decision file
    #[command(after_help = "Example:\n  minutebook content seal appendix-1.pdf --to officer.pub\n\n\
        Then record it:\n  [[event]]\n  kind = \"content-sealed\"\n  contract = \"live-well-kent-2016\"\n  content = \"appendix-1\"\n  \
        title = \"Exempt appendix 1: evaluation of bids\"\n  classification = { exempt = { paragraphs = [3], public_interest = \"…\" } }\n  \
        commitment = \"…\"\n  effective = 2021-12-20\n  standing = \"decided\"\n  sources = [\"C Appendix 1\"]")]
    Seal {
        /// The content, one file
        file: PathBuf,
        /// The seal key of whoever may read it, or a file that holds it
        #[arg(long, value_name = "KEY", value_parser = seal_key)]
        to: SealKey,
    },
    /// Read a content: with its read key, or without once it is published
    #[command(
        after_help = "Examples:\n  minutebook content read live-well-kent-2016 appendix-1 --key officer.key --out appendix-1.pdf\n  minutebook content read live-well-kent-2016 appendix-1 --key officer.key --salt"
    )]
    Read {
        #[command(flatten)]
        which: Which,
        /// The read key, a file that `content key` made
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
        /// A new file for it, which only you may read; standard output where it is left out
        #[arg(long, value_name = "FILE", conflicts_with = "salt")]
        out: Option<PathBuf>,
        /// Print its salt instead, for someone to whom the content is disclosed
        #[arg(long)]
        salt: bool,
    },
    /// Check a disclosed content against its commitment
    #[command(
        after_help = "Example:\n  minutebook content check live-well-kent-2016 appendix-1 --file appendix-1.pdf --salt 5f0c…"
    )]
    Check {
        #[command(flatten)]
        which: Which,
        /// What was disclosed
        #[arg(long)]
        file: PathBuf,
        /// Its salt; the published one where it is left out
        #[arg(long, value_name = "HEX")]
        salt: Option<String>,
    },
    /// Put a sealed content beside the ledger for everybody, and print its salt for the decision file that publishes it
    #[command(
        after_help = "Example:\n  minutebook content publish live-well-kent-2016 appendix-1 --key officer.key\n\n\
        Then record it:\n  [[event]]\n  kind = \"content-published\"\n  contract = \"live-well-kent-2016\"\n  content = \"appendix-1\"\n  \
        salt = \"…\"\n  effective = 2023-04-01\n  standing = \"decided\"\n  sources = [\"E 2.1\"]"
    )]
    Publish {
        #[command(flatten)]
        which: Which,
        /// The read key, a file that `content key` made
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
    },
    /// Record a decision file that erases contents, destroy them for good, and print the certificate
    #[command(after_help = "Example:\n  minutebook content erase erasure.toml --sign kent.key > erasure.note\n\n\
        The decision file says:\n  [[event]]\n  kind = \"content-erased\"\n  contract = \"live-well-kent-2016\"\n  content = \"appendix-1\"\n  \
        reason = \"…\"\n  effective = 2027-04-01\n  standing = \"decided\"\n  sources = [\"F 3\"]")]
    Erase {
        /// The decision file
        file: PathBuf,
        /// Record only if the ledger holds this many entries; what it holds on opening where it is left out
        #[arg(long, value_name = "N")]
        expected_head: Option<Position>,
        #[command(flatten)]
        sign: Sign,
    },
    /// Print the certificate of an erasure: what was destroyed, what that does not reach, what still holds
    #[command(
        after_help = "Example:\n  minutebook content certificate live-well-kent-2016 appendix-1 --sign kent.key > erasure.note"
    )]
    Certificate {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        sign: Sign,
    },
    /// Destroy what lies beside the ledger and no entry asks for: not recorded, or struck by a correction
    #[command(
        after_help = "Example:\n  minutebook content discard 9f2c…\n\n`minutebook verify` names what no entry asks for."
    )]
    Discard {
        /// Its commitment
        commitment: Commitment,
    },
}

impl Content {
    pub(super) fn run(self, place: &Place) -> Result<Outcome, Stop> {
        match self {
            Self::Key { out } => line(ReadKey::create(&out)?.seal_key()),
            Self::Seal { file, to } => seal(&output::open(place)?, &file, &to),
            Self::Read { which, key, out, salt } => read(&output::open(place)?, &which, key, out, salt),
            Self::Check { which, file, salt } => disclosed(&output::open(place)?, &which, &file, salt),
            Self::Publish { which, key } => publish(&output::open(place)?, &which, &key),
            Self::Erase { file, expected_head, sign } => erase(place, &file, expected_head, sign.key()?),
            Self::Certificate { which, sign } => certify(&output::open(place)?, &which, sign.key()?.as_ref()),
            Self::Discard { commitment } => discard(&output::open(place)?, &commitment),
        }
    }
}

fn line(text: impl std::fmt::Display) -> Result<Outcome, Stop> {
    output::print(&format!("{text}\n"))?;
    Ok(Outcome::Answered)
}

/// A seal key as it is given: its text, or a file that holds it.
fn seal_key(text: &str) -> Result<SealKey, String> {
    let path = Path::new(text);
    let text = if path.is_file() { fs::read_to_string(path).map_err(|e| e.to_string())? } else { text.to_owned() };
    text.parse().map_err(|error: crate::sealed::SealKeyError| error.to_string())
}

/// A content that someone names.
fn open(path: &Path) -> Result<File, Stop> {
    let shown = path.display();
    if path.is_dir() {
        return Err(format!("{shown} is a folder, and a content is one file: pack it into one first").into());
    }
    Ok(File::open(path).map_err(|error| format!("cannot read {shown}: {error}; check the path and the permissions"))?)
}

/// A content that the ledger knows by this name.
fn known<'a>(view: &'a View<'_>, which: &Which) -> Result<Known<'a>, Stop> {
    let Which { contract, content } = which;
    if let Some(known) = view.projections.content(contract, content, view.head) {
        return Ok(known);
    }
    let all = view.projections.contents(view.head);
    let names: Vec<&str> = all.iter().filter(|one| one.contract == contract).map(|one| one.name.as_str()).collect();
    let hint = match nearest(content.as_str(), names.iter().copied()) {
        Some(near) => format!("did you mean {near}?"),
        None if names.is_empty() => "the ledger knows no content of it".to_owned(),
        None => format!("it has {}", names.join(", ")),
    };
    Err(format!("contract \"{contract}\" has no content \"{content}\": {hint}").into())
}

fn seal(ledger: &Ledger, file: &Path, to: &SealKey) -> Result<Outcome, Stop> {
    let sealed = ledger.contents().seal(open(file)?, to);
    let commitment = sealed.map_err(|error| match error {
        empty @ ContentError::Empty => Stop::from(format!("{}: {empty}", file.display())),
        error => error.at(file).into(),
    })?;
    line(format_args!("commitment = \"{commitment}\""))
}

fn read(
    ledger: &Ledger,
    which: &Which,
    key: Option<PathBuf>,
    out: Option<PathBuf>,
    salt: bool,
) -> Result<Outcome, Stop> {
    let view = ledger.view();
    let content = known(&view, which)?;
    let key = match (content.erased, content.salt(), key) {
        (Some(_), ..) => return Ok(not_to_be_read(&content)),
        (None, Some(salt), _) => Reader::Anyone(salt),
        (None, None, Some(path)) => Reader::Holder(ReadKey::read(&path)?),
        (None, None, None) => return Ok(not_to_be_read(&content)),
    };
    let write = |out: &mut dyn Write| match &key {
        Reader::Anyone(salt) => {
            let mut file = ledger.contents().open_published(&content.commitment, salt)?;
            let copied = io::copy(&mut file, out);
            copied.map(|_| *salt).map_err(|source| ContentError::Content { doing: "write", source })
        }
        Reader::Holder(key) => ledger.contents().read(&content.commitment, key, out),
    };
    match out {
        _ if salt => return line(write(&mut io::sink())?),
        Some(path) => into_new(&path, |file| write(file))?,
        None => write(&mut io::stdout().lock()).map(drop).map_err(closed_pipe)?,
    }
    Ok(Outcome::Answered)
}

/// By what someone reads a content.
enum Reader {
    /// It is published, with this salt.
    Anyone(Salt),
    /// Its read key.
    Holder(ReadKey),
}

/// Says what anyone sees of a content that is withheld or erased.
fn not_to_be_read(content: &Known<'_>) -> Outcome {
    let fact = content.erased.unwrap_or(content.sealed);
    let says = Knowing::from(tell(fact.event())).words();
    let way = if content.erased.is_none() { "; whoever holds its read key gives it with --key" } else { "" };
    output::complain(&format_args!("minutebook: content {} of {}: {says}{way}\n", content.name, content.contract));
    Outcome::Found
}

/// Writes a new file that only its owner may read; where that fails, there is none.
fn into_new<T>(path: &Path, write: impl FnOnce(&mut File) -> Result<T, ContentError>) -> Result<(), Stop> {
    let failed = |error: io::Error| output::cannot_write(path, &error);
    let mut file = durable::create_new(path, 0o600).map_err(failed)?;
    let written = write(&mut file)
        .map_err(|error| Stop::from(error.at(path)))
        .and_then(|_| Ok(file.sync_all().map_err(failed)?));
    if written.is_err() {
        let _ = fs::remove_file(path);
    }
    written
}

/// A reader that went away is no fault.
fn closed_pipe(error: ContentError) -> Stop {
    match error {
        ContentError::Content { source, .. } if source.kind() == io::ErrorKind::BrokenPipe => source.into(),
        error => error.into(),
    }
}

fn disclosed(ledger: &Ledger, which: &Which, file: &Path, salt: Option<String>) -> Result<Outcome, Stop> {
    let view = ledger.view();
    let content = known(&view, which)?;
    let salt = match salt {
        Some(text) => text.parse().map_err(|error| format!("--salt: {error}"))?,
        None => content.salt().ok_or("the content is not published: give the salt it was disclosed with, as --salt")?,
    };
    let found = commits(&mut open(file)?, &salt).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    let (shown, position) = (file.display(), content.sealed.position());
    if found == content.commitment {
        return line(format_args!(
            "{shown} is content {} of {}: with this salt its hash is {found}, to which the entry at position {position} commits",
            content.name, content.contract
        ));
    }
    output::print_found(&format!(
        "{shown} is not content {} of {}, or the salt is not its own: with it the hash is {found}, and the entry at position {position} commits to {}\n",
        content.name, content.contract, content.commitment
    ))?;
    Ok(Outcome::Found)
}

fn publish(ledger: &Ledger, which: &Which, key: &Path) -> Result<Outcome, Stop> {
    let view = ledger.view();
    let content = known(&view, which)?;
    if content.erased.is_some() {
        return Ok(not_to_be_read(&content));
    }
    let salt = ledger.contents().publish(&content.commitment, &ReadKey::read(key)?)?;
    line(format_args!("salt = \"{salt}\""))
}

fn erase(place: &Place, path: &Path, expected: Option<Position>, key: Option<PrivateKey>) -> Result<Outcome, Stop> {
    let told = |fault: Fault| {
        output::complain(&fault);
        Ok(check::outcome(&fault))
    };
    let file = match check::read(path).and_then(|file| file.erases().map(|erased| (file, erased))) {
        Ok(file) => file,
        Err(fault) => return told(fault),
    };
    let (file, erased) = file;
    let ledger = output::open(place)?;
    let receipt = match record::record(&ledger, &file, expected.unwrap_or_else(|| ledger.head())) {
        Ok(receipt) => receipt,
        Err(fault) => return told(fault),
    };
    // Standard output is for the certificate.
    output::complain(&file.said(&receipt, "recorded"));
    for (at, (contract, content)) in erased.into_iter().enumerate() {
        if at > 0 {
            output::print("\n")?;
        }
        if certify(&ledger, &Which { contract, content }, key.as_ref())? == Outcome::Found {
            return Ok(Outcome::Found);
        }
    }
    Ok(Outcome::Answered)
}

fn certify(ledger: &Ledger, which: &Which, key: Option<&PrivateKey>) -> Result<Outcome, Stop> {
    let view = ledger.view();
    let content = known(&view, which)?;
    if let Err(fault) = ledger.contents().is_gone(&content) {
        output::complain(&format_args!("minutebook: {fault}\n"));
        return Ok(Outcome::Found);
    }
    let origin = key.map_or("unsigned", |key| key.public().name());
    match certificate(&content, origin, view.head, Instant::new(Utc::now())) {
        Some(text) => {
            output::print(&key.map_or(text.clone(), |key| note::sign(&text, key)))?;
            Ok(Outcome::Answered)
        }
        None => {
            output::complain(&format_args!(
                "minutebook: content {} of {} was not erased: there is nothing to certify\n",
                content.name, content.contract
            ));
            Ok(Outcome::Found)
        }
    }
}

fn discard(ledger: &Ledger, commitment: &Commitment) -> Result<Outcome, Stop> {
    let view = ledger.view();
    if ledger.contents().discard(commitment, &view.projections, view.head)? {
        return line(format_args!("destroyed what lay here for no entry under {commitment}"));
    }
    output::complain(&format_args!(
        "minutebook: nothing lies here for no entry under {commitment}: `minutebook verify` names what does; what an entry asks for is erased by a decision\n"
    ));
    Ok(Outcome::Found)
}
