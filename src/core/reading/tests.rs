use bytes::Bytes;

use super::*;
use crate::core::config::{ConfigFile, Vocabulary, load};
use crate::core::model::DateFrom;
use crate::core::model::fixture::{at, entry, noon};

const LISTING: &str = "https://so.vn/tin";

fn reading(more: &str) -> Reading {
    let file = ConfigFile {
        name: "feeds.toml".into(),
        text: format!("[[source]]\nid = \"so\"\nurl = \"{LISTING}\"\n{more}\n"),
    };
    let config = load(&file, &[], &Vocabulary::default(), &|_| None)
        .expect("without a mistake")
        .config;
    Reading::of(&config.sources[0], &config)
}

fn answered(url: &str, body: impl Into<Bytes>) -> FetchOutcome {
    FetchOutcome::Fetched(Fetched {
        status: 200,
        url: url.into(),
        content_type: None,
        body: body.into(),
        validators: Validators {
            etag: Some("\"1\"".into()),
            last_modified: None,
        },
        freshness: Freshness::default(),
        moved_to: None,
    })
}

fn failed(kind: FaultKind, status: Option<u16>) -> FetchOutcome {
    FetchOutcome::Failed(FetchFault {
        status,
        ..FetchFault::new(kind, "it failed")
    })
}

fn begun(url: &str, body: impl Into<Bytes>, before: Before, reading: &Reading) -> Draft {
    match begin(answered(url, body), before, reading, noon()) {
        Beginning::Open(draft) => draft,
        Beginning::Settled(outcome) => panic!("settled: {outcome:?}"),
    }
}

fn tagger() -> Tagger {
    Tagger::new(&[])
}

/// Titles and problems of what was read.
fn told(outcome: PollOutcome) -> (Vec<String>, Vec<String>) {
    let PollOutcome::Read { feed, .. } = outcome else {
        panic!("not read: {outcome:?}");
    };
    let titles = feed.entries.into_iter().map(|entry| entry.title);
    let problems = feed.problems.into_iter().map(|problem| problem.what);
    (titles.collect(), problems.collect())
}

fn page(ids: std::ops::Range<u32>, next: &str) -> String {
    let items: String = ids
        .map(|n| {
            format!("<article><h3><a href='/tin/bai-{n}.html'>Làng nghề số {n} vào vụ mới</a></h3></article>")
        })
        .collect();
    format!("<html><body>{items}<a rel=next href='{next}'>Trang sau</a></body></html>")
}

const FIRST: Before = Before {
    body_key: None,
    is_first: true,
};

#[test]
fn older_pages_are_asked_for_on_the_first_poll_only_and_each_once() {
    let three = reading("kind = \"page\"\nselect = { item = \"article\", pages = 3 }");
    for (before, expected) in [(FIRST, 6), (Before::default(), 3)] {
        let mut draft = begun(LISTING, page(0..3, "?page=2"), before, &three);
        let mut asked = Vec::new();
        while let Some(address) = draft.next_address() {
            // The last page leads back to the first.
            let next = ["?page=2", "/tin"][asked.len().min(1)];
            let answer = answered(&address, page(3..6, next));
            draft.add(&address, answer, &three, noon());
            asked.push(address);
        }
        let PollOutcome::Read { feed, .. } = draft.finish(&three, &tagger(), noon()) else {
            panic!("not read");
        };
        assert_eq!(feed.entries.len(), expected, "{asked:?}");
        assert_eq!(
            feed.seen.map(|seen| seen.items),
            Some(3),
            "of the first page"
        );
    }
}

#[test]
fn an_older_page_that_fails_is_a_problem_and_no_failure() {
    let two = reading("kind = \"page\"\nselect = { item = \"article\", pages = 2 }");
    let mut draft = begun(LISTING, page(0..3, "?page=2"), FIRST, &two);
    let address = draft.next_address().expect("a second page");
    draft.add(&address, failed(FaultKind::Timeout, None), &two, noon());
    let (titles, problems) = told(draft.finish(&two, &tagger(), noon()));
    assert_eq!(titles.len(), 3);
    assert_eq!(problems, ["https://so.vn/tin?page=2: it failed"]);
}

#[test]
fn a_host_that_asks_for_rest_is_not_asked_on() {
    let two = reading("kind = \"sitemap\"");
    let index = "<sitemapindex><sitemap><loc>/a.xml</loc></sitemap><sitemap><loc>/b.xml</loc></sitemap></sitemapindex>";
    let mut draft = begun(LISTING, index, FIRST, &two);
    let address = draft.next_address().expect("a sitemap");
    let hour = std::time::Duration::from_secs(3600);
    let rest = FetchOutcome::Failed(FetchFault {
        retry_after: Some(hour),
        ..FetchFault::new(FaultKind::Throttled, "429")
    });
    draft.add(&address, rest, &two, noon());
    assert_eq!(draft.next_address(), None);
    let outcome = draft.finish(&two, &tagger(), noon());
    let PollOutcome::Read { retry_after, .. } = outcome else {
        panic!("not read");
    };
    assert_eq!(retry_after, Some(hour));
}

