//! The nearest right word: of keys, slugs and fixed choices.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Words longer than this are compared by their beginning.
const COMPARED_CHARS_MAX: usize = 64;
/// Past so many candidates no word is looked for.
const CANDIDATES_MAX: usize = 5000;
/// Of 1; found by trying: `intervall` is 0.67 like `min_interval`, `key` 0.25 like `kind`.
const LIKENESS_MIN: f64 = 0.55;

/// The candidate most like `word`; of equals the first.
pub(super) fn nearest<'c>(
    word: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    let word = folded(word);
    let mut best: Option<(f64, &str)> = None;
    for (count, candidate) in candidates.into_iter().enumerate() {
        if count == CANDIDATES_MAX {
            return None;
        }
        let likeness = likeness(&word, &folded(candidate));
        if likeness >= LIKENESS_MIN && best.is_none_or(|(most, _)| likeness > most) {
            best = Some((likeness, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// The slug a Vietnamese name would have: `Tỉnh Khánh Hòa` gives `khanh-hoa`.
pub(super) fn slug_of_name(name: &str) -> String {
    let slug = slugified(name);
    ["tinh-", "thanh-pho-", "tp-"]
        .into_iter()
        .find_map(|prefix| slug.strip_prefix(prefix))
        .map_or(slug.clone(), str::to_owned)
}

/// Lower case, without diacritics, everything else than letters and digits one `-`.
pub(super) fn slugified(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().take(200).nfd() {
        let c = match c {
            'đ' | 'Đ' => 'd',
            c if is_combining_mark(c) => continue,
            c => c.to_ascii_lowercase(),
        };
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    slug
}

fn folded(word: &str) -> String {
    word.chars()
        .take(COMPARED_CHARS_MAX)
        .flat_map(char::to_lowercase)
        .map(|c| if c == '-' { '_' } else { c })
        .collect()
}

fn likeness(a: &str, b: &str) -> f64 {
    strsim::normalized_damerau_levenshtein(a, b).max(shared_part(a, b))
}

/// The longest run of characters both have, as a part of the longer word; 0 below four characters.
fn shared_part(a: &str, b: &str) -> f64 {
    let b: Vec<char> = b.chars().collect();
    let mut longest = 0_u32;
    let mut previous = vec![0_u32; b.len() + 1];
    let mut length = 0_usize;
    for x in a.chars() {
        length += 1;
        let mut current = vec![0_u32; b.len() + 1];
        for (j, y) in b.iter().enumerate() {
            if x == *y {
                current[j + 1] = previous[j] + 1;
                longest = longest.max(current[j + 1]);
            }
        }
        previous = current;
    }
    let whole = u32::try_from(length.max(b.len())).unwrap_or(u32::MAX);
    if longest < 4 {
        return 0.0;
    }
    f64::from(longest) / f64::from(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_the_one_meant() {
        let keys = ["id", "url", "kind", "hosts", "min_interval", "max_interval"];
        for (word, expected) in [
            ("intervall", Some("min_interval")),
            ("max-interval", Some("max_interval")),
            ("KIND", Some("kind")),
            ("host", Some("hosts")),
            ("ulr", Some("url")),
            ("colour", None),
            ("key", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, keys), expected, "{word}");
        }
    }

    #[test]
    fn too_many_candidates_give_no_word_at_all() {
        let many: Vec<String> = (0..=CANDIDATES_MAX).map(|n| format!("s{n}")).collect();
        assert_eq!(nearest("s1", many.iter().map(String::as_str)), None);
    }

    #[test]
    fn a_vietnamese_name_becomes_its_slug() {
        for (name, slug) in [
            ("Khánh Hòa", "khanh-hoa"),
            ("Kha\u{301}nh Ho\u{300}a", "khanh-hoa"),
            ("Tỉnh Đắk Lắk", "dak-lak"),
            ("TP. Hồ Chí Minh", "ho-chi-minh"),
            ("Thành phố Huế", "hue"),
            ("  ", ""),
        ] {
            assert_eq!(slug_of_name(name), slug, "{name}");
        }
    }
}
