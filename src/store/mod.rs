//! The store: every article once, every story, every source's state.
//!
//! One tree of keys under an [`Engine`] (sled, or memory for tests); this module owns the records, the
//! index keys and what a [`Batch`] does to them. There is one writer ([`Store`]), and any number of
//! readers ([`StoreReader`]) that never wait for it.
//!
//! # Keys
//! Numbers are big-endian; `time` is milliseconds with the sign bit flipped, `~time` its complement, so
//! that keys sort newest first.
//!
//! | key | value |
//! | --- | --- |
//! | `m` name | format version, mint, numbers, counts, settings, how far judging and gathering anew have come, how often each rule acted |
//! | `s` source | a source's state |
//! | `l` source | the articles its last answer listed |
//! | `a` article | an article |
//! | `t` story | a story |
//! | `e` source entry-key | the article's number; empty: known and gone |
//! | `v` source address article | articles of one source at an address |
//! | `u` address article | articles of all sources at a canonical address |
//! | `x` text article | articles with one matching text, or with one of the shingles that stand for a full text |
//! | `d` ~published story | every visible story, newest first: the merged feed |
//! | `f` first-seen story | every story by when it was first seen: archives, retention |
//! | `g` scheme term 0 ~published story | stories of a tag that any of their shown articles bears |
//! | `k` source ~published story | stories a source carries, by the story's date |
//! | `o` source ~published article | one source's shown articles by their own dates; value: the story |
//! | `h` ~published article | articles that are not shown, by their own dates |
//! | `r` order ~left story | stories that left one of `d`, `g`, `k`, the last first: tombstones |
//! | `w` story story | stories that became part of one |
//! | `q` ~first-seen article | articles that a rule or a flood holds |
//!
//! Values of records are a version byte, then plain or zstd-compressed postcard (see `record`). A tree of an
//! older format gets the keys it lacks when it is opened (see `upgrade`). On the medium old keys lie in blocks of
//! many, under the byte 1 (see `blocks`).

mod anew;
mod blocks;
mod index;
mod keys;
mod layer;
mod lookup;
mod marker;
mod memory;
mod pack;
mod record;
mod sled;
mod staged;
mod upgrade;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::core::model::{Article, ArticleNo, Batch, Mint, Story, StoryNo};
use crate::core::pipeline::Numbers;

use blocks::Blocks;
pub use keys::{From, Place};
pub use lookup::{Counts, ExportLine, Order, SourcePlace, StoreReader};
pub use marker::Marker;
pub use memory::MemoryEngine;
pub use sled::SledEngine;
use staged::Staged;

/// One change to the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    Put(Vec<u8>, Vec<u8>),
    Delete(Vec<u8>),
}

impl Op {
    fn key(&self) -> &[u8] {
        match self {
            Op::Put(key, _) | Op::Delete(key) => key,
        }
    }
}

/// What a store stands on: an ordered map of bytes.
pub trait Engine: Send + Sync + 'static {
    /// # Errors
    /// When the medium cannot be read.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError>;

    /// Pairs whose key starts with `prefix`, from `from` on, ascending, at most `limit`.
    ///
    /// # Errors
    /// When the medium cannot be read.
    fn scan(&self, prefix: &[u8], from: &[u8], limit: usize) -> Result<Vec<Pair>, EngineError>;

    /// The last pair whose key starts with `prefix` and is not past `key`, which starts with it too.
    ///
    /// # Errors
    /// When the medium cannot be read.
    fn last_up_to(&self, prefix: &[u8], key: &[u8]) -> Result<Option<Pair>, EngineError>;

    /// All of `ops` or none; on `Ok` they are durable.
    ///
    /// # Errors
    /// When the medium cannot be written; nothing can be said of `ops` then until the store is read again.
    fn write(&self, ops: Vec<Op>) -> Result<(), EngineError>;

    /// Bytes on disk; zero for memory.
    fn bytes(&self) -> u64;
}

/// The map as it is read, whatever lies where on the medium.
trait Tree: Send + Sync + 'static {
    /// As [`Engine::get`].
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError>;

    /// As [`Engine::scan`], under a prefix of at least one byte.
    fn scan(&self, prefix: &[u8], from: &[u8], limit: usize) -> Result<Vec<Pair>, EngineError>;

    /// As [`Engine::bytes`].
    fn bytes(&self) -> u64;
}

