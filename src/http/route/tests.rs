use super::*;

fn get(address: &str) -> Result<Route, Refusal> {
    let (path, query) = match address.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (address, None),
    };
    route(&Method::GET, path, query)
}

fn feed(scope: Scope, format: Format, query: FeedQuery) -> Route {
    Route::Feed {
        scope,
        format,
        query,
    }
}

fn page(scope: Scope) -> Route {
    Route::Page {
        scope,
        cursor: None,
    }
}

#[track_caller]
fn check(address: &str, expected: Route) {
    assert_eq!(get(address), Ok(expected), "{address}");
}

#[track_caller]
fn check_refused(address: &str, status: u16, sentence: &str) {
    let refusal = get(address).expect_err(address);
    assert_eq!(refusal.status.as_u16(), status, "{address}");
    assert!(refusal.sentence.contains(sentence), "{}", refusal.sentence);
    assert!(!refusal.sentence.contains(char::is_control));
}

#[test]
fn what_exists_is_found() {
    check("/", page(Scope::All));
    check("/status.json", Route::StatusJson);
    check("/healthz", Route::Health);
    check("/readyz", Route::Ready);
    let none = FeedQuery::default;
    check("/feed.atom", feed(Scope::All, Format::Atom, none()));
    check("/feed.rss?", feed(Scope::All, Format::Rss, none()));
    let source = || Scope::Source("lang-nghe-viet".to_owned());
    check(
        "/sources/lang-nghe-viet.atom",
        feed(source(), Format::Atom, none()),
    );
    check(
        "/sources/lang-nghe-viet.rss?&&",
        feed(source(), Format::Rss, none()),
    );
    check("/%66eed.%61tom", feed(Scope::All, Format::Atom, none()));
}

#[test]
fn what_does_not_exist_is_404_and_says_what_does() {
    check_refused("/nope", 404, "nothing is at \"/nope\"");
    check_refused(
        "/nope",
        404,
        "/topics/{slug}.atom, /documents/{slug}.atom, /sources/{id}.atom",
    );
    check_refused("/feed.atom/", 404, "did you mean /feed.atom?");
    check_refused("/Feed.atom", 404, "did you mean /feed.atom?");
    for address in [
        "//",
        "//feed.atom",
        "/feed",
        "/feed.xml",
        "/sources",
        "/sources/",
        "/sources/a/b.atom",
        "/sources/a.json",
        "/provinces/",
        "/provinces/hue/",
        "/provinces/hue.json",
        "/feed.json",
        "/sources%2Fa.atom",
        "/./feed.atom",
        "/../etc/passwd",
        "/feed.atom%00",
        "/feed.atom.rss",
        "",
        "x",
        "*",
        "/colours/red",
    ] {
        check_refused(address, 404, "nothing is at");
    }
}

#[test]
fn a_broken_address_is_400() {
    for address in [
        "/%",
        "/%6",
        "/%zz",
        "/%+1",
        "/sources/%ff.atom",
        "/feed.atom?limit=%",
    ] {
        check_refused(address, 400, "is not percent-encoded UTF-8");
    }
}

#[test]
fn limit_and_cursor_are_taken() {
    let cursor = Cursor {
        published_at: Timestamp::from_millis(1_795_310_000_123),
        no: 47,
    };
    let query = FeedQuery {
        limit: Some(50),
        cursor: Some(cursor),
        ..FeedQuery::default()
    };
    let address = format!("/feed.atom?limit=50&cursor={}", cursor.encode());
    check(&address, feed(Scope::All, Format::Atom, query));
    for limit in [1, 1000] {
        let query = FeedQuery {
            limit: Some(limit),
            ..FeedQuery::default()
        };
        check(
            &format!("/feed.rss?limit={limit}"),
            feed(Scope::All, Format::Rss, query),
        );
    }
}

#[test]
fn a_narrowed_feed_has_an_address_and_any_combination_is_one() {
    for (address, scope) in [
        (
            "/provinces/an-giang.atom",
            Scope::Province("an-giang".into()),
        ),
        (
            "/former-provinces/ben-tre.atom",
            Scope::FormerProvince("ben-tre".into()),
        ),
        ("/topics/ocop.atom", Scope::Topic("ocop".into())),
        (
            "/documents/1881-qd-ttg.atom",
            Scope::Document("1881-qd-ttg".into()),
        ),
    ] {
        check(address, feed(scope, Format::Atom, FeedQuery::default()));
    }
    let query = FeedQuery {
        province: vec!["an-giang".into(), "hue".into()],
        topic: vec!["ocop".into()],
        source: vec!["a".into()],
        limit: Some(5),
        ..FeedQuery::default()
    };
    // Equal questions are equal, in whatever order and however often they are put.
    for address in [
        "/feed.atom?province=an-giang&province=hue&topic=ocop&source=a&limit=5",
        "/feed.atom?limit=5&topic=ocop&province=hue&source=a&province=an-giang&province=hue",
    ] {
        check(address, feed(Scope::All, Format::Atom, query.clone()));
    }
}

