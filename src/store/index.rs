//! What a batch does to the tree: records put, index keys added and taken away.

use std::collections::BTreeMap;

use super::{Articles, Before, Op, Stories, keys, lookup::Counts, record};
use crate::core::model::{Article, Batch, Mint, Story};
use crate::core::pipeline::Numbers;

pub fn new_store(mint: &Mint) -> Vec<Op> {
    vec![whole(), Op::Put(keys::MINT.to_vec(), record::encode(mint))]
}

/// The store of an import that has begun, and has not ended yet.
pub fn half_imported(mint: &Mint) -> Vec<Op> {
    vec![
        Op::Put(
            keys::FORMAT.to_vec(),
            vec![record::VERSION, keys::HALF_IMPORTED],
        ),
        Op::Put(keys::MINT.to_vec(), record::encode(mint)),
    ]
}

pub fn whole() -> Op {
    Op::Put(keys::FORMAT.to_vec(), vec![record::VERSION])
}

pub fn counts(counts: Counts) -> Op {
    Op::Put(
        keys::COUNTS.to_vec(),
        record::encode(&(counts.stories, counts.articles)),
    )
}

/// The parts of a batch that replace what stands at their key, whatever it is.
pub fn plain(batch: &Batch, numbers: Numbers) -> Vec<Op> {
    let mut ops = Vec::new();
    for source in &batch.sources {
        ops.push(Op::Put(keys::source(source.no), record::encode(source)));
    }
    for (source, listing) in &batch.listings {
        ops.push(Op::Put(keys::listing(*source), record::encode(listing)));
    }
    for (source, entry) in &batch.gone {
        ops.push(Op::Put(keys::entry(*source, *entry), Vec::new()));
    }
    if let Some((hash, since)) = batch.settings {
        ops.push(Op::Put(
            keys::SETTINGS.to_vec(),
            record::encode(&(hash, since)),
        ));
    }
    let next = Numbers {
        source: numbers.source.max(batch.next_source),
        article: numbers.article.max(batch.next_article),
        story: numbers.story.max(batch.next_story),
    };
    if next != numbers {
        let record = record::encode(&(next.source, next.article, next.story));
        ops.push(Op::Put(keys::NUMBERS.to_vec(), record));
    }
    ops
}

/// Articles and stories before and after, complete enough that their index keys can be told.
#[derive(Default)]
pub struct Change {
    pub articles: Articles,
    pub stories: Stories,
}

type Keys = BTreeMap<Vec<u8>, Vec<u8>>;

impl Change {
    pub fn write(&self, ops: &mut Vec<Op>) {
        for (no, (old, new)) in &self.articles {
            record(ops, keys::article(*no), old.as_ref(), new.as_ref());
        }
        for (no, (old, new)) in &self.stories {
            record(ops, keys::story(*no), old.as_ref(), new.as_ref());
        }
        let (before, after) = (self.keys(|pair| pair.0.as_ref(), |pair| pair.0.as_ref()), {
            self.keys(|pair| pair.1.as_ref(), |pair| pair.1.as_ref())
        });
        for (key, value) in &after {
            if before.get(key) != Some(value) {
                ops.push(Op::Put(key.clone(), value.clone()));
            }
        }
        for key in before.keys().filter(|key| !after.contains_key(*key)) {
            ops.push(match self.is_gone(key) {
                true => Op::Put(key.clone(), Vec::new()),
                false => Op::Delete(key.clone()),
            });
        }
    }

    fn keys(
        &self,
        article: impl Fn(&Before<Article>) -> Option<&Article>,
        story: impl Fn(&Before<Story>) -> Option<&Story>,
    ) -> Keys {
        let articles = || self.articles.values().filter_map(&article);
        let of_articles = articles().flat_map(keys::of_article);
        let of_stories = self.stories.values().filter_map(&story).flat_map(|story| {
            let members = story.articles.iter().filter_map(|no| self.articles.get(no));
            keys::of_story(story, members.filter_map(&article))
        });
        of_articles.chain(of_stories).collect()
    }

    /// The id of an article that is removed stays known, so that it does not come back as new.
    fn is_gone(&self, key: &[u8]) -> bool {
        keys::parse_entry(key).is_some_and(|(source, entry)| {
            key.starts_with(keys::ENTRIES)
                && self.articles.values().any(|(old, new)| {
                    new.is_none()
                        && old
                            .as_ref()
                            .is_some_and(|old| old.source == source && old.entry.key == entry)
                })
        })
    }

    pub fn counts_change(&self) -> bool {
        self.articles
            .values()
            .any(|(old, new)| old.is_some() != new.is_some())
            || self
                .stories
                .values()
                .any(|(old, new)| old.is_some() != new.is_some())
    }

    pub fn counts(&self, before: Counts) -> Counts {
        Counts {
            stories: counted(before.stories, self.stories.values()),
            articles: counted(before.articles, self.articles.values()),
        }
    }
}

fn counted<'a, T: 'a>(before: u64, pairs: impl Iterator<Item = &'a Before<T>>) -> u64 {
    pairs.fold(before, |count, (old, new)| match (old, new) {
        (None, Some(_)) => count + 1,
        (Some(_), None) => count.saturating_sub(1),
        _ => count,
    })
}

fn record<T: serde::Serialize + PartialEq>(
    ops: &mut Vec<Op>,
    key: Vec<u8>,
    old: Option<&T>,
    new: Option<&T>,
) {
    match new {
        Some(new) if old == Some(new) => {}
        Some(new) => ops.push(Op::Put(key, record::encode(new))),
        None => ops.push(Op::Delete(key)),
    }
}
