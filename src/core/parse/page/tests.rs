use super::*;
use crate::core::model::Timestamp;

/// 2026-11-22T01:30:00Z.
const NOW: Timestamp = Timestamp::EPOCH;

fn now() -> Timestamp {
    NOW + std::time::Duration::from_secs(1_795_311_000)
}

fn answer<'a>(body: &'a str, url: &'a str) -> Answer<'a> {
    Answer {
        body: body.as_bytes(),
        content_type: Some("text/html"),
        url,
        time_zone_offset_s: Some(7 * 3600),
        items_max: 1000,
        now: now(),
    }
}

#[track_caller]
fn read(body: &str, url: &str, rules: &PageRules) -> Listing {
    listing(&answer(body, url), rules).expect("a page")
}

/// One line an item, as golden files hold them.
fn shown(listing: &Listing) -> String {
    let mut out = String::new();
    for item in &listing.feed.items {
        let or_none = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
        let image = item.enclosures.first().map(|image| image.url.clone());
        let at = item.published.map(|published| published.at.rfc3339());
        let section = item
            .categories
            .first()
            .map(|category| category.term.clone());
        out.push_str(&format!(
            "{}\n  {}\n  {}\n  {} | {} | {}\n",
            or_none(item.title.clone()),
            or_none(item.link.clone()),
            or_none(item.summary.clone()),
            or_none(at),
            or_none(image),
            or_none(section),
        ));
    }
    out.push_str(&format!(
        "next: {}\n",
        listing.next.as_deref().unwrap_or("-")
    ));
    for problem in &listing.feed.problems {
        out.push_str(&format!("problem: {}\n", problem.what));
    }
    out
}

/// A page of `tests/data/page` against the golden file beside it.
#[track_caller]
fn check_golden(name: &str, url: &str) {
    let folder = format!("{}/tests/data/page", env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(format!("{folder}/{name}.html")).expect("a fixture");
    let found = shown(&read(&page, url, &PageRules::default()));
    let golden = format!("{folder}/{name}.expected.txt");
    if std::env::var_os("LANGBAO_WRITE_GOLDEN").is_some() {
        std::fs::write(&golden, &found).expect("a golden file");
    }
    let expected = std::fs::read_to_string(&golden).expect("a golden file");
    assert_eq!(found, expected, "{name}");
}

#[test]
fn a_page_of_each_family_gives_each_item_once() {
    check_golden("mastercms", "https://congnghe.example.vn/khuyen-cong");
    check_golden("onecms", "https://baosongla.example.vn/kinh-te");
    check_golden("epi", "https://baonuido.example.vn/kinh-te/");
    check_golden("vnptcms", "https://baobienxanh.example.vn/kinh-te/");
    check_golden("mediatech", "https://baotrangan.example.vn/kinh-te");
    check_golden("a-id", "https://baosonghau.example.vn/");
}

#[test]
fn an_article_with_five_lists_gives_each_item_once() {
    check_golden(
        "lists",
        "https://nghelang.example.vn/ke-hoach-khuyen-cong-moi-danh-them-von-cho-lang-nghe-28690.html",
    );
}

const TITLE: &str = "Thợ rèn Pác Rằng giữ lửa qua mùa đông";

fn titles(listing: &Listing) -> Vec<&str> {
    listing
        .feed
        .items
        .iter()
        .filter_map(|item| item.title.as_deref())
        .collect()
}

fn rules(pairs: &[(&str, &str)]) -> PageRules {
    let get = |name: &str| {
        pairs
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| (*value).to_owned())
    };
    PageRules {
        item: get("item"),
        link: get("link"),
        title: get("title"),
        summary: get("summary"),
        date: get("date"),
        image: get("image"),
        next: get("next"),
        hosts: Vec::new(),
    }
}

const DESCRIBED: &str = "<div class=menu><a href=/kinh-te>Kinh tế</a></div>\
    <div class=n><a href=/a><img data-src=/a.jpg alt=x></a><b class=t>Một</b><i class=s>Lời dẫn</i>\
    <span class=h>08:30</span><span class=d>02/10/2026</span></div>\
    <div class=n><a href=/b?x=1>Hai</a><i class=s></i></div><div class=n>trống</div><a class=o href='/?trang=2'>cũ hơn</a>";

