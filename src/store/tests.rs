//! One suite for every engine: what holds of memory must hold of sled.

mod anew;
mod standing;
mod upgrade;

use std::time::Duration;

use super::*;
use crate::core::model::fixture::{article, at, dated, entry, noon, saying, story, tagged, titled};
use crate::core::model::{
    ContentKey, Entry, Firings, KnownEntry, Scheme, SourceId, SourceNo, SourceState, StoryNo,
    Tally, Timestamp,
};

fn mint(store: &str) -> Mint {
    Mint {
        authority: "tin.vn".into(),
        date: "2026-11-22".into(),
        store: store.into(),
    }
}

/// Runs `test` on every engine.
fn on_each(test: impl Fn(Store)) {
    test(Store::open(Arc::new(MemoryEngine::new()), || mint("memory")).expect("memory opens"));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let sled = SledEngine::open(folder.path()).expect("sled opens");
    test(Store::open(Arc::new(sled), || mint("sled")).expect("sled holds a store"));
}

fn batch(articles: Vec<Article>) -> Batch {
    let next = articles
        .iter()
        .map(|article| article.no.0 + 1)
        .max()
        .unwrap_or(0);
    let mut stories: BTreeMap<StoryNo, Vec<Article>> = BTreeMap::new();
    for article in &articles {
        stories
            .entry(article.story)
            .or_default()
            .push(article.clone());
    }
    Batch {
        next_article: next,
        next_story: stories.keys().map(|no| no.0 + 1).max().unwrap_or(0),
        stories: stories
            .iter()
            .map(|(no, articles)| story(no.0, articles))
            .collect(),
        articles,
        ..Batch::default()
    }
}

fn numbers(places: &[Place]) -> Vec<u64> {
    places.iter().map(|place| place.no).collect()
}

fn all(store: &StoreReader, order: &Order) -> Vec<u64> {
    numbers(&store.places(order, From::Start, 100).expect("readable"))
}

fn ago(secs: u64) -> Timestamp {
    noon() - Duration::from_secs(secs)
}

fn on(date: Timestamp, id: &str) -> Entry {
    dated(date, entry(id))
}

#[test]
fn stories_come_newest_first_and_equal_dates_first_seen_first() {
    on_each(|mut store| {
        store
            .apply(&batch(vec![
                article(0, 1, 0, on(ago(50), "a")),
                article(1, 1, 1, on(ago(10), "b")),
                article(2, 1, 2, on(ago(10), "c")),
                article(3, 1, 3, on(Timestamp::from_secs(-7), "before 1970")),
            ]))
            .expect("writable");
        assert_eq!(all(&store, &Order::All), [1, 2, 0, 3]);
        let first = store.places(&Order::All, From::Start, 1).expect("readable");
        let rest = store
            .places(&Order::All, From::After(first[0]), 100)
            .expect("readable");
        assert_eq!(numbers(&rest), [2, 0, 3]);
        let same = store
            .places(&Order::All, From::At(first[0]), 1)
            .expect("readable");
        assert_eq!(same, first);
    });
}

#[test]
fn a_story_is_found_by_the_tags_of_all_its_articles_and_no_longer_by_those_that_go() {
    on_each(|mut store| {
        let one = article(0, 1, 0, tagged(Scheme::Province, "hue", entry("a")));
        let two = article(1, 2, 0, tagged(Scheme::Topic, "ocop", entry("b")));
        store
            .apply(&batch(vec![one.clone(), two]))
            .expect("writable");
        let hue = Order::Tagged(Scheme::Province, "hue".into());
        let ocop = Order::Tagged(Scheme::Topic, "ocop".into());
        assert_eq!((all(&store, &hue), all(&store, &ocop)), (vec![0], vec![0]));

        let retagged = Article {
            entry: tagged(Scheme::Province, "da-nang", entry("a")),
            ..one
        };
        // Only the article is named: its story's keys must follow.
        let change = Batch {
            articles: vec![retagged],
            ..Batch::default()
        };
        store.apply(&change).expect("writable");
        let da_nang = Order::Tagged(Scheme::Province, "da-nang".into());
        assert_eq!(all(&store, &hue), [] as [u64; 0]);
        assert_eq!(all(&store, &da_nang), [0]);
        assert_eq!(all(&store, &ocop), [0], "the copy's tag stays");
    });
}

