//! People whom a provider of OpenID Connect knows: it is asked who somebody is, and what it says is checked and mapped to roles.
//! It owns what is asked of the provider and what is believed of its answers. It must not know of pages and cookies, nor
//! keep a name, an address or a token of anybody.
//!
//! The flow is that of an authorisation code with PKCE (OpenID Connect Core 1.0, 3.1; RFC 7636). Whoever calls it waits for the
//! provider, so it is called where one may wait.

mod http;
mod pending;
mod settings;

pub use settings::{Address, BACK, Issuer, Mapping, SecretError, Settings, SettingsError, secret_in};

use super::{Holder, KnownBy, Role, random};
use http::{Http, HttpError};
use minutebook_events::Hash;
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreClientAuthMethod, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreResponseType,
    CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, AuthType, AuthenticationFlow, AuthorizationCode, ClaimsVerificationError, Client, CsrfToken,
    DiscoveryError, EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, IdTokenClaims, IdTokenFields,
    Nonce, PkceCodeChallenge, RequestTokenError, SignatureVerificationError, StandardErrorResponse,
    StandardTokenResponse,
};
use pending::{Flow, Pending};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

pub use pending::LASTS;

/// How long what the provider says of itself, and its keys, are believed without asking again.
const AGE: Duration = Duration::from_secs(60 * 60);

/// How long it is not asked again where that failed.
const PAUSE: Duration = Duration::from_secs(5);

/// The signatures that are believed: those that need a private key. By a shared secret, as HS256, whoever has a public key or
/// ours could sign; "none" is no signature.
const SIGNATURES: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// What an ID token says besides what OpenID Connect names; roles are among it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
struct Claims(Map<String, Value>);

impl AdditionalClaims for Claims {}

type Fields = IdTokenFields<
    Claims,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type IdToken =
    openidconnect::IdToken<Claims, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;
type ProviderError = StandardErrorResponse<CoreErrorResponseType>;
/// We, as the provider knows us.
type Us = Client<
    Claims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    ProviderError,
    StandardTokenResponse<Fields, CoreTokenType>,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// A person, as one provider tells them from all others: the first 16 hexadecimal digits of the SHA-256 of its `sub`, since some
/// providers put a name or an e-mail address there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject(String);

impl Subject {
    fn of(sub: &str) -> Self {
        Self(Hash::of([sub.as_bytes()]).to_string()[..16].to_owned())
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Why somebody is not signed in. As text it is for that person; the log has [`NotSignedIn::why`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSignedIn {
    /// Incorrect: no sign-in that is under way is this one.
    #[error(
        "this sign-in was not begun in this browser, took longer than {} minutes, or was used before: sign in again",
        LASTS.as_secs() / 60
    )]
    NotBegun,
    /// Incorrect: the provider refuses.
    #[error("{host} did not sign you in ({code}): try again, or ask whoever keeps the accounts there")]
    Denied {
        /// The provider's host.
        host: String,
        /// Its word for it (RFC 6749, 4.1.2.1).
        code: String,
    },
    /// Unavailable: the provider does not answer.
    #[error("{host} does not answer: try again in a minute, or sign in with a token; this server's log says more")]
    Unreachable {
        /// The provider's host.
        host: String,
        /// What happened.
        why: String,
    },
    /// Fault: what the provider says cannot be believed.
    #[error(
        "what {host} says of you does not hold: sign in again, and if that does not help tell who runs this server, whose log \
             says more"
    )]
    DoesNotHold {
        /// The provider's host.
        host: String,
        /// What does not hold.
        why: String,
    },
    /// Incorrect: none of the roles is given to this person.
    #[error("you are known to {issuer}, but no role is given to you here: ask who runs this server")]
    NoRole {
        /// The provider.
        issuer: String,
        /// Who it is.
        subject: Subject,
    },
}

impl NotSignedIn {
    /// What the log says of it: no secret, no token, no name.
    pub fn why(&self) -> String {
        match self {
            Self::NotBegun => "no sign-in that is under way is this one".to_owned(),
            Self::Denied { code, .. } => format!("the provider refuses: {code}"),
            Self::Unreachable { why, .. } => format!("the provider does not answer: {why}"),
            Self::DoesNotHold { why, .. } => format!("what the provider says does not hold: {why}"),
            Self::NoRole { subject, .. } => format!("person {subject} has none of the roles"),
        }
    }
}

/// A sign-in that is begun.
pub struct Begun {
    /// Where the browser goes.
    pub to: String,
    /// What only this browser keeps until it comes back.
    pub secret: String,
}