fn gzip(body: &str) -> Vec<u8> {
    use std::io::Write;
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    out.write_all(body.as_bytes()).expect("into memory");
    out.finish().expect("into memory")
}

fn urlset(names: std::ops::Range<u32>) -> String {
    let urls: String = names
        .map(|n| format!("<url><loc>https://so.vn/lang-nghe-vao-vu-{n}.html</loc></url>"))
        .collect();
    format!("<urlset>{urls}</urlset>")
}

#[test]
fn an_index_leads_to_its_sitemaps_packed_or_not_within_bounds() {
    let sitemaps = reading("kind = \"sitemap\"");
    let index: String = (0..9)
        .map(|n| {
            format!(
                "<sitemap><loc>/s/{n}.xml.gz</loc><lastmod>2026-11-0{}</lastmod></sitemap>",
                n + 1
            )
        })
        .collect();
    let index = format!("<sitemapindex>{index}</sitemapindex>");
    let mut draft = begun(LISTING, index, FIRST, &sitemaps);
    let mut asked = Vec::new();
    while let Some(address) = draft.next_address() {
        let body = gzip(&urlset(0..1));
        draft.add(&address, answered(&address, body), &sitemaps, noon());
        asked.push(address);
    }
    assert_eq!(
        asked,
        [
            "https://so.vn/s/8.xml.gz",
            "https://so.vn/s/7.xml.gz",
            "https://so.vn/s/6.xml.gz"
        ],
        "the newest first"
    );
    let outcome = draft.finish(&sitemaps, &tagger(), noon());
    let PollOutcome::Read {
        feed, validators, ..
    } = outcome
    else {
        panic!("not read");
    };
    assert_eq!(feed.format, "sitemap index, sitemap");
    assert!(validators.etag.is_some(), "its dates tell when it changes");
    assert_eq!(feed.entries[0].title, "lang nghe vao vu 0");
}

#[test]
fn an_index_without_dates_is_read_again_and_told_to_be_unchanged_by_its_sitemaps() {
    let sitemaps = reading("kind = \"sitemap\"");
    let index = "<sitemapindex><sitemap><loc>/s.xml</loc></sitemap></sitemapindex>";
    let read = |before: Before, body: String| {
        let mut draft = begun(LISTING, index, before, &sitemaps);
        let address = draft.next_address().expect("a sitemap");
        draft.add(&address, answered(&address, body), &sitemaps, noon());
        draft.finish(&sitemaps, &tagger(), noon())
    };
    let PollOutcome::Read {
        body_key,
        validators,
        ..
    } = read(FIRST, urlset(0..2))
    else {
        panic!("not read");
    };
    assert_eq!(validators, Validators::default());
    let before = Before {
        body_key: Some(body_key),
        is_first: false,
    };
    let again = read(before, urlset(0..2));
    assert!(matches!(again, PollOutcome::Unchanged { .. }), "{again:?}");
    let more = read(before, urlset(0..3));
    assert!(matches!(more, PollOutcome::Read { .. }), "{more:?}");
}

#[test]
fn a_packed_file_is_bounded_by_what_it_unpacks_to() {
    let mut small = reading("kind = \"sitemap\"");
    small.body_bytes_max = 1000;
    let bomb = gzip(&"<url/>".repeat(10_000));
    let outcome = read(answered(LISTING, bomb), FIRST, &small, &tagger(), noon());
    let PollOutcome::Failed(fault) = outcome else {
        panic!("not refused: {outcome:?}");
    };
    assert_eq!(fault.kind, FaultKind::TooLarge);
    let cut = gzip(&urlset(0..3));
    let outcome = read(
        answered(LISTING, cut[..cut.len() - 9].to_vec()),
        FIRST,
        &reading("kind = \"sitemap\""),
        &tagger(),
        noon(),
    );
    assert_eq!(
        told(outcome).0.len(),
        3,
        "what came before the damage is whole"
    );
}

#[test]
fn an_answer_of_another_kind_says_what_it_is() {
    let rss = "<rss version='2.0'><channel><title>x</title></channel></rss>";
    for (kind, body, expected) in [
        (
            "page",
            rss,
            "the answer is a feed: kind = \"feed\" reads it, not a page",
        ),
        (
            "feed",
            "<html><body>x</body></html>",
            "the answer is an HTML page, not a feed",
        ),
        (
            "sitemap",
            "<html><body>x</body></html>",
            "the answer is an HTML page, not a sitemap",
        ),
    ] {
        let reading = reading(&format!("kind = \"{kind}\""));
        let outcome = read(answered(LISTING, body), FIRST, &reading, &tagger(), noon());
        let PollOutcome::Failed(fault) = outcome else {
            panic!("{kind} was read");
        };
        assert_eq!(
            (fault.kind, fault.detail.as_str()),
            (FaultKind::NotAFeed, expected)
        );
    }
}

