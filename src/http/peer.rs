//! Who is at the other end: how many connections one address may have open, and whose word on it is taken.
//!
//! Loopback, trusted proxies and peers on a Unix socket are not counted: behind them are many. Requests are never
//! counted, only connections; `X-Forwarded-For` is believed of trusted proxies alone.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use hyper::HeaderMap;
use hyper::header::HeaderName;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// What holds for the addresses connections come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerRules {
    /// Open at once from one address; of IPv6 from one /64, which is what one household gets.
    pub connections_max: usize,
    /// Where as many may come from as want to, trusted proxies apart.
    pub uncounted: Vec<IpNet>,
    pub trusted_proxies: Vec<IpNet>,
}

impl Default for PeerRules {
    fn default() -> PeerRules {
        PeerRules::new(512, Vec::new())
    }
}

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Proxies behind one another whose word is followed.
const PROXIES_MAX: usize = 16;

impl PeerRules {
    /// Loopback is not counted.
    pub fn new(connections_max: usize, trusted_proxies: Vec<IpNet>) -> PeerRules {
        let loopback = [
            Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8).into(),
            Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128).into(),
        ];
        PeerRules {
            connections_max,
            uncounted: loopback.to_vec(),
            trusted_proxies,
        }
    }

    fn is_trusted(&self, address: IpAddr) -> bool {
        self.trusted_proxies
            .iter()
            .any(|block| block.contains(&address))
    }

    fn is_counted(&self, address: IpAddr) -> bool {
        let is_free = self.uncounted.iter().any(|block| block.contains(&address));
        !is_free && !self.is_trusted(address)
    }

    /// Whose request it is: the last address that no trusted proxy stands at.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        let named: Vec<&str> = headers
            .get_all(FORWARDED_FOR)
            .iter()
            .map(|value| value.to_str().unwrap_or(""))
            .flat_map(|value| value.split(','))
            .collect();
        for name in named.into_iter().rev().take(PROXIES_MAX) {
            if !self.is_trusted(client) {
                break;
            }
            let Some(before) = address(name.trim()) else {
                break;
            };
            client = before;
        }
        client
    }
}

/// Some proxies name the port too.
fn address(name: &str) -> Option<IpAddr> {
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    let with_port = || name.parse::<std::net::SocketAddr>().ok();
    let parsed = bare.parse().ok();
    let found: IpAddr = parsed.or_else(|| with_port().map(|socket| socket.ip()))?;
    Some(found.to_canonical())
}

/// The open connections of each address; an address without any takes no room.
#[derive(Debug, Default)]
pub(super) struct Crowd {
    open: Mutex<HashMap<IpAddr, usize>>,
}

/// One connection, until dropped.
#[derive(Debug)]
pub(super) struct Seat {
    /// None where it is not counted.
    taken: Option<(Arc<Crowd>, IpAddr)>,
}

impl Crowd {
    /// A place for one more connection from `peer`, where it has one; a peer without an address always has.
    pub(super) fn seat(self: &Arc<Crowd>, peer: Option<IpAddr>, rules: &PeerRules) -> Option<Seat> {
        let counted = peer
            .map(|peer| peer.to_canonical())
            .filter(|peer| rules.is_counted(*peer));
        let Some(peer) = counted.map(household) else {
            return Some(Seat { taken: None });
        };
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(peer).or_default();
        if *count >= rules.connections_max.max(1) {
            return None;
        }
        *count += 1;
        Some(Seat {
            taken: Some((Arc::clone(self), peer)),
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Some((crowd, peer)) = &self.taken else {
            return;
        };
        let mut open = crowd.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(peer) {
            *count -= 1;
            if *count == 0 {
                open.remove(peer);
            }
        }
    }
}

fn household(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(connections_max: usize, trusted: &[&str]) -> PeerRules {
        let trusted = trusted.iter().map(|block| block.parse().unwrap());
        PeerRules::new(connections_max, trusted.collect())
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[track_caller]
    fn check_client(peer: &str, forwarded: &[&str], expected: &str) {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, value.parse().unwrap());
        }
        let rules = rules(1, &["10.0.0.0/8", "2001:db8::/32"]);
        let client = rules.client(ip(peer), &headers);
        assert_eq!(client, ip(expected), "{peer} for {forwarded:?}");
    }

    #[test]
    fn only_a_trusted_proxy_is_believed_about_its_client() {
        check_client("10.0.0.1", &["203.0.113.9"], "203.0.113.9");
        check_client("::ffff:10.0.0.1", &["203.0.113.9"], "203.0.113.9");
        check_client("203.0.113.1", &["198.51.100.7"], "203.0.113.1");
        check_client("127.0.0.1", &["198.51.100.7"], "127.0.0.1");
        check_client("10.0.0.1", &[], "10.0.0.1");
    }

    #[test]
    fn what_a_client_says_of_itself_before_the_proxy_is_not_believed() {
        check_client("10.0.0.1", &["198.51.100.7, 203.0.113.9"], "203.0.113.9");
        check_client("10.0.0.1", &["198.51.100.7", "203.0.113.9"], "203.0.113.9");
        check_client("10.0.0.1", &["203.0.113.9, 10.0.0.2"], "203.0.113.9");
        check_client("10.0.0.1", &["203.0.113.9, 2001:db8::2"], "203.0.113.9");
    }

    #[test]
    fn a_client_may_be_named_with_its_port_and_nonsense_names_nobody() {
        check_client("10.0.0.1", &["203.0.113.9:4711"], "203.0.113.9");
        check_client("10.0.0.1", &["[2001:db9::7]:80"], "2001:db9::7");
        check_client("10.0.0.1", &["[2001:db9::7]"], "2001:db9::7");
        check_client("10.0.0.1", &["203.0.113.9, unknown"], "10.0.0.1");
        check_client("10.0.0.1", &[""], "10.0.0.1");
    }

    #[test]
    fn one_address_has_so_many_places_and_gives_them_back() {
        let crowd = Arc::new(Crowd::default());
        let rules = rules(2, &["10.0.0.0/8"]);
        let seat = |peer: &str| crowd.seat(Some(ip(peer)), &rules);
        let first = seat("203.0.113.9");
        let second = seat("::ffff:203.0.113.9");
        assert!(first.is_some() && second.is_some());
        assert!(seat("203.0.113.9").is_none() && seat("203.0.113.8").is_some());
        drop(first);
        assert!(seat("203.0.113.9").is_some());
        drop(second);
        assert!(crowd.open.lock().unwrap().is_empty());
    }

    #[test]
    fn one_network_of_ipv6_counts_as_one_address() {
        let crowd = Arc::new(Crowd::default());
        let rules = rules(1, &[]);
        let _one = crowd.seat(Some(ip("2001:db8::1")), &rules).unwrap();
        assert!(crowd.seat(Some(ip("2001:db8::2:1")), &rules).is_none());
        assert!(crowd.seat(Some(ip("2001:db8:0:1::1")), &rules).is_some());
    }

    #[test]
    fn loopback_proxies_and_unix_sockets_are_not_counted() {
        let crowd = Arc::new(Crowd::default());
        let rules = rules(1, &["10.0.0.0/8"]);
        for peer in [
            Some(ip("127.0.0.1")),
            Some(ip("::1")),
            Some(ip("10.1.2.3")),
            None,
        ] {
            let seats: Vec<_> = (0..5).map(|_| crowd.seat(peer, &rules)).collect();
            assert!(seats.iter().all(Option::is_some), "{peer:?}");
        }
    }
}
