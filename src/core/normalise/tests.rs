use super::*;
use crate::core::model::{ParsedCategory, Published, Scheme, TagOrigin};

const FEED_URL: &str = "https://bao.example.vn/rss/tin.xml";

fn now() -> Timestamp {
    Timestamp::from_secs(1_795_311_000)
}

fn rules() -> SourceRules {
    SourceRules {
        province: None,
        topics: Vec::new(),
        language: Some("vi".to_owned()),
        time_zone_offset_s: None,
        byline: vec!["LNV -".to_owned()],
        items_max: 1000,
    }
}

fn normalised(items: Vec<ParsedItem>) -> EntryFeed {
    let feed = ParsedFeed {
        title: Some("Báo <b>Làng</b>".to_owned()),
        items,
        ..ParsedFeed::default()
    };
    let rules = rules();
    let context = NormaliseContext {
        rules: &rules,
        feed_url: FEED_URL,
        now: now(),
    };
    entries(feed, &context, &|text| {
        let tag = |(term, label): &(&str, Option<&str>)| Tag {
            scheme: Scheme::SourceCategory,
            term: (*term).to_owned(),
            label: label.unwrap_or(term).to_owned(),
            origin: TagOrigin::Category,
        };
        text.categories.iter().map(tag).collect()
    })
}

#[track_caller]
fn one(item: ParsedItem) -> Entry {
    let feed = normalised(vec![item]);
    assert_eq!(feed.entries.len(), 1, "{:?}", feed.problems);
    feed.entries.into_iter().next().unwrap()
}

fn titled(title: &str) -> ParsedItem {
    ParsedItem {
        title: Some(title.to_owned()),
        ..ParsedItem::default()
    }
}

