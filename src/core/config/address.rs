//! Addresses of every kind: what is fetched, what is listened on, who is believed.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use url::{Host, Url};

use super::Listen;
use super::value::{Fault, socket_path};

const URL_BYTES_MAX: usize = 4096;

/// An address that can be fetched: http or https, with a host, without white space.
pub(super) fn web(raw: &str) -> Result<Url, Fault> {
    if raw.is_empty() {
        return Err(Fault::new("is empty"));
    }
    if raw.len() > URL_BYTES_MAX {
        return Err(Fault::new(format!("is longer than {URL_BYTES_MAX} bytes")));
    }
    // The url crate takes tabs and line feeds out without a word.
    if raw.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(Fault::hinted(
            "holds white space",
            "write %20 for a space that belongs to it",
        ));
    }
    let url = Url::parse(raw).map_err(|err| unreadable(raw, err))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(other_scheme(raw));
    }
    match url.host() {
        Some(Host::Domain("")) | None => Err(Fault::new("names no host")),
        Some(_) => Ok(url),
    }
}

fn unreadable(raw: &str, err: url::ParseError) -> Fault {
    match err {
        url::ParseError::EmptyHost => Fault::new("names no host"),
        url::ParseError::RelativeUrlWithoutBase if looks_like_host(raw) => Fault::hinted(
            "has no http:// or https:// before it",
            format!("did you mean \"https://{raw}\"?"),
        ),
        url::ParseError::RelativeUrlWithoutBase => Fault::hinted(
            "is not an address",
            "write it whole, such as \"https://example.vn/rss\"",
        ),
        err => Fault::new(format!("is not an address: {err}")),
    }
}

fn looks_like_host(raw: &str) -> bool {
    let host = raw.split('/').next().unwrap_or_default();
    host.contains('.') && Url::parse(&format!("https://{raw}")).is_ok() && !raw.contains('@')
}

fn other_scheme(raw: &str) -> Fault {
    let what = "is neither http nor https";
    match raw.split_once("://") {
        Some((_, rest)) if looks_like_host(rest) => {
            Fault::hinted(what, format!("did you mean \"https://{rest}\"?"))
        }
        // `example.vn:8080/rss` reads as an address of the scheme `example.vn`.
        None if looks_like_host(raw) => {
            Fault::hinted(what, format!("did you mean \"https://{raw}\"?"))
        }
        _ => Fault::new(what),
    }
}

/// What a source is fetched from. A fragment never reaches a server.
pub(super) fn feed(raw: &str) -> Result<Url, Fault> {
    let mut url = web(raw)?;
    url.set_fragment(None);
    Ok(url)
}

/// The public address: everything langbao publishes is named by what follows it.
pub(super) fn base(raw: &str) -> Result<String, Fault> {
    let mut url = web(raw)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Fault::new("must end with its path: no ? and no #"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Fault::new("is public and must hold no credentials"));
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(url.into())
}

/// Empty for none.
pub(super) fn proxy(raw: &str) -> Result<Option<String>, Fault> {
    match raw {
        "" => Ok(None),
        raw => web(raw).map(|url| Some(url.into())),
    }
}

pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(host)) => host == "localhost" || host.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// A bare host, lower case, in the form of DNS, without `www.`.
pub(super) fn host(raw: &str) -> Result<String, Fault> {
    if raw.contains("://") {
        let fault = Fault::new("is an address, not a host");
        return Err(match web(raw).ok().and_then(|url| host_of(&url)) {
            Some(host) => Fault {
                hint: Some(format!("did you mean \"{host}\"?")),
                ..fault
            },
            None => fault,
        });
    }
    if raw.starts_with("*.") {
        return Err(Fault::hinted(
            "is a pattern, not a host",
            "write every host out",
        ));
    }
    let fault = || {
        Fault::hinted(
            "is not a host",
            "write a bare host such as \"old.example.vn\"",
        )
    };
    if raw.is_empty() || raw.len() > 253 || raw.contains(['/', '?', '#', '@', '\\', '%', '*']) {
        return Err(fault());
    }
    if raw.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(fault());
    }
    let url = Url::parse(&format!("http://{raw}/")).map_err(|_| fault())?;
    if url.port().is_some() || raw.ends_with(":80") {
        return Err(Fault::hinted("names a port", "write the host alone"));
    }
    host_of(&url).ok_or_else(fault)
}

