//! Days of polling in virtual time, with failing newsrooms, failing writes and restarts.
//!
//! Drives the owner the daemon runs, over a store that can fail, and holds it to the invariants of
//! ARCHITECTURE.md after every poll. The seed is printed; `LANGBAO_SIM_SEED` runs one again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use langbao::core::model::{Article, ArticleNo, Mint, SourceId, SourceNo, StoryNo, Timestamp};
use langbao::core::reading;
use langbao::core::schedule::Jitter;
use langbao::daemon::owner::{Owner, rebuild};
use langbao::store::{ExportLine, Store, StoreReader};

use crate::support::faulty::FaultyEngine;
use crate::support::newsroom::{Habit, Item, Newsroom, broken, throttled};

const HABITS: [Habit; 8] = [
    Habit::Plain,
    Habit::Plain,
    Habit::Plain,
    Habit::Undated,
    Habit::ChangingIds,
    Habit::Twice,
    Habit::Unconditional,
    Habit::Plain,
];
const MIN_INTERVAL: Duration = Duration::from_secs(300);
const DAY: Duration = Duration::from_secs(24 * 3600);

const SUBJECTS: [&str; 6] = [
    "Làng gốm ven sông",
    "Hợp tác xã chè",
    "Hội chợ hàng thủ công",
    "Nghề dệt chiếu",
    "Cơ sở nước mắm",
    "Xưởng mây tre",
];
const DEEDS: [&str; 5] = [
    "nhận máy sấy mới từ quỹ khuyến công của tỉnh",
    "mở gian hàng đầu tiên tại hội chợ mùa thu",
    "đưa sản phẩm lên sàn thương mại điện tử",
    "được công nhận sản phẩm OCOP bốn sao",
    "mở lớp truyền nghề cho thanh niên trong xã",
];

struct World {
    random: fastrand::Rng,
    now: Timestamp,
    engine: Arc<FaultyEngine>,
    owner: Owner,
    newsrooms: Vec<Newsroom>,
    asked: HashMap<SourceNo, Timestamp>,
    told_to_wait: HashMap<SourceNo, Timestamp>,
    /// Which story each article is in, once it has been seen there.
    homes: BTreeMap<ArticleNo, StoryNo>,
    published: usize,
    polls: usize,
    restarts: usize,
    lost_writes: usize,
}

fn feeds_toml() -> String {
    let mut text = String::from(
        "[server]\nbase_url = \"https://tin.example.vn/\"\n[schedule]\nmin_interval = \"5m\"\nmax_interval = \"2h\"\n",
    );
    for (at, _) in HABITS.iter().enumerate() {
        let _ = write!(
            text,
            "[[source]]\nid = \"s{at}\"\nurl = \"https://s{at}.example.vn/rss\"\n"
        );
    }
    text
}

fn mint() -> Mint {
    Mint {
        authority: "tin.example.vn".into(),
        date: "2026-11-22".into(),
        store: "sim".into(),
    }
}

impl World {
    fn new(seed: u64) -> World {
        let engine = FaultyEngine::new();
        let now = Timestamp::from_secs(1_795_334_400);
        let store = Store::open(Arc::clone(&engine) as Arc<_>, mint).expect("memory opens");
        let owner =
            Owner::open(store, crate::support::config(&feeds_toml()), now).expect("it opens");
        let newsrooms = HABITS
            .iter()
            .enumerate()
            .map(|(at, habit)| Newsroom::new(&format!("s{at}.example.vn"), *habit))
            .collect();
        World {
            random: fastrand::Rng::with_seed(seed),
            now,
            engine,
            owner,
            newsrooms,
            asked: HashMap::new(),
            told_to_wait: HashMap::new(),
            homes: BTreeMap::new(),
            published: 0,
            polls: 0,
            restarts: 0,
            lost_writes: 0,
        }
    }

    fn run(&mut self, span: Duration) {
        let end = self.now + span;
        while self.now < end {
            self.happen();
            self.poll_due();
            let next = self.owner.next_due_at(&BTreeSet::new()).unwrap_or(end);
            let idle = Duration::from_secs(self.random.u64(30..300));
            self.now = next
                .min(self.now + idle)
                .max(self.now + Duration::from_millis(1));
        }
    }

