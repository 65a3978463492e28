//! Which addresses are nobody's business: loopback, private networks and the other blocks that no public
//! newsroom lives in.
//!
//! A feed address, a redirect and a DNS record are chosen by others; without this a source could make us
//! read the administrator's own network. The blocks are those of the IANA special-purpose registries for
//! IPv4 and IPv6. Where an IPv6 address carries an IPv4 one inside, both have to be public.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use url::{Host, Url};

use super::fault;
use crate::core::model::{FaultKind, FetchFault};

/// Whether `ip` is globally reachable unicast.
pub fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    !matches!(
        ip.octets(),
        [0 | 10 | 127, ..]
            | [100, 64..=127, ..]
            | [169, 254, ..]
            | [172, 16..=31, ..]
            | [192, 0, 0 | 2, _]
            // The relays of 6to4, withdrawn by RFC 7526.
            | [192, 88, 99, _]
            | [192, 168, ..]
            | [198, 18..=19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
            | [224..=255, ..]
    )
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    match ip.segments() {
        // NAT64 (RFC 6052).
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => is_public_v4(joined(high, low)),
        // Teredo, benchmarking, ORCHID and the other protocol assignments of 2001::/23.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // 6to4 (RFC 3056).
        [0x2002, high, low, ..] => is_public_v4(joined(high, low)),
        [first, ..] => (0x2000..=0x3fff).contains(&first),
    }
}

fn joined(high: u16, low: u16) -> Ipv4Addr {
    let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
    Ipv4Addr::new(a, b, c, d)
}

/// `is_public`, and the administrator's exceptions from it.
#[derive(Debug, Clone, Default)]
pub struct AddressRules {
    allowed: Vec<IpNet>,
}

impl AddressRules {
    pub fn new(allowed: Vec<IpNet>) -> AddressRules {
        AddressRules { allowed }
    }

    pub fn permit(&self, ip: IpAddr) -> bool {
        let plain = ip.to_canonical();
        is_public(ip)
            || self
                .allowed
                .iter()
                .any(|net| net.contains(&ip) || net.contains(&plain))
    }

    /// Refuses an address literal that is not permitted; names are the resolver's to judge.
    ///
    /// The resolver never sees a literal, nor a redirect to one. `url` has already turned the decimal,
    /// octal and shortened forms of IPv4 into the address they mean.
    pub fn check_literal(&self, url: &Url) -> Result<(), FetchFault> {
        let address = match url.host() {
            Some(Host::Ipv4(v4)) => IpAddr::V4(v4),
            Some(Host::Ipv6(v6)) => IpAddr::V6(v6),
            Some(Host::Domain(_)) => return Ok(()),
            None => {
                return Err(FetchFault::new(
                    FaultKind::Unreachable,
                    "no host in the address",
                ));
            }
        };
        if self.permit(address) {
            return Ok(());
        }
        Err(FetchFault::private(
            url.host_str().unwrap_or_default(),
            address,
        ))
    }

