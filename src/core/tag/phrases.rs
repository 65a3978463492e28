//! Many phrases found in one pass, whole syllables only.
//!
//! Owns what a word is and the table that knows, by the words a phrase begins with, whether one may stand here:
//! nearly everywhere none does, and a look at one bit says so. What a phrase means is its owner's business.

/// A phrase found, in bytes of the text searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub start: usize,
    pub end: usize,
    /// Which of the phrases, in the order they were given.
    pub phrase: usize,
}

/// Where a word of a text begins, or a sign that stands between words, other than a space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word {
    start: usize,
    hash: u64,
}

pub(super) struct Phrases {
    /// By what they begin with, then in the order of their bytes.
    phrases: Vec<Phrase>,
    /// A bit for each beginning there is, and by chance for a few that are none.
    beginnings: Vec<u64>,
}

struct Phrase {
    /// Of its first word, or of its first two.
    beginning: u64,
    words: Box<str>,
    /// In the order they were given.
    index: usize,
    /// The longest other one of this beginning that it begins with.
    shorter: Option<usize>,
}

impl Phrases {
    /// `phrases` are folded and in lower case; an empty one is never found.
    pub fn new<S: AsRef<str>>(phrases: &[S]) -> Phrases {
        let mut sorted: Vec<(u64, &str, usize)> = phrases
            .iter()
            .enumerate()
            .filter_map(|(index, phrase)| {
                let phrase = phrase.as_ref();
                let mut words = words(phrase).into_iter();
                let first = words.next()?.hash;
                let beginning = both(first, words.next().map_or(0, |next| next.hash));
                Some((beginning, phrase, index))
            })
            .collect();
        sorted.sort_unstable();
        let mut made = Phrases {
            phrases: Vec::with_capacity(sorted.len()),
            beginnings: vec![0; sorted.len().next_power_of_two()],
        };
        for (beginning, words, index) in sorted {
            made.add(beginning, words, index);
        }
        made
    }

    fn add(&mut self, beginning: u64, words: &str, index: usize) {
        let begins =
            |shorter: &Phrase| shorter.beginning == beginning && words.starts_with(&*shorter.words);
        let mut shorter = self.phrases.len().checked_sub(1);
        while let Some(at) = shorter
            && !begins(&self.phrases[at])
        {
            shorter = self.phrases[at].shorter;
        }
        let (slot, bit) = self.place(beginning);
        self.beginnings[slot] |= bit;
        self.phrases.push(Phrase {
            beginning,
            words: words.into(),
            index,
            shorter,
        });
    }

    /// Every phrase that stands in `text` in whole syllables, overlapping ones included, by where it ends, the
    /// longer one first. `words` are those of the text.
    pub fn find(&self, text: &str, words: &[Word]) -> Vec<Found> {
        let mut found = Vec::new();
        for (at, word) in words.iter().enumerate() {
            self.find_at(text, word.start, both(word.hash, 0), &mut found);
            if let Some(next) = words.get(at + 1) {
                self.find_at(text, word.start, both(word.hash, next.hash), &mut found);
            }
        }
        found.sort_unstable_by_key(|one| (one.end, one.start, one.phrase));
        // Were a word to hash to what stands for none, a phrase would be met twice.
        found.dedup();
        found
    }

    #[inline]
    fn find_at(&self, text: &str, start: usize, beginning: u64, found: &mut Vec<Found>) {
        let (slot, bit) = self.place(beginning);
        if self.beginnings[slot] & bit != 0 {
            self.find_there(text, start, beginning, found);
        }
    }

    #[inline(never)]
    fn find_there(&self, text: &str, start: usize, beginning: u64, found: &mut Vec<Found>) {
        let rest = &text[start..];
        let behind = self
            .phrases
            .partition_point(|phrase| (phrase.beginning, &*phrase.words) <= (beginning, rest));
        // In the order of bytes, each phrase that the rest begins with is one that this one begins with.
        let mut next = behind.checked_sub(1);
        while let Some(phrase) = next.map(|at| &self.phrases[at])
            && phrase.beginning == beginning
        {
            let end = start + phrase.words.len();
            if rest.starts_with(&*phrase.words) && is_whole(text, start, end) {
                found.push(Found {
                    start,
                    end,
                    phrase: phrase.index,
                });
            }
            next = phrase.shorter;
        }
    }

