//! What a text says of a document besides its number: its kind and its year.
//!
//! Both are read where they are shown and stored nowhere: the kind is in the number's own letters, the year in the
//! number or in the date beside it. A guess is none: what is only near a number says nothing of it.

use serde::Serialize;
use unicode_normalization::UnicodeNormalization;

use super::Reference;

/// What is known of a document; what is not known is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct DocumentFacts {
    /// `Quyết định`
    pub kind: Option<&'static str>,
    /// In which it was issued.
    pub year: Option<u16>,
}

impl DocumentFacts {
    /// What the letters and digits of a number say by themselves: `45/2012/NĐ-CP`.
    pub fn of_number(label: &str) -> DocumentFacts {
        let letters = label.split(['/', '-']).find_map(|part| {
            let kind = KINDS.iter().find(|(letters, _)| *letters == part);
            kind.map(|(_, kind)| *kind)
        });
        let mut parts = label.split('/').skip(1);
        DocumentFacts {
            kind: letters,
            year: parts.next().and_then(as_year),
        }
    }

    /// The document as people name it: `Quyết định 1881/QĐ-TTg (2020)`; a year that the number tells is not told again.
    pub fn name(self, label: &str) -> String {
        let known = DocumentFacts::of_number(label);
        let kind = self.kind.or(known.kind);
        let kind = kind.map_or_else(String::new, |kind| format!("{kind} "));
        let year = self.year.filter(|_| known.year.is_none());
        let year = year.map_or_else(String::new, |year| format!(" ({year})"));
        format!("{kind}{label}{year}")
    }

    /// This, and what `other` knows besides.
    #[must_use]
    pub fn or(self, other: DocumentFacts) -> DocumentFacts {
        DocumentFacts {
            kind: self.kind.or(other.kind),
            year: self.year.or(other.year),
        }
    }
}

/// As they stand in a label, and what people call it.
const KINDS: [(&str, &str); 23] = [
    ("NĐ", "Nghị định"),
    ("NQ", "Nghị quyết"),
    ("QĐ", "Quyết định"),
    ("TTLT", "Thông tư liên tịch"),
    ("TT", "Thông tư"),
    ("CT", "Chỉ thị"),
    ("KH", "Kế hoạch"),
    ("TB", "Thông báo"),
    ("CĐ", "Công điện"),
    ("TTr", "Tờ trình"),
    ("TTR", "Tờ trình"),
    ("BC", "Báo cáo"),
    ("HD", "Hướng dẫn"),
    ("PL", "Pháp lệnh"),
    ("VBHN", "Văn bản hợp nhất"),
    ("GP", "Giấy phép"),
    ("KL", "Kết luận"),
    ("CTr", "Chương trình"),
    ("CTR", "Chương trình"),
    ("ĐA", "Đề án"),
    ("QC", "Quy chế"),
    ("TTg", "Công văn"),
    ("TTG", "Công văn"),
];

/// The kinds whose numbers say only which assembly passed them, in small letters; the longer before its end.
const ASSEMBLY_KINDS: [(&str, &str); 4] = [
    ("bộ luật", "Bộ luật"),
    ("luật", "Luật"),
    ("nghị quyết", "Nghị quyết"),
    ("pháp lệnh", "Pháp lệnh"),
];

/// Of the text before and behind a number: a clause.
const BESIDE_BYTES_MAX: usize = 200;
/// Between a number and its date: `của Thủ tướng Chính phủ`.
const ISSUER_CHARS_MAX: usize = 60;

/// What a text says of the document it names there.
pub(in crate::core::tag) fn facts(text: &str, reference: &Reference) -> DocumentFacts {
    let known = DocumentFacts::of_number(&reference.label);
    let before = || {
        let from = text.floor_char_boundary(reference.at.saturating_sub(BESIDE_BYTES_MAX));
        let before = small(&text[from..reference.at]);
        let clause = before.rsplit([';', '.', '!', '?', '\n']).next();
        clause.unwrap_or_default().to_owned()
    };
    let behind = || {
        let to = text.floor_char_boundary(reference.end.saturating_add(BESIDE_BYTES_MAX));
        small(&text[reference.end..to])
    };
    DocumentFacts {
        kind: known.kind.or_else(|| assembly_kind(&before())),
        year: known
            .year
            .or_else(|| year_behind(&behind()))
            .or_else(|| year_before(&before())),
    }
}

pub(super) fn small(text: &str) -> String {
    text.nfc().flat_map(char::to_lowercase).collect()
}