/// A key with its value.
pub type Pair = (Vec<u8>, Vec<u8>);

/// What the medium said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineError(pub String);

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// Another process holds it.
    Held {
        path: PathBuf,
    },
    /// The folder cannot be made, read or written.
    Folder {
        path: PathBuf,
        cause: String,
    },
    /// The medium would not open.
    Open {
        path: PathBuf,
        cause: String,
    },
    /// Written by a newer langbao.
    Newer {
        found: u8,
        known: u8,
    },
    Read(String),
    Write(String),
    /// A record that does not decode.
    Damaged {
        what: String,
    },
    /// It holds less than it did: sled cut a damaged log.
    Lost {
        path: PathBuf,
    },
    /// An import into it broke off.
    HalfImported,
    /// An import into a store that is not empty.
    NotEmpty,
}

impl std::fmt::Display for StoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            StoreError::Held { path } => {
                write!(f, "the store {} is held by another process", path.display())
            }
            StoreError::Folder { path, cause } => {
                write!(
                    f,
                    "the store folder {} cannot be used: {cause}",
                    path.display()
                )
            }
            StoreError::Open { path, cause } => {
                write!(f, "the store {} does not open: {cause}", path.display())
            }
            StoreError::Newer { found, known } => write!(
                f,
                "the store has format {found}, this langbao knows formats up to {known}"
            ),
            StoreError::Read(cause) => write!(f, "reading the store: {cause}"),
            StoreError::Write(cause) => write!(f, "writing the store: {cause}"),
            StoreError::Damaged { what } => write!(f, "the store holds a damaged record: {what}"),
            StoreError::Lost { path } => {
                write!(
                    f,
                    "the store {} is damaged: it holds less than it did",
                    path.display()
                )
            }
            StoreError::HalfImported => f.write_str("an import into this store broke off"),
            StoreError::NotEmpty => f.write_str("the store is not empty"),
        }
    }
}

impl std::error::Error for StoreError {}

/// The one writer of a store; read through it, what is staged is there already.
pub struct Store {
    /// What everybody sees: what is written.
    reader: StoreReader,
    /// The same with what is staged.
    ahead: StoreReader,
    blocks: Arc<Blocks>,
    staged: Arc<Staged>,
    marker: Option<Marker>,
    /// Whether the last write is known to have reached the medium.
    is_sure: bool,
    /// Keys written since settling last began; after an opening nobody knows, so it begins.
    unsettled: usize,
    /// From where on keys are to be settled, while that is under way.
    settling: Option<Vec<u8>>,
}

/// Keys that wait by themselves before they are settled, of some thousand articles; in a large store as many as it
/// has articles, since a round touches most blocks of keys that lie by chance.
const UNSETTLED_KEYS_MIN: usize = 64 * 1024;

fn unread(EngineError(cause): EngineError) -> StoreError {
    StoreError::Read(cause)
}

impl Drop for Store {
    /// A store that is let go in order says so: its next numbers follow without a gap.
    fn drop(&mut self) {
        if let (Some(marker), true, Ok(held)) =
            (&mut self.marker, self.is_sure, self.reader.numbers())
        {
            // Without it the next opening leaves a gap in the numbers, which nobody sees.
            let _ = marker.rest(held);
        }
    }
}

impl std::ops::Deref for Store {
    type Target = StoreReader;

    fn deref(&self) -> &StoreReader {
        &self.ahead
    }
}

impl Store {
    /// Takes over what `engine` holds, and brings it to this format where it is of an older one; `make` mints
    /// the identity of a store that is new.
    ///
    /// # Errors
    /// When the medium fails, or holds a newer format.
    pub fn open(engine: Arc<dyn Engine>, make: impl FnOnce() -> Mint) -> Result<Store, StoreError> {
        let blocks = Arc::new(Blocks::over(engine).map_err(unread)?);
        let reader = StoreReader::new(Arc::clone(&blocks) as Arc<dyn Tree>);
        match reader.format()? {
            Some(found) if found > record::VERSION => Err(StoreError::Newer {
                found,
                known: record::VERSION,
            }),
            Some(_) if reader.is_half_imported()? => Err(StoreError::HalfImported),
            Some(found) => {
                let store = Store::over(blocks, reader);
                if found < record::VERSION {
                    upgrade::run(&store.reader, found, |ops| store.write(ops))?;
                }
                Ok(store)
            }
            None => {
                let store = Store::over(blocks, reader);
                store.write(index::new_store(&make()))?;
                Ok(store)
            }
        }
    }

