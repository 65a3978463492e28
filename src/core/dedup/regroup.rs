//! Whether stories that came together before would come together today.
//!
//! Asks of whole stored stories what `Judge` asks of each article that comes, and knows no more of them than what is
//! stored. What it answers does not hang on the order in which the articles came.

use std::time::Duration;

use super::idf::Idf;
use super::sketch::Sketch;
use super::verdict::{Probe, Verdict};
use super::{agree, both_own};
use crate::core::model::{Article, ArticleNo, ContentKey, Roster};

/// Of what recognises copies: raised with each change that tells others from those of before.
const VERSION: u32 = 1;

/// By what copies are recognised: with another key stored stories are gathered anew.
pub fn key(window: Duration) -> ContentKey {
    ContentKey::of(&[&VERSION.to_string(), &window.as_secs().to_string()])
}

/// A story's articles by what holds together: each is bound to another one of its group, and to none outside.
///
/// First the group the story stays with: the largest, and of equal ones that of the article that joined first.
pub fn groups(articles: &[Article], roster: &Roster) -> Vec<Vec<ArticleNo>> {
    let sketches: Vec<Sketch> = articles.iter().map(sketch).collect();
    let mut left: Vec<usize> = (0..articles.len()).collect();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    while !left.is_empty() {
        let mut group = vec![left.remove(0)];
        let mut at = 0;
        while let Some(one) = group.get(at).copied() {
            let mut probe = Probe::new(&sketches[one], Idf::built_in());
            left.retain(|other| {
                let verdict = probe.verdict(&sketches[*other]);
                let is_bound = are_bound(&articles[one], &articles[*other], verdict, roster);
                if is_bound {
                    group.push(*other);
                }
                !is_bound
            });
            at += 1;
        }
        // In the order they joined.
        group.sort_unstable();
        groups.push(group);
    }
    groups.sort_by_key(|group| (std::cmp::Reverse(group.len()), group.first().copied()));
    let numbers = |group: Vec<usize>| group.into_iter().map(|at| articles[at].no).collect();
    groups.into_iter().map(numbers).collect()
}

fn are_bound(one: &Article, other: &Article, verdict: Verdict, roster: &Roster) -> bool {
    let (own, there) = (&one.entry, &other.entry);
    let same_text = own.text_key.is_some() && own.text_key == there.text_key;
    let same_address = own.shared_address.is_some() && own.shared_address == there.shared_address;
    same_text
        || same_address && (agree(own, there) || both_own(roster, one.source, other.source, own))
        || verdict.is_near() && !verdict.keeps_apart()
}

/// Whether two stories are one: an article of the one is a copy of an article of the other, none is kept apart from
/// one of the other's, and no source is in both.
pub fn are_one(one: &[Article], other: &[Article], window: Duration) -> bool {
    let shares_a_source = one
        .iter()
        .any(|own| other.iter().any(|there| own.source == there.source));
    if shares_a_source {
        return false;
    }
    let there: Vec<Sketch> = other.iter().map(sketch).collect();
    let mut any_copy = false;
    for own in one {
        let own_sketch = sketch(own);
        let mut probe = Probe::new(&own_sketch, Idf::built_in());
        for (article, sketch) in other.iter().zip(&there) {
            let key = own.entry.text_key;
            if key.is_some() && key == article.entry.text_key {
                any_copy = true;
                continue;
            }
            let verdict = probe.verdict(sketch);
            if verdict.keeps_apart() {
                return false;
            }
            any_copy |= are_copies(own, article, verdict, window);
        }
    }
    any_copy
}

fn are_copies(one: &Article, other: &Article, verdict: Verdict, window: Duration) -> bool {
    let (own, there) = (one.published_at, other.published_at);
    let apart = own.since(there).max(there.since(own));
    verdict.is_late_copy() || verdict.is_copy() && apart <= window
}

fn sketch(article: &Article) -> Sketch {
    Sketch::of_entry(&article.entry)
}

#[cfg(test)]
mod tests;
