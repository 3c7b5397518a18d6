//! Keys: one that signs, in a file that only its owner may read, and the one that checks, which everyone may know. Both in
//! the text forms of C2SP signed-note. It must not know what is signed.

use crate::durable;
use crate::store::Shown;
use minutebook_events::decide::is_hidden;
use signed_note::{Signer, StandardSigner, StandardVerifier, Verifier};
use std::fmt;
use std::fs;
use std::io;
use std::path::Path;
use std::str::FromStr;

/// The key that checks what a [`PrivateKey`] signed: `name+id+key`, as C2SP signed-note writes it.
#[derive(Clone)]
pub struct PublicKey {
    text: String,
    verifier: StandardVerifier,
}

/// The key that signs. Whoever has its file can sign in the ledger's name.
pub struct PrivateKey {
    signer: StandardSigner,
    public: PublicKey,
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Incorrect: no key in the form of a note.
    #[error("\"{0}\" is not a public key: write it as `minutebook key new` printed it, NAME+ID+KEY")]
    NoPublicKey(String),
    /// Incorrect: a name that no note can carry.
    #[error(
        "\"{0}\" cannot name a key: write a name without spaces and without +, best one that is the council's own, as kent.gov.uk/minutebook"
    )]
    BadName(String),
    /// Conflict: a file is there.
    #[error("there is already a file at {0}: a key is never overwritten; name another file")]
    AlreadyThere(Shown),
    /// Incorrect: the file holds something else.
    #[error("{0} is not the file of a private key: name a file that `minutebook key new` made")]
    NoPrivateKey(Shown),
    /// Incorrect: the other half.
    #[error(
        "{0} is not the file of a private key but of a public key, which signs nothing: name the file of the private key, which `minutebook key new` made"
    )]
    Public(Shown),
    /// Incorrect: others can read it.
    #[error(
        "others than its owner may read {0}: whoever read it can sign; make a new key, or, if you are sure that nobody did, chmod 600 {0}"
    )]
    Exposed(Shown),
    /// Unavailable.
    #[error("cannot {doing} {path}: {source}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To what.
        path: Shown,
        /// What the operating system said.
        source: io::Error,
    },
}

impl PublicKey {
    /// The name of the key: the ledger's, where the key is the ledger's.
    pub fn name(&self) -> &str {
        self.verifier.name()
    }

    pub(super) fn verifier(&self) -> StandardVerifier {
        self.verifier.clone()
    }
}

/// These keys, each once: who gives a key twice gives one.
pub fn once(keys: &[PublicKey]) -> Vec<&PublicKey> {
    let is_first = |(at, key): &(usize, &PublicKey)| keys.iter().take(*at).all(|before| before.text != key.text);
    keys.iter().enumerate().filter(is_first).map(|(_, key)| key).collect()
}

impl FromStr for PublicKey {
    type Err = KeyError;
    fn from_str(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        let verifier = StandardVerifier::new(text).map_err(|_| KeyError::NoPublicKey(text.to_owned()))?;
        Ok(Self { text: text.to_owned(), verifier })
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(&self.text)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(&self.text)
    }
}

impl fmt::Debug for PrivateKey {
    /// Never the key itself.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "the private key of {}", self.public)
    }
}

impl PrivateKey {
    /// Makes a key of this name in a new file, which only its owner may read: a line with the private key, and one with the
    /// public key.
    ///
    /// # Errors
    /// [`KeyError::BadName`], [`KeyError::AlreadyThere`], [`KeyError::Io`].
    pub fn create(path: &Path, name: &str) -> Result<Self, KeyError> {
        if !signed_note::is_key_name_valid(name) || name.chars().any(is_hidden) {
            return Err(KeyError::BadName(name.to_owned()));
        }
        let (private, public) = signed_note::generate_key(&mut rand_core::OsRng, name);
        let text = format!("{private}\n{public}\n");
        durable::write_new(path, text.as_bytes(), 0o600).map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => KeyError::AlreadyThere(path.into()),
            _ => KeyError::Io { doing: "make", path: path.into(), source },
        })?;
        Self::read(path)
    }

    /// Reads a key from its file.
    ///
    /// # Errors
    /// [`KeyError::NoPrivateKey`], [`KeyError::Exposed`], [`KeyError::Io`].
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let io = |source| KeyError::Io { doing: "read", path: path.into(), source };
        let no_key = || KeyError::NoPrivateKey(path.into());
        let about = fs::metadata(path).map_err(io)?;
        if !about.is_file() || about.len() > 4096 {
            return Err(no_key());
        }
        let bytes = fs::read(path).map_err(io)?;
        let text = String::from_utf8(bytes).map_err(|_| no_key())?;
        if text.parse::<PublicKey>().is_ok() {
            return Err(KeyError::Public(path.into()));
        }
        if durable::is_exposed(&about) {
            return Err(KeyError::Exposed(path.into()));
        }
        let (private, public) = text.trim_end().split_once('\n').ok_or_else(no_key)?;
        let signer = StandardSigner::new(private).map_err(|_| no_key())?;
        let public: PublicKey = public.parse().map_err(|_| no_key())?;
        // The two lines belong together, or what is signed could never be checked.
        let signature = signer.sign(b"both lines").map_err(|_| no_key())?;
        if signer.name() != public.name() || !public.verifier.verify(b"both lines", &signature) {
            return Err(no_key());
        }
        Ok(Self { signer, public })
    }

    /// The key that checks what this one signs.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    pub(super) fn signer(&self) -> &StandardSigner {
        &self.signer
    }
}
