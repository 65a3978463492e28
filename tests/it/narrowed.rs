//! Feeds narrowed by province, former province, topic and source, as a reader subscribes to them.

use std::collections::BTreeSet;

use crate::support::house::{Daemon, House};
use crate::support::origin::{Answer, Origin};

/// `(id, title)`; the words say where and what each is.
const NEWS: [(&str, &str); 5] = [
    ("hue-ocop", "Huế có thêm mười sản phẩm OCOP bốn sao"),
    ("hue-fair", "Huế mở hội chợ hàng thủ công cuối năm"),
    ("da-nang-ocop", "Đà Nẵng chấm điểm sản phẩm OCOP đợt hai"),
    ("ben-tre", "Bến Tre khôi phục nghề dệt chiếu Nhơn Thạnh"),
    ("nowhere", "Giá vàng đứng yên trong phiên sáng nay"),
];

fn rss(items: &[(&str, &str)]) -> String {
    let items: Vec<String> = items
        .iter()
        .map(|(id, title)| {
            format!(
                "<item><guid isPermaLink=\"false\">{id}</guid><title>{title}</title>\
                 <link>https://bao.example.vn/{id}.html</link></item>"
            )
        })
        .collect();
    format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Báo</title>\
         <link>https://bao.example.vn/</link><description>x</description>{}</channel></rss>",
        items.join("")
    )
}

async fn open() -> (Origin, House, Daemon) {
    let origin = Origin::start().await;
    origin.say("/a", Answer::tagged_feed(rss(&NEWS)));
    origin.say(
        "/b",
        Answer::tagged_feed(rss(&[("b", "Huế đón đoàn khách tàu biển đầu mùa")])),
    );
    let house = House::new();
    house.configure(&format!(
        "[[source]]\nid = \"a\"\nurl = \"{}\"\n[[source]]\nid = \"b\"\nurl = \"{}\"\n",
        origin.url("/a"),
        origin.url("/b")
    ));
    let daemon = house.open().await;
    daemon.first_polls(&["a", "b"]).await;
    (origin, house, daemon)
}

