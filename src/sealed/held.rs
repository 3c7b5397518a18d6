//! The files of sealed contents held to the entries: what must be there before an entry is recorded, what goes after it, and
//! what an auditor finds. It must not decide whether an entry holds together: `decide` has, before.

use super::contents::{ContentError, Contents};
use minutebook_events::{Commitment, ContractId, DateSpan, Day, Draft, Entry, Event, EventKind, Position, Slug, Step};
use minutebook_projections::{Content, Projections};
use std::fmt;

/// What an entry needs beside the ledger and does not find: nothing was recorded.
#[derive(Debug)]
pub struct Unready {
    /// The event, from 0.
    pub event: usize,
    /// Its field, as a decision file names it.
    pub field: &'static str,
    /// What is missing, and how it comes there.
    pub why: NotReady,
}

impl fmt::Display for Unready {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "event {}: `{}`: {}", self.event + 1, self.field, self.why)
    }
}
impl std::error::Error for Unready {}

/// Why an entry about a content cannot be recorded yet.
#[derive(Debug, thiserror::Error)]
pub enum NotReady {
    /// Incorrect: the entry would promise what is not there.
    #[error("no content is sealed here under this commitment: seal it first, with `minutebook content seal`")]
    NotSealed,
    /// Incorrect: the entry would say that everybody can read what nobody finds.
    #[error(
        "the content does not lie here for everybody: put it there first, with `minutebook content publish`, and take its salt from there"
    )]
    NotPublished,
    /// Incorrect: it would never check.
    #[error(
        "with this salt the content is not what was committed to: take the salt that `minutebook content publish` prints"
    )]
    WrongSalt,
    /// Incorrect: recording does it at once.
    #[error("effective, {effective}, is after today, {today}, and recording it does it at once: record it on the day")]
    TooEarly {
        /// From when the entry says that it holds.
        effective: DateSpan,
        /// The day of recording.
        today: DateSpan,
    },
    /// The files cannot be read.
    #[error(transparent)]
    Content(ContentError),
}

/// What an auditor finds wrong with a content: the first fault.
#[derive(Debug, thiserror::Error)]
pub enum ContentFault {
    /// Fault: promised, and not there, or not what was promised.
    #[error("content {content} of {contract}, sealed at position {position}: {source}")]
    NotAsSealed {
        /// The contract.
        contract: ContractId,
        /// The content's name.
        content: Slug,
        /// The entry that promises it.
        position: Position,
        /// What is wrong.
        source: ContentError,
    },
    /// Fault: said to be destroyed, and there.
    #[error(
        "content {content} of {contract} was erased at position {position}, and {path} is still there: erase it again with the same decision file"
    )]
    StillThere {
        /// The contract.
        contract: ContractId,
        /// The content's name.
        content: Slug,
        /// The entry that says so.
        position: Position,
        /// What is there.
        path: String,
    },
    /// Unavailable: the files cannot be listed.
    #[error(transparent)]
    Unlisted(ContentError),
}

/// What an auditor finds of contents, where nothing is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct VerifiedContents {
    /// Sealed, and there; only their keys can tell more.
    pub sealed: u64,
    /// Published, there, and equal to what was committed to.
    pub published: u64,
    /// Erased, and gone.
    pub erased: u64,
    /// Sealed, and no entry that stands commits to it.
    pub unrecorded: Vec<Commitment>,
    /// Put there for everybody, and no entry publishes it.
    pub unpublished: Vec<Commitment>,
}

/// Whether an entry seals, publishes or erases, or may strike one that did.
pub(crate) fn may_concern_contents(entry: &Entry) -> bool {
    let concerns = |kind: &EventKind| kind.content_step().is_some() || matches!(kind, EventKind::Correction { .. });
    entry.events.iter().any(|event| concerns(&event.kind))
}

/// Why a draft that erases is not recorded like any other.
pub const ERASES: &str = "recording this destroys a content for good: record it with `minutebook content erase`";

/// The contents that a draft erases.
pub fn erasures(draft: &Draft) -> Vec<(ContractId, Slug)> {
    erased(&draft.events)
}

/// The contents that an entry erases.
pub(crate) fn erased_by(entry: &Entry) -> Vec<(ContractId, Slug)> {
    erased(&entry.events)
}

fn erased(events: &[Event]) -> Vec<(ContractId, Slug)> {
    let steps = events.iter().filter_map(|event| event.kind.content_step());
    let erased = steps.filter(|(.., step)| *step == Step::Erased);
    erased.map(|(contract, content, _)| (contract.clone(), content.clone())).collect()
}

/// The contents that the entries up to a head publish: by their commitments, under which they lie there for everybody.
pub fn published(known: &Projections, head: Position) -> Vec<Commitment> {
    let contents = known.contents(head).into_iter().filter(|content| content.published.is_some());
    contents.map(|content| content.commitment).collect()
}

