//! The numbers of legal documents: `45/2012/NĐ-CP`, `1881/QĐ-TTg`, `202/2025/QH15`, `60-NQ/TW`.
//!
//! Owns their grammar, the key each is filed under, and what kind each is and of which year. Reads numbers as
//! written: every letter the grammar knows is the same byte in each Unicode form. It knows no document by name, and
//! not the loose ones: `Nghị định 116`, `NQ57`, letters such as `1195/BXD-HĐXD`.

mod facts;
#[cfg(test)]
mod tests;

pub use facts::DocumentFacts;
pub(super) use facts::facts;

/// A document's number where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reference {
    /// Byte offset of its first digit.
    pub at: usize,
    pub end: usize,
    /// As printed, with Đ for the Eth and the D typed for it: `45/2012/NĐ-CP`.
    pub label: String,
    /// `45-2012-nd-cp`
    pub slug: String,
}

const KINDS: &[&str] = &[
    "NĐ", "NQ", "QĐ", "TT", "TTLT", "CT", "KH", "TB", "CĐ", "TTr", "BC", "HD", "PL", "VBHN", "GP",
    "KL", "CTr", "ĐA", "QC", "TTg",
];

/// Who issues what the grammar reads without a dash or in small letters; any other is read as `NĐ-CP` only.
const ORGANS: &[&str] = &[
    "TTg", "CP", "TTCP", "VPCP", "QH", "UBTVQH", "CTN", "HĐND", "UBND", "BCT", "BTC", "BNV", "BTP",
    "BCA", "BQP", "BYT", "BXD", "BGDĐT", "BGTVT", "BKHĐT", "BKHCN", "BLĐTBXH", "BNN", "BNNPTNT",
    "BNNMT", "BTNMT", "BTTTT", "BVHTTDL", "BNG", "BDTTG", "UBDT", "NHNN", "VKSNDTC", "TANDTC",
    "KTNN",
];

/// Words right before a number after which its letters may be small.
const ANNOUNCING: &[&str] = &[
    "số",
    "nghị định",
    "nghị quyết",
    "quyết định",
    "thông tư",
    "thông tư liên tịch",
    "chỉ thị",
    "kế hoạch",
    "thông báo",
    "công điện",
    "tờ trình",
    "báo cáo",
    "hướng dẫn",
    "pháp lệnh",
    "văn bản",
    "văn bản hợp nhất",
    "giấy phép",
    "kết luận",
    "chương trình",
    "đề án",
    "quy chế",
    "công văn",
    "luật",
    "qđ",
    "nđ",
    "nq",
    "tt",
    "ct",
];
/// Longer than any of these, its letters taken apart.
const ANNOUNCING_BYTES_MAX: usize = 64;

/// How the letters of a number are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Letters {
    AsPrinted,
    /// `1881/qđ-ttg`, which an announcing word must go before.
    InAnyCase,
}

/// Who signs Party papers: centre, province, and the committees below.
const LEVELS: &[&str] = &["TW", "TƯ", "TU", "ĐU", "HU"];

const NUMBER_DIGITS_MAX: usize = 6;
const ORGAN_PARTS_MAX: usize = 6;
const ORGAN_LETTERS: std::ops::RangeInclusive<usize> = 2..=14;

/// Every reference of `text`, in order; one document may come several times.
pub(super) fn references(text: &str) -> Vec<Reference> {
    let mut found: Vec<Reference> = Vec::new();
    let mut from = 0;
    while let Some(slash) = text[from..].find('/').map(|at| at + from) {
        from = slash + 1;
        if found.last().is_some_and(|last| slash < last.end) {
            continue;
        }
        if let Some(reference) = reference_around(text, slash) {
            found.push(reference);
        }
    }
    found
}

fn reference_around(text: &str, slash: usize) -> Option<Reference> {
    written(text, slash, Letters::AsPrinted).or_else(|| {
        let reference = written(text, slash, Letters::InAnyCase)?;
        is_announced(&text[..reference.at]).then_some(reference)
    })
}

fn written(text: &str, slash: usize, letters: Letters) -> Option<Reference> {
    party(text, slash, letters).or_else(|| {
        let at = number_before(text, slash - blank_before(&text[..slash]))?;
        let after = after_slash(text, slash);
        let rest = &text[after..];
        let length = match year(rest) {
            Some(year) => assembly(&rest[year..], blank_before(&rest[..year]) == 0)
                .or_else(|| act(&rest[year..], letters))
                .map(|n| n + year),
            None => act(rest, letters),
        }?;
        finish(text, at, after + length)
    })
}

fn is_announced(before: &str) -> bool {
    let from = before.ceil_char_boundary(before.len().saturating_sub(ANNOUNCING_BYTES_MAX));
    let before = facts::small(&before[from..]);
    let words = before.trim_end_matches(|c| matches!(c, ':' | '.') || BLANKS.contains(&c));
    ANNOUNCING.iter().any(|word| {
        words.strip_suffix(word).is_some_and(|rest| {
            !rest
                .chars()
                .next_back()
                .is_some_and(super::phrases::is_word)
        })
    })
}

