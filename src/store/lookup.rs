//! Reading: everything a digest, a feed, a status or an export asks of the store.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use super::keys::{self, From, Place};
use super::{EngineError, Pair, StoreError, Tree, record};
use crate::core::dedup::sketch::body_keys;
use crate::core::merge::Told;
use crate::core::model::{
    AddressKey, Article, ArticleNo, Batch, Entry, EntryKey, Known, KnownEntry, Mint, Recompute,
    Regroup, Scheme, SourceNo, SourceState, Story, StoryNo, Tally, TextKey, Timestamp,
};
use crate::core::pipeline::Numbers;

/// How much there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Visible ones.
    pub stories: u64,
    pub articles: u64,
    /// Articles that wait for an operator.
    pub held: u64,
}

/// The orders in which stories can be gone through, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Order {
    All,
    /// Those that any article of theirs files under a tag.
    Tagged(Scheme, String),
    /// Those a source carries, by the story's date.
    CarriedBy(SourceNo),
}

/// An article's place in its source's feed, with its story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourcePlace {
    pub place: Place,
    pub story: StoryNo,
}

/// One line of an export.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportLine {
    /// The first line.
    Langbao {
        export: u8,
        mint: Mint,
    },
    Numbers {
        source: u32,
        article: u64,
        story: u64,
    },
    Settings {
        hash: u64,
        since: Timestamp,
    },
    Tally(Tally),
    Regroup(Regroup),
    Source(Box<SourceState>),
    Article(Box<Article>),
    Story(Story),
    Listing {
        source: SourceNo,
        articles: Vec<ArticleNo>,
    },
    Gone {
        source: SourceNo,
        entry: EntryKey,
    },
}

impl ExportLine {
    /// Adds what the line says to `batch`; true for the line that ends an export. The first line says nothing that a
    /// batch could hold: it is what an import begins with.
    pub fn add_to(self, batch: &mut Batch) -> bool {
        match self {
            ExportLine::Langbao { .. } => {}
            ExportLine::Source(source) => batch.sources.push(*source),
            ExportLine::Article(article) => batch.articles.push(*article),
            ExportLine::Story(story) => batch.stories.push(story),
            ExportLine::Listing { source, articles } => batch.listings.push((source, articles)),
            ExportLine::Gone { source, entry } => batch.gone.push((source, entry)),
            ExportLine::Tally(tally) => batch.tally = Some(tally),
            ExportLine::Settings { hash, since } => batch.settings = Some((hash, since)),
            ExportLine::Regroup(regroup) => batch.regroup = Some(regroup),
            ExportLine::Numbers {
                source,
                article,
                story,
            } => {
                batch.next_source = source;
                batch.next_article = article;
                batch.next_story = story;
                return true;
            }
        }
        false
    }
}

fn prefix(order: &Order) -> Vec<u8> {
    match order {
        Order::All => keys::BY_TIME.to_vec(),
        Order::Tagged(scheme, term) => keys::by_tag(*scheme, term),
        Order::CarriedBy(source) => keys::by_carrier(*source),
    }
}

/// How many pairs a scan over everything takes at a time.
const CHUNK: usize = 512;

/// A handle for reading; cheap to clone.
#[derive(Clone)]
pub struct StoreReader {
    tree: Arc<dyn Tree>,
    /// Odd while a write is under way; raised by each that ends.
    pub(super) writes: Arc<AtomicU64>,
}

impl StoreReader {
    pub(super) fn new(tree: Arc<dyn Tree>) -> StoreReader {
        StoreReader {
            tree,
            writes: Arc::default(),
        }
    }

    /// Something made from the store is still what the store says if this is the same before and after
    /// it was made, and now; none while a write is under way. Writes that no document shows leave it as it is.
    pub fn revision(&self) -> Option<u64> {
        let writes = self.writes.load(Ordering::SeqCst);
        writes.is_multiple_of(2).then_some(writes)
    }

