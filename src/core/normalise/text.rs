//! Words: from HTML to plain text for people, and from plain text to text for matching.
//!
//! Plain text has no markup, no control characters and single spaces. Matching text also forgets case,
//! punctuation, where a tone mark is written, and the byline: equal matching texts say the same.

use std::sync::LazyLock;

use regex::Regex;
use unicode_normalization::UnicodeNormalization;

/// The longest name of an HTML entity is 31 bytes.
const REFERENCE_BYTES_MAX: usize = 40;

/// The words of `html`, entities decoded, tags gone; a tag that HTML does not know is words.
pub fn plain(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        decode(&rest[..at], &mut out);
        rest = &rest[at..];
        match tag(rest) {
            Some(tag) => {
                if !tag.is_inline {
                    out.push(' ');
                }
                rest = &rest[tag.bytes..];
            }
            None => {
                out.push('<');
                rest = &rest[1..];
            }
        }
    }
    decode(rest, &mut out);
    fold_space(&out)
}

/// Whether [`plain`] would leave anything of it.
pub(super) fn says_anything(html: &str) -> bool {
    let mut words = String::new();
    let mut rest = html;
    loop {
        let (before, after) = rest.split_at(rest.find('<').unwrap_or(rest.len()));
        words.clear();
        decode(before, &mut words);
        if is_visible(&words) {
            return true;
        }
        if after.is_empty() {
            return false;
        }
        match tag(after) {
            Some(tag) => rest = &after[tag.bytes..],
            None => return true,
        }
    }
}

/// A title as plain text; markup that was escaped twice is seen and undone once more.
pub fn title(raw: &str) -> String {
    let once = plain(raw);
    if is_escaped_twice(&once) {
        plain(&once)
    } else {
        once
    }
}

/// Single spaces, no control or invisible characters, NFC.
pub fn fold_space(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    if !fold_composed(text, &mut out) {
        out.clear();
        fold(text.nfc(), &mut out);
    }
    out.truncate(out.trim_end().len());
    out
}

/// The same as [`fold`] where nothing is to be composed, in runs instead of letters; false where something is.
fn fold_composed(text: &str, out: &mut String) -> bool {
    let bytes = text.as_bytes();
    let (mut copied, mut at) = (0, 0);
    let mut after_space = true;
    while let Some(byte) = bytes.get(at) {
        if byte.is_ascii_graphic() || *byte == b' ' && !after_space {
            after_space = *byte == b' ';
            at += 1;
            continue;
        }
        let Some(c) = text[at..].chars().next() else {
            break;
        };
        if is_latin(c) {
            after_space = false;
            at += c.len_utf8();
            continue;
        }
        if !is_composed(c) {
            return false;
        }
        let is_space = c.is_whitespace();
        if is_space || is_invisible(c) {
            out.push_str(&text[copied..at]);
            if is_space && !after_space {
                out.push(' ');
                after_space = true;
            }
            copied = at + c.len_utf8();
        } else {
            after_space = false;
        }
        at += c.len_utf8();
    }
    out.push_str(&text[copied..]);
    true
}

/// Letters that are composed, visible and no space, by far the most frequent of those outside ASCII.
fn is_latin(c: char) -> bool {
    matches!(c, '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}')
}

fn fold(letters: impl Iterator<Item = char>, out: &mut String) {
    let mut after_space = true;
    for c in letters {
        if c.is_whitespace() {
            if !after_space {
                out.push(' ');
            }
            after_space = true;
        } else if !is_invisible(c) {
            out.push(c);
            after_space = false;
        }
    }
}

/// NFC as it is, whatever stands beside it: what nearly all texts are made of.
fn is_composed(c: char) -> bool {
    matches!(c, ..'\u{300}' | '\u{1e00}'..='\u{1eff}' | '\u{2010}'..='\u{2027}')
}

/// Whether anything is to be seen of a text without markup.
pub(super) fn is_visible(plain: &str) -> bool {
    plain
        .chars()
        .any(|c| !c.is_whitespace() && !is_invisible(c))
}

