//! Bytes to text: which encoding an answer is really in, whatever it says.
//!
//! Trust runs from what cannot lie to what can: a byte order mark, the shape of UTF-16 and UTF-32, UTF-8 that
//! holds, then the charset of the HTTP answer, the XML declaration, and a guess last. The text comes out in
//! NFC and without characters that XML 1.0 forbids. Never fails: what cannot be decoded becomes U+FFFD.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, ISO_2022_JP, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// How far into the bytes an XML declaration is looked for.
const DECLARATION_BYTES_MAX: usize = 1024;

/// How many bytes the guess looks at.
const GUESS_BYTES_MAX: usize = 64 * 1024;

/// The text of `body`, in NFC and without characters that no XML document may hold.
pub fn text(body: &[u8], content_type: Option<&str>) -> String {
    let decoded = decode(body, content_type);
    if is_settled(&decoded) {
        return decoded.into_owned();
    }
    let legal: Cow<str> = if decoded.chars().all(is_legal) {
        decoded
    } else {
        decoded.chars().filter(|c| is_legal(*c)).collect()
    };
    match is_nfc_quick(legal.chars()) {
        IsNormalized::Yes => legal.into_owned(),
        IsNormalized::No | IsNormalized::Maybe => legal.nfc().collect(),
    }
}

/// Whether nothing is to be done, told by bytes for what Vietnamese newsrooms write: legal characters up to
/// U+02FF, from U+1E00 to U+1EFF (the letters with two marks) and the dashes and quotes from U+2010 to U+2027,
/// all of which are NFC as they are.
///
/// Every byte is looked at, without a branch: that goes many times faster than stopping at the first.
fn is_settled(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_odd = |b: u8| {
        (b < b' ') & (b != b'\t') & (b != b'\n') & (b != b'\r')
            | (b > 0xcb) & (b != 0xe1) & (b != 0xe2)
    };
    // What begins with E1 or E2 has three bytes: the last two of a text begin none.
    let is_odd_triple = |[a, b, c]: &[u8; 3]| {
        (*a == 0xe1) & !matches!(b, 0xb8..=0xbb)
            | (*a == 0xe2) & ((*b != 0x80) | !matches!(c, 0x90..=0xa7))
    };
    !bytes.iter().fold(false, |odd, b| odd | is_odd(*b))
        && !bytes
            .array_windows()
            .fold(false, |odd, triple| odd | is_odd_triple(triple))
}

/// What XML 1.0 calls a Char, without the byte order mark.
pub fn is_legal(c: char) -> bool {
    !matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn decode<'a>(body: &'a [u8], content_type: Option<&str>) -> Cow<'a, str> {
    if let Some(text) = decode_marked(body) {
        return text;
    }
    if let Some(text) = decode_shaped(body) {
        return text;
    }
    let stated = [content_type.and_then(http_charset), declared_charset(body)];
    match std::str::from_utf8(body) {
        // ISO-2022-JP is ASCII all through: only its name tells.
        Ok(_) if body.contains(&0x1b) && stated.contains(&Some(ISO_2022_JP)) => {
            return ISO_2022_JP.decode_without_bom_handling(body).0;
        }
        Ok(text) => return Cow::Borrowed(text),
        // An answer that breaks off inside a character, after others that were whole.
        Err(err) if err.error_len().is_none() && !body[..err.valid_up_to()].is_ascii() => {
            return String::from_utf8_lossy(body);
        }
        Err(_) => {}
    }
    if is_mostly_utf8(body) {
        return String::from_utf8_lossy(body);
    }
    for encoding in stated.into_iter().flatten() {
        if encoding == UTF_8 || encoding == UTF_16LE || encoding == UTF_16BE {
            continue;
        }
        let (text, damaged) = encoding.decode_without_bom_handling(body);
        if !damaged {
            return text;
        }
    }
    guess(body).decode_without_bom_handling(body).0
}

