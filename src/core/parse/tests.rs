use super::*;
use crate::core::model::{DateFrom, ParsedCategory};

const URL: &str = "https://bao.example.vn/rss/tin.xml";

fn now() -> Timestamp {
    Timestamp::from_secs(1_795_311_000)
}

fn answer(body: &[u8]) -> Answer<'_> {
    Answer {
        body,
        content_type: None,
        url: URL,
        time_zone_offset_s: None,
        items_max: 1000,
        now: now(),
    }
}

#[track_caller]
fn read(body: &str) -> ParsedFeed {
    feed(&answer(body.as_bytes())).unwrap()
}

#[track_caller]
fn one(body: &str) -> ParsedItem {
    let feed = read(body);
    assert_eq!(feed.items.len(), 1, "{:?}", feed.problems);
    feed.items.into_iter().next().unwrap()
}

fn rss(items: &str) -> String {
    format!("<rss version=\"2.0\"><channel><title>Báo</title>{items}</channel></rss>")
}

fn titles(feed: &ParsedFeed) -> Vec<&str> {
    feed.items
        .iter()
        .map(|item| item.title.as_deref().unwrap_or(""))
        .collect()
}

#[test]
fn a_sound_rss_feed_is_read_whole() {
    let feed = read(include_str!("../../../tests/data/parse/rss20.xml"));
    assert_eq!(feed.format, "RSS 2.0");
    assert_eq!(feed.title.as_deref(), Some("Báo Làng"));
    assert_eq!(feed.site.as_deref(), Some("https://bao.example.vn/"));
    assert_eq!(feed.language.as_deref(), Some("vi"));
    assert_eq!(feed.ttl.map(|ttl| ttl.as_secs()), Some(1800));
    assert_eq!(feed.skip_hours, [0, 1, 23]);
    assert_eq!(feed.skip_days, [5, 6]);
    assert_eq!(feed.problems, []);
    let item = &feed.items[0];
    assert_eq!(item.id.as_deref(), Some("bao-17"));
    assert_eq!(item.title.as_deref(), Some("Lũ lớn ở miền Trung"));
    assert_eq!(
        item.link.as_deref(),
        Some("https://bao.example.vn/lu-17.html")
    );
    assert_eq!(item.summary.as_deref(), Some("<p>Nước <b>lên</b></p>"));
    assert_eq!(
        item.content.as_deref(),
        Some("<p>Nước lên nhanh trong đêm.</p>")
    );
    assert_eq!(
        item.authors,
        ["toasoan@example.vn (Nguyễn Văn A)", "Trần Thị B"]
    );
    let terms: Vec<&str> = item.categories.iter().map(|c| c.term.as_str()).collect();
    assert_eq!(terms, ["Thời tiết", "Lũ lụt"]);
    let published = item.published.unwrap();
    assert_eq!(published.at.rfc3339(), "2026-11-22T01:30:00Z");
    assert_eq!(published.from, DateFrom::Stated);
    let files: Vec<&str> = item
        .enclosures
        .iter()
        .map(|file| file.url.as_str())
        .collect();
    assert_eq!(
        files,
        [
            "https://bao.example.vn/lu.mp3",
            "https://bao.example.vn/rss/anh/lu.jpg"
        ]
    );
    assert_eq!(item.enclosures[0].bytes, Some(1234));
}

