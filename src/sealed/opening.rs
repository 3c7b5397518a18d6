//! What a commitment is the hash of: the salt's preamble, then the content. Sealed as one text, so that whoever decrypts it
//! sees with `sha256sum` alone that it is what the entry commits to. It must not know where it comes from or goes.

use minutebook_events::{Commitment, Hash, Salt};
use sha2::{Digest, Sha256};
use std::io::{self, Read, Write};

/// The length of [`Salt::preamble`].
const PREAMBLE: usize = 86;

/// A content with its salt before it, hashed while it is read.
pub(super) struct Opening<R> {
    inner: R,
    hash: Sha256,
}

/// Puts the salt before a content.
pub(super) fn opening(salt: &Salt, content: impl Read) -> Opening<impl Read> {
    Opening { inner: io::Cursor::new(salt.preamble()).chain(content), hash: Sha256::new() }
}

impl<R: Read> Read for Opening<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        self.hash.update(into.get(..read).unwrap_or_default());
        Ok(read)
    }
}

impl<R: Read> Opening<R> {
    /// Reads what is left, and tells what all of it commits to.
    pub(super) fn commitment(mut self) -> io::Result<Commitment> {
        io::copy(&mut self, &mut io::sink())?;
        Ok(Commitment(Hash(self.hash.finalize().into())))
    }
}

/// Takes an opening apart while it is written: the salt is kept, the content goes on.
pub(super) struct Apart<'a> {
    preamble: Vec<u8>,
    content: &'a mut dyn Write,
    hash: Sha256,
}

impl<'a> Apart<'a> {
    pub(super) fn new(content: &'a mut dyn Write) -> Self {
        Self { preamble: Vec::with_capacity(PREAMBLE), content, hash: Sha256::new() }
    }

    /// The salt, and what was committed to; nothing where there was no salt.
    pub(super) fn finish(self) -> Option<(Salt, Commitment)> {
        let text = String::from_utf8(self.preamble).ok()?;
        let salt: Salt = text.lines().nth(1)?.parse().ok()?;
        (text == salt.preamble()).then(|| (salt, Commitment(Hash(self.hash.finalize().into()))))
    }
}

impl Write for Apart<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let missing = (PREAMBLE - self.preamble.len()).min(bytes.len());
        let (preamble, content) = bytes.split_at(missing);
        self.content.write_all(content)?;
        self.preamble.extend(preamble);
        self.hash.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.content.flush()
    }
}
