//! HTML made safe: bounded before it is parsed, cleaned by ammonia, without beacons after.
//!
//! No script, style, frame or form comes out, no address but http, https and mailto, no tracking pixel and
//! no character that XML forbids. Whatever hides in the markup of a source ends here.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};
use regex::Regex;
use url::Url;

use super::text;

/// Of one field; the rest is cut off before it is parsed.
const INPUT_BYTES_MAX: usize = 512 * 1024;

/// Tags open at once; HTML nested deeper is shown as its words. ammonia takes seconds for 20,000.
const DEPTH_MAX: usize = 256;

/// Of the names of tags; longer ones are none.
const TAG_NAME_BYTES_MAX: usize = 32;

/// Parts of addresses of images that nobody looks at.
const BEACONS: [&str; 16] = [
    "feeds.feedburner.com/~r/",
    "feeds.feedburner.com/~ff/",
    "feedproxy.google.com/~r/",
    "feeds.wordpress.com/1.0/",
    "stats.wordpress.com",
    "pixel.wp.com",
    "doubleclick.net",
    "google-analytics.com",
    "googletagmanager.com",
    "facebook.com/tr",
    "scorecardresearch.com",
    "quantserve.com",
    "pixel.gif",
    "/pixel.",
    "spacer.gif",
    "rss-pixel",
];

/// Tags times the tags open around each: what a parser may have to build anew for crossed markup.
const WORK_MAX: usize = 1_000_000;

/// `&lt;` and its like that are parsed; ammonia's cost grows with their square.
const REFERENCES_MAX: usize = 5_000;

/// `raw` as safe HTML with its addresses resolved against `base`; none when nothing is left to see.
pub fn safe(raw: &str, base: Option<&Url>) -> Option<String> {
    Cleaner::default().safe(raw, base)
}

/// Makes one text after the other safe: the lists of what may stay are made once.
#[derive(Default)]
pub struct Cleaner {
    builder: Option<Builder<'static>>,
}

impl Cleaner {
    /// As [`safe`].
    pub fn safe(&mut self, raw: &str, base: Option<&Url>) -> Option<String> {
        made_safe(raw, |html| self.markup(html, base))
    }

    /// None where the markup would cost more than it is worth.
    fn markup(&mut self, html: &str, base: Option<&Url>) -> Option<String> {
        if is_too_much(html) || html.matches('&').count() > REFERENCES_MAX {
            return None;
        }
        let seen = rewrite_tags(html, false, |name, tag| {
            let is_word = SWALLOWERS.contains(&name) || !text::is_html(name);
            !(is_word || name == "img" && is_point(tag))
        });
        let builder = self.builder.get_or_insert_with(builder);
        builder.url_relative(match base {
            Some(base) => UrlRelative::RewriteWithBase(base.clone()),
            None => UrlRelative::Deny,
        });
        let clean = builder.clean(&seen).to_string();
        let clean = rewrite_tags(&clean, true, |name, tag| name != "img" || is_picture(tag));
        (clean.len() <= 2 * INPUT_BYTES_MAX).then_some(clean)
    }
}

fn made_safe(raw: &str, mut markup: impl FnMut(&str) -> Option<String>) -> Option<String> {
    let bounded = cut(raw.trim());
    if !bounded.contains(['<', '&']) {
        let clean = xml_clean(bounded);
        let clean = clean.trim();
        return text::is_visible(clean).then(|| clean.to_owned());
    }
    let decoded = text::decode_letters(bounded);
    let clean = markup(&decoded).unwrap_or_else(|| words(&decoded));
    let clean = xml_clean(&clean);
    let clean = clean.trim();
    if clean.contains("<img") || text::says_anything(clean) {
        return Some(clean.to_owned());
    }
    // Nothing but the beginning of a tag, without an attribute: whoever wrote it meant the sign.
    let is_sign = bounded.contains('<') && !bounded.contains(['>', '=']);
    is_sign
        .then(|| words(&xml_clean(bounded)))
        .filter(|words| !words.is_empty())
}

fn words(html: &str) -> String {
    quick_xml::escape::escape(text::plain(html)).into_owned()
}

/// `raw` without characters that no XML document may hold.
pub fn xml_clean(raw: &str) -> Cow<'_, str> {
    if !raw.bytes().any(may_begin_illegal) || raw.chars().all(is_legal) {
        Cow::Borrowed(raw)
    } else {
        raw.chars().filter(|c| is_legal(*c)).collect()
    }
}

/// Whether an illegal character may begin with this byte, seen in passing over a whole text.
fn may_begin_illegal(byte: u8) -> bool {
    byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r') || matches!(byte, 0x7f | 0xc2 | 0xef)
}

fn is_legal(c: char) -> bool {
    !matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
}

fn cut(raw: &str) -> &str {
    let mut end = raw.len().min(INPUT_BYTES_MAX);
    while !raw.is_char_boundary(end) {
        end -= 1;
    }
    &raw[..end]
}

