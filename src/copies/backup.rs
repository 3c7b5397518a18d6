//! A backup: a ledger's folder that opens as it is, made while the ledger is written to. It holds all that was durable when it
//! began, and nothing after. It must not read the store's own files.

use super::beside::{self, carry, carry_published};
use super::draft::Draft;
use super::error::CopyError;
use super::ledger::{Filling, signed_up_to, verified};
use super::sums::Sums;
use super::{Copied, Progress, Step};
use crate::audit::checkpoint::Head;
use crate::durable;
use crate::ledger::{Ledger, LedgerError, new_entry};
use crate::sealed::published;
use crate::store::Stored;
use minutebook_events::Position;
use std::path::Path;

/// Makes a backup at `to` of the ledger in the folder `from`, up to a head that it has had ([`Ledger::roots`]). It is there
/// once it was opened and verified, and every root of it is that of the head. Others may record meanwhile; an erasure may make
/// the backup fail, since none may lack a content, or have one, against what its entries say.
///
/// # Errors
/// [`CopyError`]: nothing is at `to`.
pub fn backup(ledger: &Ledger, head: &Head, from: &Path, to: &Path, progress: Progress) -> Result<Copied, CopyError> {
    let draft = Draft::of(to, from)?;
    let copied = make(ledger, head, from, &draft.path(), progress).map_err(|error| draft.told(error))?;
    draft.finish()?;
    Ok(copied)
}

fn make(ledger: &Ledger, head: &Head, from: &Path, folder: &Path, progress: Progress) -> Result<Copied, CopyError> {
    copy_entries(ledger, head.size, folder, progress)?;
    durable::as_private_as(from, folder).map_err(CopyError::io("make", folder))?;
    carry(from, folder)?;
    let published = published(&ledger.view().projections, head.size);
    carry_published(from, folder, &published)?;
    let checkpoints = signed_up_to(head.size, folder, ledger.store())?;
    Sums::of(folder, beside::files(folder)?)?.write(folder)?;
    let (verified, found) = verified(folder, &checkpoints, progress).map_err(|error| match error {
        CopyError::Ledger(LedgerError::Content(fault)) => {
            CopyError::Contents(CopyError::of_content(&fault, folder, from))
        }
        other => other,
    })?;
    if found != *head {
        return Err(CopyError::Unlike { target: folder.into(), what: difference(&found, head) });
    }
    Copied::new(verified.entries, verified.bytes, found.root, &checkpoints, folder)
}

/// Appends every entry up to a position, byte for byte, to a new ledger.
fn copy_entries(ledger: &Ledger, size: Position, folder: &Path, progress: Progress) -> Result<(), CopyError> {
    let mut filling = Filling::create(folder)?;
    for stored in ledger.store().scan(0..size.0) {
        let Stored { position, bytes, .. } = stored?;
        let entry = {
            // Held for this entry alone: whoever records waits for it.
            let view = ledger.view();
            let recorded = view.projections.entry(position).expect("what is durable was applied");
            new_entry(&view.projections, &recorded.entry, bytes)
        };
        filling.add(entry)?;
        progress(Step::Copying, position.0 + 1, size.0);
    }
    filling.finish()
}

fn difference(found: &Head, head: &Head) -> String {
    if (found.size, found.root) == (head.size, head.root) {
        return "a root of its streams or of its projections is another".to_owned();
    }
    format!(
        "{} entries with the root {} were read back, and {} with {} were there",
        found.size, found.root, head.size, head.root
    )
}
