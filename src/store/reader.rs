//! Reads what lies in sled: blocks, the tail and the indexes. It never writes, repairs nothing, and knows nothing of
//! which positions are durable.

use super::engine::Engine;
use super::guard::{self, Fault};
use super::index::{Index, IndexKey, Pair, Run};
use super::layout::{self, Record};
use minutebook_events::Position;
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
        let known: usize = tail.iter().map(|record| layout::tail_keys(&record.written()).count()).sum();
        let found = guard::call(|| self.db().scan_prefix(b"e").try_fold(0, |count, item| item.map(|_| count + 1)))?;
        if known == found {
            Ok(tail)
        } else {
            // Appends and seals are atomic, so no crash leaves this.
            Err(Fault::Corrupt(format!("beyond position {next}, entries follow a gap or lie there in part")))
        }
    }

    /// What is indexed of the entries before `sealed`, which are in blocks.
    pub(super) fn index(&self, sealed: u64) -> Result<Index, Fault> {
        let mut runs = Vec::new();
        let mut items = self.db().scan_prefix(b"r");
        while let Some((key, value)) = guard::call(|| items.next().transpose())? {
            runs.push(Run::read(&key, &value)?);
        }
        let (mut open, mut next) = (Vec::new(), Position(runs.last().map_or(0, |run: &Run| run.end)));
        let mut blocks = self.blocks(next)?;
        while next.0 < sealed {
            let (first, value) = blocks.next().unwrap_or_else(|| Err(Fault::missing(next)))?;
            open.extend(layout::block_records(first, &value)?);
            next = open.last().map_or(next, |last: &Record| last.stored.position.next());
        }
        let index = Index::of(runs, &open).filter(|index| index.end().0 <= sealed);
        index.ok_or_else(|| Fault::Corrupt("the parts of the index do not follow each other".to_owned()))
    }

    /// Where a key leads to in a run, in order.
    pub(super) fn look_up(&self, run: &Run, key: IndexKey) -> Result<Vec<Position>, Fault> {
        let mut positions = Vec::new();
        let mut items = self.db().range(run.page_from(key)..);
        while let Some((page, value)) = guard::call(|| items.next().transpose())? {
            let pairs = if page.starts_with(&run.prefix()) { run.read_page(&value)? } else { break };
            let from = pairs.partition_point(|(of, _)| *of < key);
            let led = pairs[from..].iter().take_while(|(of, _)| *of == key);
            positions.extend(led.map(|(_, position)| *position));
            if pairs.last().is_some_and(|(last, _)| *last > key) {
                break;
            }
        }
        Ok(positions)
    }

    /// All that a run leads to, sorted; and each of it is found by [`Reader::look_up`].
    pub(super) fn pairs(&self, run: &Run) -> Result<Vec<Pair>, Fault> {
        let mut pairs = Vec::new();
        let mut items = self.db().scan_prefix(run.prefix());
        while let Some((page, value)) = guard::call(|| items.next().transpose())? {
            let on_page = run.read_page(&value)?;
            run.hold(&page, pairs.last(), &on_page)?;
            pairs.extend(on_page);
        }
        Ok(pairs)
    }

    /// Gives all that an index leads to.
    pub(super) fn leads(&self, index: &Index, each: &mut dyn FnMut(IndexKey, Position)) -> Result<(), Fault> {
        for run in &index.runs {
            self.pairs(run)?.into_iter().for_each(|(key, position)| each(key, position));
        }
        index.open().iter().for_each(|(key, position)| each(*key, *position));
        Ok(())
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
