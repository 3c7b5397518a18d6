//! The rebuild certificate: that every projection was made again from entry 0, by which program, and whether each is what
//! was live. It must not sign that two are equal where they are not: it says which differ.

use super::checkpoint::{Head, base64};
use super::key::PrivateKey;
use super::note;
use minutebook_events::Instant;

/// The program that certifies.
pub const PROGRAM: &str = concat!("minutebook ", env!("CARGO_PKG_VERSION"));

/// What was rebuilt, and what was live at the same size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// When it was rebuilt.
    pub at: Instant,
    /// What the entries come to.
    pub rebuilt: Head,
    /// What was live.
    pub live: Head,
}

impl Certificate {
    /// Whether all that was live is what the entries come to.
    pub fn is_equal(&self) -> bool {
        self.rebuilt == self.live
    }

    /// The text that is signed, in the name of a ledger.
    pub fn text(&self, origin: &str) -> String {
        let Self { at, rebuilt, live } = self;
        let line = |name: &str, ours, live: Option<_>| {
            let word = if live == Some(ours) { "equal" } else { "DIFFERS" };
            format!("{name} {} {word}\n", base64(&ours))
        };
        let mut text =
            format!("{origin} rebuild certificate\nentries {}\nprogram {PROGRAM}\nrebuilt {at}\n", rebuilt.size);
        text += &line("root", rebuilt.root, Some(live.root));
        text += &line("streams", rebuilt.streams, Some(live.streams));
        for root in &rebuilt.projections {
            let same = live.projections.iter().find(|live| live.name == root.name && live.version == root.version);
            text += &line(&format!("{}/{}", root.name, root.version), root.root, same.map(|live| live.root));
        }
        text
    }

    /// The signed note.
    pub fn sign(&self, key: &PrivateKey) -> String {
        note::sign(&self.text(key.public().name()), key)
    }
}