/// One of them may stand on either side of a slash or a dash: `1881 /QĐ - TTg`.
const BLANKS: [char; 3] = [' ', '\u{a0}', '\u{202f}'];

/// How long the blank is that a text begins with.
fn blank(text: &str) -> usize {
    let first = text.chars().next().filter(|c| BLANKS.contains(c));
    first.map_or(0, char::len_utf8)
}

fn blank_before(text: &str) -> usize {
    let last = text.chars().next_back().filter(|c| BLANKS.contains(c));
    last.map_or(0, char::len_utf8)
}

fn after_slash(text: &str, slash: usize) -> usize {
    slash + 1 + blank(&text[slash + 1..])
}

/// `2025/` and how long it is.
fn year(rest: &str) -> Option<usize> {
    let digits = rest.get(..4)?;
    let is_year = digits.bytes().all(|b| b.is_ascii_digit())
        && (digits.starts_with("19") || digits.starts_with("20"));
    let slash = 4 + blank(rest.get(4..)?);
    (is_year && rest.as_bytes().get(slash) == Some(&b'/')).then(|| after_slash(rest, slash))
}

/// `QH15`; `QH 15` where no other blank makes the number doubtful.
fn assembly(rest: &str, is_tight: bool) -> Option<usize> {
    let name = rest
        .get(..2)
        .filter(|name| name.eq_ignore_ascii_case("QH"))?;
    let gap = if is_tight {
        blank(&rest[name.len()..])
    } else {
        0
    };
    let digits = digits(&rest[name.len() + gap..]);
    (1..=2)
        .contains(&digits)
        .then_some(name.len() + gap + digits)
}

/// `NĐ-CP`, `TTLT-VKSNDTC-TANDTC`; `NĐ CP` and `NĐCP` of a known organ.
fn act(rest: &str, letters: Letters) -> Option<usize> {
    let kind = letters_of(rest);
    if !is_one_of(&rest[..kind], KINDS, letters) {
        return glued(&rest[..kind], letters)
            .filter(|_| dash(&rest[kind..]).is_none())
            .map(|_| kind);
    }
    let mut end = kind;
    for part in 0..ORGAN_PARTS_MAX {
        let Some(next) = organ(&rest[end..], part == 0, letters) else {
            break;
        };
        end += next;
    }
    (end > kind).then_some(end)
}

/// Where the organ begins in `QĐTTg`. Not in `TTCP`, an organ itself, whose letters are no acts.
fn glued(word: &str, letters: Letters) -> Option<usize> {
    let is_organ = |word: &str| is_one_of(word, ORGANS, letters) || is_prime_minister(word);
    if is_organ(word) {
        return None;
    }
    let mut cuts = word.char_indices().map(|(at, _)| at);
    cuts.find(|at| is_one_of(&word[..*at], KINDS, letters) && is_organ(&word[*at..]))
}

/// A dash and the organ behind it. Only the first may stand apart, and a known one without the dash: prose begins
/// behind the last.
fn organ(rest: &str, is_first: bool, letters: Letters) -> Option<usize> {
    let spaced = |text: &str| if is_first { blank(text) } else { 0 };
    let lead = spaced(rest);
    let dash = dash(&rest[lead..]);
    let gap = lead + dash.map_or(0, |dash| dash + spaced(&rest[lead + dash..]));
    let name = &rest[gap..];
    let length = letters_of(name);
    let word = &name[..length];
    let is_known = is_one_of(word, ORGANS, letters) || is_prime_minister(word);
    let is_capitals = ORGAN_LETTERS.contains(&word.chars().count()) && word.chars().all(is_capital);
    let is_apart = dash.is_some() || lead > 0 && is_known;
    if !(is_apart && (is_known || is_capitals)) {
        return None;
    }
    let digits = digits(&name[length..]);
    let end = length + digits;
    let is_cut = name[end..]
        .chars()
        .next()
        .is_some_and(super::phrases::is_word);
    (digits <= 2 && !is_cut).then_some(gap + end)
}

/// `60-NQ/TW`
fn party(text: &str, slash: usize, letters: Letters) -> Option<Reference> {
    let head = &text[..slash - blank_before(&text[..slash])];
    let kind_at = head
        .char_indices()
        .rev()
        .take_while(|(_, c)| is_letter(*c))
        .last()?
        .0;
    if !is_one_of(&head[kind_at..], KINDS, letters) {
        return None;
    }
    let lead = &head[..kind_at - blank_before(&head[..kind_at])];
    let dash_at = lead.char_indices().next_back()?.0;
    dash(&lead[dash_at..])?;
    let at = number_before(text, dash_at - blank_before(&lead[..dash_at]))?;
    let level = after_slash(text, slash);
    let length = letters_of(&text[level..]);
    is_one_of(&text[level..level + length], LEVELS, letters).then_some(())?;
    finish(text, at, level + length)
}

