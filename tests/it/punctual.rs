//! When a scripted origin is asked, by a clock that a test moves: the owner's schedule and the real fetcher.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use langbao::core::model::{SourceNo, Timestamp};
use langbao::core::reading;
use langbao::core::schedule::Jitter;
use langbao::daemon::owner::Owner;
use langbao::fetch::{Fetcher, FetcherRules, HttpFetcher};
use langbao::store::{Engine, MemoryEngine, Store};

use crate::support::house::{House, NOON_S, mint};
use crate::support::origin::{Answer, Origin};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

const FEED: &str = "<rss version=\"2.0\"><channel><title>Báo Quê</title><link>https://que.example.vn/</link>\
    <item><guid>muoi</guid><title>Diêm dân vào vụ muối sớm</title><link>https://que.example.vn/muoi.html</link>\
    <pubDate>Sat, 21 Nov 2026 09:00:00 +0700</pubDate></item></channel></rss>";

/// An owner, a fetcher, and the time; what was asked is noted with the time it was asked at.
struct Desk {
    origin: Origin,
    engine: Arc<dyn Engine>,
    toml: String,
    owner: Owner,
    fetcher: HttpFetcher,
    now: Timestamp,
    random: fastrand::Rng,
    asked: BTreeMap<SourceNo, Vec<Timestamp>>,
}

impl Desk {
    async fn new(schedule: &str, paths: &[&str]) -> Desk {
        let origin = Origin::start().await;
        let mut toml = format!(
            "[server]\nbase_url = \"https://tin.example.vn/\"\n\
             [fetch]\nallow_private = [\"127.0.0.0/8\"]\n[schedule]\n{schedule}\n"
        );
        for (at, path) in paths.iter().enumerate() {
            let url = origin.url(path);
            toml.push_str(&format!("[[source]]\nid = \"s{at}\"\nurl = \"{url}\"\n"));
        }
        let now = Timestamp::from_secs(NOON_S);
        let engine: Arc<dyn Engine> = Arc::new(MemoryEngine::new());
        let owner = open(&engine, &toml, now);
        let fetch = &owner.config().fetch;
        let rules = FetcherRules {
            user_agent: fetch.user_agent.clone(),
            allow_private: fetch.allow_private.clone(),
            proxy: None,
            per_host: fetch.per_host,
            host_interval: Duration::ZERO,
            concurrency: fetch.concurrency,
        };
        // Retry-After as a date is read against the time of the test, which these answers are written for.
        let fetcher = HttpFetcher::new(rules, move || now).expect("a fetcher");
        Desk {
            origin,
            engine,
            toml,
            owner,
            fetcher,
            now,
            random: fastrand::Rng::with_seed(7),
            asked: BTreeMap::new(),
        }
    }

    fn restart(&mut self) {
        self.owner = open(&self.engine, &self.toml, self.now);
    }

    /// Lets so much time pass, asking whoever is due.
    async fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        loop {
            for no in self.owner.due(self.now, &BTreeSet::new(), usize::MAX) {
                self.poll(no).await;
            }
            let next = self.owner.next_due_at(&BTreeSet::new()).unwrap_or(end);
            if next > end {
                break;
            }
            self.now = next.max(self.now + Duration::from_millis(1));
        }
        self.now = end;
    }

    async fn poll(&mut self, no: SourceNo) {
        self.asked.entry(no).or_default().push(self.now);
        let job = self.owner.job(no).expect("what is due has a job");
        let fetched = self.fetcher.fetch(job.fetch.clone()).await;
        let outcome = reading::read(fetched, job.before, &job.reading, &job.tagger, self.now);
        let jitter = Jitter(self.random.f64());
        self.owner
            .finish(no, job.reading.key, outcome, self.now, jitter)
            .expect("memory can be written");
    }

    /// How long lay between the requests to the first source.
    fn waits(&self) -> Vec<Duration> {
        let asked = &self.asked[&SourceNo(0)];
        asked.windows(2).map(|two| two[1].since(two[0])).collect()
    }

    fn requests(&self, path: &str) -> usize {
        self.origin.asked(path).len()
    }

    fn all_asked(&self) -> Vec<Timestamp> {
        let mut all: Vec<Timestamp> = self.asked.values().flatten().copied().collect();
        all.sort_unstable();
        all
    }

    fn moved_to(&self) -> Option<String> {
        let source = self.owner.state().source(SourceNo(0)).expect("configured");
        source.moved_to.clone()
    }
}