/// By a byte order mark, UTF-32 before UTF-16 because one begins like the other.
fn decode_marked(body: &[u8]) -> Option<Cow<'_, str>> {
    match body {
        [0xff, 0xfe, 0, 0, rest @ ..] => Some(utf32(rest, u32::from_le_bytes).into()),
        [0, 0, 0xfe, 0xff, rest @ ..] => Some(utf32(rest, u32::from_be_bytes).into()),
        [0xff, 0xfe, rest @ ..] => Some(UTF_16LE.decode_without_bom_handling(rest).0),
        [0xfe, 0xff, rest @ ..] => Some(UTF_16BE.decode_without_bom_handling(rest).0),
        [0xef, 0xbb, 0xbf, rest @ ..] if std::str::from_utf8(rest).is_ok() => {
            Some(String::from_utf8_lossy(rest))
        }
        _ => None,
    }
}

/// By where the zero bytes of the first characters stand.
fn decode_shaped(body: &[u8]) -> Option<Cow<'_, str>> {
    match body {
        [a, 0, 0, 0, _, 0, 0, 0, ..] if *a != 0 => Some(utf32(body, u32::from_le_bytes).into()),
        [0, 0, 0, a, 0, 0, 0, _, ..] if *a != 0 => Some(utf32(body, u32::from_be_bytes).into()),
        [a, 0, b, 0, ..] if *a != 0 && *b != 0 => {
            Some(UTF_16LE.decode_without_bom_handling(body).0)
        }
        [0, a, 0, b, ..] if *a != 0 && *b != 0 => {
            Some(UTF_16BE.decode_without_bom_handling(body).0)
        }
        _ => None,
    }
}

fn utf32(body: &[u8], unit: fn([u8; 4]) -> u32) -> String {
    body.as_chunks::<4>()
        .0
        .iter()
        .map(|bytes| char::from_u32(unit(*bytes)).unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

/// Broken here and there, but with far more whole multi-byte characters than broken ones.
fn is_mostly_utf8(body: &[u8]) -> bool {
    let (mut whole, mut broken) = (0_usize, 0_usize);
    for chunk in body.utf8_chunks() {
        whole += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    whole > broken.saturating_mul(2)
}

/// `charset=` of a Content-Type, also as `charset:x`, quoted or with spaces around the sign.
fn http_charset(content_type: &str) -> Option<&'static Encoding> {
    let lower = content_type.to_ascii_lowercase();
    let (_, rest) = lower.split_once("charset")?;
    label(rest.trim_start().strip_prefix(['=', ':'])?)
}

/// `encoding=` of the XML declaration, wherever it stands in the first bytes.
fn declared_charset(body: &[u8]) -> Option<&'static Encoding> {
    let head: String = body
        .iter()
        .take(DECLARATION_BYTES_MAX)
        .map(|b| char::from(*b).to_ascii_lowercase())
        .collect();
    let declaration = &head[head.find("<?xml ")?..];
    let declaration = &declaration[..declaration.find("?>").unwrap_or(declaration.len())];
    let (_, rest) = declaration.split_once("encoding")?;
    label(rest.trim_start().strip_prefix('=')?)
}

fn label(raw: &str) -> Option<&'static Encoding> {
    let raw = raw.trim_start().trim_start_matches(['"', '\'']);
    let end = raw
        .find(|c: char| c == '"' || c == '\'' || c == ';' || c == '?' || c.is_whitespace())
        .unwrap_or(raw.len());
    Encoding::for_label_no_replacement(&raw.as_bytes()[..end])
}