fn linked(title: &str, link: &str) -> ParsedItem {
    ParsedItem {
        link: Some(link.to_owned()),
        ..titled(title)
    }
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn an_item_becomes_an_entry_that_is_harmless() {
    let entry = one(ParsedItem {
        id: some(" bao-1 "),
        link: some("/lu.html?utm_source=rss"),
        summary: some("<p onclick=x>Nước <script>x</script>lên</p>"),
        authors: vec![
            "a@b.vn (Nguyễn Văn A)".to_owned(),
            "Nguyễn Văn A".to_owned(),
        ],
        enclosures: vec![
            Enclosure {
                url: "anh.jpg".to_owned(),
                media_type: some("IMAGE/jpeg; q=1"),
                bytes: Some(0),
            },
            Enclosure {
                url: "javascript:x".to_owned(),
                media_type: None,
                bytes: None,
            },
        ],
        language: some("vi_VN"),
        ..titled("<b>Lũ</b> ở &amp;nbsp;Huế")
    });
    assert!(entry.own_id);
    assert_eq!(entry.key, EntryKey::of(&["id", "bao-1"]));
    assert_eq!(entry.title, "Lũ ở Huế");
    assert_eq!(
        entry.url.as_deref(),
        Some("https://bao.example.vn/lu.html?utm_source=rss")
    );
    assert_eq!(entry.host.as_deref(), Some("bao.example.vn"));
    assert_eq!(entry.summary.as_deref(), Some("<p>Nước lên</p>"));
    assert_eq!(entry.authors, ["Nguyễn Văn A"]);
    assert_eq!(
        entry.enclosures,
        [Enclosure {
            url: "https://bao.example.vn/rss/anh.jpg".to_owned(),
            media_type: some("image/jpeg"),
            bytes: None,
        }]
    );
    assert_eq!(entry.language.as_deref(), Some("vi-VN"));
    assert_eq!(entry.date_from, DateFrom::FirstSeen);
    assert_eq!((entry.published_at, entry.updated_at), (None, None));
}

#[test]
fn two_items_are_two_entries_unless_they_have_one_id_or_agree_without() {
    let with_id = |id: &str, title: &str| ParsedItem {
        id: some(id),
        ..titled(title)
    };
    let feed = normalised(vec![
        with_id("1", "A"),
        with_id("1", "B"),
        with_id("2", "A"),
        linked("A", "http://a.vn/1"),
        linked("A", "http://a.vn/1"),
        linked("B", "http://a.vn/1"),
        linked("A", "http://a.vn/1#b"),
        titled("A"),
    ]);
    let shown: Vec<(&str, bool)> = feed
        .entries
        .iter()
        .map(|entry| (entry.title.as_str(), entry.own_id))
        .collect();
    assert_eq!(
        shown,
        [
            ("A", true),
            ("A", true),
            ("A", false),
            ("B", false),
            ("A", false),
            ("A", false)
        ]
    );
    assert_eq!(
        feed.problems[0].what,
        "2 items repeat the id of an earlier one and were left out"
    );
}

#[test]
fn an_entry_without_a_title_is_named_by_what_it_has() {
    let text = ParsedItem {
        summary: some("<p>Một hai ba</p>"),
        ..ParsedItem::default()
    };
    assert_eq!(one(text).title, "Một hai ba");
    let link = ParsedItem {
        link: some("http://a.vn/tin/l%C5%A9-lon.html"),
        ..ParsedItem::default()
    };
    assert_eq!(one(link).title, "lũ lon");
    let id = ParsedItem {
        id: some("1"),
        ..ParsedItem::default()
    };
    assert_eq!(one(id).title, UNTITLED);
    assert!(one(titled(&"ộ".repeat(5000))).title.chars().count() <= Entry::TITLE_CHARS_MAX);
}

#[test]
fn a_content_is_kept_where_it_says_more() {
    let texts = |summary: Option<&str>, content: Option<&str>| {
        let entry = one(ParsedItem {
            summary: summary.map(str::to_owned),
            content: content.map(str::to_owned),
            ..titled("A")
        });
        (entry.summary, entry.content)
    };
    assert_eq!(texts(Some("a b"), Some("<p>a b</p>")), (some("a b"), None));
    assert_eq!(
        texts(Some("a b"), Some("a b c")),
        (some("a b"), some("a b c"))
    );
    assert_eq!(texts(None, Some("a b c")), (None, some("a b c")));
    let image = "<p>a b</p><img src=\"https://a.vn/i.jpg\">";
    assert_eq!(texts(Some("a b"), Some(image)).1, some(image));
}

#[test]
fn the_byline_of_the_rules_is_cut_from_what_is_shown() {
    let entry = one(ParsedItem {
        summary: some("<p>LNV - Nước lên</p>"),
        ..titled("LNV - Lũ lớn")
    });
    assert_eq!(entry.title, "Lũ lớn");
    assert_eq!(entry.summary.as_deref(), Some("<p>Nước lên</p>"));
    assert_eq!(one(titled("LNV -")).title, "LNV -");
    assert_eq!(one(titled("(ĐNO) - Lũ lớn")).title, "(ĐNO) - Lũ lớn");
}

#[test]
fn equal_texts_have_equal_keys_and_short_ones_have_none() {
    let keyed = |title: &str, text: &str| {
        let entry = one(ParsedItem {
            summary: some(text),
            ..titled(title)
        });
        (entry.title_key, entry.text_key)
    };
    let a = keyed("Thuỷ điện Hoà Bình xả lũ", "LNV - Sáng 22/11 mở hai cửa");
    let b = keyed("THỦY ĐIỆN HÒA BÌNH XẢ LŨ", "<b>Sáng 22/11</b> mở hai cửa.");
    assert_eq!(a, b);
    assert!(a.0.is_some() && a.1.is_some());
    assert_eq!(keyed("Lũ lớn", "ở Huế"), (None, None));
    assert_ne!(
        a.1,
        keyed("Thuỷ điện Hoà Bình xả lũ", "Sáng 23/11 mở ba cửa").1
    );
}

#[test]
fn addresses_of_one_article_have_one_key_and_a_bare_host_has_none() {
    let keys = |link: &str| {
        let entry = one(linked("A", link));
        (entry.address, entry.shared_address)
    };
    let a = keys("http://www.a.vn/x?utm_source=1#p");
    assert_eq!(a, keys("https://a.vn/x#p"));
    assert_eq!(a.1, keys("https://m.a.vn/x").1);
    assert_ne!(a.0, keys("https://a.vn/x").0);
    assert_eq!(keys("https://a.vn/").1, None);
    assert!(keys("https://a.vn/").0.is_some());
}

#[test]
fn local_time_passed_off_as_utc_is_taken_back() {
    let dated = |ahead_s: i64| {
        let at = Timestamp::from_secs(now().secs() + ahead_s);
        let entry = one(ParsedItem {
            published: Some(Published {
                at,
                from: DateFrom::Stated,
            }),
            ..titled("A")
        });
        entry.published_at.unwrap().secs() - now().secs()
    };
    assert_eq!(dated(-3600), -3600);
    assert_eq!(dated(200), 200);
    assert_eq!(dated(7 * 3600 - 60), -60);
    assert_eq!(dated(3600), -6 * 3600);
    assert_eq!(dated(20 * 3600), 20 * 3600);
}

#[test]
fn lists_are_bounded_and_tags_come_once() {
    let category = |term: String| ParsedCategory { term, label: None };
    let mut categories: Vec<ParsedCategory> =
        (0..200).map(|n| category(format!("c{n:03}"))).collect();
    categories.insert(0, category("c000".to_owned()));
    categories.insert(0, category("  ".to_owned()));
    let entry = one(ParsedItem {
        authors: (0..100).map(|n| format!("A{n}")).collect(),
        enclosures: (0..100)
            .map(|n| Enclosure {
                url: format!("http://a.vn/{n}"),
                media_type: None,
                bytes: None,
            })
            .collect(),
        categories,
        ..titled("A")
    });
    assert_eq!(entry.authors.len(), AUTHORS_MAX);
    assert_eq!(entry.enclosures.len(), ENCLOSURES_MAX);
    assert_eq!(entry.tags.len(), CATEGORIES_MAX - 1);
}

#[test]
fn authors_lose_their_addresses() {
    for (raw, expected) in [
        ("a@b.vn (Nguyễn Văn A)", "Nguyễn Văn A"),
        ("Nguyễn Văn A <a@b.vn>", "Nguyễn Văn A"),
        ("Nguyễn Văn A\u{a0}a@b.vn", "Nguyễn Văn A"),
        ("mailto:a@b.vn", "mailto:a@b.vn"),
        ("a@b.vn", "a@b.vn"),
        ("Lê C (thực hiện)", "Lê C (thực hiện)"),
        ("<b>Lê C</b>", "Lê C"),
    ] {
        assert_eq!(author(raw), expected);
    }
}

#[test]
fn what_is_empty_once_safe_is_a_problem() {
    let feed = normalised(vec![ParsedItem {
        summary: some("<script>x</script>"),
        ..ParsedItem::default()
    }]);
    assert_eq!(feed.entries, []);
    assert_eq!(feed.problems.len(), 1);
    assert_eq!(feed.title.as_deref(), Some("Báo Làng"));
}

proptest::proptest! {
    #[test]
    fn any_strings_give_an_entry(title in "\\PC{0,40}", text in "(<|>|/|p|&|;|b|\"| |ộ){0,40}", link in "\\PC{0,30}") {
        let feed = normalised(vec![ParsedItem {
            id: some("1"),
            summary: some(&text),
            ..linked(&title, &link)
        }]);
        proptest::prop_assert!(!feed.entries[0].title.is_empty());
    }
}