/// The last that is named: `Luật Đất đai số 31/2024/QH15`.
fn assembly_kind(before: &str) -> Option<&'static str> {
    let found = ASSEMBLY_KINDS.iter().filter_map(|(words, kind)| {
        let at = before.rfind(words)?;
        Some((at + words.len(), std::cmp::Reverse(at), *kind))
    });
    found.max().map(|(_, _, kind)| kind)
}

/// `ngày 20/11/2020`, `của Thủ tướng Chính phủ ngày 20 tháng 11 năm 2020`, `năm 2020`.
fn year_behind(behind: &str) -> Option<u16> {
    let rest = behind.trim_start_matches([' ', '\u{a0}', ',', '(', ':']);
    if let Some(year) = rest.strip_prefix("năm ").and_then(leading_year) {
        return Some(year);
    }
    let at = rest.find("ngày ")?;
    let between = &rest[..at];
    let is_issuer = ["của ", "do "].iter().any(|of| between.starts_with(of))
        && between.chars().count() <= ISSUER_CHARS_MAX
        && !between.contains([';', '.', '/', '\n'])
        && !NOT_ISSUED.iter().any(|words| between.contains(words));
    let is_beside = ["", "ký ", "ban hành "].contains(&between);
    (is_beside || is_issuer).then(|| dated(&rest[at..]))?
}

/// Before a date that is another than that of issue.
const NOT_ISSUED: [&str; 8] = [
    " từ ",
    " đến ",
    " trước ",
    " sau ",
    " vào ",
    " về ",
    " số ",
    "hiệu lực",
];

/// `Ngày 20/11/2020, Thủ tướng Chính phủ đã ký ban hành Quyết định số`
fn year_before(before: &str) -> Option<u16> {
    let at = before.rfind("ngày ")?;
    let date = &before[at..];
    let clause = date.trim_end_matches([' ', ':', '(']);
    let clause = clause.strip_suffix("số").unwrap_or(clause).trim_end();
    let named = KINDS
        .iter()
        .map(|(_, kind)| kind.to_lowercase())
        .find_map(|kind| clause.strip_suffix(&kind).map(str::len))?;
    let clause = clause[..named].trim_end();
    let is_issued = ["ban hành", "ký", "có", "ra"]
        .iter()
        .any(|verb| clause.ends_with(&format!(" {verb}")));
    let told = clause.find(',').is_some_and(|comma| {
        clause[comma..].chars().count() <= ISSUER_CHARS_MAX && !clause[..comma].contains("đến")
    });
    (is_issued && told).then(|| dated(date))?
}

/// The year of `ngày 20/11/2020`, `ngày 20-11-2020`, `ngày 20 tháng 11 năm 2020`.
fn dated(date: &str) -> Option<u16> {
    let rest = date.strip_prefix("ngày ")?.trim_start();
    let rest = number(rest, 2)?;
    let rest = separator(rest, "tháng")?;
    let rest = number(rest, 2)?;
    leading_year(separator(rest, "năm")?)
}

fn number(text: &str, digits_max: usize) -> Option<&str> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    (1..=digits_max).contains(&digits).then(|| &text[digits..])
}

fn separator<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    if let Some(rest) = text.strip_prefix(['/', '-', '.']) {
        return Some(rest);
    }
    Some(text.trim_start().strip_prefix(word)?.trim_start())
}

fn leading_year(text: &str) -> Option<u16> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    as_year(&text[..digits])
}

/// From the first decree of the state to the end of this century.
fn as_year(digits: &str) -> Option<u16> {
    let is_year = digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit());
    let year: u16 = digits.parse().ok().filter(|_| is_year)?;
    (1945..=2099).contains(&year).then_some(year)
}

#[cfg(test)]
mod tests {
    use super::super::references;
    use super::*;

    #[track_caller]
    fn check(text: &str, kind: Option<&str>, year: Option<u16>) {
        for text in [text.to_owned(), text.nfd().collect()] {
            let references = references(&text);
            let [reference] = references.as_slice() else {
                panic!("{references:?} in {text}");
            };
            let found = facts(&text, reference);
            assert_eq!((found.kind, found.year), (kind, year), "{text}");
        }
    }

