//! What is kept of an article to recognise its copies: a few hundred bytes, whatever its length.

use super::idf::{Feature, Idf};
use super::places::Places;
use super::words::{self, Word};
use crate::core::model::{Entry, TextKey};

/// Words of a title that are looked at.
const TITLE_WORDS_MAX: usize = 48;
/// Words of a lede that are looked at.
const LEDE_WORDS_MAX: usize = 96;
/// Words of the beginning of a full text that are kept as they are, in which another newsroom's lede may stand.
const OPENING_WORDS_MAX: usize = 112;
/// Words of a full text that are looked at.
const BODY_WORDS_MAX: usize = 4000;
/// Of a text without a lede of its own.
const OWN_LEDE_WORDS: usize = 48;
/// A full text has at least so many words.
const BODY_WORDS_MIN: usize = 60;
/// Words in a row by which full texts are compared.
const SHINGLE: usize = 5;
/// Shingles kept of a full text: those with the least hashes.
const SHINGLES_KEPT_MAX: usize = 64;

/// The words of an article: plain title, and texts that may be safe HTML.
#[derive(Debug, Clone, Copy, Default)]
pub struct Text<'a> {
    pub title: &'a str,
    pub lede: &'a str,
    /// Empty where the source gives no more than a lede.
    pub body: &'a str,
}