/// At most `chars_max` characters, cut between words where there is one near, with `…` where cut.
pub fn excerpt(text: &str, chars_max: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(chars_max) else {
        return text.to_owned();
    };
    let head = &text[..end];
    let head = match head.rfind(' ') {
        Some(space) if space > head.len() / 2 => &head[..space],
        _ => head,
    };
    format!("{}…", head.trim_end())
}

/// At most `chars_max` characters.
pub fn truncate(text: &str, chars_max: usize) -> &str {
    text.char_indices()
        .nth(chars_max)
        .map_or(text, |(end, _)| &text[..end])
}

/// Plain text made comparable: words in lower case with their tone at the end, one space between.
pub fn matching(plain: &str) -> String {
    let words = without_byline(plain);
    matching_latin(words).unwrap_or_else(|| matching_any(words))
}

/// The same as [`matching_any`], letter by letter from a table; none where a letter is not in it.
fn matching_latin(words: &str) -> Option<String> {
    let mut out = String::with_capacity(words.len() + words.len() / 4);
    // Of the word under way; no more than one each in any word that is one.
    let mut tones = String::new();
    let mut in_word = false;
    for c in words.chars() {
        let Some(letter) = Letter::of(c)? else {
            out.push_str(&tones);
            tones.clear();
            in_word = false;
            continue;
        };
        if !in_word && !out.is_empty() {
            out.push(' ');
        }
        in_word = true;
        out.push(letter.bare);
        tones.extend(letter.tone);
    }
    out.push_str(&tones);
    Some(out)
}

/// A letter in lower case, its tone apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Letter {
    bare: char,
    tone: Option<char>,
}

impl Letter {
    /// What `c` is: none where the table does not know it, none within where it is no part of a word.
    #[expect(
        clippy::option_option,
        reason = "not known and known to be no letter are two things"
    )]
    fn of(c: char) -> Option<Option<Letter>> {
        /// The blocks of Vietnamese: Latin with its supplements, and what is composed of it.
        const NEAR: std::ops::Range<u32> = 0..0x250;
        const COMPOSED: std::ops::Range<u32> = 0x1e00..0x1f00;
        static TABLES: LazyLock<[Vec<Option<Option<Letter>>>; 2]> = LazyLock::new(|| {
            let table = |block: std::ops::Range<u32>| {
                let letters = block.filter_map(char::from_u32);
                letters.map(Letter::taken_apart).collect()
            };
            [table(NEAR), table(COMPOSED)]
        });
        let code = u32::from(c);
        let (table, first) = match code {
            _ if NEAR.contains(&code) => (&TABLES[0], NEAR.start),
            _ if COMPOSED.contains(&code) => (&TABLES[1], COMPOSED.start),
            _ => return (!(c.is_alphanumeric() || is_mark(c))).then_some(None),
        };
        let at = usize::try_from(code - first).ok()?;
        *table.get(at)?
    }

    /// As [`matching_any`] has it, where one letter and at most one tone come of it.
    #[expect(
        clippy::option_option,
        reason = "not known and known to be no letter are two things"
    )]
    fn taken_apart(c: char) -> Option<Option<Letter>> {
        if !(c.is_alphanumeric() || is_mark(c)) {
            return Some(None);
        }
        let lower: String = c.to_lowercase().collect();
        let (tones, rest): (Vec<char>, Vec<char>) = lower.nfd().partition(|c| is_tone(*c));
        let bare: Vec<char> = rest.into_iter().nfc().collect();
        match (bare.as_slice(), tones.as_slice()) {
            ([bare], []) => Some(Some(Letter {
                bare: *bare,
                tone: None,
            })),
            ([bare], [tone]) => Some(Some(Letter {
                bare: *bare,
                tone: Some(*tone),
            })),
            _ => None,
        }
    }
}