    /// Something somewhere: news, an edit, a failure, a full disk, a restart.
    fn happen(&mut self) {
        let at = self.random.usize(..self.newsrooms.len());
        match self.random.u32(..40) {
            0..12 => self.publish(at),
            12..16 => self.reprint(at),
            16..18 => self.edit(at),
            18..20 => self.newsrooms[at].trouble.push(broken()),
            20 => {
                let span = Duration::from_secs(self.random.u64(60..20_000));
                self.newsrooms[at].trouble.push(throttled(span));
            }
            21 => self.engine.refuse_next(self.random.u32(1..4)),
            22 => self.restart(),
            _ => {}
        }
    }

    fn publish(&mut self, at: usize) {
        self.published += 1;
        let no = self.published;
        let subject = self.random.choice(SUBJECTS).expect("some");
        let deed = self.random.choice(DEEDS).expect("some");
        let date = self.now - Duration::from_secs(self.random.u64(..3600));
        self.newsrooms[at].items.push(Item {
            id: format!("{at}-{no}"),
            path: format!("/tin-{no}.html"),
            title: format!("{subject} {deed} lần thứ {no}"),
            text: format!("Ngày {no}, {subject} {deed}, theo lời người trong nghề số {no}."),
            date: Some(date),
        });
    }

    /// Another newsroom prints the same words.
    fn reprint(&mut self, at: usize) {
        let from = self.random.usize(..self.newsrooms.len());
        if from == at {
            return;
        }
        let Some(item) = self.newsrooms[from].items.last().cloned() else {
            return;
        };
        let path = format!("/dang-lai{}", item.path);
        let taken = |known: &Item| known.path == path;
        if !self.newsrooms[at].items.iter().any(taken) {
            let id = format!("{at}-lai-{}", item.id);
            self.newsrooms[at].items.push(Item { id, path, ..item });
        }
    }

    fn edit(&mut self, at: usize) {
        let day = self.random.u32(1..28);
        if let Some(item) = self.newsrooms[at].items.last_mut() {
            item.text = format!("{} (Cập nhật ngày {day}.)", item.text);
        }
    }

    fn restart(&mut self) {
        self.restarts += 1;
        let config = crate::support::config(&feeds_toml());
        // A restart onto a full disk fails, and systemd tries again.
        for _ in 0..5 {
            let store = match Store::open(Arc::clone(&self.engine) as Arc<_>, mint) {
                Ok(store) => store,
                Err(_) => continue,
            };
            if let Ok(owner) = Owner::open(store, config.clone(), self.now) {
                self.owner = owner;
                return;
            }
        }
        panic!("the store stays closed");
    }

    fn poll_due(&mut self) {
        if !self.owner.recover(self.now) {
            return;
        }
        for no in self.owner.due(self.now, &BTreeSet::new(), usize::MAX) {
            self.poll(no);
            // A failed write does not call back what is under way.
            if self.owner.degraded().is_some() && self.random.bool() {
                break;
            }
        }
    }

    fn poll(&mut self, no: SourceNo) {
        let job = self.owner.job(no).expect("what is due has a job");
        self.assert_polite(no);
        let at: usize = job.id.as_str()[1..].parse().expect("s and a number");
        let fetched = self.newsrooms[at].answer(&job.fetch);
        let outcome = reading::read(fetched, job.before, &job.reading, &job.tagger, self.now);
        let retry_after = match &outcome {
            langbao::core::model::PollOutcome::Failed(fault) => fault.retry_after,
            _ => None,
        };
        let jitter = Jitter(self.random.f64());
        self.polls += 1;
        match self
            .owner
            .finish(no, job.reading.key, outcome, self.now, jitter)
        {
            Ok(_) => {
                self.asked.insert(no, self.now);
                if let Some(span) = retry_after {
                    self.told_to_wait.insert(no, self.now + span);
                }
                self.assert_state_is_the_store();
            }
            Err(_) => self.lost_writes += 1,
        }
    }

    /// Invariant 4.
    fn assert_polite(&self, no: SourceNo) {
        if let Some(before) = self.asked.get(&no) {
            let waited = self.now.since(*before);
            assert!(waited >= MIN_INTERVAL, "{no} asked again after {waited:?}");
        }
        if let Some(until) = self.told_to_wait.get(&no) {
            assert!(self.now >= *until, "{no} asked inside its Retry-After");
        }
    }

    /// Invariant 3.
    fn assert_state_is_the_store(&self) {
        let rebuilt = rebuild(&self.owner.reader()).expect("readable");
        assert_eq!(self.owner.state(), &rebuilt);
    }