    /// The same store, read through another tree.
    pub(super) fn through(&self, tree: Arc<dyn Tree>) -> StoreReader {
        StoreReader {
            tree,
            writes: Arc::clone(&self.writes),
        }
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.tree
            .get(key)
            .map_err(|EngineError(cause)| StoreError::Read(cause))
    }

    fn scan(&self, prefix: &[u8], from: &[u8], limit: usize) -> Result<Vec<Pair>, StoreError> {
        self.tree
            .scan(prefix, from, limit)
            .map_err(|EngineError(cause)| StoreError::Read(cause))
    }

    fn record<T: record::Record>(&self, key: &[u8], what: &str) -> Result<Option<T>, StoreError> {
        self.get(key)?
            .map(|bytes| record::decode(&bytes, what))
            .transpose()
    }

    pub(super) fn format(&self) -> Result<Option<u8>, StoreError> {
        Ok(self
            .get(keys::FORMAT)?
            .and_then(|bytes| bytes.first().copied()))
    }

    pub(super) fn is_half_imported(&self) -> Result<bool, StoreError> {
        let format = self.get(keys::FORMAT)?;
        Ok(format.is_some_and(|bytes| bytes.get(1) == Some(&keys::HALF_IMPORTED)))
    }

    /// # Errors
    /// When the medium fails, or the store has none.
    pub fn mint(&self) -> Result<Mint, StoreError> {
        self.record(keys::MINT, "mint")?.ok_or(StoreError::Damaged {
            what: "mint: missing".into(),
        })
    }

    /// # Errors
    /// When the medium fails.
    pub fn numbers(&self) -> Result<Numbers, StoreError> {
        let stored: Option<(u32, u64, u64)> = self.record(keys::NUMBERS, "numbers")?;
        Ok(
            stored.map_or(Numbers::default(), |(source, article, story)| Numbers {
                source,
                article,
                story,
            }),
        )
    }

    /// # Errors
    /// When the medium fails.
    pub fn counts(&self) -> Result<Counts, StoreError> {
        let stored: Option<(u64, u64)> = self.record(keys::COUNTS, "counts")?;
        let (stories, articles) = stored.unwrap_or_default();
        let held = self.record(keys::HELD_COUNT, "count")?.unwrap_or_default();
        Ok(Counts {
            stories,
            articles,
            held,
        })
    }

    /// How far judging stored articles anew has come.
    ///
    /// # Errors
    /// When the medium fails.
    pub fn recompute(&self) -> Result<Option<Recompute>, StoreError> {
        self.record(keys::RECOMPUTE, "recompute")
    }

    /// How often each rule has acted.
    ///
    /// # Errors
    /// When the medium fails.
    pub fn tally(&self) -> Result<Tally, StoreError> {
        Ok(self.record(keys::TALLY, "tally")?.unwrap_or_default())
    }

    /// How far gathering stored stories anew has come.
    ///
    /// # Errors
    /// When the medium fails.
    pub fn regroup(&self) -> Result<Option<Regroup>, StoreError> {
        self.record(keys::REGROUP, "regroup")
    }

    /// # Errors
    /// When the medium fails.
    pub fn settings(&self) -> Result<Option<(u64, Timestamp)>, StoreError> {
        self.record(keys::SETTINGS, "settings")
    }

    /// # Errors
    /// When the medium fails.
    pub fn sources(&self) -> Result<Vec<SourceState>, StoreError> {
        self.all(keys::SOURCES, "source")
    }

    /// # Errors
    /// When the medium fails or the record does not decode.
    pub fn article(&self, no: ArticleNo) -> Result<Option<Article>, StoreError> {
        self.record(&keys::article(no), "article")
    }

    /// # Errors
    /// When the medium fails or the record does not decode.
    pub fn story(&self, no: StoryNo) -> Result<Option<Story>, StoreError> {
        self.record(&keys::story(no), "story")
    }

    /// # Errors
    /// When the medium fails or the record does not decode.
    pub fn listing(&self, source: SourceNo) -> Result<Vec<ArticleNo>, StoreError> {
        Ok(self
            .record(&keys::listing(source), "listing")?
            .unwrap_or_default())
    }