fn matching_any(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    let lower = words.to_lowercase();
    for word in lower.split(|c: char| !(c.is_alphanumeric() || is_mark(c))) {
        if word.is_empty() {
            continue;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        push_with_tone_last(word, &mut out);
    }
    out
}

/// How many syllables a matching text has: words with a letter in them.
pub fn syllables(matching: &str) -> usize {
    matching
        .split(' ')
        .filter(|word| word.chars().any(char::is_alphabetic))
        .count()
}

/// `text` without the byline it begins with: `LNV -`, `(ĐNO) -`, `[Video]`.
pub fn without_byline(text: &str) -> &str {
    static BYLINE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"^\s*(?:[(\[]\s*[\p{L}\p{N} .,/&:-]{2,30}\s*[)\]]\s*(?:[-–—:|]\s*)?|\p{Lu}[\p{Lu}\p{N}./]{1,9}(?:\s+[-–—]\s*|[-–—]\s+))",
        )
        .expect("the pattern is a constant that a test compiles")
    });
    match BYLINE.find(text) {
        Some(byline) if byline.end() < text.len() => &text[byline.end()..],
        _ => text,
    }
}

/// The five tones that are written.
fn is_tone(c: char) -> bool {
    matches!(c, '\u{300}' | '\u{301}' | '\u{303}' | '\u{309}' | '\u{323}')
}

fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

/// Where the tone stands in a syllable is a matter of taste: `hoà` and `hòa` are one word.
fn push_with_tone_last(word: &str, out: &mut String) {
    if word.is_ascii() {
        out.push_str(word);
        return;
    }
    let mut tones = String::new();
    let mut letters = String::with_capacity(word.len());
    for c in word.nfd() {
        match is_tone(c) {
            true => tones.push(c),
            false => letters.push(c),
        }
    }
    out.extend(letters.nfc());
    out.push_str(&tones);
}

fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}'
            | '\u{2066}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}')
}

