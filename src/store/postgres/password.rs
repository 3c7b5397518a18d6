//! Where the password for a server is read: never in an address, never shown. It must not keep one longer than a connection
//! takes to be made.

use super::address::{Address, Host};
use crate::durable::is_exposed;
use std::env;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The environment variable that holds the password, before those that others use too.
pub const PASSWORD: &str = "MINUTEBOOK_STORE_PASSWORD";

/// A password, which no message shows.
pub(super) struct Password(pub(super) String);

impl fmt::Debug for Password {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("Password")
    }
}

/// The password for an address at one of its hosts, where one is given: in the file that it names, in the environment, or as libpq's file of
/// passwords has it; in this order.
///
/// # Errors
/// In words: a file cannot be read, or others may read it.
pub(super) fn find(address: &Address, host: &Host) -> Result<Option<Password>, String> {
    if let Some(path) = &address.password_file {
        let text = private(path).map_err(|what| told(path, &what))?;
        return Ok(Some(Password(text.trim_end_matches(['\r', '\n']).to_owned())));
    }
    let said = [PASSWORD, "PGPASSWORD"].map(env::var);
    if let Some(password) = said.into_iter().flatten().find(|password| !password.is_empty()) {
        return Ok(Some(Password(password)));
    }
    let (path, is_named) = match (&address.passfile, env::var_os("PGPASSFILE"), env::var_os("HOME")) {
        (Some(path), _, _) => (path.clone(), true),
        (None, Some(path), _) => (PathBuf::from(path), true),
        (None, None, Some(home)) => (PathBuf::from(home).join(".pgpass"), false),
        (None, None, None) => return Ok(None),
    };
    match private(&path) {
        Ok(text) => Ok(text.lines().find_map(|line| of_line(line, address, host)).map(Password)),
        Err(What::Unread(error)) if !is_named && error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(what) => Err(told(&path, &what)),
    }
}

enum What {
    Unread(io::Error),
    Exposed,
}

fn told(path: &Path, what: &What) -> String {
    let path = path.display();
    match what {
        What::Unread(error) => format!("the password's file {path} cannot be read: {error}"),
        What::Exposed => format!("the password's file {path} can be read by others than its owner: `chmod 600 {path}`"),
    }
}

/// The text of a file that nobody but its owner may read.
fn private(path: &Path) -> Result<String, What> {
    let mut file = File::open(path).map_err(What::Unread)?;
    if is_exposed(&file.metadata().map_err(What::Unread)?) {
        return Err(What::Exposed);
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(What::Unread)?;
    Ok(text)
}

/// The password in a line of libpq's file, where it is for this address: host, port, database, user and password with colons
/// between them, `*` for any, a backslash before a colon that is part of one.
fn of_line(line: &str, address: &Address, at: &Host) -> Option<String> {
    if line.starts_with('#') {
        return None;
    }
    let mut parts = vec![String::new()];
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        let last = parts.len() - 1;
        match letter {
            '\\' => parts[last].extend(letters.next()),
            ':' if parts.len() < 5 => parts.push(String::new()),
            other => parts[last].push(other),
        }
    }
    let [host, port, database, user, password] = <[String; 5]>::try_from(parts).ok()?;
    let is = |said: &str, asked: &str| said == "*" || said == asked;
    let fits = is(&host, &at.name)
        && is(&port, &at.port.to_string())
        && is(&database, &address.database)
        && is(&user, &address.user);
    fits.then_some(password)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_line_of_pgpass_is_for_whom_it_names() {
        let address: Address =
            "postgres://minutes@db.example:5433/council?ledger=kent".parse().expect("it is an address");
        let of = |line: &str| of_line(line, &address, &address.hosts[0]);
        assert_eq!(of("db.example:5433:council:minutes:a secret").as_deref(), Some("a secret"));
        assert_eq!(of(r"*:*:*:*:with\:colons\\:and more").as_deref(), Some(r"with:colons\:and more"));
        for other in ["db.example:5432:council:minutes:x", "*:*:*:somebody:x", "#*:*:*:*:x", "", "*:*:*:minutes"] {
            assert_eq!(of(other), None, "{other}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::TempDir::new().expect("a folder");
        let path = folder.path().join("secret");
        fs::write(&path, "hunter2\n").expect("it is written");
        let address = format!("postgres://m@localhost/c?ledger=kent&password_file={}", path.display());
        let address: Address = address.parse().expect("it is an address");
        let with = |mode| {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("it is ours");
            find(&address, &address.hosts[0])
        };
        let exposed = with(0o640).expect_err("others may read it");
        assert!(exposed.contains("chmod 600") && !exposed.contains("hunter2"), "{exposed}");
        assert_eq!(with(0o600).expect("it is private").expect("it is there").0, "hunter2");
        assert_eq!(format!("{:?}", find(&address, &address.hosts[0])), "Ok(Some(Password))");
    }
}
