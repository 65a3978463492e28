//! The daemon as a whole: a scripted origin on one side, HTTP and the admin socket on the other.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use langbao::admin::{PollRequest, Reply, Request};
use langbao::store::{Engine, EngineError, MemoryEngine, Op, Pair, SledEngine};
use tokio::io::AsyncWriteExt;
use tokio::sync::{Notify, Semaphore};

use crate::support::faulty::FaultyEngine;
use crate::support::house::{Answered, Daemon, House};
use crate::support::origin::{Answer, Origin};

/// One item of a feed: `(id, title, text)`.
type Item<'a> = (&'a str, &'a str, &'a str);

const SALT: Item<'_> = (
    "muoi",
    "Diêm dân Sa Huỳnh vào vụ muối sớm",
    "Nắng kéo dài từ đầu tháng giúp hạt muối kết tinh nhanh, cánh đồng trắng xoá trở lại.",
);
const LACQUER: Item<'_> = (
    "son-mai",
    "Làng sơn mài mở xưởng cho khách tự tay làm",
    "Mỗi cuối tuần, ba xưởng trong làng dành một gian để khách vẽ, mài và mang sản phẩm về.",
);
const BRIDGE: Item<'_> = (
    "cau",
    "Thông xe cầu mới nối hai bờ sông Hậu tại An Giang",
    "Cây cầu dài tám trăm mét rút ngắn nửa giờ đường chở lúa gạo ra bến.",
);

fn rss(name: &str, items: &[Item<'_>]) -> String {
    let mut feed = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><rss version=\"2.0\"><channel><title>{name}</title>\
         <link>https://bao.example.vn/</link><description>{name}</description>"
    );
    for (id, title, text) in items {
        let _ = write!(
            feed,
            "<item><guid isPermaLink=\"false\">{id}</guid><title>{title}</title>\
             <link>https://bao.example.vn/{id}.html</link><description>{text}</description>\
             <category>Kinh tế</category>\
             <pubDate>Sat, 21 Nov 2026 09:00:00 +0700</pubDate></item>"
        );
    }
    feed.push_str("</channel></rss>");
    feed
}

fn source(id: &str, url: &str) -> String {
    format!("[[source]]\nid = \"{id}\"\nurl = \"{url}\"\n")
}

/// One source `bao` with one item that is there.
async fn one_source() -> (Origin, House, Daemon) {
    let origin = Origin::start().await;
    origin.say("/rss", Answer::tagged_feed(rss("Báo Quê", &[SALT])));
    let house = House::new();
    house.configure(&source("bao", &origin.url("/rss")));
    let daemon = house.open().await;
    daemon.polled("bao", 1).await;
    (origin, house, daemon)
}

/// The path of a page's `rel="next"`.
fn next_of(page: &Answered) -> Option<String> {
    let feed = page.feed();
    let next = feed
        .links
        .iter()
        .find(|link| link.rel.as_deref() == Some("next"))?;
    let path = next.href.strip_prefix("https://tin.example.vn");
    Some(path.expect("built on base_url").to_owned())
}

fn ids(page: &Answered) -> Vec<String> {
    let entries = page.feed().entries;
    entries.into_iter().map(|entry| entry.id).collect()
}

/// A medium whose next write waits for the test.
#[derive(Default)]
struct GatedEngine {
    memory: MemoryEngine,
    gate: Mutex<Option<mpsc::Receiver<()>>>,
    waiting: Notify,
}

impl GatedEngine {
    /// The next write waits until something is sent, or the sender dropped.
    fn close(&self) -> mpsc::Sender<()> {
        let (open, opened) = mpsc::channel();
        *self.gate.lock().unwrap_or_else(PoisonError::into_inner) = Some(opened);
        open
    }
}

