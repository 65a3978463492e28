//! Why articles are one story, and why others are not of it.
//!
//! Gives every verdict with its scores; decides nothing that `Judge` does not decide alike.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::idf::Idf;
use super::sketch::Sketch;
use super::verdict::{Probe, Verdict};
use crate::core::model::{Article, ArticleNo, SourceNo, Standing, StoryNo, Timestamp};

/// One article as an explanation names it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Named {
    pub article: ArticleNo,
    pub source: SourceNo,
    pub story: StoryNo,
    pub title: String,
    pub url: Option<String>,
    #[serde(serialize_with = "rfc3339")]
    pub published_at: Timestamp,
}

fn rfc3339<S: serde::Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&at.rfc3339())
}

/// Two articles, and what they are to each other.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    pub one: ArticleNo,
    pub other: ArticleNo,
    /// How far apart their dates are.
    pub apart_s: u64,
    /// They have one canonical address, one matching text.
    pub same_address: bool,
    pub same_text: bool,
    pub verdict: Verdict,
}

/// Everything that speaks for and against a story.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// In the order they joined.
    pub articles: Vec<Named>,
    /// Each two of them.
    pub copies: Vec<Compared>,
    /// Articles of other stories that are like one of them, the most alike first.
    pub near_misses: Vec<NearMiss>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NearMiss {
    pub article: Named,
    /// `one` is the story's own article that is most like it.
    pub compared: Compared,
    /// Why the two stories are not one although these two articles are copies; none where they are none.
    pub apart: Option<Apart>,
}

/// What keeps copies in two stories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Apart {
    /// Two entries of one source are never joined, and both stories have one of it.
    SameSource,
    Retracted,
    /// Their dates are further apart than `stories.window`.
    Dates,
    /// Two articles of theirs are twins, or have nothing in common.
    ToldApart,
    /// Each was a story before it was known: only an article of both makes them one.
    BothPublished,
}

/// What there is around the articles of a story.
#[derive(Debug, Clone, Default)]
pub struct Around {
    pub standing: Standing,
    pub window: Duration,
    /// The stories of the other articles.
    pub homes: BTreeMap<StoryNo, Home>,
}

/// A story that another one is held against.
#[derive(Debug, Clone)]
pub struct Home {
    pub standing: Standing,
    pub articles: Vec<Article>,
}

/// Near misses that are told; the most alike.
pub const NEAR_MISSES_MAX: usize = 20;

/// Explains the story of `articles`; `others` are those that were found to be like one of them.
pub fn story(articles: &[Article], others: &[Article], around: &Around) -> Explanation {
    let idf = Idf::built_in();
    let sketches: Vec<Sketch> = articles.iter().map(sketch).collect();
    let mut copies = Vec::new();
    for (at, one) in articles.iter().enumerate() {
        let mut probe = Probe::new(&sketches[at], idf);
        for (other, sketch) in articles.iter().zip(&sketches).skip(at + 1) {
            copies.push(compared(one, other, probe.verdict(sketch)));
        }
    }
    let mut near_misses: Vec<NearMiss> = others
        .iter()
        .filter(|other| articles.iter().all(|own| own.no != other.no))
        .filter_map(|other| near_miss(articles, &sketches, other))
        .collect();
    near_misses.sort_by(|a, b| {
        let [a, b] =
            [a, b].map(|miss| (miss.compared.verdict.scores.contained, miss.article.article));
        b.0.total_cmp(&a.0).then(a.1.cmp(&b.1))
    });
    near_misses.truncate(NEAR_MISSES_MAX);
    for miss in &mut near_misses {
        miss.apart = apart(articles, miss, around);
    }
    Explanation {
        articles: articles.iter().map(named).collect(),
        copies,
        near_misses,
    }
}

/// Stories of `others` that tell of what `articles` tell of, the most alike first; one may come several times.
///
/// Meant for stories that have more in common than words: that share a tag, and are dated alike.
pub fn related(articles: &[Article], others: &[Article]) -> Vec<StoryNo> {
    let sketches: Vec<Sketch> = articles.iter().map(sketch).collect();
    let mut alike: Vec<(f32, StoryNo)> = others
        .iter()
        .filter_map(|other| Some((likeness(&sketches, other)?, other.story)))
        .collect();
    alike.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    alike.into_iter().map(|(_, story)| story).collect()
}

