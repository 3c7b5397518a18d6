//! Sessions: what a browser that signed in shows again, for a working day, in a cookie that no script reads and that is sent
//! to this site alone. They end with the server. It must not know what a session allows.

use crate::access::{Holder, random};
use axum::http::{HeaderMap, HeaderValue, header};
use minutebook_events::Hash;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The cookie. Browsers take one of this prefix only over TLS, or from this machine, for all of a site (RFC 6265bis, 4.1.3.2).
pub(super) const COOKIE: &str = "__Host-minutebook";

/// How long a session lasts.
const LASTS: Duration = Duration::from_secs(8 * 60 * 60);

/// The most at once: the oldest ends where there are more.
const MOST: usize = 10_000;

/// Those that have begun, by the SHA-256 of what their cookies hold: 256 random bits, of which no comparison tells a part.
#[derive(Default)]
pub(super) struct Sessions(Mutex<HashMap<Hash, Session>>);

struct Session {
    /// As they were when it began.
    holder: Holder,
    begun: Begun,
    since: Instant,
}

/// What belongs to a session besides who it is of.
#[derive(Debug, Clone)]
pub(super) struct Begun {
    /// What a form on a page of it holds, so that no other site can send that form.
    pub(super) form_key: String,
}

impl Begun {
    /// Whether a form holds what its page was given; compared as hashes, so that the time it takes tells nothing of it.
    pub(super) fn is_form_key(&self, said: &str) -> bool {
        Hash::of([self.form_key.as_bytes()]) == Hash::of([said.as_bytes()])
    }
}

impl Sessions {
    /// Begins one of who signed in, and gives the cookie to set.
    pub(super) fn begin(&self, holder: Holder) -> HeaderValue {
        let (secret, form_key) = (random::<32>(), random::<32>());
        let mut all = self.all();
        if all.len() >= MOST
            && let Some(oldest) = all.iter().min_by_key(|(_, session)| session.since).map(|(hash, _)| *hash)
        {
            all.remove(&oldest);
        }
        let session = Session { holder, begun: Begun { form_key }, since: Instant::now() };
        all.insert(Hash::of([secret.as_bytes()]), session);
        let seconds = LASTS.as_secs();
        let cookie = format!("{COOKIE}={secret}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Strict");
        HeaderValue::from_str(&cookie).expect("it is of letters, digits and marks")
    }

    /// Who signed in, as they were then, in the session that a request shows, and what belongs to that.
    pub(super) fn of(&self, headers: &HeaderMap) -> Option<(Holder, Begun)> {
        let all = self.all();
        let session = cookies(headers, COOKIE).find_map(|secret| all.get(&digest(secret)))?;
        Some((session.holder.clone(), session.begun.clone()))
    }

    /// Ends the sessions that a request shows.
    pub(super) fn end(&self, headers: &HeaderMap) {
        let mut all = self.all();
        cookies(headers, COOKIE).for_each(|secret| drop(all.remove(&digest(secret))));
    }

    /// Those that last still.
    fn all(&self) -> MutexGuard<'_, HashMap<Hash, Session>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, session| session.since.elapsed() < LASTS);
        all
    }
}

/// What the cookies of a name hold in a request.
pub(super) fn cookies<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(move |(named, _)| *named == name).map(|(_, value)| value)
}

fn digest(secret: &str) -> Hash {
    Hash::of([secret.as_bytes()])
}
