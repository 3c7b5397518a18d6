//! How fast one address may ask: so many requests a second, with twice as many at once. Whoever is on this machine may ask as
//! fast as it can; a server with TLS before this one names for whom it asks. It must not know what is asked.

use super::problem::Problem;
use super::site::Site;
use super::who::Instead;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// The most addresses that are remembered: past it, the half of them that asked least is forgotten.
const MOST: usize = 65_536;

/// Where a server before this one says for whom it asks.
const FOR: &str = "x-forwarded-for";

/// What a server before this one adds to what somebody else asks.
const FORWARDED: [&str; 6] = [FOR, "forwarded", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via"];

/// What each address has left.
pub(super) struct Rate {
    a_second: f64,
    left: Mutex<HashMap<IpAddr, (f64, Instant)>>,
}

impl Rate {
    /// So many a second of each address; none is limited where it is 0.
    pub(super) fn of(a_second: u32) -> Self {
        Self { a_second: a_second.into(), left: Mutex::default() }
    }

    /// Whether an address may ask at an instant; it is counted.
    pub(super) fn may(&self, address: IpAddr, now: Instant) -> bool {
        if self.a_second == 0.0 {
            return true;
        }
        let most = 2.0 * self.a_second;
        let mut all = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let refilled = |(left, since): &(f64, Instant)| {
            (left + now.saturating_duration_since(*since).as_secs_f64() * self.a_second).min(most)
        };
        if all.len() >= MOST && !all.contains_key(&address) {
            // Who is forgotten has as much left as anybody new: whoever asked most is remembered.
            let mut lefts: Vec<f64> = all.values().map(refilled).collect();
            let (_, middle, _) = lefts.select_nth_unstable_by(MOST / 2, f64::total_cmp);
            let middle = *middle;
            // Of those that have as much left as the one in the middle, no more than there is room for.
            let mut room = MOST / 2 - lefts.iter().filter(|left| **left < middle).count();
            all.retain(|_, it| {
                let left = refilled(it);
                let fits = left == middle && room > 0;
                room -= usize::from(fits);
                left < middle || fits
            });
        }
        let left = all.get(&address).map_or(most, refilled);
        let may = left >= 1.0;
        // Who is refused is not made to wait longer by asking again.
        all.insert(address, (if may { left - 1.0 } else { left }, now));
        may
    }
}

/// Whether this machine itself asks: not somebody elsewhere, nor a server on it for somebody else.
pub(super) fn is_here(connected: IpAddr, headers: &HeaderMap) -> bool {
    connected.to_canonical().is_loopback() && !FORWARDED.iter().any(|name| headers.contains_key(*name))
}

/// For whom a server before this one says that it asks.
fn forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let said = headers.get_all(FOR).iter().next_back()?.to_str().ok()?;
    let said = said.rsplit(',').next()?.trim();
    // Some name the port too.
    said.parse().or_else(|_| said.parse::<SocketAddr>().map(|address| address.ip())).ok()
}

/// For whom a request is: who is connected, or for whom a server on this machine says that it asks; all for whom that names
/// nobody are one. Nobody, where it is this machine itself. A household has many addresses of IP version 6, and one network of them.
pub(super) fn asking(connected: IpAddr, headers: &HeaderMap) -> Option<IpAddr> {
    let connected = connected.to_canonical();
    if is_here(connected, headers) {
        return None;
    }
    let address = if connected.is_loopback() { forwarded(headers).unwrap_or(connected) } else { connected };
    Some(match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address => address,
    })
}

/// Refuses who asks too fast.
pub(super) async fn kept(
    State(site): State<Site>,
    ConnectInfo(connected): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    match asking(connected.ip(), request.headers()) {
        Some(address) if !site.rate().may(address, Instant::now()) => {
            let what = "too many requests from this address: wait a second, then go on more slowly";
            let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-fast", what);
            later(Instead::of(&site, &request).of_problem(problem))
        }
        _ => next.run(request).await,
    }
}

/// The same answer, with how long whoever asked waits.
pub(super) fn later(mut response: Response) -> Response {
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn who_asks_too_fast_waits_and_nobody_else_does() {
        let (rate, start) = (Rate::of(10), Instant::now());
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(|address| address.parse().expect("an address"));
        let asked =
            |address, after: u64| (0..100).filter(|_| rate.may(address, start + Duration::from_millis(after))).count();
        assert_eq!([asked(one, 0), asked(one, 500), asked(other, 500), asked(one, 60_000)], [20, 5, 20, 20]);
        assert!((0..100).all(|_| Rate::of(0).may(one, start)));
    }

    /// Whoever asked most stays known, however many others ask.
    #[test]
    fn no_more_are_remembered_than_there_is_room_for() {
        let (rate, now) = (Rate::of(10), Instant::now());
        let greedy: IpAddr = "2001:db8::1".parse().expect("an address");
        assert_eq!((0..100).filter(|_| rate.may(greedy, now)).count(), 20);
        for other in 0..3 * MOST as u32 {
            assert!(rate.may(IpAddr::V4(other.into()), now));
        }
        assert!(rate.left.lock().expect("nobody panicked").len() <= MOST);
        assert!(!rate.may(greedy, now));
    }

    #[test]
    fn a_server_on_this_machine_says_for_whom_it_asks() {
        let asking = |connected: &str, said: &[&str]| {
            let mut headers = HeaderMap::new();
            for said in said {
                headers.append("x-forwarded-for", said.parse().expect("a header"));
            }
            asking(connected.parse().expect("an address"), &headers).map(|address| address.to_string())
        };
        assert_eq!(asking("127.0.0.1", &[]), None);
        assert_eq!(asking("::1", &["203.0.113.9, 192.0.2.1"]).as_deref(), Some("192.0.2.1"));
        assert_eq!(asking("127.0.0.1", &["203.0.113.9", "192.0.2.1"]).as_deref(), Some("192.0.2.1"));
        assert_eq!(asking("127.0.0.1", &["192.0.2.1:4711"]).as_deref(), Some("192.0.2.1"));
        assert_eq!(asking("192.0.2.7", &["203.0.113.9"]).as_deref(), Some("192.0.2.7"));
        assert_eq!(asking("127.0.0.1", &["unknown"]).as_deref(), Some("127.0.0.1"));
        assert_eq!(asking("2001:db8:1:2:3:4:5:6", &[]).as_deref(), Some("2001:db8:1:2::"));
    }
}
