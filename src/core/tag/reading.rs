//! How the tagger reads: one normalised copy of title and text, made once per article.
//!
//! Owns every folding that makes two spellings of one word equal: NFC, Eth for Đ, the two ways of placing a
//! tone mark (`hoà`, `hòa`), dashes, quotes, white space, and words glued together at a capital
//! (`ThươngVĩnh`); and says where the words of that copy begin. What is folded here is for matching only and
//! is never shown. It finds nothing itself.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

use super::letters;
use super::phrases::{Word, is_word};

/// Stands between title and text, where no phrase reaches across.
const SEAM: char = '\u{1}';

/// Title and text as one string, folded, with the way back to where each word was written.
pub(super) struct Reading {
    /// Folded, in the writer's own capitals.
    pub cased: String,
    /// The same bytes in lower case: an offset means the same place in both.
    pub lower: String,
    /// Where the title ends in both.
    pub title_end: usize,
    /// Those of `lower`.
    pub words: Vec<Word>,
    /// (here, in the field as given), wherever the distance between the two changes.
    marks: Vec<(usize, usize)>,
}

impl Reading {
    pub fn new(title: &str, text: &str) -> Reading {
        let mut folder = Folder::with_capacity(title.len() + text.len() + 16);
        folder.read(title);
        let title_end = folder.out.len();
        folder.push(SEAM);
        folder.read(text);
        folder.end_word();
        Reading {
            words: folder.words,
            lower: folder.low,
            cased: folder.out,
            title_end,
            marks: folder.marks,
        }
    }

    pub fn in_title(&self, at: usize) -> bool {
        at < self.title_end
    }

    /// Where a place of this reading is in the field it came from.
    pub fn original(&self, at: usize) -> usize {
        let after = self.marks.partition_point(|(here, _)| *here <= at);
        match after.checked_sub(1).map(|index| self.marks[index]) {
            Some((here, there)) => there + (at - here),
            None => at,
        }
    }
}

/// A phrase folded the way a text is, in lower case.
pub(super) fn fold(phrase: &str) -> String {
    lower(&fold_cased(phrase))
}

/// A phrase folded the way a text is, in its own capitals.
pub(super) fn fold_cased(phrase: &str) -> String {
    let mut folder = Folder::with_capacity(phrase.len() + 8);
    folder.read(phrase);
    folder.out.trim_end().to_owned()
}

/// Lower case without moving a single byte: a letter whose small form is longer or shorter stays.
pub(super) fn lower(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        out.push(small(c));
    }
    out
}

fn small(c: char) -> char {
    // The letters of Vietnamese, without the general tables: they are most of what is read.
    let shifted = match c {
        '\u{1ea0}'..='\u{1ef9}' => return char::from_u32(u32::from(c) | 1).unwrap_or(c),
        'A'..='Z' | 'À'..='Ö' | 'Ø'..='Þ' => u32::from(c) + 0x20,
        'Đ' | 'Ă' | 'Ơ' | 'Ư' => u32::from(c) + 1,
        c if c < '\u{100}' => return c,
        'đ' | 'ă' | 'ơ' | 'ư' => return c,
        c => return small_by_table(c),
    };
    char::from_u32(shifted).unwrap_or(c)
}

fn small_by_table(c: char) -> char {
    let mut letters = c.to_lowercase();
    match (letters.next(), letters.next()) {
        (Some(letter), None) if letter.len_utf8() == c.len_utf8() => letter,
        _ => c,
    }
}

fn is_capital(c: char) -> bool {
    match c {
        '\0'..='\u{7f}' => c.is_ascii_uppercase(),
        '\u{1ea0}'..='\u{1ef9}' => u32::from(c) & 1 == 0,
        c => c.is_uppercase(),
    }
}

fn is_small(c: char) -> bool {
    match c {
        '\0'..='\u{7f}' => c.is_ascii_lowercase(),
        '\u{1ea0}'..='\u{1ef9}' => u32::from(c) & 1 == 1,
        c => c.is_lowercase(),
    }
}

/// Whether a character may change the one before it: none of the letters of Vietnamese does.
fn is_mark(c: char) -> bool {
    c >= '\u{300}' && !matches!(c, '\u{1e00}'..='\u{1fff}') && canonical_combining_class(c) != 0
}

fn starts_marked(text: &str) -> bool {
    text.chars().next().is_some_and(is_mark)
}

/// How far a text goes on in small letters of Vietnamese that no mark changes.
fn unmarked(text: &str) -> usize {
    let letters = letters::small(text);
    if letters == 0 {
        return 0;
    }
    match starts_marked(&text[letters..]) {
        true => text[..letters]
            .char_indices()
            .next_back()
            .map_or(0, |(last, _)| last),
        false => letters,
    }
}