    /// Bytes on disk.
    pub fn bytes(&self) -> u64 {
        self.tree.bytes()
    }

    /// What is shown of a story: it, and those of its articles that are shown; none where nothing is.
    ///
    /// # Errors
    /// When the medium fails or a record does not decode.
    pub fn told(&self, no: StoryNo) -> Result<Option<Told>, StoreError> {
        Ok(self.whole(no)?.and_then(|mut told| {
            told.articles.retain(Article::is_shown);
            let visible = told.story.is_visible(told.articles.iter());
            visible.then_some(told)
        }))
    }

    /// A story with all its articles, shown or not; none when it is no longer there.
    ///
    /// # Errors
    /// When the medium fails or a record does not decode.
    pub fn whole(&self, no: StoryNo) -> Result<Option<Told>, StoreError> {
        let Some(story) = self.story(no)? else {
            return Ok(None);
        };
        let mut articles = Vec::with_capacity(story.articles.len());
        for no in &story.articles {
            articles.extend(self.article(*no)?);
        }
        Ok(Some(Told { story, articles }))
    }

    /// Stories that left an order, the last first, at most `limit`; a place names when it left.
    ///
    /// # Errors
    /// When the medium fails.
    pub fn left(&self, order: &Order, from: From, limit: usize) -> Result<Vec<Place>, StoreError> {
        self.places_under(&keys::left(&prefix(order)), from, limit)
    }

    /// Terms of a scheme under which any story is filed and that begin with `start`, at most `limit`.
    ///
    /// # Errors
    /// When the medium fails.
    pub fn terms_from(
        &self,
        scheme: Scheme,
        start: &str,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let prefix = keys::terms(scheme, start);
        let mut from = prefix.clone();
        let mut terms = Vec::new();
        while terms.len() < limit {
            let pairs = self.scan(&prefix, &from, 1)?;
            let Some(term) = pairs.first().and_then(|(key, _)| keys::term_of(key)) else {
                break;
            };
            // The term ends with a zero: past all its stories.
            from = keys::after_term(scheme, term);
            terms.push(term.to_owned());
        }
        Ok(terms)
    }

    /// Articles that wait for an operator, the last taken in first, at most `limit`.
    ///
    /// # Errors
    /// When the medium fails or a record does not decode.
    pub fn held(&self, limit: usize) -> Result<Vec<Article>, StoreError> {
        let pairs = self.scan(keys::HELD, keys::HELD, limit)?;
        let mut held = Vec::with_capacity(pairs.len());
        for no in pairs.iter().filter_map(|(key, _)| keys::last_number(key)) {
            held.extend(self.article(ArticleNo(no))?);
        }
        Ok(held)
    }

    /// Stored articles of a source after an entry, in the order of their keys, at most `limit`, with that of the
    /// last entry looked at; none when there is nothing behind it.
    ///
    /// # Errors
    /// When the medium fails or a record does not decode.
    pub fn articles_after(
        &self,
        source: SourceNo,
        after: Option<EntryKey>,
        limit: usize,
    ) -> Result<(Vec<Article>, Option<EntryKey>), StoreError> {
        let prefix = keys::entries_of(source);
        let from = match after {
            None => prefix.clone(),
            Some(entry) => [keys::entry(source, entry).as_slice(), &[0]].concat(),
        };
        let pairs = self.scan(&prefix, &from, limit)?;
        let mut articles = Vec::with_capacity(pairs.len());
        for (_, value) in &pairs {
            if let Ok(no) = <[u8; 8]>::try_from(value.as_slice()) {
                articles.extend(self.article(ArticleNo(u64::from_be_bytes(no)))?);
            }
        }
        let last = pairs
            .last()
            .filter(|_| pairs.len() == limit)
            .and_then(|(key, _)| keys::parse_entry(key));
        Ok((articles, last.map(|(_, entry)| entry)))
    }