#[test]
fn a_sound_atom_feed_is_read_whole() {
    let feed = read(include_str!("../../../tests/data/parse/atom10.xml"));
    assert_eq!(feed.format, "Atom 1.0");
    assert_eq!(feed.site.as_deref(), Some("https://bao.example.vn/"));
    assert_eq!(feed.problems, []);
    let [first, second] = &feed.items[..] else {
        panic!("two entries");
    };
    assert_eq!(first.title.as_deref(), Some("Thẻ &lt;b&gt; là gì"));
    assert_eq!(
        first.link.as_deref(),
        Some("https://bao.example.vn/tin/a.html")
    );
    assert_eq!(first.content.as_deref(), Some("<p>Một <br>hai</p>"));
    assert_eq!(
        first.published.unwrap().at.rfc3339(),
        "2026-11-21T17:00:00Z"
    );
    assert_eq!(first.updated_at.unwrap().rfc3339(), "2026-11-22T01:00:00Z");
    assert_eq!(first.language.as_deref(), Some("en"));
    assert_eq!(
        first.categories,
        [ParsedCategory {
            term: "ocop".to_owned(),
            label: Some("OCOP".to_owned())
        }]
    );
    assert_eq!(second.authors, ["Toà soạn"]);
    assert_eq!(second.language.as_deref(), Some("vi"));
    assert_eq!(second.published.unwrap().at, second.updated_at.unwrap());
}

#[test]
fn atom_0_3_is_read_as_atom() {
    let item = one(include_str!("../../../tests/data/parse/atom03.xml"));
    assert_eq!(item.title.as_deref(), Some("<b>Mưa</b> lớn"));
    assert_eq!(item.content.as_deref(), Some("<p>Nội dung</p>"));
    assert_eq!(item.published.unwrap().at.rfc3339(), "2026-11-22T01:30:00Z");
    assert_eq!(item.updated_at.unwrap().rfc3339(), "2026-11-22T02:30:00Z");
}

#[test]
fn rss_1_0_is_read_with_its_modules() {
    let item = one(include_str!("../../../tests/data/parse/rss10.rdf"));
    assert_eq!(item.id.as_deref(), Some("https://bao.example.vn/a"));
    assert_eq!(item.authors, ["Lê C"]);
    assert_eq!(item.categories[0].term, "Kinh tế");
    assert_eq!(item.published.unwrap().at.rfc3339(), "2026-11-22T01:30:00Z");
}

#[test]
fn json_feed_is_read() {
    let feed = read(
        "\u{feff}{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"Báo\",\"authors\":[{\"name\":\"Toà soạn\"}],\
         \"items\":[{\"id\":7,\"url\":\"/a\",\"title\":\"A & B\",\"content_html\":\"<p>x</p>\",\"tags\":[\"lũ\",3],\
         \"date_published\":\"2026-11-22T08:30:00+07:00\",\"attachments\":[{\"url\":\"a.mp3\",\"mime_type\":\"audio/mpeg\"}]},{},5]}",
    );
    assert_eq!(feed.format, "JSON Feed 1.1");
    assert_eq!(feed.problems.len(), 2);
    let item = &feed.items[0];
    assert_eq!(item.id.as_deref(), Some("7"));
    assert_eq!(item.title.as_deref(), Some("A &amp; B"));
    assert_eq!(item.authors, ["Toà soạn"]);
    assert_eq!(item.categories.len(), 1);
    assert_eq!(item.enclosures.len(), 1);
}

#[test]
fn roots_and_namespaces_that_feed_rs_refuses_are_read() {
    let item = "<item><title>A</title><link>http://a.vn/1</link></item>";
    for body in [
        format!("<rss><channel>{item}</channel></rss>"),
        format!("<rss version=\"2\"><channel>{item}</channel></rss>"),
        format!("<rss version=\"2.01\"><channel>{item}</channel></rss>"),
        format!("<rss version=\"0.93\"><channel>{item}</channel></rss>"),
        format!("<rss version=\"0.94\"><channel>{item}</channel></rss>"),
        format!("<RSS version=\"2.0\"><channel>{item}</channel></RSS>"),
        format!("<rss version=\"2.0\" xmlns=\"http://backend.userland.com/rss2\"><channel>{item}</channel></rss>"),
        format!("<rss version=\"2.0\" xmlns=\"http://blogs.law.harvard.edu/tech/rss\"><channel>{item}</channel></rss>"),
        format!("<rss version=\"2.0\">{item}</rss>"),
        format!("<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns=\"http://my.netscape.com/rdf/simple/0.9/\">{item}</rdf:RDF>"),
        format!("<Channel xmlns=\"http://purl.org/net/rss1.1#\"><items>{item}</items></Channel>"),
        format!("{}<rss version=\"2.0\"><channel>{item}</channel></rss>", " ".repeat(20_000)),
        format!("<br />\n<b>Warning</b>: include(x) in <b>y.php</b><?xml version=\"1.0\"?><rss version=\"2.0\"><channel>{item}</channel></rss>"),
        "<feed xmlns=\"https://www.w3.org/2005/Atom\"><entry><title>A</title><link href=\"http://a.vn/1\"/></entry></feed>".to_owned(),
        "<entry xmlns=\"http://www.w3.org/2005/Atom\"><title>A</title><link href=\"http://a.vn/1\"/></entry>".to_owned(),
    ] {
        let item = one(&body);
        assert_eq!(item.title.as_deref(), Some("A"), "{body}");
        assert_eq!(item.link.as_deref(), Some("http://a.vn/1"), "{body}");
    }
}

