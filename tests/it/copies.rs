//! Copies across newsrooms, as the owner of the store finds them: whatever comes first, whoever repeats what.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use langbao::admin::Deed;
use langbao::core::config::Config;
use langbao::core::dedup::explain::Apart;
use langbao::core::model::{
    ArticleNo, Batch, ContentKey, Regroup, Roster, SourceNo, Standing, Story, StoryNo, Timestamp,
};
use langbao::core::reading;
use langbao::core::schedule::Jitter;
use langbao::core::standing;
use langbao::daemon::explain::{Explained, Ground, explain};
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
    /// What the configuration has besides the sources.
    more: &'static str,
    now: Timestamp,
}

fn config(newsrooms: usize, more: &str) -> Config {
    let sources: String = (0..newsrooms)
        .map(|no| format!("[[source]]\nid = \"s{no}\"\nurl = \"https://s{no}.example.vn/rss\"\n"))
        .collect();
    let toml = format!("[server]\nbase_url = \"https://tin.example.vn/\"\n{sources}{more}");
    crate::support::config(&toml)
}

fn open(engine: &Arc<FaultyEngine>, config: Config, now: Timestamp) -> Owner {
    let store = Store::open(Arc::clone(engine) as Arc<_>, mint).expect("memory opens");
    Owner::open(store, config, now).expect("it takes the store up")
}

