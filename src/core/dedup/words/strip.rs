//! What is no part of the news: bylines, datelines, a newsroom's name, an invitation to read on.

use std::sync::LazyLock;

use super::{Around, Reader, Word};

/// A byline or dateline is not longer.
const PREFIX_WORDS_MAX: usize = 8;
/// A newsroom's name is not longer.
const SUFFIX_WORDS_MAX: usize = 8;
/// A text is not cut down to less.
const WORDS_KEPT_MIN: usize = 6;
/// `The post … appeared first on …`.
const CREDIT_WORDS_MAX: usize = 48;

struct Phrases {
    newsrooms: Vec<Vec<Word>>,
    read_on: Vec<Vec<Word>>,
    credit_begins: Vec<Word>,
    credit: Vec<Word>,
    dates: Vec<Word>,
}

static PHRASES: LazyLock<Phrases> = LazyLock::new(|| {
    let phrase = |text: &&str| super::read(text, 8);
    Phrases {
        newsrooms: [
            "báo",
            "tạp chí",
            "cổng thông tin",
            "trang thông tin",
            "đài phát thanh",
            "đài pt",
            "đài truyền hình",
            "cổng ttđt",
        ]
        .iter()
        .map(phrase)
        .collect(),
        read_on: [
            "xem thêm",
            "đọc tiếp",
            "xem chi tiết",
            "chi tiết",
            "đọc thêm",
            "xem tiếp",
            "read more",
        ]
        .iter()
        .map(phrase)
        .collect(),
        credit_begins: phrase(&"the post"),
        credit: phrase(&"appeared first on"),
        dates: ["ngày", "tháng", "năm"].iter().flat_map(phrase).collect(),
    }
});

pub fn title(read: &mut Reader) {
    prefix(read, byline);
    suffix(read);
}

pub fn text(read: &mut Reader) {
    credit(read);
    while let Some(phrase) = PHRASES
        .read_on
        .iter()
        .find(|phrase| read.words.ends_with(phrase))
    {
        keep(read, read.words.len() - phrase.len());
    }
    // A byline may stand before a dateline and behind it.
    for _ in 0..2 {
        prefix(read, byline);
        prefix(read, dateline);
    }
}

fn keep(read: &mut Reader, len: usize) {
    read.words.truncate(len);
    read.around.truncate(len);
}

/// Takes off what `end` says stands before the news.
fn prefix(read: &mut Reader, end: impl Fn(&[Around], &[Word]) -> Option<usize>) {
    let Some(end) = end(&read.around, &read.words) else {
        return;
    };
    if read.words.len() >= end + WORDS_KEPT_MIN {
        read.words.drain(..end);
        read.around.drain(..end.min(read.around.len()));
    }
}

/// `(ĐNO) -`, `[Video]`, `BVPL:`, `TTXVN -`.
fn byline(around: &[Around], _: &[Word]) -> Option<usize> {
    let head = &around[..around.len().min(PREFIX_WORDS_MAX)];
    let first = head.first()?;
    if first.opened {
        return head
            .iter()
            .position(|around| around.closed)
            .map(|at| at + 1);
    }
    (first.shouted && (first.dash || first.colon)).then_some(1)
}

/// `Hà Nội, 22/11 -`, `Dân trí -`: names before a dash. `Ngày 22/11 -` is the news itself.
fn dateline(around: &[Around], words: &[Word]) -> Option<usize> {
    let head = &around[..around.len().min(PREFIX_WORDS_MAX)];
    let end = head.iter().position(|around| around.dash)?;
    let is_date = |word: &Word| word.is_number() || PHRASES.dates.contains(word);
    if is_date(words.first()?) {
        return None;
    }
    let mut prefix = head[..=end].iter().zip(words);
    prefix
        .all(|(around, word)| around.capital || is_date(word))
        .then_some(end + 1)
}

/// ` | Báo Vĩnh Long`, ` - Báo Sơn La điện tử`.
fn suffix(read: &mut Reader) {
    let from = read
        .words
        .len()
        .saturating_sub(SUFFIX_WORDS_MAX)
        .max(WORDS_KEPT_MIN);
    let cut = (from..read.words.len()).find(|at| {
        read.around.get(at - 1).is_some_and(|around| around.dash)
            && PHRASES
                .newsrooms
                .iter()
                .any(|name| read.words[*at..].starts_with(name))
    });
    if let Some(at) = cut {
        keep(read, at);
    }
}

fn credit(read: &mut Reader) {
    let phrases = &*PHRASES;
    let len = read.words.len();
    let tail = len.saturating_sub(CREDIT_WORDS_MAX);
    let find = |from: usize, phrase: &[Word]| {
        read.words[from..]
            .windows(phrase.len())
            .position(|window| window == phrase)
            .map(|at| at + from)
    };
    if let Some(begin) = find(tail, &phrases.credit_begins)
        && find(begin, &phrases.credit).is_some()
    {
        keep(read, begin);
    }
}