const ARTICLE: &str = "<html><head><meta property='og:title' content='Gốm Phù Lãng đỏ lửa'>\
    <meta property='article:published_time' content='2026-11-20T07:30:00+07:00'></head><body><h1>Gốm Phù Lãng đỏ lửa</h1>\
    <div class='detail-content'><p>Sau nhiều năm vắng khách, các lò gốm ở Phù Lãng (Bắc Ninh) đỏ lửa trở lại nhờ đơn hàng xuất khẩu đầu năm.</p>\
    <p>Theo Quyết định số 1881/QĐ-TTg của Thủ tướng Chính phủ, làng nghề được hỗ trợ máy móc và quảng bá sản phẩm.</p>\
    <script>alert(1)</script></div></body></html>";

#[test]
fn an_article_s_page_fills_what_its_source_leaves_out() {
    let reading = reading("kind = \"sitemap\"\nfull_text = true");
    let url = "https://so.vn/gom-phu-lang-1.html";
    let (said, fault) = full_text(answered(url, ARTICLE), None, &reading, noon());
    assert_eq!(fault, None);
    assert!(!FullText::is_wanted(Some(&said)));
    let bare = told_entry(&reading, url);
    assert_eq!(bare.title, "gom phu lang 1");
    let whole = with_full_text(bare, said.clone(), &reading, &tagger(), noon());
    assert_eq!(whole.title, "Gốm Phù Lãng đỏ lửa");
    assert_eq!(
        whole.published_at.map(|at| at.rfc3339()).as_deref(),
        Some("2026-11-20T00:30:00Z")
    );
    assert_eq!(whole.date_from, DateFrom::Page);
    let html = said.html.expect("a text");
    assert!(
        html.contains("đơn hàng xuất khẩu") && !html.contains("alert"),
        "{html}"
    );
    let terms: Vec<&str> = whole.tags.iter().map(|tag| tag.term.as_str()).collect();
    assert!(
        terms.contains(&"bac-ninh") && terms.contains(&"1881-qd-ttg"),
        "{terms:?}"
    );
}

/// The only entry of a sitemap that names `url`.
fn told_entry(reading: &Reading, url: &str) -> Entry {
    let body = format!("<urlset><url><loc>{url}</loc></url></urlset>");
    let outcome = read(answered(LISTING, body), FIRST, reading, &tagger(), noon());
    let PollOutcome::Read { feed, .. } = outcome else {
        panic!("not read");
    };
    feed.entries.into_iter().next().expect("one entry")
}

#[test]
fn what_an_entry_says_of_itself_stands() {
    let reading = reading("full_text = true");
    let own = at("so.vn", "/1.html", entry("Tin"));
    let (said, _) = full_text(
        answered("https://so.vn/1.html", ARTICLE),
        None,
        &reading,
        noon(),
    );
    let joined = with_full_text(own.clone(), said, &reading, &tagger(), noon());
    assert_eq!(
        (joined.title, joined.published_at, joined.date_from),
        (own.title, own.published_at, own.date_from)
    );
}

#[test]
fn a_page_that_fails_is_asked_again_only_where_that_may_help() {
    let reading = reading("full_text = true");
    for (answer, tries) in [
        (failed(FaultKind::Status, Some(404)), 1),
        (failed(FaultKind::Robots, None), 1),
        (failed(FaultKind::Robots, Some(503)), 3),
        (failed(FaultKind::TooLarge, Some(200)), 1),
        (answered(LISTING, "<p>không có gì</p>"), 1),
        (failed(FaultKind::Timeout, None), 3),
        (failed(FaultKind::Status, Some(502)), 3),
    ] {
        let mut known = None;
        let mut asked = 0;
        while FullText::is_wanted(known.as_ref()) {
            asked += 1;
            known = Some(full_text(answer.clone(), known.as_ref(), &reading, noon()).0);
        }
        assert_eq!(asked, tries, "{answer:?}");
    }
}

#[test]
fn what_is_unfinished_is_read_again() {
    let reading = reading("");
    let rss = "<rss version='2.0'><channel><item><title>Một tin</title></item></channel></rss>";
    let outcome = read(answered(LISTING, rss), FIRST, &reading, &tagger(), noon());
    let PollOutcome::Read {
        validators,
        body_key,
        ..
    } = unfinished(outcome)
    else {
        panic!("not read");
    };
    assert_eq!(validators, Validators::default());
    let before = Before {
        body_key: Some(body_key),
        is_first: false,
    };
    let again = read(answered(LISTING, rss), before, &reading, &tagger(), noon());
    assert!(matches!(again, PollOutcome::Read { .. }));
}
