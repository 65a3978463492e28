//! Newsrooms without a feed: listing pages, sitemaps, the pages of articles, and what robots.txt says of them.

use std::io::Write;
use std::time::Duration;

use crate::support::house::{Daemon, House};
use crate::support::origin::{Answer, Origin};

/// One item of a listing in the manner of a provincial newsroom: the title as a picture's text and as a heading.
fn item(n: usize) -> String {
    format!(
        "<div class='b-grid__row'><a class='b-grid__img' href='/tin/bai-{n}.html'><img alt='Làng nghề số {n} vào vụ mới' src='/anh/{n}.jpg'></a>\
         <h3 class='b-grid__title'><a href='/tin/bai-{n}.html'>Làng nghề số {n} vào vụ mới</a></h3>\
         <time>{:02}/11/2026 08:00</time><p class='b-grid__desc'>Lời dẫn của bài số {n} về làng nghề ở An Giang.</p></div>",
        n % 20 + 1
    )
}

fn listing(ns: impl IntoIterator<Item = usize>, more: &str) -> String {
    let items: String = ns.into_iter().map(item).collect();
    format!(
        "<html lang=vi><head><title>Tin làng nghề</title></head><body><nav><a href='/kinh-te'>Kinh tế</a></nav>\
         <div class='b-grid'>{items}</div>{more}<footer>Trang tin</footer></body></html>"
    )
}

fn source(origin: &Origin, path: &str, more: &str) -> String {
    format!(
        "[[source]]\nid = \"trang\"\nurl = \"{}\"\nmin_interval = \"1m\"\n{more}\n",
        origin.url(path)
    )
}

async fn opened(origin: &Origin, path: &str, more: &str) -> (House, Daemon) {
    let house = House::new();
    house.configure(&source(origin, path, more));
    let daemon = house.open().await;
    daemon.polled("trang", 1).await;
    (house, daemon)
}

