//! What the head of an answer says: which outcome its status means, and the parts the next poll needs.
//!
//! Pure: headers and `now` in, values out. Everything taken over from a header is bounded and visible
//! ASCII, since it is stored, logged and sent back.

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime};
use reqwest::StatusCode;
use reqwest::header::{
    AGE, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, DATE, ETAG, EXPIRES,
    HeaderMap, HeaderName, LAST_MODIFIED, LOCATION, PRAGMA, RETRY_AFTER,
};

use super::fault;
use crate::core::model::{FaultKind, FetchFault, Fetched, Freshness, Timestamp, Validators};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// The longest Retry-After that is obeyed.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(7 * DAY.as_secs());
const FRESH_MAX: Duration = Duration::from_secs(365 * DAY.as_secs());
const VALIDATOR_BYTES_MAX: usize = 1024;
const CONTENT_TYPE_BYTES_MAX: usize = 256;
const LOCATION_BYTES_MAX: usize = 8192;

/// What a status and its headers ask of us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// Read the body.
    Body,
    NotModified,
    /// Go on at this address, perhaps a relative one.
    Redirect(String),
    Fault(FetchFault),
}

/// `is_conditional`: whether validators were sent, without which a 304 answers nothing.
pub fn meaning(
    status: StatusCode,
    headers: &HeaderMap,
    is_conditional: bool,
    now: Timestamp,
) -> Meaning {
    let fault = |kind| {
        let mut fault = FetchFault::new(kind, fault::status_words(status));
        fault.status = Some(status.as_u16());
        fault
    };
    match status.as_u16() {
        200 | 203 | 204 | 205 => Meaning::Body,
        Fetched::IM_USED => match foreign_manipulation(headers) {
            None => Meaning::Body,
            Some(name) => {
                let mut fault = fault(FaultKind::Encoding);
                let said = format!(" by {name:?}, which was not asked for");
                fault.detail = fault::clause(&(fault.detail + &said));
                Meaning::Fault(fault)
            }
        },
        301 | 302 | 303 | 307 | 308 => match location(headers) {
            Some(location) => Meaning::Redirect(location),
            None => {
                let mut fault = fault(FaultKind::Redirect);
                fault.detail.push_str(" without a usable Location");
                Meaning::Fault(fault)
            }
        },
        304 if is_conditional => Meaning::NotModified,
        304 => {
            let mut fault = fault(FaultKind::Status);
            fault.detail.push_str(" to a request without validators");
            Meaning::Fault(fault)
        }
        code => {
            let retry_after = retry_after(headers, now).filter(|_| code >= 400);
            let kind = match code {
                410 => FaultKind::Gone,
                429 => FaultKind::Throttled,
                503 if retry_after.is_some() => FaultKind::Throttled,
                _ => FaultKind::Status,
            };
            Meaning::Fault(FetchFault {
                retry_after,
                ..fault(kind)
            })
        }
    }
}

pub fn validators(headers: &HeaderMap) -> Validators {
    Validators {
        etag: visible(headers, &ETAG, VALIDATOR_BYTES_MAX),
        last_modified: visible(headers, &LAST_MODIFIED, VALIDATOR_BYTES_MAX),
    }
}

/// What to remember after a 304: it need not repeat the validators it confirms (RFC 9111 section 4.3.4).
pub fn validators_confirmed(headers: &HeaderMap, sent: &Validators) -> Validators {
    let new = validators(headers);
    Validators {
        etag: new.etag.or_else(|| sent.etag.clone()),
        last_modified: new.last_modified.or_else(|| sent.last_modified.clone()),
    }
}

pub fn content_type(headers: &HeaderMap) -> Option<String> {
    visible(headers, &CONTENT_TYPE, CONTENT_TYPE_BYTES_MAX)
}