#[test]
fn what_panics_in_feed_rs_is_read() {
    let long = "9".repeat(23);
    for (items, author) in [
        (
            "<author>Nguyễn Văn A\u{a0}a@b.vn</author>".to_owned(),
            "Nguyễn Văn A\u{a0}a@b.vn",
        ),
        (
            "<dc:creator>Nguyễn Văn A\u{a0}a@b.vn</dc:creator>".to_owned(),
            "Nguyễn Văn A\u{a0}a@b.vn",
        ),
        (
            "<managingEditor>ộa@b.vnộ</managingEditor>".to_owned(),
            "ộa@b.vnộ",
        ),
        (
            format!(
                "<itunes:duration>{long}:00:00</itunes:duration><itunes:author>A</itunes:author>"
            ),
            "A",
        ),
        (
            format!(
                "<media:content url='http://a.vn/x.mp4' duration='{long}'><media:text start='{long}'>x</media:text></media:content><author>A</author>"
            ),
            "A",
        ),
    ] {
        let feed = read(&rss(&format!("<item><title>T</title>{items}</item>")));
        assert_eq!(feed.problems, [], "{items}");
        assert_eq!(feed.items[0].authors, [author]);
    }
    let second =
        "<?xml version=\"1.0\"?><!-- x --><?xml version=\"1.0\" encoding=\"windows-1252\"?>";
    let body = format!("{second}{}", rss("<item><title>Lũ</title></item>"));
    assert_eq!(one(&body).title.as_deref(), Some("Lũ"));
    let mut wide = vec![0xfe, 0xff];
    wide.extend(body.encode_utf16().flat_map(u16::to_be_bytes));
    let feed = feed(&answer(&wide)).unwrap();
    assert_eq!(titles(&feed), ["Lũ"]);
}

#[test]
fn deep_nesting_costs_neither_the_process_nor_the_feed() {
    let groups = format!(
        "{}{}",
        "<media:group>".repeat(1000),
        "</media:group>".repeat(1000)
    );
    let body = rss(&format!(
        "<item><title>A</title>{groups}<guid>1</guid></item><item><title>B</title></item>"
    ));
    assert_eq!(titles(&read(&body)), ["A", "B"]);
    let open = rss(&format!(
        "<item><title>A</title>{}</item><item><title>B</title></item>",
        "<media:group>".repeat(5000)
    ));
    assert_eq!(titles(&read(&open)), ["A", "B"]);
}

#[test]
fn one_fault_costs_at_most_its_item() {
    for damage in [
        "<title>R&D & R&ampD</title>",
        "<title>1 < 2</title>",
        "<title>A<b>B</title>",
        "<title>A</titel>",
        "<content type=\"HTML\"></content>",
        "<description><p>a<br>b</p></div></description>",
        "<description><![CDATA[a]]>b]]></description>",
        "<title>&nbsp;&eacute;&khong;</title>",
        "<link href=x>",
    ] {
        let body = rss(&format!(
            "<item><title>A</title></item><item>{damage}<guid>2</guid></item><item><title>C</title></item>"
        ));
        let feed = read(&body);
        assert_eq!(feed.items.len(), 3, "{damage}: {:?}", feed.problems);
        assert_eq!(feed.items[1].id.as_deref(), Some("2"), "{damage}");
        assert_eq!(feed.items[2].title.as_deref(), Some("C"), "{damage}");
    }
}

