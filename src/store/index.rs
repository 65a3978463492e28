//! What a batch does to the tree: records put, index keys added and taken away.

use std::collections::BTreeMap;

use super::{Articles, Before, Op, Stories, keys, lookup::Counts, record};
use crate::core::model::{Article, Batch, Mint, Ruling, Standing, Story};
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

pub fn counts(before: Counts, after: Counts) -> Vec<Op> {
    let mut ops = Vec::new();
    let shown = |counts: Counts| (counts.stories, counts.articles);
    if shown(before) != shown(after) {
        let record = record::encode(&shown(after));
        ops.push(Op::Put(keys::COUNTS.to_vec(), record));
    }
    if before.held != after.held {
        let record = record::encode(&after.held);
        ops.push(Op::Put(keys::HELD_COUNT.to_vec(), record));
    }
    ops
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
    if let Some(recompute) = &batch.recompute {
        ops.push(Op::Put(keys::RECOMPUTE.to_vec(), record::encode(recompute)));
    }
    if let Some(tally) = &batch.tally {
        ops.push(Op::Put(keys::TALLY.to_vec(), record::encode(tally)));
    }
    if let Some(regroup) = &batch.regroup {
        ops.push(Op::Put(keys::REGROUP.to_vec(), record::encode(regroup)));
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
            let found = |no| self.articles.get(no).and_then(&article);
            let members = story.articles.iter().filter_map(found);
            keys::of_story(
                story,
                members,
                story.former_articles.iter().filter_map(found),
            )
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

    /// How much there is after it; a story counts while it is visible.
    pub fn counts(&self, before: Counts) -> Counts {
        let stories = self.stories.values().map(|(old, new)| {
            let was = old
                .as_ref()
                .is_some_and(|story| self.visible(story, |pair| pair.0.as_ref()));
            let is = new
                .as_ref()
                .is_some_and(|story| self.visible(story, |pair| pair.1.as_ref()));
            (was, is)
        });
        let held = self.stories.values().map(|(old, new)| {
            let was = old
                .as_ref()
                .map_or(0, |story| self.held(story, |pair| pair.0.as_ref()));
            let is = new
                .as_ref()
                .map_or(0, |story| self.held(story, |pair| pair.1.as_ref()));
            (was, is)
        });
        let articles = self.articles.values();
        let articles = articles.map(|(old, new)| (old.is_some(), new.is_some()));
        let one = |(was, is)| (u64::from(was), u64::from(is));
        Counts {
            stories: counted(before.stories, stories.map(one)),
            articles: counted(before.articles, articles.map(one)),
            held: counted(before.held, held),
        }
    }

    fn visible(
        &self,
        story: &Story,
        article: impl Fn(&Before<Article>) -> Option<&Article>,
    ) -> bool {
        story.is_visible(self.members(story, article))
    }

    /// Articles that wait for an operator.
    fn held(&self, story: &Story, article: impl Fn(&Before<Article>) -> Option<&Article>) -> u64 {
        if story.standing != Standing::Shown {
            return 0;
        }
        self.members(story, article).fold(0, |count, article| {
            count + u64::from(matches!(article.ruling(), Ruling::Held(_)))
        })
    }

    fn members<'a>(
        &'a self,
        story: &'a Story,
        article: impl Fn(&'a Before<Article>) -> Option<&'a Article>,
    ) -> impl Iterator<Item = &'a Article> {
        story
            .articles
            .iter()
            .filter_map(move |no| self.articles.get(no).and_then(&article))
    }
}

fn counted(before: u64, pairs: impl Iterator<Item = (u64, u64)>) -> u64 {
    let (was, is) = pairs.fold((0_u64, 0_u64), |(all_was, all_is), (was, is)| {
        (all_was.saturating_add(was), all_is.saturating_add(is))
    });
    before.saturating_add(is).saturating_sub(was)
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
