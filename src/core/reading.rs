//! A fetched answer into a poll's outcome: parse, normalise, tag.
//!
//! The costly part of a poll; pure, so that the shell may run it on any thread.

use crate::core::config::{Source, Topic};
use crate::core::model::{
    ContentKey, EntryFeed, FaultKind, FetchFault, FetchOutcome, Fetched, PollOutcome, SourceRules,
    Timestamp,
};
use crate::core::normalise::{self, NormaliseContext, TagText};
use crate::core::parse::{self, Answer, ParseFault};
use crate::core::tag::{TagInput, Tagger};

/// Raised whenever what is stored of an unchanged answer would come out otherwise: bodies are read again then.
pub const ALGORITHM_VERSION: u32 = 2;

/// With what the answers of one source are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    pub rules: SourceRules,
    /// Of rules, taxonomy and algorithm: another key, another reading of the same bytes.
    pub key: ContentKey,
}

impl Reading {
    pub fn of(source: &Source, topics: &[Topic], items_max: usize) -> Reading {
        let rules = SourceRules {
            province: source.province.clone(),
            topics: source.topics.clone(),
            language: source.language.clone(),
            time_zone_offset_s: source.time_zone_offset_s,
            byline: source.byline.clone(),
            items_max,
        };
        let key = ContentKey::of(&[
            &ALGORITHM_VERSION.to_string(),
            &format!("{rules:?}"),
            &format!("{topics:?}"),
        ]);
        Reading { rules, key }
    }
}

/// What the last answer was, by which an unchanged one is told without reading it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Before {
    pub body_key: Option<ContentKey>,
}

/// Reads what was fetched.
pub fn read(
    outcome: FetchOutcome,
    before: Before,
    reading: &Reading,
    tagger: &Tagger,
    now: Timestamp,
) -> PollOutcome {
    match outcome {
        FetchOutcome::Failed(fault) => PollOutcome::Failed(fault),
        FetchOutcome::NotModified {
            validators,
            freshness,
        } => PollOutcome::Unchanged {
            status: 304,
            validators,
            freshness,
        },
        FetchOutcome::Fetched(fetched) => read_body(fetched, before, reading, tagger, now),
    }
}

fn read_body(
    fetched: Fetched,
    before: Before,
    reading: &Reading,
    tagger: &Tagger,
    now: Timestamp,
) -> PollOutcome {
    let body_key = body_key(&fetched, reading);
    if before.body_key == Some(body_key) {
        return PollOutcome::Unchanged {
            status: fetched.status,
            validators: fetched.validators,
            freshness: fetched.freshness,
        };
    }
    match entries(&fetched, reading, tagger, now) {
        Ok(feed) => PollOutcome::Read {
            status: fetched.status,
            validators: fetched.validators,
            freshness: fetched.freshness,
            body_key,
            feed,
        },
        Err(fault) => PollOutcome::Failed(FetchFault {
            status: Some(fetched.status),
            ..fault
        }),
    }
}

/// The final address and the media type belong to the bytes: both change what is read from them.
fn body_key(fetched: &Fetched, reading: &Reading) -> ContentKey {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&reading.key.0);
    for part in [
        fetched.url.as_str(),
        fetched.content_type.as_deref().unwrap_or(""),
    ] {
        hasher.update(part.as_bytes());
        hasher.update(&[0]);
    }
    hasher.update(&fetched.body);
    let mut key = [0; 16];
    key.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    ContentKey(key)
}

fn entries(
    fetched: &Fetched,
    reading: &Reading,
    tagger: &Tagger,
    now: Timestamp,
) -> Result<EntryFeed, FetchFault> {
    let rules = &reading.rules;
    let answer = Answer {
        body: &fetched.body,
        content_type: fetched.content_type.as_deref(),
        url: &fetched.url,
        time_zone_offset_s: rules.known_offset_s(),
        items_max: rules.items_max,
        now,
    };
    let parsed = parse::feed(&answer).map_err(|fault| match fault {
        ParseFault::NotAFeed(what) => FetchFault::new(
            FaultKind::NotAFeed,
            format!("the answer is {what}, not a feed"),
        ),
        ParseFault::Panicked(what) => {
            FetchFault::new(FaultKind::Internal, format!("reading it failed: {what}"))
        }
    })?;
    let context = NormaliseContext {
        rules,
        feed_url: &fetched.url,
        now,
    };
    Ok(normalise::entries(parsed, &context, &|text: &TagText<
        '_,
    >| {
        tagger.tags(&TagInput {
            title: text.title,
            text: text.text,
            categories: text.categories,
            province: rules.province.as_deref(),
            topics: &rules.topics,
        })
    }))
}
