//! What stands around a name, and what it makes of it.
//!
//! Owns the words that turn a name into a place, a person, a street or a club, and the reading of capitals.
//! It knows no name of a province itself.

use super::phrases::{Found, is_word};
use super::reading::{Reading, lower};

pub(super) const DISTRICT_WORDS: &[&str] = &[
    "huyện",
    "thị xã",
    "quận",
    "thành phố",
    "tp",
    "tx",
    "huyện đảo",
    "huyện ủy",
    "thị ủy",
    "quận ủy",
    "huyện đoàn",
    "h",
    "q",
    "khu kinh tế",
    "kkt",
];

pub(super) const COMMUNE_WORDS: &[&str] = &["xã", "phường", "đặc khu", "thị trấn"];

/// Words before a doubtful name after which it can only be a place.
const PLACE_WORDS: &[&str] = &[
    "tỉnh",
    "thành phố",
    "tp",
    "thị xã",
    "huyện",
    "ở",
    "tại",
    "từ",
    "về",
    "đến",
    "quê",
    "và",
    "ubnd",
    "hđnd",
    "sở",
    "công an",
    "tỉnh ủy",
    "thành ủy",
    "tỉnh đoàn",
    "đoàn",
    "báo",
    "đài",
    "bệnh viện đa khoa",
    "thủy điện",
    "hồ",
    "cục thuế",
    "quản lý thị trường",
    "nhân dân",
    "người dân",
    "khuyến công",
    "du lịch",
];

/// Words before a name after which it is a smaller thing of that name.
const NAMESAKE_WORDS: &[&str] = &[
    "đường",
    "xã",
    "phường",
    "thị trấn",
    "thôn",
    "ấp",
    "hẻm",
    "ngõ",
    "ngách",
    "clb",
    "câu lạc bộ",
    "u17",
    "u19",
    "u21",
    "u23",
    "xóm",
];

/// Words that turn one of [`NAMESAKE_WORDS`] into something else: `thị xã`, `con đường`.
const NAMESAKE_FOREWORDS: &[&str] = &["thị", "con", "tuyến", "tuyến đường", "trên", "quãng", "các"];

const SURNAMES: &[&str] = &[
    "Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Huỳnh", "Phan", "Vũ", "Võ", "Đặng", "Bùi", "Đỗ",
    "Ngô", "Dương", "Lý", "Trịnh", "Đinh", "Đoàn", "Trương", "Tạ", "Thị", "Văn",
];

const PERSON_WORDS: &[&str] = &["ông", "bà", "chị", "cô", "anh", "em", "cháu", "bé"];

/// A phrase in its surroundings.
pub(super) struct Here<'r> {
    words: &'r str,
    /// In lower case, up to and from the phrase.
    before: &'r str,
    cased_before: &'r str,
    cased_after: &'r str,
    is_at_title_start: bool,
}

impl<'r> Here<'r> {
    pub fn new(reading: &'r Reading, found: Found) -> Here<'r> {
        Here {
            words: &reading.cased[found.start..found.end],
            before: &reading.lower[..found.start],
            cased_before: &reading.cased[..found.start],
            cased_after: &reading.cased[found.end..],
            is_at_title_start: found.start == 0,
        }
    }

    pub fn has_capitals_of(&self, spelling: &str) -> bool {
        let mut inside = false;
        self.words
            .chars()
            .zip(spelling.chars())
            .all(|(here, wanted)| {
                let starts = !inside;
                inside = is_word(wanted);
                !(starts && wanted.is_uppercase()) || here.is_uppercase()
            })
    }

    /// Whether one of these words stands right before, a dot or a space between.
    pub fn is_behind(&self, words: &[&str]) -> bool {
        let before = self.before.trim_end_matches([' ', '.', '\u{1}']);
        before.len() < self.before.len() && ends_with_one(before, words)
    }

    pub fn is_shouted(&self) -> bool {
        !self.words.chars().any(char::is_lowercase)
    }

    pub fn is_said_of_a_place(&self) -> bool {
        let after = self.cased_after.trim_start();
        let bracketed = self.before.ends_with('(') && after.starts_with(')');
        let listed = self.before.ends_with(", ") && !after.starts_with('-');
        let heads = self.is_at_title_start && after.starts_with(':');
        bracketed || listed || heads || self.is_behind(PLACE_WORDS)
    }

    /// `Thủ đô` in `Thủ đô Paris`: a common word with another name behind it.
    pub fn runs_into_a_name(&self, spelling: &str) -> bool {
        let ends_small = spelling
            .rsplit(' ')
            .next()
            .is_some_and(|word| word.starts_with(char::is_lowercase));
        ends_small
            && self
                .cased_after
                .strip_prefix(' ')
                .is_some_and(|after| after.starts_with(char::is_uppercase))
    }

    pub fn is_somebody_or_street(&self) -> bool {
        let Some(before) = self.cased_before.strip_suffix(' ') else {
            return false;
        };
        let follows = self.cased_after.trim_start();
        if follows.starts_with("FC") {
            return true;
        }
        if ends_with_one(before, SURNAMES) {
            let earlier = before.rsplit(' ').nth(1).map(lower);
            return !matches!(earlier.as_deref(), Some("đền" | "nhà" | "thời" | "khu"));
        }
        if !self.words.contains(' ') && ends_with_one(self.before.trim_end(), PERSON_WORDS) {
            return true;
        }
        let is_route = follows.starts_with('-') || follows.starts_with("đi ");
        let small = self.before.trim_end();
        NAMESAKE_WORDS
            .iter()
            .filter(|_| !is_route)
            .filter_map(|word| cut_word(small, word))
            .any(|earlier| !ends_with_one(earlier.trim_end(), NAMESAKE_FOREWORDS))
    }
}

fn ends_with_one(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| cut_word(text, word).is_some())
}

/// What stands before `word` where the text ends in it.
fn cut_word<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    let earlier = text.strip_suffix(word)?;
    (!earlier.chars().next_back().is_some_and(is_word)).then_some(earlier)
}