#[test]
fn a_slug_that_begins_another_does_not_find_it() {
    on_each(|mut store| {
        store
            .apply(&batch(vec![article(
                0,
                1,
                0,
                tagged(Scheme::Topic, "ocop-2", entry("a")),
            )]))
            .expect("writable");
        assert_eq!(
            all(&store, &Order::Tagged(Scheme::Topic, "ocop".into())),
            [] as [u64; 0]
        );
    });
}

#[test]
fn a_source_is_found_by_its_own_dates_and_by_its_stories() {
    on_each(|mut store| {
        let first = article(0, 1, 0, on(ago(10), "a"));
        let copy = article(1, 2, 0, on(ago(500), "b"));
        let own = article(2, 2, 1, on(ago(100), "c"));
        store
            .apply(&batch(vec![first, copy, own]))
            .expect("writable");
        let by_own_dates = store
            .of_source(SourceNo(2), From::Start, 10)
            .expect("readable");
        let stories: Vec<u64> = by_own_dates.iter().map(|place| place.story.0).collect();
        assert_eq!(stories, [1, 0]);
        assert_eq!(all(&store, &Order::CarriedBy(SourceNo(2))), [0, 1]);
        assert_eq!(all(&store, &Order::CarriedBy(SourceNo(1))), [0]);
    });
}

#[test]
fn what_is_known_of_an_answer_is_found_by_id_address_and_text_with_whole_stories() {
    on_each(|mut store| {
        let text = "một làng nghề dệt ở ven sông Tiền mở hội";
        let by_id = article(0, 1, 0, entry("a"));
        let by_address = article(1, 2, 1, at("a.vn", "/1", entry("b")));
        let by_text = article(2, 2, 2, saying(text, entry("c")));
        let companion = article(3, 3, 2, entry("d"));
        let stranger = article(4, 3, 4, entry("e"));
        store
            .apply(&batch(vec![
                by_id, by_address, by_text, companion, stranger,
            ]))
            .expect("writable");
        let asked = [
            entry("a"),
            at("a.vn", "/1", entry("x")),
            saying(text, entry("y")),
        ];
        let known = store.known(SourceNo(1), &asked).expect("readable");
        assert_eq!(
            known.article_of(&asked[0]),
            Some(KnownEntry::Stored(ArticleNo(0)))
        );
        assert_eq!(known.article_of(&asked[1]), None);
        let mut articles: Vec<u64> = known.articles.keys().map(|no| no.0).collect();
        articles.sort_unstable();
        assert_eq!(
            articles,
            [0, 1, 2, 3],
            "companions come along, strangers do not"
        );
        assert_eq!(known.stories.len(), 3);
    });
}

#[test]
fn a_renamed_entry_is_known_by_its_new_id_alone() {
    on_each(|mut store| {
        let old = article(0, 1, 0, at("a.vn", "/1", entry("old")));
        store.apply(&batch(vec![old.clone()])).expect("writable");
        let renamed = Article {
            entry: at("a.vn", "/2", entry("new")),
            ..old
        };
        let change = Batch {
            articles: vec![renamed],
            ..Batch::default()
        };
        store.apply(&change).expect("writable");
        let asked = [entry("old"), entry("new"), at("a.vn", "/1", entry("other"))];
        let known = store.known(SourceNo(1), &asked).expect("readable");
        assert_eq!(known.article_of(&asked[0]), None);
        assert_eq!(
            known.article_of(&asked[1]),
            Some(KnownEntry::Stored(ArticleNo(0)))
        );
        let address = asked[2].address.expect("it has one");
        assert_eq!(known.here[&address], [] as [ArticleNo; 0]);
    });
}

