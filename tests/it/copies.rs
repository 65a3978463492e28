//! Copies across newsrooms, as the owner of the store finds them: whatever comes first, whoever repeats what.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use langbao::core::model::{SourceNo, StoryNo, Timestamp};
use langbao::core::reading;
use langbao::core::schedule::Jitter;
use langbao::daemon::explain::{Ground, explain};
use langbao::daemon::owner::Owner;
use langbao::store::{ExportLine, Store};

use crate::support::faulty::FaultyEngine;
use crate::support::house::{NOON_S, mint};
use crate::support::newsroom::{Habit, Item, Newsroom};

const HOUR: Duration = Duration::from_secs(3600);

/// Newsrooms of which each carries every story.
const NEWSROOMS: usize = 4;
const STORIES: usize = 6;

/// Two parts of each story's own words.
const OWN_WORDS: [(&str, &str); STORIES] = [
    (
        "gốm Thanh Hà nhóm lửa mẻ đầu",
        "nghệ nhân dọn bùn, sửa lò và mời khách nặn thử chiếc bình của riêng mình",
    ),
    (
        "chiếu Định Yên vào vụ lác",
        "thợ dệt phơi lác kín triền đê và nhận đơn hàng từ mấy khách sạn ven biển",
    ),
    (
        "nón Chuông mở phiên chợ đêm",
        "tiểu thương bày khung lá, cước và quai lụa dưới dãy đèn mới mắc",
    ),
    (
        "mật ong bạc hà lên sàn trực tuyến",
        "thanh niên vùng cao quay cảnh vắt mật rồi bán hết trong một buổi tối",
    ),
    (
        "lụa Vạn Phúc phục dựng hoa văn cổ",
        "xưởng tìm lại bản vẽ thất lạc và dệt tấm vân sa theo lối cũ",
    ),
    (
        "tranh Đông Hồ thêm ván khắc mới",
        "gia đình cụ đồ tặng bảo tàng bộ ván khắc gỗ thị vừa làm xong",
    ),
];

/// A story as one newsroom tells it.
fn told(story: usize, newsroom: usize) -> Item {
    let (what, how) = OWN_WORDS[story];
    let title = format!("Làng {what}");
    let lede = format!("Sáng nay {how}, theo lời trưởng thôn");
    let (title, text) = match newsroom {
        0 => (title, format!("{lede}.")),
        1 => (title, format!("(TTXVN) - {lede}.")),
        2 => (format!("{title} | Báo Làng"), format!("{lede}. Xem thêm")),
        _ => (title.to_uppercase(), format!("LNV - {lede}…")),
    };
    Item {
        id: format!("tin-{story}"),
        path: format!("/tin-{story}.html"),
        title,
        text,
        date: Some(date_of(story, newsroom)),
    }
}

/// All of one story within the window, the stories over several weeks.
fn date_of(story: usize, newsroom: usize) -> Timestamp {
    let ago = HOUR * u32::try_from(100 * story + 11 * newsroom).expect("few");
    Timestamp::from_secs(NOON_S) - ago
}

struct World {
    engine: Arc<FaultyEngine>,
    owner: Owner,
    newsrooms: Vec<Newsroom>,
    now: Timestamp,
}

fn open(engine: &Arc<FaultyEngine>, newsrooms: usize, now: Timestamp) -> Owner {
    let store = Store::open(Arc::clone(engine) as Arc<_>, mint).expect("memory opens");
    let sources: String = (0..newsrooms)
        .map(|no| format!("[[source]]\nid = \"s{no}\"\nurl = \"https://s{no}.example.vn/rss\"\n"))
        .collect();
    let toml = format!("[server]\nbase_url = \"https://tin.example.vn/\"\n{sources}");
    Owner::open(store, crate::support::config(&toml), now).expect("it takes the store up")
}

impl World {
    fn new(newsrooms: Vec<Newsroom>) -> World {
        let engine = FaultyEngine::new();
        let now = Timestamp::from_secs(NOON_S);
        World {
            owner: open(&engine, newsrooms.len(), now),
            newsrooms,
            engine,
            now,
        }
    }

    /// Newsrooms that carry nothing yet.
    fn quiet() -> World {
        let newsroom = |no| Newsroom::new(&format!("s{no}.example.vn"), Habit::Unconditional);
        World::new((0..NEWSROOMS).map(newsroom).collect())
    }

    fn publish(&mut self, story: usize, newsroom: usize) {
        self.newsrooms[newsroom].items.push(told(story, newsroom));
    }