/// `max-age` less `Age`, else `Expires` less `Date` (RFC 9111 section 4.2). What is stale at once says
/// nothing about when to come again, and so is none.
pub fn freshness(headers: &HeaderMap, now: Timestamp) -> Freshness {
    let stated = match cache_control(headers) {
        CacheControl::Uncached => None,
        CacheControl::MaxAge(secs) => {
            let age = first(headers, &AGE).and_then(delta_seconds).unwrap_or(0);
            Some(Duration::from_secs(secs.saturating_sub(age)))
        }
        CacheControl::Silent => first(headers, &EXPIRES).and_then(http_date).map(|expires| {
            let date = first(headers, &DATE).and_then(http_date).unwrap_or(now);
            expires.since(date)
        }),
    };
    Freshness {
        fresh_for: stated
            .filter(|span| !span.is_zero())
            .map(|span| span.min(FRESH_MAX)),
    }
}

/// The length of the body as it will be read; a decompressed one has none.
pub fn declared_length(headers: &HeaderMap) -> Option<u64> {
    first(headers, &CONTENT_LENGTH)?.parse().ok()
}

/// A compression the client left in place. reqwest takes `Content-Encoding` away from what it
/// decompresses, but knows only the exact lower-case names, one at a time. Words that name no compression
/// (`utf-8`, `none`) are a common mistake and harmless.
pub fn foreign_coding(headers: &HeaderMap) -> Option<String> {
    const CODINGS: [&str; 11] = [
        "aes128gcm",
        "br",
        "compress",
        "dcb",
        "dcz",
        "deflate",
        "exi",
        "gzip",
        "x-compress",
        "x-gzip",
        "zstd",
    ];
    headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|token| token.trim().to_ascii_lowercase())
        .find(|token| CODINGS.contains(&token.as_str()))
}

/// What a 226 says was done to the feed beside leaving out what is known (RFC 3229 section 10.5.2): nothing
/// else was offered. One that says nothing did what was offered.
fn foreign_manipulation(headers: &HeaderMap) -> Option<String> {
    const IM: HeaderName = HeaderName::from_static("im");
    headers
        .get_all(IM)
        .iter()
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .flat_map(|value| value.split(',').map(str::to_owned).collect::<Vec<_>>())
        .map(|token| token.split(';').next().unwrap_or("").trim().to_lowercase())
        .find(|token| !matches!(token.as_str(), "" | "feed" | "identity"))
}

enum CacheControl {
    /// `no-cache` or `no-store`.
    Uncached,
    MaxAge(u64),
    Silent,
}

fn cache_control(headers: &HeaderMap) -> CacheControl {
    let mut max_age: Option<u64> = None;
    let mut is_present = false;
    for value in headers.get_all(CACHE_CONTROL) {
        is_present = true;
        for directive in value.to_str().unwrap_or_default().split(',') {
            let (name, argument) = match directive.split_once('=') {
                Some((name, argument)) => (name.trim(), Some(argument.trim().trim_matches('"'))),
                None => (directive.trim(), None),
            };
            match (name.to_ascii_lowercase().as_str(), argument) {
                // With an argument it names header fields only.
                ("no-cache", None) | ("no-store", _) => return CacheControl::Uncached,
                ("max-age", argument) => {
                    let secs = argument.and_then(delta_seconds).unwrap_or(0);
                    max_age = Some(max_age.map_or(secs, |other| other.min(secs)));
                }
                _ => {}
            }
        }
    }
    match max_age {
        Some(secs) => CacheControl::MaxAge(secs),
        None if !is_present && is_pragma_no_cache(headers) => CacheControl::Uncached,
        None => CacheControl::Silent,
    }
}

/// What HTTP/1.0 said instead of `Cache-Control: no-cache`.
fn is_pragma_no_cache(headers: &HeaderMap) -> bool {
    first(headers, &PRAGMA).is_some_and(|value| value.to_ascii_lowercase().contains("no-cache"))
}

fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let value = first(headers, &RETRY_AFTER)?;
    let span = match delta_seconds(value) {
        Some(secs) => Duration::from_secs(secs),
        None => http_date(value)?.since(now),
    };
    Some(span.min(RETRY_AFTER_MAX))
}

