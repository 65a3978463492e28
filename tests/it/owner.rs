//! The owner of state and store, when writes fail and configurations change.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use langbao::core::model::{SourceId, SourceNo, Timestamp};
use langbao::core::pipeline::PollReport;
use langbao::core::reading;
use langbao::core::schedule::Jitter;
use langbao::daemon::owner::{Owner, rebuild};
use langbao::store::{ExportLine, Store, StoreError};

use crate::support::faulty::FaultyEngine;
use crate::support::house::{NOON_S, mint};
use crate::support::newsroom::{Habit, Item, Newsroom};

/// Long enough for any back-off after a failed write.
const MINUTE: Duration = Duration::from_secs(60);

struct World {
    engine: Arc<FaultyEngine>,
    owner: Owner,
    newsrooms: Vec<Newsroom>,
    now: Timestamp,
}

fn feeds_toml(ids: &[&str]) -> String {
    let source =
        |id: &&str| format!("[[source]]\nid = \"{id}\"\nurl = \"https://{id}.example.vn/rss\"\n");
    let sources: String = ids.iter().map(source).collect();
    format!("[server]\nbase_url = \"https://tin.example.vn/\"\n{sources}")
}

fn item(no: usize) -> Item {
    Item {
        id: format!("tin-{no}"),
        path: format!("/tin-{no}.html"),
        title: format!("Hợp tác xã số {no} đón vụ chè xuân"),
        text: format!("Đồi chè số {no} hái sớm."),
        date: None,
    }
}

impl World {
    /// Each newsroom has one item; none was asked yet.
    fn new(ids: &[&str]) -> World {
        let engine = FaultyEngine::new();
        let now = Timestamp::from_secs(NOON_S);
        let newsroom = |(no, id): (usize, &&str)| {
            let mut newsroom = Newsroom::new(&format!("{id}.example.vn"), Habit::Plain);
            newsroom.items.push(item(no));
            newsroom
        };
        World {
            owner: open(&engine, ids, now),
            newsrooms: ids.iter().enumerate().map(newsroom).collect(),
            engine,
            now,
        }
    }

    fn no(&self, id: &str) -> SourceNo {
        let id = SourceId::parse(id).expect("a plain id");
        self.owner.state().find(&id).expect("it is known").no
    }

    fn poll(&mut self, at: usize) -> Result<Option<PollReport>, StoreError> {
        let no = SourceNo(u32::try_from(at).expect("few"));
        let job = self.owner.job(no).expect("it is configured");
        let fetched = self.newsrooms[at].answer(&job.fetch);
        let outcome = reading::read(fetched, job.before, &job.reading, &job.tagger, self.now);
        let key = job.reading.key;
        self.owner.finish(no, key, outcome, self.now, Jitter(0.0))
    }

    fn stage(&mut self, at: usize) -> Result<Option<PollReport>, StoreError> {
        let no = SourceNo(u32::try_from(at).expect("few"));
        let job = self.owner.job(no).expect("it is configured");
        let fetched = self.newsrooms[at].answer(&job.fetch);
        let outcome = reading::read(fetched, job.before, &job.reading, &job.tagger, self.now);
        self.owner
            .stage(no, job.reading.key, outcome, self.now, Jitter(0.0))
    }

    fn titles(&self) -> BTreeSet<String> {
        let mut titles = BTreeSet::new();
        let read = self.owner.reader().export(|line| {
            if let ExportLine::Article(article) = line {
                titles.insert(article.entry.title);
            }
            Ok(())
        });
        read.expect("readable");
        titles
    }

    #[track_caller]
    fn assert_state_is_the_store(&self) {
        let rebuilt = rebuild(&self.owner.reader()).expect("readable");
        assert_eq!(self.owner.state(), &rebuilt);
    }

    /// Brings the medium to the kind of failure after which the write was not made.
    fn skip_a_failure_that_writes(&mut self) {
        self.engine.refuse_next(1);
        self.poll(0).expect_err("it is refused");
        self.now = self.now + MINUTE;
        assert!(self.owner.recover(self.now));
    }
}

fn open(engine: &Arc<FaultyEngine>, ids: &[&str], now: Timestamp) -> Owner {
    let store = Store::open(Arc::clone(engine) as Arc<_>, mint).expect("memory opens");
    let config = crate::support::config(&feeds_toml(ids));
    Owner::open(store, config, now).expect("it takes the store up")
}