    fn poll(&mut self, newsroom: usize) {
        self.now = self.now + HOUR;
        let no = SourceNo(u32::try_from(newsroom).expect("few"));
        let job = self.owner.job(no).expect("it is configured");
        let fetched = self.newsrooms[newsroom].answer(&job.fetch);
        let outcome = reading::read(fetched, job.before, &job.reading, &job.tagger, self.now);
        let key = job.reading.key;
        self.owner
            .finish(no, key, outcome, self.now, Jitter(0.0))
            .expect("nothing is refused");
    }

    fn poll_all(&mut self) {
        for newsroom in 0..self.newsrooms.len() {
            self.poll(newsroom);
        }
    }

    fn restart(&mut self) {
        self.owner = open(&self.engine, self.newsrooms.len(), self.now);
    }

    fn export(&self) -> Vec<ExportLine> {
        let mut lines = Vec::new();
        let read = self.owner.reader().export(|line| {
            lines.push(line);
            Ok(())
        });
        read.expect("readable");
        lines
    }

    /// Every story as the addresses of its articles, those of `newsrooms` only.
    fn stories(&self, newsrooms: std::ops::Range<usize>) -> BTreeSet<BTreeSet<String>> {
        let mut stories: BTreeMap<StoryNo, BTreeSet<String>> = BTreeMap::new();
        for line in self.export() {
            let ExportLine::Article(article) = line else {
                continue;
            };
            let source = usize::try_from(article.source.0).expect("few");
            if newsrooms.contains(&source) {
                let url = article.entry.url.expect("each has one");
                stories.entry(article.story).or_default().insert(url);
            }
        }
        stories.into_values().collect()
    }
}

/// Every story with a copy of every newsroom.
fn whole() -> BTreeSet<BTreeSet<String>> {
    let url =
        |story: usize, newsroom: usize| format!("https://s{newsroom}.example.vn/tin-{story}.html");
    (0..STORIES)
        .map(|story| {
            (0..NEWSROOMS)
                .map(|newsroom| url(story, newsroom))
                .collect()
        })
        .collect()
}

/// Every pair of story and newsroom once, in an order that `seed` draws.
fn in_any_order(seed: u64) -> Vec<(usize, usize)> {
    let mut order: Vec<(usize, usize)> = (0..STORIES)
        .flat_map(|story| (0..NEWSROOMS).map(move |newsroom| (story, newsroom)))
        .collect();
    fastrand::Rng::with_seed(seed).shuffle(&mut order);
    order
}

fn arrived(order: &[(usize, usize)]) -> World {
    let mut world = World::quiet();
    for (story, newsroom) in order {
        world.publish(*story, *newsroom);
        world.poll(*newsroom);
    }
    world
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(12))]

    #[test]
    fn the_order_of_arrival_changes_no_story(seed: u64) {
        let world = arrived(&in_any_order(seed));
        proptest::prop_assert_eq!(world.stories(0..NEWSROOMS), whole());
    }

    #[test]
    fn replayed_it_is_the_same_store(seed: u64) {
        let order = in_any_order(seed);
        proptest::prop_assert!(arrived(&order).export() == arrived(&order).export());
    }

    #[test]
    fn a_restart_forgets_nothing_that_decides(seed: u64, at in 0..STORIES * NEWSROOMS) {
        let order = in_any_order(seed);
        let mut world = World::quiet();
        for (step, (story, newsroom)) in order.iter().enumerate() {
            if step == at {
                world.restart();
            }
            world.publish(*story, *newsroom);
            world.poll(*newsroom);
        }
        proptest::prop_assert!(world.export() == arrived(&order).export());
    }

    #[test]
    fn what_one_source_repeats_changes_nothing_for_others(
        seed: u64,
        // Dates of its own: an undated copy is of now, and only a bridge joins what is months older to it.
        habit in proptest::sample::select(vec![Habit::Plain, Habit::ChangingIds, Habit::Twice, Habit::Unconditional]),
        quotes in proptest::collection::vec((0..STORIES, 0..NEWSROOMS), 0..12),
        copied in proptest::sample::subsequence((0..STORIES).collect::<Vec<_>>(), 0..STORIES),
    ) {
        let mut newsrooms: Vec<Newsroom> = (0..NEWSROOMS)
            .map(|no| Newsroom::new(&format!("s{no}.example.vn"), Habit::Unconditional))
            .collect();
        newsrooms.push(Newsroom::new(&format!("s{NEWSROOMS}.example.vn"), habit));
        let mut world = World::new(newsrooms);
        for (at, (story, newsroom)) in quotes.iter().enumerate() {
            // Another newsroom's id, and its own address and words.
            let item = Item {
                path: format!("/rieng-{at}.html"),
                title: format!("Chuyện riêng thứ {at} của tòa soạn này"),
                text: format!("Không ai khác kể chuyện riêng thứ {at} này cả."),
                ..told(*story, *newsroom)
            };
            world.newsrooms[NEWSROOMS].items.push(item);
        }
        for story in copied {
            let copy = Item { path: format!("/chep-{story}.html"), ..told(story, 0) };
            world.newsrooms[NEWSROOMS].items.push(Item { id: format!("chep-{story}"), ..copy });
        }
        for (story, newsroom) in in_any_order(seed) {
            world.publish(story, newsroom);
            world.poll(NEWSROOMS);
            world.poll(newsroom);
        }
        world.poll_all();
        proptest::prop_assert_eq!(world.stories(0..NEWSROOMS), whole());
    }
}

