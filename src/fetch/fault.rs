//! Says what went wrong, in one clause that an administrator can act on.
//!
//! The client's errors nest five deep and repeat the address they failed at; here the cause is found in
//! the chain and named. Nothing that leaves this module holds a password, a control character or more
//! than `CLAUSE_CHARS_MAX` characters.

use std::error::Error;
use std::io;
use std::iter;
use std::time::Duration;

use reqwest::StatusCode;
use rustls::CertificateError;
use url::Url;

use super::client::CONNECT_TIMEOUT;
use super::resolve::ResolveError;
use crate::core::model::{FaultKind, FetchFault};

const CLAUSE_CHARS_MAX: usize = 240;
const CAUSES_MAX: usize = 16;
const MIB: u64 = 1024 * 1024;

/// Whom a request was sent to, for the wording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Of the address asked for.
    host: String,
    /// Where the connection goes: host and port, of the proxy if there is one.
    end: String,
}

impl Peer {
    pub fn of(url: &Url, proxy: Option<&Url>) -> Peer {
        Peer {
            host: url.host_str().unwrap_or_default().to_owned(),
            end: match proxy {
                Some(proxy) => format!("the proxy {}", host_and_port(proxy)),
                None => host_and_port(url),
            },
        }
    }
}

fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// A fault with its detail made presentable.
pub fn fault(kind: FaultKind, detail: &str) -> FetchFault {
    FetchFault::new(kind, clause(detail))
}

/// Before the head of an answer came.
pub fn of_request(err: &reqwest::Error, peer: &Peer) -> FetchFault {
    let unreachable = |detail: String| fault(FaultKind::Unreachable, &detail);
    if let Some(err) = cause::<ResolveError>(err) {
        return match err {
            ResolveError::Private { host, address } => FetchFault::private(&clause(host), *address),
            other => unreachable(other.to_string()),
        };
    }
    if let Some(err) = cause::<rustls::Error>(err) {
        return unreachable(tls_words(err, peer));
    }
    if let Some(kind) = io_kind(err)
        && let Some(words) = io_words(kind, peer)
    {
        return unreachable(words);
    }
    if err.is_timeout() {
        let span = span_words(CONNECT_TIMEOUT);
        return fault(
            FaultKind::Timeout,
            &format!("no connection to {} within {span}", peer.end),
        );
    }
    match cause::<hyper::Error>(err) {
        Some(err) if err.is_parse_too_large() => {
            unreachable(format!("{} answered with too large a header", peer.end))
        }
        Some(err) if err.is_parse() => unreachable(format!(
            "{} answered with something other than HTTP",
            peer.end
        )),
        Some(err) if err.is_incomplete_message() => unreachable(format!(
            "{} closed the connection before answering",
            peer.end
        )),
        _ => unreachable(flatten(err)),
    }
}

/// While the body was read. What the connection did is told from what the bytes were by hyper's error
/// being in the chain: the decompressor's own errors have none.
pub fn of_body(err: &reqwest::Error, peer: &Peer) -> FetchFault {
    if err.is_timeout() {
        return fault(
            FaultKind::Timeout,
            &format!("{} stopped answering", peer.end),
        );
    }
    match cause::<hyper::Error>(err) {
        Some(err) => {
            let why = io_kind(err)
                .and_then(|kind| io_words(kind, peer))
                .unwrap_or_else(|| flatten(err));
            fault(
                FaultKind::Unreachable,
                &format!("the answer broke off: {why}"),
            )
        }
        None => fault(
            FaultKind::Encoding,
            &format!("the body does not decompress: {}", flatten(err)),
        ),
    }
}

pub fn no_answer(timeout: Duration) -> FetchFault {
    let span = span_words(timeout);
    fault(FaultKind::Timeout, &format!("no answer within {span}"))
}

pub fn answer_unfinished(timeout: Duration, bytes: usize) -> FetchFault {
    let span = span_words(timeout);
    fault(
        FaultKind::Timeout,
        &format!("the answer was not complete within {span}, after {bytes} bytes"),
    )
}

pub fn too_large(bytes_max: u64) -> FetchFault {
    let size = size_words(bytes_max);
    fault(
        FaultKind::TooLarge,
        &format!("more than {size} after decompression"),
    )
}

pub fn declared_too_large(bytes: u64, bytes_max: u64) -> FetchFault {
    let size = size_words(bytes_max);
    fault(
        FaultKind::TooLarge,
        &format!("an answer of {bytes} bytes, more than {size}"),
    )
}

