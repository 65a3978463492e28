//! How much a word, or two in a row, say: what stands in every second article says next to nothing.
//!
//! The built-in table is of Vietnamese news and does not change while the daemon runs: two articles are judged alike
//! whichever came first, and after a restart. What it does not list is rare.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::words::Word;

/// A word, or two in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Feature(pub u32);

impl Feature {
    /// Set in each pair, so that no pair is a word.
    const PAIR: u32 = 1 << 16;

    pub fn word(word: Word) -> Feature {
        Feature(u32::from(word.0))
    }

    pub fn pair(first: Word, second: Word) -> Feature {
        let mixed = (u32::from(first.0) << 16) ^ u32::from(second.0).wrapping_mul(0x9e37_79b1);
        Feature(mixed | Feature::PAIR)
    }
}

/// Weights of features.
#[derive(Debug, Clone)]
pub struct Idf {
    /// In steps of [`STEP`], by word; zero where it is not listed.
    words: Box<[u8]>,
    pairs: HashMap<u32, u8, BuildIdentity>,
    /// Of a feature that is not listed.
    rare: f32,
}

/// Weights are kept in such steps.
const STEP: f32 = 1.0 / 16.0;
/// A feature is listed that stands in as many of ten thousand articles.
const LISTED_PER_10_000: usize = 16;
/// What is not listed counts as if it stood in as many.
const RARE_PER_10_000: f32 = 5.0;

/// The table, five bytes a feature: its number and its level, made by `tests/dedup.rs`.
static TABLE: &[u8] = include_bytes!("idf.bin");

static BUILT_IN: LazyLock<Idf> = LazyLock::new(|| Idf::parse(TABLE));

impl Idf {
    /// Of Vietnamese news.
    pub fn built_in() -> &'static Idf {
        &BUILT_IN
    }

    /// Of these articles, each given as its features.
    pub fn of<I: IntoIterator<Item = Feature>>(articles: impl IntoIterator<Item = I>) -> Idf {
        let mut counts: HashMap<Feature, usize> = HashMap::new();
        let mut articles_count = 0_usize;
        for article in articles {
            articles_count += 1;
            let features: std::collections::HashSet<Feature> = article.into_iter().collect();
            for feature in features {
                *counts.entry(feature).or_default() += 1;
            }
        }
        let least = (articles_count * LISTED_PER_10_000 / 10_000).max(2);
        let all = as_f32(articles_count) + 1.0;
        let mut idf = Idf::rare(level((all / (all * RARE_PER_10_000 / 10_000.0 + 0.5)).ln()));
        for (feature, count) in counts.into_iter().filter(|(_, count)| *count >= least) {
            idf.list(feature, level((all / (as_f32(count) + 0.5)).ln()));
        }
        idf
    }

    /// Of no article.
    fn rare(level: u8) -> Idf {
        Idf {
            words: vec![0; 1 << u16::BITS].into(),
            pairs: HashMap::default(),
            rare: steps(level),
        }
    }

    fn list(&mut self, feature: Feature, level: u8) {
        match u16::try_from(feature.0) {
            Ok(word) => self.words[usize::from(word)] = level,
            Err(_) => {
                self.pairs.insert(feature.0, level);
            }
        }
    }

    /// The table as it is checked in, in the order of its features; the first line is what rare ones weigh.
    pub fn to_table(&self) -> Vec<u8> {
        let words = (0..=u16::MAX).map(|word| (u32::from(word), self.words[usize::from(word)]));
        let pairs = self.pairs.iter().map(|(pair, level)| (*pair, *level));
        let mut listed: Vec<(u32, u8)> =
            words.filter(|(_, level)| *level > 0).chain(pairs).collect();
        listed.sort_unstable();
        let mut table = Vec::with_capacity((listed.len() + 1) * 5);
        for (feature, level) in std::iter::once((u32::MAX, level(self.rare))).chain(listed) {
            table.extend(feature.to_be_bytes());
            table.push(level);
        }
        table
    }

    fn parse(table: &[u8]) -> Idf {
        let mut idf = Idf::rare(0);
        for line in table.as_chunks::<5>().0 {
            let [feature @ .., level] = line;
            match u32::from_be_bytes(*feature) {
                u32::MAX => idf.rare = steps(*level),
                feature => idf.list(Feature(feature), *level),
            }
        }
        idf
    }

    /// In sixteenths: sums are exact, in whatever order they are made.
    pub fn weight(&self, feature: Feature) -> f32 {
        let level = match u16::try_from(feature.0) {
            Ok(word) => self.words[usize::from(word)],
            Err(_) => self.pairs.get(&feature.0).copied().unwrap_or(0),
        };
        if level == 0 { self.rare } else { steps(level) }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of articles are small")]
fn as_f32(count: usize) -> f32 {
    count as f32
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a byte before"
)]
fn level(weight: f32) -> u8 {
    (weight / STEP).round().clamp(1.0, 255.0) as u8
}

fn steps(level: u8) -> f32 {
    f32::from(level) * STEP
}

/// Features are hashes already.
#[derive(Debug, Clone, Copy, Default)]
struct BuildIdentity;

impl std::hash::BuildHasher for BuildIdentity {
    type Hasher = Identity;

    fn build_hasher(&self) -> Identity {
        Identity(0)
    }
}

struct Identity(u64);

impl std::hash::Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 << 8) | u64::from(*byte);
        }
    }

    fn write_u32(&mut self, value: u32) {
        self.0 = u64::from(value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}