#[test]
fn an_atom_entry_that_feed_rs_refuses_costs_nothing() {
    let body = "<feed xmlns=\"http://www.w3.org/2005/Atom\"><entry><id>1</id><content type=\"no such type\">x</content></entry>\
                <entry><id>2</id><summary type=\"text/plain\"></summary></entry></feed>";
    assert_eq!(read(body).items.len(), 2);
}

#[test]
fn a_cut_answer_keeps_its_whole_items() {
    let whole =
        rss(&"<item><guid>1</guid><title>Lũ</title><description>x</description></item>".repeat(3));
    for end in (0..whole.len()).filter(|end| whole.is_char_boundary(*end)) {
        let cut = &whole[..end];
        let complete = cut.matches("</item>").count();
        let read = feed(&answer(cut.as_bytes()));
        let items = read.map_or(0, |feed| feed.items.len());
        assert!(items >= complete, "{end}: {items} of {complete}");
    }
    let feed = read(
        "<rss><channel><item><guid>1</guid><title>A</title></item><item><title>B</title><guid>http://a.vn/ha",
    );
    assert_eq!(feed.items[1].id, None);
    assert_eq!(feed.problems[0].what, "the document is cut short");
}

#[test]
fn a_missing_id_stays_missing() {
    let item = one(&rss(
        "<item><title>A</title><link>http://a.vn/1</link></item>",
    ));
    assert_eq!(item.id, None);
    assert_eq!(one(&rss("<item><title>A</title></item>")).id, None);
}

#[test]
fn a_permalink_is_an_address_and_another_guid_is_not() {
    let link = |guid: &str| one(&rss(&format!("<item><title>A</title>{guid}</item>"))).link;
    assert_eq!(
        link("<guid>http://a.vn/1</guid>").as_deref(),
        Some("http://a.vn/1")
    );
    assert_eq!(
        link("<guid isPermaLink=\"false\">http://a.vn/1</guid>"),
        None
    );
    assert_eq!(link("<guid>bai-1</guid>"), None);
    assert_eq!(link("<guid>tag:a.vn,2026:/1</guid>"), None);
    assert_eq!(link("<guid isPermaLink=\"false\">/bai/1</guid>"), None);
    assert_eq!(
        link("<guid>/bai/1.html</guid>").as_deref(),
        Some("https://bao.example.vn/bai/1.html")
    );
    assert_eq!(
        link("<guid>http://a.vn/1</guid><link>http://a.vn/2</link>").as_deref(),
        Some("http://a.vn/2")
    );
}

#[test]
fn bases_are_heeded() {
    let item = one(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:base=\"http://a.vn/x/\"><entry xml:base=\"y/\"><link href=\"z\"/></entry></feed>",
    );
    assert_eq!(item.base.as_deref(), Some("http://a.vn/x/y/"));
    assert_eq!(item.link.as_deref(), Some("http://a.vn/x/y/z"));
}

#[test]
fn an_unreadable_date_is_a_problem_and_no_date() {
    let feed = read(&rss(
        "<item><title>A</title><pubDate>hôm nào đó</pubDate></item>",
    ));
    assert_eq!(feed.items[0].published, None);
    assert_eq!(feed.problems[0].item, Some(0));
    let feed = read(&rss(
        "<item><title>A</title><pubDate>xx</pubDate><dc:date>2026-11-22T01:30:00Z</dc:date></item>",
    ));
    assert_eq!(feed.items[0].published.unwrap().at, now());
    assert_eq!(feed.problems, []);
}