/// With what the provider sends a browser back (RFC 6749, 4.1.2; RFC 9207).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Back {
    state: String,
    code: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

type Met = Result<Arc<CoreProviderMetadata>, NotSignedIn>;

/// A provider of OpenID Connect, and the sign-ins with it that are under way.
pub struct Provider {
    settings: Settings,
    http: Http,
    pending: Pending,
    /// What it said of itself, or why it did not, and when.
    met: Mutex<Option<(Met, Instant)>>,
}

impl Provider {
    /// The one of these settings; it is not asked yet.
    pub fn of(settings: Settings) -> Self {
        Self { settings, http: Http::new(), pending: Pending::default(), met: Mutex::default() }
    }

    /// The name of its host.
    pub fn host(&self) -> &str {
        self.settings.issuer.host()
    }

    /// Begins a sign-in that goes on to `then` where it ends well.
    ///
    /// # Errors
    /// [`NotSignedIn::Unreachable`], [`NotSignedIn::DoesNotHold`].
    pub fn begin(&self, then: &str) -> Result<Begun, NotSignedIn> {
        let us = self.us(&*self.metadata()?);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
        let state = || CsrfToken::new(random::<32>());
        let (to, state, nonce) =
            us.authorize_url(flow, state, || Nonce::new(random::<32>())).set_pkce_challenge(challenge).url();
        if !http::is_private(&to) {
            return Err(self.does_not_hold("people would sign in at an address that others can read"));
        }
        let secret = random::<32>();
        self.pending.begin(state.secret(), &secret, Flow { nonce, verifier, then: then.to_owned() });
        Ok(Begun { to: to.into(), secret })
    }

    /// Ends a sign-in in the browser that keeps `secret`: who it is, and where they go on.
    ///
    /// # Errors
    /// [`NotSignedIn`], and where they would have gone on, where that is known.
    pub fn end(&self, back: Back, secret: Option<&str>) -> Result<(Holder, String), (NotSignedIn, Option<String>)> {
        let flow = secret.and_then(|secret| self.pending.end(&back.state, secret));
        let Flow { nonce, verifier, then } = flow.ok_or((NotSignedIn::NotBegun, None))?;
        match self.who(back, &nonce, verifier) {
            Ok(holder) => Ok((holder, then)),
            Err(not) => Err((not, Some(then))),
        }
    }

