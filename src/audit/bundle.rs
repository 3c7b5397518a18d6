//! Bundles: a question and its answer with everything that shows it follows from the record, and from all of it. Whoever
//! has the ledger's public key checks one with no ledger and no network. It must not know how an answer is shown.
//!
//! What an answer rests on is a matter of names. The streams of every contract, party, office and act that any bundled
//! entry names are bundled too, each whole, so that nothing that is about them can be missing. An answer of all contracts
//! is bundled with every entry of the ledger.
//!
//! A bundle is one JSON object, written in one way only, so that a byte more or less is another file:
//!
//! | field | what it is |
//! | --- | --- |
//! | `bundle` | 1, the version of this shape |
//! | `question` | what was asked, with its three coordinates |
//! | `answer` | what was answered, as `--json` prints it |
//! | `checkpoint` | the signed note that all else is held to |
//! | `entries` | position, stored bytes, and the path of the inclusion proof; no path where all entries are there |
//! | `streams` | subject, positions, and the proof that these are all; none where all entries are there |

use super::checkpoint::{BadCheckpoint, Checkpoint, Head};
use super::key::PublicKey;
use crate::gather::{Gathered, gather};
use crate::ledger::View;
use crate::merkle::{Inclusion, Tree};
use crate::question::{Answer, KnownAt, Question, QuestionError};
use crate::store::{Store, StoreError};
use minutebook_events::codec::{self, BadBytes};
use minutebook_events::{ContractId, Entry, Hash, Position};
use minutebook_projections::streams::{digest, named};
use minutebook_projections::{MapProof, Projections, Subject};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

/// The most stored bytes that a bundle takes unless it is told otherwise: 64 MiB.
pub const LIMIT: usize = 64 * 1024 * 1024;