#[test]
fn an_empty_item_is_a_problem() {
    let feed = read(&rss(
        "<item/><item><pubDate>Sun, 22 Nov 2026 01:30:00 GMT</pubDate></item>",
    ));
    assert_eq!(feed.items, []);
    assert_eq!(feed.problems.len(), 3);
    assert_eq!(
        feed.problems[0].what,
        "0 entries read where 2 items are in the bytes"
    );
}

#[test]
fn the_newest_items_are_kept_in_their_order() {
    let items: String = (0..10)
        .map(|n| {
            format!(
                "<item><guid>{n}</guid><pubDate>2026-11-{:02}</pubDate></item>",
                (n * 3) % 10 + 1
            )
        })
        .collect();
    let body = rss(&items);
    let feed = feed(&Answer {
        items_max: 3,
        ..answer(body.as_bytes())
    })
    .unwrap();
    let ids: Vec<&str> = feed
        .items
        .iter()
        .filter_map(|item| item.id.as_deref())
        .collect();
    assert_eq!(ids, ["3", "6", "9"].map(|id| id), "{ids:?}");
    assert_eq!(
        feed.problems[0].what,
        "10 items, of which the newest 3 were taken"
    );
    let undated = rss(&"<item><title>A</title></item>".repeat(5));
    let feed = super::feed(&Answer {
        items_max: 2,
        ..answer(undated.as_bytes())
    })
    .unwrap();
    assert_eq!(feed.items.len(), 2);
}

#[test]
fn what_is_no_feed_is_told_by_what_it_looks_like() {
    for (body, expected) in [
        ("", "an empty answer"),
        (" \n ", "an empty answer"),
        (
            "<!DOCTYPE html><html><head><title>x</title></head><body><ul><li>a</li></ul></body></html>",
            "an HTML page",
        ),
        (
            "<html><body><article><title>x</title></article></body></html>",
            "an HTML page",
        ),
        ("Xin chào", "plain text"),
        ("%PDF-1.7 x", "a PDF document"),
        ("{\"error\":404}", "JSON that is no JSON Feed"),
        ("{\"items\":[", "JSON that breaks off or is damaged"),
        (
            "<urlset><url><loc>http://a.vn/</loc></url></urlset>",
            "a sitemap",
        ),
        (
            "<opml version=\"1.0\"><body><outline/></body></opml>",
            "a list of feeds (OPML)",
        ),
        ("<svg/>", "an XML document with root <svg>"),
    ] {
        let fault = feed(&answer(body.as_bytes())).unwrap_err();
        assert_eq!(fault, ParseFault::NotAFeed(expected.to_owned()), "{body}");
    }
}

#[test]
fn an_empty_feed_is_a_feed() {
    for body in [
        rss("").as_str(),
        "<feed xmlns=\"http://www.w3.org/2005/Atom\"/>",
    ] {
        let feed = read(body);
        assert_eq!((feed.items.len(), feed.problems.len()), (0, 0));
    }
}

#[test]
fn problems_are_bounded() {
    assert_eq!(
        read(&rss(&"<item/>".repeat(5000))).problems.len(),
        PROBLEMS_MAX + 1
    );
}

proptest::proptest! {
    #[test]
    fn no_bytes_panic(body in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
        let read = feed(&answer(&body));
        proptest::prop_assert!(!matches!(read, Err(ParseFault::Panicked(_))));
    }

    #[test]
    fn no_mangled_feed_panics(at in 0_usize..3000, with in "\\PC{0,12}") {
        let mut body = include_str!("../../../tests/data/parse/rss20.xml").to_owned();
        let at = (0..=at.min(body.len())).rev().find(|at| body.is_char_boundary(*at)).unwrap_or(0);
        body.insert_str(at, &with);
        let read = feed(&answer(body.as_bytes()));
        proptest::prop_assert!(!matches!(read, Err(ParseFault::Panicked(_))));
    }
}

