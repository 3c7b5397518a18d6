//! How entries lie in sled, as bytes: keys, chunks, records and sealed blocks. Pure: it must not call sled.
//!
//! | key | value |
//! | --- | --- |
//! | `e` position chunk | a chunk of a record that is not sealed yet (the tail) |
//! | `b` first-position chunk | a chunk of a sealed block: records, compressed together |
//! | `n` name | the hash of something made of the entries, which lies elsewhere |
//!
//! Keys of the indexes are in `index`.
//!
//! Positions are eight bytes and chunk numbers two, big-endian, so that sled keeps them in order. A chunked value opens
//! with its length and eight bytes of its SHA-256, because subjects and ids lie outside the entry's own hash.

use super::{NewEntry, Stored};
use minutebook_events::{EntryId, Hash, Position};
use minutebook_projections::Subject;
use uuid::Uuid;
use zstd::bulk::Compressor;

/// sled's segment size. A page over a quarter of it becomes a file in `blobs/`, which sled never syncs.
pub(super) const SEGMENT: usize = 1024 * 1024;

/// The most items that one page holds: it splits when it has more than 16, and may first take 4 from a sibling it merges.
const PAGE_ITEMS: usize = 21;

/// What a page spends at most on one item beside the value: key, lengths and headers.
const ITEM_OVERHEAD: usize = 320;

/// The most bytes in one value, so that no page ever leaves the log.
pub(super) const CHUNK: usize = SEGMENT / 4 / PAGE_ITEMS - ITEM_OVERHEAD;

/// The most records in a block, which reading one of them unpacks.
pub(super) const MAX_BLOCK_ENTRIES: usize = 1024;

const HEAD: usize = 4 + 8;
const ZSTD_LEVEL: i32 = 1;

/// A key and its value.
pub(super) type Put = (Vec<u8>, Vec<u8>);

/// Why stored bytes are not what was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Torn(pub(super) String);

/// An entry with what it is indexed by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) id: EntryId,
    pub(super) subjects: Vec<Subject>,
    pub(super) stored: Stored,
}

/// A record as it is written, wherever it lies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written<'a> {
    pub(super) position: Position,
    pub(super) id: EntryId,
    pub(super) subjects: &'a [Subject],
    leaf: &'a Hash,
    bytes: &'a [u8],
}

impl<'a> Written<'a> {
    /// That of a new entry, at its position.
    pub(super) fn new(position: Position, NewEntry { id, subjects, bytes, leaf }: &'a NewEntry) -> Self {
        Self { position, id: *id, subjects, leaf, bytes }
    }

    /// A record of its own.
    pub(super) fn record(&self) -> Record {
        let stored = Stored { position: self.position, bytes: self.bytes.to_vec(), leaf: *self.leaf };
        Record { id: self.id, subjects: self.subjects.to_vec(), stored }
    }

    /// Bytes that it takes in a block before compression.
    pub(super) fn size(&self) -> usize {
        16 + 2 + self.subjects.iter().map(|subject| 2 + subject.text_len()).sum::<usize>() + 32 + 4 + self.bytes.len()
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.id.0.as_bytes());
        out.extend_from_slice(&short(self.subjects.len()).to_be_bytes());
        for subject in self.subjects.iter().map(Subject::text) {
            out.extend_from_slice(&short(subject.len()).to_be_bytes());
            out.extend_from_slice(subject.as_bytes());
        }
        out.extend_from_slice(&self.leaf.0);
        out.extend_from_slice(&long(self.bytes.len()).to_be_bytes());
        out.extend_from_slice(self.bytes);
    }
}

impl Record {
    /// As it is written.
    pub(super) fn written(&self) -> Written<'_> {
        let Self { id, subjects, stored: Stored { position, bytes, leaf } } = self;
        Written { position: *position, id: *id, subjects, leaf, bytes }
    }

    /// Reads one record off the front, and holds its bytes to its hash.
    fn read(position: Position, from: &mut &[u8]) -> Result<Self, Torn> {
        let id = EntryId(Uuid::from_bytes(array(from)?));
        let count = u16::from_be_bytes(array(from)?);
        let subjects = (0..count).map(|_| read_subject(from)).collect::<Result<_, _>>()?;
        Ok(Self { id, subjects, stored: read_stored(position, from)? })
    }
}

