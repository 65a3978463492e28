use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::core::model::{
    CopyView, DateFrom, Enclosure, EntryView, FeedView, Point, Scheme, SourceView, Tag, TagOrigin,
    Timestamp, Tombstone,
};

fn view(entries: Vec<EntryView>) -> FeedView {
    FeedView {
        id: "tag:tin.example.vn,2026-11-22:k3x9q2wd".to_owned(),
        title: "Tin địa phương".to_owned(),
        subtitle: "Từ các toà soạn tỉnh".to_owned(),
        language: "vi".to_owned(),
        updated_at: Timestamp::from_millis(1_795_311_000_500),
        self_url: "https://tin.example.vn/feed.atom?limit=2&cursor=a1-2".to_owned(),
        page_url: "https://tin.example.vn/".to_owned(),
        first_url: Some("https://tin.example.vn/feed.atom?limit=2".to_owned()),
        next_url: Some("https://tin.example.vn/feed.atom?limit=2&cursor=a1-9".to_owned()),
        schemes_url: "https://tin.example.vn/schemes/".to_owned(),
        generator_version: "0.0.0",
        entries,
        tombstones: Vec::new(),
    }
}

fn entry(no: u32) -> EntryView {
    EntryView {
        id: format!("tag:tin.example.vn,2026-11-22:k3x9q2wd-{no}"),
        title: "Làng gốm Phước Tích đón khách".to_owned(),
        summary: None,
        content: None,
        authors: Vec::new(),
        enclosures: Vec::new(),
        language: None,
        tags: Vec::new(),
        published_at: Timestamp::from_secs(1_795_310_000),
        date_from: DateFrom::Stated,
        updated_at: Timestamp::from_secs(1_795_310_100),
        url: Some(format!("https://bao.example.vn/tin/{no}?a=1&b=2")),
        source: SourceView {
            id: "https://bao.example.vn/rss".to_owned(),
            title: "Báo Huế".to_owned(),
            url: "https://bao.example.vn/".to_owned(),
            updated_at: Timestamp::from_secs(1_795_309_000),
        },
        copies: Vec::new(),
        point: None,
    }
}

fn full_entry() -> EntryView {
    EntryView {
        summary: Some("<p>Lò \"cóc\" &amp; gốm</p>".to_owned()),
        content: Some("<p>Thân bài</p>\n<p>hai đoạn</p>".to_owned()),
        authors: vec![
            "Nguyễn\u{a0}Văn A".to_owned(),
            "  ".to_owned(),
            "Trần B".to_owned(),
        ],
        enclosures: vec![
            enclosure(
                "https://bao.example.vn/a.jpg",
                Some("image/jpeg"),
                Some(1234),
            ),
            enclosure("https://bao.example.vn/b.mp3", Some("không phải"), None),
        ],
        language: Some("en-GB".to_owned()),
        tags: vec![
            tag(Scheme::Province, "hue", "Huế"),
            tag(Scheme::Topic, "lang-nghe", "Làng nghề"),
            tag(Scheme::Document, "1881-qd-ttg", "1881/QĐ-TTg"),
            tag(Scheme::SourceCategory, "Văn hoá > \"Di sản\"", ""),
        ],
        copies: vec![CopyView {
            url: "https://dai.example.vn/9".to_owned(),
            source_title: "Đài <Huế>".to_owned(),
        }],
        ..entry(1)
    }
}

fn enclosure(url: &str, media_type: Option<&str>, bytes: Option<u64>) -> Enclosure {
    Enclosure {
        url: url.to_owned(),
        media_type: media_type.map(str::to_owned),
        bytes,
    }
}

fn tag(scheme: Scheme, term: &str, label: &str) -> Tag {
    Tag {
        scheme,
        term: term.to_owned(),
        label: label.to_owned(),
        origin: TagOrigin::Text,
    }
}

/// An entry every string of which tries to break out.
fn hostile_entry() -> EntryView {
    let evil =
        "a\u{0}\u{1b}]]></content></summary></title></entry></feed><!--&\"'<script>x\u{ffff}";
    EntryView {
        id: format!("tag:x,2026:{evil}"),
        title: evil.to_owned(),
        summary: Some(evil.to_owned()),
        content: Some(evil.to_owned()),
        authors: vec![evil.to_owned()],
        enclosures: vec![
            enclosure("javascript:alert(1)", Some("text/html"), Some(1)),
            enclosure("https://a.vn/\"><script>", Some("a\"/b"), Some(u64::MAX)),
            enclosure("https://a.vn/2]]>", None, None),
        ],
        language: Some("vi\" onload=\"x".to_owned()),
        tags: Scheme::ALL.map(|scheme| tag(scheme, evil, evil)).to_vec(),
        url: Some("javascript:alert(1)".to_owned()),
        source: SourceView {
            id: evil.to_owned(),
            title: evil.to_owned(),
            url: "data:text/html,<script>".to_owned(),
            updated_at: Timestamp::from_secs(i64::MIN),
        },
        copies: vec![
            CopyView {
                url: "https://a.vn/'\"<>&".to_owned(),
                source_title: evil.to_owned(),
            },
            CopyView {
                url: "JavaScript:alert(1)".to_owned(),
                source_title: evil.to_owned(),
            },
        ],
        published_at: Timestamp::from_secs(i64::MAX),
        ..entry(7)
    }
}