impl Engine for GatedEngine {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        self.memory.get(key)
    }

    fn scan(&self, prefix: &[u8], from: &[u8], limit: usize) -> Result<Vec<Pair>, EngineError> {
        self.memory.scan(prefix, from, limit)
    }

    fn last_up_to(&self, prefix: &[u8], key: &[u8]) -> Result<Option<Pair>, EngineError> {
        self.memory.last_up_to(prefix, key)
    }

    fn write(&self, ops: Vec<Op>) -> Result<(), EngineError> {
        let gate = self
            .gate
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(opened) = gate {
            self.waiting.notify_one();
            let _ = opened.recv();
        }
        self.memory.write(ops)
    }

    fn bytes(&self) -> u64 {
        0
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_source_publishes_is_in_the_feed_with_categories() {
    let origin = Origin::start().await;
    origin.say("/rss", Answer::feed(rss("Báo Quê", &[BRIDGE])));
    let house = House::new();
    house.configure(&source("bao", &origin.url("/rss")));
    let daemon = house.open().await;
    daemon.polled("bao", 1).await;

    let answered = daemon.get("/feed.atom").await;
    assert_eq!(
        answered.header("content-type"),
        Some("application/atom+xml; charset=utf-8")
    );
    let feed = answered.feed();
    let [entry] = feed.entries.as_slice() else {
        panic!("{feed:?}");
    };
    assert_eq!(entry.id, "tag:tin.example.vn,2026-11-22:nha-0");
    assert_eq!(entry.title.as_ref().expect("a title").content, BRIDGE.1);
    assert_eq!(entry.links[0].href, "https://bao.example.vn/cau.html");
    assert_eq!(
        entry.published.expect("a date").to_rfc3339(),
        "2026-11-21T02:00:00+00:00"
    );
    let categories: Vec<(Option<&str>, &str)> = entry
        .categories
        .iter()
        .map(|category| (category.scheme.as_deref(), category.term.as_str()))
        .collect();
    for expected in [
        (Some("https://tin.example.vn/schemes/province"), "an-giang"),
        (
            Some("https://tin.example.vn/schemes/source-category"),
            "Kinh tế",
        ),
    ] {
        assert!(
            categories.contains(&expected),
            "{expected:?} in {categories:?}"
        );
    }
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_poll_is_conditional_and_a_304_changes_nothing() {
    let (origin, _house, daemon) = one_source().await;
    let before = daemon.get("/feed.atom").await;

    let polled = daemon.poll_one("bao").await;
    assert_eq!(
        (polled.outcome.as_str(), polled.ok, polled.same),
        ("unchanged", true, 1)
    );
    let asked = origin.asked("/rss");
    assert_eq!(asked.len(), 2);
    assert!(asked[0].at <= asked[1].at);
    assert_eq!(asked[0].header("if-none-match"), None);
    assert!(asked[1].header("if-none-match").is_some(), "{:?}", asked[1]);

    let source = daemon.source("bao").await;
    assert_eq!(
        (&source["polls"], &source["last_status"]),
        (&2.into(), &304.into())
    );
    assert_eq!(
        (&source["state"], &source["entries"]),
        (&"ok".into(), &1.into())
    );
    let after = daemon.get("/feed.atom").await;
    assert_eq!((after.etag(), &after.body), (before.etag(), &before.body));
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feed_can_be_asked_for_by_condition_by_head_and_compressed() {
    let (_origin, house, daemon) = one_source().await;
    // A change in the second that is not over yet could not be told by its date.
    house.clock.advance(Duration::from_secs(60));
    let plain = daemon.get("/feed.atom").await;
    let modified = plain
        .header("last-modified")
        .expect("it says when")
        .to_owned();

    for headers in [
        [("if-none-match", plain.etag())],
        [("if-none-match", "*")],
        [("if-modified-since", modified.as_str())],
    ] {
        let answered = daemon.request("GET", "/feed.atom", &headers).await;
        assert_eq!(
            (answered.status, answered.body.len()),
            (304, 0),
            "{headers:?}"
        );
        assert_eq!(answered.etag(), plain.etag());
    }
    let other = [("if-none-match", "\"other\"")];
    assert_eq!(daemon.request("GET", "/feed.atom", &other).await, plain);

    let head = daemon.request("HEAD", "/feed.atom", &[]).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    for name in [
        "etag",
        "content-length",
        "content-type",
        "last-modified",
        "vary",
    ] {
        assert_eq!(head.header(name), plain.header(name), "{name}");
    }

    let accept = [("accept-encoding", "gzip")];
    let zipped = daemon.request("GET", "/feed.atom", &accept).await;
    assert_eq!(zipped.header("content-encoding"), Some("gzip"));
    assert_eq!(zipped.unzipped(), plain.body);
    assert_ne!(zipped.etag(), plain.etag());
    let again = [
        ("accept-encoding", "gzip"),
        ("if-none-match", zipped.etag()),
    ];
    assert_eq!(
        daemon.request("GET", "/feed.atom", &again).await.status,
        304
    );
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cursors_lead_through_everything_once_although_news_comes_in() {
    const COUNT: usize = 23;
    let titles: Vec<(String, String)> = (0..COUNT)
        .map(|no| (format!("so-{no}"), format!("Bản tin mùa gặt số {no}")))
        .collect();
    let mut items: Vec<Item<'_>> = titles
        .iter()
        .map(|(id, title)| (id.as_str(), title.as_str(), "Lúa chín."))
        .collect();
    let origin = Origin::start().await;
    origin.say("/rss", Answer::feed(rss("Báo Quê", &items)));
    let house = House::new();
    house.configure(&source("bao", &origin.url("/rss")));
    let daemon = house.open().await;
    daemon.polled("bao", 1).await;

    let whole = daemon.get("/feed.atom?limit=1000").await;
    assert_eq!(next_of(&whole), None);
    let first = daemon.get("/feed.atom?limit=5").await;
    // Equal dates all over, and a story more that stands behind all others of that date.
    items.push(SALT);
    origin.say("/rss", Answer::feed(rss("Báo Quê", &items)));
    assert_eq!(daemon.poll_one("bao").await.new.len(), 1);

    let mut walked = ids(&first);
    let mut next = next_of(&first);
    let mut pages = 1;
    while let Some(path) = next {
        let page = daemon.get(&path).await;
        walked.extend(ids(&page));
        next = next_of(&page);
        pages += 1;
        assert!(pages <= COUNT, "paging does not end");
    }
    assert_eq!(pages, 5);
    assert_eq!(walked[..COUNT], ids(&whole));
    assert_eq!(walked.len(), COUNT + 1);
    let distinct: BTreeSet<&String> = walked.iter().collect();
    assert_eq!(distinct.len(), walked.len());
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_s_own_feed_shows_its_own_article_under_the_story_s_id() {
    let origin = Origin::start().await;
    let (id, title, text) = LACQUER;
    origin.say("/mot", Answer::feed(rss("Báo Một", &[(id, title, text)])));
    origin.say(
        "/hai",
        Answer::feed(rss("Báo Hai", &[("hai-9", title, text)])),
    );
    let house = House::new();
    let first = source("mot", &origin.url("/mot"));
    house.configure(&first);
    let daemon = house.open().await;
    daemon.polled("mot", 1).await;
    house.configure(&(first + &source("hai", &origin.url("/hai"))));
    daemon.ask(Request::Reload).await;
    daemon.polled("hai", 1).await;

    let merged = daemon.get("/feed.atom").await.feed();
    let [story] = merged.entries.as_slice() else {
        panic!("{merged:?}");
    };
    let related: Vec<&str> = story
        .links
        .iter()
        .filter(|link| link.rel.as_deref() == Some("related"))
        .map(|link| link.href.as_str())
        .collect();
    assert_eq!(related, ["https://bao.example.vn/hai-9.html"]);
    for (source, address) in [("mot", "son-mai"), ("hai", "hai-9")] {
        let own = daemon.get(&format!("/sources/{source}.atom")).await.feed();
        let [entry] = own.entries.as_slice() else {
            panic!("{own:?}");
        };
        assert_eq!(entry.id, story.id);
        assert_eq!(
            entry.links[0].href,
            format!("https://bao.example.vn/{address}.html")
        );
    }
    let missing = daemon.get("/sources/hay.atom").await;
    assert_eq!(missing.status, 404);
    assert!(
        missing.text().contains("the nearest is \"hai\""),
        "{}",
        missing.text()
    );
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_source_stops_no_other_and_says_why() {
    let origin = Origin::start().await;
    let bad = [
        ("khong-co", Answer::status(404), "404"),
        ("hong", Answer::status(500), "500"),
        (
            "trang",
            Answer::html("<!doctype html><title>Báo</title><p>Xin chào"),
            "HTML",
        ),
        (
            "rac",
            Answer::feed(vec![0, 159, 146, 150, 7, 8]),
            "not a feed",
        ),
        ("rong", Answer::feed(""), "not a feed"),
    ];
    let mut sources = source("bao", &origin.url("/rss"));
    origin.say("/rss", Answer::feed(rss("Báo Quê", &[SALT])));
    for (id, answer, _) in &bad {
        origin.say(&format!("/{id}"), answer.clone());
        sources += &source(id, &origin.url(&format!("/{id}")));
    }
    let house = House::new();
    house.configure(&sources);
    let daemon = house.open().await;
    for (id, _, word) in &bad {
        daemon.polled(id, 1).await;
        let source = daemon.source(id).await;
        assert_eq!(
            (&source["state"], &source["failures"]),
            (&"failing".into(), &1.into())
        );
        let error = source["last_error"].as_str().expect("a clause");
        assert!(
            error.contains(word),
            "{id}: {error:?} does not say {word:?}"
        );
        assert_eq!(source["last_success"], serde_json::Value::Null);
    }
    daemon.polled("bao", 1).await;
    assert_eq!(daemon.get("/feed.atom").await.titles(), [SALT.1]);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_after_is_obeyed_by_everybody_but_force() {
    let origin = Origin::start().await;
    origin.say_once("/rss", Answer::status(429).with("retry-after", "7200"));
    origin.say("/rss", Answer::feed(rss("Báo Quê", &[SALT])));
    let house = House::new();
    house.configure(&source("bao", &origin.url("/rss")));
    let daemon = house.open().await;
    daemon.polled("bao", 1).await;

    house.clock.advance(Duration::from_secs(7199));
    let named = daemon.poll_one("bao").await;
    assert_eq!((named.outcome.as_str(), named.ok), ("skipped", false));
    assert!(named.detail.expect("why").contains("Retry-After"));
    let all = daemon.poll(PollRequest::default()).await;
    assert_eq!(all[0].outcome, "skipped");
    assert_eq!(origin.asked("/rss").len(), 1);

    let forced = PollRequest {
        force: true,
        ..PollRequest::default()
    };
    let polled = daemon.poll(forced).await;
    assert_eq!(
        (polled[0].outcome.as_str(), polled[0].new.len()),
        ("read", 1)
    );
    assert_eq!(origin.asked("/rss").len(), 2);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_after_ends() {
    let origin = Origin::start().await;
    origin.say_once("/rss", Answer::status(503).with("retry-after", "7200"));
    origin.say("/rss", Answer::feed(rss("Báo Quê", &[SALT])));
    let house = House::new();
    house.configure(&source("bao", &origin.url("/rss")));
    let daemon = house.open().await;
    daemon.polled("bao", 1).await;
    house.clock.advance(Duration::from_secs(7200));
    assert_eq!(daemon.poll_one("bao").await.outcome, "read");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_tells_what_would_be_new_and_stores_nothing() {
    let (origin, _house, daemon) = one_source().await;
    let before = daemon.get("/feed.atom").await;
    origin.say(
        "/rss",
        Answer::tagged_feed(rss("Báo Quê", &[LACQUER, SALT])),
    );
    let dry = PollRequest {
        dry_run: true,
        ..PollRequest::default()
    };
    let told = daemon.poll(dry).await;
    let titles: Vec<&str> = told[0].new.iter().map(|new| new.title.as_str()).collect();
    assert_eq!(titles, [LACQUER.1]);

    assert_eq!(daemon.get("/feed.atom").await, before);
    assert_eq!(daemon.source("bao").await["polls"], 1);
    // What was told is still new.
    assert_eq!(daemon.poll_one("bao").await.new.len(), 1);
    assert_eq!(daemon.get("/feed.atom").await.titles().len(), 2);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poll_in_vain_says_why() {
    let (origin, house, daemon) = one_source().await;
    let unknown = daemon.poll_one("baa").await;
    assert_eq!(unknown.outcome, "skipped");
    assert!(
        unknown
            .detail
            .expect("why")
            .contains("the nearest is \"bao\"")
    );
    house.configure(&(source("bao", &origin.url("/rss")) + "enabled = false\n"));
    daemon.ask(Request::Reload).await;
    let disabled = daemon.poll_one("bao").await;
    assert!(disabled.detail.expect("why").contains("disabled"));
    assert_eq!(daemon.source("bao").await["state"], "disabled");
    assert_eq!(origin.asked("/rss").len(), 1);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_adds_removes_and_renames_sources_and_disturbs_nothing_else() {
    let origin = Origin::start().await;
    for (path, item) in [("/a", SALT), ("/b", LACQUER), ("/c", BRIDGE)] {
        origin.say(path, Answer::tagged_feed(rss(path, &[item])));
    }
    let house = House::new();
    house.configure(&(source("a", &origin.url("/a")) + &source("b", &origin.url("/b"))));
    let daemon = house.open().await;
    daemon.first_polls(&["a", "b"]).await;
    let before: BTreeSet<String> = ids(&daemon.get("/feed.atom").await).into_iter().collect();

    let renamed = source("a2", &origin.url("/a")) + "was = [\"a\"]\n";
    house.configure(&(renamed + &source("c", &origin.url("/c"))));
    let replies = daemon.ask(Request::Reload).await;
    let [Reply::Reloaded { summary, .. }] = replies.as_slice() else {
        panic!("{replies:?}");
    };
    assert_eq!(summary[..], ["added: c", "removed: b", "renamed: a to a2"]);
    // At once: the answer to the reload says that it is in force.
    let own = daemon.get("/sources/a2.atom").await;
    assert_eq!(own.titles(), [SALT.1]);
    daemon.polled("c", 1).await;

    let status = daemon.status().await;
    let listed: Vec<&str> = status["sources"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|source| source["id"].as_str())
        .collect();
    assert_eq!(listed, ["a2", "c"]);
    let a2 = daemon.source("a2").await;
    assert_eq!((&a2["polls"], &a2["entries"]), (&1.into(), &1.into()));
    assert_eq!(ids(&daemon.get("/sources/a.atom").await), ids(&own));
    assert_eq!(daemon.get("/sources/b.atom").await.titles(), [LACQUER.1]);
    let after: BTreeSet<String> = ids(&daemon.get("/feed.atom").await).into_iter().collect();
    assert!(after.is_superset(&before), "{before:?} {after:?}");
    assert_eq!((after.len(), origin.asked("/a").len()), (3, 1));
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_file_changes_nothing_and_shows_until_it_is_mended() {
    let (origin, house, daemon) = one_source().await;
    let before = daemon.get("/feed.atom").await;
    let good = source("bao", &origin.url("/rss"));
    house.configure(&(good.clone() + "intervall = \"5m\"\n[[source]]\nid = \"moi\"\n"));
    let replies = daemon.ask(Request::Reload).await;
    let [Reply::Refused { errors }] = replies.as_slice() else {
        panic!("{replies:?}");
    };
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(
        errors[0].contains("intervall") && errors[1].contains("url"),
        "{errors:?}"
    );

    let status = daemon.status().await;
    assert_eq!(status["config_errors"].as_array().map(Vec::len), Some(2));
    assert_eq!(status["sources"].as_array().map(Vec::len), Some(1));
    assert_eq!(daemon.get("/feed.atom").await, before);
    assert!(daemon.poll_one("bao").await.ok);

    house.configure(&good);
    daemon.ask(Request::Reload).await;
    assert_eq!(daemon.status().await.get("config_errors"), None);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_of_a_former_address_does_not_count_for_the_new_one() {
    let origin = Origin::start().await;
    let gate = Arc::new(Semaphore::new(0));
    origin.say(
        "/cu",
        Answer::tagged_feed(rss("Báo Cũ", &[SALT])).held_by(&gate),
    );
    origin.say("/moi", Answer::tagged_feed(rss("Báo Mới", &[LACQUER])));
    let house = House::new();
    house.configure(&source("bao", &origin.url("/cu")));
    let daemon = house.open().await;
    while origin.asked("/cu").is_empty() {
        tokio::task::yield_now().await;
    }
    house.configure(&source("bao", &origin.url("/moi")));
    daemon.ask(Request::Reload).await;
    gate.add_permits(1);
    daemon.polled("bao", 1).await;
    assert_eq!(daemon.get("/feed.atom").await.titles(), [LACQUER.1]);
    assert_eq!(origin.asked("/moi")[0].header("if-none-match"), None);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_gives_another_store_the_same_feeds() {
    let (origin, house, daemon) = one_source().await;
    origin.say(
        "/rss",
        Answer::tagged_feed(rss("Báo Quê", &[LACQUER, BRIDGE, SALT])),
    );
    daemon.poll_one("bao").await;
    let mut lines = String::new();
    for reply in daemon.ask(Request::Export).await {
        match reply {
            Reply::Line(line) => lines += &format!("{}\n", line.get()),
            other => panic!("{other:?} to an export"),
        }
    }
    let paths = ["/feed.atom", "/sources/bao.atom"];
    let mut before = Vec::new();
    for path in paths {
        before.push(daemon.get(path).await);
    }
    daemon.stop().await;

    let folder = tempfile::tempdir().expect("a temporary folder");
    let import = lines.clone();
    let store = folder.path().to_owned();
    tokio::task::spawn_blocking(move || import_into(&store, &import))
        .await
        .expect("it imports");
    let sled = SledEngine::open(&folder.path().join("data")).expect("sled opens");
    let other = House::on(Arc::new(sled));
    let config = std::fs::read_to_string(house.config_file()).expect("it was configured");
    other.write_config(&config);
    let daemon = other.open().await;
    for (path, before) in paths.iter().zip(before) {
        assert_eq!(daemon.get(path).await, before, "{path}");
    }
    assert_eq!(daemon.source("bao").await["entries"], 3);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_gives_the_same_bytes_under_the_same_tags() {
    let (origin, house, daemon) = one_source().await;
    origin.say(
        "/rss",
        Answer::tagged_feed(rss("Báo Quê", &[LACQUER, BRIDGE, SALT])),
    );
    daemon.poll_one("bao").await;
    house.clock.advance(Duration::from_secs(60));
    let paths = [
        "/feed.atom",
        "/feed.atom?limit=2",
        "/feed.rss",
        "/sources/bao.atom",
        "/",
    ];
    let mut before = Vec::new();
    for path in paths {
        before.push(daemon.get(path).await);
    }
    daemon.stop().await;

    house.clock.advance(Duration::from_secs(24 * 3600));
    let daemon = house.open().await;
    daemon.polled("bao", 3).await;
    for (path, before) in paths.iter().zip(before) {
        let after = daemon.get(path).await;
        assert_eq!(
            (after.etag(), after.text()),
            (before.etag(), before.text()),
            "{path}"
        );
        assert_eq!(
            after.header("last-modified"),
            before.header("last-modified"),
            "{path}"
        );
    }
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_stops_although_a_source_and_a_reader_keep_it_waiting() {
    let origin = Origin::start().await;
    let gate = Arc::new(Semaphore::new(0));
    origin.say("/rss", Answer::feed(rss("Báo Quê", &[SALT])).held_by(&gate));
    let house = House::new();
    house.configure(&source("bao", &origin.url("/rss")));
    let daemon = house.open().await;
    let mut reader = daemon.connect().await;
    reader
        .write_all(b"GET /healthz HT")
        .await
        .expect("it listens");
    while origin.asked("/rss").is_empty() {
        tokio::task::yield_now().await;
    }
    daemon.stop().await;

    gate.add_permits(2);
    let daemon = house.open().await;
    daemon.polled("bao", 1).await;
    assert_eq!(daemon.get("/feed.atom").await.titles(), [SALT.1]);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_private_address_is_refused_unless_it_is_allowed() {
    let origin = Origin::start().await;
    origin.say("/rss", Answer::feed(rss("Báo Quê", &[SALT])));
    let house = House::new();
    let allowed = source("bao", &origin.url("/rss"));
    house.write_config(&format!("[fetch]\nhost_interval = \"0s\"\n{allowed}"));
    let daemon = house.open().await;
    daemon.polled("bao", 1).await;
    let refused = daemon.source("bao").await;
    assert_eq!(refused["state"], "failing");
    let error = refused["last_error"].as_str().expect("a clause");
    assert!(
        error.contains("not public") && error.contains("allow_private"),
        "{error}"
    );
    assert!(origin.asked("/rss").is_empty());

    house.configure(&allowed);
    daemon.ask(Request::Reload).await;
    assert!(daemon.poll_one("bao").await.ok);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_are_answered_while_a_write_is_under_way() {
    let engine = Arc::new(GatedEngine::default());
    let origin = Origin::start().await;
    origin.say("/rss", Answer::feed(rss("Báo Quê", &[SALT])));
    let house = House::on(Arc::clone(&engine) as Arc<dyn Engine>);
    house.configure(&source("bao", &origin.url("/rss")));
    let daemon = house.open().await;
    daemon.polled("bao", 1).await;

    origin.say("/rss", Answer::feed(rss("Báo Quê", &[LACQUER, SALT])));
    let open = engine.close();
    let poll = daemon.poll_one("bao");
    let meanwhile = async {
        engine.waiting.notified().await;
        for path in [
            "/feed.atom",
            "/sources/bao.atom",
            "/",
            "/status.json",
            "/healthz",
            "/readyz",
        ] {
            assert_eq!(daemon.get(path).await.status, 200, "{path}");
        }
        assert_eq!(daemon.get("/feed.atom").await.titles(), [SALT.1]);
        assert_eq!(daemon.ask(Request::Status).await.len(), 1);
        open.send(()).expect("the write waits");
    };
    let (polled, ()) = tokio::join!(poll, meanwhile);
    assert_eq!(polled.new.len(), 1);
    assert_eq!(daemon.get("/feed.atom").await.titles().len(), 2);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_cannot_be_written_degrades_and_recovers() {
    let engine = FaultyEngine::new();
    let origin = Origin::start().await;
    origin.say("/rss", Answer::feed(rss("Báo Quê", &[SALT])));
    let house = House::on(Arc::clone(&engine) as Arc<dyn Engine>);
    house.configure(&source("bao", &origin.url("/rss")));
    let daemon = house.open().await;
    daemon.polled("bao", 1).await;

    origin.say("/rss", Answer::feed(rss("Báo Quê", &[LACQUER, SALT])));
    engine.refuse_next(1);
    let lost = daemon.poll_one("bao").await;
    assert_eq!((lost.outcome.as_str(), lost.ok), ("lost", false));
    let degraded = daemon.status().await["degraded"].to_string();
    assert!(degraded.contains("no space left"), "{degraded}");
    assert_eq!(daemon.get("/feed.atom").await.status, 200);

    house.clock.advance(Duration::from_secs(60));
    assert!(daemon.poll_one("bao").await.ok);
    assert_eq!(daemon.status().await.get("degraded"), None);
    assert_eq!(daemon.get("/feed.atom").await.titles().len(), 2);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_alive_at_once_and_ready_after_the_first_polls() {
    let origin = Origin::start().await;
    let gate = Arc::new(Semaphore::new(0));
    origin.say("/nhanh", Answer::status(404));
    origin.say(
        "/cham",
        Answer::feed(rss("Báo Chậm", &[SALT])).held_by(&gate),
    );
    let house = House::new();
    let off = source("tat", &origin.url("/tat")) + "enabled = false\n";
    let on = source("nhanh", &origin.url("/nhanh")) + &source("cham", &origin.url("/cham"));
    house.configure(&(off + &on));
    let daemon = house.open().await;
    daemon.polled("nhanh", 1).await;
    assert_eq!(daemon.get("/healthz").await.status, 200);
    let waiting = daemon.get("/readyz").await;
    assert_eq!(waiting.status, 503);
    assert!(waiting.text().contains("not ready"), "{}", waiting.text());

    gate.add_permits(1);
    daemon.polled("cham", 1).await;
    assert_eq!(daemon.get("/readyz").await.status, 200);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_else_is_404_in_one_sentence() {
    let (_origin, _house, daemon) = one_source().await;
    for path in [
        "/feed",
        "/feed.json",
        "/sources/",
        "/../etc/passwd",
        "/topics/none-of-ours",
        "/topics/ocop.json",
    ] {
        let answered = daemon.get(path).await;
        assert_eq!(answered.status, 404, "{path}");
        assert_eq!(answered.text().trim_end().lines().count(), 1, "{path}");
    }
    daemon.stop().await;
}

/// `langbao import` into a new store, `data`, below `folder`.
fn import_into(folder: &Path, lines: &str) {
    let config = folder.join("feeds.toml");
    let store = folder.join("data");
    std::fs::write(&config, format!("[store]\npath = {store:?}\n")).expect("our folder");
    let mut child = Command::new(env!("CARGO_BIN_EXE_langbao"))
        .args(["import", "--config"])
        .arg(&config)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let mut stdin = child.stdin.take().expect("piped");
    std::io::Write::write_all(&mut stdin, lines.as_bytes()).expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{output:?}");
}