pub(super) fn host_of(url: &Url) -> Option<String> {
    let host = url.host_str()?.trim_end_matches('.');
    let host = host
        .strip_prefix("www.")
        .filter(|rest| rest.contains('.'))
        .unwrap_or(host);
    (!host.is_empty()).then(|| host.to_owned())
}

/// `127.0.0.1:8080`, `[::1]:8080`, `unix:/run/langbao/http.sock`.
pub(super) fn listen(raw: &str) -> Result<Listen, Fault> {
    if let Some(path) = raw.strip_prefix("unix:") {
        return socket_path(path).map(Listen::Unix);
    }
    raw.parse().map(Listen::Tcp).map_err(|_| {
        let hint = match listen_meant(raw) {
            Some(meant) => format!("did you mean \"{meant}\"?"),
            None => "write an IP address and a port, or unix: and a path".to_owned(),
        };
        Fault::hinted("is not an address to listen on", hint)
    })
}

fn listen_meant(raw: &str) -> Option<String> {
    if let Ok(ip) = raw.parse::<IpAddr>() {
        return Some(SocketAddr::new(ip, 8080).to_string());
    }
    if raw.starts_with('/') {
        return Some(format!("unix:{raw}"));
    }
    let (host, port) = raw.rsplit_once(':').unwrap_or(("", raw));
    let port: u16 = port.parse().ok()?;
    match host {
        "" | "*" => Some(format!("0.0.0.0:{port}")),
        "localhost" => Some(format!("127.0.0.1:{port}")),
        host => host
            .parse::<IpAddr>()
            .ok()
            .map(|ip| SocketAddr::new(ip, port).to_string()),
    }
}

/// What `base_url` is when it is not given.
pub(super) fn base_of(listen: &[Listen]) -> String {
    let tcp = listen.iter().find_map(|listen| match listen {
        Listen::Tcp(address) => Some(*address),
        Listen::Unix(_) => None,
    });
    let mut address = tcp.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8080)));
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(IpAddr::from([127, 0, 0, 1])),
        IpAddr::V6(ip) if ip.is_unspecified() => {
            address.set_ip(std::net::Ipv6Addr::LOCALHOST.into())
        }
        _ => {}
    }
    let written = format!("http://{address}/");
    base(&written).unwrap_or(written)
}