#[test]
fn a_removed_story_is_gone_from_every_order_and_its_entry_does_not_come_back_as_new() {
    on_each(|mut store| {
        let text = "một làng nghề dệt ở ven sông Tiền mở hội";
        let one = tagged(
            Scheme::Topic,
            "ocop",
            saying(text, at("a.vn", "/1", entry("a"))),
        );
        store
            .apply(&batch(vec![article(0, 1, 0, one.clone())]))
            .expect("writable");
        let removal = Batch {
            removed: vec![StoryNo(0)],
            ..Batch::default()
        };
        store.apply(&removal).expect("writable");
        for order in [
            Order::All,
            Order::Tagged(Scheme::Topic, "ocop".into()),
            Order::CarriedBy(SourceNo(1)),
        ] {
            assert_eq!(all(&store, &order), [] as [u64; 0], "{order:?}");
        }
        assert_eq!(
            store
                .first_seen_from(Timestamp::EPOCH, 10)
                .expect("readable"),
            []
        );
        assert_eq!(store.counts().expect("readable"), Counts::default());
        let known = store
            .known(SourceNo(1), std::slice::from_ref(&one))
            .expect("readable");
        assert_eq!(known.article_of(&one), Some(KnownEntry::Gone));
        assert!(known.articles.is_empty());
    });
}

#[test]
fn stories_are_found_by_when_they_were_first_seen() {
    on_each(|mut store| {
        let seen = |no: u64, at: Timestamp| {
            let one = article(no, 1, no, on(ago(no), &no.to_string()));
            let told = Story {
                first_seen_at: at,
                ..story(no, std::slice::from_ref(&one))
            };
            Batch {
                articles: vec![one],
                stories: vec![told],
                ..Batch::default()
            }
        };
        store.apply(&seen(0, ago(30))).expect("writable");
        store.apply(&seen(1, ago(20))).expect("writable");
        store.apply(&seen(2, ago(10))).expect("writable");
        let found = store.first_seen_from(ago(20), 10).expect("readable");
        assert_eq!(found, [StoryNo(1), StoryNo(2)]);
    });
}

#[test]
fn counts_follow_what_is_put_and_removed_and_not_what_is_put_again() {
    on_each(|mut store| {
        let both = batch(vec![
            article(0, 1, 0, entry("a")),
            article(1, 2, 0, entry("b")),
        ]);
        store.apply(&both).expect("writable");
        store.apply(&both).expect("writable");
        let counts = store.counts().expect("readable");
        assert_eq!((counts.stories, counts.articles), (1, 2));
    });
}

#[test]
fn an_export_comes_back_as_the_same_store_on_any_engine() {
    on_each(|mut store| {
        let source = SourceState::new(
            SourceNo(1),
            SourceId::parse("a").expect("plain"),
            "https://a.vn/rss".into(),
            noon(),
        );
        let text = "một làng nghề dệt ở ven sông Tiền mở hội";
        let one = tagged(
            Scheme::Province,
            "hue",
            at("a.vn", "/1", saying(text, entry("a"))),
        );
        let mut first = batch(vec![
            article(0, 1, 0, one),
            article(1, 2, 0, titled("Gốm", entry("b"))),
            article(2, 2, 1, entry("c")),
        ]);
        first.sources.push(source);
        first.next_source = 2;
        first.listings.push((SourceNo(1), vec![ArticleNo(0)]));
        first.settings = Some((17, noon()));
        let rules = [ContentKey::of(&["drop"]), ContentKey::of(&["hold"])];
        let tally = Tally::default().adopt(&rules, true, ArticleNo(3));
        let tally = tally.plus(&Firings::from([(2, 7)]));
        first.tally = Some(tally.clone());
        store.apply(&first).expect("writable");
        store
            .apply(&Batch {
                removed: vec![StoryNo(1)],
                ..Batch::default()
            })
            .expect("writable");

        let lines = exported(&store);
        let mut other =
            Store::open(Arc::new(MemoryEngine::new()), || mint("other")).expect("memory opens");
        imported(&mut other, &lines);
        assert_eq!(exported(&other), lines);
        assert_eq!(other.tally(), Ok(tally));
        let hue = Order::Tagged(Scheme::Province, "hue".into());
        assert_eq!(all(&other, &hue), all(&store, &hue));
        let known = other.known(SourceNo(2), &[entry("c")]).expect("readable");
        assert_eq!(known.article_of(&entry("c")), Some(KnownEntry::Gone));
    });
}

fn exported(store: &StoreReader) -> Vec<String> {
    let mut lines = Vec::new();
    store
        .export(|line| {
            lines.push(serde_json::to_string(&line).expect("plain data"));
            Ok(())
        })
        .expect("readable");
    lines
}