#[test]
fn a_failed_write_degrades_and_changes_nothing_in_memory() {
    for reaches_the_medium in [true, false] {
        let mut world = World::new(&["a", "b"]);
        if !reaches_the_medium {
            world.skip_a_failure_that_writes();
            world.newsrooms[0].items.push(item(7));
        }
        let before = world.owner.state().clone();
        let generation = world.owner.generation();

        world.engine.refuse_next(1);
        let err = world.poll(0).expect_err("it is refused");
        assert_eq!(err, StoreError::Write("no space left on device".into()));
        assert_eq!(world.owner.state(), &before);
        assert!(world.owner.generation() > generation);
        let cause = world.owner.published().degraded.expect("it says why");
        assert!(cause.contains("no space left"), "{cause}");
        assert!(world.owner.due(world.now, &BTreeSet::new(), 10).is_empty());

        world.now = world.now + MINUTE;
        assert!(world.owner.recover(world.now));
        assert_eq!(world.owner.published().degraded, None);
        world.assert_state_is_the_store();
        let title = world.newsrooms[0].items.last().expect("one").title.clone();
        assert_eq!(world.titles().contains(&title), reaches_the_medium);
    }
}

#[test]
fn polls_that_end_together_are_written_together_and_each_knows_those_before_it() {
    let mut world = World::new(&["a", "b", "c"]);
    let copied = world.newsrooms[0].items[0].clone();
    world.newsrooms[1].items[0] = Item {
        path: "/chep.html".into(),
        text: "Đồi chè số không hái sớm hơn mọi năm, theo lời xã viên trong vùng.".into(),
        ..copied
    };
    world.newsrooms[0].items[0].text = world.newsrooms[1].items[0].text.clone();
    let writes = world.engine.writes();
    for at in [0, 1, 2] {
        world.stage(at).expect("it is decided").expect("configured");
        assert!(world.titles().is_empty(), "seen before it is written");
    }
    world.owner.write_staged(world.now).expect("it is written");
    assert_eq!(world.engine.writes(), writes + 1);
    let counts = world.owner.reader().counts().expect("readable");
    assert_eq!((counts.articles, counts.stories), (3, 2));
    world.assert_state_is_the_store();
}

#[test]
fn polls_that_cannot_be_written_together_are_all_forgotten() {
    let mut world = World::new(&["a", "b"]);
    world.skip_a_failure_that_writes();
    world.poll(0).expect("it is written");
    world.newsrooms[0].items.push(item(8));
    let before = world.owner.state().clone();
    let roster = world.owner.published().roster;
    for at in [0, 1] {
        world.stage(at).expect("it is decided");
    }
    world.engine.refuse_next(2);
    world.owner.write_staged(world.now).expect_err("refused");
    let now = world.owner.published();
    assert_eq!(world.owner.state(), &before);
    assert_eq!(now.roster, roster);
    world.now = world.now + MINUTE;
    world.owner.recover(world.now);
    world.now = world.now + MINUTE;
    assert!(world.owner.recover(world.now));
    world.assert_state_is_the_store();
    for at in [0, 1] {
        world.poll(at).expect("the store is in order again");
    }
    assert_eq!(world.titles().len(), 3);
}

#[test]
fn a_poll_that_ends_while_the_store_fails_overwrites_nothing() {
    let mut world = World::new(&["a", "b"]);
    // Refused, and made all the same: memory does not know that the first numbers are given away.
    world.engine.refuse_next(1);
    world.poll(0).expect_err("it is refused");
    world.poll(1).expect_err("the ground is not sure");

    world.now = world.now + MINUTE;
    for at in [0, 1] {
        world.poll(at).expect("the store is in order again");
    }
    let expected = [item(0).title, item(1).title];
    assert_eq!(world.titles(), BTreeSet::from(expected));
    world.assert_state_is_the_store();
}

