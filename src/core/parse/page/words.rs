//! Words of a page: which are a title, which only lead on, and how they become HTML.

use super::super::markup::escape;

const TITLE_CHARS_MAX: usize = 500;

/// What links say that only lead on.
const LEADING_ON: [&str; 26] = [
    "xem thêm",
    "xem chi tiết",
    "chi tiết",
    "đọc tiếp",
    "xem tiếp",
    "xem tất cả",
    "xem toàn bộ",
    "đọc thêm",
    "tiếp theo",
    "trang sau",
    "trang trước",
    "sau",
    "trước",
    "bình luận",
    "chia sẻ",
    "read more",
    "more",
    "next",
    "previous",
    "xem ngay",
    "trang chủ",
    "đầu trang",
    "về đầu trang",
    "quay lại",
    "in bài viết",
    "gửi bình luận",
];

/// Runs of letters and digits with a letter among them.
pub(super) fn syllables(text: &str) -> usize {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.chars().any(char::is_alphabetic))
        .count()
}

pub(super) fn leads_on(text: &str) -> bool {
    let bare = text
        .trim_matches(|c: char| !c.is_alphanumeric())
        .to_lowercase();
    LEADING_ON.contains(&bare.as_str())
}

/// `text` as a title: once where it stands twice, none when it is none.
pub(super) fn title(text: &str) -> Option<String> {
    let text = once(text);
    let has_letter = text.chars().any(char::is_alphabetic);
    let is_short = text.chars().take(TITLE_CHARS_MAX + 1).count() <= TITLE_CHARS_MAX;
    (has_letter && is_short && !leads_on(text)).then(|| text.to_owned())
}

/// `X X` is `X`: the image's words and the heading's in one link.
fn once(text: &str) -> &str {
    let text = text.trim();
    let half = text.len() / 2;
    match (text.get(..half), text.get(half..)) {
        (Some(first), Some(second))
            if first.len() > 8 && second.strip_prefix(' ') == Some(first) =>
        {
            first
        }
        (Some(first), Some(second)) if first.trim() == second.trim() && first.len() > 8 => {
            first.trim()
        }
        _ => text,
    }
}

pub(super) fn is_cut(text: &str) -> bool {
    text.ends_with("...") || text.ends_with('…')
}

/// `Hà Nội: 15°C`.
pub(super) fn is_weather(text: &str) -> bool {
    let Some(sign) = text.find('°') else {
        return false;
    };
    let before = text[..sign].trim_end();
    let place =
        before.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '-' | '–' | ' '));
    place.len() < before.len() && syllables(place) <= 5
}

/// Whether `long` is what `cut` was cut from.
pub(super) fn completes(long: &str, cut: &str) -> bool {
    let stem = cut.trim_end_matches(['.', '…', ' ']);
    is_cut(cut) && long.len() > cut.len() && long.starts_with(stem)
}

/// Same letters and digits, whatever stands between.
pub(super) fn agree(one: &str, other: &str) -> bool {
    letters(one) == letters(other)
}

pub(super) fn letters(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Text as the HTML that a [`crate::core::model::ParsedItem`] holds.
pub(in crate::core::parse) fn html(text: &str) -> String {
    escape(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weather_of_a_place_is_no_news() {
        assert!(is_weather("TP Hồ Chí Minh: 23°C TP Hồ Chí Minh"));
        assert!(is_weather("Hà Nội 15 - 22 °C"));
        assert!(!is_weather(
            "Nắng nóng gay gắt ở miền Trung, có nơi trên 39°C"
        ));
    }

    #[test]
    fn a_title_printed_twice_is_taken_once() {
        let twice = "Lũ lớn ở Quảng Trị Lũ lớn ở Quảng Trị";
        assert_eq!(title(twice).as_deref(), Some("Lũ lớn ở Quảng Trị"));
        assert_eq!(title("Ngày ngày").as_deref(), Some("Ngày ngày"));
        assert_eq!(title("Xem thêm »"), None);
        assert_eq!(title("12/11"), None);
    }
}