/// Reads what follows what a record is indexed by: its hash and its bytes, which are held to it.
fn read_stored(position: Position, from: &mut &[u8]) -> Result<Stored, Torn> {
    let leaf = Hash(array(from)?);
    let length = u32::from_be_bytes(array(from)?);
    let bytes = take(from, length as usize)?.to_vec();
    if Hash::leaf(&bytes) != leaf {
        return Err(Torn("its bytes do not match the hash that was stored with them".to_owned()));
    }
    Ok(Stored { position, bytes, leaf })
}

/// Reads one record off the front, and leaves out what it is indexed by.
fn skip_to_stored(position: Position, from: &mut &[u8]) -> Result<Stored, Torn> {
    take(from, 16)?;
    for _ in 0..u16::from_be_bytes(array(from)?) {
        let length = u16::from_be_bytes(array(from)?);
        take(from, length.into())?;
    }
    read_stored(position, from)
}

/// The tail's puts for one record.
pub(super) fn tail_puts(record: &Written) -> Vec<Put> {
    let mut payload = Vec::with_capacity(record.size());
    record.write(&mut payload);
    chunks(b'e', record.position, &payload)
}

/// The keys that [`tail_puts`] made for this record.
pub(super) fn tail_keys(record: &Written) -> impl Iterator<Item = Vec<u8>> + use<> {
    let position = record.position;
    (0..(HEAD + record.size()).div_ceil(CHUNK)).map(move |chunk| chunk_key(b'e', position, short(chunk)))
}

/// The record of the tail at a position, from its value.
pub(super) fn tail_record(position: Position, mut payload: &[u8]) -> Result<Record, Torn> {
    let record = Record::read(position, &mut payload)?;
    if payload.is_empty() { Ok(record) } else { Err(Torn("bytes follow its end".to_owned())) }
}

/// What makes blocks, in the memory that it made the last one in: a compressor's own is several times what a block has.
pub(super) struct Sealer {
    compressor: Compressor<'static>,
    raw: Vec<u8>,
    payload: Vec<u8>,
}

impl Sealer {
    pub(super) fn new() -> Self {
        let compressor = Compressor::new(ZSTD_LEVEL).expect("zstd has a level 1");
        Self { compressor, raw: vec![], payload: vec![] }
    }

    /// The puts of a block of these records, which follow each other.
    pub(super) fn block_puts(&mut self, records: &[Written]) -> Vec<Put> {
        let Self { compressor, raw, payload } = self;
        let first = records.first().expect("a block has a record").position;
        raw.clear();
        records.iter().for_each(|record| record.write(raw));
        payload.clear();
        payload.extend_from_slice(&short(records.len()).to_be_bytes());
        payload.extend_from_slice(&long(raw.len()).to_be_bytes());
        let head = payload.len();
        payload.resize(head + zstd::zstd_safe::compress_bound(raw.len()), 0);
        let length = compressor.compress_to_buffer(raw, &mut payload[head..]);
        payload.truncate(head + length.expect("zstd compresses any bytes at level 1"));
        chunks(b'b', first, payload)
    }
}

/// The records of a block, from its value.
pub(super) fn block_records(first: Position, payload: &[u8]) -> Result<Vec<Record>, Torn> {
    each_of_block(first, payload, Record::read)
}

/// The entries of a block, from its value.
pub(super) fn block_entries(first: Position, payload: &[u8]) -> Result<Vec<Stored>, Torn> {
    each_of_block(first, payload, skip_to_stored)
}

fn each_of_block<T>(
    first: Position,
    mut payload: &[u8],
    read: impl Fn(Position, &mut &[u8]) -> Result<T, Torn>,
) -> Result<Vec<T>, Torn> {
    let count = u16::from_be_bytes(array(&mut payload)?);
    let length = u32::from_be_bytes(array(&mut payload)?);
    let raw = zstd::bulk::decompress(payload, length as usize).map_err(|e| Torn(format!("its block: {e}")))?;
    let mut rest = raw.as_slice();
    let each = (0..u64::from(count)).map(|n| read(Position(first.0 + n), &mut rest)).collect::<Result<_, _>>()?;
    if rest.is_empty() { Ok(each) } else { Err(Torn("bytes follow the end of its block".to_owned())) }
}

