use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use encoding_rs::WINDOWS_1258;
use http_body_util::{BodyExt, Full};
use hyper::header::{HeaderMap, HeaderName};
use hyper::{Method, Response, StatusCode, header};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use unicode_normalization::{UnicodeNormalization, is_nfc};

use super::Newsrooms;
use super::newsroom::Newsroom;
use super::texts::{Charset, Texts};
use crate::core::model::{SourceId, Timestamp};

mod texts;

const SEED: u64 = 7;

/// 2026-11-22T01:30:00Z, a Sunday morning.
fn opening() -> Timestamp {
    Timestamp::from_secs(1_795_311_000)
}

fn all() -> Vec<Texts> {
    super::texts::all(SEED).unwrap()
}

/// Newsrooms at addresses nobody listens on.
fn rooms() -> Vec<Newsroom> {
    let all = all();
    let origins: BTreeMap<String, String> = (11..)
        .zip(&all)
        .map(|(host, texts)| (texts.id.clone(), format!("http://127.0.0.{host}:4000")))
        .collect();
    all.into_iter()
        .map(|texts| Newsroom::open(texts, &origins, opening()))
        .collect()
}

fn room(id: &str) -> Newsroom {
    let mut rooms = rooms();
    let at = rooms.iter().position(|room| room.texts.id == id).unwrap();
    rooms.swap_remove(at)
}

fn get_with(
    room: &Newsroom,
    path: &str,
    fields: &[(HeaderName, &str)],
    elapsed_s: u64,
) -> Response<Full<Bytes>> {
    let headers: HeaderMap = fields
        .iter()
        .map(|(name, value)| (name.clone(), value.parse().unwrap()))
        .collect();
    let elapsed = Duration::from_secs(elapsed_s);
    room.answer(&Method::GET, path, &headers, elapsed).response
}

fn get(room: &Newsroom, path: &str) -> Response<Full<Bytes>> {
    get_with(room, path, &[], 0)
}

fn field(response: &Response<Full<Bytes>>, name: HeaderName) -> Option<String> {
    let value = response.headers().get(name)?;
    Some(value.to_str().unwrap().to_owned())
}

fn body(response: Response<Full<Bytes>>) -> Bytes {
    let mut body = response.into_body();
    let frame = futures_now(body.frame());
    frame.map_or_else(Bytes::new, |frame| frame.unwrap().into_data().unwrap())
}

/// The body of an answer is whole from the start.
fn futures_now<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("the body is not there at once"),
    }
}

fn feed_bytes(room: &Newsroom) -> Bytes {
    body(get(room, &room.texts.feed))
}

/// In Unicode, whatever the newsroom writes.
fn feed_text(room: &Newsroom) -> String {
    let bytes = feed_bytes(room);
    match room.texts.manner.charset {
        Charset::Utf8 => String::from_utf8(bytes.to_vec()).unwrap(),
        Charset::Windows1258 => {
            let text: String = WINDOWS_1258.decode(&bytes).0.nfc().collect();
            text.replacen("\"windows-1258\"", "\"utf-8\"", 1)
        }
    }
}

fn channel(id: &str) -> rss::Channel {
    rss::Channel::read_from(feed_text(&room(id)).as_bytes()).unwrap()
}

fn item(id: &str, title: &str) -> rss::Item {
    let mut items = channel(id).into_items().into_iter();
    items.find(|item| item.title() == Some(title)).unwrap()
}

