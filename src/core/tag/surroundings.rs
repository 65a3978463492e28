//! What stands around a name, and what it makes of it.
//!
//! Owns the words that turn a name into a place, a person, a street, a paper or a club, and the reading of capitals.
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
    "clb bóng đá",
    "câu lạc bộ",
    "câu lạc bộ bóng đá",
    "fc",
    "u17",
    "u19",
    "u21",
    "u23",
    "xóm",
];

/// Words that turn one of [`NAMESAKE_WORDS`] into something else: `thị xã`, `con đường`.
const NAMESAKE_FOREWORDS: &[&str] = &["thị", "con", "tuyến", "tuyến đường", "trên", "quãng", "các"];

/// Words before `phố` where it is a town's streets and no street of that name.
const TOWN_FOREWORDS: &[&str] = &[
    "thành",
    "đường",
    "khu",
    "góc",
    "dãy",
    "trên",
    "các",
    "những",
    "con",
    "tuyến",
    "dọc",
    "khắp",
    "xuống",
    "ra",
    "dạo",
    "lòng",
    "giữa",
];

const PAPER_WORDS: &[&str] = &[
    "báo",
    "báo điện tử",
    "báo và phát thanh, truyền hình",
    "báo và phát thanh - truyền hình",
    "báo và phát thanh truyền hình",
    "báo và đài phát thanh, truyền hình",
    "báo và đài phát thanh - truyền hình",
    "báo và đài phát thanh truyền hình",
];

/// Words that turn `báo` into something else: `cảnh báo`, `họp báo`.
const PAPER_FOREWORDS: &[&str] = &[
    "nhà", "họp", "cảnh", "dự", "thông", "tình", "mật", "quả", "khai", "trình", "điện",
];

/// They end no name of a place.
const SURNAMES: &[&str] = &[
    "Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Phan", "Đặng", "Bùi", "Đỗ", "Trịnh", "Trương", "Thị",
    "Văn",
];

/// They end names of places too: `Đông Hà`, `Gia Lâm`, `Sơn Dương`.
const SURNAMES_IN_PLACES: &[&str] = &[
    "Hoàng", "Vũ", "Võ", "Ngô", "Dương", "Lý", "Đinh", "Đoàn", "Tạ", "Lương", "Phùng", "Đào",
    "Mai", "Cao", "Hồ", "Tô", "Lưu", "Lâm", "Hà", "Chu", "Tống", "Đàm", "Quách", "Kiều", "Thân",
    "Vương", "Triệu", "Bạch", "Nghiêm", "Doãn", "Khổng", "Hứa", "Mạc", "Tăng", "Lã",
];

/// Between a surname and a given name; none that a surname makes a place of (`Mai Châu`, `Lâm Hà`).
const MIDDLE_NAMES: &[&str] = &[
    "Ngọc", "Đức", "Thanh", "Minh", "Thu", "Hữu", "Xuân", "Hồng", "Kim", "Quốc", "Công", "Đình",
    "Anh", "Bảo", "Gia", "Khánh", "Phương", "Thùy", "Thúy", "Tuấn", "Trọng", "Viết", "Duy", "Thế",
    "Bá", "Như", "Nhật", "Việt", "Diệu", "Bích", "Ánh", "Tiến", "Mạnh", "Chí", "Huy", "Phúc",
    "Cẩm", "Mỹ", "Tường", "Quang", "Hoàng", "Nguyên", "Khắc", "Đăng", "Trung", "Quý", "Tấn",
    "Vĩnh",
];

/// Words before a surname that make it the name of something else: `nhà Trần`, `Tỉnh Đoàn`, `sông Hồ`.
const SURNAME_FOREWORDS: &[&str] = &[
    "đền",
    "nhà",
    "thời",
    "khu",
    "tỉnh",
    "thành",
    "huyện",
    "quận",
    "sông",
    "suối",
    "núi",
    "đèo",
    "cầu",
    "chợ",
    "làng",
    "thôn",
    "xã",
    "phường",
    "đường",
    "phố",
    "trường",
    "chùa",
    "đình",
    "ga",
];

const PERSON_WORDS: &[&str] = &["ông", "bà", "chị", "cô", "anh", "em", "cháu", "bé"];

/// Those of [`PERSON_WORDS`] that a name of two syllables may follow.
const ADDRESSES: &[&str] = &["ông", "bà", "chị", "cô", "anh"];

/// They may be of a place as well: `nghệ sĩ Hà Nội`.
const ARTISTS: &[&str] = &[
    "ca sĩ",
    "diễn viên",
    "mc",
    "nghệ sĩ",
    "nhạc sĩ",
    "họa sĩ",
    "hoa hậu",
    "á hậu",
    "người mẫu",
];

