//! Sign-ins that are under way: each is of one browser, ends once, and is forgotten after a while. It must not know the provider.

use minutebook_events::Hash;
use openidconnect::{Nonce, PkceCodeVerifier};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long somebody may take to sign in.
pub const LASTS: Duration = Duration::from_secs(10 * 60);

/// The most at once: the oldest is forgotten where there are more.
const MOST: usize = 20_000;

/// What belongs to a sign-in until it ends.
pub(super) struct Flow {
    /// What the ID token must hold.
    pub(super) nonce: Nonce,
    /// What the code is exchanged with.
    pub(super) verifier: PkceCodeVerifier,
    /// Where whoever signed in goes on.
    pub(super) then: String,
}

struct Begun {
    /// The SHA-256 of what the browser keeps.
    browser: Hash,
    flow: Flow,
    since: Instant,
}

/// Those under way, by the SHA-256 of their states, of which no comparison tells a part.
#[derive(Default)]
pub(super) struct Pending(Mutex<HashMap<Hash, Begun>>);

impl Pending {
    /// Begins one of a browser.
    pub(super) fn begin(&self, state: &str, browser: &str, flow: Flow) {
        self.begin_at(state, browser, flow, Instant::now());
    }

    /// Ends the one of this state, where it is of this browser.
    pub(super) fn end(&self, state: &str, browser: &str) -> Option<Flow> {
        self.end_at(state, browser, Instant::now())
    }

    fn begin_at(&self, state: &str, browser: &str, flow: Flow, now: Instant) {
        let mut all = self.lasting(now);
        if all.len() >= MOST
            && let Some(oldest) = all.iter().min_by_key(|(_, begun)| begun.since).map(|(state, _)| *state)
        {
            all.remove(&oldest);
        }
        all.insert(digest(state), Begun { browser: digest(browser), flow, since: now });
    }

    fn end_at(&self, state: &str, browser: &str, now: Instant) -> Option<Flow> {
        let mut all = self.lasting(now);
        let state = digest(state);
        // Another browser does not end it.
        if all.get(&state)?.browser != digest(browser) {
            return None;
        }
        all.remove(&state).map(|begun| begun.flow)
    }

    fn lasting(&self, now: Instant) -> MutexGuard<'_, HashMap<Hash, Begun>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, begun| now.saturating_duration_since(begun.since) < LASTS);
        all
    }
}

fn digest(text: &str) -> Hash {
    Hash::of([text.as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(then: &str) -> Flow {
        let verifier = PkceCodeVerifier::new("0".repeat(43));
        Flow { nonce: Nonce::new("n".to_owned()), verifier, then: then.to_owned() }
    }

    #[test]
    fn one_is_ended_once_by_its_browser_in_its_time() {
        let (pending, start) = (Pending::default(), Instant::now());
        let begin = |state| pending.begin_at(state, "browser", flow("/record"), start);
        let end = |state, browser, after| pending.end_at(state, browser, start + after).map(|flow| flow.then);
        begin("one");
        assert_eq!(end("one", "another", Duration::ZERO), None);
        assert_eq!(end("other", "browser", Duration::ZERO), None);
        let last = LASTS - Duration::from_secs(1);
        assert_eq!(end("one", "browser", last).as_deref(), Some("/record"));
        assert_eq!(end("one", "browser", last), None);
        begin("late");
        assert_eq!(end("late", "browser", LASTS), None);
    }

    #[test]
    fn the_oldest_makes_room() {
        let (pending, start) = (Pending::default(), Instant::now());
        // Put there at once: each that begins looks at all.
        pending.0.lock().expect("nobody panicked").extend((0..MOST).map(|at| {
            let since = start + Duration::from_millis(at as u64);
            (digest(&at.to_string()), Begun { browser: digest("browser"), flow: flow("/"), since })
        }));
        let now = start + Duration::from_millis(MOST as u64);
        pending.begin_at("last", "browser", flow("/"), now);
        let now = start + Duration::from_secs(60);
        assert!(pending.end_at("0", "browser", now).is_none() && pending.end_at("1", "browser", now).is_some());
        assert!(pending.lasting(now).len() < MOST);
    }
}
