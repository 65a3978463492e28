//! Feeds that nobody here wrote, read by the core: nothing panics, and where there are entries they are found.
//!
//! The corpus is not part of the project. It is looked for in `$LANGBAO_SHARED`, else beside the project;
//! where it is absent this test says so and proves nothing.

use std::path::PathBuf;

use langbao::core::model::{EntryFeed, SourceRules, Timestamp};
use langbao::core::normalise::{NormaliseContext, entries};
use langbao::core::parse::{Answer, ParseFault, feed};

/// Of files that hold an item element with something in it; what is left is made to be unreadable.
const READ_PERCENT_MIN: usize = 99;

fn corpus() -> Option<PathBuf> {
    let shared = std::env::var_os("LANGBAO_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    );
    let corpus = shared.join("corpus");
    corpus.join("manifest.jsonl").is_file().then_some(corpus)
}

fn rules() -> SourceRules {
    SourceRules {
        province: None,
        topics: Vec::new(),
        language: None,
        time_zone_offset_s: None,
        byline: Vec::new(),
        items_max: 1000,
    }
}

/// Whether the source gave items, but none with anything in it (SPEC section 6).
fn is_vain(feed: &EntryFeed) -> bool {
    let says = |words: &str| {
        feed.problems
            .iter()
            .any(|problem| problem.what.contains(words))
    };
    feed.entries.is_empty() && (says("an item with neither") || says("nothing is left"))
}

#[test]
fn corpus_is_read() {
    let Some(corpus) = corpus() else {
        eprintln!(
            "SKIPPED: no corpus; set LANGBAO_SHARED to the folder that holds corpus/manifest.jsonl"
        );
        return;
    };
    let rules = rules();
    let now = Timestamp::from_secs(1_795_311_000);
    let manifest = std::fs::read_to_string(corpus.join("manifest.jsonl")).unwrap();
    let (mut files, mut with_items, mut read) = (0, 0, 0);
    let (mut not_feeds, mut lost) = (0, Vec::new());
    for line in manifest.lines() {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        let file = record["file"].as_str().unwrap();
        let body = std::fs::read(corpus.join(file)).unwrap();
        let url = format!("http://127.0.0.1/{file}");
        let answer = Answer {
            body: &body,
            content_type: record["content_type"].as_str(),
            url: &url,
            time_zone_offset_s: rules.time_zone_offset_s,
            items_max: rules.items_max,
            now,
        };
        files += 1;
        let parsed = match feed(&answer) {
            Ok(parsed) => parsed,
            Err(ParseFault::NotAFeed(_)) => {
                not_feeds += 1;
                continue;
            }
            Err(fault) => panic!("{file}: {fault}"),
        };
        let items = parsed.items.len();
        assert!(items <= rules.items_max, "{file}");
        let context = NormaliseContext {
            rules: &rules,
            feed_url: &url,
            now,
        };
        let given = entries(parsed, &context, &|_| Vec::new());
        let is_vain = is_vain(&given);
        let shown = given.entries;
        assert!(shown.iter().all(|entry| !entry.title.is_empty()), "{file}");
        assert!(shown.len() <= items, "{file}");
        let lower = String::from_utf8_lossy(&body).to_ascii_lowercase();
        let names_items = ["<item", "<entry", "\"items\""]
            .iter()
            .any(|name| lower.contains(name));
        if names_items && !is_vain {
            with_items += 1;
            if shown.is_empty() {
                lost.push(file.to_owned());
            } else {
                read += 1;
            }
        }
    }
    eprintln!(
        "{files} files, {not_feeds} no feeds; entries from {read} of {with_items} files with items"
    );
    assert!(
        read * 100 >= with_items * READ_PERCENT_MIN,
        "entries from {read} of {with_items} files with items; lost: {lost:#?}"
    );
}
