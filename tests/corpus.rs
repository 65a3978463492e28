//! Feeds that nobody here wrote, read by the core: whole, cut anywhere, and with bytes flipped.
//!
//! The corpus is not part of the project. It is looked for in `$LANGBAO_SHARED`, else beside the project;
//! where it is absent these tests say so and prove nothing. Places and bytes are drawn from a fixed seed. A
//! debug build samples [`SAMPLES`] of them; all [`SAMPLES_FULL`] are drawn where `LANGBAO_CORPUS_FULL` is set.

#![allow(
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "a test says what it saw, and its fixtures are in order or it fails"
)]

use std::ops::Range;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use langbao::core::model::{EntryFeed, ParsedItem, SourceRules, Timestamp};
use langbao::core::normalise::{NormaliseContext, entries};
use langbao::core::parse::{Answer, ParseFault, feed};

/// Of files that hold an item element with something in it; what is left is made to be unreadable.
const READ_PERCENT_MIN: usize = 99;

/// Of files in which as many items end as are read: in those it is known what a cut must leave.
const CUT_PERCENT_MIN: usize = 95;

/// Places a file is cut at, and times its bytes are flipped.
const SAMPLES: usize = 5;
const SAMPLES_FULL: usize = 50;

/// A longer file is sampled less in a debug build: each sample reads it anew.
const SAMPLED_BYTES_MAX: usize = 20_000;

const FLIPS_MAX: usize = 20;

/// What one reading may take for each 100 kB, and at least; far above what it takes, far below what hangs.
const READING_MAX: Duration = Duration::from_secs(5);

const SEED: u64 = 0x1a5e_c0de;

struct File {
    name: String,
    body: Vec<u8>,
    content_type: Option<String>,
}

