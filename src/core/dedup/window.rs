//! The articles of the days around a date, found by what they have in common with another.
//!
//! An index in memory and nothing more: it is filled from outside, span by span, and may forget a span at any time. A
//! span is as long as the window, so that whatever lies within the window of a date lies in three spans. While a span
//! is read somewhere else, what is written to it is noted and not lost.

mod postings;

use std::collections::BTreeMap;
use std::time::Duration;

use postings::Postings;

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
/// Articles written to one span while it is read; past that it is read again.
const WRITTEN_MAX: usize = 4096;
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
    /// Spans that are being read, with what was written to them meanwhile.
    coming: BTreeMap<SpanNo, Vec<Kept>>,
    articles: usize,
    /// Counts questions, by which the span used longest ago is told.
    turn: u64,
    left_out: u64,
}

#[derive(Default)]
struct Span {
    kept: Vec<Kept>,
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
            coming: BTreeMap::new(),
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

    /// A span is about to be read; from now on what is written to it is noted.
    pub fn expect(&mut self, span: SpanNo) {
        self.coming.insert(span, Vec::new());
    }

    /// Takes over what was read of a span since it is expected; false where it is not, or no longer.
    pub fn arrive(&mut self, span: SpanNo, kept: impl IntoIterator<Item = Kept>) -> bool {
        let Some(written) = self.coming.remove(&span) else {
            return false;
        };
        self.load(span, kept);
        for kept in written {
            self.replace(kept);
        }
        true
    }

    /// No span is expected any longer.
    pub fn expect_none(&mut self) {
        self.coming.clear();
    }

    /// Everything there is of a span.
    pub fn load(&mut self, span: SpanNo, kept: impl IntoIterator<Item = Kept>) {
        self.forget(span);
        self.coming.remove(&span);
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
        let no = self.span_of(kept.at);
        let Some(span) = self.spans.get_mut(&no) else {
            self.note(no, kept);
            return;
        };
        match span.take(kept) {
            true => self.articles += 1,
            false => self.left_out += 1,
        }
    }

    /// An article whose words changed.
    pub fn replace(&mut self, kept: Kept) {
        let no = self.span_of(kept.at);
        let place = self.spans.get(&no).and_then(|span| {
            let mut all = span.kept.iter();
            all.position(|other| other.article == kept.article)
        });
        match (place, self.spans.get_mut(&no)) {
            (Some(place), Some(span)) => span.put(place, kept),
            _ => self.take(kept),
        }
    }

    /// Something dated then is no longer stored: its span is read anew when it is asked for.
    pub fn let_go(&mut self, at: Timestamp) {
        let no = self.span_of(at);
        self.coming.remove(&no);
        self.forget(no);
    }

    fn note(&mut self, no: SpanNo, kept: Kept) {
        let Some(written) = self.coming.get_mut(&no) else {
            return;
        };
        match written.len() < WRITTEN_MAX {
            true => written.push(kept),
            false => {
                self.coming.remove(&no);
            }
        }
    }

    fn span_of(&self, at: Timestamp) -> SpanNo {
        SpanNo(at.millis().div_euclid(self.span_ms))
    }

    fn forget(&mut self, span: SpanNo) {
        if let Some(span) = self.spans.remove(&span) {
            self.articles -= span.kept.len();
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
                let kept = self.spans.get(&no)?.kept.get(place)?;
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

impl Span {
    /// False where it is full.
    fn take(&mut self, kept: Kept) -> bool {
        if self.kept.len() >= SPAN_ARTICLES_MAX {
            return false;
        }
        let place = u32::try_from(self.kept.len()).unwrap_or(u32::MAX);
        for key in keys(&kept.sketch) {
            self.postings.add(key, place);
        }
        if self.kept.len() == self.kept.capacity() {
            // Room is made in small steps: half of it would lie empty otherwise.
            self.kept.reserve_exact(self.kept.len() / 8 + 16);
        }
        self.kept.push(kept);
        true
    }

    /// In the place of what the article was: one that is edited without end takes no more room.
    fn put(&mut self, at: usize, kept: Kept) {
        let place = u32::try_from(at).unwrap_or(u32::MAX);
        for key in keys(&self.kept[at].sketch) {
            self.postings.remove(key, place);
        }
        for key in keys(&kept.sketch) {
            self.postings.add(key, place);
        }
        self.kept[at] = kept;
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

/// Title and lede have at most 144 words, an opening fewer.
const RUNS_MAX: usize = 144;

fn least(keys: &mut Vec<u32>, parts: &[&[super::words::Word]], count: usize) {
    let (mut hashes, mut end) = ([0; RUNS_MAX], 0);
    let runs = parts.iter().flat_map(|part| part.array_windows::<3>());
    for run in runs.take(RUNS_MAX) {
        // Without a branch, since none could be foreseen.
        hashes[end] = super::sketch::hash(run);
        end += usize::from(hashes[end].is_multiple_of(KEY_EVERY));
    }
    let hashes = &mut hashes[..end];
    hashes.sort_unstable();
    let mut last = None;
    let different = hashes
        .iter()
        .filter(|hash| last.replace(**hash) != Some(**hash));
    keys.extend(different.take(count));
}

#[cfg(test)]
mod tests;