/// `HTTP 404 Not Found`: the standard's words, not the server's.
pub fn status_words(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("HTTP {} {reason}", status.as_str()),
        None => format!("HTTP {}", status.as_str()),
    }
}

/// The chain of causes as one clause, without the wrappers that say nothing.
pub fn flatten(err: &(dyn Error + 'static)) -> String {
    const EMPTY_WORDS: [&str; 7] = [
        "builder error",
        "client error (",
        "error decoding response body",
        "error reading a body from connection",
        "error sending request",
        "request or response body error",
        "tcp connect error",
    ];
    let mut words: Vec<String> = Vec::new();
    for cause in causes(err) {
        let text = cause.to_string();
        let is_empty = EMPTY_WORDS.iter().any(|empty| text.starts_with(empty));
        let is_said = words.last().is_some_and(|last| last.contains(&text));
        if !is_empty && !is_said {
            words.push(text);
        }
    }
    if words.is_empty() {
        words.push("no cause given".to_owned());
    }
    clause(&words.join(": "))
}

/// One presentable clause: redacted, on one line, starting in lower case, bounded.
pub fn clause(text: &str) -> String {
    let visible: String = redact(text)
        .chars()
        .filter(|c| !is_direction_mark(*c))
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let line = visible.split_whitespace().collect::<Vec<_>>().join(" ");
    let lowered = lower_first(line.trim_end_matches('.'));
    match lowered.char_indices().nth(CLAUSE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &lowered[..end]),
        None => lowered,
    }
}

/// Takes `user:password@` out of every address in `text`.
pub fn redact(text: &str) -> String {
    const AUTHORITY_ENDS: [char; 8] = ['/', '\\', '?', '#', '"', '\'', '<', '>'];
    let mut redacted = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + "://".len());
        redacted.push_str(before);
        let end = after
            .find(|c: char| c.is_whitespace() || AUTHORITY_ENDS.contains(&c))
            .unwrap_or(after.len());
        let (authority, tail) = after.split_at(end);
        redacted.push_str(authority.rsplit('@').next().unwrap_or(authority));
        rest = tail;
    }
    redacted.push_str(rest);
    redacted
}

/// Leaves `HTTP` and `TLS` as they are.
fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => text.to_owned(),
    }
}

/// Marks that turn the direction of what follows them in a log.
fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn causes<'a>(err: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    iter::successors(Some(err), |err| beneath(*err)).take(CAUSES_MAX)
}

/// An io error passes over what it wraps when it is asked for its source.
fn beneath<'a>(err: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match err.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => err.source(),
    }
}

fn cause<'a, E: Error + 'static>(err: &'a (dyn Error + 'static)) -> Option<&'a E> {
    causes(err).find_map(|err| err.downcast_ref())
}

/// The system's own error, not one that wraps another.
fn io_kind(err: &(dyn Error + 'static)) -> Option<io::ErrorKind> {
    causes(err)
        .filter_map(|err| err.downcast_ref::<io::Error>())
        .find(|err| err.get_ref().is_none())
        .map(io::Error::kind)
}

fn io_words(kind: io::ErrorKind, peer: &Peer) -> Option<String> {
    let end = &peer.end;
    match kind {
        io::ErrorKind::ConnectionRefused => Some(format!("connection refused by {end}")),
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe => Some(format!("connection reset by {end}")),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            Some(format!("no route to {end}"))
        }
        _ => None,
    }
}

fn tls_words(err: &rustls::Error, peer: &Peer) -> String {
    let host = &peer.host;
    let rustls::Error::InvalidCertificate(wrong) = err else {
        return format!("TLS: {}", clause(&err.to_string()));
    };
    match wrong {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            format!("TLS: certificate of {host} has expired")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            format!("TLS: certificate of {host} is not valid yet")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("TLS: certificate is for another name than {host}")
        }
        CertificateError::UnknownIssuer => {
            format!(
                "TLS: certificate of {host} is from an unknown issuer, or a link of its chain is missing"
            )
        }
        CertificateError::Revoked => format!("TLS: certificate of {host} was revoked"),
        _ => format!("TLS: {}", clause(&err.to_string())),
    }
}

fn span_words(span: Duration) -> String {
    if span.subsec_millis() == 0 {
        format!("{} s", span.as_secs())
    } else {
        format!("{} ms", span.as_millis())
    }
}