impl<'a> Text<'a> {
    pub fn of(entry: &'a Entry) -> Text<'a> {
        let page = entry
            .full_text
            .as_ref()
            .and_then(|said| said.html.as_deref());
        Text {
            title: &entry.title,
            lede: entry.summary.as_deref().unwrap_or_default(),
            body: entry.content.as_deref().or(page).unwrap_or_default(),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Sketch {
    /// Title, lede, opening of the full text.
    words: Box<[Word]>,
    title_end: u8,
    lede_end: u8,
    /// Of title and lede, and of everything read, the whole text included.
    pub(super) places: Places,
    pub(super) all_places: Places,
    /// Of all words and pairs of title and lede, of the words of the title, of the pairs of the lede.
    pub(super) weight: f32,
    pub(super) title_weight: f32,
    pub(super) lede_weight: f32,
    /// Different pairs of the lede.
    pub(super) lede_pairs: u8,
    pub(super) body: Body,
}

/// A sample of the shingles of a full text: those whose hash is below a bound, the bound chosen so that it stays small.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Body {
    /// Ascending; each below `bound`.
    sample: Box<[u32]>,
    bound: u32,
}

impl Sketch {
    pub fn of(text: &Text<'_>, idf: &Idf) -> Sketch {
        let title = words::of_title(text.title, TITLE_WORDS_MAX);
        let mut lede = words::of_text(text.lede, BODY_WORDS_MAX);
        let mut body = if text.body.is_empty() {
            Vec::new()
        } else {
            words::of_text(text.body, BODY_WORDS_MAX)
        };
        if body.is_empty() && lede.len() > LEDE_WORDS_MAX {
            // A feed of one field: it holds the whole text.
            body.clone_from(&lede);
            lede.truncate(OWN_LEDE_WORDS);
        } else if lede.is_empty() {
            lede.extend(body.iter().take(OWN_LEDE_WORDS));
        }
        lede.truncate(LEDE_WORDS_MAX);
        Sketch::of_words(&title, &lede, &body, idf)
    }

    /// Of an entry, weighed as all news are.
    pub fn of_entry(entry: &Entry) -> Sketch {
        Sketch::of(&Text::of(entry), Idf::built_in())
    }

    fn of_words(title: &[Word], lede: &[Word], body: &[Word], idf: &Idf) -> Sketch {
        let opening = &body[..body.len().min(OPENING_WORDS_MAX)];
        let places = Places::of(title).and(Places::of(lede));
        let end = |len: usize| u8::try_from(len).unwrap_or(u8::MAX);
        let mut sketch = Sketch {
            words: [title, lede, opening].concat().into(),
            title_end: end(title.len()),
            lede_end: end(title.len() + lede.len()),
            places,
            all_places: places.and(Places::of(body)),
            weight: 0.0,
            title_weight: 0.0,
            lede_weight: 0.0,
            lede_pairs: 0,
            body: Body::of(body),
        };
        sketch.weigh(idf);
        sketch
    }

    fn weigh(&mut self, idf: &Idf) {
        let mut seen = Seen::default();
        let (mut weight, mut title_weight, mut lede_weight) = (0.0, 0.0, 0.0);
        let mut pairs = 0_u8;
        let head = of_part(self.title(), class::TITLE_WORD, class::TITLE_PAIR).chain(of_part(
            self.lede(),
            class::LEDE_WORD,
            class::LEDE_PAIR,
        ));
        for (feature, class) in head {
            let before = seen.add(feature, class);
            if before & class != 0 {
                continue;
            }
            let own = idf.weight(feature);
            if before == 0 {
                weight += own;
            }
            match class {
                class::TITLE_WORD => title_weight += own,
                class::LEDE_PAIR => {
                    lede_weight += own;
                    pairs = pairs.saturating_add(1);
                }
                _ => {}
            }
        }
        (self.weight, self.title_weight, self.lede_weight) = (weight, title_weight, lede_weight);
        self.lede_pairs = pairs;
    }

    pub(super) fn words(&self) -> &[Word] {
        &self.words
    }

    pub fn title(&self) -> &[Word] {
        &self.words[..usize::from(self.title_end)]
    }

    pub fn lede(&self) -> &[Word] {
        &self.words[usize::from(self.title_end)..usize::from(self.lede_end)]
    }

    pub(super) fn opening(&self) -> &[Word] {
        &self.words[usize::from(self.lede_end)..]
    }

    /// Words of title and lede that are no numbers.
    pub(super) fn syllables(&self) -> usize {
        let head = &self.words[..usize::from(self.lede_end)];
        head.iter().filter(|word| !word.is_number()).count()
    }

    pub fn has_body(&self) -> bool {
        !self.body.sample.is_empty()
    }

    /// Every word and every pair, with the class it belongs to there.
    pub(super) fn features(&self) -> impl Iterator<Item = (Feature, u8)> {
        of_part(self.title(), class::TITLE_WORD, class::TITLE_PAIR)
            .chain(of_part(self.lede(), class::LEDE_WORD, class::LEDE_PAIR))
            .chain(of_part(
                self.opening(),
                class::OPENING_WORD,
                class::OPENING_PAIR,
            ))
    }

    /// The words and pairs of title and lede, from which an [`Idf`] is made.
    pub fn head_features(&self) -> impl Iterator<Item = Feature> {
        self.features()
            .filter(|(_, class)| class & class::HEAD != 0)
            .map(|(feature, _)| feature)
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        size_of_val(&*self.words) + size_of_val(&*self.body.sample)
    }
}

/// Features met so far, with the classes they were met in.
struct Seen {
    slots: [(u32, u8); SEEN_SLOTS],
}

/// Title and lede have at most 144 words and as many pairs.
const SEEN_SLOTS: usize = 512;

impl Default for Seen {
    fn default() -> Seen {
        Seen {
            slots: [(0, 0); SEEN_SLOTS],
        }
    }
}

impl Seen {
    /// The classes it was met in before.
    fn add(&mut self, feature: Feature, class: u8) -> u8 {
        let mixed = feature.0.wrapping_mul(0x9e37_79b1) >> 16;
        let mut at = usize::try_from(mixed).unwrap_or_default() & (SEEN_SLOTS - 1);
        while self.slots[at].1 != 0 && self.slots[at].0 != feature.0 {
            at = (at + 1) & (SEEN_SLOTS - 1);
        }
        let before = self.slots[at].1;
        self.slots[at] = (feature.0, before | class);
        before
    }
}

/// Where a feature stands.
pub(super) mod class {
    pub const TITLE_WORD: u8 = 1;
    pub const LEDE_WORD: u8 = 2;
    pub const TITLE_PAIR: u8 = 4;
    pub const LEDE_PAIR: u8 = 8;
    pub const OPENING_PAIR: u8 = 16;
    /// Numbers only: other words of an opening are found by their pairs.
    pub const OPENING_WORD: u8 = 32;
    pub const WORD: u8 = TITLE_WORD | LEDE_WORD;
    /// Title or lede.
    pub const HEAD: u8 = WORD | TITLE_PAIR | LEDE_PAIR;
    pub const PAIR: u8 = TITLE_PAIR | LEDE_PAIR | OPENING_PAIR;
}

fn of_part(part: &[Word], word: u8, pair: u8) -> impl Iterator<Item = (Feature, u8)> {
    let words = part
        .iter()
        .filter(move |one| word != class::OPENING_WORD || one.is_number())
        .map(move |one| (Feature::word(*one), word));
    let pairs = part
        .array_windows::<2>()
        .map(move |[first, second]| (Feature::pair(*first, *second), pair));
    words.chain(pairs)
}

impl Body {
    fn of(words: &[Word]) -> Body {
        if words.len() < BODY_WORDS_MIN {
            return Body::default();
        }
        let shingles = words
            .array_windows::<SHINGLE>()
            .map(|shingle| hash(shingle));
        // Twice as many as are kept lie below this by chance: seldom too few, where a text repeats itself.
        let share = u32::MAX / u32::try_from(words.len()).unwrap_or(u32::MAX);
        let enough = share.saturating_mul(u32::try_from(2 * SHINGLES_KEPT_MAX).unwrap_or(u32::MAX));
        let mut sample = vec![0; words.len()];
        let mut below = 0;
        for hash in shingles.clone() {
            // Without a branch, since none could be foreseen.
            sample[below] = hash;
            below += usize::from(hash <= enough);
        }
        sample.truncate(below);
        sample.sort_unstable();
        sample.dedup();
        let kept = SHINGLES_KEPT_MAX;
        if sample.len() <= kept && enough < u32::MAX {
            sample = shingles.collect();
            sample.sort_unstable();
            sample.dedup();
        }
        let mut bound = u32::MAX;
        if sample.len() > kept {
            bound = sample[kept];
            sample.truncate(kept);
        }
        Body {
            sample: sample.into(),
            bound,
        }
    }

    /// Of the shingles of the shorter, and of those of both, how many are in both; none where one side has no text.
    pub fn agreement(&self, other: &Body) -> Option<(f32, f32)> {
        let bound = self.bound.min(other.bound);
        let below = |sample: &[u32]| sample.partition_point(|hash| *hash < bound);
        let (own, others) = (
            &self.sample[..below(&self.sample)],
            &other.sample[..below(&other.sample)],
        );
        let shorter = own.len().min(others.len());
        if shorter < SAMPLE_MIN {
            return None;
        }
        let both = common(own, others);
        let ratio = |of: usize| {
            f32::from(u8::try_from(both).unwrap_or(u8::MAX))
                / f32::from(u8::try_from(of).unwrap_or(u8::MAX))
        };
        Some((ratio(shorter), ratio(own.len() + others.len() - both)))
    }

    /// The least hashes: texts that are nearly equal share one of them.
    pub fn least(&self, count: usize) -> &[u32] {
        &self.sample[..count.min(self.sample.len())]
    }
}

/// A sample of fewer tells nothing.
const SAMPLE_MIN: usize = 8;

fn common(one: &[u32], other: &[u32]) -> usize {
    let (mut at, mut there, mut both) = (0, 0, 0);
    while let (Some(own), Some(others)) = (one.get(at), other.get(there)) {
        both += usize::from(own == others);
        at += usize::from(own <= others);
        there += usize::from(others <= own);
    }
    both
}

/// Keys by which articles meet whose full texts agree, however far apart their dates are.
///
/// They stand for the shingles with the least hashes: texts of which nine tenths are the same share one of the two
/// ninety-nine times in a hundred.
pub fn body_keys(entry: &Entry) -> Vec<TextKey> {
    let text = Text::of(entry);
    let own = [text.body, text.lede]
        .into_iter()
        .find(|text| text.len() >= BODY_BYTES_MIN);
    let Some(own) = own else {
        return Vec::new();
    };
    let body = Body::of(&words::of_text(own, BODY_WORDS_MAX));
    let keys = body.least(BODY_KEYS);
    keys.iter()
        .map(|hash| TextKey::of(&["body", &format!("{hash:08x}")]))
        .collect()
}

/// Keys of one full text.
const BODY_KEYS: usize = 2;
/// Fewer bytes are no full text.
const BODY_BYTES_MIN: usize = 3 * BODY_WORDS_MIN;

/// A hash of words in a row whose bits are all alike.
pub(super) fn hash(words: &[Word]) -> u32 {
    let mut hash = 0x9e37_79b9_7f4a_7c15_u64;
    for word in words {
        hash = (hash ^ u64::from(word.0)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        hash ^= hash >> 32;
    }
    u32::try_from(hash >> 32).unwrap_or_default()
}