/// An answer with its evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    bundle: u8,
    question: Question,
    answer: Value,
    checkpoint: String,
    entries: Vec<Leaf>,
    streams: Vec<Stream>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Leaf {
    position: Position,
    bytes: String,
    path: Option<Vec<Hash>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stream {
    subject: Subject,
    positions: Vec<Position>,
    proof: MapProof,
}

/// Why no bundle was made.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// Incorrect: the question goes past the checkpoint.
    #[error(
        "the checkpoint covers {size} entries, and the question asks of entry {asked}: sign a later one with `minutebook checkpoint`"
    )]
    PastCheckpoint {
        /// What the question knows last.
        asked: Position,
        /// What the checkpoint covers.
        size: Position,
    },
    /// Incorrect: nothing was known at that coordinate.
    #[error("nothing was recorded by that instant: there is no entry to bundle; ask of a later one")]
    NothingKnown,
    /// Incorrect: too much for one file.
    #[error(
        "the {entries} entries behind this answer take {bytes} bytes, and the limit is {limit}: ask of one contract, or raise it with --limit {bytes}"
    )]
    TooLarge {
        /// How many entries.
        entries: usize,
        /// Their size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// Incorrect: the question has no answer.
    #[error(transparent)]
    Question(#[from] QuestionError),
    /// The entries cannot be read.
    #[error(transparent)]
    Read(#[from] StoreError),
}

/// Which check of a bundle failed.
#[derive(Debug, thiserror::Error)]
pub enum BadBundle {
    /// It is no bundle.
    #[error("form: it is not a bundle: {0}")]
    Form(String),
    /// It says a bundle in another way.
    #[error(
        "form: it is not written as a bundle is: a byte was changed, or another program saved it; ask for the file as it was made"
    )]
    Written,
    /// The checkpoint.
    #[error("checkpoint: {0}")]
    Checkpoint(#[from] BadCheckpoint),
    /// An entry is not what was signed.
    #[error("inclusion: the entry at position {0} is not in the tree that the checkpoint signs")]
    Inclusion(Position),
    /// Entries are missing, twice or not in order.
    #[error("completeness: the entries from position {0} on are not in order, each once, and all")]
    Order(Position),
    /// An answer of all contracts from some of the entries.
    #[error("completeness: the answer is of all contracts, and not all entries are bundled")]
    Partial,
    /// A stream is not what was signed.
    #[error("completeness: these are not all the entries about {0} that the checkpoint signs")]
    Stream(String),
    /// A stream is missing.
    #[error("completeness: the entry at position {position} names {subject}, and its entries are not bundled")]
    Missing {
        /// The entry.
        position: Position,
        /// What it names.
        subject: String,
    },
    /// The bytes at a position are no entry.
    #[error("entries: position {position}: {source}")]
    Bytes {
        /// The position.
        position: Position,
        /// Why.
        source: BadBytes,
    },
    /// The entry claims another position.
    #[error("entries: the entry at position {position} was accepted although it expected {expected} entries")]
    Claim {
        /// The position.
        position: Position,
        /// Its claim.
        expected: Position,
    },
    /// What all entries come to is not what was signed.
    #[error("projections: the {0} that the entries come to is not the one that the checkpoint signs")]
    Roots(String),
    /// The question cannot be asked of these entries.
    #[error("question: {0}")]
    Question(#[from] QuestionError),
    /// The answer does not follow.
    #[error("answer: the entries give another answer than the one in the bundle")]
    Answer,
}

/// What was checked of a bundle, and the answer that follows from its entries.
#[derive(Debug)]
pub struct Checked {
    /// Who signed it, and of how many entries.
    pub checkpoint: Checkpoint,
    /// How many entries were checked and folded.
    pub entries: usize,
    /// How many streams are whole; all of them where nothing is said.
    pub streams: Option<usize>,
    /// The question.
    pub question: Question,
    /// The answer.
    pub answer: Answer,
}

/// What a bundle is made from: projections and tree of exactly the entries that the checkpoint covers, and their bytes.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    /// The projections.
    pub projections: &'a Projections,
    /// The tree.
    pub tree: &'a Tree,
    /// The stored bytes.
    pub store: &'a dyn Store,
}

impl Bundle {
    /// Answers a question, with all that the answer rests on. `note` is the checkpoint of exactly what the record holds.
    ///
    /// # Errors
    /// [`BundleError`].
    pub fn make(record: Record<'_>, note: &str, question: &Question, limit: usize) -> Result<Self, BundleError> {
        let view = View::of(record.projections);
        let mut question = question.clone();
        if let Some(KnownAt::Position(asked)) = question.known_at
            && asked >= view.head
        {
            return Err(BundleError::PastCheckpoint { asked, size: view.head });
        }
        let last = view.at(&question)?.head.0.checked_sub(1).map(Position).ok_or(BundleError::NothingKnown)?;
        question.known_at = Some(KnownAt::Position(last));
        let answer = serde_json::to_value(view.ask(&question)?).expect("an answer is text, numbers and lists");
        let evidence = match &question.contract {
            Some(contract) => Evidence::of(record.projections, contract, last),
            None => Evidence::all(record.projections),
        };
        let mut bundle =
            Self { bundle: 1, question, answer, checkpoint: note.to_owned(), entries: vec![], streams: vec![] };
        bundle.fill(record, evidence, limit)?;
        // An answer may look beyond the names of its entries: then only all of them will do.
        if !bundle.streams.is_empty() && bundle.answered().is_err() {
            bundle.fill(record, Evidence::all(record.projections), limit)?;
        }
        Ok(bundle)
    }

    fn fill(&mut self, record: Record<'_>, evidence: Evidence, limit: usize) -> Result<(), BundleError> {
        let size = record.tree.size();
        let mut bytes = 0;
        self.entries.clear();
        for position in &evidence.entries {
            let stored = record.store.read(*position)?.expect("what was folded is stored");
            bytes += stored.bytes.len();
            let path = evidence
                .streams
                .is_some()
                .then(|| record.tree.inclusion(position.0, size).expect("what was folded is in the tree").path);
            let bytes = String::from_utf8(stored.bytes).expect("an entry is JSON, which is text");
            self.entries.push(Leaf { position: *position, bytes, path });
        }
        if bytes > limit {
            return Err(BundleError::TooLarge { entries: evidence.entries.len(), bytes, limit });
        }
        let (streams, roots) = (record.projections.streams(), record.projections.roots());
        let whole = |subject: Subject| Stream {
            positions: streams.of(&subject).to_vec(),
            proof: roots.prove(&subject),
            subject,
        };
        self.streams = evidence.streams.unwrap_or_default().into_iter().map(whole).collect();
        Ok(())
    }

    /// The file: one way to write it.
    pub fn write(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("a bundle is text, numbers and lists");
        bytes.push(b'\n');
        bytes
    }

    /// Reads a file that [`Bundle::write`] wrote.
    ///
    /// # Errors
    /// [`BadBundle::Form`], [`BadBundle::Written`].
    pub fn read(bytes: &[u8]) -> Result<Self, BadBundle> {
        let bundle: Self =
            serde_json::from_slice(bytes).map_err(|error| BadBundle::Form(not_in_form(bytes, &error)))?;
        let written = bundle.bundle == 1 && matches!(bundle.question.known_at, Some(KnownAt::Position(_)));
        if written && bundle.write() == bytes { Ok(bundle) } else { Err(BadBundle::Written) }
    }

    /// Checks everything: that these keys signed the checkpoint, that every entry is in its tree, that no entry about what
    /// they name is missing, and that the answer follows from them.
    ///
    /// # Errors
    /// [`BadBundle`], which names the check that failed.
    pub fn check(&self, keys: &[PublicKey]) -> Result<Checked, BadBundle> {
        let checkpoint = Checkpoint::open(&self.checkpoint, keys)?;
        let leaves = self.ordered()?;
        let all = self.streams.is_empty();
        if !all && self.question.contract.is_none() {
            return Err(BadBundle::Partial);
        }
        if all {
            self.no_paths()?;
            check_all(&leaves, &checkpoint.head)?;
        } else {
            self.check_inclusion(&leaves, &checkpoint.head)?;
            self.check_streams(&leaves, &checkpoint.head)?;
        }
        let (projections, answer) = self.answered_of(checkpoint.head.size)?;
        if all {
            check_roots(&projections, &checkpoint.head)?;
        }
        let streams = (!all).then_some(self.streams.len());
        Ok(Checked { checkpoint, entries: leaves.len(), streams, question: self.question.clone(), answer })
    }

    /// The leaf hash of each position, where they are in order.
    fn ordered(&self) -> Result<BTreeMap<Position, Hash>, BadBundle> {
        if let Some(pair) = self.entries.windows(2).find(|pair| pair[0].position >= pair[1].position) {
            return Err(BadBundle::Order(pair[1].position));
        }
        Ok(self.entries.iter().map(|entry| (entry.position, Hash::leaf(entry.bytes.as_bytes()))).collect())
    }

    /// Where all entries are there, their tree proves them: a path beside would be checked by nothing.
    fn no_paths(&self) -> Result<(), BadBundle> {
        match self.entries.iter().find(|entry| entry.path.is_some()) {
            Some(entry) => Err(BadBundle::Inclusion(entry.position)),
            None => Ok(()),
        }
    }

    fn check_inclusion(&self, leaves: &BTreeMap<Position, Hash>, head: &Head) -> Result<(), BadBundle> {
        for entry in &self.entries {
            let path = entry.path.clone().ok_or(BadBundle::Inclusion(entry.position))?;
            let proof = Inclusion { index: entry.position.0, size: head.size.0, path };
            let checked = proof.check(&leaves[&entry.position], &head.root);
            checked.map_err(|_| BadBundle::Inclusion(entry.position))?;
        }
        Ok(())
    }

    /// Every stream is whole, and everything that an entry names has its stream here. The entry that the question knows
    /// last may stand for its instant alone.
    fn check_streams(&self, leaves: &BTreeMap<Position, Hash>, head: &Head) -> Result<(), BadBundle> {
        if let Some(pair) = self.streams.windows(2).find(|pair| pair[0].subject >= pair[1].subject) {
            return Err(BadBundle::Stream(pair[1].subject.to_string()));
        }
        for stream in &self.streams {
            let not_all = || BadBundle::Stream(stream.subject.to_string());
            let entries = stream.positions.iter().map(|position| Some((*position, *leaves.get(position)?)));
            let entries = entries.collect::<Option<Vec<_>>>().ok_or_else(not_all)?;
            let value = (!entries.is_empty()).then(|| digest(entries));
            if !stream.proof.shows(&head.streams, &stream.subject.key(), value.as_ref()) {
                return Err(not_all());
            }
        }
        let bundled: BTreeSet<&Subject> = self.streams.iter().map(|stream| &stream.subject).collect();
        let asked = self.question.contract.clone().map(Subject::Contract);
        let in_streams: BTreeSet<&Position> = self.streams.iter().flat_map(|stream| &stream.positions).collect();
        let missing = |position, subject: &Subject| BadBundle::Missing { position, subject: subject.to_string() };
        if let Some(asked) = asked.as_ref().filter(|asked| !bundled.contains(asked)) {
            return Err(BadBundle::Stream(asked.to_string()));
        }
        for leaf in self.entries.iter().filter(|leaf| in_streams.contains(&leaf.position)) {
            if let Some(subject) = named(&decode(leaf)?).iter().find(|subject| !bundled.contains(subject)) {
                return Err(missing(leaf.position, subject));
            }
        }
        Ok(())
    }

    /// That the answer follows from the entries, in a ledger of as many as the checkpoint covers.
    fn answered_of(&self, size: Position) -> Result<(Projections, Answer), BadBundle> {
        let mut projections = Projections::default();
        for leaf in &self.entries {
            let entry = decode(leaf)?;
            if entry.expected_head != leaf.position {
                return Err(BadBundle::Claim { position: leaf.position, expected: entry.expected_head });
            }
            projections.pass(leaf.position);
            projections.apply(entry, Hash::leaf(leaf.bytes.as_bytes()));
        }
        if projections.head() > size {
            return Err(BadBundle::Order(size));
        }
        projections.pass(size);
        let answer = View::of(&projections).ask(&self.question)?;
        // As text, so that the order of what it holds counts too.
        let ours = serde_json::to_string(&answer).expect("an answer is text, numbers and lists");
        let theirs = serde_json::to_string(&self.answer).expect("what was read from JSON is JSON");
        if ours == theirs { Ok((projections, answer)) } else { Err(BadBundle::Answer) }
    }

    fn answered(&self) -> Result<(), BadBundle> {
        let checkpoint = Checkpoint::open(&self.checkpoint, &[])?;
        self.answered_of(checkpoint.head.size).map(drop)
    }
}

fn decode(leaf: &Leaf) -> Result<Entry, BadBundle> {
    codec::decode(leaf.bytes.as_bytes()).map_err(|source| BadBundle::Bytes { position: leaf.position, source })
}

/// That these are all entries: their tree is the one that was signed.
fn check_all(leaves: &BTreeMap<Position, Hash>, head: &Head) -> Result<(), BadBundle> {
    let mut tree = Tree::default();
    for (expected, (position, leaf)) in (0..).map(Position).zip(leaves) {
        if *position != expected {
            return Err(BadBundle::Order(expected));
        }
        tree.push(*leaf);
    }
    if tree.size() != head.size.0 {
        return Err(BadBundle::Order(Position(tree.size())));
    }
    if tree.root(tree.size()) == Some(head.root) { Ok(()) } else { Err(BadBundle::Inclusion(Position(0))) }
}

/// That all entries come to the roots that were signed, where this program makes the same versions.
fn check_roots(projections: &Projections, head: &Head) -> Result<(), BadBundle> {
    if projections.roots().streams() != head.streams {
        return Err(BadBundle::Roots("root over the streams".to_owned()));
    }
    for ours in projections.roots().projections() {
        let signed = head.projections.iter().find(|root| root.name == ours.name && root.version == ours.version);
        if signed.is_some_and(|signed| signed.root != ours.root) {
            return Err(BadBundle::Roots(format!("root of {}", ours.name)));
        }
    }
    Ok(())
}

/// Which entries an answer rests on, and which streams show that they are all; no streams where all entries are there.
struct Evidence {
    entries: BTreeSet<Position>,
    streams: Option<BTreeSet<Subject>>,
}

impl Evidence {
    fn all(projections: &Projections) -> Self {
        Self { entries: (0..projections.head().0).map(Position).collect(), streams: None }
    }

    /// The streams of a contract and of everything that its entries name, and the entry that is known last.
    fn of(projections: &Projections, asked: &ContractId, last: Position) -> Self {
        let stream = |subject: &Subject| Ok::<_, Infallible>(projections.streams().of(subject).to_vec());
        let named = |position| Ok(named(&projections.entry(position).expect("a stream leads to entries").entry));
        let Ok(Gathered { mut entries, streams }) = gather([Subject::Contract(asked.clone())], stream, named);
        entries.insert(last);
        Self { entries, streams: Some(streams) }
    }
}

/// Which part of a file keeps it from being a bundle.
fn not_in_form(bytes: &[u8], error: &serde_json::Error) -> String {
    let place = format!("line {}, column {}", error.line(), error.column());
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else {
        return format!("it is no JSON from {place} on: a part is missing or was changed; ask for the file again");
    };
    let Value::Object(mut fields) = value else {
        return "it is JSON, and no object: give the file that `minutebook answer` wrote".to_owned();
    };
    let mut found = |name: &str, check: fn(Value) -> Option<String>| match fields.remove(name) {
        None => Some(format!("its part `{name}` is missing")),
        Some(part) => check(part).map(|place| format!("its part `{name}`{place} is not in its form")),
    };
    let parts = [
        found("bundle", not_one::<u8>),
        found("question", not_one::<Question>),
        found("answer", |_| None),
        found("checkpoint", not_one::<String>),
        found("entries", not_each::<Leaf>),
        found("streams", not_each::<Stream>),
    ];
    let wrong = parts.into_iter().flatten().next();
    let other = || fields.keys().next().map(|name| format!("it has a part `{name}`, which no bundle has"));
    let wrong = wrong.or_else(other).unwrap_or_else(|| format!("a part of it is there twice, up to {place}"));
    format!("{wrong}: ask for the file as `minutebook answer` wrote it")
}

fn not_one<T: for<'a> Deserialize<'a>>(part: Value) -> Option<String> {
    serde_json::from_value::<T>(part).err().map(|_| String::new())
}

/// The first of a list that is not in its form.
fn not_each<T: for<'a> Deserialize<'a>>(part: Value) -> Option<String> {
    let Value::Array(items) = part else { return Some(String::new()) };
    let wrong = items.into_iter().position(|item| serde_json::from_value::<T>(item).is_err());
    wrong.map(|at| format!(", item {} of it,", at + 1))
}