#[test]
fn what_is_described_is_taken_as_described() {
    let described = rules(&[
        ("item", ".n"),
        ("title", ".t, a"),
        ("summary", ".s"),
        ("date", ".h, .d"),
        ("image", "img"),
        ("next", ".o"),
    ]);
    let listing = read(DESCRIBED, "https://a.vn/kinh-te", &described);
    assert_eq!(titles(&listing), ["Một", "Hai"]);
    let first = &listing.feed.items[0];
    assert_eq!(first.link.as_deref(), Some("https://a.vn/a"));
    assert_eq!(first.id.as_deref(), Some("https://a.vn/a"));
    assert_eq!(first.summary.as_deref(), Some("Lời dẫn"));
    assert_eq!(
        first.published.unwrap().at.rfc3339(),
        "2026-10-02T01:30:00Z"
    );
    assert_eq!(first.enclosures[0].url, "https://a.vn/a.jpg");
    assert_eq!(listing.next.as_deref(), Some("https://a.vn/?trang=2"));
    assert_eq!(listing.feed.problems.len(), 1);
}

#[test]
fn a_further_host_of_the_source_is_its_own() {
    let items: String = (0..3)
        .map(|n| format!("<li><h3><a href='https://www.b.vn/tin-thu-{n}-cua-trang-10{n}99.html'>Tin thứ {n} của trang này hôm nay</a></h3></li>"))
        .collect();
    let page = format!("<ul>{items}</ul>");
    let own = PageRules {
        hosts: vec!["b.vn".to_owned()],
        ..PageRules::default()
    };
    let strange = PageRules {
        hosts: vec!["c.vn".to_owned(), "vn".to_owned()],
        ..PageRules::default()
    };
    let listing = read(&page, "https://a.vn/", &own);
    assert_eq!(titles(&listing).len(), 3);
    assert_eq!(
        listing.feed.items[0].link.as_deref(),
        Some("https://www.b.vn/tin-thu-0-cua-trang-10099.html")
    );
    for rules in [PageRules::default(), strange] {
        assert!(read(&page, "https://a.vn/", &rules).feed.items.is_empty());
    }
}

#[test]
fn a_selector_that_finds_nothing_is_said() {
    let listing = read(
        DESCRIBED,
        "https://a.vn/",
        &rules(&[("item", "article.gone")]),
    );
    assert!(listing.feed.items.is_empty());
    assert_eq!(
        listing.feed.problems[0].what,
        "select.item finds nothing in the page"
    );
    let listing = read("<p>x", "https://a.vn/", &PageRules::default());
    assert_eq!(
        listing.feed.problems[0].what,
        "a page in which no list of news was found"
    );
}

#[test]
fn links_alone_can_be_described() {
    let page = format!(
        "<ul><li><h3><a href=/a>{TITLE}</a></h3><p>Lời dẫn của tin thứ nhất trong danh sách này.</p></li>\
         <li><h3><a href=/b>Hai</a></h3><time>02/10/2026</time></li></ul>"
    );
    let listing = read(&page, "https://a.vn/", &rules(&[("link", "h3 a")]));
    assert_eq!(titles(&listing), [TITLE, "Hai"]);
    assert_eq!(
        listing.feed.items[0].summary.as_deref(),
        Some("Lời dẫn của tin thứ nhất trong danh sách này.")
    );
    assert!(listing.feed.items[1].published.is_some());
    assert_eq!(listing.feed.items[0].published, None);
}

#[track_caller]
fn check_one(block: &str, title: &str, summary: Option<&str>, at: Option<&str>) {
    let others: String = (0..3)
        .map(|n| format!("<li><h3><a href='/tin-thu-{n}-cua-trang-10{n}99.html'>Tin thứ {n} của trang này hôm nay</a></h3></li>"))
        .collect();
    let page = format!("<ul><li>{block}</li>{others}</ul>");
    let listing = read(&page, "https://a.vn/", &PageRules::default());
    let item = &listing.feed.items[0];
    let published = item.published.map(|published| published.at.rfc3339());
    assert_eq!(
        (
            item.title.as_deref(),
            item.summary.as_deref(),
            published.as_deref(),
            titles(&listing).len()
        ),
        (Some(title), summary, at, 4),
        "{block}"
    );
}