/// `html` with references to letters replaced by these; those to markup stay as they are.
pub(super) fn decode_letters(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        match reference(&rest[1..]) {
            Some((value, used)) if !value.is_ascii() => {
                out.push_str(&value);
                rest = &rest[1 + used..];
            }
            _ => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// Decoded once; what means nothing stands as it is.
fn decode(raw: &str, out: &mut String) {
    let mut rest = raw;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        match reference(rest) {
            Some((value, used)) => {
                out.push_str(&value);
                rest = &rest[used..];
            }
            None => out.push('&'),
        }
    }
    out.push_str(rest);
}

/// What the reference after an `&` stands for and how many bytes it takes, its `;` included.
fn reference(rest: &str) -> Option<(String, usize)> {
    let end = rest
        .bytes()
        .take(REFERENCE_BYTES_MAX)
        .position(|b| !(b.is_ascii_alphanumeric() || b == b'#'))?;
    if rest.as_bytes()[end] != b';' {
        return None;
    }
    let name = &rest[..end];
    let value = match name.strip_prefix('#') {
        Some(number) => {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            character(code)?.to_string()
        }
        None => quick_xml::escape::resolve_html5_entity(name)?.to_owned(),
    };
    Some((value, end + 1))
}

/// As HTML reads numbers: 128 to 159 are the letters and signs that windows-1252 has there.
fn character(code: u32) -> Option<char> {
    match u8::try_from(code) {
        Ok(byte @ 0x80..=0x9f) => {
            let bytes = [byte];
            let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(&bytes);
            text.chars().next()
        }
        _ => char::from_u32(code),
    }
}

struct Tag {
    bytes: usize,
    /// It parts no words.
    is_inline: bool,
}

/// The tag, comment or whole script that `text` begins with.
fn tag(text: &str) -> Option<Tag> {
    if text.starts_with("<!--") {
        let bytes = text.find("-->").map_or(text.len(), |end| end + 3);
        return Some(Tag {
            bytes,
            is_inline: true,
        });
    }
    let body = text[1..].strip_prefix('/').unwrap_or(&text[1..]);
    let len = body
        .find(|c: char| !c.is_ascii_alphanumeric())
        .unwrap_or(body.len());
    let name = body[..len].to_ascii_lowercase();
    let is_tag =
        body[len..].starts_with(['>', '/']) || body[len..].starts_with(char::is_whitespace);
    if !is_tag || !is_html(&name) {
        return None;
    }
    let end = end_of_tag(text)?;
    let is_opaque = matches!(name.as_str(), "script" | "style") && !text.starts_with("</");
    let bytes = if is_opaque {
        let close = format!("</{name}");
        find_ignoring_case(&text[end..], &close).map_or(text.len(), |at| {
            let from = end + at;
            from + text[from..]
                .find('>')
                .map_or(text.len() - from, |gt| gt + 1)
        })
    } else {
        end
    };
    Some(Tag {
        bytes,
        is_inline: INLINE.contains(&name.as_str()),
    })
}

fn find_ignoring_case(text: &str, what: &str) -> Option<usize> {
    text.as_bytes()
        .windows(what.len())
        .position(|window| window.eq_ignore_ascii_case(what.as_bytes()))
}

/// After the `>` that is outside quotes; the first one where quotes do not close.
fn end_of_tag(text: &str) -> Option<usize> {
    const TAG_BYTES_MAX: usize = 4 * 1024;
    let mut quote = None;
    for (at, b) in text.bytes().enumerate().take(TAG_BYTES_MAX) {
        match (quote, b) {
            (None, b'>') => return Some(at + 1),
            // `<b <b <b`: each would be sought through all of those after it.
            (None, b'<') if at > 0 => return None,
            (None, b'"' | b'\'') => quote = Some(b),
            (Some(open), b) if open == b => quote = None,
            _ => {}
        }
    }
    text.bytes()
        .take(TAG_BYTES_MAX)
        .position(|b| b == b'>')
        .map(|at| at + 1)
}

const INLINE: &[&str] = &[
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "del", "dfn", "em", "font",
    "i", "ins", "kbd", "mark", "q", "s", "small", "span", "strike", "strong", "sub", "sup", "tt",
    "u", "var", "wbr",
];

const BLOCK: &[&str] = &[
    "address",
    "applet",
    "area",
    "article",
    "aside",
    "audio",
    "base",
    "basefont",
    "blockquote",
    "body",
    "br",
    "button",
    "canvas",
    "caption",
    "center",
    "col",
    "colgroup",
    "dd",
    "details",
    "dialog",
    "dir",
    "div",
    "dl",
    "dt",
    "embed",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "frame",
    "frameset",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hgroup",
    "hr",
    "html",
    "iframe",
    "img",
    "input",
    "label",
    "legend",
    "li",
    "link",
    "main",
    "map",
    "menu",
    "meta",
    "nav",
    "noscript",
    "object",
    "ol",
    "option",
    "p",
    "param",
    "picture",
    "pre",
    "script",
    "section",
    "select",
    "source",
    "style",
    "summary",
    "svg",
    "table",
    "tbody",
    "td",
    "textarea",
    "tfoot",
    "th",
    "thead",
    "tr",
];

const OTHER: &[&str] = &[
    "ul", "video", "template", "title", "track", "time", "ruby", "rt", "rp", "samp", "data", "nobr",
];

/// Whether HTML knows an element of this lower-case name.
pub(super) fn is_html(name: &str) -> bool {
    INLINE.contains(&name) || BLOCK.contains(&name) || OTHER.contains(&name)
}

/// Plain text in which a whole pair of tags or a reference stands was escaped once too often.
fn is_escaped_twice(text: &str) -> bool {
    let has_pair = text
        .match_indices("</")
        .any(|(at, _)| tag(&text[at..]).is_some());
    has_pair
        || text
            .match_indices('&')
            .any(|(at, _)| reference(&text[at + 1..]).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(raw: &str, expected: &str) {
        assert_eq!(title(raw), expected);
    }

    #[test]
    fn a_title_is_words() {
        check("  Lũ \n lớn\t ở&nbsp;Huế ", "Lũ lớn ở Huế");
        check("<b>Lũ</b> &amp; bão", "Lũ & bão");
        check("a<br/>b<p>c</p>d", "a b c d");
        check("Nước<sup>2</sup>", "Nước2");
        check("AT&amp;amp;T", "AT&T");
        check("&lt;b&gt;Lũ&lt;/b&gt; lớn", "Lũ lớn");
        check("R&D &unknown; &", "R&D &unknown; &");
        check("isn&#x92;t &#133;", "isn’t …");
        check("1 < 2 và 3 > 2", "1 < 2 và 3 > 2");
        check("Vector<int> là gì", "Vector<int> là gì");
        check("dùng thẻ &lt;b&gt; thế nào", "dùng thẻ <b> thế nào");
        check("x<script>alert('</b>')</script>y", "x y");
        check("x<!-- <b>z</b> -->y", "xy");
        check("a\u{200b}b\u{7}c\u{202e}d", "abcd");
        check("Đa\u{300} Na\u{306}\u{303}ng", "Đà Nẵng");
        check("<img alt=\"a > b\" src='x'>y", "y");
        check("&lt;script&gt;alert(1)&lt;/script&gt;", "");
    }

    #[test]
    fn texts_that_say_the_same_match() {
        for (a, b) in [
            ("LNV - Hoà Bình: thuỷ điện", "Hòa Bình – “thủy điện”"),
            ("(ĐNO) - Sáng 22/11", "[Video] Sáng 22-11"),
            ("TTXVN – Khánh Hoà", "khánh hòa"),
            ("Quảng\u{a0}Trị", "QUẢNG TRỊ"),
        ] {
            assert_eq!(matching(&fold_space(a)), matching(&fold_space(b)));
        }
        assert_ne!(matching("hòa"), matching("hóa"));
        assert_ne!(matching("ma"), matching("mà"));
    }

    #[test]
    fn a_byline_is_not_the_whole_text() {
        assert_eq!(without_byline("LNV - Tin"), "Tin");
        assert_eq!(without_byline("COVID-19 lan rộng"), "COVID-19 lan rộng");
        assert_eq!(without_byline("(Video)"), "(Video)");
        assert_eq!(without_byline("UBND tỉnh họp"), "UBND tỉnh họp");
    }

    #[test]
    fn syllables_are_words_with_letters() {
        assert_eq!(syllables(&matching("Ngày 22/11, lũ lên mức báo động 3")), 6);
        assert_eq!(syllables(""), 0);
    }

    #[test]
    fn cutting_keeps_characters_whole() {
        assert_eq!(excerpt("Quảng Trị mưa", 100), "Quảng Trị mưa");
        assert_eq!(excerpt("Quảng Trị mưa", 11), "Quảng Trị…");
        assert_eq!(truncate("ộộộ", 2), "ộộ");
    }

    proptest::proptest! {
        #[test]
        fn any_text_gives_plain_text(raw in "(<|>|/|b|script|p|&|;|#|x|3|!|-| |\"|'|ộ|\u{301}){0,60}") {
            let text = title(&raw);
            proptest::prop_assert!(!text.contains("  ") && text.trim() == text);
            matching(&text);
        }
    }

    /// What is read quickly is read as everything else is.
    #[track_caller]
    fn check_alike(text: &str) {
        let composed = text.nfc().collect::<String>();
        for text in [text, composed.as_str()] {
            if let Some(quick) = matching_latin(text) {
                assert_eq!(quick, matching_any(text), "{text:?}");
            }
            let mut quick = String::new();
            if fold_composed(text, &mut quick) {
                let mut thorough = String::new();
                fold(text.nfc(), &mut thorough);
                assert_eq!(quick, thorough, "{text:?}");
            }
            assert_eq!(says_anything(text), !plain(text).is_empty(), "{text:?}");
        }
    }

    #[test]
    fn every_letter_is_read_alike_in_both_ways() {
        for c in (0..0x3000).filter_map(char::from_u32) {
            check_alike(&format!("A{c}b {c}{c} \u{1ed9}{c}\n {c}"));
        }
        check_alike("Ngày 22/11, ĐỘI tuyển Việt Nam (U23) thắng 3–0; Ǆ ŉ İ ẞ ﬁ");
        assert!(matching_latin("Ngày 22/11, ĐỘI tuyển Việt Nam (U23) thắng 3–0").is_some());
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_alike_in_both_ways(text in "([a-zA-Z0-9àẢộỰđĐơ&<>;/ .,\u{300}\u{323}\u{302}\u{a0}\u{200b}\u{ad}\n\u{7f}]|&nbsp;|<p>|</p>|<br/>|<!--|-->|\\PC){0,40}") {
            check_alike(&text);
        }
    }
}