/// An address may carry raw UTF-8, which `Url` encodes.
fn location(headers: &HeaderMap) -> Option<String> {
    let bytes = headers.get(LOCATION)?.as_bytes();
    let text = std::str::from_utf8(bytes).ok()?.trim();
    (!text.is_empty() && text.len() <= LOCATION_BYTES_MAX).then(|| text.to_owned())
}

/// Digits only; more than fit mean for ever (RFC 9111 section 1.2.2).
fn delta_seconds(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

/// The three forms of RFC 9110 section 5.6.7, and numeric zones beside GMT.
fn http_date(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(date) = DateTime::parse_from_rfc2822(text) {
        return Some(Timestamp::from_millis(date.timestamp_millis()));
    }
    ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
        .map(|date| Timestamp::from(date.and_utc()))
}

fn first<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn visible(headers: &HeaderMap, name: &HeaderName, bytes_max: usize) -> Option<String> {
    let value = first(headers, name)?;
    let is_visible = value.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    (is_visible && !value.is_empty() && value.len() <= bytes_max).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    /// Sun, 22 Nov 2026 01:30:00 GMT
    fn now() -> Timestamp {
        Timestamp::from_secs(1_795_311_000)
    }

    fn headers(lines: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_bytes(value.as_bytes()).unwrap(),
            );
        }
        headers
    }

    #[test]
    fn now_is_the_moment_it_says() {
        assert_eq!(now().http_date(), "Sun, 22 Nov 2026 01:30:00 GMT");
    }

    #[track_caller]
    fn check_fault(status: u16, lines: &[(&str, &str)], kind: FaultKind, detail: &str) {
        let status = StatusCode::from_u16(status).unwrap();
        match meaning(status, &headers(lines), false, now()) {
            Meaning::Fault(fault) => {
                assert_eq!((fault.kind, fault.detail.as_str()), (kind, detail));
                assert_eq!(fault.status, Some(status.as_u16()));
            }
            other => panic!("{status}: {other:?}"),
        }
    }

    #[test]
    fn each_status_has_its_kind() {
        check_fault(404, &[], FaultKind::Status, "HTTP 404 Not Found");
        check_fault(
            403,
            &[("retry-after", "60")],
            FaultKind::Status,
            "HTTP 403 Forbidden",
        );
        check_fault(
            500,
            &[],
            FaultKind::Status,
            "HTTP 500 Internal Server Error",
        );
        check_fault(599, &[], FaultKind::Status, "HTTP 599");
        check_fault(202, &[], FaultKind::Status, "HTTP 202 Accepted");
        check_fault(206, &[], FaultKind::Status, "HTTP 206 Partial Content");
        check_fault(300, &[], FaultKind::Status, "HTTP 300 Multiple Choices");
        check_fault(410, &[], FaultKind::Gone, "HTTP 410 Gone");
        check_fault(429, &[], FaultKind::Throttled, "HTTP 429 Too Many Requests");
        check_fault(503, &[], FaultKind::Status, "HTTP 503 Service Unavailable");
        check_fault(
            503,
            &[("retry-after", "soon")],
            FaultKind::Status,
            "HTTP 503 Service Unavailable",
        );
        check_fault(
            503,
            &[("retry-after", "60")],
            FaultKind::Throttled,
            "HTTP 503 Service Unavailable",
        );
        check_fault(
            304,
            &[],
            FaultKind::Status,
            "HTTP 304 Not Modified to a request without validators",
        );
    }

    #[test]
    fn whatever_failed_retry_after_is_read() {
        for (status, expected) in [
            (301, None),
            (403, Some(60)),
            (404, Some(60)),
            (410, Some(60)),
            (429, Some(60)),
            (500, Some(60)),
            (503, Some(60)),
        ] {
            for said in ["60", "Sun, 22 Nov 2026 01:31:00 GMT"] {
                let headers = headers(&[("retry-after", said)]);
                let status = StatusCode::from_u16(status).unwrap();
                let Meaning::Fault(fault) = meaning(status, &headers, false, now()) else {
                    panic!("{status} is no fault");
                };
                let expected = expected.map(Duration::from_secs);
                assert_eq!(fault.retry_after, expected, "{status}, {said}");
            }
        }
    }

    #[test]
    fn a_226_may_leave_out_what_is_known_and_do_nothing_else() {
        for (said, is_read) in [
            (None, true),
            (Some("feed"), true),
            (Some("FEED, identity"), true),
            (Some("vcdiff"), false),
            (Some("feed, gzip"), false),
        ] {
            let lines: Vec<(&str, &str)> = said.map(|said| ("im", said)).into_iter().collect();
            let meaning = meaning(StatusCode::IM_USED, &headers(&lines), true, now());
            assert_eq!(meaning == Meaning::Body, is_read, "{said:?}");
        }
        check_fault(
            226,
            &[("im", "vcdiff")],
            FaultKind::Encoding,
            "HTTP 226 IM Used by \"vcdiff\", which was not asked for",
        );
    }

    #[test]
    fn a_status_with_a_body_is_read() {
        for status in [200, 203, 204, 205, 226] {
            let status = StatusCode::from_u16(status).unwrap();
            let meaning = meaning(status, &HeaderMap::new(), true, now());
            assert_eq!(meaning, Meaning::Body, "{status}");
        }
    }

    #[test]
    fn a_304_answers_a_conditional_request() {
        let meaning = meaning(StatusCode::NOT_MODIFIED, &HeaderMap::new(), true, now());
        assert_eq!(meaning, Meaning::NotModified);
    }

    #[test]
    fn a_redirect_wants_a_location() {
        let to = |value: &str| {
            meaning(
                StatusCode::FOUND,
                &headers(&[("location", value)]),
                false,
                now(),
            )
        };
        assert_eq!(to(" /rss/mới "), Meaning::Redirect("/rss/mới".into()));
        assert!(matches!(to(""), Meaning::Fault(fault) if fault.kind == FaultKind::Redirect));
        let long = "a".repeat(LOCATION_BYTES_MAX + 1);
        assert!(matches!(to(&long), Meaning::Fault(fault) if fault.kind == FaultKind::Redirect));
        check_fault(
            301,
            &[],
            FaultKind::Redirect,
            "HTTP 301 Moved Permanently without a usable Location",
        );
        let mut broken = HeaderMap::new();
        broken.insert(LOCATION, HeaderValue::from_bytes(b"/m\xe1").unwrap());
        assert!(matches!(
            meaning(StatusCode::FOUND, &broken, false, now()),
            Meaning::Fault(_)
        ));
    }

    #[track_caller]
    fn check_retry_after(value: &str, expected_secs: Option<u64>) {
        let span = retry_after(&headers(&[("retry-after", value)]), now());
        assert_eq!(span, expected_secs.map(Duration::from_secs), "{value}");
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_and_bounded() {
        check_retry_after("120", Some(120));
        check_retry_after(" 0 ", Some(0));
        check_retry_after("Sun, 22 Nov 2026 01:31:00 GMT", Some(60));
        check_retry_after("Sun, 22 Nov 2026 08:31:00 +0700", Some(60));
        check_retry_after("Sunday, 22-Nov-26 01:31:00 GMT", Some(60));
        check_retry_after("Sun Nov 22 01:31:00 2026", Some(60));
        check_retry_after("Sat, 21 Nov 2026 01:31:00 GMT", Some(0));
        check_retry_after("Wed, 22 Nov 2028 01:31:00 GMT", Some(7 * 86_400));
        check_retry_after("99999999999999999999999999", Some(7 * 86_400));
        for wrong in ["", "-5", "+5", "1.5", "soon", "Sun, 22 Nov"] {
            check_retry_after(wrong, None);
        }
    }

    #[track_caller]
    fn check_fresh(lines: &[(&str, &str)], expected_secs: Option<u64>) {
        let freshness = freshness(&headers(lines), now());
        let expected = expected_secs.map(Duration::from_secs);
        assert_eq!(freshness.fresh_for, expected, "{lines:?}");
    }

    #[test]
    fn freshness_is_max_age_less_age() {
        check_fresh(&[("cache-control", "public, max-age=600")], Some(600));
        check_fresh(&[("cache-control", "MAX-AGE = \"600\"")], Some(600));
        check_fresh(
            &[("cache-control", "max-age=600"), ("age", "100")],
            Some(500),
        );
        check_fresh(&[("cache-control", "max-age=600"), ("age", "601")], None);
        check_fresh(
            &[("cache-control", "max-age=600"), ("age", "old")],
            Some(600),
        );
        check_fresh(
            &[("cache-control", "public"), ("cache-control", "max-age=5")],
            Some(5),
        );
        check_fresh(&[("cache-control", "max-age=600, max-age=60")], Some(60));
        check_fresh(&[("cache-control", "s-maxage=600")], None);
        check_fresh(
            &[("cache-control", "max-age=99999999999999999999")],
            Some(365 * 86_400),
        );
        check_fresh(&[], None);
    }

    #[test]
    fn what_must_not_be_cached_is_never_fresh() {
        let expires = ("expires", "Sun, 22 Nov 2026 02:30:00 GMT");
        for value in [
            "no-cache",
            "no-store, max-age=600",
            "max-age=0",
            "max-age=-1",
            "max-age",
        ] {
            check_fresh(&[("cache-control", value), expires], None);
        }
        check_fresh(&[("pragma", "no-cache"), expires], None);
        check_fresh(
            &[("cache-control", "no-cache=\"set-cookie\", max-age=60")],
            Some(60),
        );
    }

    #[test]
    fn without_max_age_expires_less_date_holds() {
        let expires = ("expires", "Sun, 22 Nov 2026 02:30:00 GMT");
        check_fresh(&[expires], Some(3600));
        check_fresh(
            &[expires, ("date", "Sun, 22 Nov 2026 02:00:00 GMT")],
            Some(1800),
        );
        check_fresh(&[expires, ("date", "Sun, 22 Nov 2026 03:00:00 GMT")], None);
        check_fresh(&[expires, ("cache-control", "public")], Some(3600));
        check_fresh(&[("expires", "0")], None);
        check_fresh(&[("expires", "-1")], None);
    }

    #[test]
    fn validators_are_bounded_and_visible() {
        let taken = validators(&headers(&[
            ("etag", " W/\"a-1\" "),
            ("last-modified", "Sun, 22 Nov 2026 01:30:00 GMT"),
        ]));
        assert_eq!(taken.etag.as_deref(), Some("W/\"a-1\""));
        assert_eq!(
            taken.last_modified.as_deref(),
            Some("Sun, 22 Nov 2026 01:30:00 GMT")
        );
        for wrong in [
            "",
            "\"mới\"",
            "\"a\tb\"",
            &"x".repeat(VALIDATOR_BYTES_MAX + 1),
        ] {
            assert_eq!(
                validators(&headers(&[("etag", wrong)])).etag,
                None,
                "{wrong}"
            );
        }
        let longest = "x".repeat(VALIDATOR_BYTES_MAX);
        assert_eq!(
            validators(&headers(&[("etag", &longest)])).etag,
            Some(longest)
        );
    }

    #[test]
    fn a_304_keeps_the_validators_it_does_not_repeat() {
        let sent = Validators {
            etag: Some("\"1\"".into()),
            last_modified: Some("Sat".into()),
        };
        let kept = validators_confirmed(&headers(&[("etag", "\"2\"")]), &sent);
        assert_eq!(kept.etag.as_deref(), Some("\"2\""));
        assert_eq!(kept.last_modified.as_deref(), Some("Sat"));
    }

    #[track_caller]
    fn check_coding(value: &str, expected: Option<&str>) {
        let coding = foreign_coding(&headers(&[("content-encoding", value)]));
        assert_eq!(coding.as_deref(), expected, "{value}");
    }

    #[test]
    fn a_compression_left_in_place_is_noticed() {
        check_coding("x-gzip", Some("x-gzip"));
        check_coding("GZIP", Some("gzip"));
        check_coding("identity, gzip", Some("gzip"));
        check_coding("utf-8", None);
        check_coding("identity", None);
        check_coding("", None);
    }
}
