//! Reads what lies in sled: blocks, the tail and the indexes. It never writes, repairs nothing, and knows nothing of
//! which positions are durable.

use super::engine::Engine;
use super::guard::{self, Fault};
use super::layout::{self, Record, Tally, Torn};
use minutebook_events::{EntryId, Position};
use minutebook_projections::Subject;
use std::sync::Arc;

pub(super) struct Reader(Engine);

impl Reader {
    pub(super) fn new(engine: Engine) -> Self {
        Self(engine)
    }

    pub(super) fn db(&self) -> &sled::Db {
        self.0.db()
    }

    /// The records of the block that holds this position, where it is in one.
    pub(super) fn block_with(&self, position: Position) -> Result<Option<Vec<Record>>, Fault> {
        let Some(first) = self.block_before(position.next())? else { return Ok(None) };
        let Some(value) = self.value(b'b', first)? else { return Ok(None) };
        let records = layout::block_records(first, &value)?;
        Ok(records.last().is_some_and(|last| last.stored.position >= position).then_some(records))
    }

    /// The record at this position of the tail, where there is one.
    pub(super) fn tail_record(&self, position: Position) -> Result<Option<Record>, Fault> {
        let value = self.value(b'e', position)?;
        Ok(value.map(|value| layout::tail_record(position, &value)).transpose()?)
    }

    /// How many entries are in blocks: where the last block ends.
    pub(super) fn sealed(&self) -> Result<u64, Fault> {
        let Some(first) = self.block_before(Position(u64::MAX))? else { return Ok(0) };
        let value = self.value(b'b', first)?.ok_or_else(|| Fault::missing(first))?;
        Ok(first.0 + layout::block_len(&value)?)
    }

    /// The whole tail, which starts where the blocks end.
    pub(super) fn tail(&self, from: Position) -> Result<Vec<Arc<Record>>, Fault> {
        let mut tail = Vec::new();
        let mut next = from;
        while let Some(record) = self.tail_record(next)? {
            tail.push(Arc::new(record));
            next = next.next();
        }
        let known: usize = tail.iter().map(|record| layout::tail_keys(record).count()).sum();
        let found = guard::call(|| self.db().scan_prefix(b"e").try_fold(0, |count, item| item.map(|_| count + 1)))?;
        if known == found {
            Ok(tail)
        } else {
            // Appends and seals are atomic, so no crash leaves this.
            Err(Fault::Corrupt(format!("beyond position {next}, entries follow a gap or lie there in part")))
        }
    }

    /// The positions of a subject's entries that are in blocks, in order.
    pub(super) fn positions_of(&self, subject: &Subject) -> Result<Vec<Position>, Fault> {
        let values = guard::call(|| {
            self.db().scan_prefix(layout::stream_prefix(subject)).values().collect::<Result<Vec<_>, _>>()
        })?;
        let mut positions = Vec::new();
        for value in values {
            positions.extend(layout::stream_positions(&value)?);
        }
        Ok(positions)
    }

    /// The position in a block of the entry with this id.
    pub(super) fn position_of(&self, id: EntryId) -> Result<Option<Position>, Fault> {
        let value = guard::call(|| self.db().get(layout::id_key(id)))?;
        Ok(value.map(|value| layout::id_position(&value)).transpose()?)
    }

    /// Every id in blocks, with its position.
    pub(super) fn ids(&self, each: &mut dyn FnMut(EntryId, Position)) -> Result<(), Fault> {
        self.items(b"i", |key, value| {
            each(layout::key_id(key)?, layout::id_position(value)?);
            Ok(())
        })
    }

    /// The positions of each subject's entries that are in blocks, block by block: those of one subject follow each other.
    pub(super) fn streams(&self, each: &mut dyn FnMut(Subject, Vec<Position>)) -> Result<(), Fault> {
        self.items(b"s", |key, value| {
            each(layout::key_subject(key)?, layout::stream_positions(value)?);
            Ok(())
        })
    }

    /// Every key and value of a kind.
    fn items(&self, kind: &[u8], mut each: impl FnMut(&[u8], &[u8]) -> Result<(), Torn>) -> Result<(), Fault> {
        let mut items = self.db().scan_prefix(kind);
        while let Some((key, value)) = guard::call(|| items.next().transpose())? {
            each(&key, &value)?;
        }
        Ok(())
    }

    /// What the indexes lead to, all of it.
    pub(super) fn tally(&self) -> Result<Tally, Fault> {
        let mut tally = Tally::default();
        for kind in [b"i", b"s"] {
            self.items(kind, |key, value| tally.add_index(key, value))?;
        }
        Ok(tally)
    }

    /// The blocks in order, from the one that holds this position or begins after it: the position of the first record, and
    /// the value. A walk along sled's pages: asking for one block after the other would read each page again for every
    /// block on it.
    pub(super) fn blocks(&self, position: Position) -> Result<Blocks, Fault> {
        let first = self.block_before(position.next())?.unwrap_or(position);
        Ok(Blocks { items: self.db().range(layout::chunk_key(b'b', first, 0)..layout::end_of(b'b')) })
    }

    /// The first position of the last block that starts before this one.
    fn block_before(&self, position: Position) -> Result<Option<Position>, Fault> {
        let Some((key, _)) = guard::call(|| self.db().get_lt(layout::chunk_key(b'b', position, 0)))? else {
            return Ok(None);
        };
        if key.first() == Some(&b'b') { Ok(Some(layout::key_position(&key)?)) } else { Ok(None) }
    }

    fn value(&self, kind: u8, position: Position) -> Result<Option<Vec<u8>>, Fault> {
        layout::join(|chunk| guard::call(|| self.db().get(layout::chunk_key(kind, position, chunk))))
    }
}

/// Blocks in order, as [`Reader::blocks`] gives them. What follows an error says nothing.
pub(super) struct Blocks {
    items: sled::Iter,
}

impl Blocks {
    fn next_item(&mut self) -> Result<Option<(sled::IVec, sled::IVec)>, Fault> {
        guard::call(|| self.items.next().transpose())
    }

    fn next_block(&mut self) -> Result<Option<(Position, Vec<u8>)>, Fault> {
        let Some((key, value)) = self.next_item()? else { return Ok(None) };
        let first = layout::key_position(&key)?;
        let mut head = Some(value);
        let value = layout::join(|chunk| match head.take() {
            Some(head) => Ok(Some(head)),
            None => {
                let Some((key, value)) = self.next_item()? else { return Ok(None) };
                Ok::<_, Fault>((*key == *layout::chunk_key(b'b', first, chunk)).then_some(value))
            }
        })?;
        Ok(value.map(|value| (first, value)))
    }
}

impl Iterator for Blocks {
    type Item = Result<(Position, Vec<u8>), Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_block().transpose()
    }
}
