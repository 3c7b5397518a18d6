//! Which names of hosts lead nowhere but to this machine. It must not resolve a name: another machine may answer for it.

use std::net::IpAddr;

/// Whether a host, as an address of the web has it, is this machine whoever resolves it.
pub(crate) fn is_here(host: &str) -> bool {
    let name = host.trim_end_matches('.');
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}