struct Folder {
    out: String,
    low: String,
    marks: Vec<(usize, usize)>,
    /// Those of `low`, but for the one that goes on.
    words: Vec<Word>,
    /// Where the word begins that goes on.
    word: Option<usize>,
    /// How far the last mark says the field is ahead of what is written, wrapping.
    ahead: usize,
    /// The last character written of this field; a space at its beginning.
    last: char,
}

impl Folder {
    fn with_capacity(bytes: usize) -> Folder {
        Folder {
            out: String::with_capacity(bytes),
            low: String::with_capacity(bytes),
            marks: Vec::new(),
            words: Vec::with_capacity(bytes / WORD_BYTES),
            word: None,
            ahead: 0,
            last: ' ',
        }
    }

    fn read(&mut self, field: &str) {
        self.last = ' ';
        let mut at = 0;
        while let Some(c) = field[at..].chars().next() {
            let run = unmarked(&field[at..]);
            if run > 0 {
                self.take_small(&field[at..at + run], at);
                at += run;
                continue;
            }
            let mut end = at + c.len_utf8();
            if !starts_marked(&field[end..]) {
                self.take(c, at);
                at = end;
                continue;
            }
            while let Some(next) = field[end..].chars().next()
                && is_mark(next)
                && end - at < CLUSTER_BYTES_MAX
            {
                end += next.len_utf8();
            }
            for composed in field[at..end].nfc() {
                self.take(composed, at);
            }
            at = end;
        }
        self.settle_tone();
    }

    /// Letters that stay as they are and go on with the syllable.
    fn take_small(&mut self, letters: &str, at: usize) {
        self.mark(at);
        self.word = self.word.or(Some(self.low.len()));
        self.out.push_str(letters);
        self.low.push_str(letters);
        self.last = letters.chars().next_back().unwrap_or(self.last);
    }

    fn take(&mut self, c: char, at: usize) {
        let c = match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '\u{1ea0}'..='\u{1ef9}' => c,
            ' ' => ' ',
            '\u{d0}' | '\u{189}' => 'Đ',
            '\u{f0}' => 'đ',
            '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
            '\u{2018}' | '\u{2019}' | '\u{2bc}' => '\'',
            '\u{201c}'..='\u{201f}' | '\u{ab}' | '\u{bb}' => '"',
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => return,
            c if c.is_whitespace() || c.is_control() => ' ',
            c => c,
        };
        if c == ' ' {
            self.settle_tone();
            if self.last != ' ' {
                self.write(' ', at);
            }
            return;
        }
        if is_small(c) {
            // The syllable goes on.
        } else if !c.is_alphabetic() {
            self.settle_tone();
        } else if is_capital(c) && is_small(self.last) {
            self.settle_tone();
            self.write(' ', at);
        }
        self.write(c, at);
    }

    fn write(&mut self, c: char, at: usize) {
        self.mark(at);
        self.push(c);
    }

    /// Notes where the next character comes from.
    fn mark(&mut self, at: usize) {
        let ahead = at.wrapping_sub(self.out.len());
        if ahead != self.ahead {
            self.ahead = ahead;
            self.marks.push((self.out.len(), at));
        }
    }

    fn push(&mut self, c: char) {
        let start = self.low.len();
        let is_in_word = is_word(c);
        if is_in_word {
            self.word = self.word.or(Some(start));
        } else {
            self.end_word();
        }
        self.put(c);
        if !is_in_word && c != ' ' {
            self.words.push(Word::new(&self.low, start));
        }
    }

    fn end_word(&mut self) {
        let word = self.word.take();
        self.words
            .extend(word.map(|start| Word::new(&self.low, start)));
    }

    fn put(&mut self, c: char) {
        self.out.push(c);
        self.low.push(small(c));
        self.last = c;
    }

    /// At the end of a syllable: `hoà` becomes `hòa`, `thuỷ` `thủy`; `quý` and `hoàn` stay.
    fn settle_tone(&mut self) {
        if self.last.is_ascii() {
            return;
        }
        let mut back = self.out.chars().rev().skip(1);
        let (Some(glide), onset) = (back.next(), back.next()) else {
            return;
        };
        let Some((marked, bare)) = old_placement(glide, self.last) else {
            return;
        };
        if matches!(glide, 'u' | 'U') && matches!(onset, Some('q' | 'Q')) {
            return;
        }
        for text in [&mut self.out, &mut self.low] {
            text.pop();
            text.pop();
        }
        self.put(marked);
        self.put(bare);
    }
}

/// A syllable and its space, about.
const WORD_BYTES: usize = 5;

/// What one letter with all its marks may take; the rest starts anew.
const CLUSTER_BYTES_MAX: usize = 32;

