//! The articles of the days around a date, found by what they have in common with another.
//!
//! An index in memory and nothing more: it is filled from outside, span by span, and may forget a span at any time. A
//! span is as long as the window, so that whatever lies within the window of a date lies in three spans.

use std::collections::BTreeMap;
use std::time::Duration;

use super::idf::Idf;
use super::sketch::Sketch;
use super::verdict::{Probe, Verdict};
use crate::core::model::{ArticleNo, SourceNo, Timestamp};

/// Articles in memory, as many as the spans of one date may have; past that the span used longest ago is forgotten.
pub const ARTICLES_MAX: usize = 3 * SPAN_ARTICLES_MAX;
/// Articles of one span; further ones are not recognised by their words alone.
pub const SPAN_ARTICLES_MAX: usize = 30_000;
/// Spans in memory, the empty ones of a quiet year included.
const SPANS_MAX: usize = 512;
/// The shortest span: a shorter window would make too many of them.
const SPAN_MIN: Duration = Duration::from_secs(6 * 3600);
/// Articles that share one key; past that it tells nothing.
const POSTINGS_MAX: usize = 60;
/// Keys that two articles share before they are compared, where there are enough of them: one is chance.
const SHARED_KEYS_MIN: usize = 2;
const KEYS_ENOUGH: usize = 6;
/// Articles held against one; those that share the most keys.
const CANDIDATES_MAX: usize = 64;

/// One article of a window.
#[derive(Debug, Clone)]
pub struct Kept {
    pub article: ArticleNo,
    pub source: SourceNo,
    pub at: Timestamp,
    pub sketch: Sketch,
}

/// One that was found, with what it is to the article it was sought for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found<'a> {
    pub article: ArticleNo,
    pub sketch: &'a Sketch,
    pub verdict: Verdict,
}

/// A stretch of time as long as the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SpanNo(i64);

pub struct Window {
    reach_ms: i64,
    span_ms: i64,
    spans: BTreeMap<SpanNo, Span>,
    articles: usize,
    /// Counts questions, by which the span used longest ago is told.
    turn: u64,
    left_out: u64,
}

#[derive(Default)]
struct Span {
    kept: Vec<Option<Kept>>,
    postings: Postings,
    used: u64,
}