    fn over(blocks: Arc<Blocks>, reader: StoreReader) -> Store {
        let staged = Arc::new(Staged::over(Arc::clone(&blocks) as Arc<dyn Tree>));
        Store {
            ahead: reader.through(Arc::clone(&staged) as Arc<dyn Tree>),
            reader,
            blocks,
            unsettled: usize::MAX,
            settling: None,
            staged,
            marker: None,
            is_sure: true,
        }
    }

    /// Whether `engine` holds no store yet.
    ///
    /// # Errors
    /// When the medium cannot be read.
    pub fn is_blank(engine: &Arc<dyn Engine>) -> Result<bool, StoreError> {
        Ok(engine.get(keys::FORMAT).map_err(unread)?.is_none())
    }

    /// Has every number covered by `marker` before it is written.
    pub fn watch_over(&mut self, marker: Marker) {
        self.marker = Some(marker);
    }

    /// Any number of them; none waits for a write.
    pub fn reader(&self) -> StoreReader {
        self.reader.clone()
    }

    /// Writes all of `batch`, and all that was staged before it, atomically and durably.
    ///
    /// # Errors
    /// When the medium fails; the caller must read the store again before it trusts its own memory.
    pub fn apply(&mut self, batch: &Batch) -> Result<(), StoreError> {
        self.stage(batch)?;
        self.write_staged()
    }

    /// Has `batch` wait for [`Store::write_staged`]; until then only what is read through this writer has it.
    ///
    /// # Errors
    /// When the medium fails: then nothing is staged any more, nor what was staged before.
    pub fn stage(&mut self, batch: &Batch) -> Result<(), StoreError> {
        let ops = self.covered(batch);
        if ops.is_err() {
            self.forget_staged();
        }
        self.staged.add(ops?);
        Ok(())
    }

    /// Writes all that is staged with one atomic, durable write.
    ///
    /// # Errors
    /// When the medium fails; the caller must read the store again before it trusts its own memory.
    pub fn write_staged(&mut self) -> Result<(), StoreError> {
        let ops = self.staged.take();
        if ops.is_empty() {
            return Ok(());
        }
        self.unsettled = self.unsettled.saturating_add(ops.len());
        let written = self.write(ops);
        self.is_sure = written.is_ok();
        written
    }

    /// Whether so much was written that it is time to settle it.
    pub fn is_unsettled(&self) -> bool {
        if self.settling.is_some() || self.unsettled < UNSETTLED_KEYS_MIN {
            return self.settling.is_some();
        }
        let articles = self.counts().map_or(0, |counts| counts.articles);
        usize::try_from(articles).is_ok_and(|articles| self.unsettled >= articles)
    }

    /// Settles at most `limit` keys among their neighbours; whether there are more.
    ///
    /// # Errors
    /// When the medium fails; what is read is the same before and after.
    pub fn settle_some(&mut self, limit: usize) -> Result<bool, StoreError> {
        let from = self.settling.take().unwrap_or_else(|| {
            self.unsettled = 0;
            Vec::new()
        });
        let settled = self.blocks.settle(&from, limit);
        self.is_sure = settled.is_ok();
        self.settling = settled.map_err(|EngineError(cause)| StoreError::Write(cause))?;
        Ok(self.settling.is_some())
    }

    /// What is staged is not to be written.
    pub fn forget_staged(&mut self) {
        drop(self.staged.take());
    }

    /// What a batch puts into the tree, its numbers reserved.
    fn covered(&mut self, batch: &Batch) -> Result<Vec<Op>, StoreError> {
        let ops = self.ops(batch)?;
        self.reserve(batch)?;
        Ok(ops)
    }