fn size_words(bytes: u64) -> String {
    match bytes {
        _ if bytes >= MIB && bytes.is_multiple_of(MIB) => format!("{} MiB", bytes / MIB),
        _ if bytes >= 1024 && bytes.is_multiple_of(1024) => format!("{} KiB", bytes / 1024),
        _ => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_redacted(text: &str, expected: &str) {
        assert_eq!(redact(text), expected);
    }

    #[test]
    fn passwords_go_and_the_rest_of_the_text_stays() {
        check_redacted("http://u:p@a.vn/x", "http://a.vn/x");
        check_redacted("https://u@a.vn", "https://a.vn");
        check_redacted("https://u:p@x@a.vn/?m=b@c.vn", "https://a.vn/?m=b@c.vn");
        check_redacted("http://a.vn/@b", "http://a.vn/@b");
        check_redacted(
            "a http://u:p@a.vn to ftp://v:q@b.vn b@c",
            "a http://a.vn to ftp://b.vn b@c",
        );
        check_redacted("://", "://");
        check_redacted("mới://ô@", "mới://");
    }

    #[track_caller]
    fn check_clause(text: &str, expected: &str) {
        assert_eq!(clause(text), expected);
    }

    #[test]
    fn a_clause_is_one_bounded_visible_line() {
        check_clause(
            "Bad\r\n\tthing\u{1b}[31m happened.",
            "bad thing [31m happened",
        );
        check_clause("HTTP 404", "HTTP 404");
        check_clause("TLS: x", "TLS: x");
        check_clause("Đứt dây", "đứt dây");
        check_clause("a\u{202e}b", "ab");
        check_clause("at http://u:p@a.vn/", "at http://a.vn/");
        let long = clause(&"ô".repeat(1000));
        assert_eq!(long.chars().count(), CLAUSE_CHARS_MAX + 1);
    }

    fn peer() -> Peer {
        Peer::of(&Url::parse("https://u:p@baoninhbinh.vn/rss").unwrap(), None)
    }

    #[test]
    fn a_proxy_is_named_as_such() {
        let proxy = Url::parse("http://u:p@10.0.0.1:3128").unwrap();
        let url = Url::parse("https://a.vn/").unwrap();
        assert_eq!(Peer::of(&url, Some(&proxy)).end, "the proxy 10.0.0.1:3128");
    }

    #[test]
    fn a_wrong_certificate_is_named_in_plain_words() {
        let check = |wrong: CertificateError, expected: &str| {
            let err = io::Error::other(io::Error::other(rustls::Error::from(wrong)));
            let found = cause::<rustls::Error>(&err).expect("it is in the chain");
            assert_eq!(tls_words(found, &peer()), expected);
        };
        check(
            CertificateError::Expired,
            "TLS: certificate of baoninhbinh.vn has expired",
        );
        check(
            CertificateError::NotValidForName,
            "TLS: certificate is for another name than baoninhbinh.vn",
        );
        check(
            CertificateError::BadSignature,
            "TLS: invalid peer certificate: BadSignature",
        );
    }

    #[derive(Debug)]
    struct Wrapper(&'static str, Box<dyn Error>);

    impl std::fmt::Display for Wrapper {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Wrapper {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&*self.1)
        }
    }

    #[test]
    fn a_chain_becomes_one_clause_without_its_wrappers() {
        let end = io::Error::other("Broken at http://u:p@a.vn/");
        let err = Wrapper(
            "client error (Connect)",
            Box::new(Wrapper("Tunnel failed", Box::new(end))),
        );
        assert_eq!(flatten(&err), "tunnel failed: Broken at http://a.vn/");
        assert_eq!(
            flatten(&Wrapper("x: y", Box::new(io::Error::other("y")))),
            "x: y"
        );
        let silent = Wrapper("builder error", Box::new(io::Error::other("builder error")));
        assert_eq!(flatten(&silent), "no cause given");
    }

    #[test]
    fn bounds_are_said_in_their_own_unit() {
        assert_eq!(
            too_large(10 * MIB).detail,
            "more than 10 MiB after decompression"
        );
        assert_eq!(
            too_large(1000).detail,
            "more than 1000 bytes after decompression"
        );
        assert_eq!(size_words(64 * 1024), "64 KiB");
        assert_eq!(
            no_answer(Duration::from_secs(30)).detail,
            "no answer within 30 s"
        );
        assert_eq!(
            no_answer(Duration::from_millis(200)).detail,
            "no answer within 200 ms"
        );
    }
}