#[test]
fn dates_without_a_zone_follow_the_administrator_else_the_answer() {
    let english = "The river rose above the third alarm level this morning. ".repeat(5);
    let at = |url: &str, named: Option<i32>, words: &str| {
        let rss = rss(&format!(
            "<item><title>A</title><description>{words}</description><pubDate>2026-11-22T08:30:00</pubDate></item>"
        ));
        let json = format!(
            "{{\"version\":\"https://jsonfeed.org/version/1.1\",\"items\":[{{\"id\":\"1\",\"content_text\":\"{words}\",\"date_published\":\"2026-11-22T08:30:00\"}}]}}"
        );
        let [rss, json] = [rss, json].map(|body| {
            let answer = Answer {
                url,
                time_zone_offset_s: named,
                ..answer(body.as_bytes())
            };
            feed(&answer).unwrap().items[0]
                .published
                .unwrap()
                .at
                .rfc3339()
        });
        assert_eq!(rss, json, "{url} {named:?}");
        rss
    };
    let com = "https://example.com/rss";
    for (url, named, words, expected) in [
        (URL, None, english.as_str(), "2026-11-22T01:30:00Z"),
        (com, None, "Lũ ở Quảng Trị", "2026-11-22T01:30:00Z"),
        (com, None, "Flood", "2026-11-22T01:30:00Z"),
        (com, None, &english, "2026-11-22T08:30:00Z"),
        (com, Some(7 * 3600), &english, "2026-11-22T01:30:00Z"),
        (URL, Some(0), &english, "2026-11-22T08:30:00Z"),
    ] {
        assert_eq!(at(url, named, words), expected, "{url} {named:?} {words}");
    }
}

#[test]
fn days_and_months_stand_in_the_order_that_an_answers_own_dates_tell() {
    let days = |dates: &[&str]| -> Vec<String> {
        let rows: String = dates
            .iter()
            .enumerate()
            .map(|(n, date)| format!("<item><guid>{n}</guid><pubDate>{date}</pubDate></item>"))
            .collect();
        let objects: Vec<String> = dates
            .iter()
            .enumerate()
            .map(|(n, date)| format!("{{\"id\":\"{n}\",\"date_published\":\"{date}\"}}"))
            .collect();
        let json = format!(
            "{{\"version\":\"https://jsonfeed.org/version/1.1\",\"items\":[{}]}}",
            objects.join(",")
        );
        let [rss, json] = [rss(&rows), json].map(|body| -> Vec<String> {
            let items = read(&body).items.into_iter();
            items
                .map(|item| item.published.unwrap().at.rfc3339()[..10].to_owned())
                .collect()
        });
        assert_eq!(rss, json, "{dates:?}");
        rss
    };
    for (dates, expected) in [
        (
            ["11/20/2026 08:30", "11/19/2026 08:30", "11/05/2026 08:30"],
            ["2026-11-20", "2026-11-19", "2026-11-05"],
        ),
        (
            ["20/11/2026 08:30", "11/19/2026 08:30", "11/05/2026 08:30"],
            ["2026-11-20", "2026-11-19", "2026-05-11"],
        ),
        (
            ["11/05/2026 08:30", "10/05/2026 08:30", "09/05/2026 08:30"],
            ["2026-05-11", "2026-05-10", "2026-05-09"],
        ),
        (
            ["11/20/2026 08:30", "11.05.2026 08:30", "08:30 11/05"],
            ["2026-11-20", "2026-05-11", "2026-11-05"],
        ),
    ] {
        assert_eq!(days(&dates), expected, "{dates:?}");
    }
}

#[test]
fn what_one_item_does_to_feed_rs_costs_no_other() {
    let media = "<media:content xmlns:media=\"http://search.yahoo.com/mrss/\" url=\"http://a.vn/a.jpg\" type=\"image/jpeg\"/>";
    let items: String = (0..250)
        .map(|n| format!("<item><guid>{n}</guid><title>T{n}</title>{media}</item>"))
        .collect();
    let feed = read(&rss(&format!(
        "{items}<item xml:base=\"http://[bad\"><guid>x</guid></item>{items}"
    )));
    assert_eq!(feed.items.len(), 501);
    assert!(
        feed.items
            .iter()
            .filter(|item| item.enclosures.len() == 1)
            .count()
            == 500
    );
}