impl Contents {
    /// Whether all is there that recording a draft promises: `decide` has let it through.
    ///
    /// # Errors
    /// [`Unready`]: the first event of which something is missing.
    pub fn ready(&self, known: &Projections, draft: &Draft, today: Day) -> Result<(), Unready> {
        let mut sealed: Vec<(&ContractId, &Slug, Commitment)> = vec![];
        for (at, event) in draft.events.iter().enumerate() {
            let Some((contract, content, step)) = event.kind.content_step() else { continue };
            let unready = |field, why| Err(Unready { event: at, field, why });
            if !matches!(step, Step::Sealed(_)) && event.effective.latest() > today {
                let (effective, today) = (event.effective, DateSpan::day(today));
                return unready("effective", NotReady::TooEarly { effective, today });
            }
            let here = match step {
                Step::Sealed(commitment) => {
                    sealed.push((contract, content, commitment));
                    self.is_sealed(known, &commitment).map_err(|why| ("commitment", why))
                }
                Step::Published(salt) => {
                    let own = sealed.iter().rev().find(|(c, name, _)| (*c, *name) == (contract, content));
                    let before = || known.content(contract, content, known.head()).map(|content| content.commitment);
                    let commitment = own.map(|(.., commitment)| *commitment).or_else(before);
                    let commitment = commitment.expect("decide lets only what was sealed be published");
                    self.open_published(&commitment, &salt).map(drop).map_err(|why| match why {
                        ContentError::NotThere(_) => ("salt", NotReady::NotPublished),
                        ContentError::Damaged(_) => ("salt", NotReady::WrongSalt),
                        why => ("salt", NotReady::Content(why)),
                    })
                }
                Step::Erased => Ok(()),
            };
            here.or_else(|(field, why)| unready(field, why))?;
        }
        Ok(())
    }

    /// That a content is there; or was, where it is erased and only the record of its sealing is made anew.
    fn is_sealed(&self, known: &Projections, commitment: &Commitment) -> Result<(), NotReady> {
        let erased = |content: &Content<'_>| content.erased.is_some() && content.commitments.contains(commitment);
        match self.sealed_to(commitment) {
            Err(_) if known.contents(known.head()).iter().any(erased) => Ok(()),
            Err(ContentError::NotThere(_)) => Err(NotReady::NotSealed),
            other => other.map(drop).map_err(NotReady::Content),
        }
    }

    /// Destroys contents whose erasure is recorded, under every commitment that they ever had.
    ///
    /// # Errors
    /// [`ContentError::Io`]; then some of it may still be there.
    pub fn erase(
        &self,
        erased: &[(ContractId, Slug)],
        known: &Projections,
        head: Position,
    ) -> Result<(), ContentError> {
        let contents = erased.iter().filter_map(|(contract, name)| known.content(contract, name, head));
        for content in contents.filter(|content| content.erased.is_some()) {
            for commitment in &content.commitments {
                self.destroy(commitment)?;
            }
        }
        Ok(())
    }

    /// Destroys what lies there for no entry that stands; whether there was anything. What one asks for is left alone.
    ///
    /// # Errors
    /// [`ContentError::Io`]; then some of it may still be there.
    pub fn discard(&self, commitment: &Commitment, known: &Projections, head: Position) -> Result<bool, ContentError> {
        match sealed_as(&known.contents(head), commitment) {
            None => self.destroy(commitment),
            Some(content) if content.published.is_none() && content.erased.is_none() => self.unpublish(commitment),
            Some(_) => Ok(false),
        }
    }

    /// Holds every content to the entries; stops at the first fault.
    ///
    /// # Errors
    /// [`ContentFault`].
    pub fn hold(&self, known: &Projections, head: Position) -> Result<VerifiedContents, ContentFault> {
        let contents = known.contents(head);
        let mut held = VerifiedContents::default();
        for content in &contents {
            match (content.erased, content.published) {
                (Some(_), _) => {
                    self.is_gone(content)?;
                    held.erased += 1;
                }
                (None, Some(_)) => {
                    self.is_as_published(content)?;
                    held.published += 1;
                }
                (None, None) => {
                    self.sealed_to(&content.commitment).map_err(|source| not_as_sealed(content, source))?;
                    held.sealed += 1;
                }
            }
        }
        let [sealed, published] = self.all().map_err(ContentFault::Unlisted)?;
        held.unrecorded = sealed.into_iter().filter(|one| sealed_as(&contents, one).is_none()).collect();
        let asked = self::published(known, head);
        held.unpublished = published.into_iter().filter(|one| !asked.contains(one)).collect();
        Ok(held)
    }

    /// That nothing is left of a content that was erased; of one that was not, nothing is asked.
    ///
    /// # Errors
    /// [`ContentFault::StillThere`].
    pub fn is_gone(&self, content: &Content<'_>) -> Result<(), ContentFault> {
        let Some(position) = content.erased.map(|fact| fact.position()) else { return Ok(()) };
        let paths = content.commitments.iter().flat_map(|one| [self.sealed(one), self.published(one)]);
        match paths.into_iter().find(|path| path.exists()) {
            None => Ok(()),
            Some(path) => Err(ContentFault::StillThere {
                contract: content.contract.clone(),
                content: content.name.clone(),
                position,
                path: path.display().to_string(),
            }),
        }
    }

    fn is_as_published(&self, content: &Content<'_>) -> Result<(), ContentFault> {
        let Some(salt) = content.salt() else { return Ok(()) };
        let file = self.open_published(&content.commitment, &salt);
        file.map(drop).map_err(|source| not_as_sealed(content, source))
    }
}

fn not_as_sealed(content: &Content<'_>, source: ContentError) -> ContentFault {
    let (contract, name, position) = (content.contract.clone(), content.name.clone(), content.sealed.position());
    ContentFault::NotAsSealed { contract, content: name, position, source }
}

/// The content that a sealing which stands commits to.
fn sealed_as<'a, 'b>(contents: &'b [Content<'a>], commitment: &Commitment) -> Option<&'b Content<'a>> {
    contents.iter().find(|content| content.commitment == *commitment)
}
