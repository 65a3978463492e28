use http_body_util::BodyExt;

use super::*;

const BODY: &str = "<feed>Tin địa phương</feed>";
/// Sun, 22 Nov 2026 01:30:00 GMT, and half a second.
const CHANGED_MS: i64 = 1_795_311_000_500;

fn feed() -> Document {
    Document::new(
        Kind::Feed,
        "application/atom+xml; charset=utf-8",
        BODY,
        Timestamp::from_millis(CHANGED_MS),
    )
}

fn later() -> Timestamp {
    Timestamp::from_millis(CHANGED_MS + 3_600_000)
}

fn ask(headers: &[(&str, &str)]) -> Response<Full<Bytes>> {
    let mut request = HeaderMap::new();
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        request.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    document(&Method::GET, &request, &feed(), later())
}

fn said<'a>(response: &'a Response<Full<Bytes>>, name: &str) -> Option<&'a str> {
    response
        .headers()
        .get(name)
        .map(|value| value.to_str().unwrap())
}

async fn body(response: Response<Full<Bytes>>) -> Bytes {
    response.into_body().collect().await.unwrap().to_bytes()
}

#[track_caller]
fn check(headers: &[(&str, &str)], status: u16) {
    assert_eq!(ask(headers).status().as_u16(), status, "{headers:?}");
}

#[tokio::test]
async fn a_document_comes_with_all_that_lets_it_be_kept() {
    let response = ask(&[]);
    assert_eq!(response.status(), StatusCode::OK);
    for (name, value) in [
        ("content-type", "application/atom+xml; charset=utf-8"),
        ("content-length", &BODY.len().to_string()),
        ("etag", &feed().etag(Encoding::Identity)),
        ("last-modified", "Sun, 22 Nov 2026 01:30:00 GMT"),
        ("cache-control", "public, max-age=60"),
        ("vary", "Accept-Encoding"),
        ("x-content-type-options", "nosniff"),
        ("access-control-allow-origin", "*"),
        ("access-control-expose-headers", "ETag, Last-Modified, Link"),
    ] {
        assert_eq!(said(&response, name), Some(value), "{name}");
    }
    assert_eq!(said(&response, "content-encoding"), None);
    assert_eq!(body(response).await, BODY);
}

#[tokio::test]
async fn each_encoding_has_its_own_tag_and_length() {
    for encoding in [Encoding::Gzip, Encoding::Zstd, Encoding::Brotli] {
        let response = ask(&[("accept-encoding", encoding.name())]);
        assert_eq!(said(&response, "content-encoding"), Some(encoding.name()));
        assert_eq!(
            said(&response, "etag"),
            Some(feed().etag(encoding).as_str())
        );
        let length = said(&response, "content-length").unwrap().to_owned();
        let bytes = body(response).await;
        assert_eq!(bytes, feed().bytes(encoding));
        assert_eq!(length, bytes.len().to_string());
    }
    let two_lines = ask(&[("accept-encoding", "deflate"), ("accept-encoding", "gzip")]);
    assert_eq!(said(&two_lines, "content-encoding"), Some("gzip"));
}

#[tokio::test]
async fn head_has_every_header_of_get_and_no_body() {
    let response = document(&Method::HEAD, &HeaderMap::new(), &feed(), later());
    assert_eq!(response.headers(), ask(&[]).headers());
    assert!(body(response).await.is_empty());
}

#[test]
fn who_holds_it_gets_304() {
    let own = feed().etag(Encoding::Identity);
    for tags in [
        own.clone(),
        format!("W/{own}"),
        feed().etag(Encoding::Gzip),
        "*".to_owned(),
        " * ".to_owned(),
        format!("\"x\", {own}"),
        format!("\"x\",,W/\"y\" ,\t{own},\"z\""),
        format!("\"a,b\", {own}"),
    ] {
        check(&[("if-none-match", &tags)], 304);
    }
    check(&[("if-none-match", "\"x\""), ("if-none-match", &own)], 304);
    check(&[("if-none-match", &own), ("accept-encoding", "br")], 304);
}

#[test]
fn who_holds_another_gets_200() {
    let own = feed().etag(Encoding::Identity);
    let bare = own.trim_matches('"');
    for tags in [
        "\"x\"",
        "",
        "x",
        bare,
        "\"",
        "\"x",
        "w/\"x\"",
        "W/",
        "\"*\"",
        "é",
        &format!("garbage {own}"),
        &format!("\"{bare}"),
        &format!("\"{bare}-deflate\""),
    ] {
        check(&[("if-none-match", tags)], 200);
    }
}

