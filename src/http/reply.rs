//! Responses: conditional requests, HEAD, encodings, and the headers beside them (RFC 9110, RFC 9111).
//!
//! Owns every header we send. hyper leaves the body of an answer to HEAD out, so only [`document`] needs to know the
//! method.

use bytes::Bytes;
use chrono::{DateTime, NaiveDateTime, Utc};
use http_body_util::Full;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Response, StatusCode};

use crate::core::model::Timestamp;

use super::document::{Document, Encoding, Kind, negotiate};
use super::route::{ALLOW, Refusal};

/// What a page may do in a browser: show its own words and style, and nothing else.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
                           form-action 'self'; frame-ancestors 'none'";

/// The document in the encoding the client likes best, or 304 where it has it already.
pub fn document(
    method: &Method,
    request: &HeaderMap,
    document: &Document,
    now: Timestamp,
) -> Response<Full<Bytes>> {
    let encoding = negotiate(joined(request, &header::ACCEPT_ENCODING).as_deref());
    match held(request, document, encoding) {
        Some(held) => not_modified(document, held),
        None => whole(method, document, encoding, now),
    }
}

fn whole(
    method: &Method,
    document: &Document,
    encoding: Encoding,
    now: Timestamp,
) -> Response<Full<Bytes>> {
    let bytes = document.bytes(encoding);
    let length = HeaderValue::from(bytes.len());
    let body = if method == Method::HEAD {
        Bytes::new()
    } else {
        bytes
    };
    let mut response = Response::new(Full::new(body));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(document.content_type),
    );
    headers.insert(header::CONTENT_LENGTH, length);
    if encoding != Encoding::Identity {
        headers.insert(
            header::CONTENT_ENCODING,
            HeaderValue::from_static(encoding.name()),
        );
    }
    let announced = announced(document.last_modified, now);
    headers.insert(header::LAST_MODIFIED, ours(&announced.http_date()));
    validating(headers, document, encoding);
    response
}

/// RFC 9110 section 15.4.5: what would change a stored response, and nothing about the content itself.
fn not_modified(document: &Document, held: Encoding) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    validating(response.headers_mut(), document, held);
    response
}

fn validating(headers: &mut HeaderMap, document: &Document, encoding: Encoding) {
    let fresh_for = document.fresh_for.as_secs();
    headers.insert(header::ETAG, ours(&document.etag(encoding)));
    headers.insert(
        header::CACHE_CONTROL,
        ours(&format!("public, max-age={fresh_for}")),
    );
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    nosniff(headers);
    match document.kind {
        Kind::Feed => open_to_all_origins(headers),
        Kind::Page => guard_page(headers),
    }
}

/// A second that is not over may still bring a change, which `Last-Modified` could not tell from this one: the
/// second before is announced (RFC 9110 section 8.8.2.2). Nor is it ever later than now (section 8.8.2.1).
fn announced(last_modified: Timestamp, now: Timestamp) -> Timestamp {
    let last_over = Timestamp::from_secs(now.secs() - 1);
    last_modified.floor_to_second().min(last_over)
}

/// Which of our encodings the client holds unchanged, if it does (RFC 9110 section 13.2.2).
///
/// Any encoding's tag will do, since all stand for the same content; the answer names the one the client holds,
/// because a cache may refresh only what it stored under that tag (RFC 9111 section 4.3.4).
fn held(request: &HeaderMap, document: &Document, preferred: Encoding) -> Option<Encoding> {
    if request.contains_key(header::IF_NONE_MATCH) {
        let tags = joined(request, &header::IF_NONE_MATCH)?;
        if tags.trim() == "*" {
            return Some(preferred);
        }
        let tags = entity_tags(&tags);
        let is_held = |encoding: &Encoding| tags.contains(&document.etag(*encoding).as_str());
        return std::iter::once(preferred)
            .chain(Encoding::ALL)
            .find(is_held);
    }
    let since = http_date(request.get(header::IF_MODIFIED_SINCE)?.to_str().ok()?)?;
    // The true second, not the one announced: what was announced a second early must be asked for again.
    (document.last_modified.secs() <= since.secs()).then_some(preferred)
}

