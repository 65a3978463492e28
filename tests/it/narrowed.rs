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
