//! What the tree of an older format lacks: keys that came since, for records that are there already.
//!
//! Records are converted whenever they are read. Keys cannot be, so they are written when the store is first
//! opened, in bounded steps. Broken off half-way the tree still is one of its old format, with keys that format
//! never looks at, and the next opening begins again; only the last write names the new format.

use super::{Op, StoreError, StoreReader, index, keys, record};
use crate::core::model::{Article, Story};

/// Keys written together.
const STEP_KEYS_MAX: usize = 1024;

/// Brings a tree of format `found` to [`record::VERSION`] by way of `write`.
pub fn run(
    store: &StoreReader,
    found: u8,
    write: impl Fn(Vec<Op>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    if found < 2 {
        full_texts(store, &write)?;
    }
    if found < 3 {
        fused_stories(store, &write)?;
        hidden_articles(store, &write)?;
    }
    write(vec![index::whole()])
}

/// Version 2 did not find the stories that became part of one, which leave with it.
fn fused_stories(
    store: &StoreReader,
    write: &impl Fn(Vec<Op>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    of_each(store, keys::STORIES, write, |value| {
        let story: Story = record::decode(value, "story")?;
        Ok(keys::of_fused(&story).into_iter().collect())
    })
}

/// Version 2 did not find what is not shown by its date: after a start a copy of it in other words would be shown.
fn hidden_articles(
    store: &StoreReader,
    write: &impl Fn(Vec<Op>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    of_each(store, keys::ARTICLES, write, |value| {
        let article: Article = record::decode(value, "article")?;
        let story = store.story(article.story)?;
        let hidden = story.filter(|story| keys::is_hidden(story.standing, &article));
        Ok(hidden
            .map(|_| keys::hidden_key(&article))
            .into_iter()
            .collect())
    })
}

/// Version 1 did not find articles by their full text: without these keys a later copy of an old article would
/// show as another story.
fn full_texts(
    store: &StoreReader,
    write: &impl Fn(Vec<Op>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    of_each(store, keys::ARTICLES, write, |value| {
        let article: Article = record::decode(value, "article")?;
        Ok(keys::of_full_text(&article).collect())
    })
}

/// Writes the keys that each record of a kind lacks, many at a time.
fn of_each(
    store: &StoreReader,
    kind: &[u8],
    write: &impl Fn(Vec<Op>) -> Result<(), StoreError>,
    lacking: impl Fn(&[u8]) -> Result<Vec<Vec<u8>>, StoreError>,
) -> Result<(), StoreError> {
    let mut step = Vec::new();
    store.each(kind, |_, value| {
        let keys = lacking(value)?.into_iter();
        step.extend(keys.map(|key| Op::Put(key, Vec::new())));
        match step.len() < STEP_KEYS_MAX {
            true => Ok(()),
            false => write(std::mem::take(&mut step)),
        }
    })?;
    match step.is_empty() {
        true => Ok(()),
        false => write(step),
    }
}