#[test]
fn a_304_names_the_tag_that_is_held() {
    let gzip = feed().etag(Encoding::Gzip);
    let response = ask(&[("if-none-match", &gzip), ("accept-encoding", "br")]);
    assert_eq!(said(&response, "etag"), Some(gzip.as_str()));
    let both = format!("{gzip}, {}", feed().etag(Encoding::Brotli));
    let response = ask(&[("if-none-match", &both), ("accept-encoding", "br")]);
    assert_eq!(
        said(&response, "etag"),
        Some(feed().etag(Encoding::Brotli).as_str())
    );
}

#[tokio::test]
async fn a_304_says_what_a_cache_needs_and_no_more() {
    let response = ask(&[("if-none-match", "*")]);
    let mut names: Vec<&str> = response.headers().keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    let expected = [
        "access-control-allow-origin",
        "access-control-expose-headers",
        "cache-control",
        "etag",
        "vary",
        "x-content-type-options",
    ];
    assert_eq!(names, expected);
    assert!(body(response).await.is_empty());
}

#[test]
fn dates_count_only_where_no_tag_is_given() {
    for (since, status) in [
        ("Sun, 22 Nov 2026 01:30:00 GMT", 304),
        ("Sun, 22 Nov 2026 01:30:01 GMT", 304),
        ("Sunday, 22-Nov-26 01:30:00 GMT", 304),
        ("Sun Nov 22 01:30:00 2026", 304),
        ("Sun, 22 Nov 2026 01:29:59 GMT", 200),
        ("Thu Jan  1 00:00:00 1970", 200),
        ("Mon, 22 Nov 2026 01:30:00 GMT", 200),
        ("2026-11-22T01:30:00Z", 200),
        ("", 200),
    ] {
        check(&[("if-modified-since", since)], status);
        check(
            &[("if-modified-since", since), ("if-none-match", "\"x\"")],
            200,
        );
    }
}

#[test]
fn a_second_that_is_not_over_is_not_announced() {
    let at = |ms: i64| Timestamp::from_millis(CHANGED_MS + ms);
    let changed = at(0);
    assert_eq!(announced(changed, at(0)).secs(), changed.secs() - 1);
    assert_eq!(announced(changed, at(499)).secs(), changed.secs() - 1);
    assert_eq!(announced(changed, at(500)).secs(), changed.secs());
    assert_eq!(
        announced(changed, at(-7_000)).secs(),
        changed.secs() - 8,
        "a clock set back"
    );

    let mut request = HeaderMap::new();
    let early = ours("Sun, 22 Nov 2026 01:29:59 GMT");
    request.insert(header::IF_MODIFIED_SINCE, early);
    let response = document(&Method::GET, &request, &feed(), at(100));
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(
        said(&response, "last-modified"),
        Some("Sun, 22 Nov 2026 01:29:59 GMT")
    );
}

#[tokio::test]
async fn a_refusal_is_a_sentence() {
    let mistake = Refusal::bad("limit \"0\" is not a number from 1 to 1000");
    let response = refusal(&mistake);
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(
        said(&response, "content-type"),
        Some("text/plain; charset=utf-8")
    );
    assert_eq!(said(&response, "cache-control"), Some("no-store"));
    assert_eq!(said(&response, "allow"), None);
    assert_eq!(
        body(response).await,
        "limit \"0\" is not a number from 1 to 1000\n"
    );
    let post = super::super::route::route(&Method::POST, "/", None).unwrap_err();
    assert_eq!(said(&refusal(&post), "allow"), Some("GET, HEAD, OPTIONS"));
}

#[test]
fn pages_are_guarded_and_feeds_are_open() {
    let page = Document::new(Kind::Page, "text/html; charset=utf-8", "", Timestamp::EPOCH);
    let kept = document(&Method::GET, &HeaderMap::new(), &page, later());
    for response in [kept, html(StatusCode::OK, "")] {
        assert_eq!(
            said(&response, "content-security-policy"),
            Some(PAGE_POLICY)
        );
        assert_eq!(said(&response, "referrer-policy"), Some("no-referrer"));
        assert_eq!(said(&response, "x-content-type-options"), Some("nosniff"));
        assert_eq!(said(&response, "access-control-allow-origin"), None);
    }
    assert_eq!(
        said(&json(StatusCode::OK, "{}"), "cache-control"),
        Some("no-store")
    );
    assert_eq!(said(&preflight(), "access-control-allow-origin"), Some("*"));
}
