//! The zone of dates that name none, where the administrator named none either.
//!
//! Such dates are in Vietnamese time, unless the answer is evidently from elsewhere: none of its addresses is
//! below `.vn`, no Vietnamese word is in it, it does not say that it is in Vietnamese, and it either says that
//! it is in another language or has words enough to tell. Then they are in UTC, as everywhere else.

use crate::core::model::SourceRules;

/// So many letters without a Vietnamese one among them are another language.
const LETTERS_MIN: usize = 200;

/// How many bytes of words are looked through for a Vietnamese letter.
const WORDS_BYTES_MAX: usize = 64 * 1024;

/// What an answer shows of where it is from.
#[derive(Debug, Default)]
pub(super) struct Signs {
    is_vietnamese: bool,
    says_otherwise: bool,
    letters: usize,
    words_bytes: usize,
}

impl Signs {
    /// Where the answer was, or what it leads to.
    pub(super) fn address(&mut self, raw: &str) {
        let host = raw.split_once("://").map_or("", |(_, rest)| rest);
        let end = host.find(['/', '?', '#', ':']).unwrap_or(host.len());
        let host = &host.as_bytes()[..end];
        self.is_vietnamese |= host.len() > 3 && host[host.len() - 3..].eq_ignore_ascii_case(b".vn");
    }

    /// The language the answer says it is in.
    pub(super) fn language(&mut self, tag: &str) {
        let first = tag.split(['-', '_']).next().unwrap_or("").trim();
        let is_vietnamese = first.eq_ignore_ascii_case("vi");
        self.is_vietnamese |= is_vietnamese;
        self.says_otherwise |= !is_vietnamese && !first.is_empty();
    }

    pub(super) fn words(&mut self, words: &str) {
        if self.is_vietnamese || self.words_bytes >= WORDS_BYTES_MAX {
            return;
        }
        self.words_bytes += words.len();
        for c in words.chars().take(WORDS_BYTES_MAX) {
            self.letters += usize::from(c.is_alphabetic());
            if is_vietnamese(c) {
                self.is_vietnamese = true;
                return;
            }
        }
        // `Qu&#7843;ng Tr&#7883;`: escaped once more, as newsrooms' editors leave it.
        self.is_vietnamese = words.match_indices("&#").any(|(at, sign)| {
            let digits = words[at + sign.len()..].split(';').next().unwrap_or("");
            digits
                .parse()
                .ok()
                .and_then(char::from_u32)
                .is_some_and(is_vietnamese)
        });
    }

    /// Nothing more can change the answer.
    pub(super) fn is_settled(&self) -> bool {
        self.is_vietnamese || self.words_bytes >= WORDS_BYTES_MAX
    }

    /// Seconds east of UTC.
    pub(super) fn offset_s(&self) -> i32 {
        let is_foreign = self.says_otherwise || self.letters >= LETTERS_MIN;
        if is_foreign && !self.is_vietnamese {
            0
        } else {
            SourceRules::VIETNAM_OFFSET_S
        }
    }
}

/// A letter that no language has but Vietnamese, as far as feeds go.
fn is_vietnamese(c: char) -> bool {
    matches!(c, 'ơ' | 'Ơ' | 'ư' | 'Ư' | '\u{1ea0}'..='\u{1ef9}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENGLISH: &str = "The river rose above the third alarm level this morning and several low-lying communes were cut off. ";

    fn signs(address: &str, language: &str, words: &str) -> Signs {
        let mut signs = Signs::default();
        signs.address(address);
        signs.language(language);
        signs.words(words);
        signs
    }

    #[test]
    fn what_is_evidently_foreign_is_in_utc_and_nothing_else() {
        let long = ENGLISH.repeat(3);
        let long_with_name = format!("{long} Quảng Trị");
        let long_escaped = format!("{long} Qu&#7843;ng Tr&#7883;");
        let long_german = "Der Fluß stieg über die dritte Alarmstufe, und mehrere tief liegende Gemeinden waren abgeschnitten; für die Straßen gilt weiter höchste Vorsicht, teilten die Behörden am Morgen mit, und auch für Brücken und Fähren soll sie bis zum Ende der Woche gelten.".to_owned();
        for (address, language, words, hours) in [
            ("https://example.com/rss", "", long.as_str(), 0),
            ("https://example.com/rss", "", &long_german, 0),
            ("https://example.com/rss", "en-us", "Flood", 0),
            ("https://example.com/rss", "", "Flood", 7),
            ("https://example.com/rss", "", "", 7),
            ("https://example.com/rss", "vi", "Flood", 7),
            ("https://example.com/rss", "VI_vn", &long, 7),
            // A CMS that says en-us of everything.
            ("https://example.com/rss", "en-us", &long_with_name, 7),
            ("https://example.com/rss", "", &long_escaped, 7),
            // The English edition of a Vietnamese newsroom.
            ("https://en.baolangnghe.vn/rss", "en", &long, 7),
            ("http://BaoLangNghe.VN:8080", "en", &long, 7),
            ("https://example.com/a.vn/", "en", &long, 0),
        ] {
            let offset_s = signs(address, language, words).offset_s();
            assert_eq!(offset_s, hours * 3600, "{address} {language:?} {words:?}");
        }
    }
}
