//! A content word that stands for another in otherwise equal text: `tuổi Tý`, `tuổi Sửu`.

use crate::core::dedup::idf::{Feature, Idf};
use crate::core::dedup::sketch::Sketch;
use crate::core::dedup::words::Word;

/// What stands for something else has at most so many words.
const SWAP_WORDS_MAX: usize = 4;
/// Equal words on one side of it at least.
const EQUAL_WORDS_MIN: usize = 2;

pub struct Swaps {
    pub heaviest: f32,
    /// The heaviest of those that title and lede have alike.
    pub in_both: f32,
}

type Swap<'a> = (&'a [Word], &'a [Word]);

pub fn heaviest(one: &Sketch, other: &Sketch, idf: &Idf) -> Swaps {
    // Of several longest subsequences one is taken: the same one whichever article comes first.
    let (one, other) = if one.words() <= other.words() {
        (one, other)
    } else {
        (other, one)
    };
    let titles = swaps(one.title(), other.title());
    let ledes = swaps(one.lede(), other.lede());
    let weight = |(own, others): &Swap<'_>| weight(own, idf).min(weight(others, idf));
    Swaps {
        heaviest: titles.iter().chain(&ledes).map(weight).fold(0.0, f32::max),
        in_both: titles
            .iter()
            .filter(|swap| ledes.contains(swap))
            .map(weight)
            .fold(0.0, f32::max),
    }
}

fn weight(words: &[Word], idf: &Idf) -> f32 {
    let first = |(at, word): &(usize, &Word)| !words[..*at].contains(word);
    words
        .iter()
        .enumerate()
        .filter(first)
        .map(|(_, word)| idf.weight(Feature::word(*word)))
        .sum()
}

/// A run of equal words, or of words that differ: where it begins and ends in each.
struct Run {
    is_equal: bool,
    own: std::ops::Range<usize>,
    others: std::ops::Range<usize>,
}

fn swaps<'a>(own: &'a [Word], others: &'a [Word]) -> Vec<Swap<'a>> {
    let runs = runs(own, others);
    let equal = |at: Option<usize>| {
        at.and_then(|at| runs.get(at))
            .map(|run| if run.is_equal { run.own.len() } else { 0 })
    };
    let mut swaps = Vec::new();
    for (at, run) in runs.iter().enumerate() {
        let fits = |len: usize| (1..=SWAP_WORDS_MAX).contains(&len);
        if run.is_equal || !fits(run.own.len()) || !fits(run.others.len()) {
            continue;
        }
        let (before, after) = (equal(at.checked_sub(1)), equal(Some(at + 1)));
        // The text begins or ends there, or goes on alike.
        let framed = before.is_none_or(|len| len > 0) && after.is_none_or(|len| len > 0);
        if framed && before.max(after).unwrap_or(0) >= EQUAL_WORDS_MIN {
            swaps.push((&own[run.own.clone()], &others[run.others.clone()]));
        }
    }
    swaps
}

/// Both texts in step along their longest common subsequence.
fn runs(own: &[Word], others: &[Word]) -> Vec<Run> {
    let begin = own.iter().zip(others).take_while(|(a, b)| a == b).count();
    let mut runs: Vec<Run> = Vec::new();
    if begin > 0 {
        runs.push(Run {
            is_equal: true,
            own: 0..begin,
            others: 0..begin,
        });
    }
    // Equal words are always taken where both texts stand: what both begin with needs no search.
    let lengths = Lengths::of(&own[begin..], &others[begin..]);
    let longest = |at: usize, there: usize| lengths.at(at - begin, there - begin);
    let (mut at, mut there) = (begin, begin);
    while at < own.len() || there < others.len() {
        let (from, there_from) = (at, there);
        let equal = |at: usize, there: usize| {
            at < own.len() && there < others.len() && own[at] == others[there]
        };
        let is_equal = equal(at, there);
        while (at < own.len() || there < others.len()) && equal(at, there) == is_equal {
            if is_equal {
                at += 1;
                there += 1;
            } else if there >= others.len()
                || (at < own.len() && longest(at + 1, there) >= longest(at, there + 1))
            {
                at += 1;
            } else {
                there += 1;
            }
        }
        runs.push(Run {
            is_equal,
            own: from..at,
            others: there_from..there,
        });
    }
    runs
}

/// How long the longest common subsequence is from two places on.
struct Lengths {
    rows: Vec<u8>,
    width: usize,
}

impl Lengths {
    fn of(own: &[Word], others: &[Word]) -> Lengths {
        let width = others.len() + 1;
        let mut rows = vec![0_u8; (own.len() + 1) * width];
        for at in (0..own.len()).rev() {
            for there in (0..others.len()).rev() {
                let place = at * width + there;
                rows[place] = if own[at] == others[there] {
                    rows[place + width + 1].saturating_add(1)
                } else {
                    rows[place + width].max(rows[place + 1])
                };
            }
        }
        Lengths { rows, width }
    }

    fn at(&self, at: usize, there: usize) -> u8 {
        self.rows[at * self.width + there]
    }
}
