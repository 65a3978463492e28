//! Days of polling in virtual time, with failing newsrooms, failing writes and restarts.
//!
//! Drives the owner the daemon runs, over a store that can fail, and holds it to the invariants of
//! ARCHITECTURE.md after every poll. The seed is printed; `LANGBAO_SIM_SEED` runs one again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use langbao::admin::Deed;
use langbao::core::model::{
    Article, ArticleNo, EntryKey, Mint, SourceId, SourceNo, Standing, Story, StoryNo, Timestamp,
};
use langbao::core::reading;
use langbao::core::review::{Review, Terms};
use langbao::core::schedule::Jitter;
use langbao::daemon::owner::{Owner, rebuild};
use langbao::store::{ExportLine, From, Order, Place, Store, StoreError, StoreReader};

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
/// So few that rules change while it is under way.
const JUDGED_AT_ONCE: usize = 7;
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
    /// Polls that were written together with others.
    together: usize,
    retention: Duration,
    /// Stories that left because they were old.
    retired: usize,
    settled: usize,
    /// The entries of their articles.
    gone: BTreeSet<(SourceNo, EntryKey)>,
    /// Asked, and not ended yet.
    under_way: BTreeSet<SourceNo>,
    /// Which of [`RULES`] are in force.
    rules: usize,
    /// Taken down and not brought back, as far as it was written.
    retracted: BTreeSet<StoryNo>,
    released: usize,
    judged: usize,
}

/// What an administrator tries one after the other; by another window stored stories are gathered anew.
const RULES: [&str; 4] = [
    "",
    "[[rule]]\nmatch = { title = \"chè\" }\naction = \"drop\"\n",
    "[[rule]]\nmatch = { title = \"làng gốm\", source = \"s0\" }\naction = \"hold\"\n\
     [[rule]]\nmatch = { text = \"hội chợ\" }\naction = \"tag\"\ntag = \"province:hue\"\n",
    "[[rule]]\nmatch = { topic = \"ocop\" }\naction = \"untag\"\ntag = \"topic:ocop\"\n\
     [[rule]]\nmatch = { title = \"hợp tác xã\" }\naction = \"hold\"\n\
     [stories]\nwindow = \"1h\"\n",
];

fn feeds_toml(rules: usize, retention: Duration) -> String {
    let mut text = format!(
        "[store]\nretention = \"{}d\"\n[server]\nbase_url = \"https://tin.example.vn/\"\n[schedule]\nmin_interval = \"5m\"\nmax_interval = \"2h\"\n",
        retention.as_secs() / DAY.as_secs()
    );
    for (at, _) in HABITS.iter().enumerate() {
        let _ = write!(
            text,
            "[[source]]\nid = \"s{at}\"\nurl = \"https://s{at}.example.vn/rss\"\n"
        );
    }
    text + RULES[rules]
}

fn mint() -> Mint {
    Mint {
        authority: "tin.example.vn".into(),
        date: "2026-11-22".into(),
        store: "sim".into(),
    }
}

