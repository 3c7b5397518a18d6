//! Projections as bytes, part by part, and back: what a snapshot holds. Timelines and roots are not in it: they are
//! made anew. It must not know where the parts lie.

use crate::all::Projections;
use crate::known::Defined;
use crate::log::Log;
use crate::prelude::*;
use crate::streams::Streams;
use core::convert::Infallible;
use minutebook_events::packed::{self, Pack, Packer, Unpacker};
use minutebook_events::{Hash, Position};

/// Raised whenever the same projections would be saved otherwise.
pub const VERSION: u32 = packed::VERSION << 16 | 1;

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
    /// Gives their bytes to `part`, part by part: each of a few megabytes, whatever the size of the ledger, but for the
    /// names.
    ///
    /// # Errors
    /// Those of `part`.
    pub fn save<E>(&self, mut part: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let (head, log, streams, defined) = self.parts();
        let mut names = log.names().clone();
        let mut bytes = vec![];
        let mut counted = Packer::new(&mut bytes, &mut names);
        head.pack(&mut counted);
        counted.number(log.chunks().len() as u128);
        counted.number(streams.len().div_ceil(Streams::PART) as u128);
        part(&bytes)?;
        bytes.clear();
        log.names().all().to_vec().pack(&mut Packer::new(&mut bytes, &mut names));
        part(&bytes)?;
        bytes.clear();
        log.pack_places(&mut Packer::new(&mut bytes, &mut names));
        part(&bytes)?;
        for chunk in log.chunks() {
            part(chunk)?;
        }
        streams.save(&mut names, &mut part)?;
        bytes.clear();
        defined.pack(&mut Packer::new(&mut bytes, &mut names));
        assert_eq!(names.all().len(), log.names().all().len(), "whatever has a name is in an entry");
        part(&bytes)
    }

    /// The hash of all that is saved: equal of two that were made of the same entries.
    pub fn digest(&self) -> Hash {
        digest_of(|part| self.save(part))
    }

    /// Takes them back from their parts; nothing where these are not all parts of what was saved, in order.
    ///
    /// # Errors
    /// Those of `part`.
    pub fn load<E>(mut part: impl FnMut() -> Result<Option<Vec<u8>>, E>) -> Result<Option<Self>, E> {
        macro_rules! there {
            ($it:expr) => {
                match $it {
                    Some(it) => it,
                    None => return Ok(None),
                }
            };
        }
        let counts = there!(part()?);
        let mut from = Unpacker::new(&counts, &[]);
        let (head, chunks, streams) = there!((|| {
            let head = Position::unpack(&mut from)?;
            Some((head, u32::unpack(&mut from)?, u32::unpack(&mut from)?))
        })());
        let names: Vec<Arc<str>> = there!(Pack::unpack(&mut Unpacker::new(&there!(part()?), &[])));
        let places = there!(part()?);
        let mut parts = vec![];
        for _ in 0..chunks {
            parts.push(there!(part()?));
        }
        let log = there!(Log::of(names, &places, parts));
        let mut all = Streams::default();
        for _ in 0..streams {
            there!(all.load(&mut Unpacker::new(&there!(part()?), log.names().all())));
        }
        let defined = there!(part()?);
        let defined = there!(Defined::unpack(&mut Unpacker::new(&defined, log.names().all())));
        Ok(Some(Self::of_parts(head, log, all, defined)))
    }
}