#[test]
fn the_shapes_in_which_newsrooms_set_an_item_are_read() {
    let link = "/tho-ren-pac-rang-giu-lua-qua-mua-dong-123456.html";
    let lede = "Mỗi sáng, tiếng búa lại vang lên đều đặn từ chín lò rèn bên sườn đồi.";
    let day = Some("2026-10-01T17:00:00Z");
    check_one(&format!("<a href='{link}'>{TITLE}</a>"), TITLE, None, None);
    check_one(
        &format!("<a href='{link}'><img alt='{TITLE}' src=/x.jpg></a>"),
        TITLE,
        None,
        None,
    );
    check_one(
        &format!(
            "<a href='{link}'><img src=/x.jpg></a><h3>{TITLE}</h3><p>{lede}</p><a href='{link}'>Xem thêm</a>"
        ),
        TITLE,
        Some(lede),
        None,
    );
    check_one(
        &format!(
            "<a href='{link}'><div><img src=/x.jpg></div><div>02/10/2026</div><div>{TITLE}</div><p>{lede}</p></a>"
        ),
        TITLE,
        Some(lede),
        day,
    );
    check_one(
        &format!(
            "<a href='{link}' title='{TITLE}'>Thợ rèn Pác Rằng giữ...</a> <small>(02/10/2026)</small>"
        ),
        TITLE,
        None,
        day,
    );
    check_one(
        &format!("<p><a href='{link}'><b>{TITLE}</b></a><br>{lede}</p>"),
        TITLE,
        Some(lede),
        None,
    );
    check_one(
        &format!("<h3><a href='{link}'>{TITLE}</a></h3><p>Từ ngày 7/11 đến 15/12, {lede}</p>"),
        TITLE,
        Some(&format!("Từ ngày 7/11 đến 15/12, {lede}")),
        None,
    );
    check_one(
        &format!(
            "<div itemscope><a itemprop=url href='{link}'><span itemprop=headline>{TITLE}</span></a>\
                  <meta itemprop=datePublished content='2026-10-02T00:00:00+07:00'><p itemprop=description>{lede}</p></div>"
        ),
        TITLE,
        Some(lede),
        day,
    );
}

/// An item from its address and title.
type Card = dyn Fn(&str, &str) -> String;

/// The sample's manner without a class to go by.
fn bare_page(address: &dyn Fn(usize) -> String, card: &dyn Fn(&str, &str) -> String) -> String {
    let card = |n: usize| {
        card(
            &address(n),
            &format!("Làng nghề thứ {n} đón đơn hàng lớn cuối năm"),
        )
    };
    let list = |name: &str, numbers: &[usize]| {
        let cards: String = numbers.iter().map(|n| card(*n)).collect();
        format!("<div><h4>{name}</h4>{cards}</div>")
    };
    let text = "<p>Đoạn văn này kể dài dòng về công việc của xưởng mộc trong mùa mưa năm nay, không có liên kết nào.</p>".repeat(4);
    format!(
        "<div><a href='/thoi-tiet/ha-noi'>Hà Nội: 15°C Hà Nội</a><a href='/thoi-tiet/hcm'>TP Hồ Chí Minh: 23°C TP Hồ Chí Minh</a></div>\
         <div><a href=/>Trang chủ</a><a href='/khuyen-cong'>Khuyến công</a><a href='/van-hoa'>Văn hóa</a></div>\
         <div><h1>Xưởng mộc ven sông vượt qua mùa mưa</h1>{text}<p>Bài, ảnh: Thu Lam</p></div><div>Tin liên quan</div>{}{}{}{}{}\
         <div>Xem thêm</div><div>Giấy phép số 12/GP. <a href='/gioi-thieu'>Giới thiệu</a> <a href='#'>Giao diện di động</a></div>",
        list("Tin mới hơn", &[1, 2, 3]),
        list("Tin khác", &[4, 5, 6, 7]),
        list("Mới nhất", &[8, 1, 9]),
        list("Đọc nhiều", &[4, 10, 2]),
        list("Tin ảnh", &[11]),
    )
}