#[test]
fn a_narrowed_page_has_an_address_and_goes_on_from_a_cursor() {
    for (address, scope) in [
        ("/provinces/an-giang", Scope::Province("an-giang".into())),
        (
            "/former-provinces/ben-tre",
            Scope::FormerProvince("ben-tre".into()),
        ),
        ("/topics/ocop", Scope::Topic("ocop".into())),
        (
            "/documents/1881-qd-ttg",
            Scope::Document("1881-qd-ttg".into()),
        ),
        (
            "/sources/lang-nghe-viet",
            Scope::Source("lang-nghe-viet".into()),
        ),
        ("/", Scope::All),
    ] {
        check(address, page(scope.clone()));
        let cursor = Cursor::decode("19e704489a8-2f").ok();
        let address = format!("{address}?x=1&cursor=19e704489a8-2f");
        check(&address, Route::Page { scope, cursor });
    }
}

#[test]
fn a_sources_own_feed_is_not_narrowed_further() {
    check_refused(
        "/sources/a.atom?topic=ocop",
        400,
        "narrow /feed.atom?source=",
    );
}

#[test]
fn a_mistaken_parameter_is_400_with_a_sentence() {
    for limit in [
        "0",
        "1001",
        "",
        "-1",
        "%2B5",
        "+5",
        "ten",
        "1.0",
        "99999999999999999999999",
        "٣",
    ] {
        check_refused(
            &format!("/feed.atom?limit={limit}"),
            400,
            "is not a number from 1 to 1000",
        );
    }
    check_refused("/feed.atom?limit", 400, "limit \"\" is not a number");
    check_refused(
        "/feed.atom?limit=5&limit=5",
        400,
        "\"limit\" is given twice",
    );
    check_refused(
        "/feed.atom?cursor=0-0&cursor=0-1",
        400,
        "\"cursor\" is given twice",
    );
    check_refused(
        "/feed.atom?limt=5",
        400,
        "unknown parameter \"limt\": a feed takes province, former_province, topic, document, source, limit and cursor; did you mean limit?",
    );
    check_refused(
        "/sources/a.atom?colour=red",
        400,
        "unknown parameter \"colour\"",
    );
    check_refused("/feed.atom?%0a=1", 400, "unknown parameter \"\\n\"");
    check_refused("/feed.atom?=1", 400, "unknown parameter \"\"");
    check_refused(&format!("/feed.atom?{}", "x".repeat(9999)), 400, "…\"");
}

#[test]
fn pages_ignore_parameters() {
    check("/?utm_source=x&limit=9999&%", page(Scope::All));
    check(
        "/topics/ocop?cursor=none-of-ours&province=nowhere",
        page(Scope::Topic("ocop".into())),
    );
    check("/status.json?pretty", Route::StatusJson);
    check("/healthz?x=%zz", Route::Health);
}

#[test]
fn other_methods_are_405_where_something_is_and_404_elsewhere() {
    let status = |method: &Method, path| route(method, path, None).map_err(|r| r.status.as_u16());
    assert_eq!(status(&Method::HEAD, "/"), Ok(page(Scope::All)));
    assert_eq!(status(&Method::OPTIONS, "/feed.atom"), Ok(Route::Preflight));
    assert_eq!(status(&Method::OPTIONS, "*"), Ok(Route::Preflight));
    assert_eq!(status(&Method::OPTIONS, "/nope"), Err(404));
    for method in [
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::TRACE,
        Method::CONNECT,
    ] {
        assert_eq!(status(&method, "/feed.atom"), Err(405));
        assert_eq!(status(&method, "/nope"), Err(404));
    }
}

#[test]
fn a_cursor_is_read_back() {
    for ms in [i64::MIN, -1, 0, 1, 1_795_310_000_123, i64::MAX] {
        for no in [0, 1, u64::MAX] {
            let cursor = Cursor {
                published_at: Timestamp::from_millis(ms),
                no,
            };
            assert_eq!(Cursor::decode(&cursor.encode()), Ok(cursor));
        }
    }
    let known = Cursor {
        published_at: Timestamp::from_millis(1_780_000_000_424),
        no: 47,
    };
    assert_eq!(
        known.encode(),
        "19e704489a8-2f",
        "cursors must outlive an update"
    );
}

#[test]
fn garbage_is_no_cursor() {
    for raw in [
        "",
        "-",
        "0",
        "0-",
        "-0",
        "+0-0",
        "0-+0",
        "00-0",
        "0-00",
        "A-0",
        "0-0-0",
        "0 -0",
        "0-0\n",
        "7fffffffffffffff-0",
        "10000000000000000-0",
        "x-y",
        "0-g",
    ] {
        let refusal = Cursor::decode(raw).expect_err(raw);
        assert!(refusal.sentence.contains("is none of ours"), "{raw:?}");
    }
}