    #[test]
    fn the_kind_is_in_the_letters() {
        for (number, kind) in [
            ("45/2012/NĐ-CP", "Nghị định"),
            ("1881/QĐ-TTg", "Quyết định"),
            ("1881/QD-TTg", "Quyết định"),
            ("306/NQ-CP", "Nghị quyết"),
            ("38/2023/TT-BCT", "Thông tư"),
            ("01/2017/TTLT-VKSNDTC-TANDTC", "Thông tư liên tịch"),
            ("05-CT/TU", "Chỉ thị"),
            ("60-NQ/TW", "Nghị quyết"),
            ("17/KH-UBND", "Kế hoạch"),
            ("330/TB-VPCP", "Thông báo"),
            ("23/CĐ-TTg", "Công điện"),
            ("12/TTr-UBND", "Tờ trình"),
            ("5/VBHN-BTC", "Văn bản hợp nhất"),
        ] {
            let facts = DocumentFacts::of_number(&references(number)[0].label);
            assert_eq!(facts.kind, Some(kind), "{number}");
        }
        assert_eq!(DocumentFacts::of_number("31/2024/QH15").kind, None);
    }

    #[test]
    fn what_an_assembly_passed_is_what_the_text_calls_it() {
        for (text, kind) in [
            ("Luật Đất đai số 31/2024/QH15", Some("Luật")),
            ("theo Bộ luật Lao động số 45/2019/QH14", Some("Bộ luật")),
            (
                "Nghị quyết số 202/2025/QH15 hướng dẫn Luật này",
                Some("Nghị quyết"),
            ),
            ("Luật Thủ đô; văn bản 202/2025/QH15", None),
            ("(202/2025/QH15)", None),
        ] {
            let year = DocumentFacts::of_number(&references(text)[0].label).year;
            check(text, kind, year);
        }
    }

    #[test]
    fn the_year_is_in_the_number_or_in_the_date_beside_it() {
        for (text, year) in [
            ("Nghị định 45/2012/NĐ-CP ngày 1/7/2014", Some(2012)),
            ("Quyết định số 1881/QĐ-TTg ngày 20/11/2020", Some(2020)),
            ("Quyết định 1881/QĐ-TTg (ngày 20-11-2020)", Some(2020)),
            (
                "1881/QĐ-TTg, ngày 20 tháng 11 năm 2020 của Thủ tướng",
                Some(2020),
            ),
            (
                "1881/QĐ-TTg của Thủ tướng Chính phủ ngày 20.11.2020",
                Some(2020),
            ),
            ("1881/QĐ-TTg năm 2020 của Thủ tướng", Some(2020)),
            (
                "Ngày 20/11/2020, Thủ tướng đã ký Quyết định số 1881/QĐ-TTg về",
                Some(2020),
            ),
            (
                "Ngày 20/11/2020, UBND tỉnh ban hành Quyết định 1881/QĐ-UBND",
                Some(2020),
            ),
        ] {
            let kind = match text.contains("NĐ") {
                true => "Nghị định",
                false => "Quyết định",
            };
            check(text, Some(kind), year);
        }
    }

    #[test]
    fn a_document_is_named_by_kind_number_and_year() {
        for (label, kind, year, name) in [
            (
                "1881/QĐ-TTg",
                None,
                Some(2020),
                "Quyết định 1881/QĐ-TTg (2020)",
            ),
            ("1881/QĐ-TTg", None, None, "Quyết định 1881/QĐ-TTg"),
            ("45/2012/NĐ-CP", None, Some(2012), "Nghị định 45/2012/NĐ-CP"),
            ("31/2024/QH15", Some("Luật"), None, "Luật 31/2024/QH15"),
            ("31/2024/QH15", None, None, "31/2024/QH15"),
        ] {
            assert_eq!(DocumentFacts { kind, year }.name(label), name);
        }
    }

    #[test]
    fn another_date_is_not_that_of_the_document() {
        for text in [
            "1881/QĐ-TTg",
            "1881/QĐ-TTg có hiệu lực từ ngày 1/1/2021",
            "1881/QĐ-TTg của Thủ tướng có hiệu lực từ ngày 1/1/2021",
            "1881/QĐ-TTg. Ngày 5/3/2026, UBND tỉnh họp",
            "1881/QĐ-TTg; ngày 5/3/2026",
            "1881/QĐ-TTg ngày 20/11",
            "1881/QĐ-TTg ngày 20/11/20201",
            "1881/QĐ-TTg giai đoạn năm 2021 - 2025",
            "Ngày 5/3/2026, UBND tỉnh tổ chức hội nghị triển khai Quyết định 1881/QĐ-TTg",
            "Từ ngày 1/7/2025 Quyết định 1881/QĐ-TTg",
            "Ngày 5/3/2026, sở họp. Bộ ban hành Quyết định 1881/QĐ-TTg",
            "năm 2026 sẽ sơ kết 1881/QĐ-TTg",
        ] {
            check(text, Some("Quyết định"), None);
        }
    }
}