fn bare_entry() -> EntryView {
    EntryView {
        url: None,
        summary: Some("chỉ có tóm tắt".to_owned()),
        source: SourceView {
            title: String::new(),
            ..entry(0).source
        },
        ..entry(2)
    }
}

#[track_caller]
fn check_golden(bytes: &[u8], golden: &str) {
    let text = String::from_utf8(bytes.to_vec()).expect("UTF-8");
    assert!(text == golden, "differs from its golden file:\n{text}");
}

#[test]
fn atom_is_written_as_its_golden_file_says() {
    let bytes = atom(&view(vec![full_entry(), bare_entry()]));
    check_golden(
        &bytes,
        include_str!("../../../tests/data/publish/feed.atom"),
    );
}

#[test]
fn rss_is_written_as_its_golden_file_says() {
    let bytes = rss(&view(vec![full_entry(), bare_entry()]));
    check_golden(&bytes, include_str!("../../../tests/data/publish/feed.rss"));
}

#[test]
fn what_left_and_where_it_is_stand_in_namespaces_of_their_own() {
    let tombstone = |no: u32, moved_to: Option<&str>| Tombstone {
        id: format!("tag:tin.example.vn,2026-11-22:k3x9q2wd-{no}"),
        at: Timestamp::from_secs(1_795_311_000),
        moved_to: moved_to.map(str::to_owned),
    };
    let placed = EntryView {
        point: Some(Point {
            latitude_e4: 164_637,
            longitude_e4: -1_075_009,
        }),
        ..entry(1)
    };
    let whole = FeedView {
        tombstones: vec![
            tombstone(7, None),
            tombstone(8, Some("https://tin.example.vn/stories/k3x9q2wd-1?a&b")),
        ],
        ..view(vec![placed, entry(2)])
    };
    let written = String::from_utf8(atom(&whole)).expect("UTF-8");
    for part in [
        "xmlns:at=\"http://purl.org/atompub/tombstones/1.0\"",
        "xmlns:georss=\"http://www.georss.org/georss\"",
        "<at:deleted-entry ref=\"tag:tin.example.vn,2026-11-22:k3x9q2wd-7\" when=\"2026-11-22T01:30:00Z\"/>",
        "when=\"2026-11-22T01:30:00Z\">\n    <link rel=\"alternate\" href=\"https://tin.example.vn/stories/k3x9q2wd-1?a&amp;b\"/>\n  </at:deleted-entry>",
        "<georss:point>16.4637 -107.5009</georss:point>",
    ] {
        assert!(written.contains(part), "no {part} in\n{written}");
    }
    check_reads_back(&whole);
    let written = String::from_utf8(rss(&whole)).expect("UTF-8");
    assert!(written.contains("<georss:point>16.4637 -107.5009</georss:point>"));
    assert!(!written.contains("deleted"));
    let plain = String::from_utf8(atom(&view(vec![entry(1)]))).expect("UTF-8");
    assert!(!plain.contains("georss") && !plain.contains("xmlns:at"));
}

#[test]
fn an_empty_feed_is_a_feed() {
    let empty = FeedView {
        subtitle: String::new(),
        first_url: None,
        next_url: None,
        ..view(Vec::new())
    };
    check_reads_back(&empty);
    let channel = ::rss::Channel::read_from(&rss(&empty)[..]).unwrap();
    assert_eq!(channel.description, "Tin địa phương");
}

#[test]
fn hostile_strings_stay_strings() {
    let hostile = view(vec![hostile_entry(), entry(8)]);
    check_reads_back(&hostile);
    for bytes in [atom(&hostile), rss(&hostile)] {
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text}");
        assert!(!text.to_lowercase().contains("javascript:"), "{text}");
        assert!(!text.contains("data:text"), "{text}");
    }
}

#[test]
fn html_travels_escaped() {
    let text = String::from_utf8(atom(&view(vec![hostile_entry()]))).unwrap();
    assert!(!text.contains("<script"), "{text}");
    assert_eq!(text.matches("</entry>").count(), 1);
}

