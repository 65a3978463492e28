//! Words and phrases that say the same: long and short names of offices, dates in words.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::{Word, WordSet, number::Value, read};

/// What is written, and what it counts as.
const SAME: &[(&str, &str)] = &[
    ("ủy ban nhân dân", "ubnd"),
    ("hội đồng nhân dân", "hđnd"),
    ("ủy ban mặt trận tổ quốc", "ubmttq"),
    ("mặt trận tổ quốc", "mttq"),
    ("hợp tác xã", "htx"),
    ("thành phố hồ chí minh", "tphcm"),
    ("tp hồ chí minh", "tphcm"),
    ("tp hcm", "tphcm"),
    ("hồ chí minh", "hcm"),
    ("thành phố", "tp"),
    ("thị xã", "tx"),
    ("trung ương", "tw"),
    ("xã hội chủ nghĩa", "xhcn"),
    ("bảo hiểm xã hội", "bhxh"),
    ("bảo hiểm y tế", "bhyt"),
    ("nông thôn mới", "ntm"),
    ("khu công nghiệp", "kcn"),
    ("khu kinh tế", "kkt"),
    ("doanh nghiệp", "dn"),
    ("câu lạc bộ", "clb"),
    ("huấn luyện viên", "hlv"),
    ("trung học phổ thông", "thpt"),
    ("trung học cơ sở", "thcs"),
    ("đại học", "đh"),
    ("giáo dục và đào tạo", "gdđt"),
    ("giáo dục đào tạo", "gdđt"),
    ("gd và đt", "gdđt"),
    ("gd đt", "gdđt"),
    ("văn hóa thể thao và du lịch", "vhttdl"),
    ("văn hóa thể thao du lịch", "vhttdl"),
    ("nông nghiệp và phát triển nông thôn", "nnptnt"),
    ("nông nghiệp phát triển nông thôn", "nnptnt"),
    ("nn và ptnt", "nnptnt"),
    ("nn ptnt", "nnptnt"),
    ("tài nguyên và môi trường", "tnmt"),
    ("tài nguyên môi trường", "tnmt"),
    ("an toàn thực phẩm", "attp"),
    ("giao thông vận tải", "gtvt"),
    ("cảnh sát giao thông", "csgt"),
    ("cơ quan điều tra", "cqđt"),
    ("viện kiểm sát nhân dân", "vksnd"),
    ("tòa án nhân dân", "tand"),
    ("công an nhân dân", "cand"),
    ("thông tấn xã việt nam", "ttxvn"),
    ("phần trăm", ""),
    ("km h", "kmh"),
    ("ô tô", "ôtô"),
    ("mô tô", "môtô"),
    ("ti vi", "tivi"),
    ("xăng ti mét", "cm"),
    ("ki lô mét", "km"),
    ("ki lô gam", "kg"),
    ("héc ta", "ha"),
    ("hécta", "ha"),
    ("đô la", "usd"),
    ("đôla", "usd"),
];

/// What is written, and the word it counts as; none where it counts for nothing.
type Phrase = (Vec<Word>, Option<Word>);

struct Synonyms {
    /// Words that begin a phrase, and the word for a month: all others stand as they are.
    telling: WordSet,
    /// By first word; the longest first.
    by_first: HashMap<Word, Vec<Phrase>>,
    days: HashMap<Word, u64>,
    month: Word,
    year: Word,
}

static SYNONYMS: LazyLock<Synonyms> = LazyLock::new(|| {
    let mut by_first: HashMap<Word, Vec<Phrase>> = HashMap::new();
    for (written, meant) in SAME {
        let written = read(written, 16);
        let meant = read(meant, 1).first().copied();
        if let Some(first) = written.first() {
            by_first.entry(*first).or_default().push((written, meant));
        }
    }
    for phrases in by_first.values_mut() {
        phrases.sort_by_key(|(written, _)| std::cmp::Reverse(written.len()));
    }
    let month = Word::of("tháng");
    Synonyms {
        telling: WordSet::of(by_first.keys().copied().chain([month])),
        by_first,
        days: (1..=31)
            .map(|day| (Word::of_value(Value::whole(day)), day))
            .collect(),
        month,
        year: Word::of("năm"),
    }
});

/// `words` with every phrase as the one word it counts as.
pub fn settle(words: Vec<Word>) -> Vec<Word> {
    let synonyms = &*SYNONYMS;
    if !words.iter().any(|word| synonyms.telling.contains(*word)) {
        return words;
    }
    let mut out = Vec::with_capacity(words.len());
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let rest = &words[at..];
        if !word.is_number() && !synonyms.telling.contains(*word) {
            out.push(*word);
            at += 1;
            continue;
        }
        if let Some((value, used)) = date(rest, synonyms) {
            out.push(value);
            at += used;
            continue;
        }
        let phrase = synonyms.by_first.get(word).and_then(|phrases| {
            phrases
                .iter()
                .find(|(written, _)| rest.starts_with(written))
        });
        match phrase {
            Some((written, meant)) => {
                out.extend(meant);
                at += written.len();
            }
            None => {
                out.push(*word);
                at += 1;
            }
        }
    }
    out
}

/// `22 tháng 11 năm 2026` is `22/11`.
fn date(rest: &[Word], synonyms: &Synonyms) -> Option<(Word, usize)> {
    let [day, month, number, ..] = rest else {
        return None;
    };
    if *month != synonyms.month || !day.is_number() {
        return None;
    }
    let day = synonyms.days.get(day)?;
    let month = synonyms.days.get(number).filter(|month| **month <= 12)?;
    let used = match rest.get(3..5) {
        Some([year, number]) if *year == synonyms.year && number.is_number() => 5,
        _ => 3,
    };
    Some((Word::of_value(Value::pair(*day, *month)), used))
}