fn builder() -> Builder<'static> {
    let mut builder = Builder::default();
    builder
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .rm_tags(["map", "area"])
        .add_clean_content_tags(["applet"]);
    builder
}

/// Counts tags as they stand: one that is never closed counts for the rest of the text.
fn is_too_much(html: &str) -> bool {
    let mut open: HashMap<String, usize> = HashMap::new();
    let (mut depth, mut work) = (0_usize, 0_usize);
    for (at, _) in html.match_indices('<') {
        let rest = &html[at + 1..];
        let name = tag_name(rest.strip_prefix('/').unwrap_or(rest));
        if name.is_empty() || is_void(&name) {
            work += depth * usize::from(!name.is_empty());
            continue;
        }
        let count = open.entry(name).or_default();
        if !rest.starts_with('/') {
            *count += 1;
            depth += 1;
        } else if *count > 0 {
            *count -= 1;
            depth -= 1;
        }
        work += depth;
        if depth > DEPTH_MAX || work > WORK_MAX {
            return true;
        }
    }
    work > WORK_MAX
}

/// In lower case; empty where no tag begins.
fn tag_name(text: &str) -> String {
    let end = text
        .bytes()
        .take(TAG_NAME_BYTES_MAX)
        .position(|b| !(b.is_ascii_alphanumeric() || b == b':'))
        .unwrap_or(0);
    let name = text[..end].to_ascii_lowercase();
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        name
    } else {
        String::new()
    }
}

/// Tags that hold nothing, and those that HTML closes by itself.
fn is_void(name: &str) -> bool {
    matches!(
        name,
        "br" | "hr"
            | "img"
            | "input"
            | "col"
            | "area"
            | "wbr"
            | "embed"
            | "source"
            | "param"
            | "meta"
            | "link"
            | "p"
            | "li"
            | "td"
            | "tr"
            | "th"
            | "dt"
            | "dd"
            | "option"
    )
}

fn pattern(source: &str) -> Regex {
    Regex::new(source).expect("the pattern is a constant that a test compiles")
}

/// Tags in which a parser sees no markup or another language: unclosed, they take along all that follows.
const SWALLOWERS: [&str; 9] = [
    "iframe", "svg", "math", "noscript", "title", "textarea", "select", "template", "frameset",
];

/// `html` without the tags that `keep` refuses, by lower-case name and whole tag; what they hold stays.
///
/// In what ammonia wrote (`is_sound`) a `>` inside quotes is none. In what a source wrote quotes tell nothing,
/// and cutting a tag short there harms nobody: ammonia comes after.
fn rewrite_tags(html: &str, is_sound: bool, keep: impl Fn(&str, &str) -> bool) -> String {
    let mut out = String::with_capacity(html.len());
    let mut at = 0;
    let mut next_gt = 0;
    while let Some(lt) = html[at..].find('<').map(|lt| at + lt) {
        out.push_str(&html[at..lt]);
        if next_gt <= lt {
            match html[lt..].find('>') {
                Some(gt) => next_gt = lt + gt + 1,
                None => {
                    at = lt;
                    break;
                }
            }
        }
        let rest = &html[lt + 1..];
        let name = tag_name(rest.strip_prefix('/').unwrap_or(rest));
        let end = match name.as_str() {
            "" => lt + 1,
            _ if is_sound => lt + sound_tag_len(&html[lt..]),
            _ => next_gt,
        };
        let tag = &html[lt..end];
        if !is_sound && is_bare_sign(rest) {
            out.push_str("&lt;");
        } else if name.is_empty() || keep(&name, tag) {
            out.push_str(tag);
        }
        at = end;
    }
    out.push_str(&html[at..]);
    out
}

/// `<!` that begins neither a comment, a document type nor what word processors leave (`<![if …]>`).
fn is_bare_sign(after: &str) -> bool {
    after.strip_prefix('!').is_some_and(|rest| {
        !rest.starts_with(|c: char| matches!(c, '-' | '[' | '>') || c.is_ascii_alphabetic())
    })
}

fn sound_tag_len(tag: &str) -> usize {
    let mut quoted = false;
    for (at, b) in tag.bytes().enumerate() {
        match b {
            b'"' => quoted = !quoted,
            b'>' if !quoted => return at + 1,
            _ => {}
        }
    }
    tag.len()
}

/// An image that says it is a point or hidden; sizes in styles are gone after cleaning.
fn is_point(image: &str) -> bool {
    static SIDE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r#"(?i)\b(width|height)\s*[=:]\s*["']?\s*[01](?:px)?\s*(?:["';/>\s]|$)"#)
    });
    static HIDDEN: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?i)display\s*:\s*none|visibility\s*:\s*hidden"));
    let sides: HashSet<String> = SIDE
        .captures_iter(image)
        .map(|side| side[1].to_ascii_lowercase())
        .collect();
    sides.len() == 2 || HIDDEN.is_match(image)
}