    /// Articles of any source at a canonical address.
    ///
    /// # Errors
    /// When the medium fails or a record does not decode.
    pub fn at_address(&self, address: AddressKey) -> Result<Vec<Article>, StoreError> {
        let mut found = Vec::new();
        for no in self.numbers_under(&keys::at_address(address))? {
            found.extend(self.article(no)?);
        }
        Ok(found)
    }

    /// Stories from `from` on by their numbers, at most `limit`.
    ///
    /// # Errors
    /// When the medium fails or a record does not decode.
    pub fn stories_from(&self, from: StoryNo, limit: usize) -> Result<Vec<Story>, StoreError> {
        let pairs = self.scan(keys::STORIES, &keys::story(from), limit)?;
        pairs
            .iter()
            .map(|(_, value)| record::decode(value, "story"))
            .collect()
    }

    /// Stories of one order, newest first, at most `limit`.
    ///
    /// # Errors
    /// When the medium fails.
    pub fn places(
        &self,
        order: &Order,
        from: From,
        limit: usize,
    ) -> Result<Vec<Place>, StoreError> {
        self.places_under(&prefix(order), from, limit)
    }

    fn places_under(
        &self,
        prefix: &[u8],
        from: From,
        limit: usize,
    ) -> Result<Vec<Place>, StoreError> {
        let pairs = self.scan(prefix, &keys::from(prefix, from), limit)?;
        Ok(pairs
            .iter()
            .filter_map(|(key, _)| keys::parse_place(prefix, key))
            .collect())
    }

    /// One source's articles by their own dates, newest first.
    ///
    /// # Errors
    /// When the medium fails.
    pub fn of_source(
        &self,
        source: SourceNo,
        from: From,
        limit: usize,
    ) -> Result<Vec<SourcePlace>, StoreError> {
        let prefix = keys::by_source(source);
        let pairs = self.scan(&prefix, &keys::from(&prefix, from), limit)?;
        Ok(pairs
            .iter()
            .filter_map(|(key, value)| {
                let story = u64::from_be_bytes(value.as_slice().try_into().ok()?);
                Some(SourcePlace {
                    place: keys::parse_place(&prefix, key)?,
                    story: StoryNo(story),
                })
            })
            .collect())
    }

    /// Articles that are not shown, of all sources, newest first.
    ///
    /// # Errors
    /// When the medium fails.
    pub fn hidden(&self, from: From, limit: usize) -> Result<Vec<Place>, StoreError> {
        let pairs = self.scan(keys::HIDDEN, &keys::from(keys::HIDDEN, from), limit)?;
        let places = pairs.iter();
        Ok(places
            .filter_map(|(key, _)| keys::parse_place(keys::HIDDEN, key))
            .collect())
    }

    /// Stories first seen from a moment on, the earliest first.
    ///
    /// # Errors
    /// When the medium fails.
    pub fn first_seen_from(&self, at: Timestamp, limit: usize) -> Result<Vec<StoryNo>, StoreError> {
        let pairs = self.scan(keys::BY_FIRST_SEEN, &keys::first_seen_from(at), limit)?;
        Ok(pairs
            .iter()
            .filter_map(|(key, _)| keys::last_number(key))
            .map(StoryNo)
            .collect())
    }

    /// Stories by when they were first seen, the earliest first, after one of them, at most `limit`.
    ///
    /// # Errors
    /// When the medium fails.
    pub fn first_seen_after(
        &self,
        after: Option<(Timestamp, StoryNo)>,
        limit: usize,
    ) -> Result<Vec<(Timestamp, StoryNo)>, StoreError> {
        let from = after.map_or(keys::BY_FIRST_SEEN.to_vec(), |(at, no)| {
            [keys::first_seen_at(at, no).as_slice(), &[0]].concat()
        });
        let pairs = self.scan(keys::BY_FIRST_SEEN, &from, limit)?;
        Ok(pairs
            .iter()
            .filter_map(|(key, _)| keys::parse_first_seen(key))
            .collect())
    }