    /// Refuses the names that mean this very machine, for when a proxy looks names up.
    pub fn check_loopback_name(&self, url: &Url) -> Result<(), FetchFault> {
        let host = url.host_str().unwrap_or_default().trim_end_matches('.');
        let is_loopback = host == "localhost" || host.ends_with(".localhost");
        let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
        if is_loopback && !self.permit(loopback) {
            return Err(FetchFault::private(&fault::clause(host), loopback));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(ip: &str, expected: bool) {
        assert_eq!(is_public(ip.parse().unwrap()), expected, "{ip}");
    }

    #[test]
    fn blocks_end_where_the_registries_say() {
        let edges = [
            ("0.0.0.0", "0.255.255.255", "1.0.0.0"),
            ("10.0.0.0", "10.255.255.255", "11.0.0.0"),
            ("100.64.0.0", "100.127.255.255", "100.128.0.0"),
            ("127.0.0.0", "127.255.255.255", "128.0.0.0"),
            ("169.254.0.0", "169.254.255.255", "169.255.0.0"),
            ("172.16.0.0", "172.31.255.255", "172.32.0.0"),
            ("192.0.0.0", "192.0.0.255", "192.0.1.0"),
            ("192.0.2.0", "192.0.2.255", "192.0.3.0"),
            ("192.88.99.0", "192.88.99.255", "192.88.100.0"),
            ("192.168.0.0", "192.168.255.255", "192.169.0.0"),
            ("198.18.0.0", "198.19.255.255", "198.20.0.0"),
            ("198.51.100.0", "198.51.100.255", "198.51.101.0"),
            ("203.0.113.0", "203.0.113.255", "203.0.114.0"),
            ("2001::", "2001:1ff:ffff::1", "2001:200::"),
            ("2001:db8::", "2001:db8:ffff::1", "2001:db9::"),
            ("3fff::", "3fff:fff:ffff::1", "3ffe:ffff::1"),
        ];
        for (first, last, after) in edges {
            check(first, false);
            check(last, false);
            check(after, true);
        }
        for before in [
            "9.255.255.255",
            "100.63.255.255",
            "172.15.255.255",
            "223.255.255.255",
        ] {
            check(before, true);
        }
    }

    #[test]
    fn what_is_not_unicast_is_not_public() {
        for ip in [
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
        ] {
            check(ip, false);
        }
        for ip in [
            "::", "::1", "fe80::1", "fec0::1", "fc00::1", "fdff::1", "ff02::1", "100::1",
        ] {
            check(ip, false);
        }
        for ip in ["5f00::1", "4000::1", "::8.8.8.8", "64:ff9b:1::808:808"] {
            check(ip, false);
        }
    }

    #[test]
    fn an_embedded_address_is_judged_too() {
        check("::ffff:127.0.0.1", false);
        check("::ffff:8.8.8.8", true);
        check("64:ff9b::10.0.0.1", false);
        check("64:ff9b::8.8.8.8", true);
        check("2002:7f00:1::1", false);
        check("2002:808:808::1", true);
    }

    #[test]
    fn public_newsrooms_are_public() {
        for ip in ["8.8.8.8", "103.57.220.1", "2606:4700::1111", "2405:4800::1"] {
            check(ip, true);
        }
    }

    #[track_caller]
    fn check_literal(allowed: &[&str], url: &str, expected: bool) {
        let rules = AddressRules::new(allowed.iter().map(|net| net.parse().unwrap()).collect());
        let checked = rules.check_literal(&Url::parse(url).unwrap());
        assert_eq!(
            checked.is_ok(),
            expected,
            "{url} with {allowed:?}: {checked:?}"
        );
    }

    #[test]
    fn a_literal_is_refused_however_it_is_written() {
        for url in [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://0177.0.0.1:81/",
            "http://127.1/",
            "http://[::1]/",
            "http://[::ffff:7f00:1]/",
            "https://user@10.0.0.1/",
            "http://169.254.169.254/latest/",
            "http://１２７.0.0.1/",
        ] {
            check_literal(&[], url, false);
        }
        check_literal(&[], "http://8.8.8.8/", true);
        check_literal(&[], "http://baoninhbinh.vn/", true);
    }

    #[test]
    fn what_is_allowed_passes_and_nothing_beside_it() {
        check_literal(&["127.0.0.0/8"], "http://127.0.0.1/", true);
        check_literal(&["127.0.0.0/8"], "http://[::ffff:127.0.0.1]/", true);
        check_literal(&["127.0.0.0/8"], "http://[::1]/", false);
        check_literal(&["127.0.0.0/8"], "http://10.0.0.1/", false);
        check_literal(&["10.0.0.0/8"], "http://[64:ff9b::a00:1]/", false);
        check_literal(&["64:ff9b::/96"], "http://[64:ff9b::a00:1]/", true);
        check_literal(&["fd00::/8"], "http://[fd12::1]/", true);
    }

    #[test]
    fn localhost_is_refused_by_name_when_a_proxy_resolves() {
        let strict = AddressRules::default();
        let lenient = AddressRules::new(vec!["127.0.0.0/8".parse().unwrap()]);
        for url in [
            "http://localhost/",
            "http://LOCALHOST./",
            "http://a.localhost:81/",
        ] {
            let url = Url::parse(url).unwrap();
            assert!(strict.check_loopback_name(&url).is_err(), "{url}");
            assert!(lenient.check_loopback_name(&url).is_ok(), "{url}");
        }
        let other = Url::parse("http://notlocalhost/").unwrap();
        assert!(strict.check_loopback_name(&other).is_ok());
    }
}