#[test]
fn an_entry_without_address_has_a_content() {
    for (summary, expected) in [(Some("tóm tắt"), "tóm tắt"), (None, "")] {
        let lone = EntryView {
            summary: summary.map(str::to_owned),
            ..bare_entry()
        };
        let feed = feed_rs::parser::parse(&atom(&view(vec![lone]))[..]).unwrap();
        let content = feed.entries[0].content.clone().expect("a content");
        assert_eq!(content.body.as_deref(), Some(expected));
        assert!(feed.entries[0].summary.is_none());
    }
}

#[test]
fn the_source_signs_what_nobody_signed() {
    let feed = feed_rs::parser::parse(&atom(&view(vec![entry(1), bare_entry()]))[..]).unwrap();
    let signed = |at: usize| feed.entries[at].authors[0].name.clone();
    assert_eq!(signed(0).as_deref(), Some("Báo Huế"));
    assert_eq!(signed(1).as_deref(), Some("langbao"));
}

#[test]
fn rss_is_read_back_by_the_rss_crate() {
    let channel = ::rss::Channel::read_from(&rss(&view(vec![full_entry()]))[..]).unwrap();
    assert_eq!(channel.title, "Tin địa phương");
    assert_eq!(
        channel.last_build_date.as_deref(),
        Some("Sun, 22 Nov 2026 01:30:00 GMT")
    );
    let link = &channel.extensions["atom"]["link"][0];
    assert_eq!(link.attrs["rel"], "self");
    assert_eq!(link.attrs["href"], view(Vec::new()).self_url);

    let item = &channel.items[0];
    let wrote = full_entry();
    assert_eq!(item.title.as_deref(), Some(wrote.title.as_str()));
    assert_eq!(item.link, wrote.url);
    assert_eq!(item.description, wrote.summary);
    assert_eq!(item.content, wrote.content);
    let guid = item.guid.as_ref().unwrap();
    assert_eq!(
        (guid.value.as_str(), guid.permalink),
        (wrote.id.as_str(), false)
    );
    assert_eq!(
        item.pub_date.as_deref(),
        Some("Sun, 22 Nov 2026 01:13:20 GMT")
    );
    let source = item.source.as_ref().unwrap();
    assert_eq!(source.url, "https://bao.example.vn/rss");
    assert_eq!(source.title.as_deref(), Some("Báo Huế"));
    assert_eq!(item.categories.len(), 4);
    assert_eq!(item.categories[3].name, "Văn hoá > \"Di sản\"");
    assert_eq!(
        item.categories[3].domain.as_deref(),
        Some("https://tin.example.vn/schemes/source-category")
    );
    assert_eq!(
        item.dublin_core_ext.as_ref().unwrap().creators,
        ["Nguyễn Văn A", "Trần B"]
    );
    assert_eq!(item.enclosure.as_ref().unwrap().length, "1234");
    assert_eq!(item.extensions["media"]["content"].len(), 1);
    assert_eq!(
        item.extensions["atom"]["link"][0].attrs["title"],
        "Đài <Huế>"
    );
}

#[test]
fn an_e_mail_address_in_a_name_breaks_no_reader() {
    for name in [
        "Nguyễn Văn Aễ\u{a0}a@b.vn",
        "“a@b.vn”",
        "Đ.a@b.vn",
        "a@b.vnễ, Hà Nội ạ",
        "…a@b.vn…",
    ] {
        let signed = EntryView {
            authors: vec![name.to_owned()],
            ..entry(1)
        };
        check_reads_back(&view(vec![signed]));
    }
}

type Facts = (
    String,
    String,
    Vec<(String, String)>,
    i64,
    i64,
    Vec<(String, String)>,
);

/// What a reader must get back of an entry: id, title, links, dates, categories.
fn facts_written(view: &FeedView, entry: &EntryView) -> Facts {
    let url = |raw: &str| url::Url::parse(raw).map_or(raw.to_owned(), |url| url.to_string());
    let links = entry
        .url
        .iter()
        .map(|raw| ("alternate".to_owned(), raw))
        .chain(
            entry
                .copies
                .iter()
                .map(|copy| ("related".to_owned(), &copy.url)),
        )
        .chain(
            entry
                .enclosures
                .iter()
                .map(|file| ("enclosure".to_owned(), &file.url)),
        )
        .filter(|(_, raw)| xml::web_address(raw).is_some())
        .map(|(rel, raw)| (rel, url(raw)))
        .collect();
    let categories = entry
        .tags
        .iter()
        .filter(|tag| !xml::clean(&tag.term).trim().is_empty())
        .map(|tag| {
            (
                format!("{}{}", view.schemes_url, tag.scheme.name()),
                xml::clean(&tag.term).into_owned(),
            )
        })
        .collect();
    (
        xml::clean(&entry.id).into_owned(),
        xml::one_line(&entry.title),
        links,
        entry.published_at.secs(),
        entry.updated_at.secs(),
        categories,
    )
}