#[test]
fn no_class_and_no_number_is_needed() {
    const LEDE: &str =
        "LNV - Những ngày này, các xưởng trong làng sáng đèn tới khuya để kịp giao hàng.";
    let addresses: [&dyn Fn(usize) -> String; 4] = [
        &|n| format!("/tin-{n}.html"),
        &|n| format!("/lang-nghe-thu-{n}-don-don-hang-lon-cuoi-nam-28{n:03}.html"),
        &|n| format!("/bai/{n}"),
        &|n| format!("/?id=10{n}"),
    ];
    let cards: [&Card; 4] = [
        &|url, title| {
            format!(
                "<div><a href='{url}'><img src=/x.jpg alt='{title}'></a><h3><a href='{url}'>{title}</a></h3><p>{LEDE}</p></div>"
            )
        },
        &|url, title| {
            format!(
                "<div><a href='{url}'>{title}</a><h3><a href='{url}'>{title}</a></h3>{LEDE}</div>"
            )
        },
        &|url, title| {
            format!(
                "<table><tr><td><a href='{url}'><img src=/x.jpg></a></td><td><a href='{url}'>{title}</a><br>{LEDE}</td></tr></table>"
            )
        },
        &|url, title| {
            format!(
                "<p><a href='{url}'>{title}</a></p><p><a href='{url}'>{title}</a></p><p>{LEDE}</p>"
            )
        },
    ];
    for (place, address) in addresses.into_iter().enumerate() {
        for (kind, card) in cards.into_iter().enumerate() {
            let page = bare_page(address, card);
            let listing = read(&page, "https://a.vn/xuong-moc.html", &PageRules::default());
            let mut expected = vec!["Xưởng mộc ven sông vượt qua mùa mưa".to_owned()];
            expected.extend(
                [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]
                    .map(|n| format!("Làng nghề thứ {n} đón đơn hàng lớn cuối năm")),
            );
            assert_eq!(titles(&listing), expected, "address {place}, card {kind}");
            let with_lede = listing.feed.items[1..]
                .iter()
                .filter(|item| item.summary.as_deref() == Some(LEDE))
                .count();
            assert_eq!(with_lede, 11, "address {place}, card {kind}");
        }
    }
}

#[test]
fn a_long_heading_over_a_list_is_no_article() {
    let cards: String = (0..4)
        .map(|n| format!("<div><h3><a href='/lang-gom-thu-{n}-mo-cua-10{n}99.html'>Làng gốm thứ {n} mở cửa đón khách</a></h3>\
                          <p>Những ngày này, các xưởng trong làng sáng đèn tới khuya để kịp giao hàng cho khách ở xa.</p></div>"))
        .collect();
    let page = format!(
        "<meta property='og:type' content='article'><h1>Tin tức làng nghề trong cả nước hôm nay</h1>{cards}"
    );
    assert_eq!(
        titles(&read(&page, "https://a.vn/", &PageRules::default())).len(),
        4
    );
}

#[test]
fn a_date_that_lies_ahead_is_not_taken() {
    let link = "/tho-ren-pac-rang-giu-lua-qua-mua-dong-123456.html";
    check_one(
        &format!("<a href='{link}'>{TITLE}</a><time>25/12/2026</time>"),
        TITLE,
        None,
        None,
    );
}

#[test]
fn linked_data_completes_what_is_seen_and_names_what_a_script_draws() {
    let page = "<script type='application/ld+json'>{\"@type\":\"ItemList\",\"itemListElement\":[\
        {\"@type\":\"ListItem\",\"url\":\"/lua-mua-tren-ruong-bac-thang-100001.html\",\"name\":\"L&#250;a m&#249;a tr&#234;n ruộng bậc thang\"},\
        {\"@type\":\"ListItem\",\"item\":{\"@type\":\"NewsArticle\",\"url\":\"https://a.vn/che-co-thu-100002.html\",\
        \"headline\":\"Chè cổ thụ vào mùa hái\",\"datePublished\":\"2026-10-02T00:00:00+07:00\",\"author\":{\"name\":\"MAI\"}}}]}</script>\
        <div id=app></div>";
    let listing = read(page, "https://a.vn/kinh-te", &PageRules::default());
    assert_eq!(
        titles(&listing),
        ["Lúa mùa trên ruộng bậc thang", "Chè cổ thụ vào mùa hái"]
    );
    let second = &listing.feed.items[1];
    assert_eq!(second.authors, ["MAI"]);
    assert_eq!(
        second.published.unwrap().at.rfc3339(),
        "2026-10-01T17:00:00Z"
    );
}

#[test]
fn the_structure_changes_with_the_page_and_not_with_the_news() {
    let page = |news: &str, class: &str| {
        let items: String = (0..3)
            .map(|n| format!("<li class='{class} item-{n}'><h3><a href='/{news}-cua-ngay-hom-nay-{n}12345.html'>Tin {news} số {n} của ngày</a></h3></li>"))
            .collect();
        read(
            &format!("<ul>{items}</ul>"),
            "https://a.vn/",
            &PageRules::default(),
        )
        .structure
    };
    let before = page("sang", "story");
    assert!(!page("chieu", "story").moved_since(&before));
    assert!(page("chieu", "card").moved_since(&before));
    assert!(!Structure::default().moved_since(&before));
}