fn open(engine: &Arc<dyn Engine>, toml: &str, now: Timestamp) -> Owner {
    let store = Store::open(Arc::clone(engine), mint).expect("memory opens");
    Owner::open(store, crate::support::config(toml), now).expect("it takes the store up")
}

#[tokio::test]
async fn a_retry_after_is_waited_out_whether_it_is_a_span_or_a_date() {
    let at = Timestamp::from_secs(NOON_S) + HOUR * 2;
    for (status, said) in [
        (429, "7200".to_owned()),
        (429, at.http_date()),
        (503, at.http_date()),
        (403, "7200".to_owned()),
        (404, at.http_date()),
        (500, "7200".to_owned()),
    ] {
        let mut desk = Desk::new("", &["/rss"]).await;
        let wait = Answer::status(status).with("retry-after", &said);
        desk.origin.say_once("/rss", wait);
        desk.origin.say("/rss", Answer::tagged_feed(FEED));
        desk.pass(HOUR * 4).await;
        let first = desk.waits()[0];
        assert!(
            first >= HOUR * 2 && first < HOUR * 2 + MINUTE * 10,
            "{said}: {first:?}"
        );
        assert!(desk.requests("/rss") >= 2);
    }
}

#[tokio::test]
async fn every_request_says_who_asks_and_every_later_one_what_is_known() {
    let mut desk = Desk::new("max_interval = \"30m\"", &["/rss"]).await;
    desk.origin.say("/rss", Answer::tagged_feed(FEED));
    desk.pass(HOUR * 3).await;
    // What failed in between does not make it forget.
    desk.origin.say_once("/rss", Answer::status(500));
    desk.pass(HOUR * 3).await;
    desk.restart();
    desk.pass(HOUR * 3).await;
    let asked = desk.origin.asked("/rss");
    let tag = asked[1].header("if-none-match").map(str::to_owned);
    assert!(tag.is_some() && asked.len() > 12);
    for (at, asked) in asked.iter().enumerate() {
        let known = tag.as_deref().filter(|_| at > 0);
        assert_eq!(asked.header("if-none-match"), known, "request {at}");
        assert_eq!(asked.header("a-im"), known.map(|_| "feed"), "request {at}");
        let agent = asked.header("user-agent").unwrap_or_default();
        assert!(agent.starts_with("langbao/") && agent.contains("(+https://tin.example.vn/)"));
    }
}

#[tokio::test]
async fn a_feed_that_says_only_what_is_new_goes_on_listing_the_rest() {
    let mut desk = Desk::new("max_interval = \"30m\"", &["/rss"]).await;
    desk.origin.say_once("/rss", Answer::tagged_feed(FEED));
    let next = FEED
        .replace("<guid>muoi</guid>", "<guid>tom</guid>")
        .replace("Diêm dân vào vụ muối sớm", "Tôm giống được mùa");
    let delta = Answer::delta(next.clone(), "\"sau\"");
    desk.origin.say_once("/rss", delta);
    desk.origin.say("/rss", Answer::status(304));
    desk.pass(HOUR * 2).await;
    let source = desk.owner.state().source(SourceNo(0)).expect("configured");
    assert_eq!((source.entries, source.last_problem.as_deref()), (2, None));
    let asked = desk.origin.asked("/rss");
    assert_eq!(asked[2].header("if-none-match"), Some("\"sau\""));
    let store = Store::open(Arc::clone(&desk.engine), mint).expect("memory opens");
    let listed = store.reader().listing(SourceNo(0)).expect("readable");
    assert_eq!(listed.len(), 2);
}

#[tokio::test]
async fn what_is_asked_together_does_not_stay_together() {
    let paths: Vec<String> = (0..12).map(|at| format!("/{at}")).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let mut desk = Desk::new("min_interval = \"1h\"", &paths).await;
    for path in &paths {
        desk.origin.say(path, Answer::tagged_feed(FEED));
    }
    desk.pass(HOUR * 8).await;
    let nth = |turn: usize| -> BTreeSet<i64> {
        let asked = desk.asked.values();
        asked.map(|asked| asked[turn].secs()).collect()
    };
    assert_eq!(nth(0).len(), 1, "new ones are all asked at once");
    assert!(nth(1).len() >= 9, "{:?}", nth(1));
}

