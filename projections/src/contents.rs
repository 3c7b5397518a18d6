//! Sealed contents: what the entries say of each, so that what lies beside the ledger can be held to it. It must not know
//! where a content lies, nor select by a day: a content that was erased is gone, whatever day is asked of.

use crate::all::Projections;
use crate::key::Key;
use crate::prelude::*;
use crate::timeline::{Fact, Timeline};
use minutebook_events::{Commitment, ContractId, Position, Salt, Slug, Step};

/// A sealed content, by the entries up to a head.
#[derive(Debug, Clone)]
pub struct Content<'a> {
    /// The contract.
    pub contract: &'a ContractId,
    /// The content's name within it.
    pub name: &'a Slug,
    /// What it is committed to.
    pub commitment: Commitment,
    /// The sealing that stands.
    pub sealed: &'a Fact,
    /// Its publication, where it was published.
    pub published: Option<&'a Fact>,
    /// Its erasure, where it was erased.
    pub erased: Option<&'a Fact>,
    /// Every commitment that it ever had: a sealing that was struck left a content too.
    pub commitments: Vec<Commitment>,
}

impl Content<'_> {
    /// The salt, where it is published.
    pub fn salt(&self) -> Option<Salt> {
        match self.published?.event().kind.content_step() {
            Some((.., Step::Published(salt))) => Some(salt),
            _ => None,
        }
    }
}

impl Projections {
    /// Every sealed content, in the order of contracts and names.
    pub fn contents(&self, head: Position) -> Vec<Content<'_>> {
        let of_contract = self.sealed_in().flat_map(|contract| self.timelines_of(contract));
        of_contract.filter_map(|(key, timeline)| content(key, timeline, head)).collect()
    }

    /// One sealed content.
    pub fn content(&self, contract: &ContractId, name: &Slug, head: Position) -> Option<Content<'_>> {
        let asked = Key::Content(contract.clone(), name.clone());
        let (key, timeline) = self.timelines_of(contract).find(|(key, _)| **key == asked)?;
        content(key, timeline, head)
    }
}

fn content<'a>(key: &'a Key, timeline: &'a Timeline, head: Position) -> Option<Content<'a>> {
    let Key::Content(contract, name) = key else { return None };
    let step = |fact: &Fact| fact.event().kind.content_step().map(|(_, _, step)| step);
    let recorded = || timeline.facts().iter().filter(|fact| fact.position() < head);
    let standing = |is: fn(&Step) -> bool| {
        recorded().filter(|fact| fact.known(head)).find(|fact| step(fact).is_some_and(|step| is(&step)))
    };
    let sealed = standing(|step| matches!(step, Step::Sealed(_)))?;
    let commitment_of = |fact: &Fact| match step(fact) {
        Some(Step::Sealed(commitment)) => Some(commitment),
        _ => None,
    };
    Some(Content {
        contract,
        name,
        commitment: commitment_of(sealed)?,
        sealed,
        published: standing(|step| matches!(step, Step::Published(_))),
        erased: standing(|step| *step == Step::Erased),
        commitments: recorded().filter_map(commitment_of).collect(),
    })
}