/// How many records a block holds, without reading them.
pub(super) fn block_len(mut payload: &[u8]) -> Result<u64, Torn> {
    array(&mut payload).map(u16::from_be_bytes).map(u64::from)
}

/// The key of what is noted of something that lies elsewhere.
pub(super) fn note_key(name: &str) -> Vec<u8> {
    [b"n", name.as_bytes()].concat()
}

pub(super) fn chunk_key(kind: u8, position: Position, chunk: u16) -> Vec<u8> {
    [&[kind], position.0.to_be_bytes().as_slice(), &chunk.to_be_bytes()].concat()
}

/// What comes after every key of a kind.
pub(super) fn end_of(kind: u8) -> Vec<u8> {
    vec![kind + 1]
}

/// The position in a key of kind `e`, `b` or `r`.
pub(super) fn key_position(key: &[u8]) -> Result<Position, Torn> {
    let mut rest = key;
    take(&mut rest, 1)?;
    array(&mut rest).map(u64::from_be_bytes).map(Position)
}

fn chunks(kind: u8, position: Position, payload: &[u8]) -> Vec<Put> {
    let framed = [long(payload.len()).to_be_bytes().as_slice(), &check(payload), payload].concat();
    let key = |chunk| chunk_key(kind, position, short(chunk));
    framed.chunks(CHUNK).enumerate().map(|(chunk, bytes)| (key(chunk), bytes.to_vec())).collect()
}

/// Puts chunks together again: `chunk(n)` is the value of the n-th, where there is one.
pub(super) fn join<B: AsRef<[u8]>, E: From<Torn>>(
    mut chunk: impl FnMut(u16) -> Result<Option<B>, E>,
) -> Result<Option<Vec<u8>>, E> {
    let Some(first) = chunk(0)? else { return Ok(None) };
    let mut rest = first.as_ref();
    let length = u32::from_be_bytes(array(&mut rest)?) as usize;
    let expected: [u8; 8] = array(&mut rest)?;
    let mut payload = rest.to_vec();
    for number in 1..(HEAD + length).div_ceil(CHUNK) {
        let missing = || Torn(format!("its chunk {number} is missing"));
        let next = chunk(u16::try_from(number).map_err(|_| missing())?)?.ok_or_else(missing)?;
        payload.extend_from_slice(next.as_ref());
    }
    if payload.len() != length || check(&payload) != expected {
        return Err(Torn("its stored form does not match its checksum".to_owned()).into());
    }
    Ok(Some(payload))
}

fn check(payload: &[u8]) -> [u8; 8] {
    let digest = Hash::of([payload]).0;
    std::array::from_fn(|n| digest[n])
}

fn read_subject(from: &mut &[u8]) -> Result<Subject, Torn> {
    let length = u16::from_be_bytes(array(from)?);
    subject(take(from, length.into())?)
}

fn subject(bytes: &[u8]) -> Result<Subject, Torn> {
    let text = std::str::from_utf8(bytes).map_err(|e| Torn(format!("the subject of a stream: {e}")))?;
    text.parse().map_err(|e| Torn(format!("the subject of a stream: {e}")))
}

fn take<'a>(from: &mut &'a [u8], length: usize) -> Result<&'a [u8], Torn> {
    let (taken, rest) = from.split_at_checked(length).ok_or_else(|| Torn("it ends too soon".to_owned()))?;
    *from = rest;
    Ok(taken)
}

pub(super) fn array<const N: usize>(from: &mut &[u8]) -> Result<[u8; N], Torn> {
    take(from, N).map(|taken| taken.try_into().expect("taken to this length"))
}

fn short(number: usize) -> u16 {
    u16::try_from(number).expect("lengths of subjects, counts of subjects, chunks and records stay far below 65,536")
}

fn long(number: usize) -> u32 {
    u32::try_from(number).expect("an entry and a block stay far below 4 GiB")
}
