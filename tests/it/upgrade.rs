//! A store that version 1 wrote goes on under today's owner: what its newsrooms still list is no news.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use langbao::core::model::{
    Article, FaultKind, FetchFault, FetchOutcome, Fetched, Freshness, Story, Timestamp, Validators,
};
use langbao::core::reading;
use langbao::core::schedule::Jitter;
use langbao::daemon::owner::Owner;
use langbao::store::{Engine, ExportLine, MemoryEngine, Op, Store, StoreReader};

use crate::support::house::mint;

/// Half a year after the store was left.
const LATER_S: i64 = 1_811_000_000;

const FEEDS: &str = r#"
[server]
base_url = "https://tin.example/"
[fetch]
allow_private = ["127.0.0.0/8"]
[[source]]
id = "bao-mot"
url = "http://127.0.0.1:18098/mot.xml"
hosts = ["bao-mot.example"]
topics = ["lang-nghe"]
[[source]]
id = "bao-hai"
was = ["bao-hai-cu"]
url = "http://127.0.0.1:18098/hai.xml"
hosts = ["bao-hai.example"]
[[source]]
id = "bao-hong"
url = "http://127.0.0.1:18098/hong.html"
"#;

fn data(name: &str) -> String {
    let path = format!("{}/tests/data/store/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).expect("it is there")
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("two digits"))
        .collect()
}

fn owner(now: Timestamp) -> Owner {
    let engine = MemoryEngine::new();
    let pair = |line: &str| {
        let (key, value) = line.split_once(' ').expect("a key and a value");
        Op::Put(bytes(key), bytes(value))
    };
    let tree = data("v1.tree").lines().map(pair).collect();
    engine.write(tree).expect("memory takes everything");
    let store = Store::open(Arc::new(engine), mint).expect("it opens");
    Owner::open(store, crate::support::config(FEEDS), now).expect("it takes the store up")
}

fn answer(url: &str) -> FetchOutcome {
    let name = url.rsplit('/').next().expect("a path");
    if name == "hong.html" {
        return FetchOutcome::Failed(FetchFault::new(FaultKind::NotAFeed, "a page"));
    }
    FetchOutcome::Fetched(Fetched {
        status: 200,
        url: url.to_owned(),
        content_type: Some("application/xml".into()),
        body: Bytes::from(data(name)),
        validators: Validators::default(),
        freshness: Freshness::default(),
        moved_to: None,
    })
}

type Contents = (BTreeMap<u64, Article>, BTreeMap<u64, Story>);

fn contents(store: &StoreReader) -> Contents {
    let mut contents = Contents::default();
    let read = store.export(|line| {
        match line {
            ExportLine::Article(article) => {
                contents.0.insert(article.no.0, *article);
            }
            ExportLine::Story(story) => {
                contents.1.insert(story.no.0, story);
            }
            _ => {}
        }
        Ok(())
    });
    read.expect("readable");
    contents
}

#[test]
fn what_the_newsrooms_of_an_old_store_still_list_is_no_news() {
    let now = Timestamp::from_secs(LATER_S);
    let mut owner = owner(now);
    let before = contents(&owner.reader());
    let sources: Vec<_> = owner.state().sources().cloned().collect();
    assert_eq!(sources.len(), 3, "the configured ones are found again");
    for source in &sources {
        let job = owner.job(source.no).expect("it is configured");
        let fetched = answer(&job.fetch.url);
        let outcome = reading::read(fetched, job.before, &job.reading, &job.tagger, now);
        let report = owner
            .finish(source.no, job.reading.key, outcome, now, Jitter(0.0))
            .expect("writable")
            .expect("its configuration is in force");
        assert_eq!((report.new.len(), report.changed), (0, 0), "{}", source.id);
        let after = owner.state().source(source.no).expect("it is there");
        assert_eq!(after.polls, source.polls + 1);
        assert!(after.next_poll_at > now);
    }
    assert_eq!(contents(&owner.reader()), before);
}

#[test]
fn an_old_store_is_judged_anew_to_its_end_and_keeps_ids_words_and_dates() {
    let now = Timestamp::from_secs(LATER_S);
    let mut owner = owner(now);
    let before = contents(&owner.reader());
    assert!(owner.has_unjudged());
    while owner.judge_some(now, 2).expect("writable") {}
    let (mut articles, stories) = contents(&owner.reader());
    for (no, article) in &mut articles {
        article.entry.tags.clone_from(&before.0[no].entry.tags);
    }
    assert_eq!(articles, before.0);
    assert!(stories.keys().eq(before.1.keys()));
    for (no, story) in stories {
        assert_eq!(story.published_at, before.1[&no].published_at);
        assert_eq!(story.articles, before.1[&no].articles);
    }
}
