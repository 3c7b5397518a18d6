//! Where tests find what lies beside the repository and not in it. A test that needs it skips itself, and says so; in
//! CI it fails instead, so that nothing is left out there unseen.

use std::path::{Path, PathBuf};

/// A path in the folder of shared papers; `None`, with the reason printed, where it is not there.
pub fn shared(path: &str) -> Option<PathBuf> {
    let found = locate(Path::new(env!("CARGO_MANIFEST_DIR")), path, std::env::var_os("CI").is_some());
    found.unwrap_or_else(|reason| panic!("{reason}"))
}

fn locate(repository: &Path, path: &str, in_ci: bool) -> Result<Option<PathBuf>, String> {
    let full = repository.join("../shared").join(path);
    match (full.exists(), in_ci) {
        (true, _) => Ok(Some(full)),
        (false, true) => Err(format!("{} is not there, and CI skips nothing", full.display())),
        (false, false) => {
            eprintln!("skipped: {} is not there", full.display());
            Ok(None)
        }
    }
}

#[test]
fn what_is_not_there_is_skipped_and_fails_in_ci() {
    let home = tempfile::tempdir().unwrap();
    let repository = home.path().join("repository");
    std::fs::create_dir_all(&repository).unwrap();
    assert_eq!(locate(&repository, "paper", false), Ok(None));
    assert!(locate(&repository, "paper", true).unwrap_err().contains("CI skips nothing"));
    std::fs::create_dir_all(home.path().join("shared/paper")).unwrap();
    assert!(locate(&repository, "paper", true).unwrap().is_some());
}
