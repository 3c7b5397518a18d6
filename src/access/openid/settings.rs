//! What is said of a provider of OpenID Connect: what it is, what we are to it, and which of its words are our roles. It must not
//! ask it anything.

use super::super::{NoRole, Role};
use super::http::is_private;
use crate::durable;
use openidconnect::url::{ParseError, Url};
use openidconnect::{ClientId, ClientSecret, IssuerUrl, RedirectUrl};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Where the provider sends a browser back to, on this site.
pub const BACK: &str = "/sign-in/openid/back";

/// How a provider is set up.
pub struct Settings {
    /// The provider.
    pub issuer: Issuer,
    /// What it calls us.
    pub client: ClientId,
    /// By what it knows that it is us.
    pub secret: ClientSecret,
    /// Where it says in an ID token which roles somebody has.
    pub roles_claim: String,
    /// Which of its words are which roles here.
    pub roles: Vec<Mapping>,
    /// Where this site is reached.
    pub address: Address,
}

/// Why something is not said as it must be.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Incorrect.
    #[error("it is no address: {0}; write it as https://login.example.gov.uk")]
    NoAddress(#[from] ParseError),
    /// Incorrect.
    #[error(
        "others could read what goes there: it begins with https://, or, to try it, with http:// and leads to this machine"
    )]
    Exposed,
    /// Incorrect.
    #[error("an address here has no name or password, no ? and no #: leave them out")]
    TooMuch,
    /// Incorrect.
    #[error("the site is reached at all of a host: leave the path \"{0}\" out")]
    Path(String),
    /// Incorrect.
    #[error("it is VALUE=ROLE, as Contracts-Officers=officer")]
    NoMapping,
    /// Incorrect.
    #[error(transparent)]
    NoRole(#[from] NoRole),
}

fn private(text: &str) -> Result<Url, SettingsError> {
    let url = Url::parse(text)?;
    if !is_private(&url) {
        return Err(SettingsError::Exposed);
    }
    let says_more = !url.username().is_empty() || url.password().is_some();
    if says_more || url.query().is_some() || url.fragment().is_some() { Err(SettingsError::TooMuch) } else { Ok(url) }
}

/// The provider's address, by which it calls itself.
#[derive(Debug, Clone)]
pub struct Issuer {
    url: IssuerUrl,
    host: String,
}

impl Issuer {
    /// As it was written: it is compared to the letter.
    pub fn url(&self) -> &IssuerUrl {
        &self.url
    }

    /// The name of its host.
    pub fn host(&self) -> &str {
        &self.host
    }
}

impl FromStr for Issuer {
    type Err = SettingsError;
    fn from_str(text: &str) -> Result<Self, SettingsError> {
        let host = private(text)?.host_str().unwrap_or_default().to_owned();
        Ok(Self { url: IssuerUrl::new(text.to_owned())?, host })
    }
}

/// Where this site is reached: a scheme, a host, and a port where that is not the usual one.
#[derive(Debug, Clone)]
pub struct Address(Url);

impl Address {
    /// The name of the host.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// Where the provider sends a browser back to.
    pub fn back(&self) -> RedirectUrl {
        let mut back = self.0.clone();
        back.set_path(BACK);
        RedirectUrl::from_url(back)
    }
}

impl FromStr for Address {
    type Err = SettingsError;
    fn from_str(text: &str) -> Result<Self, SettingsError> {
        let url = private(text)?;
        if url.path() == "/" { Ok(Self(url)) } else { Err(SettingsError::Path(url.path().to_owned())) }
    }
}

/// That whoever has a word of the provider's has a role here.
#[derive(Debug, Clone)]
pub struct Mapping {
    /// The word.
    pub value: String,
    /// The role.
    pub role: Role,
}

impl FromStr for Mapping {
    type Err = SettingsError;
    fn from_str(text: &str) -> Result<Self, SettingsError> {
        let (value, role) = text.rsplit_once('=').ok_or(SettingsError::NoMapping)?;
        let (value, role) = (value.trim().to_owned(), role.trim().parse()?);
        if value.is_empty() { Err(SettingsError::NoMapping) } else { Ok(Self { value, role }) }
    }
}

/// Why a file holds no secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Incorrect.
    #[error("{} holds no secret of a client: put the provider's text for it there, on one line", .0.display())]
    NoSecret(PathBuf),
    /// Incorrect: who reads it can pass as this site.
    #[error(
        "others than its owner may read {path}, and could pass as this site: chmod 600 {path}, and where somebody may have read it \
         have the provider make a new one",
        path = .0.display()
    )]
    Exposed(PathBuf),
    /// Unavailable.
    #[error("cannot read {}: {source}", .path.display())]
    Io {
        /// What.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

/// The secret in a file, which only its owner may read.
///
/// # Errors
/// [`SecretError`].
pub fn secret_in(path: &Path) -> Result<ClientSecret, SecretError> {
    let io = |source| SecretError::Io { path: path.into(), source };
    let no_secret = || SecretError::NoSecret(path.into());
    let about = fs::metadata(path).map_err(io)?;
    if !about.is_file() || about.len() > 4096 {
        return Err(no_secret());
    }
    if durable::is_exposed(&about) {
        return Err(SecretError::Exposed(path.into()));
    }
    let text = fs::read_to_string(path).map_err(io)?;
    let secret = text.trim();
    if secret.is_empty() || secret.contains(char::is_control) {
        return Err(no_secret());
    }
    Ok(ClientSecret::new(secret.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_could_read_is_no_address() {
        for good in
            ["https://login.example.gov.uk/tenant/v2.0", "http://localhost:8080", "http://127.0.0.2", "http://[::1]:1"]
        {
            assert_eq!(good.parse::<Issuer>().expect(good).url().as_str(), good);
        }
        for bad in [
            "",
            "login.example.gov.uk",
            "http://login.example.gov.uk",
            "http://127.0.0.1.example.gov.uk",
            "http://localhost.example.gov.uk",
            "ftp://localhost",
            "javascript:alert(1)",
            "https://name:word@login.example.gov.uk",
            "https://login.example.gov.uk?x",
            "https://login.example.gov.uk#x",
        ] {
            assert!(bad.parse::<Issuer>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_site_is_all_of_a_host() {
        let address: Address = "https://minutes.example.gov.uk".parse().expect("an address");
        assert_eq!(address.back().as_str(), "https://minutes.example.gov.uk/sign-in/openid/back");
        assert_eq!(address.host(), "minutes.example.gov.uk");
        assert!("https://minutes.example.gov.uk/minutes".parse::<Address>().is_err());
    }

    #[test]
    fn a_word_is_mapped_to_a_role() {
        let mapping: Mapping = "CN=Contracts = officer".parse().expect("a mapping");
        assert_eq!((mapping.value.as_str(), mapping.role), ("CN=Contracts", Role::Officer));
        for bad in ["", "officer", "=officer", "Contracts=clerk", "Contracts="] {
            assert!(bad.parse::<Mapping>().is_err(), "{bad}");
        }
    }
}