    /// Invariant 5, and that nothing that was visible is lost or moves to another story.
    fn assert_whole(&mut self) {
        let store = Contents::of(&self.owner.reader());
        let mut keys = BTreeSet::new();
        for article in store.articles.values() {
            assert!(
                keys.insert((article.source, article.entry.key)),
                "{article:?} is there twice"
            );
            let story = &store.stories[&article.story];
            assert!(
                story.contains(&article.no),
                "{article:?} is not in its story"
            );
        }
        for (no, members) in &store.stories {
            let sources: BTreeSet<SourceNo> = members
                .iter()
                .map(|member| store.articles[member].source)
                .collect();
            assert_eq!(
                sources.len(),
                members.len(),
                "story {no} has two articles of a source"
            );
        }
        for (article, story) in &self.homes {
            let now = store.articles.get(article).map(|article| article.story);
            assert_eq!(now, Some(*story), "article {article} was lost or moved");
        }
        self.homes = store
            .articles
            .values()
            .map(|article| (article.no, article.story))
            .collect();
    }

    /// After a quiet time every newsroom has been asked: what it lists is there, once.
    fn assert_complete(&mut self) {
        for newsroom in &mut self.newsrooms {
            newsroom.trouble.clear();
        }
        self.engine.refuse_next(0);
        let quiet_until = self.now + DAY + DAY;
        while self.now < quiet_until {
            self.poll_due();
            let next = self
                .owner
                .next_due_at(&BTreeSet::new())
                .unwrap_or(quiet_until);
            self.now = next.max(self.now + Duration::from_millis(1));
        }
        self.assert_whole();
        let store = Contents::of(&self.owner.reader());
        for (at, newsroom) in self.newsrooms.iter().enumerate() {
            let id = SourceId::parse(&format!("s{at}")).expect("plain");
            let no = self.owner.state().find(&id).expect("configured").no;
            let stored: Vec<&str> = store
                .articles
                .values()
                .filter(|article| article.source == no)
                .filter_map(|article| article.entry.url.as_deref())
                .collect();
            let distinct: BTreeSet<&str> = stored.iter().copied().collect();
            assert_eq!(
                distinct.len(),
                stored.len(),
                "s{at} ({:?}) has an address twice",
                newsroom.habit
            );
            for item in newsroom.items.iter().rev().take(15) {
                let url = format!("https://{}{}", newsroom.host, item.path);
                assert!(
                    distinct.contains(url.as_str()),
                    "s{at} ({:?}) lost {url}",
                    newsroom.habit
                );
            }
        }
    }
}

struct Contents {
    articles: BTreeMap<ArticleNo, Article>,
    stories: BTreeMap<StoryNo, Vec<ArticleNo>>,
}

impl Contents {
    fn of(reader: &StoreReader) -> Contents {
        let mut contents = Contents {
            articles: BTreeMap::new(),
            stories: BTreeMap::new(),
        };
        reader
            .export(|line| {
                match line {
                    ExportLine::Article(article) => {
                        contents.articles.insert(article.no, *article);
                    }
                    ExportLine::Story(story) => {
                        contents.stories.insert(story.no, story.articles);
                    }
                    _ => {}
                }
                Ok(())
            })
            .expect("readable");
        contents
    }

    fn with_copies(&self) -> usize {
        self.stories
            .values()
            .filter(|members| members.len() > 1)
            .count()
    }
}

fn simulate(seed: u64, days: u32) {
    eprintln!("simulation with LANGBAO_SIM_SEED={seed}");
    let mut world = World::new(seed);
    for _ in 0..days * 4 {
        world.run(DAY / 4);
        world.assert_whole();
    }
    world.assert_complete();
    let store = Contents::of(&world.owner.reader());
    eprintln!(
        "{} days: {} published, {} polls, {} restarts, {} writes failed, {} articles in {} stories, {} with copies",
        days,
        world.published,
        world.polls,
        world.restarts,
        world.lost_writes,
        store.articles.len(),
        store.stories.len(),
        store.with_copies(),
    );
    // A world in which nothing happened would show nothing.
    assert!(world.published > 100 && world.polls > 300);
    assert!(world.restarts > 0 && world.lost_writes > 0 && store.with_copies() > 5);
}

#[test]
fn days_of_polling_keep_every_invariant() {
    let seeds = match std::env::var("LANGBAO_SIM_SEED") {
        Ok(seed) => vec![seed.parse().expect("LANGBAO_SIM_SEED is a number")],
        Err(_) => (1..=3).collect(),
    };
    for seed in seeds {
        simulate(seed, 3);
    }
}
