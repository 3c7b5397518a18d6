//! Kent's record, carried in the binary: the decision files of `events/kent/`, in the order of their names. It must
//! not read them from disk, so that an installed program has them too.

use include_dir::{Dir, include_dir};

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/events/kent");

/// Every decision file: its name and its text, in the order in which they are recorded.
pub fn decision_files() -> Vec<(&'static str, &'static str)> {
    let mut files: Vec<_> = FILES
        .files()
        .filter_map(|file| Some((file.path().file_name()?.to_str()?, file.contents_utf8()?)))
        .filter(|(name, _)| name.ends_with(".toml"))
        .collect();
    files.sort_unstable();
    files
}