/// The opaque tags of a list, quotes included; `W/` goes, for the comparison is the weak one. Ends at the first fault.
fn entity_tags(list: &str) -> Vec<&str> {
    let mut tags = Vec::new();
    let mut rest = list;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        rest = rest.strip_prefix("W/").unwrap_or(rest);
        let Some(end) = rest.strip_prefix('"').and_then(|opaque| opaque.find('"')) else {
            return tags;
        };
        let (tag, after) = rest.split_at(end + 2);
        tags.push(tag);
        rest = after;
    }
}

/// A date in any of the three shapes that RFC 9110 section 5.6.7 makes a recipient understand.
fn http_date(raw: &str) -> Option<Timestamp> {
    const SHAPES: [&str; 3] = [
        "%a, %d %b %Y %H:%M:%S GMT",
        "%A, %d-%b-%y %H:%M:%S GMT",
        "%a %b %e %H:%M:%S %Y",
    ];
    SHAPES.iter().find_map(|shape| {
        let at = NaiveDateTime::parse_from_str(raw.trim(), shape).ok()?;
        Some(Timestamp::from(DateTime::<Utc>::from_naive_utc_and_offset(
            at, Utc,
        )))
    })
}

/// All lines of a list header as one; none where it is absent or not text.
fn joined(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let lines: Vec<&str> = headers
        .get_all(name)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .collect();
    (!lines.is_empty()).then(|| lines.join(", "))
}

/// A mistake of the client, in a sentence.
pub fn refusal(refusal: &Refusal) -> Response<Full<Bytes>> {
    let mut response = text(refusal.status, &refusal.sentence);
    if refusal.status == StatusCode::METHOD_NOT_ALLOWED {
        let headers = response.headers_mut();
        headers.insert(header::ALLOW, HeaderValue::from_static(ALLOW));
    }
    open_to_all_origins(response.headers_mut());
    response
}

/// One line of plain text that no cache keeps.
pub fn text(status: StatusCode, line: &str) -> Response<Full<Bytes>> {
    fleeting(status, "text/plain; charset=utf-8", format!("{line}\n"))
}

/// Data of this moment: no cache keeps it.
pub fn json(status: StatusCode, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    fleeting(status, "application/json", body)
}

/// Prometheus text, in the version its scrapers name.
pub fn metrics(text: String) -> Response<Full<Bytes>> {
    fleeting(
        StatusCode::OK,
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
        text,
    )
}

/// A page of this moment: no cache keeps it.
pub fn html(status: StatusCode, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = fleeting(status, "text/html; charset=utf-8", body);
    guard_page(response.headers_mut());
    response
}

/// A page that is true for this moment only.
pub fn page(html: String) -> Response<Full<Bytes>> {
    let mut response = fleeting(StatusCode::OK, "text/html; charset=utf-8", html);
    guard_page(response.headers_mut());
    response
}

/// What is asked for is at another address, for good; `location` may be relative to the one asked for.
pub fn moved(location: &str) -> Response<Full<Bytes>> {
    let mut response = text(
        StatusCode::MOVED_PERMANENTLY,
        &format!("this is at {location} now"),
    );
    let location = HeaderValue::from_str(location);
    if let Ok(location) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// The answer to a CORS preflight, and to OPTIONS of any kind.
pub fn preflight() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::ALLOW, ALLOW),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD"),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "If-None-Match, If-Modified-Since, Cache-Control",
        ),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    open_to_all_origins(headers);
    response
}

fn fleeting(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    nosniff(headers);
    response
}

fn nosniff(headers: &mut HeaderMap) {
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
}

fn open_to_all_origins(headers: &mut HeaderMap) {
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("ETag, Last-Modified, Link"),
    );
}

fn guard_page(headers: &mut HeaderMap) {
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(PAGE_POLICY),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
}

/// A header's value of our own making.
fn ours(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).expect("printable ASCII")
}

#[cfg(test)]
mod tests;