fn old_placement(glide: char, vowel: char) -> Option<(char, char)> {
    const O: [(&str, &str); 2] = [("àáảãạèéẻẽẹ", "òóỏõọòóỏõọ"), ("ÀÁẢÃẠÈÉẺẼẸ", "ÒÓỎÕỌÒÓỎÕỌ")];
    const U: [(&str, &str); 2] = [("ỳýỷỹỵ", "ùúủũụ"), ("ỲÝỶỸỴ", "ÙÚỦŨỤ")];
    if vowel.is_ascii() {
        return None;
    }
    let tables = match glide {
        'o' | 'O' => &O,
        'u' | 'U' => &U,
        _ => return None,
    };
    let small_vowel = small(vowel);
    let index = tables[0].0.chars().position(|c| c == small_vowel)?;
    let marked = tables[usize::from(glide.is_uppercase())]
        .1
        .chars()
        .nth(index)?;
    let bare = match (glide, index) {
        ('o' | 'O', 0..=4) => 'a',
        ('o' | 'O', _) => 'e',
        _ => 'y',
    };
    let bare = if vowel.is_uppercase() {
        bare.to_ascii_uppercase()
    } else {
        bare
    };
    Some((marked, bare))
}

#[cfg(test)]
mod tests {
    use super::super::phrases::words;
    use super::*;

    #[track_caller]
    fn check(raw: &str, expected: &str) {
        assert_eq!(fold_cased(raw), expected);
    }

    #[test]
    fn two_spellings_of_one_word_read_alike() {
        for (raw, expected) in [
            ("Thanh Hoá", "Thanh Hóa"),
            ("KHÁNH HOÀ", "KHÁNH HÒA"),
            ("thuỷ điện, khoẻ", "thủy điện, khỏe"),
            ("THUỶ Loé", "THỦY Lóe"),
            ("quý quà hoàn ngoèo toàn", "quý quà hoàn ngoèo toàn"),
            ("Quy\u{301}", "Quý"),
            ("Tiê\u{301}ng Viê\u{323}t", "Tiếng Việt"),
            ("Hoa\u{300} Bi\u{300}nh", "Hòa Bình"),
            ("Ðắk Lắk, Ɖồng Nai", "Đắk Lắk, Đồng Nai"),
            ("Bà Rịa – Vũng\u{a0}\n Tàu", "Bà Rịa - Vũng Tàu"),
            ("Công ThươngVĩnh Long", "Công Thương Vĩnh Long"),
            ("“M’Drắk”", "\"M'Drắk\""),
            ("Hà\u{200b} Nội\u{feff}", "Hà Nội"),
            ("TP.HCM OCOP", "TP.HCM OCOP"),
        ] {
            check(raw, expected);
        }
    }

    #[test]
    fn a_place_in_the_reading_leads_back_to_the_field() {
        let title = "Thuỷ  sản “Hoà\u{300} Bình”";
        let text = "Sở Công ThươngVĩnh Long – thuỹ";
        let reading = Reading::new(title, text);
        let at = reading.lower.find("bình").unwrap();
        assert!(reading.in_title(at));
        assert_eq!(&title[reading.original(at)..][.."Bình".len()], "Bình");
        for word in ["Vĩnh", "Long", "Sở"] {
            let at = reading.cased.rfind(word).unwrap();
            assert!(!reading.in_title(at));
            assert_eq!(&text[reading.original(at)..][..word.len()], word);
        }
    }

    #[test]
    fn the_words_of_a_reading_are_those_of_its_text() {
        for (title, text) in [
            (
                "Thuỷ  sản “Hoà\u{300} Bình”",
                "Sở Công ThươngVĩnh Long – thuỹ",
            ),
            ("", ""),
            ("ocop2…", "(TP.HCM) 7hoà hoà7 x× e\u{301}\u{328} \u{200b}"),
            ("làng\u{301}", "\u{301} ĐÔNG HOÀ"),
        ] {
            let reading = Reading::new(title, text);
            assert_eq!(reading.words, words(&reading.lower), "{title} {text}");
        }
        for c in '\0'..='\u{ffff}' {
            let reading = Reading::new(&format!("hoà{c}thuỷ {c} Ơ{c}"), &format!("{c}a"));
            assert_eq!(reading.words, words(&reading.lower), "{c:?}");
        }
    }

    #[test]
    fn capitals_and_small_letters_share_their_offsets() {
        let reading = Reading::new("İSTANBUL ẞ K ỴĐƯƠNG", "ǅ");
        assert_eq!(reading.cased.len(), reading.lower.len());
        for (at, _) in reading.cased.char_indices() {
            assert!(reading.lower.is_char_boundary(at));
        }
    }

    #[test]
    fn a_letter_under_a_thousand_marks_is_read_in_time() {
        let reading = Reading::new(&format!("a{}", "\u{301}".repeat(100_000)), "");
        assert!(reading.cased.len() < 400_000);
    }
}