fn guess(body: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    let sample = &body[..body.len().min(GUESS_BYTES_MAX)];
    if !detector.feed(sample, sample.len() == body.len()) {
        return WINDOWS_1252;
    }
    detector.guess(None, Utf8Detection::Deny)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = "<rss><t>Lũ ở Quảng Trị</t></rss>";

    #[track_caller]
    fn check(body: &[u8], content_type: Option<&str>, expected: &str) {
        assert_eq!(text(body, content_type), expected);
    }

    fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(unit).collect()
    }

    fn utf32_of(text: &str, unit: fn(u32) -> [u8; 4]) -> Vec<u8> {
        text.chars().flat_map(|c| unit(u32::from(c))).collect()
    }

    #[test]
    fn utf16_and_utf32_are_read_with_and_without_a_mark() {
        let marked = format!("\u{feff}{SAMPLE}");
        check(&utf16(&marked, u16::to_le_bytes), None, SAMPLE);
        check(&utf16(&marked, u16::to_be_bytes), None, SAMPLE);
        check(&utf16(SAMPLE, u16::to_le_bytes), None, SAMPLE);
        check(
            &utf16(SAMPLE, u16::to_be_bytes),
            Some("text/xml; charset=utf-8"),
            SAMPLE,
        );
        check(&utf32_of(&marked, u32::to_le_bytes), None, SAMPLE);
        check(&utf32_of(&marked, u32::to_be_bytes), None, SAMPLE);
        check(&utf32_of(SAMPLE, u32::to_be_bytes), None, SAMPLE);
    }

    #[test]
    fn utf8_that_holds_is_utf8_whatever_is_declared() {
        for declared in [
            "windows-1252",
            "windows-1258",
            "us-ascii",
            "utf-16",
            "nonsense",
        ] {
            let xml = format!("<?xml version=\"1.0\" encoding=\"{declared}\"?>{SAMPLE}");
            check(xml.as_bytes(), Some("text/xml; charset=iso-8859-1"), &xml);
        }
        check(format!("\u{feff}{SAMPLE}").as_bytes(), None, SAMPLE);
    }

    #[test]
    fn windows_1258_comes_out_composed() {
        // "Quảng" in windows-1258: the tone is a combining mark after the vowel.
        let mut body = b"<?xml version='1.0' encoding='windows-1258'?><t>Qua".to_vec();
        body.extend([0xd2, b'n', b'g', b' ', 0xd0, 0xf4, 0xf2, b'<']);
        check(
            &body,
            None,
            "<?xml version='1.0' encoding='windows-1258'?><t>Quảng Độ<",
        );
    }

    #[test]
    fn the_charset_of_the_answer_goes_before_that_of_the_declaration() {
        let body = b"<?xml version='1.0' encoding='koi8-r'?><t>caf\xe9</t>";
        check(
            body,
            Some("text/xml; charset = \"iso-8859-1\""),
            "<?xml version='1.0' encoding='koi8-r'?><t>café</t>",
        );
    }

    #[test]
    fn one_broken_byte_in_utf8_costs_one_character() {
        let mut body = SAMPLE.as_bytes().to_vec();
        body.push(0xff);
        check(&body, None, &format!("{SAMPLE}\u{fffd}"));
    }

    #[test]
    fn a_cut_inside_a_character_costs_that_character() {
        let body = "<?xml version='1.0' encoding='windows-1258'?><t>Lũ ở".as_bytes();
        let expected = "<?xml version='1.0' encoding='windows-1258'?><t>Lũ \u{fffd}";
        check(&body[..body.len() - 1], None, expected);
    }

    #[test]
    fn what_is_settled_needs_no_mending() {
        for block in [0..0x300_u32, 0x1e00..0x1f00, 0x2010..0x2028, 0x2f00..0x3100] {
            for c in block.filter_map(char::from_u32) {
                let alone = c.to_string();
                if is_settled(&alone) {
                    assert!(
                        is_legal(c) && is_nfc_quick(alone.chars()) == IsNormalized::Yes,
                        "{c:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn forbidden_characters_are_dropped() {
        check("a\0b\u{1}c\u{b}d\u{ffff}\t\n".as_bytes(), None, "abcd\t\n");
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_give_legal_text(body in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            proptest::prop_assert!(text(&body, Some("text/xml; charset=gb18030")).chars().all(is_legal));
        }
    }
}