#[test]
fn a_story_is_explained_by_id_and_by_address() {
    let mut world = World::quiet();
    for newsroom in 0..2 {
        world.publish(0, newsroom);
        world.poll(newsroom);
    }
    let number = |count: u32, newsroom| Item {
        id: "khac".into(),
        path: "/khac.html".into(),
        title: format!("{}: {count} lò", told(0, newsroom).title),
        ..told(0, newsroom)
    };
    for (newsroom, count) in [(2, 12), (3, 15)] {
        world.newsrooms[newsroom]
            .items
            .push(number(count, newsroom));
        world.poll(newsroom);
    }
    let published = world.owner.published();
    let ground = Ground {
        config: &published.config,
        roster: &published.roster,
        tagger: &published.tagger,
        mint: &published.mint,
        now: world.now,
    };
    let explained = |what: &str| explain(&world.owner.reader(), ground, what).ok();
    let by_address = explained("https://s1.example.vn/tin-0.html").expect("it is there");
    assert!(!by_address.explanation.copies.is_empty());
    assert!(!by_address.tags.is_empty());
    for what in [
        by_address.id.as_str(),
        "https://tin.example.vn/stories/nha-0",
    ] {
        let by_id = explained(what).map(|explained| explained.id);
        assert_eq!(by_id.as_ref(), Some(&by_address.id), "{what}");
    }
    assert!(explained("https://s1.example.vn/nowhere.html").is_none());
    assert!(explained("chuyện gì").is_none());
    assert!(explained("nha-4711").is_none());
}

#[test]
fn what_is_months_old_meets_its_copies_too() {
    let mut world = World::quiet();
    for newsroom in 0..2 {
        let item = Item {
            date: Some(Timestamp::from_secs(NOON_S) - HOUR * 24 * 200),
            ..told(0, newsroom)
        };
        world.newsrooms[newsroom].items.push(item);
        world.poll(newsroom);
    }
    assert_eq!(world.stories(0..2).len(), 1);
}

#[test]
fn further_apart_than_the_window_words_alone_join_nothing() {
    let mut world = World::quiet();
    for newsroom in 0..2 {
        let ago = HOUR * 24 * u32::try_from(4 * newsroom).expect("few");
        let item = Item {
            date: Some(Timestamp::from_secs(NOON_S) - ago),
            ..told(0, newsroom)
        };
        // The byline alone is forgotten by the exact comparison as well.
        let text = format!("{} Báo số {newsroom}.", item.text);
        world.newsrooms[newsroom].items.push(Item { text, ..item });
        world.poll(newsroom);
    }
    assert_eq!(world.stories(0..2).len(), 2);
}

#[test]
fn a_full_text_joins_however_late_it_comes() {
    let body: String = (0..90)
        .map(|at| format!("Câu thứ {at} kể về chiếc bình số {at} của làng. "))
        .collect();
    let mut world = World::quiet();
    for newsroom in 0..2 {
        let ago = HOUR * 24 * u32::try_from(30 * newsroom).expect("few");
        let item = Item {
            date: Some(Timestamp::from_secs(NOON_S) - ago),
            text: format!("{body} Báo số {newsroom}."),
            ..told(0, newsroom)
        };
        world.newsrooms[newsroom].items.push(item);
        world.poll(newsroom);
    }
    assert_eq!(world.stories(0..2).len(), 1);
}

#[test]
fn an_article_that_became_other_news_leaves_its_story() {
    let mut world = World::quiet();
    for newsroom in 0..3 {
        world.publish(0, newsroom);
        world.poll(newsroom);
    }
    assert_eq!(world.stories(0..3).len(), 1);
    let other = told(5, 1);
    world.newsrooms[1].items[0].title = other.title;
    world.newsrooms[1].items[0].text = other.text;
    world.poll(1);
    let sizes: Vec<usize> = world.stories(0..3).iter().map(BTreeSet::len).collect();
    assert_eq!(sizes.iter().sum::<usize>(), 3);
    assert_eq!(sizes.len(), 2);
    // And it is there once, also after another poll.
    world.poll(1);
    assert_eq!(world.stories(0..3).len(), 2);
}