/// Where the number that ends at `end` begins: `1881`, `05A`.
fn number_before(text: &str, end: usize) -> Option<usize> {
    let head = &text.as_bytes()[..end];
    let letter = usize::from(head.last().is_some_and(u8::is_ascii_uppercase));
    let digits = head[..end - letter]
        .iter()
        .rev()
        .take_while(|b| b.is_ascii_digit())
        .count();
    let at = end - letter - digits;
    let is_open = text[..at].chars().next_back().is_none_or(|c| {
        !(super::phrases::is_word(c)
            || matches!(c, '/' | '-' | '_' | '=' | '&' | '.' | ',' | '%' | '#'))
    });
    // "1.881/QĐ" is cut in two, but "tại số.1881/QĐ" and "Đ.,1881/QĐ" are only badly spaced.
    let is_spaced = text[..at].ends_with(['.', ','])
        && !text[..at - 1]
            .chars()
            .next_back()
            .is_some_and(|c| c.is_ascii_digit());
    ((1..=NUMBER_DIGITS_MAX).contains(&digits) && (is_open || is_spaced)).then_some(at)
}

fn finish(text: &str, at: usize, end: usize) -> Option<Reference> {
    let next = text[end..].chars().next();
    if next.is_some_and(|c| super::phrases::is_word(c) || c == '/' || c == '_') {
        return None;
    }
    let label = label(&text[at..end]);
    let slug = slug(&label);
    Some(Reference {
        at,
        end,
        label,
        slug,
    })
}

fn label(printed: &str) -> String {
    let folded: String = printed
        .chars()
        .filter(|c| !BLANKS.contains(c))
        .map(|c| match c {
            '\u{d0}' | '\u{189}' => 'Đ',
            '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
            c => c,
        })
        .collect();
    let mut label = String::with_capacity(folded.len() + 1);
    for part in folded.split_inclusive(['/', '-']) {
        let name = part.trim_end_matches(['/', '-']);
        // An organ may look like kind and organ: `QĐ-CTUBND`.
        let cut = label
            .ends_with('/')
            .then(|| glued(name.trim_end_matches(is_digit), Letters::InAnyCase))
            .flatten();
        if let Some(cut) = cut {
            label.push_str(&canonical(&name[..cut]));
            label.push('-');
        }
        label.push_str(&canonical(&name[cut.unwrap_or(0)..]));
        label.push_str(&part[name.len()..]);
    }
    label
}

/// The letters between two dashes as the law prints them.
fn canonical(part: &str) -> String {
    let (word, digits) = part.split_at(part.trim_end_matches(is_digit).len());
    let word = match word {
        "ND" => "NĐ",
        "QD" => "QĐ",
        "CD" => "CĐ",
        "HDND" => "HĐND",
        // A headline's `TTG` stays.
        word if word.chars().all(is_capital) => word,
        word => [KINDS, ORGANS, LEVELS]
            .into_iter()
            .flatten()
            .find(|known| is_one_of(word, &[**known], Letters::InAnyCase))
            .unwrap_or(&word),
    };
    format!("{word}{digits}")
}

fn slug(label: &str) -> String {
    label
        .chars()
        .map(|c| match c {
            '/' | '-' => '-',
            'Đ' | 'đ' => 'd',
            'Ư' | 'ư' => 'u',
            c => c.to_ascii_lowercase(),
        })
        .collect()
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

fn letters_of(text: &str) -> usize {
    text.char_indices()
        .find(|(_, c)| !is_letter(*c))
        .map_or(text.len(), |(at, _)| at)
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic() || matches!(c, 'Đ' | 'đ' | '\u{d0}' | '\u{189}' | 'Ư' | 'ư')
}

fn is_capital(c: char) -> bool {
    c.is_ascii_uppercase() || matches!(c, 'Đ' | '\u{d0}' | '\u{189}' | 'Ư')
}

fn dash(text: &str) -> Option<usize> {
    let c = text.chars().next()?;
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}').then_some(c.len_utf8())
}

/// `TTg`, and its commonest mistyping.
fn is_prime_minister(word: &str) -> bool {
    ["TTg", "Ttg"].contains(&word)
}

/// Equal but for Đ typed as D or Eth, and for `TTG` in a headline.
fn is_one_of(word: &str, known: &[&str], letters: Letters) -> bool {
    let plain = |c: char| match c {
        'Đ' | '\u{d0}' | '\u{189}' => 'D',
        'đ' | '\u{f0}' if letters == Letters::InAnyCase => 'D',
        'ư' if letters == Letters::InAnyCase => 'Ư',
        c if letters == Letters::InAnyCase => c.to_ascii_uppercase(),
        c => c,
    };
    known.iter().any(|one| {
        word.chars().map(plain).eq(one.chars().map(plain))
            || (word.eq_ignore_ascii_case(one) && word.bytes().all(|b| b.is_ascii_uppercase()))
    })
}