    /// Stories that turned out to be part of another one.
    ///
    /// # Errors
    /// When the medium fails.
    pub fn fused_into(&self, into: StoryNo) -> Result<Vec<StoryNo>, StoreError> {
        let prefix = keys::fused_into(into);
        let mut parts = Vec::new();
        let mut from = prefix.clone();
        loop {
            let pairs = self.scan(&prefix, &from, CHUNK)?;
            let numbers = pairs.iter().filter_map(|(key, _)| keys::last_number(key));
            parts.extend(numbers.map(StoryNo));
            match pairs.last() {
                Some((key, _)) if pairs.len() == CHUNK => from = [key.as_slice(), &[0]].concat(),
                _ => return Ok(parts),
            }
        }
    }

    /// Everything stored that the entries of one answer may have to do with.
    ///
    /// # Errors
    /// When the medium fails or a record does not decode.
    pub fn known(&self, source: SourceNo, entries: &[Entry]) -> Result<Known, StoreError> {
        let mut known = Known {
            listing: self.listing(source)?,
            ..Known::default()
        };
        let mut wanted = BTreeSet::new();
        for entry in entries {
            let stored = self.entry(source, entry.key)?;
            known
                .entries
                .extend(stored.map(|stored| (entry.key, stored)));
            if let Some(KnownEntry::Stored(no)) = stored {
                known
                    .articles
                    .extend(self.article(no)?.map(|article| (no, article)));
            }
            if stored.is_some() && known.reworded(entry).is_none() {
                continue;
            }
            if let Some(address) = entry.address.filter(|_| stored.is_none()) {
                let found = self.numbers_under(&keys::here(source, address))?;
                wanted.extend(&found);
                known.here.insert(address, found);
            }
            if let Some(address) = entry.shared_address {
                let found = self.numbers_under(&keys::at_address(address))?;
                wanted.extend(&found);
                known.at_address.insert(address, found);
            }
            if let Some(text) = entry.text_key {
                let found = self.numbers_under(&keys::with_text(text))?;
                wanted.extend(&found);
                known.with_text.insert(text, found);
            }
        }
        wanted.retain(|no| !known.articles.contains_key(no));
        self.complete(&mut known, wanted)?;
        Ok(known)
    }