#[test]
fn other_answers_are_named() {
    let what = |body: &str| match listing(&answer(body, "https://a.vn/"), &PageRules::default()) {
        Err(ParseFault::NotAFeed(what)) => what,
        other => panic!("{other:?}"),
    };
    assert_eq!(what(""), "an empty answer");
    assert_eq!(what("{\"a\":1}"), "JSON");
    assert!(what("<?xml version='1.0'?><rss><channel/></rss>").starts_with("a feed"));
    assert!(what("<urlset/>").starts_with("a sitemap"));
}

#[test]
fn the_charset_of_the_meta_element_is_heeded() {
    let mut body =
        b"<meta http-equiv=Content-Type content='text/html; charset=windows-1258'><title>Qua"
            .to_vec();
    body.extend([0xd2, b'n', b'g']);
    assert!(text(&body, Some("text/html")).ends_with("Quảng"));
}

#[test]
fn hostile_pages_are_read_in_bounds() {
    let link = "<li><a href='/mot-tin-rat-dai-cua-trang-nay-123456.html'>Một tin rất dài của trang này</a></li>";
    for piece in [
        "<div>",
        "<a ",
        "<a href=x>",
        "<a href='/x-1-2-3-4.html'><div>",
        "<b id=1><p>",
        "<table><tr><td>",
        "<ul><li>",
        "<h3>x</h3>",
        "<svg>",
        "</div>",
        "<select>",
        "<p a=\"",
        "<!--",
        "&amp;",
        "<script>",
        link,
        "<time>1/1/2026</time>",
    ] {
        let bytes = if piece == "<a " {
            10_000_000
        } else {
            2_000_000
        };
        let page = format!("{link}{}", piece.repeat(bytes / piece.len()));
        let _ = listing(&answer(&page, "https://a.vn/"), &PageRules::default());
    }
    let deep = format!(
        "{}{link}{}",
        "<div>".repeat(20_000),
        "</div>".repeat(20_000)
    );
    let listing = read(&deep, "https://a.vn/", &PageRules::default());
    assert_eq!(titles(&listing), ["Một tin rất dài của trang này"]);
}

proptest::proptest! {
    #[test]
    fn any_page_is_read(raw in "(<|>|/|div|a|h3|li|table|tr|td|p|time| href=|/tin-moi-nhat-hom-nay-12345.html| class=|\"|'|Lũ lớn ở Huế|&|;|#|script|template|svg|title|form|meta|base|ộ){0,60}") {
        let _ = listing(&answer(&raw, "https://a.vn/"), &PageRules::default());
        let _ = listing(&answer(&raw, "https://a.vn/"), &rules(&[("item", "div, li"), ("date", "time"), ("link", "a")]));
    }
}

#[test]
fn a_page_with_a_date_that_is_month_first_has_them_all_so() {
    let row = |n: u32, date: &str| {
        format!(
            "<li class=i><h3><a href=\"/lu-lon-o-mien-trung-{n}.html\">Lũ lớn ở miền Trung, bài {n} của toà soạn</a></h3><span class=date>{date}</span></li>"
        )
    };
    let page = format!(
        "<ul>{}{}{}</ul>",
        row(100_001, "11/20/2026 08:30"),
        row(100_002, "11/19/2026 08:30"),
        row(100_003, "11/05/2026 08:30"),
    );
    let listing = read(&page, "https://a.vn/", &PageRules::default());
    let days: Vec<String> = listing
        .feed
        .items
        .iter()
        .map(|item| item.published.unwrap().at.rfc3339()[..10].to_owned())
        .collect();
    assert_eq!(days, ["2026-11-20", "2026-11-19", "2026-11-05"]);
}

#[test]
fn what_is_marked_as_an_advertisement_is_left_out_of_a_list() {
    let item = |name: &str, class: &str, n: u32| {
        format!(
            "<{name} class=\"{class}\"><h3><a href=\"/lu-lon-o-mien-trung-{n}.html\">Lũ lớn ở miền Trung, bài {n} của toà soạn</a></h3></{name}>"
        )
    };
    for (name, class, is_taken) in [
        ("article", "i quang-cao", false),
        ("article", "i ads", false),
        ("article", "i AD", false),
        ("div", "i ad", false),
        ("div", "i ad-2", true),
        // What WordPress makes of an article's tags.
        ("article", "i tag-quang-cao category-ads", true),
    ] {
        let page: String = (100_001..100_004)
            .map(|n| item(name, "i", n))
            .chain([item(name, class, 100_009)])
            .collect();
        let listing = read(
            &format!("<div>{page}</div>"),
            "https://a.vn/",
            &PageRules::default(),
        );
        let expected = 3 + usize::from(is_taken);
        assert_eq!(listing.feed.items.len(), expected, "{name} {class:?}");
    }
}