    /// Where the bit of a beginning is.
    #[inline]
    fn place(&self, beginning: u64) -> (usize, u64) {
        let slots = self.beginnings.len() - 1;
        let slot = usize::try_from(beginning >> 32).unwrap_or_default() & slots;
        (slot, 1 << (beginning >> 58))
    }
}

impl Word {
    /// The word that begins at `start` and goes on to the end of `text`.
    pub fn new(text: &str, start: usize) -> Word {
        let letters = text[start..].bytes();
        let hash = letters.fold(0_u64, |hash, byte| hash.rotate_left(7) ^ u64::from(byte));
        Word { start, hash }
    }
}

/// The words of a text.
pub(super) fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices() {
        if is_word(c) {
            start = start.or(Some(at));
            continue;
        }
        words.extend(start.take().map(|start| Word::new(&text[..at], start)));
        if c != ' ' {
            words.push(Word::new(&text[..at + c.len_utf8()], at));
        }
    }
    words.extend(start.map(|start| Word::new(text, start)));
    words
}

/// What tells one pair of words from another, in its high bits too.
fn both(first: u64, next: u64) -> u64 {
    (first.rotate_left(26) ^ next).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Whether `text[start..end]` begins and ends where words do.
pub(super) fn is_whole(text: &str, start: usize, end: usize) -> bool {
    let (Some(head), Some(tail)) = (text.get(..start), text.get(end..)) else {
        return false;
    };
    !head.chars().next_back().is_some_and(is_word) && !tail.chars().next().is_some_and(is_word)
}

pub(super) fn is_word(c: char) -> bool {
    match c {
        '\0'..='\u{7f}' => c.is_ascii_alphanumeric(),
        // Letters all, Vietnamese or not, without the general tables.
        '\u{c0}'..='\u{24f}' => !matches!(c, '×' | '÷'),
        '\u{300}'..='\u{36f}' | '\u{1e00}'..='\u{1eff}' => true,
        c => c.is_alphanumeric(),
    }
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
            .find(text, &words(text))
            .into_iter()
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
    fn phrases_of_one_beginning_are_all_found() {
        check(
            &[
                "làng nghề",
                "làng",
                "làng nghề mộc",
                "làng nghề may",
                "nghề mộc kim",
                "nghề",
            ],
            "làng nghề mộc kim",
            &["làng", "làng nghề", "nghề", "làng nghề mộc", "nghề mộc kim"],
        );
        check(
            &["(kcn)", "(kcn", "kcn)"],
            "((kcn))",
            &["(kcn", "(kcn)", "kcn)"],
        );
        check(&["a-b", "a - b"], "a-b a - b", &["a-b", "a - b"]);
        check(&["chè", "chè"], "chè", &["chè", "chè"]);
    }

    #[test]
    fn letters_and_figures_of_any_script_make_words() {
        for c in '\0'..=char::MAX {
            let expected = c.is_alphanumeric() || ('\u{300}'..='\u{36f}').contains(&c);
            assert_eq!(is_word(c), expected, "{c:?}");
        }
    }

    #[test]
    fn an_empty_phrase_is_never_found() {
        check(&["", "bình"], "hòa bình", &["bình"]);
    }

    #[test]
    fn the_longest_name_stands() {
        let phrases = Phrases::new(&["điện biên", "điện biên phủ", "phủ lý"]);
        let text = "đường điện biên phủ lý";
        let kept = longest(phrases.find(text, &words(text)));
        assert_eq!(kept.iter().map(|one| one.phrase).collect::<Vec<_>>(), [1]);
    }
}