#[tokio::test]
async fn a_move_for_good_is_learnt_after_five_answers_and_forgotten_when_it_fails() {
    for status in [301, 308] {
        let mut desk = Desk::new("max_interval = \"30m\"", &["/cu"]).await;
        desk.origin
            .say("/cu", Answer::status(status).with("location", "/moi"));
        desk.origin.say("/moi", Answer::tagged_feed(FEED));
        desk.pass(HOUR * 12).await;
        assert_eq!(desk.requests("/cu"), 5, "{status}");
        assert!(desk.requests("/moi") > 20, "{status}");
        assert_eq!(desk.moved_to(), Some(desk.origin.url("/moi")));
        // It is remembered.
        desk.restart();
        desk.pass(HOUR).await;
        assert_eq!(desk.requests("/cu"), 5);
        // A failure there, and the configured address is asked again.
        desk.origin.say("/moi", Answer::status(404));
        desk.origin.say("/cu", Answer::tagged_feed(FEED));
        desk.pass(HOUR * 2).await;
        assert_eq!(desk.moved_to(), None);
        assert!(desk.requests("/cu") > 5);
    }
}

#[tokio::test]
async fn a_move_for_a_while_or_to_where_it_may_not_go_is_not_learnt() {
    for (path, status, location) in [
        ("/tam", 302, "/moi"),
        ("/tam", 307, "/moi"),
        // For good to where it is sent on for a while.
        ("/tam", 301, "/giua"),
        ("/tam", 301, "http://10.0.0.1/rss"),
    ] {
        let mut desk = Desk::new("max_interval = \"30m\"", &[path]).await;
        desk.origin
            .say(path, Answer::status(status).with("location", location));
        desk.origin
            .say("/giua", Answer::status(302).with("location", "/moi"));
        desk.origin.say("/moi", Answer::tagged_feed(FEED));
        desk.pass(HOUR * 12).await;
        assert_eq!(desk.moved_to(), None, "{status} {location}");
        assert!(desk.requests(path) > 10);
    }
}

#[tokio::test]
async fn a_source_that_is_gone_is_asked_once_a_week_and_comes_back() {
    let mut desk = Desk::new("", &["/rss"]).await;
    for _ in 0..3 {
        desk.origin.say_once("/rss", Answer::status(410));
    }
    desk.origin.say("/rss", Answer::tagged_feed(FEED));
    desk.pass(DAY * 40).await;
    for wait in &desk.waits()[..3] {
        assert!(*wait >= DAY * 7 && *wait <= DAY * 9, "{wait:?}");
    }
    assert!(desk.waits()[3] <= HOUR * 7);
}

#[tokio::test]
async fn a_run_of_403_is_backed_off_from_like_a_429_and_never_given_up() {
    let mut desk = Desk::new("", &["/rss"]).await;
    desk.origin.say("/rss", Answer::status(403));
    desk.pass(DAY * 30).await;
    let waits = desk.waits();
    // The third in a row is one too many.
    assert!(waits[1] < MINUTE * 15 && waits[2] > HOUR, "{waits:?}");
    assert!(
        waits[8..].iter().all(|wait| (DAY..DAY * 2).contains(wait)),
        "{waits:?}"
    );
    assert!(waits.len() >= 25, "{} requests in a month", waits.len());
}

#[tokio::test]
async fn a_restart_a_sleep_and_a_clock_set_forward_bring_no_burst() {
    let paths: Vec<String> = (0..30).map(|at| format!("/{at}")).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let mut desk = Desk::new("", &paths).await;
    for path in &paths {
        desk.origin.say(path, Answer::tagged_feed(FEED));
    }
    desk.pass(HOUR * 3).await;
    for is_restarted in [true, false] {
        // Just now asked: nobody is asked again for it.
        desk.asked.clear();
        desk.restart();
        desk.pass(Duration::from_secs(5)).await;
        assert!(desk.all_asked().len() <= 4, "{:?}", desk.all_asked());
        desk.now = desk.now + DAY;
        if is_restarted {
            desk.restart();
        }
        let from = desk.now;
        desk.asked.clear();
        desk.pass(MINUTE * 6).await;
        let in_first = |span| {
            let asked = desk.all_asked();
            asked.iter().filter(|at| at.since(from) < span).count()
        };
        assert!(in_first(MINUTE) <= 12, "{} in a minute", in_first(MINUTE));
        assert_eq!(
            desk.asked.len(),
            30,
            "all of them within a minimal interval"
        );
    }
}

#[tokio::test]
async fn a_clock_set_back_starves_nobody() {
    let mut desk = Desk::new("", &["/a", "/b"]).await;
    for path in ["/a", "/b"] {
        desk.origin.say(path, Answer::tagged_feed(FEED));
    }
    desk.pass(DAY).await;
    for is_restarted in [false, true] {
        desk.now = desk.now - DAY * 400;
        if is_restarted {
            desk.restart();
        }
        desk.asked.clear();
        desk.pass(HOUR * 7).await;
        assert_eq!(desk.asked.len(), 2, "restarted: {is_restarted}");
    }
}