fn facts_read(entry: &feed_rs::model::Entry) -> Facts {
    let links = entry
        .links
        .iter()
        .map(|link| (link.rel.clone().unwrap(), link.href.clone()));
    let categories = entry
        .categories
        .iter()
        .map(|category| (category.scheme.clone().unwrap(), category.term.clone()));
    (
        entry.id.clone(),
        entry.title.clone().unwrap().content,
        links.collect(),
        entry.published.unwrap().timestamp(),
        entry.updated.unwrap().timestamp(),
        categories.collect(),
    )
}

/// Invariant 6: what we serve is read back by feed-rs into the same titles, links, ids, dates.
#[track_caller]
fn check_reads_back(view: &FeedView) {
    let feed = feed_rs::parser::parse(&atom(view)[..]).expect("our own Atom");
    assert_eq!(feed.id, view.id);
    assert_eq!(
        feed.title.map(|title| title.content),
        Some(xml::one_line(&view.title))
    );
    assert_eq!(
        feed.updated.map(|at| at.timestamp()),
        Some(view.updated_at.secs())
    );
    let read: Vec<Facts> = feed.entries.iter().map(facts_read).collect();
    let wrote: Vec<Facts> = view
        .entries
        .iter()
        .map(|entry| facts_written(view, entry))
        .collect();
    assert_eq!(read, wrote);

    let channel = ::rss::Channel::read_from(&rss(view)[..]).expect("our own RSS");
    for (item, wrote) in channel.items.iter().zip(&wrote) {
        assert_eq!(item.guid.as_ref().map(|guid| &guid.value), Some(&wrote.0));
        assert_eq!(item.title.as_ref(), Some(&wrote.1));
        let categories = item
            .categories
            .iter()
            .map(|category| (category.domain.clone().unwrap(), category.name.clone()));
        assert_eq!(categories.collect::<Vec<_>>(), wrote.5);
    }
    assert_eq!(channel.items.len(), view.entries.len());

    let feed = feed_rs::parser::parse(&rss(view)[..]).expect("our own RSS");
    let read = feed.entries.iter().map(|entry| {
        let published = entry.published.map(|at| at.timestamp());
        (entry.id.as_str(), published)
    });
    let wrote = wrote.iter().map(|facts| (facts.0.as_str(), Some(facts.3)));
    assert_eq!(read.collect::<Vec<_>>(), wrote.collect::<Vec<_>>());
}

/// Words of a source: anything at all, and what breaks things more often than anything.
fn words() -> impl Strategy<Value = String> {
    let nasty = prop::sample::select(vec![
        "]]>",
        "<![CDATA[",
        "</entry>",
        "&amp;",
        "&",
        "<",
        "\"",
        "'",
        "\u{0}",
        "\r\n",
        "\u{85}",
        "\u{fffe}",
        "Đà Nẵng",
        "\u{301}",
        "👩‍🌾",
        " ",
        "\t",
        "\u{a0}",
        "--",
        "a@b.vn",
        "?>",
        "%0d",
    ]);
    prop::collection::vec(
        prop_oneof![nasty.prop_map(str::to_owned), any::<String>()],
        0..4,
    )
    .prop_map(|parts| format!("x{}x", parts.concat()))
}

fn any_entry() -> impl Strategy<Value = EntryView> {
    let tags = prop::collection::vec((prop::sample::select(Scheme::ALL.to_vec()), words()), 0..4);
    let texts = (
        words(),
        prop::option::of(words()),
        prop::option::of(words()),
    );
    let links = (
        prop::option::of("https://[a-z]{1,8}\\.vn/[a-z<>\"'&?=%]{0,9}"),
        words(),
    );
    let dates = (any::<i64>(), -60_000_000_000..250_000_000_000i64);
    (
        1..u32::MAX,
        texts,
        links,
        tags,
        dates,
        prop::collection::vec(words(), 0..3),
    )
        .prop_map(
            |(no, (title, summary, content), (url, name), tags, (published, updated), authors)| {
                let own = BTreeSet::from_iter(tags);
                EntryView {
                    title,
                    summary,
                    content,
                    authors,
                    tags: own
                        .iter()
                        .map(|(scheme, term)| tag(*scheme, term, &name))
                        .collect(),
                    copies: vec![CopyView {
                        url: "https://b.vn/1".to_owned(),
                        source_title: name,
                    }],
                    url,
                    published_at: Timestamp::from_millis(published),
                    updated_at: Timestamp::from_secs(updated),
                    ..entry(no)
                }
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_written_is_read_back(
        entries in prop::collection::vec(any_entry(), 0..4),
        title in words(),
    ) {
        check_reads_back(&FeedView { title, ..view(entries) });
    }
}