fn imported(store: &mut Store, lines: &[String]) {
    for line in lines {
        let mut batch = Batch::default();
        match serde_json::from_str(line).expect("our own line") {
            ExportLine::Langbao { mint, .. } => store.begin_import(&mint).expect("empty"),
            line => {
                line.add_to(&mut batch);
            }
        }
        store.apply(&batch).expect("writable");
    }
    store.end_import().expect("writable");
}

#[test]
fn an_export_is_refused_by_a_store_that_is_not_empty() {
    on_each(|mut store| {
        store
            .apply(&batch(vec![article(0, 1, 0, entry("a"))]))
            .expect("writable");
        assert_eq!(
            store.begin_import(&mint("other")),
            Err(StoreError::NotEmpty)
        );
    });
}

#[test]
fn the_revision_tells_a_write_from_none() {
    on_each(|mut store| {
        let before = store.revision();
        store.apply(&Batch::default()).expect("writable");
        assert_eq!(store.revision(), before, "an empty batch writes nothing");
        store
            .apply(&batch(vec![article(0, 1, 0, entry("a"))]))
            .expect("writable");
        assert_ne!(store.revision(), before);
        assert!(before.is_some());
    });
}

#[test]
fn a_poll_that_brings_nothing_leaves_the_revision() {
    on_each(|mut store| {
        let before = store.revision();
        let polled = Batch {
            at: Some(noon()),
            sources: vec![SourceState::new(
                SourceNo(1),
                SourceId::parse("a").expect("a plain id"),
                "https://a.vn/rss".into(),
                noon(),
            )],
            listings: vec![(SourceNo(1), vec![ArticleNo(3)])],
            ..Batch::default()
        };
        store.apply(&polled).expect("writable");
        assert_eq!(store.sources().map(|sources| sources.len()), Ok(1));
        assert_eq!(store.revision(), before);
    });
}

#[test]
fn sled_keeps_what_was_written_and_its_mint_when_it_is_opened_again() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let open = |name: &str| {
        let sled = SledEngine::reopen(folder.path()).expect("sled opens");
        Store::open(Arc::new(sled), || mint(name)).expect("sled holds a store")
    };
    let mut store = open("first");
    store
        .apply(&batch(vec![article(0, 1, 0, entry("a"))]))
        .expect("writable");
    let before = exported(&store);
    drop(store);
    let store = open("second");
    assert_eq!(exported(&store), before);
    assert_eq!(store.mint(), Ok(mint("first")));
}

#[test]
fn a_sled_that_is_held_is_told_from_one_that_is_broken_or_may_not_be_used() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let held = SledEngine::open(folder.path()).expect("sled opens");
    let path = folder.path().to_owned();
    assert_eq!(
        SledEngine::open(&path).err(),
        Some(StoreError::Held { path })
    );
    drop(held);

    let file = folder.path().join("file");
    std::fs::write(&file, "no folder").expect("writable");
    assert!(matches!(
        SledEngine::open(&file).err(),
        Some(StoreError::Folder { .. })
    ));

    let broken = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(broken.path().join("conf"), "not what sled writes").expect("writable");
    assert!(matches!(
        SledEngine::open(broken.path()).err(),
        Some(StoreError::Open { .. })
    ));
}

#[test]
fn a_newer_store_is_refused_by_its_number() {
    let engine = Arc::new(MemoryEngine::new());
    let newer = vec![Op::Put(keys::FORMAT.to_vec(), vec![record::VERSION + 1])];
    engine.write(newer).expect("memory takes everything");
    let refused = Store::open(engine, || mint("never")).err();
    let expected = StoreError::Newer {
        found: record::VERSION + 1,
        known: record::VERSION,
    };
    assert_eq!(refused, Some(expected));
}

#[test]
fn a_store_whose_import_broke_off_is_opened_by_nobody() {
    let engine: Arc<dyn Engine> = Arc::new(MemoryEngine::new());
    let mut store = Store::open(Arc::clone(&engine), || mint("a")).expect("memory opens");
    store.begin_import(&mint("b")).expect("empty");
    let refused = Store::open(Arc::clone(&engine), || mint("c")).err();
    assert_eq!(refused, Some(StoreError::HalfImported));
    store.end_import().expect("writable");
    let opened = Store::open(engine, || mint("c")).expect("it is whole");
    assert_eq!(opened.mint(), Ok(mint("b")));
}