#[test]
fn the_store_is_tried_again_after_a_second_and_then_after_twice_as_long_up_to_a_minute() {
    let mut world = World::new(&["a"]);
    world.engine.refuse_next(u32::MAX);
    world.poll(0).expect_err("it is refused");
    let mut waits = Vec::new();
    for _ in 0..9 {
        let retry_at = world
            .owner
            .next_due_at(&BTreeSet::new())
            .expect("it tries again");
        waits.push(retry_at.since(world.now).as_secs());
        let early = retry_at - Duration::from_millis(1);
        assert!(!world.owner.recover(early));
        assert_eq!(world.owner.next_due_at(&BTreeSet::new()), Some(retry_at));
        world.now = retry_at;
        assert!(!world.owner.recover(world.now));
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    world.engine.refuse_next(0);
    assert!(world.owner.recover(world.now + MINUTE));
}

#[test]
fn a_reload_that_cannot_be_written_leaves_the_old_configuration_in_force() {
    // However many writes a reload takes, the first and any later one may fail.
    for lets_through in [0, 1] {
        let mut world = World::new(&["a"]);
        let before = (world.owner.published(), world.owner.state().clone());
        let mut renamed = feeds_toml(&["a", "b"]);
        renamed += "[feed]\ntitle = \"Tin mới\"\n";
        let config = crate::support::config(&renamed);
        world.engine.refuse_after(lets_through);
        match world.owner.reload(config, world.now) {
            Ok(diff) => {
                assert_eq!(diff.added.len(), 1);
                world.assert_state_is_the_store();
            }
            Err(_) => {
                let after = world.owner.published();
                assert_eq!(after.config, before.0.config);
                assert_eq!(after.roster, before.0.roster);
                assert_eq!(world.owner.state(), &before.1);
            }
        }
    }
}

#[test]
fn what_was_refused_takes_force_when_it_can_be_written() {
    let mut world = World::new(&["a"]);
    let config = crate::support::config(&feeds_toml(&["a", "b"]));
    world.engine.refuse_next(1);
    world
        .owner
        .reload(config.clone(), world.now)
        .expect_err("it is refused");
    world.now = world.now + MINUTE;
    let diff = world
        .owner
        .reload(config, world.now)
        .expect("it is written");
    assert_eq!(diff.added.len(), 1);
    assert_eq!(world.no("b"), SourceNo(1));
    world.assert_state_is_the_store();
}

#[test]
fn a_restart_changes_nothing_that_is_served() {
    let ids = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let mut world = World::new(&ids);
    for at in 0..ids.len() {
        world.poll(at).expect("it is written");
    }
    let before = (
        world.owner.state().clone(),
        world.owner.published().settings_at,
    );
    for _ in 0..3 {
        world.now = world.now + MINUTE;
        world.owner = open(&world.engine, &ids, world.now);
        let after = (
            world.owner.state().clone(),
            world.owner.published().settings_at,
        );
        assert_eq!(after, before);
    }
}

#[test]
fn a_feed_s_own_name_changes_what_is_served_and_since_when() {
    let mut world = World::new(&["a"]);
    let before = world.owner.published();
    let id = SourceId::parse("a").expect("a plain id");
    assert_eq!(before.roster.find(&id).expect("it is known").name, "a");

    world.now = world.now + MINUTE;
    world.poll(0).expect("it is written");
    let after = world.owner.published();
    assert_eq!(
        after.roster.find(&id).expect("it is known").name,
        "Báo a.example.vn"
    );
    assert_eq!(after.settings_at, world.now);
    assert!(after.generation > before.generation);
    world.assert_state_is_the_store();
}

#[test]
fn what_serving_needs_is_told_before_the_write_can_be_seen_and_taken_back_when_it_fails() {
    let mut world = World::new(&["a", "b"]);
    world.skip_a_failure_that_writes();
    let told = Arc::new(Mutex::new(Vec::new()));
    let (notes, reader) = (Arc::clone(&told), world.owner.reader());
    world.owner.herald_to(Box::new(move |published| {
        let polls = reader.sources().expect("readable")[1].polls;
        let name = published
            .roster
            .get(SourceNo(1))
            .expect("known")
            .name
            .clone();
        let note = (name, polls, published.generation, published.settings_at);
        notes.lock().expect("no panic").push(note);
    }));
    world.engine.refuse_next(1);
    world.poll(1).expect_err("it is refused");
    let failed = world.owner.published();
    assert_eq!(failed.roster.get(SourceNo(1)).expect("known").name, "b");

    world.now = world.now + MINUTE;
    assert!(world.owner.recover(world.now));
    world.poll(1).expect("it is written");
    let after = world.owner.published();
    let told = told.lock().expect("no panic");
    let [refused, written] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert!(refused.2 < failed.generation, "it was taken back");
    let expected = (
        "Báo b.example.vn".to_owned(),
        0,
        after.generation,
        after.settings_at,
    );
    assert_eq!(*written, expected, "and nothing changed after it");
}

#[test]
fn sources_never_asked_come_first_then_the_longest_overdue() {
    let mut world = World::new(&["a", "b"]);
    world.poll(1).expect("it is written");
    world.now = world.now + MINUTE;
    world.poll(0).expect("it is written");
    let three = crate::support::config(&feeds_toml(&["a", "b", "c"]));
    world.owner.reload(three, world.now).expect("it is written");
    let late = world.now + Duration::from_secs(30 * 24 * 3600);
    let mut due = |busy: &[u32], limit| {
        let busy = busy.iter().copied().map(SourceNo).collect();
        let due = world.owner.due(late, &busy, limit);
        due.into_iter().map(|no| no.0).collect::<Vec<u32>>()
    };
    assert_eq!(due(&[], 10), [2, 1, 0]);
    assert_eq!(due(&[2], 1), [1]);
    assert!(world.owner.due(world.now, &BTreeSet::new(), 10) == [SourceNo(2)]);
}