impl World {
    fn new(seed: u64, retention: Duration) -> World {
        let engine = FaultyEngine::new();
        let now = Timestamp::from_secs(1_795_334_400);
        let store = Store::open(Arc::clone(&engine) as Arc<_>, mint).expect("memory opens");
        let owner = Owner::open(
            store,
            crate::support::config(&feeds_toml(0, retention)),
            now,
        )
        .expect("it opens");
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
            together: 0,
            retention,
            retired: 0,
            settled: 0,
            gone: BTreeSet::new(),
            under_way: BTreeSet::new(),
            rules: 0,
            retracted: BTreeSet::new(),
            released: 0,
            judged: 0,
        }
    }

    fn run(&mut self, span: Duration) {
        let end = self.now + span;
        while self.now < end {
            self.happen();
            self.poll_due();
            self.judge_some();
            self.retire_some();
            let next = self.owner.next_due_at(&self.under_way).unwrap_or(end);
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
            23 => self.amend(),
            24 if self.random.u32(..4) == 0 => self.change_rules(),
            25..30 => self.settle_some(),
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
            // One note replaces the other: edited again and again a text would cease to be its copies'.
            let text = item.text.split(" (Cập nhật").next().unwrap_or_default();
            item.text = format!("{text} (Cập nhật ngày {day}.)");
        }
    }

    fn restart(&mut self) {
        self.restarts += 1;
        self.under_way.clear();
        let config = crate::support::config(&feeds_toml(self.rules, self.retention));
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

    /// An operator takes a story down, brings one back, or lets one go.
    fn amend(&mut self) {
        let Ok(numbers) = self.owner.reader().numbers() else {
            return;
        };
        if numbers.story == 0 || !self.owner.recover(self.now) {
            return;
        }
        let mut no = StoryNo(self.random.u64(..numbers.story));
        let deed = match self.random.u32(..6) {
            0..3 => Deed::Retract,
            3 => Deed::UndoRetract,
            _ => Deed::Release,
        };
        let held = self.owner.reader().held(usize::MAX).unwrap_or_default();
        match deed {
            Deed::UndoRetract => no = self.retracted.first().copied().unwrap_or(no),
            Deed::Release => no = held.first().map_or(no, |article| article.story),
            Deed::Retract => {}
        }
        let done = self.owner.amend(no, deed, self.now).is_ok();
        match deed {
            Deed::Retract if done => {
                self.retracted.insert(no);
            }
            Deed::UndoRetract if done => {
                self.retracted.remove(&no);
            }
            Deed::Release => self.released += usize::from(done),
            Deed::Retract | Deed::UndoRetract => {}
        }
        // What a failed write left behind is not known.
        if self.owner.degraded().is_some() {
            self.retracted.remove(&no);
        }
        if done {
            self.assert_state_is_the_store();
        }
    }

    fn change_rules(&mut self) {
        let rules = self.random.usize(..RULES.len());
        let config = crate::support::config(&feeds_toml(rules, self.retention));
        if self.owner.recover(self.now) && self.owner.reload(config, self.now).is_ok() {
            self.rules = rules;
        }
    }

    fn judge_some(&mut self) {
        if self.owner.recover(self.now) && self.owner.has_unjudged() {
            let done = self.owner.judge_some(self.now, JUDGED_AT_ONCE).is_ok();
            self.judged += usize::from(done);
            if done {
                self.assert_state_is_the_store();
            }
        }
    }

    fn retire_some(&mut self) {
        if !self.owner.recover(self.now) || !self.owner.has_retiring(self.now) {
            return;
        }
        let reader = self.owner.reader();
        let before = match self.random.u32(..20) {
            0 => Some(Contents::of(&reader)),
            _ => None,
        };
        let limit = self.random.usize(1..30);
        let Ok(left) = self.owner.retire_some(self.now, limit) else {
            return;
        };
        self.retired += left;
        self.assert_state_is_the_store();
        if let Some(before) = before {
            self.assert_left(&before, &Contents::of(&reader), left);
        }
    }

    /// What left was old and listed by nobody, and nothing else did.
    fn assert_left(&mut self, before: &Contents, after: &Contents, left: usize) {
        assert_eq!(before.stories.len() - after.stories.len(), left);
        let reader = self.owner.reader();
        for story in before.stories.values() {
            if after.stories.contains_key(&story.no) {
                continue;
            }
            let is_part = matches!(story.standing, Standing::Fused { .. });
            assert!(is_part || self.now.since(story.first_seen_at) > self.retention);
            for no in &story.articles {
                let article = &before.articles[no];
                let listing = reader.listing(article.source).expect("readable");
                assert!(!listing.contains(no), "{article:?} is listed");
            }
        }
    }

    /// Once it is quiet nothing is left of what is old and listed by nobody.
    fn assert_retired(&mut self, store: &Contents) {
        let reader = self.owner.reader();
        let listed: BTreeSet<ArticleNo> = self
            .owner
            .state()
            .sources()
            .flat_map(|source| reader.listing(source.no).expect("readable"))
            .collect();
        // Rounds are an hour apart.
        let span = self.retention + Duration::from_secs(2 * 3600);
        for story in store.stories.values() {
            let is_old = self.now.since(story.first_seen_at) > span;
            let is_part = matches!(story.standing, Standing::Fused { .. });
            let is_listed = story.articles.iter().any(|no| listed.contains(no));
            assert!(!is_old || is_part || is_listed, "{story:?} stayed");
        }
        for source in self.owner.state().sources() {
            let stored = store.articles.values();
            let stored = stored.filter(|article| article.source == source.no).count();
            assert_eq!(source.entries, u64::try_from(stored).expect("few"));
        }
    }

    fn settle_some(&mut self) {
        let reader = self.owner.reader();
        let before = (reader.counts(), reader.numbers());
        if self.owner.recover(self.now) && self.owner.settle_some(self.now, 40).is_ok() {
            assert_eq!((reader.counts(), reader.numbers()), before);
            self.settled += 1;
        }
    }

    fn poll_due(&mut self) {
        if !self.owner.recover(self.now) {
            return;
        }
        let due = self.owner.due(self.now, &self.under_way, usize::MAX);
        self.under_way.extend(due);
        // Some wait for others, and end together.
        if self.random.bool() {
            let group = std::mem::take(&mut self.under_way);
            self.poll(&group);
        }
    }

    /// Polls that end together: all of them are written, or none.
    fn poll(&mut self, group: &BTreeSet<SourceNo>) {
        let before = self.owner.state().clone();
        let was_well = self.owner.degraded().is_none();
        let reader = self.owner.reader();
        let counts = reader.counts();
        let mut told_to_wait = Vec::new();
        let mut all = Ok(());
        for no in group {
            match self.stage(*no) {
                Ok(wait) => told_to_wait.push((*no, wait)),
                Err(err) => all = all.and(Err(err)),
            }
        }
        assert_eq!(reader.counts(), counts, "seen before it is written");
        match all.and_then(|()| self.owner.write_staged(self.now)) {
            Ok(()) => {
                for (no, wait) in told_to_wait {
                    self.asked.insert(no, self.now);
                    if let Some(span) = wait {
                        self.told_to_wait.insert(no, self.now + span);
                    }
                }
                self.together += usize::from(group.len() > 1);
                self.assert_state_is_the_store();
            }
            Err(_) => {
                self.lost_writes += 1;
                if was_well {
                    assert_eq!(self.owner.state(), &before, "remembered, and not written");
                }
            }
        }
    }

    /// What the source asked to wait, if it did.
    fn stage(&mut self, no: SourceNo) -> Result<Option<Duration>, StoreError> {
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
        self.owner
            .stage(no, job.reading.key, outcome, self.now, jitter)?;
        Ok(retry_after)
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

    /// Invariant 5, and that nothing that was visible is lost, or moves to another story but with all of its own or by
    /// itself to one of its own.
    fn assert_whole(&mut self) {
        let store = Contents::of(&self.owner.reader());
        assert!(self.gone.is_disjoint(&store.entries()), "what left is back");
        self.gone = store.gone.clone();
        let mut keys = BTreeSet::new();
        for article in store.articles.values() {
            assert!(
                keys.insert((article.source, article.entry.key)),
                "{article:?} is there twice"
            );
            let story = &store.stories[&article.story];
            assert!(
                story.articles.contains(&article.no),
                "{article:?} is not in its story"
            );
        }
        self.assert_shown(&store);
        for (no, story) in &store.stories {
            let members = &story.articles;
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
            let has_left = now.is_none() && self.retired > 0;
            assert!(
                has_left || now.is_some_and(|now| now == store.last_of(*story) || now > *story),
                "article {article} was lost or moved from {story} to {now:?}"
            );
        }
        self.homes = store
            .articles
            .values()
            .map(|article| (article.no, article.story))
            .collect();
    }

    /// Whatever rules there were in between, every article is tagged and ruled as those in force say.
    fn assert_judged(&self) {
        assert!(!self.owner.has_unjudged());
        let config = crate::support::config(&feeds_toml(self.rules, self.retention));
        let review = Review::of(&Terms::of(&config)).expect("checked rules");
        for article in Contents::of(&self.owner.reader()).articles.values() {
            let source = self.owner.state().source(article.source).expect("known");
            assert_eq!(review.entry(&article.entry, source), article.entry);
        }
    }

    /// The merged feed shows every story that is visible and no other; what left it is told once; a story that
    /// was taken down stays down; the counts say what there is.
    fn assert_shown(&self, store: &Contents) {
        let reader = self.owner.reader();
        let of = |places: Vec<Place>| places.into_iter().map(|place| StoryNo(place.no)).collect();
        let shown: Vec<StoryNo> = of(reader
            .places(&Order::All, From::Start, usize::MAX)
            .expect("readable"));
        let left: Vec<StoryNo> = of(reader
            .left(&Order::All, From::Start, usize::MAX)
            .expect("readable"));
        let is_visible = |story: &&Story| {
            story.is_visible(story.articles.iter().map(|member| &store.articles[member]))
        };
        let visible: BTreeSet<StoryNo> = store
            .stories
            .values()
            .filter(is_visible)
            .map(|story| story.no)
            .collect();
        let listed: BTreeSet<StoryNo> = shown.iter().copied().collect();
        assert_eq!((listed.len(), &listed), (shown.len(), &visible));
        assert!(
            left.iter().all(|no| !listed.contains(no)),
            "shown, and told to have left"
        );
        for no in &self.retracted {
            let standing = store.stories.get(no).map(|story| story.standing);
            assert!(
                matches!(standing, None | Some(Standing::Retracted { .. })),
                "story {no} came back"
            );
        }
        let counts = reader.counts().expect("readable");
        assert_eq!(counts.stories, u64::try_from(visible.len()).expect("few"));
        assert_eq!(
            counts.articles,
            u64::try_from(store.articles.len()).expect("few")
        );
        let held = reader.held(usize::MAX).expect("readable").len();
        assert_eq!(counts.held, u64::try_from(held).expect("few"));
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
            self.judge_some();
            self.retire_some();
            let next = self
                .owner
                .next_due_at(&self.under_way)
                .unwrap_or(quiet_until);
            self.now = next.max(self.now + Duration::from_millis(1));
        }
        while self.owner.has_unjudged() {
            self.judge_some();
        }
        self.assert_whole();
        self.assert_judged();
        let store = Contents::of(&self.owner.reader());
        self.assert_retired(&store);
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
    stories: BTreeMap<StoryNo, Story>,
    gone: BTreeSet<(SourceNo, EntryKey)>,
}

impl Contents {
    fn entries(&self) -> BTreeSet<(SourceNo, EntryKey)> {
        let articles = self.articles.values();
        articles
            .map(|article| (article.source, article.entry.key))
            .collect()
    }

    fn of(reader: &StoreReader) -> Contents {
        let mut contents = Contents {
            articles: BTreeMap::new(),
            stories: BTreeMap::new(),
            gone: BTreeSet::new(),
        };
        reader
            .export(|line| {
                match line {
                    ExportLine::Article(article) => {
                        contents.articles.insert(article.no, *article);
                    }
                    ExportLine::Story(story) => {
                        contents.stories.insert(story.no, story);
                    }
                    ExportLine::Gone { source, entry } => {
                        contents.gone.insert((source, entry));
                    }
                    _ => {}
                }
                Ok(())
            })
            .expect("readable");
        contents
    }

    /// The story that one is part of now.
    fn last_of(&self, no: StoryNo) -> StoryNo {
        match self.stories[&no].standing {
            Standing::Fused { into, .. } => self.last_of(into),
            Standing::Shown | Standing::Retracted { .. } => no,
        }
    }

    fn with_copies(&self) -> usize {
        self.stories
            .values()
            .filter(|story| story.articles.len() > 1)
            .count()
    }
}

/// How many articles an operator let go.
fn simulate(seed: u64, days: u32) -> usize {
    eprintln!("simulation with LANGBAO_SIM_SEED={seed}");
    let mut world = World::new(seed, DAY * 730);
    for _ in 0..days * 4 {
        world.run(DAY / 4);
        world.assert_whole();
    }
    world.assert_complete();
    let store = Contents::of(&world.owner.reader());
    eprintln!(
        "{} days: {} published, {} polls, {} restarts, {} writes failed, {} articles in {} stories, {} with copies, {} retracted, {} released, judged anew in {} steps",
        days,
        world.published,
        world.polls,
        world.restarts,
        world.lost_writes,
        store.articles.len(),
        store.stories.len(),
        store.with_copies(),
        world.retracted.len(),
        world.released,
        world.judged,
    );
    // A world in which nothing happened would show nothing.
    assert!(world.published > 100 && world.polls > 300);
    assert!(world.restarts > 0 && world.lost_writes > 0 && store.with_copies() > 5);
    assert!(world.together > 20 && world.settled > 100);
    assert!(world.judged > 5 && !world.retracted.is_empty());
    world.released
}

#[test]
fn days_of_polling_keep_every_invariant() {
    let seeds = match std::env::var("LANGBAO_SIM_SEED") {
        Ok(seed) => vec![seed.parse().expect("LANGBAO_SIM_SEED is a number")],
        Err(_) => (1..=3).collect(),
    };
    let released = seeds
        .into_iter()
        .map(|seed| simulate(seed, 3))
        .sum::<usize>();
    assert!(released > 0);
}

#[test]
fn what_is_old_leaves_and_does_not_come_back() {
    let mut world = World::new(11, DAY);
    for _ in 0..12 {
        world.run(DAY / 4);
        world.assert_whole();
    }
    world.assert_complete();
    let numbers = world.owner.reader().numbers().expect("readable");
    let counts = world.owner.reader().counts().expect("readable");
    eprintln!(
        "{} stories left, {} articles of {} are there, {} restarts",
        world.retired, counts.articles, numbers.article, world.restarts
    );
    assert!(world.retired > 100 && world.gone.len() > 100 && world.lost_writes > 0);
}