/// How alike an article is to the one that is most like it, where they tell of one event.
fn likeness(sketches: &[Sketch], other: &Article) -> Option<f32> {
    let there = sketch(other);
    let mut probe = Probe::new(&there, Idf::built_in());
    let verdicts: Vec<Verdict> = (sketches.iter())
        .map(|sketch| probe.verdict(sketch))
        .collect();
    let closest = verdicts.iter().max_by(|a, b| closer(a, b))?;
    // A twin of the closest stays another event, whatever the others say in other words.
    if closest.is_near() && !closest.is_of_one_event() {
        return None;
    }
    let of_one_event = verdicts.iter().filter(|verdict| verdict.is_of_one_event());
    of_one_event.map(Verdict::likeness).max_by(f32::total_cmp)
}

/// Copies before others, then by what they have in common.
fn closer(a: &Verdict, b: &Verdict) -> Ordering {
    let by_words = a.scores.contained.total_cmp(&b.scores.contained);
    a.is_copy().cmp(&b.is_copy()).then(by_words)
}

fn near_miss(articles: &[Article], sketches: &[Sketch], other: &Article) -> Option<NearMiss> {
    let there = sketch(other);
    let mut probe = Probe::new(&there, Idf::built_in());
    articles
        .iter()
        .zip(sketches)
        .map(|(own, sketch)| compared(own, other, probe.verdict(sketch)))
        .max_by(|a, b| closer(&a.verdict, &b.verdict))
        .filter(|compared| compared.verdict.is_near())
        .map(|compared| NearMiss {
            article: named(other),
            compared,
            apart: None,
        })
}

fn apart(articles: &[Article], miss: &NearMiss, around: &Around) -> Option<Apart> {
    let compared = &miss.compared;
    if !compared.verdict.is_copy() && !compared.same_text {
        return None;
    }
    let home = around.homes.get(&miss.article.story)?;
    let is_retracted = |standing| matches!(standing, Standing::Retracted { .. });
    let alone_joins = compared.same_text || compared.verdict.is_late_copy();
    let shares_a_source = articles
        .iter()
        .any(|own| home.articles.iter().any(|other| own.source == other.source));
    Some(if shares_a_source {
        Apart::SameSource
    } else if is_retracted(around.standing) || is_retracted(home.standing) {
        Apart::Retracted
    } else if compared.apart_s > around.window.as_secs() && !alone_joins {
        Apart::Dates
    } else if are_told_apart(articles, &home.articles) {
        Apart::ToldApart
    } else {
        Apart::BothPublished
    })
}

fn are_told_apart(articles: &[Article], others: &[Article]) -> bool {
    let others: Vec<Sketch> = others.iter().map(sketch).collect();
    articles.iter().map(sketch).any(|own| {
        let mut probe = Probe::new(&own, Idf::built_in());
        others
            .iter()
            .any(|other| probe.verdict(other).keeps_apart())
    })
}

fn sketch(article: &Article) -> Sketch {
    Sketch::of_entry(&article.entry)
}

fn compared(one: &Article, other: &Article, verdict: Verdict) -> Compared {
    let same = |own: Option<[u8; 16]>, others: Option<[u8; 16]>| own.is_some() && own == others;
    let (own, others) = (&one.entry, &other.entry);
    Compared {
        one: one.no,
        other: other.no,
        apart_s: one
            .published_at
            .millis()
            .abs_diff(other.published_at.millis())
            / 1000,
        same_address: same(
            own.shared_address.map(|key| key.0),
            others.shared_address.map(|key| key.0),
        ),
        same_text: same(
            own.text_key.map(|key| key.0),
            others.text_key.map(|key| key.0),
        ),
        verdict,
    }
}

fn named(article: &Article) -> Named {
    Named {
        article: article.no,
        source: article.source,
        story: article.story,
        title: article.entry.title.clone(),
        url: article.entry.url.clone(),
        published_at: article.published_at,
    }
}

#[cfg(test)]
mod tests;