fn corpus() -> Option<Vec<File>> {
    let shared = std::env::var_os("LANGBAO_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    );
    let corpus = shared.join("corpus");
    let Ok(manifest) = std::fs::read_to_string(corpus.join("manifest.jsonl")) else {
        eprintln!(
            "SKIPPED: no corpus; set LANGBAO_SHARED to the folder that holds corpus/manifest.jsonl"
        );
        return None;
    };
    let read = |line: &str| {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        let name = record["file"].as_str().unwrap().to_owned();
        File {
            body: std::fs::read(corpus.join(&name)).unwrap(),
            content_type: record["content_type"].as_str().map(str::to_owned),
            name,
        }
    };
    Some(manifest.lines().map(read).collect())
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

/// The items of `body`, served as `file` is; none where it is no feed.
#[track_caller]
fn items(file: &File, body: &[u8], what: &str) -> Option<Vec<ParsedItem>> {
    let rules = rules();
    let url = format!("http://127.0.0.1/{}", file.name);
    let answer = Answer {
        body,
        content_type: file.content_type.as_deref(),
        url: &url,
        time_zone_offset_s: rules.time_zone_offset_s,
        items_max: rules.items_max,
        now: now(),
    };
    let from = Instant::now();
    let parsed = match feed(&answer) {
        Ok(parsed) => parsed,
        Err(ParseFault::NotAFeed(_)) => return None,
        Err(fault) => panic!("{} {what}: {fault}", file.name),
    };
    let items = parsed.items.clone();
    assert!(items.len() <= rules.items_max, "{} {what}", file.name);
    let given = entries(parsed, &context(&rules, &url), &|_| Vec::new());
    assert!(given.entries.len() <= items.len(), "{} {what}", file.name);
    let taken = from.elapsed();
    let share = u32::try_from(body.len() / 100_000).unwrap() + 1;
    assert!(
        taken < READING_MAX * share,
        "{} {what}: {taken:?}",
        file.name
    );
    Some(items)
}

fn now() -> Timestamp {
    Timestamp::from_secs(1_795_311_000)
}

fn context<'a>(rules: &'a SourceRules, url: &'a str) -> NormaliseContext<'a> {
    NormaliseContext {
        rules,
        feed_url: url,
        now: now(),
    }
}

/// How often `file` is sampled.
fn samples(file: &File) -> usize {
    if std::env::var_os("LANGBAO_CORPUS_FULL").is_some() {
        SAMPLES_FULL
    } else if file.body.len() <= SAMPLED_BYTES_MAX {
        SAMPLES
    } else {
        1
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
    let Some(files) = corpus() else {
        return;
    };
    let rules = rules();
    let (mut with_items, mut read) = (0, 0);
    let (mut not_feeds, mut lost) = (0, Vec::new());
    for file in &files {
        let url = format!("http://127.0.0.1/{}", file.name);
        let answer = Answer {
            body: &file.body,
            content_type: file.content_type.as_deref(),
            url: &url,
            time_zone_offset_s: rules.time_zone_offset_s,
            items_max: rules.items_max,
            now: now(),
        };
        let parsed = match feed(&answer) {
            Ok(parsed) => parsed,
            Err(ParseFault::NotAFeed(_)) => {
                not_feeds += 1;
                continue;
            }
            Err(fault) => panic!("{}: {fault}", file.name),
        };
        let given = entries(parsed, &context(&rules, &url), &|_| Vec::new());
        let is_vain = is_vain(&given);
        let shown = given.entries;
        assert!(
            shown.iter().all(|entry| !entry.title.is_empty()),
            "{}",
            file.name
        );
        let lower = String::from_utf8_lossy(&file.body).to_ascii_lowercase();
        let names_items = ["<item", "<entry", "\"items\""]
            .iter()
            .any(|name| lower.contains(name));
        if names_items && !is_vain {
            with_items += 1;
            if shown.is_empty() {
                lost.push(&file.name);
            } else {
                read += 1;
            }
        }
    }
    eprintln!(
        "{} files, {not_feeds} no feeds; entries from {read} of {with_items} files with items",
        files.len()
    );
    assert!(
        read * 100 >= with_items * READ_PERCENT_MIN,
        "entries from {read} of {with_items} files with items; lost: {lost:#?}"
    );
}

/// Where each item of XML ends, as its bytes alone tell; none where these are not plainly ASCII with more.
fn item_ends(body: &[u8]) -> Option<Vec<usize>> {
    let text = std::str::from_utf8(body).ok()?.to_ascii_lowercase();
    let outside = blank_out(&blank_out(&text, "<!--", "-->"), "<![cdata[", "]]>");
    let mut ends = Vec::new();
    for (at, _) in outside.match_indices("</") {
        let Some(length) = outside[at..].find('>') else {
            break;
        };
        let name = outside[at + 2..at + length].trim_end();
        let name = name.rsplit(':').next().unwrap_or(name);
        if matches!(name, "item" | "entry") {
            ends.push(at + length + 1);
        }
    }
    Some(ends)
}

/// `text` with what stands between `open` and `close` made spaces, so that places stay.
fn blank_out(text: &str, open: &str, close: &str) -> String {
    let mut out = text.to_owned();
    let mut from = 0;
    while let Some(start) = out[from..].find(open).map(|at| from + at) {
        let end = out[start..].find(close).map_or(out.len(), |at| start + at);
        out.replace_range(start..end, &" ".repeat(end - start));
        from = end;
    }
    out
}

/// What an item is known by.
fn identity(item: &ParsedItem) -> [&Option<String>; 3] {
    [&item.id, &item.link, &item.title]
}

fn place(random: &mut fastrand::Rng, range: Range<usize>) -> usize {
    if range.is_empty() {
        0
    } else {
        random.usize(range)
    }
}

#[test]
fn a_cut_costs_no_item_that_was_complete() {
    let Some(files) = corpus() else {
        return;
    };
    let mut random = fastrand::Rng::with_seed(SEED);
    let (mut with_items, mut known, mut cuts, mut held) = (0, 0, 0, 0);
    for file in &files {
        let whole = items(file, &file.body, "whole").unwrap_or_default();
        let ends = item_ends(&file.body).filter(|ends| ends.len() == whole.len());
        with_items += usize::from(!whole.is_empty());
        known += usize::from(!whole.is_empty() && ends.is_some());
        for _ in 0..samples(file) {
            let cut = place(&mut random, 0..file.body.len());
            let what = format!("cut at {cut}");
            let left = items(file, &file.body[..cut], &what).unwrap_or_default();
            cuts += 1;
            let Some(ends) = &ends else {
                continue;
            };
            let complete = ends.iter().filter(|end| **end <= cut).count();
            held += complete;
            assert!(
                left.len() >= complete,
                "{} {what}: {} of {complete} complete items",
                file.name,
                left.len()
            );
            for (before, after) in whole.iter().zip(&left).take(complete) {
                assert_eq!(identity(before), identity(after), "{} {what}", file.name);
            }
        }
    }
    eprintln!(
        "{cuts} cuts of {} files, {held} complete items survived; what a cut must leave is known of {known} of {with_items} files",
        files.len()
    );
    assert!(known * 100 >= with_items * CUT_PERCENT_MIN);
}

#[test]
fn flipped_bytes_cost_neither_a_panic_nor_much_time() {
    let Some(files) = corpus() else {
        return;
    };
    let mut random = fastrand::Rng::with_seed(SEED);
    let mut slowest = (Duration::ZERO, String::new());
    for file in &files {
        for _ in 0..samples(file) {
            let mut body = file.body.clone();
            let flips = 1 + place(&mut random, 0..FLIPS_MAX);
            for _ in 0..flips.min(body.len()) {
                let at = place(&mut random, 0..body.len());
                body[at] = random.u8(..);
            }
            let from = Instant::now();
            items(file, &body, &format!("with {flips} bytes flipped"));
            slowest = slowest.max((from.elapsed(), file.name.clone()));
        }
    }
    eprintln!("slowest: {slowest:?}");
}