#[tokio::test]
async fn what_fails_together_does_not_come_back_together() {
    let paths: Vec<String> = (0..12).map(|at| format!("/{at}")).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    // Nothing is said at any path: 404.
    let mut desk = Desk::new("", &paths).await;
    desk.pass(MINUTE * 10).await;
    let second: Vec<Timestamp> = desk.asked.values().map(|asked| asked[1]).collect();
    let seconds: BTreeSet<i64> = second.iter().map(|at| at.secs()).collect();
    assert!(seconds.len() >= 9, "{second:?}");
}

#[tokio::test]
async fn no_hour_sees_more_requests_than_the_budget_and_nobody_is_left_out() {
    let paths: Vec<String> = (0..20).map(|at| format!("/{at}")).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let mut desk = Desk::new("requests_per_hour = 12", &paths).await;
    for path in &paths {
        desk.origin.say(path, Answer::tagged_feed(FEED));
    }
    desk.pass(HOUR * 12).await;
    desk.restart();
    desk.pass(HOUR * 12).await;
    let asked = desk.all_asked();
    for from in &asked {
        let within = |at: &&Timestamp| *at >= from && at.since(*from) < HOUR;
        let in_hour = asked.iter().filter(within).count();
        assert!(in_hour <= 12, "{in_hour} requests in the hour from {from}");
    }
    assert!(
        desk.asked.values().all(|asked| asked.len() >= 4),
        "{:?}",
        desk.asked
    );
}

#[tokio::test]
async fn skipped_hours_hold_though_later_answers_have_no_body() {
    let mut desk = Desk::new("max_interval = \"20m\"", &["/rss"]).await;
    let hours: String = (10..18)
        .map(|hour| format!("<hour>{hour}</hour>"))
        .collect();
    let skipping = format!("<title>Báo Quê</title><skipHours>{hours}</skipHours>");
    let feed = FEED.replace("<title>Báo Quê</title>", &skipping);
    desk.origin.say("/rss", Answer::tagged_feed(feed));
    desk.pass(DAY * 2).await;
    // Also when it was late: the machine slept into the skipped hours.
    desk.pass(HOUR).await;
    desk.now = desk.now + HOUR * 2;
    desk.pass(HOUR * 12).await;
    let asked = desk.all_asked();
    let hour = |at: &Timestamp| at.secs().rem_euclid(86_400) / 3600;
    assert!(asked.len() > 60, "{}", asked.len());
    assert!(
        asked.iter().all(|at| !(10..18).contains(&hour(at))),
        "{asked:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_to_one_host_are_spaced_and_a_move_is_shown() {
    let origin = Origin::start().await;
    let house = House::new();
    let mut toml = String::from(
        "[server]\nbase_url = \"https://tin.example.vn/\"\n\
         [fetch]\nallow_private = [\"127.0.0.0/8\"]\nhost_interval = \"80ms\"\n",
    );
    let paths: Vec<String> = (0..6).map(|at| format!("/{at}")).collect();
    for (at, path) in paths.iter().enumerate() {
        origin.say(path, Answer::tagged_feed(FEED));
        let url = origin.url(path);
        toml.push_str(&format!("[[source]]\nid = \"s{at}\"\nurl = \"{url}\"\n"));
    }
    origin.say("/0", Answer::status(301).with("location", "/moi"));
    origin.say("/moi", Answer::tagged_feed(FEED));
    house.write_config(&toml);
    let daemon = house.open().await;
    daemon
        .first_polls(&["s0", "s1", "s2", "s3", "s4", "s5"])
        .await;
    let mut asked: Vec<tokio::time::Instant> = paths
        .iter()
        .map(String::as_str)
        .chain(["/moi"])
        .flat_map(|path| origin.asked(path))
        .map(|asked| asked.at)
        .collect();
    asked.sort_unstable();
    assert_eq!(asked.len(), 7);
    for two in asked.windows(2) {
        let apart = two[1].duration_since(two[0]);
        // The origin notes a request a little after it was sent.
        assert!(apart >= Duration::from_millis(60), "{apart:?}");
    }
    for _ in 0..4 {
        assert!(daemon.source("s0").await["moved_to"].is_null());
        daemon.poll_one("s0").await;
    }
    assert_eq!(daemon.source("s0").await["moved_to"], origin.url("/moi"));
    assert_eq!(daemon.source("s0").await["url"], origin.url("/0"));
    daemon.poll_one("s0").await;
    assert_eq!(origin.asked("/0").len(), 5);
    daemon.stop().await;
}
