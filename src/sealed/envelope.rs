//! Encryption to one key, so that whoever seals cannot read: HPKE (RFC 9180) with X25519, HKDF-SHA256 and ChaCha20-Poly1305, a
//! chunk at a time, so that no content is too large for memory. It must not know what it encrypts; that all of it is there,
//! and is what was sealed, shows in its hash.
//!
//! | bytes | what they are |
//! | --- | --- |
//! | 20 | `minutebook sealed 1` and a line feed; also the `info` of the HPKE context |
//! | 32 | the public key that it is sealed to, so that a wrong key is told from damage |
//! | 32 | the encapsulated key |
//! | up to 65,552 each | chunks of 65,536 bytes and their tag of 16, in order; the last may be shorter |

use super::key::{ReadKey, SealKey};
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, OpModeR, OpModeS, Serializable};
use std::io::{self, Read, Write};

pub(super) type Kem = X25519HkdfSha256;
pub(super) type Private = <Kem as hpke::Kem>::PrivateKey;
pub(super) type Public = <Kem as hpke::Kem>::PublicKey;
type Encapsulated = <Kem as hpke::Kem>::EncappedKey;

const MAGIC: &[u8; 20] = b"minutebook sealed 1\n";
const CHUNK: usize = 65_536;
const TAG: usize = 16;

/// Why an envelope did not open.
#[derive(Debug)]
pub(super) enum Unopened {
    /// It is sealed to this key, and another was given.
    WrongKey(SealKey),
    /// It is not what was written.
    Damaged,
    /// Reading it failed.
    Reading(io::Error),
    /// Writing what is in it failed.
    Writing(io::Error),
}

/// Encrypts all that can be read.
pub(super) fn close(key: &SealKey, plain: &mut dyn Read, out: &mut dyn Write) -> io::Result<()> {
    let context = hpke::setup_sender::<ChaCha20Poly1305, HkdfSha256, Kem>(&OpModeS::Base, &key.0, MAGIC);
    let (encapsulated, mut context) = context.map_err(|_| io::Error::other("the seal key is of no use"))?;
    out.write_all(MAGIC)?;
    out.write_all(&key.bytes())?;
    out.write_all(&encapsulated.to_bytes())?;
    while let Some(chunk) = chunk(plain, CHUNK)? {
        let sealed =
            context.seal(&chunk, &[]).map_err(|_| io::Error::other("the content is too large to be sealed"))?;
        out.write_all(&sealed)?;
    }
    Ok(())
}

/// Decrypts all that can be read. What was written to `out` before an error must not be used.
pub(super) fn open(key: &ReadKey, sealed: &mut dyn Read, out: &mut dyn Write) -> Result<(), Unopened> {
    let sealed_to = sealed_to(sealed)?;
    let encapsulated: [u8; 32] = exactly(sealed)?;
    if sealed_to.bytes() != key.seal_key().bytes() {
        return Err(Unopened::WrongKey(sealed_to));
    }
    let encapsulated = Encapsulated::from_bytes(&encapsulated).map_err(|_| Unopened::Damaged)?;
    let context =
        hpke::setup_receiver::<ChaCha20Poly1305, HkdfSha256, Kem>(&OpModeR::Base, &key.private, &encapsulated, MAGIC);
    let mut context = context.map_err(|_| Unopened::Damaged)?;
    while let Some(chunk) = chunk(sealed, CHUNK + TAG).map_err(Unopened::Reading)? {
        let plain = context.open(&chunk, &[]).map_err(|_| Unopened::Damaged)?;
        out.write_all(&plain).map_err(Unopened::Writing)?;
    }
    Ok(())
}

/// The key that an envelope is sealed to: all that can be said of it without the other key.
pub(super) fn sealed_to(sealed: &mut dyn Read) -> Result<SealKey, Unopened> {
    if exactly::<20>(sealed)? != *MAGIC {
        return Err(Unopened::Damaged);
    }
    SealKey::of_bytes(&exactly(sealed)?).ok_or(Unopened::Damaged)
}

fn exactly<const N: usize>(from: &mut dyn Read) -> Result<[u8; N], Unopened> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => Unopened::Damaged,
        _ => Unopened::Reading(error),
    })?;
    Ok(bytes)
}

/// The next bytes, as many as there are up to a size; nothing at the end.
fn chunk(from: &mut dyn Read, size: usize) -> io::Result<Option<Vec<u8>>> {
    let mut chunk = Vec::with_capacity(size);
    from.take(size as u64).read_to_end(&mut chunk)?;
    Ok((!chunk.is_empty()).then_some(chunk))
}