impl World {
    fn new(newsrooms: Vec<Newsroom>) -> World {
        let engine = FaultyEngine::new();
        let now = Timestamp::from_secs(NOON_S);
        World {
            owner: open(&engine, config(newsrooms.len(), ""), now),
            newsrooms,
            more: "",
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

    /// Puts an item in the place of the one with its id, and has it read.
    fn print(&mut self, newsroom: usize, item: Item) {
        let mut items = self.newsrooms[newsroom].items.iter_mut();
        let old = items.find(|old| old.id == item.id);
        *old.expect("it is listed") = item;
        self.poll(newsroom);
    }

    /// As if another algorithm had gathered what is stored.
    fn forget_how_it_was_gathered(&mut self) {
        let regroup = Regroup {
            key: ContentKey::of(&["another"]),
            next: StoryNo(0),
            end: StoryNo(0),
        };
        self.tamper(&Batch {
            at: Some(self.now),
            regroup: Some(regroup),
            ..Batch::default()
        });
        assert!(self.owner.has_unjudged());
    }

    fn restart(&mut self) {
        let config = config(self.newsrooms.len(), self.more);
        self.owner = open(&self.engine, config, self.now);
    }

    fn reload(&mut self, more: &'static str) {
        self.more = more;
        let config = config(self.newsrooms.len(), more);
        self.owner.reload(config, self.now).expect("writable");
    }

    /// Judges and gathers everything anew that waits for it.
    fn catch_up(&mut self) {
        while self.owner.has_unjudged() {
            self.owner.judge_some(self.now, 5).expect("writable");
        }
    }

    /// Writes to the store behind the owner's back.
    fn tamper(&mut self, batch: &Batch) {
        let engine = Arc::clone(&self.engine);
        let mut store = Store::open(engine as Arc<_>, mint).expect("memory opens");
        store.apply(batch).expect("writable");
        self.restart();
    }

    fn story(&self, no: u64) -> Story {
        let story = self.owner.reader().story(StoryNo(no)).expect("readable");
        story.expect("it is there")
    }

    fn explained(&self, what: &str) -> Option<Explained> {
        let published = self.owner.published();
        let ground = Ground {
            config: &published.config,
            roster: &published.roster,
            tagger: &published.tagger,
            mint: &published.mint,
            now: self.now,
        };
        explain(&self.owner.reader(), ground, what).ok()
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
    let explained = |what: &str| world.explained(what);
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
    for (newsroom, more) in NOT_THE_SAME_TEXT.iter().enumerate() {
        let ago = HOUR * 24 * u32::try_from(4 * newsroom).expect("few");
        let item = Item {
            date: Some(Timestamp::from_secs(NOON_S) - ago),
            ..told(0, newsroom)
        };
        // The byline alone is forgotten by the exact comparison as well.
        let text = format!("{} {more}", item.text);
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

/// What a newsroom may print besides the stories that all carry: by whom, and the story that it is.
fn lookalikes() -> Vec<(usize, &'static str, Item)> {
    let mut items = Vec::new();
    let mut print = |story: &'static str, newsrooms: [usize; 2], title: String, lede: String| {
        for newsroom in newsrooms {
            let text = match newsroom {
                0 => format!("{lede}."),
                1 => format!("(TTXVN) - {lede}."),
                2 => format!("{lede}. Xem thêm"),
                _ => format!("LNV - {lede}…"),
            };
            items.push((
                newsroom,
                story,
                Item {
                    id: story.into(),
                    path: format!("/{story}.html"),
                    title: title.clone(),
                    text,
                    date: Some(Timestamp::from_secs(NOON_S) - HOUR * 5),
                },
            ));
        }
    };
    for (story, newsrooms, province, number) in [
        ("hue-12", [0, 1], "Huế", 12),
        ("hue-15", [1, 2], "Huế", 15),
        ("nghe-an-12", [2, 3], "Nghệ An", 12),
    ] {
        print(
            story,
            newsrooms,
            format!("{province} khai mạc hội thi tay nghề trẻ lần thứ {number}"),
            format!(
                "Hội thi tay nghề trẻ lần thứ {number} khai mạc sáng nay tại {province}, quy tụ thợ mộc, thợ hàn và thợ may của các trường nghề"
            ),
        );
    }
    for (story, newsrooms, animal) in [("ty", [0, 3], "Tý"), ("suu", [1, 3], "Sửu")] {
        print(
            story,
            newsrooms,
            format!("Tử vi hôm nay của người tuổi {animal}: tài lộc hanh thông, tình duyên êm ấm"),
            format!(
                "Người tuổi {animal} hôm nay gặp nhiều may mắn trong công việc, chuyện tiền bạc thuận lợi hơn hôm qua"
            ),
        );
    }
    let quoted: Vec<String> = (0..STORIES)
        .map(|story| told(story, 0))
        .map(|item| format!("{}: {}", item.title, item.text))
        .collect();
    let digest = Item {
        id: "diem-tin".into(),
        path: "/diem-tin.html".into(),
        title: "Điểm tin sáng cuối tuần".into(),
        text: quoted[..4].join(" "),
        date: Some(Timestamp::from_secs(NOON_S) - HOUR * 5),
    };
    items.push((3, "diem-tin", digest));
    let whole: String = (0..90)
        .map(|at| format!("Câu thứ {at} kể về chiếc bình số {at} của làng. "))
        .collect();
    for newsroom in 0..2 {
        let ago = HOUR * 24 * u32::try_from(1 + 30 * newsroom).expect("few");
        let item = Item {
            id: "toan-van".into(),
            path: "/toan-van.html".into(),
            title: format!("Chuyện những chiếc bình, kỳ cuối ({newsroom})"),
            text: format!("{whole} Báo này kể."),
            date: Some(Timestamp::from_secs(NOON_S) - ago),
        };
        items.push((newsroom, "toan-van", item));
    }
    items
}

/// Everything every newsroom prints, by the story it is of.
fn everything() -> Vec<(usize, String, Item)> {
    let common = (0..STORIES).flat_map(|story| {
        (0..NEWSROOMS).map(move |newsroom| (newsroom, format!("{story}"), told(story, newsroom)))
    });
    let more = lookalikes().into_iter();
    common
        .chain(more.map(|(newsroom, story, item)| (newsroom, story.to_owned(), item)))
        .collect()
}

fn url(newsroom: usize, item: &Item) -> String {
    format!("https://s{newsroom}.example.vn{}", item.path)
}

/// The stories of what is printed, whatever came first.
fn as_printed(items: &[(usize, String, Item)]) -> BTreeSet<BTreeSet<String>> {
    let mut stories: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (newsroom, story, item) in items {
        stories
            .entry(story)
            .or_default()
            .insert(url(*newsroom, item));
    }
    stories.into_values().collect()
}

/// News of its own, for an article to be edited into and back.
fn something_else(newsroom: usize, item: &Item) -> Item {
    let subject = blake3::hash(url(newsroom, item).as_bytes()).to_hex();
    let words: Vec<&str> = [
        "cá", "tôm", "lúa", "ngô", "chè", "mía", "dừa", "cam", "bưởi", "quýt", "sen", "tre", "mây",
        "cói", "gỗ", "đá",
    ]
    .into();
    let picked: Vec<&str> = subject
        .bytes()
        .take(24)
        .map(|byte| words[usize::from(byte) % words.len()])
        .collect();
    Item {
        title: format!("Phiên chợ {}", picked[..12].join(" ")),
        text: format!("Hôm qua người bán {}.", picked[12..].join(" ")),
        ..item.clone()
    }
}

#[test]
fn look_alikes_digests_late_copies_and_edits_change_no_story_whatever_comes_first() {
    let items = everything();
    let expected = as_printed(&items);
    for seed in 0..8 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut order: Vec<usize> = (0..items.len()).collect();
        random.shuffle(&mut order);
        let mut world = World::quiet();
        let mut edited: Vec<(usize, Item)> = Vec::new();
        for at in order {
            let (newsroom, _, item) = &items[at];
            let is_wrong_at_first = random.u8(..4) == 0;
            let printed = match is_wrong_at_first {
                true => something_else(*newsroom, item),
                false => item.clone(),
            };
            if is_wrong_at_first {
                edited.push((*newsroom, item.clone()));
            }
            world.newsrooms[*newsroom].items.push(printed);
            world.poll(*newsroom);
            // Now and then one is put right, or another is edited and edited back.
            if random.u8(..3) == 0 && !edited.is_empty() {
                let (newsroom, right) = edited.swap_remove(random.usize(..edited.len()));
                world.print(newsroom, right);
            }
            if random.u8(..6) == 0 {
                let some = random.usize(..world.newsrooms[*newsroom].items.len());
                let right = world.newsrooms[*newsroom].items[some].clone();
                world.print(*newsroom, something_else(*newsroom, &right));
                world.print(*newsroom, right);
            }
            if random.u8(..20) == 0 {
                world.restart();
            }
        }
        for (newsroom, right) in edited {
            world.print(newsroom, right);
        }
        assert_eq!(world.stories(0..NEWSROOMS), expected, "seed {seed}");

        // Nor is it gathered otherwise when it is gathered anew.
        let before = world.export();
        world.forget_how_it_was_gathered();
        world.catch_up();
        assert_eq!(world.stories(0..NEWSROOMS), expected, "seed {seed}");
        let stories = |lines: Vec<ExportLine>| -> Vec<ExportLine> {
            let is_story = |line: &ExportLine| matches!(line, ExportLine::Story(_));
            lines.into_iter().filter(is_story).collect()
        };
        assert_eq!(stories(world.export()), stories(before), "seed {seed}");
    }
}

#[test]
fn what_a_store_holds_replayed_in_another_order_gives_the_same_stories() {
    let items = everything();
    let expected = as_printed(&items);
    for seed in 100..104 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut world = World::quiet();
        let mut order: Vec<usize> = (0..items.len()).collect();
        random.shuffle(&mut order);
        for at in order {
            let (newsroom, _, item) = &items[at];
            world.newsrooms[*newsroom].items.push(item.clone());
        }
        // Whole feeds at a time, as a store that is begun anew gets them.
        let mut newsrooms: Vec<usize> = (0..NEWSROOMS).collect();
        random.shuffle(&mut newsrooms);
        for newsroom in newsrooms {
            world.poll(newsroom);
        }
        assert_eq!(world.stories(0..NEWSROOMS), expected, "seed {seed}");
    }
}

#[test]
fn an_edit_back_brings_an_article_home_and_every_address_still_leads_there() {
    let mut world = World::quiet();
    for newsroom in 0..3 {
        world.publish(0, newsroom);
        world.poll(newsroom);
    }
    let right = told(0, 1);
    world.print(1, something_else(1, &right));
    assert_eq!(world.stories(0..3).len(), 2);
    world.print(1, right.clone());
    assert_eq!(world.stories(0..3).len(), 1);
    let left = world.story(1);
    assert!(
        matches!(
            left.standing,
            Standing::Fused {
                into: StoryNo(0),
                ..
            }
        ),
        "{left:?}"
    );
    let by_its_address = world.explained("nha-1").expect("it leads somewhere");
    assert_eq!(
        by_its_address.id,
        world.explained("nha-0").expect("it is there").id
    );
    // And again: nothing is given away twice.
    world.print(1, something_else(1, &right));
    world.print(1, right);
    assert_eq!(world.stories(0..3).len(), 1);
    assert_eq!(world.owner.state().numbers().story, 3);
}

#[test]
fn a_title_that_was_put_right_makes_a_copy() {
    let mut world = World::quiet();
    let right = told(0, 0);
    let wrong = Item {
        title: "Đang cập nhật".into(),
        text: "Đang cập nhật.".into(),
        ..right.clone()
    };
    world.newsrooms[0].items.push(wrong);
    world.poll(0);
    world.publish(0, 1);
    world.poll(1);
    assert_eq!(world.stories(0..2).len(), 2);
    world.print(0, right);
    assert_eq!(world.stories(0..2).len(), 1);
    // The other's story keeps its id and its date.
    let joined = world.story(1);
    assert_eq!(
        (joined.standing, joined.dated_by),
        (Standing::Shown, ArticleNo(1))
    );
}

/// So that two texts are copies, and not word for word the same.
const NOT_THE_SAME_TEXT: [&str; 2] = ["", "Ai nấy đều vui."];

/// Two newsrooms' words of one story, further apart than an hour and nearer than a day.
fn apart_by_hours(world: &mut World) {
    world.reload("[stories]\nwindow = \"1h\"\n");
    world.catch_up();
    for (newsroom, more) in NOT_THE_SAME_TEXT.iter().enumerate() {
        let item = told(0, newsroom);
        let text = format!("{} {more}", item.text);
        world.newsrooms[newsroom].items.push(Item { text, ..item });
        world.poll(newsroom);
    }
    assert_eq!(world.stories(0..2).len(), 2);
}

#[test]
fn a_wider_window_makes_one_of_what_is_stored_whenever_that_is_interrupted() {
    let mut world = World::quiet();
    apart_by_hours(&mut world);
    for newsroom in 2..4 {
        for (at, (what, how)) in OWN_WORDS.iter().enumerate().skip(1) {
            let item = Item {
                title: (*what).into(),
                text: (*how).into(),
                ..told(at, newsroom)
            };
            world.newsrooms[newsroom].items.push(item);
        }
        world.poll(newsroom);
    }
    let ids = world.owner.state().numbers();
    world.reload("[stories]\nwindow = \"72h\"\n");
    assert!(world.owner.has_unjudged());
    let mut steps = 0;
    while world.owner.has_unjudged() {
        match steps % 3 {
            0 => world.engine.refuse_next(1),
            1 => world.restart(),
            _ => {}
        }
        let _ = world.owner.judge_some(world.now, 1);
        world.now = world.now + HOUR;
        assert!(world.owner.recover(world.now));
        steps += 1;
        assert!(steps < 100, "it never ends");
    }
    assert!(steps > 7, "it was hardly interrupted");
    assert_eq!(world.stories(0..2).len(), 1);
    let elder = world.story(0);
    assert_eq!(elder.articles, [ArticleNo(0), ArticleNo(1)]);
    let younger = world.story(1);
    assert!(matches!(
        younger.standing,
        Standing::Fused {
            into: StoryNo(0),
            ..
        }
    ));
    assert_eq!(world.owner.state().numbers(), ids);
    let so_far = world.owner.state().regroup().expect("it was gathered anew");
    assert_eq!(
        (so_far.next, so_far.end),
        (StoryNo(ids.story), StoryNo(ids.story))
    );
    // A restart under the same configuration has nothing to do.
    world.restart();
    assert!(!world.owner.has_unjudged());

    let explained = world.explained("nha-1").expect("it leads to the elder");
    let fused = explained.fused.expect("the younger was asked for");
    assert!(fused.id.ends_with(":nha-1") && explained.id.ends_with(":nha-0"));
    assert_eq!(
        world.explained("nha-0").map(|told| told.fused.is_none()),
        Some(true)
    );
}

#[test]
fn what_another_algorithm_put_together_comes_apart_and_where_it_belongs() {
    let mut world = World::quiet();
    for (newsroom, story) in [(0, 0), (1, 1), (2, 1), (3, 2)] {
        world.publish(story, newsroom);
        world.poll(newsroom);
    }
    assert_eq!(world.stories(0..4).len(), 3);
    let told = |no| {
        world
            .owner
            .reader()
            .whole(StoryNo(no))
            .expect("readable")
            .expect("there")
    };
    // Pottery and tea of one story, as nobody would judge today; the copy of one of them in another.
    let parted = standing::part(
        &told(1).story,
        &told(1).articles[1..],
        StoryNo(3),
        world.now,
    );
    let (one, mut other) = (told(0), told(1));
    other.story.articles.truncate(1);
    let articles = [one.articles, other.articles[..1].to_vec()].concat();
    let fused = standing::fuse(
        &one.story,
        &other.story,
        &articles,
        &Roster::default(),
        world.now,
    );
    let mut batch = parted;
    batch.replace(fused.expect("two sources"));
    world.tamper(&batch);
    assert_eq!(world.story(0).articles, [ArticleNo(0), ArticleNo(1)]);
    world.forget_how_it_was_gathered();
    world.catch_up();
    let stories = world.stories(0..4);
    assert_eq!(stories.len(), 3, "{stories:?}");
    assert_eq!(world.story(0).articles, [ArticleNo(0)]);
    // The elder of the two that were one all the time.
    assert_eq!(world.story(3).articles, [ArticleNo(2), ArticleNo(1)]);
    assert!(matches!(
        world.story(4).standing,
        Standing::Fused {
            into: StoryNo(3),
            ..
        }
    ));
}

#[test]
fn what_an_operator_took_down_is_not_gathered_anew() {
    let mut world = World::quiet();
    apart_by_hours(&mut world);
    world
        .owner
        .amend(StoryNo(0), Deed::Retract, world.now)
        .expect("it is shown");
    world.reload("");
    world.catch_up();
    assert!(matches!(
        world.story(0).standing,
        Standing::Retracted { .. }
    ));
    assert_eq!(world.story(1).standing, Standing::Shown);
    assert_eq!(world.stories(0..2).len(), 2);
}

#[test]
fn why_two_stories_are_not_one_is_explained_by_what_their_homes_are() {
    let miss = |world: &World| {
        let explained = world.explained("nha-0").expect("it is there");
        let misses: Vec<Option<Apart>> = explained
            .explanation
            .near_misses
            .iter()
            .map(|miss| miss.apart)
            .collect();
        misses
    };
    // The dates.
    let mut world = World::quiet();
    apart_by_hours(&mut world);
    assert_eq!(miss(&world), []);
    world.reload("[stories]\nwindow = \"72h\"\n");
    assert_eq!(miss(&world), [Some(Apart::BothPublished)]);
    // An operator.
    world
        .owner
        .amend(StoryNo(0), Deed::Retract, world.now)
        .expect("it is shown");
    assert_eq!(miss(&world), [Some(Apart::Retracted)]);

    // One source in both.
    let mut world = World::quiet();
    for newsroom in [0, 1] {
        world.publish(0, newsroom);
        world.poll(newsroom);
    }
    let again = Item {
        id: "lai".into(),
        path: "/lai.html".into(),
        ..told(0, 1)
    };
    world.newsrooms[1].items.push(again);
    world.poll(1);
    assert_eq!(miss(&world), [Some(Apart::SameSource)]);

    // A twin in the other story.
    let mut world = World::quiet();
    let number = |newsroom, count: &str| {
        let item = told(0, newsroom);
        Item {
            title: format!("{}{count}", item.title),
            ..item
        }
    };
    world.newsrooms[1].items.push(number(1, ": 12 lò"));
    world.poll(1);
    world.newsrooms[0].items.push(number(0, ": 15 lò"));
    world.poll(0);
    world.newsrooms[3].items.push(number(3, ""));
    world.poll(3);
    assert_eq!(world.stories(0..4).len(), 2);
    let misses = miss(&world);
    assert_eq!(misses, [Some(Apart::ToldApart)]);
}

#[test]
fn what_is_not_shown_of_a_story_is_explained() {
    let mut world = World::quiet();
    for newsroom in 0..3 {
        world.publish(0, newsroom);
        world.poll(newsroom);
    }
    world.reload(
        "[[rule]]\nmatch = { source = \"s0\" }\naction = \"drop\"\n\
         [[rule]]\nmatch = { source = \"s1\" }\naction = \"hold\"\n",
    );
    world.catch_up();
    let explained = world.explained("nha-0").expect("it is there");
    let kept: Vec<(u64, &str)> = explained
        .kept_back
        .iter()
        .map(|kept| (kept.article.0, kept.why))
        .collect();
    assert_eq!(kept, [(0, "dropped"), (1, "held by a rule")]);
    assert_eq!(explained.rules.len(), 2);
}

#[test]
fn the_tags_of_an_explanation_are_those_of_the_article_and_name_the_rules_that_gave_or_took_them() {
    let mut world = World::quiet();
    world.newsrooms[0].items.push(Item {
        title: "Đồng Tháp thêm ba sản phẩm OCOP từ sen".to_owned(),
        ..told(0, 0)
    });
    world.poll(0);
    let found: BTreeSet<(&str, String)> = world
        .explained("nha-0")
        .expect("it is there")
        .tags
        .into_iter()
        .map(|tag| (tag.scheme, tag.term))
        .collect();
    assert!(found.len() >= 2, "{found:?}");
    let rule = |action: &str, tag: &str| {
        format!("[[rule]]\nmatch = {{ source = \"s0\" }}\naction = \"{action}\"\ntag = \"{tag}\"\n")
    };
    let given = [
        rule("tag", "document:1881-qd-ttg"),
        rule("tag", "former-province:kien-giang"),
        rule("tag", "topic:khuyen-cong"),
        rule("untag", "topic:khuyen-cong"),
    ];
    let untags: Vec<String> = (found.iter())
        .map(|(scheme, term)| rule("untag", &format!("{scheme}:{term}")))
        .collect();
    world.reload([given.concat(), untags.concat()].concat().leak());
    world.catch_up();
    let explained = world.explained("nha-0").expect("it is there");
    let tags: Vec<(&str, &str, &str, &str)> = (explained.tags.iter())
        .map(|tag| {
            (
                tag.scheme,
                tag.term.as_str(),
                tag.field,
                tag.phrase.as_str(),
            )
        })
        .collect();
    assert_eq!(
        tags,
        [
            ("province", "an-giang", "rule", "rule 2"),
            ("former-province", "kien-giang", "rule", "rule 2"),
            ("document", "1881-qd-ttg", "rule", "rule 1"),
        ]
    );
    let stored: Vec<String> = (world.export().into_iter())
        .filter_map(|line| match line {
            ExportLine::Article(article) => Some(article.entry.tags),
            _ => None,
        })
        .flatten()
        .map(|tag| tag.term)
        .collect();
    assert_eq!(stored, ["an-giang", "kien-giang", "1881-qd-ttg"]);
    let taken: BTreeSet<(&str, String, u32)> = (explained.taken.into_iter())
        .map(|taken| (taken.scheme, taken.term, taken.rule))
        .collect();
    let expected = (5..)
        .zip(found)
        .map(|(rule, (scheme, term))| (scheme, term, rule));
    let expected: BTreeSet<_> = expected
        .chain([("topic", "khuyen-cong".to_owned(), 4)])
        .collect();
    assert_eq!(taken, expected);
}
