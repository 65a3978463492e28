//! Many phrases found in one pass, whole syllables only.
//!
//! Owns the automaton and the rule of where a word ends. What a phrase means is its owner's business.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

/// A phrase found, in bytes of the text searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub start: usize,
    pub end: usize,
    /// Which of the phrases, in the order they were given.
    pub phrase: usize,
}

/// Up to here the automaton that is quickest and largest: some 300 bytes of memory for one of a phrase.
const DFA_PHRASE_BYTES_MAX: usize = 32 * 1024;

pub(super) struct Phrases {
    automaton: AhoCorasick,
}

impl Phrases {
    /// `phrases` are folded and in lower case; an empty one is never found.
    pub fn new<S: AsRef<str>>(phrases: &[S]) -> Phrases {
        // An empty pattern would match everywhere: a byte that no UTF-8 text holds never does.
        let patterns = phrases.iter().map(|phrase| match phrase.as_ref() {
            "" => &[0xff][..],
            phrase => phrase.as_bytes(),
        });
        let bytes: usize = phrases.iter().map(|phrase| phrase.as_ref().len()).sum();
        let kind = (bytes <= DFA_PHRASE_BYTES_MAX).then_some(AhoCorasickKind::DFA);
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .kind(kind)
            .build(patterns)
            .expect("the phrases' total length is bounded far below what an automaton holds");
        Phrases { automaton }
    }

    /// Every phrase that stands in `text` in whole syllables, overlapping ones included, by where it ends.
    pub fn find<'t>(&'t self, text: &'t str) -> impl Iterator<Item = Found> + 't {
        self.automaton
            .find_overlapping_iter(text.as_bytes())
            .map(|found| Found {
                start: found.start(),
                end: found.end(),
                phrase: found.pattern().as_usize(),
            })
            .filter(|found| is_whole(text, found.start, found.end))
    }
}

/// Whether `text[start..end]` begins and ends where words do.
pub(super) fn is_whole(text: &str, start: usize, end: usize) -> bool {
    let (Some(head), Some(tail)) = (text.get(..start), text.get(end..)) else {
        return false;
    };
    !head.chars().next_back().is_some_and(is_word) && !tail.chars().next().is_some_and(is_word)
}

pub(super) fn is_word(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    c.is_alphanumeric() || matches!(c, '\u{300}'..='\u{36f}')
}

/// The longest of those that overlap stays, the earlier one where two are equally long; sorted by place.
pub(super) fn longest(mut found: Vec<Found>) -> Vec<Found> {
    found.sort_by_key(|one| (one.start, std::cmp::Reverse(one.end), one.phrase));
    let mut kept: Vec<Found> = Vec::with_capacity(found.len());
    for one in found {
        match kept.last() {
            Some(last)
                if one.start < last.end && (one.start, one.end) != (last.start, last.end) => {}
            _ => kept.push(one),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(phrases: &[&str], text: &str, expected: &[&str]) {
        let found: Vec<_> = Phrases::new(phrases)
            .find(text)
            .map(|found| &text[found.start..found.end])
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn only_whole_syllables_are_found() {
        check(
            &["gia", "quốc gia"],
            "khuyến công quốc gia",
            &["quốc gia", "gia"],
        );
        check(&["chè"], "(chè), chèo, áchè", &["chè"]);
        check(&["kinh tế xã"], "kinh tế xãhội", &[]);
        check(&["ocop"], "ocop: ocop2 _ocop_", &["ocop", "ocop"]);
    }

    #[test]
    fn an_empty_phrase_is_never_found() {
        check(&["", "bình"], "hòa bình", &["bình"]);
    }

    #[test]
    fn the_longest_name_stands() {
        let phrases = Phrases::new(&["điện biên", "điện biên phủ", "phủ lý"]);
        let kept = longest(phrases.find("đường điện biên phủ lý").collect());
        assert_eq!(kept.iter().map(|one| one.phrase).collect::<Vec<_>>(), [1]);
    }
}
