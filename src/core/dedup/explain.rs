//! Why articles are one story, and why others are not of it.
//!
//! Gives every verdict with its scores; decides nothing that `Judge` does not decide alike.

use serde::Serialize;

use super::idf::Idf;
use super::sketch::{Sketch, Text};
use super::verdict::{Probe, Verdict};
use crate::core::model::{Article, ArticleNo, SourceNo, StoryNo, Timestamp};

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
}

/// Near misses that are told; the most alike.
pub const NEAR_MISSES_MAX: usize = 20;

/// Explains the story of `articles`; `others` are those that were found to be like one of them.
pub fn story(articles: &[Article], others: &[Article]) -> Explanation {
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
    Explanation {
        articles: articles.iter().map(named).collect(),
        copies,
        near_misses,
    }
}

fn near_miss(articles: &[Article], sketches: &[Sketch], other: &Article) -> Option<NearMiss> {
    let there = sketch(other);
    let mut probe = Probe::new(&there, Idf::built_in());
    articles
        .iter()
        .zip(sketches)
        .map(|(own, sketch)| compared(own, other, probe.verdict(sketch)))
        .max_by(|a, b| {
            let [a, b] = [a, b].map(|compared| {
                (
                    compared.verdict.is_copy(),
                    compared.verdict.scores.contained,
                )
            });
            a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
        })
        .filter(|compared| compared.verdict.is_near())
        .map(|compared| NearMiss {
            article: named(other),
            compared,
        })
}

fn sketch(article: &Article) -> Sketch {
    Sketch::of(&Text::of(&article.entry), Idf::built_in())
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