    fn reserve(&mut self, batch: &Batch) -> Result<(), StoreError> {
        if let Some(marker) = &mut self.marker {
            let held = self.reader.numbers()?;
            marker
                .cover(held, batch)
                .map_err(|err| StoreError::Write(err.to_string()))?;
        }
        Ok(())
    }

    /// Gives an empty store the identity of an exported one; until [`Store::end_import`] nobody else
    /// opens it.
    ///
    /// # Errors
    /// When the store holds anything, or the medium fails.
    pub fn begin_import(&mut self, mint: &Mint) -> Result<(), StoreError> {
        if self.numbers()? != Numbers::default() || self.counts()? != Counts::default() {
            return Err(StoreError::NotEmpty);
        }
        self.write(index::half_imported(mint))?;
        if let Some(marker) = &mut self.marker {
            marker
                .adopt(mint)
                .map_err(|err| StoreError::Write(err.to_string()))?;
        }
        Ok(())
    }

    /// The import is whole.
    ///
    /// # Errors
    /// When the medium fails.
    pub fn end_import(&mut self) -> Result<(), StoreError> {
        self.write(vec![index::whole()])
    }

    fn write(&self, ops: Vec<Op>) -> Result<(), StoreError> {
        // Most polls change nothing but their source's state: documents stay what they are.
        let is_served = ops.iter().any(|op| keys::is_served(op.key()));
        let raise = || {
            if is_served {
                self.reader.writes.fetch_add(1, Ordering::SeqCst);
            }
        };
        raise();
        let written = self.blocks.write(ops);
        raise();
        written.map_err(|EngineError(cause)| StoreError::Write(cause))
    }

    fn ops(&self, batch: &Batch) -> Result<Vec<Op>, StoreError> {
        let mut ops = index::plain(batch, self.numbers()?);
        let change = self.change(batch)?;
        change.write(&mut ops);
        if !change.stories.is_empty() || !change.articles.is_empty() {
            let before = self.counts()?;
            ops.extend(index::counts(before, change.counts(before)));
        }
        Ok(ops)
    }

    /// The records a batch touches, as they are and as they will be.
    fn change(&self, batch: &Batch) -> Result<index::Change, StoreError> {
        let mut change = index::Change::default();
        for article in &batch.articles {
            let old = self.article(article.no)?;
            change
                .articles
                .insert(article.no, (old, Some(article.clone())));
        }
        for story in &batch.stories {
            let old = self.story(story.no)?;
            change.stories.insert(story.no, (old, Some(story.clone())));
        }
        for no in &batch.removed {
            let Some(old) = self.story(*no)? else {
                continue;
            };
            for article in &old.articles {
                let stored = self.article(*article)?;
                change.articles.insert(*article, (stored, None));
            }
            change.stories.insert(*no, (Some(old), None));
        }
        self.complete(&mut change)?;
        Ok(change)
    }

    /// A story's index keys come from its articles, so a changed article brings its story along, and a
    /// changed story all its articles.
    fn complete(&self, change: &mut index::Change) -> Result<(), StoreError> {
        let touched: BTreeSet<StoryNo> = change
            .articles
            .values()
            .flat_map(|(old, new)| [old.as_ref(), new.as_ref()])
            .flatten()
            .map(|article| article.story)
            .collect();
        for no in touched {
            if let std::collections::btree_map::Entry::Vacant(vacant) = change.stories.entry(no)
                && let Some(story) = self.story(no)?
            {
                vacant.insert((Some(story.clone()), Some(story)));
            }
        }
        let members: BTreeSet<ArticleNo> = change
            .stories
            .values()
            .flat_map(|(old, new)| [old.as_ref(), new.as_ref()])
            .flatten()
            .flat_map(|story| story.articles.iter().chain(&story.former_articles).copied())
            .collect();
        for no in members {
            if let std::collections::btree_map::Entry::Vacant(vacant) = change.articles.entry(no)
                && let Some(article) = self.article(no)?
            {
                vacant.insert((Some(article.clone()), Some(article)));
            }
        }
        Ok(())
    }
}

/// A record before and after.
type Before<T> = (Option<T>, Option<T>);
type Articles = BTreeMap<ArticleNo, Before<Article>>;
type Stories = BTreeMap<StoryNo, Before<Story>>;

#[cfg(test)]
mod tests;