impl Window {
    pub fn new(window: Duration) -> Window {
        let ms = |span: Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX / 4);
        Window {
            reach_ms: ms(window),
            span_ms: ms(window.max(SPAN_MIN)),
            spans: BTreeMap::new(),
            articles: 0,
            turn: 0,
            left_out: 0,
        }
    }

    /// The spans that hold everything within the window of a date.
    pub fn around(&self, at: Timestamp) -> impl Iterator<Item = SpanNo> + use<> {
        let first = at
            .millis()
            .saturating_sub(self.reach_ms)
            .div_euclid(self.span_ms);
        let last = at
            .millis()
            .saturating_add(self.reach_ms)
            .div_euclid(self.span_ms);
        (first..=last).map(SpanNo)
    }

    pub fn is_loaded(&self, span: SpanNo) -> bool {
        self.spans.contains_key(&span)
    }

    /// The first and the last moment of a span.
    pub fn bounds(&self, span: SpanNo) -> (Timestamp, Timestamp) {
        let from = span.0.saturating_mul(self.span_ms);
        let to = from.saturating_add(self.span_ms - 1);
        (Timestamp::from_millis(from), Timestamp::from_millis(to))
    }

    /// Everything there is of a span.
    pub fn load(&mut self, span: SpanNo, kept: impl IntoIterator<Item = Kept>) {
        self.forget(span);
        self.turn += 1;
        let used = self.turn;
        self.spans.insert(
            span,
            Span {
                used,
                ..Span::default()
            },
        );
        for kept in kept {
            self.take(kept);
        }
    }

    /// A new article; one of a span that is not loaded is found when that is.
    pub fn take(&mut self, kept: Kept) {
        let span = self.span_of(kept.at);
        let Some(span) = self.spans.get_mut(&span) else {
            return;
        };
        if span.kept.len() >= SPAN_ARTICLES_MAX {
            self.left_out += 1;
            return;
        }
        let place = u32::try_from(span.kept.len()).unwrap_or(u32::MAX);
        for key in keys(&kept.sketch) {
            span.postings.add(key, place);
        }
        if span.kept.len() == span.kept.capacity() {
            // Room is made in small steps: half of it would lie empty otherwise.
            span.kept.reserve_exact(span.kept.len() / 8 + 16);
        }
        span.kept.push(Some(kept));
        self.articles += 1;
    }

    /// An article whose words changed.
    pub fn replace(&mut self, kept: Kept) {
        self.let_go(kept.article, kept.at);
        self.take(kept);
    }

    /// Forgets one article.
    pub fn let_go(&mut self, article: ArticleNo, at: Timestamp) {
        let no = self.span_of(at);
        let Some(span) = self.spans.get_mut(&no) else {
            return;
        };
        for place in &mut span.kept {
            if place.as_ref().is_some_and(|kept| kept.article == article) {
                *place = None;
                self.articles -= 1;
            }
        }
    }

    fn span_of(&self, at: Timestamp) -> SpanNo {
        SpanNo(at.millis().div_euclid(self.span_ms))
    }

    fn forget(&mut self, span: SpanNo) {
        if let Some(span) = self.spans.remove(&span) {
            self.articles -= span.kept.iter().flatten().count();
        }
    }

    /// Forgets what was used longest ago until everything is within its bounds; what `at` needs stays.
    pub fn shrink(&mut self, at: Timestamp) {
        let needed: Vec<SpanNo> = self.around(at).collect();
        while self.articles > ARTICLES_MAX || self.spans.len() > SPANS_MAX {
            let oldest = self
                .spans
                .iter()
                .filter(|(no, _)| !needed.contains(no))
                .min_by_key(|(_, span)| span.used)
                .map(|(no, _)| *no);
            let Some(oldest) = oldest else {
                return;
            };
            self.forget(oldest);
        }
    }

    pub fn articles(&self) -> usize {
        self.articles
    }

    /// Articles that a span had no room for.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Articles of other sources within the window of `at` that are not quite different, in the order of their numbers.
    pub fn alike(
        &mut self,
        source: SourceNo,
        at: Timestamp,
        sketch: &Sketch,
        idf: &Idf,
    ) -> Vec<Found<'_>> {
        let candidates = self.candidates(source, at, sketch);
        if candidates.is_empty() {
            return Vec::new();
        }
        let mut probe = Probe::new(sketch, idf);
        let mut found: Vec<Found<'_>> = candidates
            .into_iter()
            .map(|kept| Found {
                article: kept.article,
                sketch: &kept.sketch,
                verdict: probe.verdict(&kept.sketch),
            })
            .filter(|found| found.verdict.is_near())
            .collect();
        found.sort_by_key(|found| found.article);
        found
    }

    fn candidates(&mut self, source: SourceNo, at: Timestamp, sketch: &Sketch) -> Vec<&Kept> {
        self.turn += 1;
        let keys = keys(sketch);
        let mut hits: Vec<(SpanNo, u32)> = Vec::new();
        for no in self.around(at) {
            let Some(span) = self.spans.get_mut(&no) else {
                continue;
            };
            span.used = self.turn;
            // All are looked for before any is read: memory is waited for once, not once a key.
            let (held, count) = span.postings.held(&keys);
            for key in &held[..count] {
                span.postings.find(*key, |place| hits.push((no, place)));
            }
        }
        hits.sort_unstable();
        let shared_min = if keys.len() >= KEYS_ENOUGH {
            SHARED_KEYS_MIN
        } else {
            1
        };
        let reach = u64::try_from(self.reach_ms).unwrap_or_default();
        let mut candidates: Vec<(usize, &Kept)> = hits
            .chunk_by(|a, b| a == b)
            .filter_map(|same| {
                let (no, place) = same[0];
                let place = usize::try_from(place).ok()?;
                let kept = self.spans.get(&no)?.kept.get(place)?.as_ref()?;
                Some((same.len(), kept))
            })
            .filter(|(shared, _)| *shared >= shared_min)
            .filter(|(_, kept)| kept.source != source)
            .filter(|(_, kept)| kept.at.millis().abs_diff(at.millis()) <= reach)
            .collect();
        candidates.sort_by_key(|(shared, kept)| (std::cmp::Reverse(*shared), kept.article));
        candidates.truncate(CANDIDATES_MAX);
        candidates.into_iter().map(|(_, kept)| kept).collect()
    }
}