/// An image with an address that is no beacon's.
fn is_picture(image: &str) -> bool {
    let lower = image.to_ascii_lowercase();
    lower.contains(" src=\"http") && !BEACONS.iter().any(|part| lower.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(raw: &str, expected: Option<&str>) {
        let base = Url::parse("https://a.vn/tin/").unwrap();
        assert_eq!(safe(raw, Some(&base)).as_deref(), expected, "{raw}");
    }

    #[test]
    fn what_is_harmless_stays() {
        check("Lũ lớn ở Huế > 3 m", Some("Lũ lớn ở Huế > 3 m"));
        check("<p>Lũ <b>lớn</b></p>", Some("<p>Lũ <b>lớn</b></p>"));
        check("a &amp; b", Some("a &amp; b"));
        check(
            "<a href=\"b.html\">x</a><img src=\"/i.jpg\" width=\"640\">",
            Some(
                "<a href=\"https://a.vn/tin/b.html\" rel=\"noopener noreferrer\">x</a><img src=\"https://a.vn/i.jpg\" width=\"640\">",
            ),
        );
    }

    #[test]
    fn what_is_not_goes() {
        check("<script>alert(1)</script>", None);
        check(
            "x<style>p{}</style><iframe src=\"http://e.vn\">y</iframe>",
            Some("xy"),
        );
        check(
            "<p onclick=\"x()\" style=\"color:red\">y</p>",
            Some("<p>y</p>"),
        );
        check(
            "<a href=\"javascript:x()\">y</a>",
            Some("<a rel=\"noopener noreferrer\">y</a>"),
        );
        check(
            "<a href=\" JaVa\nscript:x()\">y</a>",
            Some("<a rel=\"noopener noreferrer\">y</a>"),
        );
        check("<img src=\"data:image/png;base64,AA\">x", Some("x"));
        check("<form><input name=x>y</form>", Some("y"));
        check(
            "<svg><script>x</script></svg><math><mi//xlink:href=\"data:x,<script>\">",
            Some("\"&gt;"),
        );
        check("a\u{0}b\u{b}c\u{fffe}", Some("abc"));
        check("&#0;&#11;x", Some("\u{fffd}x"));
        check("   ", None);
        check("<p>&nbsp;</p>", None);
    }

    #[test]
    fn a_text_that_is_nothing_but_a_sign_is_shown_as_it() {
        check("<a", Some("&lt;a"));
        check("<!DOCTYPE", Some("&lt;!DOCTYPE"));
        check("<!' <b>x</b>", Some("&lt;!' <b>x</b>"));
        check("<![if !supportLists]>x<![endif]><!>", Some("x"));
        check("<img src=\"https://a.vn/x.jp", None);
        check("<!-- x", None);
    }

    #[test]
    fn images_that_nobody_sees_go() {
        for pixel in [
            "<img src=\"http://t.vn/x.gif\" width=\"1\" height=\"1\">",
            "<img height=0 width=0 src=http://t.vn/x.gif>",
            "<img src='http://t.vn/x' style='width:1px;height:1px'>",
            "<img src='http://t.vn/x' style='display: none'>",
            "<img src=\"http://feeds.feedburner.com/~r/x/~4/y\">",
            "<img src=\"https://pixel.wp.com/b.gif?v=1\">",
        ] {
            check(&format!("x{pixel}"), Some("x"));
        }
        check(
            "<img src=\"https://a.vn/x.jpg\" width=\"100\" height=\"1\">",
            Some("<img src=\"https://a.vn/x.jpg\" width=\"100\" height=\"1\">"),
        );
    }

    #[test]
    fn deep_and_long_markup_is_bounded_before_it_is_parsed() {
        let deep = format!("{}x & y{}", "<div>".repeat(20_000), "</div>".repeat(20_000));
        check(&deep, Some("x &amp; y"));
        let long = safe(&"<p>ộ</p>".repeat(200_000), None).unwrap();
        assert!(long.len() <= INPUT_BYTES_MAX + 16);
        for costly in [
            "<b>x<p>",
            "<b></p>",
            "<p><font>",
            "<img ",
            "<b <b",
            "<!--",
            "<table><td>",
            "&#x26;",
            "< ",
            "<p \"",
        ] {
            safe(&costly.repeat(100_000), None);
        }
        assert!(safe(&"&amp;".repeat(2_000_000), None).unwrap().len() <= INPUT_BYTES_MAX + 16);
    }

    proptest::proptest! {
        #[test]
        fn no_script_comes_out(raw in "(<|>|/|script|img|src=|\"|'|onerror=|svg|style|&|lt;|#x3c;|javascript:| |x){0,40}") {
            if let Some(clean) = safe(&raw, None) {
                let lower = clean.to_ascii_lowercase();
                proptest::prop_assert!(!lower.contains("<script") && !lower.contains("<svg") && !lower.contains("<style"));
            }
        }
    }
}