fn text(body: &str) -> Answer {
    Answer::html(body).with("content-type", "text/plain")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_page_becomes_a_feed_with_its_older_pages_on_the_first_poll() {
    let origin = Origin::start().await;
    let next = |to: &str| format!("<a class='next' href='{to}'>Trang sau</a>");
    origin.say(
        "/tin",
        Answer::html(&listing(10..20, &next("/tin/trang-2"))),
    );
    origin.say(
        "/tin/trang-2",
        Answer::html(&listing(0..10, &next("/tin/trang-3"))),
    );
    let (_house, daemon) = opened(
        &origin,
        "/tin",
        "kind = \"page\"\nselect = { next = \"a.next\", pages = 2 }",
    )
    .await;
    let feed = daemon.get("/sources/trang.atom").await.feed();
    assert_eq!(feed.entries.len(), 20);
    let first = &feed.entries[0];
    assert_eq!(
        first.title.as_ref().map(|title| title.content.as_str()),
        Some("Làng nghề số 19 vào vụ mới")
    );
    assert!(
        first
            .categories
            .iter()
            .any(|category| category.term == "an-giang")
    );
    assert_eq!(origin.asked("/robots.txt").len(), 1);
    assert_eq!(origin.asked("/tin/trang-3").len(), 0);

    assert_eq!(daemon.poll_one("trang").await.outcome, "unchanged");
    origin.say(
        "/tin",
        Answer::html(&listing(11..21, &next("/tin/trang-2"))),
    );
    let polled = daemon.poll_one("trang").await;
    assert_eq!((polled.new.len(), polled.same), (1, 9));
    assert_eq!(
        origin.asked("/tin/trang-2").len(),
        1,
        "older pages are asked for once"
    );
    assert_eq!(
        daemon.source("trang").await["state"],
        "ok",
        "older pages are no habit of the first"
    );
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_changes_its_looks_is_suspect_and_loses_nothing() {
    let origin = Origin::start().await;
    origin.say("/tin", Answer::html(&listing(0..20, "")));
    let (_house, daemon) = opened(&origin, "/tin", "kind = \"page\"").await;
    assert_eq!(daemon.source("trang").await["state"], "ok");
    let moved = listing(0..20, "")
        .replace("b-grid", "c-list")
        .replace("h3", "h4");
    for (body, said) in [
        (
            listing([], ""),
            "the page lists nothing; it usually lists 20",
        ),
        (listing(0..3, ""), "the page lists 3; it usually lists 20"),
        (moved, "since 2026-11-22 the items stand elsewhere"),
    ] {
        origin.say("/tin", Answer::html(&body));
        daemon.poll_one("trang").await;
        let source = daemon.source("trang").await;
        assert_eq!(source["state"], "suspect", "{source}");
        let error = source["last_error"].as_str().expect("it says why");
        assert!(error.starts_with(said), "{error}");
        assert_eq!(
            daemon.get("/sources/trang.atom").await.feed().entries.len(),
            20
        );
    }
    origin.say("/tin", Answer::html(&listing(0..20, "")));
    daemon.poll_one("trang").await;
    assert_eq!(daemon.source("trang").await["state"], "ok");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn robots_txt_is_obeyed_for_pages_and_not_for_feeds() {
    let origin = Origin::start().await;
    origin.say("/robots.txt", text("User-agent: *\nDisallow: /\n"));
    origin.say("/tin", Answer::html(&listing(0..5, "")));
    origin.say(
        "/rss",
        Answer::feed("<rss version='2.0'><channel><title>Báo</title></channel></rss>"),
    );
    let house = House::new();
    let feed = format!(
        "[[source]]\nid = \"rss\"\nurl = \"{}\"\n",
        origin.url("/rss")
    );
    house.configure(&(source(&origin, "/tin", "kind = \"page\"") + &feed));
    let daemon = house.open().await;
    daemon.first_polls(&["trang", "rss"]).await;
    let page = daemon.source("trang").await;
    assert_eq!(page["state"], "failing");
    let error = page["last_error"].as_str().expect("it says why");
    assert!(
        error.starts_with("robots: ") && error.contains("/tin"),
        "{error}"
    );
    assert_eq!(daemon.source("rss").await["state"], "ok");
    assert_eq!(
        origin.asked("/tin").len(),
        0,
        "what is refused is not asked for"
    );
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_to_what_robots_txt_refuses_is_not_followed() {
    let origin = Origin::start().await;
    origin.say(
        "/robots.txt",
        text("User-agent: langbao\nDisallow: /rieng\n"),
    );
    origin.say("/tin", Answer::status(302).with("location", "/rieng/tin"));
    let (_house, daemon) = opened(&origin, "/tin", "kind = \"page\"").await;
    assert_eq!(daemon.source("trang").await["state"], "failing");
    assert_eq!(origin.asked("/rieng/tin").len(), 0);
    daemon.stop().await;
}

fn gzip(body: &str) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(body.as_bytes()).expect("into memory");
    out.finish().expect("into memory")
}

fn news(n: usize) -> String {
    format!(
        "<url><loc>/tin/bai-{n}.html</loc><news:news><news:title>Hội chợ OCOP số {n} mở cửa đón khách</news:title>\
         <news:publication_date>2026-11-21T0{n}:00:00+07:00</news:publication_date></news:news></url>"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sitemap_index_is_followed_to_packed_news() {
    let origin = Origin::start().await;
    origin.say(
        "/sitemap.xml",
        Answer::html("<sitemapindex><sitemap><loc>/tags.xml</loc></sitemap><sitemap><loc>/news.xml.gz</loc></sitemap></sitemapindex>"),
    );
    let set = |ns: std::ops::Range<usize>| {
        let urls: String = ns.map(news).collect();
        gzip(&format!("<urlset>{urls}</urlset>"))
    };
    origin.say("/news.xml.gz", Answer::feed(set(1..4)));
    let (_house, daemon) = opened(&origin, "/sitemap.xml", "kind = \"sitemap\"").await;
    let feed = daemon.get("/sources/trang.atom").await.feed();
    let titles: Vec<&str> = feed
        .entries
        .iter()
        .filter_map(|entry| Some(entry.title.as_ref()?.content.as_str()))
        .collect();
    assert_eq!(titles[0], "Hội chợ OCOP số 3 mở cửa đón khách");
    assert_eq!(titles.len(), 3);
    assert_eq!(daemon.poll_one("trang").await.outcome, "unchanged");
    origin.say("/news.xml.gz", Answer::feed(set(1..5)));
    assert_eq!(daemon.poll_one("trang").await.new.len(), 1);
    daemon.stop().await;
}

const ARTICLE: &str = "<html><head><title>x</title></head><body><h1>Gốm đỏ lửa</h1><div class='detail'>\
    <p>Sau nhiều năm vắng khách, các lò gốm trong làng đỏ lửa trở lại nhờ đơn hàng xuất khẩu đầu năm, thợ trẻ quay về học nghề.</p>\
    <p>Theo Quyết định số 1881/QĐ-TTg của Thủ tướng Chính phủ, làng nghề được hỗ trợ máy móc và quảng bá sản phẩm.</p></div></body></html>";

fn rss(origin: &Origin, ns: std::ops::Range<usize>) -> String {
    let items: String = ns
        .map(|n| {
            format!(
                "<item><title>Gốm đỏ lửa lần thứ {n}</title><link>{}</link><description>Tin gốm số {n}.</description></item>",
                origin.url(&format!("/bai/{n}.html"))
            )
        })
        .collect();
    format!("<rss version='2.0'><channel><title>Báo</title>{items}</channel></rss>")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_an_article_is_asked_for_once_and_shown_where_that_is_wanted() {
    let origin = Origin::start().await;
    for n in 1..5 {
        origin.say(&format!("/bai/{n}.html"), Answer::html(ARTICLE));
    }
    origin.say("/robots.txt", text("User-agent: *\nDisallow: /bai/3\n"));
    origin.say("/bai/2.html", Answer::status(404));
    origin.say("/rss", Answer::feed(rss(&origin, 1..4)));
    let (house, daemon) = opened(&origin, "/rss", "full_text = true").await;
    let shown = daemon.get("/sources/trang.atom").await;
    assert!(
        shown.text().contains("1881-qd-ttg"),
        "the text is read for documents"
    );
    assert!(!shown.text().contains("thợ trẻ"), "and not shown");

    origin.say("/rss", Answer::feed(rss(&origin, 1..5)));
    house.configure(&source(
        &origin,
        "/rss",
        "full_text = true\nrepublish = \"full\"",
    ));
    daemon.ask(langbao::admin::Request::Reload).await;
    let polled = daemon.poll_one("trang").await;
    assert_eq!((polled.new.len(), polled.changed), (1, 0), "{polled:?}");
    assert!(
        daemon
            .get("/sources/trang.atom")
            .await
            .text()
            .contains("thợ trẻ")
    );
    for (n, times) in [(1, 1), (2, 1), (3, 0), (4, 1)] {
        let asked = origin.asked(&format!("/bai/{n}.html")).len();
        assert_eq!(asked, times, "article {n}");
    }
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_articles_that_are_too_many_for_one_poll_wait_for_the_next() {
    let origin = Origin::start().await;
    let many = langbao::daemon::gather::FULL_TEXTS_MAX + 5;
    for n in 0..many {
        origin.say(&format!("/bai/{n}.html"), Answer::html(ARTICLE));
    }
    origin.say("/rss", Answer::tagged_feed(rss(&origin, 0..many)));
    let (_house, daemon) = opened(&origin, "/rss", "full_text = true").await;
    let asked = || {
        (0..many)
            .filter(|n| origin.asked(&format!("/bai/{n}.html")).len() == 1)
            .count()
    };
    assert_eq!(asked(), many - 5);
    let polled = daemon.poll_one("trang").await;
    assert_eq!((polled.outcome.as_str(), polled.changed), ("read", 5));
    assert_eq!(asked(), many);
    assert_eq!(daemon.poll_one("trang").await.outcome, "unchanged");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_wants_rest_while_articles_are_fetched_gets_it() {
    let origin = Origin::start().await;
    for n in 0..4 {
        origin.say(
            &format!("/bai/{n}.html"),
            Answer::status(429).with("retry-after", "7200"),
        );
    }
    origin.say("/rss", Answer::feed(rss(&origin, 0..4)));
    let (house, daemon) = opened(&origin, "/rss", "full_text = true").await;
    let asked: usize = (0..4)
        .map(|n| origin.asked(&format!("/bai/{n}.html")).len())
        .sum();
    assert_eq!(asked, 1);
    house.clock.advance(Duration::from_secs(7100));
    assert_eq!(daemon.poll_one("trang").await.outcome, "skipped");
    house.clock.advance(Duration::from_secs(200));
    assert_eq!(daemon.poll_one("trang").await.outcome, "read");
    daemon.stop().await;
}