/// Of title and lede.
const HEAD_KEYS_MAX: usize = 20;
/// Of the opening of a full text.
const OPENING_KEYS_MAX: usize = 12;
/// Of the shingles of a full text.
const BODY_KEYS_MAX: usize = 4;
/// Of title, head, opening and full text.
const KEYS_MAX: usize = 1 + HEAD_KEYS_MAX + OPENING_KEYS_MAX + BODY_KEYS_MAX;
/// One of so many runs of three words is a key.
const KEY_EVERY: u32 = 3;

/// By which an article is found: some of its runs of three words, the same ones wherever they stand.
fn keys(sketch: &Sketch) -> Vec<u32> {
    let mut keys = Vec::with_capacity(KEYS_MAX);
    keys.push(super::sketch::hash(sketch.title()) | 1);
    least(&mut keys, &[sketch.title(), sketch.lede()], HEAD_KEYS_MAX);
    least(&mut keys, &[sketch.opening()], OPENING_KEYS_MAX);
    keys.extend(
        sketch
            .body
            .least(BODY_KEYS_MAX)
            .iter()
            .map(|hash| hash ^ 0x5a5a_5a5a),
    );
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// Runs of a head or an opening that are keys, nearly always.
const RUNS_MAX: usize = 64;

fn least(keys: &mut Vec<u32>, parts: &[&[super::words::Word]], count: usize) {
    let mut hashes = Vec::with_capacity(RUNS_MAX);
    for run in parts.iter().flat_map(|part| part.array_windows::<3>()) {
        let hash = super::sketch::hash(run);
        if hash.is_multiple_of(KEY_EVERY) {
            hashes.push(hash);
        }
    }
    hashes.sort_unstable();
    hashes.dedup();
    hashes.truncate(count);
    keys.extend(hashes);
}

/// Which articles have a key: open addressing, each pair of key and place in a slot of its own.
#[derive(Default)]
struct Postings {
    /// A power of two; key, and place plus one, zero where nothing is.
    slots: Vec<(u32, u32)>,
    taken: usize,
}

impl Postings {
    const SLOTS_MIN: usize = 64;

    fn add(&mut self, key: u32, place: u32) {
        if self.taken * 5 >= self.slots.len() * 4 {
            self.grow();
        }
        let mut count = 0;
        let mut at = self.start(key);
        while self.slots[at].1 != 0 {
            count += usize::from(self.slots[at].0 == key);
            at = (at + 1) & (self.slots.len() - 1);
        }
        // One more than is told of: that it is full shows.
        if count <= POSTINGS_MAX {
            self.slots[at] = (key, place.saturating_add(1));
            self.taken += 1;
        }
    }

    fn grow(&mut self) {
        let len = (self.slots.len() * 2).max(Self::SLOTS_MIN);
        let old = std::mem::replace(&mut self.slots, vec![(0, 0); len]);
        self.taken = 0;
        for (key, place) in old {
            if place != 0 {
                self.add(key, place - 1);
            }
        }
    }

    fn start(&self, key: u32) -> usize {
        let mixed = key.wrapping_mul(0x9e37_79b1);
        let mixed = mixed ^ (mixed >> 15);
        usize::try_from(mixed).unwrap_or_default() & (self.slots.len() - 1)
    }

    /// Those of `keys` that any article may have.
    fn held(&self, keys: &[u32]) -> ([u32; KEYS_MAX], usize) {
        let (mut held, mut count) = ([0; KEYS_MAX], 0);
        if !self.slots.is_empty() {
            for key in keys.iter().take(KEYS_MAX) {
                held[count] = *key;
                count += usize::from(self.slots[self.start(*key)].1 != 0);
            }
        }
        (held, count)
    }

    fn find(&self, key: u32, mut each: impl FnMut(u32)) {
        if self.slots.is_empty() {
            return;
        }
        let mut places = [0; POSTINGS_MAX];
        let mut count = 0;
        let mut at = self.start(key);
        while let (found, place @ 1..) = self.slots[at] {
            if found == key {
                let Some(free) = places.get_mut(count) else {
                    return;
                };
                *free = place - 1;
                count += 1;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
        places[..count].iter().for_each(|place| each(*place));
    }
}

#[cfg(test)]
mod tests;