#[test]
fn what_stands_in_a_list_of_news_is_news_and_what_stands_in_a_menu_is_not() {
    let list = |open: &str, close: &str, rows: &[(&str, &str)]| -> String {
        let links = rows
            .iter()
            .map(|(path, title)| format!("{open}<a href=\"{path}\">{title}</a>{close}"));
        format!("<div>{}</div>", links.collect::<String>())
    };
    let numbered = [
        (
            "/lu-lon-o-quang-tri-100001.html",
            "Lũ lớn ở Quảng Trị sáng nay",
        ),
        ("/mua-o-da-nang-100002.html", "Mưa ở Đà Nẵng chưa dứt"),
        ("/gom-phu-lang-100003.html", "Gốm Phù Lãng vào mùa"),
        ("/lua-chin-som-100004.html", "Lúa chín sớm ở Cà Mau"),
        ("/lu-lon-o-hue.html", "Lũ lớn ở Huế"),
        ("/mua-lu-100005.html", "Mưa lũ"),
    ];
    let short = [
        ("/h-20.html", "Nước sông Bồ vượt báo động ba trong đêm"),
        ("/h-21.html", "Trường học vùng trũng cho học trò nghỉ"),
        ("/h-22.html", "Bộ đội đưa dân bản ra khỏi vùng lũ"),
        ("/h-23.html", "Đường lên Tây Giang sạt ba đoạn dài"),
        ("/h-24.html", "Hồ thuỷ điện xả lũ"),
    ];
    let sections = [
        ("/kinh-te", "Kinh tế"),
        ("/van-hoa", "Văn hoá"),
        (
            "/lang-nghe-so-1234",
            "Chuyên trang các làng nghề của tỉnh ta",
        ),
        ("/xa-hoi", "Xã hội"),
        ("/the-thao", "Thể thao"),
    ];
    for (open, close, rows, expected) in [
        ("<div class=i><h3>", "</h3></div>", &numbered[..], 6),
        ("<li>", "</li>", &numbered, 6),
        ("<li>", "</li>", &short, 5),
        ("<li>", "</li>", &sections, 1),
    ] {
        let listing = read(
            &list(open, close, rows),
            "https://a.vn/",
            &PageRules::default(),
        );
        assert_eq!(listing.feed.items.len(), expected, "{:?}", titles(&listing));
    }
    // A menu that is set like a list of news is a list of its own.
    let both = format!(
        "<div><ul>{}</ul><ul>{}</ul></div>",
        list("<li>", "</li>", &numbered),
        list("<li>", "</li>", &sections[3..])
    );
    let listing = read(&both, "https://a.vn/", &PageRules::default());
    assert_eq!(listing.feed.items.len(), 6, "{:?}", titles(&listing));
}

#[test]
fn a_pager_of_numbers_leads_to_the_page_after_its_own() {
    let links = |from: u32, to: u32| -> String {
        (from..=to)
            .map(|n| format!("<a href=\"/tin?so={n}\">{n}</a> "))
            .collect()
    };
    let second = Some("https://a.vn/tin?so=2");
    for (pager, expected) in [
        (
            format!("<span class=current>1</span>{}", links(2, 9)),
            second,
        ),
        (
            format!(
                "<b>1</b> {}<a href=\"/tin?so=99\">Trang cuối</a>",
                links(2, 3)
            ),
            second,
        ),
        (
            "<li class=active><a href=\"/tin\">1</a></li><li><a href=\"/tin?so=2\">2</a></li>"
                .to_owned(),
            second,
        ),
        (
            format!("{}<span class=current>3</span>{}", links(1, 2), links(4, 5)),
            Some("https://a.vn/tin?so=4"),
        ),
        // The last page, a calendar without its day marked, and a number among words.
        (format!("{}<span class=current>3</span>", links(1, 2)), None),
        (links(1, 30), None),
        (
            format!(
                "<span>1</span> trong các tin của <a href=\"/x\">một chuyên mục dài</a>{}",
                links(2, 2)
            ),
            None,
        ),
    ] {
        let page = format!("<div class=pages>{pager}</div>");
        let listing = read(&page, "https://a.vn/tin", &PageRules::default());
        assert_eq!(listing.next.as_deref(), expected, "{pager}");
    }
}
