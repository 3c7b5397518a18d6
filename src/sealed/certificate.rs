//! The certificate of an erasure: what was destroyed, what that does not reach, and what still holds. It must not destroy
//! anything, nor say who signs it.

use crate::audit::certificate::PROGRAM;
use minutebook_events::{EventKind, Instant, Position};
use minutebook_projections::Content;

/// The text of a certificate, in the name of a ledger, for a note that is signed: a line a fact, the last one ended. Nothing
/// where the content was not erased. `seen` is when whoever asks saw that it is gone, and `entries` the ledger's size then.
pub fn certificate(content: &Content<'_>, origin: &str, entries: Position, seen: Instant) -> Option<String> {
    let (sealed, erased) = (content.sealed, content.erased?);
    let EventKind::ContentErased { reason, .. } = &erased.event().kind else { return None };
    let act = erased.act();
    let published = match content.published {
        Some(fact) => {
            format!("{}: its salt stays in that entry, and whoever read the content may have kept it", fact.position())
        }
        None => "never".to_owned(),
    };
    let commitments = content.commitments.iter().map(|commitment| format!("commitment {commitment}"));
    let lines = [
        format!("{origin} erasure certificate"),
        format!("entries {entries}"),
        format!("program {PROGRAM}"),
        format!("content {} of {}", content.name, content.contract),
    ];
    let rest = [
        format!("sealed {} {}", sealed.position(), sealed.recorded().leaf),
        format!("published {published}"),
        format!("erased {} {}", erased.position(), erased.recorded().leaf),
        format!("decided {}, {}: {}", act.decided, act.reference, act.title),
        format!("reason {reason}"),
        format!("recorded {}", erased.recorded().entry.recorded),
        format!("gone {seen}"),
        "destroyed the sealed content with its salt, and any published copy, in this ledger's folder".to_owned(),
        "not reached copies of that folder made before, what was disclosed, and what a disk keeps of overwritten blocks"
            .to_owned(),
        "holds every entry as it was recorded, and with it every hash, proof and checkpoint".to_owned(),
    ];
    let lines: Vec<String> = lines.into_iter().chain(commitments).chain(rest).collect();
    Some(lines.join("\n") + "\n")
}
