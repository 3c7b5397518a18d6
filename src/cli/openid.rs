//! How `serve` is told of a provider of OpenID Connect. It must not ask that anything.

use super::{Stop, said};
use crate::access::openid::{Address, Issuer, Mapping, Settings, secret_in};
use clap::Args;
use openidconnect::ClientId;
use std::path::PathBuf;

/// The claim in which most providers say roles.
const ROLES: &str = "roles";

/// Who knows the people of the organisation, and what we are to it.
#[derive(Debug, Args)]
#[command(next_help_heading = "People of the organisation, by OpenID Connect")]
pub(super) struct OpenId {
    /// The address under which people reach the server: the provider sends them back there
    #[arg(long, value_name = "URL", env = "MINUTEBOOK_ADDRESS")]
    address: Option<Address>,
    /// The provider, as it calls itself
    #[arg(long, value_name = "URL", env = "MINUTEBOOK_OPENID_ISSUER")]
    openid_issuer: Option<Issuer>,
    /// What the provider calls this server
    #[arg(long, value_name = "ID", env = "MINUTEBOOK_OPENID_CLIENT", value_parser = said)]
    openid_client: Option<String>,
    /// A file with the secret that the provider made for it, which only its owner reads
    #[arg(long, value_name = "FILE", env = "MINUTEBOOK_OPENID_SECRET_FILE")]
    openid_secret_file: Option<PathBuf>,
    /// Where in an ID token the provider says what somebody is: a text, or a list of them
    #[arg(long, value_name = "CLAIM", env = "MINUTEBOOK_OPENID_ROLES_CLAIM", default_value = ROLES, value_parser = said)]
    openid_roles_claim: String,
    /// What of that is which role here, as Contracts-Officers=officer; may be given several times
    #[arg(long, value_name = "VALUE=ROLE", env = "MINUTEBOOK_OPENID_ROLES", value_delimiter = ',')]
    openid_roles: Vec<Mapping>,
}

impl OpenId {
    /// The host under which people reach the server.
    pub(super) fn host(&self) -> Option<String> {
        self.address.as_ref().map(|address| address.host().to_owned())
    }

    /// The provider, where one is set; that something is missing, where some is.
    pub(super) fn settings(self) -> Result<Option<Settings>, Stop> {
        let missing: Vec<&str> = [
            ("openid-issuer", self.openid_issuer.is_none()),
            ("openid-client", self.openid_client.is_none()),
            ("openid-secret-file", self.openid_secret_file.is_none()),
            ("openid-roles", self.openid_roles.is_empty()),
            ("address", self.address.is_none()),
        ]
        .into_iter()
        .filter_map(|(name, is_missing)| is_missing.then_some(name))
        .collect();
        let Self { address, openid_issuer, openid_client, openid_secret_file, openid_roles_claim, openid_roles } = self;
        match (address, openid_issuer, openid_client, openid_secret_file, openid_roles) {
            (_, None, None, None, roles) if roles.is_empty() && openid_roles_claim == ROLES => Ok(None),
            (Some(address), Some(issuer), Some(client), Some(secret_file), roles) if !roles.is_empty() => {
                let (client, secret) = (ClientId::new(client), secret_in(&secret_file)?);
                Ok(Some(Settings { issuer, client, secret, roles_claim: openid_roles_claim, roles, address }))
            }
            _ => Err(format!(
                "people cannot sign in with OpenID Connect: nothing says {}; say it with a flag, in the environment or in the file \
                 of settings, as `minutebook config --help` shows",
                missing.join(", ")
            )
            .into()),
        }
    }
}