    fn who(&self, back: Back, nonce: &Nonce, verifier: openidconnect::PkceCodeVerifier) -> Result<Holder, NotSignedIn> {
        if back.iss.is_some_and(|iss| iss != self.settings.issuer.url().as_str()) {
            return Err(self.does_not_hold("another provider sent the browser back"));
        }
        if let Some(error) = back.error {
            // A word of the provider's, and no sentence of anybody else's.
            let is_word = error.len() < 64 && error.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            let code = if is_word { error } else { "an unknown error".to_owned() };
            return Err(NotSignedIn::Denied { host: self.host().to_owned(), code });
        }
        let code = back.code.ok_or_else(|| self.does_not_hold("it sent the browser back without a code"))?;
        let metadata = self.metadata()?;
        let us = self.us(&metadata);
        let exchange = us.exchange_code(AuthorizationCode::new(code));
        let exchange = exchange.map_err(|_| self.does_not_hold("it names no place where a code is exchanged"))?;
        let tokens =
            exchange.set_pkce_verifier(verifier).request(&self.http).map_err(|error| self.not_exchanged(error))?;
        let id_token = tokens.extra_fields().id_token().ok_or_else(|| self.does_not_hold("it gave no ID token"))?;
        let claims = match self.checked(id_token, &metadata, nonce) {
            // Signed by a key that is newer than what we know of it.
            Err(ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey)) => {
                self.checked(id_token, &*self.metadata_after(&metadata)?, nonce)
            }
            checked => checked,
        };
        let claims = claims.map_err(|error| self.does_not_hold(&format!("its ID token: {}", in_words(&error))))?;
        let subject = Subject::of(claims.subject());
        let roles = self.roles(claims.additional_claims());
        if roles.is_empty() {
            return Err(NotSignedIn::NoRole { issuer: self.settings.issuer.url().to_string(), subject });
        }
        let label = format!("signed in at {}", self.host());
        Ok(Holder { known_by: KnownBy::Provider(subject), label, roles })
    }

    /// What an ID token says, where it is signed by the provider, for us, for this sign-in, and has not expired.
    fn checked<'a>(
        &self,
        id_token: &'a IdToken,
        metadata: &CoreProviderMetadata,
        nonce: &Nonce,
    ) -> Result<&'a IdTokenClaims<Claims, CoreGenderClaim>, ClaimsVerificationError> {
        let us = self.us(metadata);
        id_token.claims(&us.id_token_verifier().set_allowed_algs(SIGNATURES), nonce)
    }

    /// The roles of a person of whom this is said.
    fn roles(&self, Claims(claims): &Claims) -> Vec<Role> {
        let said: Vec<&str> = match claims.get(&self.settings.roles_claim) {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => vec![],
        };
        let given = |role: &Role| {
            let is_given = |mapping: &Mapping| mapping.role == *role && said.contains(&mapping.value.as_str());
            self.settings.roles.iter().any(is_given)
        };
        Role::EACH.into_iter().filter(given).collect()
    }

    fn us(&self, metadata: &CoreProviderMetadata) -> Us {
        let Settings { client, secret, address, .. } = &self.settings;
        let us = Us::from_provider_metadata(metadata.clone(), client.clone(), Some(secret.clone()));
        let us = us.set_redirect_uri(address.back());
        // Core, 9: where it does not say, the secret goes in a header.
        let ways = metadata.token_endpoint_auth_methods_supported();
        let takes = |way| ways.is_none_or(|ways| ways.contains(&way));
        let in_body = !takes(CoreClientAuthMethod::ClientSecretBasic) && takes(CoreClientAuthMethod::ClientSecretPost);
        if in_body { us.set_auth_type(AuthType::RequestBody) } else { us }
    }

    /// What the provider says of itself, and its keys.
    fn metadata(&self) -> Met {
        self.met(|_| false)
    }

    /// The same, asked anew where nobody has since.
    fn metadata_after(&self, old: &Arc<CoreProviderMetadata>) -> Met {
        self.met(|met| Arc::ptr_eq(met, old))
    }

    /// One asks, and those who wait for it get the same answer.
    fn met(&self, is_old: impl FnOnce(&Arc<CoreProviderMetadata>) -> bool) -> Met {
        let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        match &*met {
            Some((Ok(known), since)) if since.elapsed() < AGE && !is_old(known) => return Ok(Arc::clone(known)),
            Some((Err(not), since)) if since.elapsed() < PAUSE => return Err(not.clone()),
            _ => {}
        }
        let found = CoreProviderMetadata::discover(self.settings.issuer.url(), &self.http).map(Arc::new);
        let found = found.map_err(|error| match error {
            DiscoveryError::Request(error) => self.failed(&error),
            DiscoveryError::Parse(error) => self.does_not_hold(&format!("its description, at {}", error.path())),
            // The body of an answer is the provider's, and not logged.
            DiscoveryError::Response(status, ..) => self.does_not_hold(&format!(
                "it answers with status {status}, or not in JSON, when it is asked what it is"
            )),
            error => self.does_not_hold(&error.to_string()),
        });
        *met = Some((found.clone(), Instant::now()));
        found
    }

    fn not_exchanged(&self, error: RequestTokenError<HttpError, ProviderError>) -> NotSignedIn {
        match error {
            RequestTokenError::Request(error) => self.failed(&error),
            // What it says besides may name the person.
            RequestTokenError::ServerResponse(said) => {
                let code = said.error().to_string();
                self.does_not_hold(&format!("it does not exchange the code: {}", code.escape_debug()))
            }
            // The answer has tokens in it: only the place is told.
            RequestTokenError::Parse(error, _) => {
                self.does_not_hold(&format!("its answer to the code, at {}", error.path()))
            }
            RequestTokenError::Other(_) => self.does_not_hold("its answer to the code is none"),
        }
    }

    fn failed(&self, error: &HttpError) -> NotSignedIn {
        let (host, why) = (self.host().to_owned(), error.to_string());
        if error.is_of_the_answer() {
            NotSignedIn::DoesNotHold { host, why }
        } else {
            NotSignedIn::Unreachable { host, why }
        }
    }

    fn does_not_hold(&self, why: &str) -> NotSignedIn {
        NotSignedIn::DoesNotHold { host: self.host().to_owned(), why: why.to_owned() }
    }
}

/// What is wrong with an ID token, with its reason where it has one.
fn in_words(error: &ClaimsVerificationError) -> String {
    match error {
        ClaimsVerificationError::SignatureVerification(why) => format!("its signature: {why}"),
        error => error.to_string(),
    }
}
