//! How well the tagger does on labelled news: precision, recall and F1, the way the labels ask for it.
//!
//! The labelled items are no part of this repository. `LANGBAO_SHARED` says where they are (default
//! `../shared` beside it); without them these tests say so and hold nothing.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;
use unicode_normalization::UnicodeNormalization;

use crate::core::model::{Scheme, Tag};
use crate::core::tag::{TagInput, Tagger};

const FIELDS: [(Scheme, &str); 3] = [
    (Scheme::Province, "provinces"),
    (Scheme::FormerProvince, "former"),
    (Scheme::Topic, "topics"),
];

fn shared(path: &str) -> Option<String> {
    let folder = std::env::var_os("LANGBAO_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    );
    let file = folder.join(path);
    let read = std::fs::read_to_string(&file);
    if read.is_err() {
        eprintln!(
            "SKIPPED: {} is not there; set LANGBAO_SHARED",
            file.display()
        );
    }
    read.ok()
}

fn words(item: &Value, key: &str) -> BTreeSet<String> {
    let list = item[key].as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter()
        .filter_map(|word| word.as_str().map(str::to_owned))
        .collect()
}

/// F1 for provinces, former provinces, topics: a label of `*_either` is neither right nor wrong.
fn score(path: &str) -> Option<[f64; 3]> {
    let lines = shared(path)?;
    let tagger = Tagger::new(&[]);
    let mut counts = [[0_u32; 3]; 3];
    for line in lines.lines() {
        let item: Value = serde_json::from_str(line).unwrap();
        let tags = tagger.tags(&TagInput {
            title: item["title"].as_str().unwrap(),
            text: item["lede"].as_str().unwrap(),
            body: "",
            categories: &[],
            province: None,
            topics: &[],
        });
        for ((scheme, field), count) in FIELDS.iter().zip(&mut counts) {
            let mut must = words(&item, field);
            if *field == "topics" {
                must.extend(words(&item, "categories"));
            }
            let either = words(&item, &format!("{field}_either"));
            let found: BTreeSet<String> = tags
                .iter()
                .filter(|tag| tag.scheme == *scheme)
                .map(|tag| tag.term.clone())
                .collect();
            let missed: Vec<_> = must.difference(&found).collect();
            let wrong: Vec<_> = found
                .difference(&must)
                .filter(|term| !either.contains(*term))
                .collect();
            if !(missed.is_empty() && wrong.is_empty()) {
                eprintln!(
                    "{field}: missed {missed:?}, wrong {wrong:?}: {} | {}",
                    item["title"], item["lede"]
                );
            }
            for (sum, more) in
                count
                    .iter_mut()
                    .zip([must.intersection(&found).count(), wrong.len(), missed.len()])
            {
                *sum += u32::try_from(more).unwrap();
            }
        }
    }
    let mut f1 = [0.0; 3];
    for (((_, field), [right, wrong, missed]), f1) in FIELDS.iter().zip(counts).zip(&mut f1) {
        let share = |of: u32| f64::from(right) / f64::from((right + of).max(1));
        let (precision, recall) = (share(wrong), share(missed));
        *f1 = 2.0 * precision * recall / (precision + recall).max(1e-9);
        eprintln!(
            "{path} {field}: P {precision:.4} R {recall:.4} F1 {f1:.4}, {wrong} wrong, {missed} missed"
        );
    }
    Some(f1)
}

#[track_caller]
fn check(path: &str, floors: [f64; 3]) {
    let Some(f1) = score(path) else {
        return;
    };
    for (((_, field), f1), floor) in FIELDS.iter().zip(f1).zip(floors) {
        assert!(f1 >= floor, "{field} fell to {f1:.4}, below {floor}");
    }
}

#[test]
fn score_on_labelled_items() {
    check("domain/tags_dev.jsonl", [0.985, 0.98, 0.90]);
}

#[test]
fn score_on_the_sample_page() {
    check("domain/sample_page_labels.jsonl", [0.99, 0.99, 0.98]);
}

/// What a field of a labelled item holds, its letters taken apart or not.
fn read_as(items: &str, form: impl Fn(&str) -> String) -> Vec<Vec<Tag>> {
    let tagger = Tagger::new(&[]);
    let read = |line: &str| {
        let item: Value = serde_json::from_str(line).unwrap();
        let field = |name: &str| form(item[name].as_str().unwrap_or_default());
        let (title, text) = (field("title"), field("lede"));
        tagger.tags(&TagInput {
            title: &title,
            text: &text,
            body: "",
            categories: &[],
            province: None,
            topics: &[],
        })
    };
    items.lines().map(read).collect()
}

#[test]
fn letters_that_are_taken_apart_are_read_alike() {
    let Some(items) = shared("domain/tags_dev.jsonl") else {
        return;
    };
    let composed = read_as(&items, |text| text.nfc().collect());
    assert!(composed.iter().any(|tags| tags.len() > 2));
    assert_eq!(composed, read_as(&items, |text| text.nfd().collect()));
}

#[test]
fn every_legal_example_is_read_and_nothing_else() {
    let Some(lines) = shared("domain/legal_examples.txt") else {
        return;
    };
    let tagger = Tagger::new(&[]);
    for line in lines.lines() {
        let [number, text, ..] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let tags = tagger.tags(&TagInput {
            title: text,
            text: "",
            body: "",
            categories: &[],
            province: None,
            topics: &[],
        });
        let labels: Vec<_> = tags
            .iter()
            .filter(|tag| tag.scheme == Scheme::Document)
            .map(|tag| &tag.label)
            .collect();
        assert_eq!(labels, [number], "{text}");
    }
}
