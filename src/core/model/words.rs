use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// Words as an administrator means them in a rule: in any case, whole syllables with their marks, whatever
/// stands between them, and `hòa` as good as `hoà`.
///
/// Holds them in lower case with one blank before, between and after, so that whole syllables are found
/// wherever the blanks are part of what is looked for; no word at all is one blank.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Words(String);

/// Where the tone stands in `oa`, `oe` and `uy` is a matter of style.
const STYLES: [(&str, &str); 15] = [
    ("òa", "oà"),
    ("óa", "oá"),
    ("ỏa", "oả"),
    ("õa", "oã"),
    ("ọa", "oạ"),
    ("òe", "oè"),
    ("óe", "oé"),
    ("ỏe", "oẻ"),
    ("õe", "oẽ"),
    ("ọe", "oẹ"),
    ("ùy", "uỳ"),
    ("úy", "uý"),
    ("ủy", "uỷ"),
    ("ũy", "uỹ"),
    ("ụy", "uỵ"),
];

impl Words {
    pub fn of(raw: &str) -> Words {
        let lower: String = raw.nfc().flat_map(char::to_lowercase).nfc().collect();
        let mut folded = String::with_capacity(lower.len() + 2);
        for word in lower.split(|c: char| !c.is_alphanumeric()) {
            if !word.is_empty() {
                folded.push(' ');
                folded.push_str(word);
            }
        }
        folded.push(' ');
        for (old, new) in STYLES {
            if folded.contains(old) {
                folded = folded.replace(old, new);
            }
        }
        Words(folded)
    }

    pub fn is_empty(&self) -> bool {
        self.0 == " "
    }

    /// Whether these words hold those, one after the other; no word is found nowhere.
    pub fn hold(&self, others: &Words) -> bool {
        !others.is_empty() && self.0.contains(&others.0)
    }

    /// With a blank on either side.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, words: &str, expected: bool) {
        assert_eq!(
            Words::of(text).hold(&Words::of(words)),
            expected,
            "{words:?} in {text:?}"
        );
    }

    #[test]
    fn words_are_found_whole_with_their_marks_and_in_any_case() {
        for (text, words, expected) in [
            ("QUẢNG CÁO: bán đất nền", "quảng cáo", true),
            ("quang-cao", "Quang cao", true),
            ("Quang cảnh cao nguyên", "quang cao", false),
            ("Quảng Cáo", "quang cao", false),
            ("quảng cáoo", "quảng cáo", false),
            ("(quảng – cáo)", "quảng cáo", true),
            ("Qua\u{309}ng ca\u{301}o", "quảng cáo", true),
            ("Khánh Hòa", "khánh hoà", true),
            ("Thuỷ lợi", "thủy lợi", true),
            ("Hội Hoàn Mỹ", "hoà", false),
            ("ĐẶC SẢN", "đặc sản", true),
            ("bất cứ gì", "", false),
            ("100 %", "%", false),
            ("", "a", false),
        ] {
            check(text, words, expected);
        }
    }

    #[test]
    fn marks_alone_are_no_words() {
        assert!(Words::of("– … !").is_empty());
        assert!(!Words::of("4.0").is_empty());
    }
}
