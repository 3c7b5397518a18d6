//! A text with signatures: C2SP signed-note, with Ed25519. It must not know what the text says.

use super::key::{PrivateKey, PublicKey};
use base64::prelude::{BASE64_STANDARD, Engine};
use signed_note::{Note, NoteError, VerifierList};

/// Why a note is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadNote {
    /// It is no note, or not written as one is.
    #[error("it is not a signed note: a text, an empty line, and lines that begin with \"— \"")]
    Form,
    /// Its line ends were changed.
    #[error(
        "its lines end with a carriage return: it was converted on its way, and a note must be copied byte for byte; ask for it again"
    )]
    Converted,
    /// One key is there twice: it counts once.
    #[error("it has two signatures of {0}, and a key signs once: leave one out")]
    Twice(String),
    /// None of the keys signed it.
    #[error("it is not signed by {0}")]
    Unsigned(String),
    /// A signature of one of the keys is not of this text.
    #[error("the signature of {0} is not of this text: one of them was altered")]
    Altered(String),
}

/// Signs a text of whole lines.
pub fn sign(text: &str, key: &PrivateKey) -> String {
    let mut note = Note::new(text.as_bytes(), &[]).expect("what we sign is lines of text");
    note.add_sigs(&[key.signer()]).expect("a key that was read has a good name and signs");
    String::from_utf8(note.to_bytes()).expect("a note is text")
}

/// Adds a signature to a note, beside those it has: a second office, or a witness, signs the same text.
///
/// # Errors
/// [`BadNote`].
pub fn add_signature(note: &str, key: &PrivateKey) -> Result<String, BadNote> {
    let mut note = parse(note)?;
    note.add_sigs(&[key.signer()]).expect("a key that was read has a good name and signs");
    Ok(String::from_utf8(note.to_bytes()).expect("a note is text"))
}

/// The names of those who are said to have signed a note; whether they have shows with their keys.
pub fn signers(note: &str) -> impl Iterator<Item = &str> {
    let signatures = note.lines().rev().map_while(|line| line.strip_prefix("— "));
    signatures.filter_map(|signature| signature.split(' ').next())
}

/// The text of a note that every one of these keys has signed.
///
/// # Errors
/// [`BadNote`].
pub fn open(note: &str, keys: &[PublicKey]) -> Result<String, BadNote> {
    let parsed = parse(note)?;
    for key in keys {
        let only = VerifierList::new(vec![Box::new(key.verifier())]);
        parsed.verify(&only).map_err(|error| match error {
            NoteError::InvalidSignature { .. } => BadNote::Altered(key.to_string()),
            _ => BadNote::Unsigned(key.to_string()),
        })?;
    }
    text(note)
}

/// The text of a note, whoever signed it.
///
/// # Errors
/// [`BadNote::Form`].
pub fn text(note: &str) -> Result<String, BadNote> {
    String::from_utf8(parse(note)?.text().to_vec()).map_err(|_| BadNote::Form)
}

/// A note that is written as we would write it: a byte more is another note.
fn parse(note: &str) -> Result<Note, BadNote> {
    if note.contains("\r\n") {
        return Err(BadNote::Converted);
    }
    let parsed = Note::from_bytes(note.as_bytes()).map_err(|_| BadNote::Form)?;
    if parsed.to_bytes() != note.as_bytes() {
        return Err(BadNote::Form);
    }
    match signed_twice(note) {
        Some(name) => Err(BadNote::Twice(name)),
        None => Ok(parsed),
    }
}

/// The name of a key that has two of the signatures. A signature is `— NAME BASE64`, of which the first 4 bytes are the id
/// of the key.
fn signed_twice(note: &str) -> Option<String> {
    let (_, signatures) = note.rsplit_once("\n\n")?;
    let key = |line: &str| {
        let (name, signature) = line.strip_prefix("— ")?.rsplit_once(' ')?;
        let id = BASE64_STANDARD.decode(signature).ok()?.get(..4)?.to_vec();
        Some((name.to_owned(), id))
    };
    let keys: Vec<_> = signatures.lines().filter_map(key).collect();
    let twice = keys.iter().enumerate().find(|(at, key)| keys.iter().take(*at).any(|before| before == *key));
    twice.map(|(_, (name, _))| name.clone())
}
