//! The window of recent articles, filled from the store: what `core::dedup::window` asks for and cannot read itself.
//!
//! Spans are read when an entry of their time comes, so that a start reads none of the archive, and a source that
//! lists what is months old is judged all the same. Forgetting everything costs time and nothing else.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::core::dedup::idf::Idf;
use crate::core::dedup::sketch::Sketch;
use crate::core::dedup::sketches::Sketches;
use crate::core::dedup::window::{Found, Kept, SPAN_ARTICLES_MAX, SpanNo, Window};
use crate::core::model::{Alike, Article, Batch, Entry, Known, SourceNo, Timestamp};
use crate::store::{From, Place, StoreError, StoreReader};

/// Places read at a time.
const CHUNK: usize = 512;

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
        let at = entry.published_at.unwrap_or(asking.now).min(asking.now);
        for span in self.window.around(at) {
            if !self.window.is_loaded(span) {
                self.load(span, asking.sources, store)?;
            }
        }
        self.window.shrink(at);
        Ok(self
            .window
            .alike(asking.source, at, sketch, Idf::built_in()))
    }

    fn load(
        &mut self,
        span: SpanNo,
        sources: &[SourceNo],
        store: &StoreReader,
    ) -> Result<(), StoreError> {
        let (first, last) = self.window.bounds(span);
        let mut loaded = Vec::new();
        for source in sources {
            let mut from = From::At(Place {
                published_at: last,
                no: 0,
            });
            loop {
                let places = store.of_source(*source, from, CHUNK)?;
                let inside: Vec<Place> = places
                    .iter()
                    .map(|at| at.place)
                    .take_while(|place| place.published_at >= first)
                    .collect();
                for place in &inside {
                    let article = store.article(crate::core::model::ArticleNo(place.no))?;
                    loaded.extend(article.as_ref().map(kept));
                }
                match inside.last() {
                    Some(last) if inside.len() == CHUNK && loaded.len() < SPAN_ARTICLES_MAX => {
                        from = From::After(*last);
                    }
                    _ => break,
                }
            }
        }
        // Whatever was read first, the same articles share a key that has no room for all.
        loaded.sort_by_key(|kept| kept.article);
        self.window.load(span, loaded);
        Ok(())
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

fn kept(article: &Article) -> Kept {
    Kept {
        article: article.no,
        source: article.source,
        at: article.published_at,
        sketch: Sketch::of_entry(&article.entry),
    }
}