/// Words before one of these after which it is nobody's: `các anh`, `đàn ông`, `tiếng Anh`, `chùa Bà`.
const PERSON_FOREWORDS: &[&str] = &[
    "các",
    "những",
    "nhiều",
    "mấy",
    "hai",
    "ba",
    "đội ngũ",
    "hội",
    "đoàn",
    "nhóm",
    "đàn",
    "quý",
    "cụ",
    "thầy",
    "chị",
    "anh",
    "tiếng",
    "nước",
    "quốc",
    "người",
    "chùa",
    "núi",
    "miếu",
    "đền",
];

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

    /// Whether the name is part of another: a person's, a street's, a paper's, a club's.
    pub fn is_of_something_else(&self) -> bool {
        if begins_with_word(self.cased_after.trim_start(), "FC") {
            return true;
        }
        if !self.before.ends_with(' ') {
            return false;
        }
        self.is_of_a_family() || self.is_addressed() || self.is_a_paper() || self.is_a_namesake()
    }

    /// `Nguyễn Ngọc` before `Hà Giang`, in lower case: a person, if it is not a place.
    pub fn surname_and_middle_name(&self) -> Option<&'r str> {
        let before = self.cased_before.strip_suffix(' ')?;
        let (rest, middle) = before.rsplit_once(' ')?;
        let surname = [SURNAMES, SURNAMES_IN_PLACES]
            .into_iter()
            .flatten()
            .find(|surname| cut_word(rest, surname).is_some())?;
        let earlier = last_word(&rest[..rest.len() - surname.len()]);
        let is_name =
            MIDDLE_NAMES.contains(&middle) && !SURNAME_FOREWORDS.contains(&lower(earlier).as_str());
        is_name.then(|| &self.before[rest.len() - surname.len()..before.len()])
    }

    /// `ca sĩ Hà Giang`, where people are called so.
    pub fn is_an_artist(&self) -> bool {
        self.is_behind_person(ARTISTS)
    }

    /// `Hồ Thái Bình` at the head of a sentence: a person or a lake.
    pub fn is_of_a_lake_or_family(&self) -> bool {
        cut_word(self.cased_before.trim_end(), "Hồ").is_some_and(opens_a_sentence)
    }

    /// `phố Bắc Ninh`; what is a town's own is `thành phố`, `đường phố`.
    pub fn is_a_street(&self) -> bool {
        cut_word(self.before.trim_end(), "phố")
            .is_some_and(|earlier| !ends_with_one(earlier.trim_end(), TOWN_FOREWORDS))
    }

    /// Behind a surname that is not the end of another name.
    fn is_of_a_family(&self) -> bool {
        let before = self.cased_before.trim_end_matches(' ');
        let cut = |surnames: &[&str]| surnames.iter().find_map(|name| cut_word(before, name));
        if let Some(earlier) = cut(SURNAMES) {
            return !SURNAME_FOREWORDS.contains(&lower(last_word(earlier)).as_str());
        }
        let Some(earlier) = cut(SURNAMES_IN_PLACES) else {
            return false;
        };
        // A lake heads a sentence more often than a person of that surname.
        if before.ends_with("Hồ") && opens_a_sentence(earlier) {
            return false;
        }
        let word = last_word(earlier);
        let small = lower(word);
        let is_capital = word.starts_with(char::is_uppercase) && !PERSON_WORDS.contains(&&*small);
        let is_acronym = word.chars().nth(1).is_some_and(char::is_uppercase);
        let is_surname = SURNAMES.contains(&word);
        let ends_a_name = is_capital && !is_acronym && !is_surname || word == "-";
        !ends_a_name && !SURNAME_FOREWORDS.contains(&&*small)
    }

    fn is_addressed(&self) -> bool {
        match self.words.matches(' ').count() {
            0 => self.is_behind_person(PERSON_WORDS),
            1 => self.is_behind_person(ADDRESSES),
            _ => false,
        }
    }

    /// A capital inside a sentence makes it a name: `Đông Anh`, `chùa Bà`.
    fn is_behind_person(&self, words: &[&str]) -> bool {
        let small = self.before.trim_end();
        words
            .iter()
            .filter_map(|word| cut_word(small, word))
            .any(|earlier| {
                let word = &self.cased_before[earlier.len()..small.len()];
                let is_common = word.starts_with(char::is_lowercase)
                    || word == "MC"
                    || opens_a_sentence(earlier);
                is_common && !ends_with_one(earlier.trim_end(), PERSON_FOREWORDS)
            })
    }

    /// `Báo Đà Nẵng`, `theo báo Đà Nẵng`.
    fn is_a_paper(&self) -> bool {
        let small = self.before.trim_end();
        PAPER_WORDS
            .iter()
            .filter_map(|word| cut_word(small, word))
            .any(|earlier| {
                let is_capital = self.cased_before[earlier.len()..].starts_with('B');
                let earlier = earlier.trim_end();
                let is_named = is_capital && !ends_with_one(earlier, PAPER_FOREWORDS);
                is_named || ends_with_one(earlier, &["theo"])
            })
    }

    fn is_a_namesake(&self) -> bool {
        let follows = self.cased_after.trim_start();
        let is_route = follows.starts_with('-') || follows.starts_with("đi ");
        let small = self.before.trim_end();
        NAMESAKE_WORDS
            .iter()
            .filter(|_| !is_route)
            .filter_map(|word| cut_word(small, word))
            .any(|earlier| !ends_with_one(earlier.trim_end(), NAMESAKE_FOREWORDS))
    }
}

/// Whether what follows begins a sentence or a part of one.
fn opens_a_sentence(before: &str) -> bool {
    let before = before.trim_end();
    before.is_empty()
        || before.ends_with(['.', ':', ';', '!', '?', '|', '"', '(', '-', '…', '\u{1}'])
}

/// What stands behind the last space.
fn last_word(text: &str) -> &str {
    text.trim_end()
        .rsplit([' ', '\u{1}'])
        .next()
        .unwrap_or_default()
}

fn begins_with_word(text: &str, word: &str) -> bool {
    text.strip_prefix(word)
        .is_some_and(|rest| !rest.chars().next().is_some_and(is_word))
}

fn ends_with_one(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| cut_word(text, word).is_some())
}

/// What stands before `word` where the text ends in it.
fn cut_word<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    let earlier = text.strip_suffix(word)?;
    (!earlier.chars().next_back().is_some_and(is_word)).then_some(earlier)
}
