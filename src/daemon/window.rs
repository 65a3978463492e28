//! The window of recent articles, filled from the store: what `core::dedup::window` asks for and cannot read itself.
//!
//! Spans are read when an entry of their time comes, so that a start reads none of the archive, and a source that
//! lists what is months old is judged all the same. Forgetting everything costs time and nothing else.
//!
//! An [`Errand`] reads spans beside the owner, who goes on meanwhile; whoever has no time for that, or asks for more than
//! memory holds, has them read when they are needed. Both judge alike.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::core::dedup::idf::Idf;
use crate::core::dedup::sketch::Sketch;
use crate::core::dedup::sketches::Sketches;
use crate::core::dedup::window::{ARTICLES_MAX, Found, Kept, SPAN_ARTICLES_MAX, SpanNo, Window};
use crate::core::model::{Alike, Article, ArticleNo, Batch, Entry, Known, SourceNo, Timestamp};
use crate::store::{From, Place, StoreError, StoreReader};

/// Places read at a time.
const CHUNK: usize = 512;
/// Articles of one span that are read: more than it holds, so that it shows.
const READ_MAX: usize = 2 * SPAN_ARTICLES_MAX;

pub struct Recent {
    window: Window,
}

/// Whose entries are asked about, and when.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    pub source: SourceNo,
    /// Every source there is or was.
    pub sources: &'a [SourceNo],
    pub now: Timestamp,
}

impl Asking<'_> {
    fn dated(&self, entry: &Entry) -> Timestamp {
        entry.published_at.unwrap_or(self.now).min(self.now)
    }
}

/// Spans that are to be read, the latest first.
#[derive(Debug, Clone)]
pub struct Errand {
    spans: Vec<(SpanNo, (Timestamp, Timestamp))>,
    sources: Vec<SourceNo>,
}

/// What was read of them.
#[derive(Debug, Default)]
pub struct Stretch(Vec<(SpanNo, Vec<Kept>)>);

impl Errand {
    /// Reads no more than memory is for; what is left is read when it is asked about.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn run(
        &self,
        store: &StoreReader,
        is_wanted: impl Fn() -> bool,
    ) -> Result<Stretch, StoreError> {
        let mut stretch = Stretch::default();
        let mut articles = 0;
        for (span, bounds) in &self.spans {
            if articles >= ARTICLES_MAX || !is_wanted() {
                break;
            }
            let kept = read(*bounds, &self.sources, store)?;
            articles += kept.len();
            stretch.0.push((*span, kept));
        }
        Ok(stretch)
    }
}

impl Recent {
    pub fn new(window: Duration) -> Recent {
        Recent {
            window: Window::new(window),
        }
    }