/// As a reader sees it: without elements, runs of white space as one.
fn words(html: &str) -> String {
    let fragment = scraper::Html::parse_fragment(html);
    let text: String = fragment.root_element().text().collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn every_feed_is_well_formed_and_holds_what_is_out() {
    for room in rooms() {
        let id = &room.texts.id;
        let listed = room.listed(Duration::ZERO);
        let feed = feed_rs::parser::parse(feed_bytes(&room).as_ref()).unwrap();
        let times = if room.texts.manner.twice { 2 } else { 1 };
        assert_eq!(feed.entries.len(), listed.len() * times, "{id}");
        let name: String = feed.title.unwrap().content.nfc().collect();
        assert_eq!(name, room.texts.name, "{id}");
        for (entry, story) in feed.entries.iter().step_by(times).zip(&listed) {
            let title: String = entry.title.as_ref().unwrap().content.nfc().collect();
            assert_eq!(title, story.title, "{id}");
            assert_eq!(entry.links[0].href, room.article_url(story), "{id}");
        }
    }
}

#[test]
fn everything_out_at_the_opening_is_dated_within_the_last_days() {
    for room in rooms() {
        let listed = room.listed(Duration::ZERO);
        assert!(listed.len() >= 4, "{}", room.texts.id);
        for story in listed {
            let age = opening().since(room.published_at(story));
            assert!(room.published_at(story) < opening(), "{}", story.slug);
            assert!(age < Duration::from_secs(4 * 24 * 3600), "{}", story.slug);
        }
    }
}

#[test]
fn a_full_item_has_text_author_categories_and_a_picture_of_the_stated_length() {
    let title = "Phú Thọ: Gốm Hương Canh hồi sinh nhờ thiết kế mới và khách trải nghiệm";
    let item = item("tre-lang", title);
    assert!(item.content().unwrap().starts_with("<p>Chất đất xanh dẻo"));
    assert_eq!(item.dublin_core_ext().unwrap().creators(), ["Đỗ Hải Vân"]);
    assert_eq!(item.categories().len(), 2);
    assert_eq!(item.pub_date(), Some("Fri, 20 Nov 2026 05:35:00 +0700"));

    let enclosure = item.enclosure().unwrap();
    let room = room("tre-lang");
    let path = enclosure.url().strip_prefix(&room.origin).unwrap();
    let picture = get(&room, path);
    assert_eq!(
        field(&picture, header::CONTENT_TYPE).unwrap(),
        enclosure.mime_type()
    );
    let picture = body(picture);
    assert_eq!(picture.len().to_string(), enclosure.length());
    assert!(picture.starts_with(b"\x89PNG\r\n\x1a\n"));
}

#[test]
fn atom_addresses_are_relative_and_texts_both_html_and_xhtml() {
    let text = feed_text(&room("kinh-bac-moi"));
    assert!(text.contains("xml:base=\"http://127.0.0.12:4000/\""));
    assert!(text.contains("href=\"tin/go-dong-ky-may-cham.html\""));
    assert!(text.contains("<content type=\"html\">&lt;p&gt;"));
    assert!(text.contains("<content type=\"xhtml\"><div xmlns"));
}

#[test]
fn windows_1258_comes_back_as_it_was_written() {
    let room = room("huong-ngu");
    let listed = room.listed(Duration::ZERO);
    let written = super::feed::document(&room, &listed);
    let bytes = feed_bytes(&room);

    assert!(bytes.starts_with(b"<?xml version=\"1.0\" encoding=\"windows-1258\"?>"));
    assert!(std::str::from_utf8(&bytes).is_err());
    let (decoded, malformed) = WINDOWS_1258.decode_without_bom_handling(&bytes);
    assert!(!malformed);
    assert!(!is_nfc(&decoded), "tones are marks of their own");
    assert!(!decoded.contains("&#"), "a letter was not taken apart");
    assert_eq!(decoded.nfc().collect::<String>(), written);
    let media_type = field(&get(&room, &room.texts.feed), header::CONTENT_TYPE);
    assert_eq!(media_type.as_deref(), Some("text/xml"));
}

#[test]
fn every_vietnamese_letter_survives_windows_1258() {
    let bare = "aăâeêioôơuưyAĂÂEÊIOÔƠUƯY";
    let tones = ["", "\u{300}", "\u{301}", "\u{303}", "\u{309}", "\u{323}"];
    let letters: String = bare
        .chars()
        .flat_map(|letter| tones.map(|tone| format!("{letter}{tone}")))
        .chain(["đĐ “–” 1.200 m²".to_owned()])
        .collect();
    let letters: String = letters.nfc().collect();

    let bytes = Charset::Windows1258.encode(letters.clone());

    assert!(!bytes.contains(&b'&'));
    let decoded = WINDOWS_1258.decode(&bytes).0;
    assert_eq!(decoded.nfc().collect::<String>(), letters);
}

#[test]
fn what_no_code_page_has_becomes_a_reference() {
    assert_eq!(Charset::Windows1258.encode("木".to_owned()), b"&#26408;");
}

#[test]
fn three_papers_carry_one_story_to_the_letter() {
    let title = "Đồng bằng sông Cửu Long lập chuỗi liên kết tiêu thụ nông sản chung";
    let [first, second, third] =
        ["dong-thap-xanh", "hat-ngoc", "that-son"].map(|id| item(id, title));
    let text = first.description().unwrap();

    assert_eq!(second.description().unwrap(), format!("HNMT - {text}"));
    assert_ne!(third.description().unwrap(), text);
    assert_eq!(words(third.description().unwrap()), text);
    let addresses: BTreeSet<_> = [&first, &second, &third].map(|item| item.link()).into();
    assert_eq!(addresses.len(), 3);
}

#[test]
fn an_atom_feed_and_an_old_code_page_carry_one_story_to_the_letter() {
    let title = "Hướng dẫn mới giúp sản phẩm OCOP nâng hạng sao thuận lợi hơn";
    let copy = item("huong-ngu", title);
    let feed = feed_rs::parser::parse(feed_text(&room("kinh-bac-moi")).as_bytes()).unwrap();
    let original = feed
        .entries
        .iter()
        .find(|entry| entry.title.as_ref().unwrap().content == title)
        .unwrap();

    assert_eq!(
        copy.description().unwrap(),
        original.summary.as_ref().unwrap().content
    );
    assert_ne!(copy.link().unwrap(), original.links[0].href);
}

#[test]
fn a_guest_links_to_its_owners_article() {
    let title = "Quảng Ninh: Gốm Đông Triều tìm đường vào khách sạn và tàu du lịch";
    let (owner, guest) = (item("tre-lang", title), item("that-son", title));
    assert_eq!(owner.link(), guest.link());
    assert_eq!(
        words(guest.description().unwrap()),
        owner.description().unwrap()
    );
    let page = get(&room("that-son"), "/tin/gom-dong-trieu.html");
    assert_eq!(page.status(), StatusCode::NOT_FOUND);
}

#[test]
fn the_doubled_feed_prints_each_item_twice_without_ids() {
    let items = channel("hoa-ban-trang").into_items();
    assert_eq!(items.len(), 14);
    for pair in items.chunks(2) {
        assert_eq!(pair[0].title(), pair[1].title());
        assert_eq!(pair[0].link(), pair[1].link());
        assert_eq!(pair[0].guid(), None);
        assert!(pair[0].description().unwrap().contains("<img "));
        assert!(!pair[1].description().unwrap().contains("<img "));
    }
}

#[test]
fn dates_are_stated_as_the_newsroom_states_them() {
    let dates = |id: &str| -> Vec<String> {
        let items = channel(id).into_items().into_iter();
        items
            .filter_map(|item| item.pub_date().map(str::to_owned))
            .collect()
    };
    assert_eq!(dates("dat-chin-con"), Vec::<String>::new());
    assert_eq!(
        dates("nang-nam-trung"),
        [
            "Sun, 22 Nov 2026 06:40:00 GMT+7",
            "21/11/2026 21:50",
            "Thứ bảy, 21/11/2026 | 15:00",
            "Sat, 21 Nov 2026 03:10:00 GMT+0700",
            "20/11/2026 14:30 (GMT+7)",
        ]
    );
    assert_eq!(dates("bo-lam")[0], "Sun, 22 Nov 2026 07:35:00 +0700");
}

#[test]
fn the_flaky_one_fails_every_other_time() {
    let room = room("bo-lam");
    let statuses: Vec<u16> = (0..4)
        .map(|_| get(&room, "/rss/cong-thuong.rss").status().as_u16())
        .collect();
    assert_eq!(statuses, [200, 500, 200, 500]);
    assert_eq!(get(&room, "/tin/coi-nga-son.html").status(), StatusCode::OK);
}

#[test]
fn only_the_feed_of_the_slow_one_is_slow() {
    let room = room("gio-dai-ngan");
    let wait = |path| {
        let headers = HeaderMap::new();
        room.answer(&Method::GET, path, &headers, Duration::ZERO)
            .wait
    };
    assert_eq!(wait("/rss/cao-nguyen.rss"), Duration::from_secs(3));
    assert_eq!(wait("/"), Duration::ZERO);
}

#[test]
fn a_known_feed_is_not_sent_again() {
    for room in rooms().iter().filter(|room| !room.texts.manner.flaky) {
        let path = &room.texts.feed;
        let first = get(room, path);
        let date = field(&first, header::LAST_MODIFIED).unwrap();
        let by_date = get_with(room, path, &[(header::IF_MODIFIED_SINCE, date.as_str())], 1);
        assert_eq!(by_date.status(), StatusCode::NOT_MODIFIED, "{path}");
        assert!(body(by_date).is_empty());

        let Some(etag) = field(&first, header::ETAG) else {
            assert!(room.texts.manner.without_etag, "{path}");
            continue;
        };
        let weak = format!("\"other\", W/{etag}");
        let by_etag = get_with(room, path, &[(header::IF_NONE_MATCH, weak.as_str())], 1);
        assert_eq!(by_etag.status(), StatusCode::NOT_MODIFIED, "{path}");
        assert_eq!(field(&by_etag, header::ETAG), Some(etag));

        let fields = [
            (header::IF_NONE_MATCH, "\"other\""),
            (header::IF_MODIFIED_SINCE, date.as_str()),
        ];
        assert_eq!(
            get_with(room, path, &fields, 1).status(),
            StatusCode::OK,
            "{path}"
        );
    }
}

#[test]
fn the_wire_publishes_while_one_looks_on() {
    let room = room("nhip-cho-phien");
    let path = room.texts.feed.clone();
    let first = get(&room, &path);
    let etag = field(&first, header::ETAG).unwrap();
    let known = [(header::IF_NONE_MATCH, etag.as_str())];

    assert_eq!(
        get_with(&room, &path, &known, 6).status(),
        StatusCode::NOT_MODIFIED
    );
    assert_eq!(get_with(&room, &path, &known, 7).status(), StatusCode::OK);
    let at = |elapsed_s| room.listed(Duration::from_secs(elapsed_s));
    assert_eq!(at(0).len(), 6);
    assert_eq!(at(7)[0].offset_s, 7);
    assert_eq!(at(7)[1..], at(0));
    assert_eq!(at(100_000).len(), 20, "a feed is bounded");
    assert_eq!(at(100_000), at(200_000), "the wire runs dry");
}

#[test]
fn an_unpublished_article_has_no_page_yet() {
    let room = room("nhip-cho-phien");
    let status = |elapsed_s| get_with(&room, "/tin/tin-0007.html", &[], elapsed_s).status();
    assert_eq!(status(6), StatusCode::NOT_FOUND);
    assert_eq!(status(7), StatusCode::OK);
}

#[test]
fn every_address_in_a_feed_opens() {
    let rooms = rooms();
    for room in &rooms {
        for story in room.listed(Duration::ZERO) {
            let url = room.article_url(story);
            let owner = rooms
                .iter()
                .find(|room| url.starts_with(&room.origin))
                .unwrap();
            let page = get(owner, url.strip_prefix(&owner.origin).unwrap());
            assert_eq!(page.status(), StatusCode::OK, "{url}");
            let html = match owner.texts.manner.charset {
                Charset::Utf8 => String::from_utf8(body(page).to_vec()).unwrap(),
                Charset::Windows1258 => WINDOWS_1258.decode(&body(page)).0.nfc().collect(),
            };
            assert!(
                html.contains(&format!("<h1>{}</h1>", story.title)),
                "{html}"
            );
        }
    }
}

#[test]
fn a_home_page_names_its_feed_and_lists_what_is_out() {
    let room = room("huong-ngu");
    let page = get(&room, "/");
    assert_eq!(
        field(&page, header::CONTENT_TYPE).as_deref(),
        Some("text/html; charset=windows-1258")
    );
    let html: String = WINDOWS_1258.decode(&body(page)).0.nfc().collect();
    assert!(html.contains("<link rel=\"alternate\" type=\"application/rss+xml\""));
    assert_eq!(html.matches("<li>").count(), 5);
}

#[test]
fn what_is_not_there_is_not_found() {
    let room = room("tre-lang");
    for path in [
        "/x",
        "/tin/x.html",
        "/tin/.html",
        "/anh/x.png",
        "//",
        "/tin/../",
        "*",
    ] {
        assert_eq!(get(&room, path).status(), StatusCode::NOT_FOUND, "{path}");
    }
    let headers = HeaderMap::new();
    let answer = room.answer(&Method::POST, &room.texts.feed, &headers, Duration::ZERO);
    assert_eq!(answer.response.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn the_sources_are_blocks_of_a_configuration() {
    let newsrooms = Newsrooms::start(SEED, opening()).await.unwrap();
    let file: toml::Table = newsrooms.sources_toml().parse().unwrap();
    let sources = file["source"].as_array().unwrap();

    assert_eq!(newsrooms.count(), 12);
    assert_eq!(sources.len(), 12);
    let urls: BTreeSet<&str> = sources
        .iter()
        .map(|one| one["url"].as_str().unwrap())
        .collect();
    assert_eq!(urls.len(), 12);
    for source in sources {
        SourceId::parse(source["id"].as_str().unwrap()).unwrap();
        assert!(
            source["url"]
                .as_str()
                .unwrap()
                .starts_with("http://127.0.0.")
        );
    }
    assert!(newsrooms.sources_toml().contains("province = \"bac-ninh\""));
    assert!(newsrooms.sources_toml().contains("min_interval = \"2s\""));
}

#[tokio::test]
async fn newsrooms_answer_over_the_wire_until_they_are_shut() {
    let newsrooms = Newsrooms::start(SEED, opening()).await.unwrap();
    let room = &newsrooms.rooms[0];
    let host = room.origin.strip_prefix("http://").unwrap().to_owned();
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n",
        room.texts.feed
    );

    let mut stream = tokio::net::TcpStream::connect(&host).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, feed) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert_eq!(
        rss::Channel::read_from(feed.as_bytes())
            .unwrap()
            .items()
            .len(),
        6
    );

    newsrooms.shutdown().await;
    assert!(tokio::net::TcpStream::connect(&host).await.is_err());
}

#[tokio::test]
async fn dropping_the_newsrooms_closes_them() {
    let newsrooms = Newsrooms::start(SEED, opening()).await.unwrap();
    let host = newsrooms.rooms[0]
        .origin
        .strip_prefix("http://")
        .unwrap()
        .to_owned();
    drop(newsrooms);
    for _ in 0..100 {
        tokio::task::yield_now().await;
        if tokio::net::TcpStream::connect(&host).await.is_err() {
            return;
        }
    }
    panic!("{host} still answers");
}