/// The feed at `path` shows just the articles whose addresses end in `expected`.
#[track_caller]
fn links(answered: &crate::support::house::Answered) -> BTreeSet<String> {
    assert_eq!(answered.status, 200, "{}", answered.text());
    let entries = answered.feed().entries;
    entries
        .iter()
        .filter_map(|entry| {
            entry
                .links
                .iter()
                .find(|link| link.rel.as_deref() == Some("alternate"))
        })
        .filter_map(|link| {
            link.href
                .rsplit('/')
                .next()?
                .strip_suffix(".html")
                .map(str::to_owned)
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn any_combination_is_a_feed() {
    let (_origin, _house, daemon) = open().await;
    for (path, expected) in [
        ("/provinces/hue.atom", &["hue-ocop", "hue-fair", "b"][..]),
        ("/provinces/vinh-long.atom", &["ben-tre"]),
        ("/former-provinces/ben-tre.atom", &["ben-tre"]),
        ("/topics/ocop.atom", &["hue-ocop", "da-nang-ocop"]),
        ("/provinces/ca-mau.atom", &[]),
        ("/feed.atom?topic=ocop&province=hue", &["hue-ocop"]),
        (
            "/feed.atom?province=hue&province=da-nang&topic=ocop",
            &["hue-ocop", "da-nang-ocop"],
        ),
        (
            "/feed.atom?province=hue&source=a",
            &["hue-ocop", "hue-fair"],
        ),
        ("/feed.atom?former_province=ben-tre&province=hue", &[]),
        ("/topics/ocop.atom?province=da-nang", &["da-nang-ocop"]),
        ("/feed.rss?topic=ocop", &["hue-ocop", "da-nang-ocop"]),
    ] {
        let answered = daemon.get(path).await;
        let expected: BTreeSet<String> = expected.iter().map(|id| (*id).to_owned()).collect();
        if path.contains(".rss") {
            assert_eq!(answered.feed().entries.len(), expected.len(), "{path}");
        } else {
            assert_eq!(links(&answered), expected, "{path}");
        }
    }
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_narrowed_feed_pages_like_any_other_and_keeps_its_narrowing() {
    let (_origin, _house, daemon) = open().await;
    let mut path = "/feed.atom?province=hue&limit=1".to_owned();
    let mut found = BTreeSet::new();
    for pages in 1.. {
        let page = daemon.get(&path).await;
        assert!(page.feed().entries.len() <= 1);
        found.extend(links(&page));
        let next = page
            .feed()
            .links
            .into_iter()
            .find(|link| link.rel.as_deref() == Some("next"));
        match next {
            Some(next) => {
                assert!(next.href.contains("province=hue"), "{}", next.href);
                path = next.href.replace("https://tin.example.vn", "");
            }
            None => {
                assert_eq!(pages, 3);
                break;
            }
        }
    }
    assert_eq!(found.len(), 3);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_exist_is_named_with_its_nearest() {
    let (_origin, _house, daemon) = open().await;
    for (path, status, sentence) in [
        (
            "/provinces/hew.atom",
            404,
            "no province \"hew\"; the nearest is \"hue\"",
        ),
        (
            "/former-provinces/hue.atom",
            404,
            "no former province \"hue\"",
        ),
        ("/topics/ocpo.atom", 404, "the nearest is \"ocop\""),
        ("/sources/c.atom", 404, "no source \"c\""),
        ("/feed.atom?province=hew", 400, "the nearest is \"hue\""),
        ("/feed.atom?topic=", 400, "no topic \"\""),
        ("/feed.atom?source=zz", 400, "no source \"zz\""),
        ("/feed.atom?provinces=hue", 400, "did you mean"),
    ] {
        let answered = daemon.get(path).await;
        assert_eq!(answered.status, status, "{path}");
        assert!(
            answered.text().contains(sentence),
            "{path}: {}",
            answered.text()
        );
    }
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_narrowed_feed_has_a_page_of_its_own() {
    let (_origin, _house, daemon) = open().await;
    for (path, heading, shown, elsewhere) in [
        ("/provinces/hue", "Huế", "hue-fair", "da-nang-ocop"),
        (
            "/former-provinces/ben-tre",
            "Bến Tre",
            "ben-tre",
            "hue-fair",
        ),
        (
            "/topics/ocop",
            "OCOP - Mỗi xã một sản phẩm",
            "da-nang-ocop",
            "hue-fair",
        ),
        ("/sources/a", "Báo", "nowhere", "b.html"),
        ("/provinces/ca-mau", "Cà Mau", "", "hue-fair"),
        (
            "/provinces/hue?province=nowhere&x=%",
            "Huế",
            "hue-ocop",
            "ben-tre",
        ),
    ] {
        let page = daemon.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert_eq!(
            page.header("content-type"),
            Some("text/html; charset=utf-8"),
            "{path}"
        );
        let text = page.text();
        let (address, _) = path.split_once('?').unwrap_or((path, ""));
        let own = address.rsplit('/').next().expect("a name");
        for part in [
            &format!("<h1>{heading}</h1>"),
            &format!(
                "type=\"application/atom+xml\" title=\"Tin địa phương – {heading} (Atom)\" href=\"{own}.atom\">"
            ),
            &format!("<a href=\"{own}.rss\">RSS</a>"),
            shown,
        ] {
            assert!(text.contains(part), "no {part} at {path}: {text}");
        }
        assert!(!text.contains(elsewhere), "{elsewhere} at {path}: {text}");
        // The feed says which page it stands for.
        let feed = daemon.get(&format!("{address}.atom")).await;
        let alternate = format!(
            "rel=\"alternate\" type=\"text/html\" href=\"https://tin.example.vn{address}\""
        );
        assert!(feed.text().contains(&alternate), "{}", feed.text());
    }
    let front = daemon.get("/").await;
    assert!(front.text().contains("<a href=\"provinces/hue\">Huế</a>"));
    assert!(front.text().contains("<a href=\"sources/a\">Báo</a>"));
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_goes_on_where_it_ends() {
    let (_origin, house, daemon) = open().await;
    daemon.stop().await;
    let config = std::fs::read_to_string(house.config_file()).expect("it was configured");
    house.write_config(&format!("{config}[feed]\npage_size = 2\n"));
    let daemon = house.open().await;
    for (path, pages) in [("/", 3), ("/provinces/hue", 2)] {
        let mut query = String::new();
        let mut stories = BTreeSet::new();
        for page in 1..=pages {
            let answered = daemon.get(&format!("{path}{query}")).await;
            let text = answered.text();
            let links = text.split("<a href=\"").skip(1);
            let hrefs = links.filter_map(|rest| rest.split('"').next());
            stories.extend(
                hrefs
                    .filter(|href| href.contains("stories/"))
                    .map(|href| href.trim_start_matches("../").to_owned()),
            );
            assert_eq!(text.contains("rel=\"first\""), page > 1, "{path}{query}");
            let next = text.split("<a href=\"?").nth(1);
            let next = next.and_then(|rest| rest.split('"').next());
            assert_eq!(next.is_some(), page < pages, "{path}{query}: {text}");
            query = next.map_or_else(String::new, |next| format!("?{next}"));
        }
        let expected = if path == "/" { 6 } else { 3 };
        assert_eq!(stories.len(), expected, "{path}");
        for story in stories {
            assert_eq!(
                daemon.get(&format!("/{story}")).await.status,
                200,
                "{story}"
            );
        }
    }
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_what_does_not_exist_names_the_nearest() {
    let (_origin, _house, daemon) = open().await;
    for (path, sentence) in [
        ("/provinces/hew", "the nearest is \"hue\""),
        ("/provinces/ben-tre", "part of the province \"vinh-long\""),
        ("/former-provinces/hue", "no former province \"hue\""),
        ("/topics/ocpo", "the nearest is \"ocop\""),
        ("/sources/c", "no source \"c\""),
        ("/documents/1-qd-ttg", "no story names a document"),
        ("/provinces/hue.json", "nothing is at"),
    ] {
        let answered = daemon.get(path).await;
        assert_eq!(answered.status, 404, "{path}");
        assert!(
            answered.text().contains(sentence),
            "{path}: {}",
            answered.text()
        );
    }
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_follow_what_happens() {
    let (_origin, _house, daemon) = open().await;
    assert_eq!(daemon.get("/feed.atom").await.status, 200);
    let text = daemon.get("/metrics").await.text().to_owned();
    for line in [
        "langbao_polls_total{outcome=\"read\"} 2",
        "langbao_articles_new_total 6",
        "langbao_store_stories 6",
        "langbao_sources{state=\"ok\"} 2",
        "langbao_http_requests_total{route=\"feed\",status=\"200\"} 1",
        "langbao_degraded 0",
    ] {
        assert!(
            text.lines().any(|found| found == line),
            "no {line} in\n{text}"
        );
    }
    daemon.stop().await;
}