    /// Brings to `known` the articles that may be copies of new and of reworded entries, with their stories; gives
    /// the sketches by which they were found.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn bring(
        &mut self,
        known: &mut Known,
        entries: &[Entry],
        asking: Asking<'_>,
        store: &StoreReader,
    ) -> Result<Sketches, StoreError> {
        let sketches = Sketches::default();
        let mut wanted = BTreeSet::new();
        for entry in entries {
            // A date, once given, does not move, whatever the source says now.
            let dated = known.reworded(entry).map(|stored| Entry {
                published_at: Some(stored.published_at),
                ..entry.clone()
            });
            if dated.is_none() && known.entries.contains_key(&entry.key) {
                continue;
            }
            let entry = dated.as_ref().unwrap_or(entry);
            let sketch = sketches.entry(entry);
            let mut alike: Vec<Alike> = self
                .found(entry, &sketch, asking, store)?
                .into_iter()
                .filter(|found| found.verdict.is_copy())
                .map(|found| {
                    sketches.keep(found.article, found.sketch);
                    Alike {
                        article: found.article,
                        is_late: false,
                    }
                })
                .collect();
            for article in store.with_body(entry)? {
                if alike.iter().all(|known| known.article != article) {
                    alike.push(Alike {
                        article,
                        is_late: true,
                    });
                }
            }
            if !alike.is_empty() {
                wanted.extend(alike.iter().map(|alike| alike.article));
                known.alike.insert(entry.key, alike);
            }
        }
        wanted.retain(|no| !known.articles.contains_key(no));
        store.complete(known, wanted)?;
        Ok(sketches)
    }

    /// Articles of other sources that are like an entry of this sketch, copies among them.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn found(
        &mut self,
        entry: &Entry,
        sketch: &Sketch,
        asking: Asking<'_>,
        store: &StoreReader,
    ) -> Result<Vec<Found<'_>>, StoreError> {
        let at = asking.dated(entry);
        for span in self.window.around(at) {
            if !self.window.is_loaded(span) {
                let bounds = self.window.bounds(span);
                self.window.load(span, read(bounds, asking.sources, store)?);
            }
        }
        self.window.shrink(at);
        Ok(self
            .window
            .alike(asking.source, at, sketch, Idf::built_in()))
    }

    /// Spans that are not in memory and that entries of this answer are to be held against.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn missing(
        &self,
        entries: &[Entry],
        asking: Asking<'_>,
        store: &StoreReader,
    ) -> Result<BTreeSet<SpanNo>, StoreError> {
        let mut missing = BTreeSet::new();
        for entry in entries {
            let around = self.window.around(asking.dated(entry));
            let spans: Vec<SpanNo> = around
                .filter(|span| !self.window.is_loaded(*span))
                .collect();
            let is_new = || {
                store
                    .entry(asking.source, entry.key)
                    .map(|known| known.is_none())
            };
            if spans.iter().any(|span| !missing.contains(span)) && is_new()? {
                missing.extend(spans);
            }
        }
        Ok(missing)
    }

    /// Spans that are not in memory and that hold what lies within the window of a date.
    pub fn missing_around(&self, at: Timestamp) -> impl Iterator<Item = SpanNo> {
        let around = self.window.around(at);
        around.filter(|span| !self.window.is_loaded(*span))
    }

    /// Reading these spans somewhere else; what is written to them from now on is noted.
    pub fn errand(&mut self, spans: &BTreeSet<SpanNo>, sources: &[SourceNo]) -> Errand {
        self.window.expect_none();
        // The latest first: they are asked about most.
        let spans = spans.iter().rev().map(|span| {
            self.window.expect(*span);
            (*span, self.window.bounds(*span))
        });
        Errand {
            spans: spans.collect(),
            sources: sources.to_vec(),
        }
    }

    /// Takes over what was read; a span that is loaded meanwhile, or that nobody waits for any longer, is left out.
    pub fn take_over(&mut self, stretch: Stretch) {
        for (span, kept) in stretch.0 {
            self.window.arrive(span, kept);
        }
        self.window.expect_none();
    }

    pub fn articles(&self) -> usize {
        self.window.articles()
    }

    /// Articles that found no room since this was made: they are not recognised by their words alone.
    pub fn left_out(&self) -> u64 {
        self.window.left_out()
    }

    /// Forgets an article that is no longer stored.
    pub fn let_go(&mut self, article: &Article) {
        self.window.let_go(article.published_at);
    }

    /// Takes over what has been written; articles from `first_new` on were not there before.
    pub fn apply(&mut self, batch: &Batch, first_new: u64) {
        for article in &batch.articles {
            if article.no.0 >= first_new {
                self.window.take(kept(article));
            } else {
                self.window.replace(kept(article));
            }
        }
    }
}

/// Every article between two moments, shown or not.
fn read(
    bounds: (Timestamp, Timestamp),
    sources: &[SourceNo],
    store: &StoreReader,
) -> Result<Vec<Kept>, StoreError> {
    let mut read = Vec::new();
    // What nobody sees is seldom much, and a copy of it must not be shown either.
    read_order(&mut read, bounds, store, |from| store.hidden(from, CHUNK))?;
    for source in sources {
        if read.len() >= READ_MAX {
            break;
        }
        read_order(&mut read, bounds, store, |from| {
            let places = store.of_source(*source, from, CHUNK)?;
            Ok(places.iter().map(|at| at.place).collect())
        })?;
    }
    // Whatever was read first, the same articles share a key that has no room for all.
    read.sort_by_key(|kept| kept.article);
    Ok(read)
}

/// What of one newest-first order lies between two moments.
fn read_order(
    read: &mut Vec<Kept>,
    (first, last): (Timestamp, Timestamp),
    store: &StoreReader,
    places: impl Fn(From) -> Result<Vec<Place>, StoreError>,
) -> Result<(), StoreError> {
    let mut from = From::At(Place {
        published_at: last,
        no: 0,
    });
    loop {
        let mut inside = places(from)?;
        inside.retain(|place| place.published_at >= first);
        for place in &inside {
            let article = store.article(ArticleNo(place.no))?;
            read.extend(article.as_ref().map(kept));
        }
        match inside.last() {
            Some(last) if inside.len() == CHUNK && read.len() < SPAN_ARTICLES_MAX => {
                from = From::After(*last);
            }
            _ => return Ok(()),
        }
    }
}

fn kept(article: &Article) -> Kept {
    Kept {
        article: article.no,
        source: article.source,
        at: article.published_at,
        sketch: Sketch::of_entry(&article.entry),
    }
}

#[cfg(test)]
mod tests;
