//! Projections as bytes, part by part, and back: what a snapshot holds. First come the entries, packed, chunk by chunk: one
//! that is full never changes. Then what is made of them: streams and what is defined; where that is missing, it is made
//! anew. Timelines and roots are not in it. It must not know where the parts lie.

use crate::all::Projections;
use crate::known::Defined;
use crate::log::Log;
use crate::prelude::*;
use crate::streams::Streams;
use core::convert::Infallible;
use minutebook_events::Hash;
use minutebook_events::packed::{self, Pack, Packer, Unpacker};

/// Raised whenever the same projections would be saved otherwise.
pub const VERSION: u32 = packed::VERSION << 16 | 2;

/// What a part holds, by its first byte.
const CHUNK: u8 = 0;
const STREAMS: u8 = 1;
const DEFINED: u8 = 2;

/// Takes a part of what is saved.
type Part<'a> = &'a mut dyn FnMut(&[u8]) -> Result<(), Infallible>;

/// The hash over those of all parts that `save` gives.
pub(crate) fn digest_of(save: impl FnOnce(Part) -> Result<(), Infallible>) -> Hash {
    let mut hashes = vec![];
    let Ok(()) = save(&mut |part| {
        hashes.push(Hash::of([part]));
        Ok(())
    });
    Hash::of(hashes.iter().map(|hash| hash.0.as_slice()))
}

impl Projections {
    /// The part of a chunk of entries that takes no more of them; of none that is not full.
    pub fn full_chunk(&self, number: usize) -> Option<Vec<u8>> {
        let log = self.log();
        (number < log.chunks().1).then(|| chunk(log, number))
    }

    /// Gives their bytes to `part`, part by part, after so many chunks that are there already: each of some megabytes at the
    /// most.
    ///
    /// # Errors
    /// Those of `part`.
    pub fn save<E>(&self, chunks: usize, mut part: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let (_, log, streams, defined) = self.parts();
        (chunks..log.chunks().0).try_for_each(|number| part(&chunk(log, number)))?;
        let mut names = log.names().clone();
        streams.save(&mut names, &mut |some: &[u8]| part(&[&[STREAMS], some].concat()))?;
        let mut bytes = vec![DEFINED];
        defined.pack(&mut Packer::new(&mut bytes, &mut names));
        assert_eq!(names.all().len(), log.names().all().len(), "whatever has a name is in an entry");
        part(&bytes)
    }

    /// The hash of all that is saved: equal of two that were made of the same entries.
    pub fn digest(&self) -> Hash {
        digest_of(|part| self.save(0, part))
    }
}

fn chunk(log: &Log, number: usize) -> Vec<u8> {
    let mut part = vec![CHUNK];
    log.save(number, &mut part);
    part
}

/// Projections that are taken from the parts of what was saved, in order: however many there are, what came is worth
/// something.
#[derive(Default)]
pub struct Loading {
    log: Log,
    streams: Streams,
    defined: Option<Defined>,
}

impl Loading {
    /// Takes in the next part; nothing where it is none. What came before it still counts.
    #[must_use]
    pub fn take(&mut self, part: &[u8]) -> Option<()> {
        let (kind, part) = part.split_first()?;
        match *kind {
            _ if self.defined.is_some() => None,
            CHUNK if self.streams.is_empty() => self.log.load(part),
            STREAMS => {
                let taken = self.streams.load(&mut Unpacker::new(part, self.log.names().all()));
                if taken.is_none() {
                    // Half of them would look like all.
                    self.streams = Streams::default();
                }
                taken
            }
            DEFINED => {
                self.defined = Defined::unpack(&mut Unpacker::new(part, self.log.names().all()));
                self.defined.as_ref().map(|_| ())
            }
            _ => None,
        }
    }

    /// How many chunks were taken that no entry will be added to.
    pub fn full_chunks(&self) -> usize {
        self.log.chunks().1
    }

    /// Whether the last part was taken, and nothing has to be made anew.
    pub fn is_whole(&self) -> bool {
        self.defined.is_some()
    }

    /// What was taken comes to: what is missing of the last parts is made of the entries; nothing where these do not unpack.
    pub fn finish(self) -> Option<Projections> {
        let Self { log, streams, defined } = self;
        match defined {
            Some(defined) => Some(Projections::of_parts(log, streams, defined)),
            None => Projections::of_log(log),
        }
    }
}