    /// Articles whose full text may be that of `entry`.
    ///
    /// # Errors
    /// When the medium fails.
    pub fn with_body(&self, entry: &Entry) -> Result<Vec<ArticleNo>, StoreError> {
        let mut found = Vec::new();
        for key in body_keys(entry) {
            found.extend(self.numbers_under(&keys::with_text(key))?);
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// Brings articles with their stories to what is known.
    ///
    /// # Errors
    /// When the medium fails or a record does not decode.
    pub fn complete(
        &self,
        known: &mut Known,
        wanted: BTreeSet<ArticleNo>,
    ) -> Result<(), StoreError> {
        for no in wanted {
            known
                .articles
                .extend(self.article(no)?.map(|article| (no, article)));
        }
        let stories: BTreeSet<StoryNo> = known
            .articles
            .values()
            .map(|article| article.story)
            .collect();
        for no in stories {
            let Some(story) = self.story(no)? else {
                continue;
            };
            for member in &story.articles {
                if !known.articles.contains_key(member) {
                    known
                        .articles
                        .extend(self.article(*member)?.map(|article| (*member, article)));
                }
            }
            known.stories.insert(no, story);
        }
        Ok(())
    }

    /// Articles that have one matching text, at most [`Known::PER_KEY_MAX`].
    ///
    /// # Errors
    /// When the medium fails.
    pub fn with_text(&self, text: TextKey) -> Result<Vec<ArticleNo>, StoreError> {
        self.numbers_under(&keys::with_text(text))
    }

    /// What the store knows of one id of a source.
    ///
    /// # Errors
    /// When the medium fails.
    pub fn entry(&self, source: SourceNo, key: EntryKey) -> Result<Option<KnownEntry>, StoreError> {
        Ok(self.get(&keys::entry(source, key))?.map(|value| {
            match <[u8; 8]>::try_from(value.as_slice()) {
                Ok(no) => KnownEntry::Stored(ArticleNo(u64::from_be_bytes(no))),
                Err(_) => KnownEntry::Gone,
            }
        }))
    }

    fn numbers_under(&self, prefix: &[u8]) -> Result<Vec<ArticleNo>, StoreError> {
        let pairs = self.scan(prefix, prefix, Known::PER_KEY_MAX)?;
        Ok(pairs
            .iter()
            .filter_map(|(key, _)| keys::last_number(key))
            .map(ArticleNo)
            .collect())
    }

    fn all<T: record::Record>(&self, prefix: &[u8], what: &str) -> Result<Vec<T>, StoreError> {
        let mut records = Vec::new();
        self.each(prefix, |_, value| {
            records.push(record::decode(value, what)?);
            Ok(())
        })?;
        Ok(records)
    }

    pub(super) fn each(
        &self,
        prefix: &[u8],
        mut visit: impl FnMut(&[u8], &[u8]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut from = prefix.to_vec();
        loop {
            let pairs = self.scan(prefix, &from, CHUNK)?;
            for (key, value) in &pairs {
                visit(key, value)?;
            }
            match pairs.last() {
                Some((key, _)) if pairs.len() == CHUNK => {
                    from = key.clone();
                    from.push(0);
                }
                _ => return Ok(()),
            }
        }
    }

    /// Everything, in an order in which it can be imported: a story after its articles.
    ///
    /// Writes may go on meanwhile: what was numbered after the export began is left out, so that no
    /// story names an article that is not there.
    ///
    /// # Errors
    /// When the medium fails, a record does not decode, or `emit` refuses a line.
    pub fn export(
        &self,
        mut emit: impl FnMut(ExportLine) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let numbers = self.numbers()?;
        emit(ExportLine::Langbao {
            export: record::VERSION,
            mint: self.mint()?,
        })?;
        self.each(keys::SOURCES, |_, value| {
            emit(ExportLine::Source(Box::new(record::decode(
                value, "source",
            )?)))
        })?;
        self.each(keys::ARTICLES, |key, value| match keys::last_number(key) {
            Some(no) if no < numbers.article => emit(ExportLine::Article(Box::new(
                record::decode(value, "article")?,
            ))),
            _ => Ok(()),
        })?;
        self.each(keys::STORIES, |_, value| {
            let mut story: Story = record::decode(value, "story")?;
            if story.no.0 >= numbers.story {
                return Ok(());
            }
            story.articles.retain(|no| no.0 < numbers.article);
            story.former_articles.retain(|no| no.0 < numbers.article);
            emit(ExportLine::Story(story))
        })?;
        self.each(keys::LISTINGS, |key, value| {
            let no = key
                .get(1..5)
                .and_then(|no| no.try_into().ok())
                .map(u32::from_be_bytes);
            let mut articles: Vec<ArticleNo> = record::decode(value, "listing")?;
            articles.retain(|no| no.0 < numbers.article);
            emit(ExportLine::Listing {
                source: SourceNo(no.unwrap_or_default()),
                articles,
            })
        })?;
        self.each(keys::ENTRIES, |key, value| match keys::parse_entry(key) {
            Some((source, entry)) if value.is_empty() => emit(ExportLine::Gone { source, entry }),
            _ => Ok(()),
        })?;
        if let Some((hash, since)) = self.settings()? {
            emit(ExportLine::Settings { hash, since })?;
        }
        let tally = self.tally()?;
        if tally != Tally::default() {
            emit(ExportLine::Tally(tally))?;
        }
        if let Some(regroup) = self.regroup()? {
            emit(ExportLine::Regroup(regroup))?;
        }
        // Last, so that a line missing at the end shows.
        let Numbers {
            source,
            article,
            story,
        } = numbers;
        emit(ExportLine::Numbers {
            source,
            article,
            story,
        })
    }
}