/// A block of addresses: `127.0.0.0/8`, `fd00::/8`.
pub(super) fn block(raw: &str) -> Result<IpNet, Fault> {
    if let Ok(net) = raw.parse::<IpNet>() {
        return Ok(net.trunc());
    }
    Err(match raw.parse::<IpAddr>() {
        Ok(ip) => Fault::hinted(
            "has no length",
            format!("did you mean \"{}\"?", IpNet::from(ip)),
        ),
        Err(_) => Fault::hinted(
            "is not a block of addresses",
            "write it as \"10.0.0.0/8\" or \"fd00::/8\"",
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn told<T: std::fmt::Debug>(result: Result<T, Fault>) -> String {
        let fault = result.unwrap_err();
        format!("{} / {}", fault.what, fault.hint.unwrap_or_default())
    }

    #[test]
    fn a_feed_address_is_http_and_whole() {
        for (raw, expected) in [
            ("https://example.vn/rss", "https://example.vn/rss"),
            ("HTTP://Example.VN", "http://example.vn/"),
            ("https://u:p@example.vn/rss#x", "https://u:p@example.vn/rss"),
            (
                "https://báo.vn/tin mới".replace(' ', "%20").as_str(),
                "https://xn--bo-mia.vn/tin%20m%E1%BB%9Bi",
            ),
        ] {
            assert_eq!(feed(raw).unwrap().as_str(), expected, "{raw}");
        }
        for (raw, expected) in [
            ("", "is empty / "),
            (
                "example.vn/rss",
                "has no http:// or https:// before it / did you mean \"https://example.vn/rss\"?",
            ),
            (
                "example.vn:8080/rss",
                "is neither http nor https / did you mean \"https://example.vn:8080/rss\"?",
            ),
            (
                "htps://example.vn",
                "is neither http nor https / did you mean \"https://example.vn\"?",
            ),
            (
                "feed://example.vn/x",
                "is neither http nor https / did you mean \"https://example.vn/x\"?",
            ),
            ("file:///etc/passwd", "is neither http nor https / "),
            ("javascript:alert(1)", "is neither http nor https / "),
            ("https://", "names no host / "),
            (
                "https://a b/",
                "holds white space / write %20 for a space that belongs to it",
            ),
            (
                "https://example.vn:99999/",
                "is not an address: invalid port number / ",
            ),
        ] {
            assert_eq!(told(feed(raw)), expected, "{raw}");
        }
    }

    #[test]
    fn credentials_are_never_part_of_a_fault() {
        for raw in [
            "ftp://me:geheim@example.vn/",
            "me:geheim@example.vn",
            "https://me:geheim@:1/",
        ] {
            assert!(!told(feed(raw)).contains("geheim"), "{raw}");
        }
    }

    #[test]
    fn the_base_ends_with_a_slash() {
        assert_eq!(
            base("https://tin.example.vn").as_deref(),
            Ok("https://tin.example.vn/")
        );
        assert_eq!(base("https://a.vn/tin").as_deref(), Ok("https://a.vn/tin/"));
        assert_eq!(
            base("http://A.vn:80/tin/").as_deref(),
            Ok("http://a.vn/tin/")
        );
        for raw in [
            "https://a.vn/?x",
            "https://a.vn/#x",
            "https://u@a.vn/",
            "ftp://a.vn/",
        ] {
            assert!(base(raw).is_err(), "{raw}");
        }
    }

    #[test]
    fn the_base_follows_the_first_tcp_address() {
        let of = |raw: &[&str]| {
            base_of(
                &raw.iter()
                    .map(|raw| listen(raw).unwrap())
                    .collect::<Vec<_>>(),
            )
        };
        assert_eq!(of(&["unix:/x", "127.0.0.1:9000"]), "http://127.0.0.1:9000/");
        assert_eq!(of(&["0.0.0.0:80"]), "http://127.0.0.1/");
        assert_eq!(of(&["[::]:8080"]), "http://[::1]:8080/");
        assert_eq!(of(&["unix:/x"]), "http://127.0.0.1:8080/");
    }

    #[test]
    fn hosts_are_lower_case_punycode_without_www() {
        for (raw, expected) in [
            ("www.Example.VN", "example.vn"),
            ("báo.vn", "xn--bo-mia.vn"),
            ("example.vn.", "example.vn"),
            ("www.vn", "www.vn"),
            ("127.0.0.1", "127.0.0.1"),
        ] {
            let found = host(raw);
            assert_eq!(found.as_deref(), Ok(expected), "{raw}");
        }
        for (raw, expected) in [
            (
                "https://old.example.vn/x",
                "is an address, not a host / did you mean \"old.example.vn\"?",
            ),
            (
                "*.example.vn",
                "is a pattern, not a host / write every host out",
            ),
            ("a.vn:8080", "names a port / write the host alone"),
            (
                "a.vn/x",
                "is not a host / write a bare host such as \"old.example.vn\"",
            ),
            (
                "",
                "is not a host / write a bare host such as \"old.example.vn\"",
            ),
        ] {
            assert_eq!(told(host(raw)), expected, "{raw}");
        }
    }

    #[test]
    fn listening_needs_an_ip_and_a_port_or_a_path() {
        assert_eq!(
            listen("[::1]:80"),
            Ok(Listen::Tcp("[::1]:80".parse().unwrap()))
        );
        assert_eq!(listen("unix:/run/a"), Ok(Listen::Unix("/run/a".into())));
        for (raw, meant) in [
            ("localhost:8080", "127.0.0.1:8080"),
            (":8080", "0.0.0.0:8080"),
            ("8080", "0.0.0.0:8080"),
            ("*:80", "0.0.0.0:80"),
            ("::1", "[::1]:8080"),
            ("/run/x.sock", "unix:/run/x.sock"),
        ] {
            let told = told(listen(raw));
            assert!(
                told.ends_with(&format!("did you mean \"{meant}\"?")),
                "{raw}: {told}"
            );
        }
        for raw in ["", "unix:", "example.vn:80", "1.2.3.4:99999"] {
            assert!(listen(raw).is_err(), "{raw}");
        }
        assert!(listen(&format!("unix:/{}", "x".repeat(120))).is_err());
    }

    #[test]
    fn blocks_are_cidr() {
        assert_eq!(block("10.1.2.3/8"), Ok("10.0.0.0/8".parse().unwrap()));
        assert_eq!(
            told(block("127.0.0.1")),
            "has no length / did you mean \"127.0.0.1/32\"?"
        );
        for raw in ["", "10.0.0.0/33", "localhost/8", "10.0.0/8"] {
            assert!(block(raw).is_err(), "{raw}");
        }
    }
}
