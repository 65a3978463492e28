//! XML, as far as feeds need it: a writer that cannot leave a tag open or a string unescaped.
//!
//! Names of elements and attributes are ours and `'static`; everything else is taken as hostile, cleaned of
//! what XML 1.0 cannot carry and escaped on its way in.

use std::borrow::Cow;

use crate::core::model::{EntryView, FeedView, Scheme, Tag};

/// `raw` without control characters and noncharacters, line ends as XML reads them back (`\n`).
///
/// XML 1.0 cannot carry most of them, not even escaped (section 2.2), and readers show the others as boxes.
pub fn clean(raw: &str) -> Cow<'_, str> {
    if raw.chars().all(|c| c != '\r' && is_kept(c)) {
        return Cow::Borrowed(raw);
    }
    let unix = raw.replace("\r\n", "\n").replace('\r', "\n");
    Cow::Owned(unix.chars().filter(|c| is_kept(*c)).collect())
}

/// [`clean`] and on one line: for names and titles, where white space has no shape.
pub fn one_line(raw: &str) -> String {
    let spaced = raw.split_whitespace().collect::<Vec<_>>().join(" ");
    clean(&spaced).trim().to_owned()
}

/// Fit for text and for a quoted attribute, of XML and of HTML.
pub fn escape(raw: &str) -> String {
    let mut escaped = String::with_capacity(raw.len() + raw.len() / 8);
    escape_into(&mut escaped, raw);
    escaped
}

fn escape_into(out: &mut String, raw: &str) {
    for c in clean(raw).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
}

fn is_kept(c: char) -> bool {
    match c {
        '\t' | '\n' => true,
        '\u{fdd0}'..='\u{fdef}' => false,
        c if c.is_control() => false,
        c => u32::from(c) & 0xfffe != 0xfffe,
    }
}

/// The address, where it is one that may come out: http or https, and nothing that ends it early.
pub fn web_address(raw: &str) -> Option<&str> {
    let (scheme, rest) = raw.split_once("://")?;
    let web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let whole = !rest.is_empty() && !rest.contains(|c: char| c.is_whitespace() || c.is_control());
    (web && whole).then_some(raw)
}

/// The language, where it has the shape RFC 4287 asks for.
pub fn language_tag(raw: &str) -> Option<&str> {
    let mut subtags = raw.split('-');
    let first = subtags.next()?;
    let fits = |subtag: &str| (1..=8).contains(&subtag.len());
    let leads = fits(first) && first.bytes().all(|b| b.is_ascii_alphabetic());
    let follow = subtags.all(|s| fits(s) && s.bytes().all(|b| b.is_ascii_alphanumeric()));
    (leads && follow).then_some(raw)
}

/// The media type, where it has the shape `type/subtype`, parameters or not.
pub fn media_type(raw: &str) -> Option<&str> {
    let raw = raw.trim();
    let (kind, rest) = raw.split_once('/')?;
    let subtype = rest.split(';').next().unwrap_or(rest).trim();
    let token = |s: &str| {
        !s.is_empty()
            && s.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&b))
    };
    let plain = raw.bytes().all(|b| (0x20..0x7f).contains(&b));
    (token(kind) && token(subtype) && plain).then_some(raw)
}

/// Who wrote the entry; the source, where it names nobody, since an Atom entry needs an author.
pub(super) fn authors(entry: &EntryView) -> Vec<String> {
    let mut authors: Vec<String> = entry.authors.iter().map(|name| one_line(name)).collect();
    authors.retain(|name| !name.is_empty());
    if authors.is_empty() {
        let source = one_line(&entry.source.title);
        authors.push(if source.is_empty() {
            "langbao".to_owned()
        } else {
            source
        });
    }
    authors
}

/// The tags that say something, with the address of their scheme.
pub(super) fn categories<'a>(
    entry: &'a EntryView,
    schemes_url: &'a str,
) -> impl Iterator<Item = (String, &'a Tag)> {
    let address = move |scheme: Scheme| format!("{schemes_url}{}", scheme.name());
    entry
        .tags
        .iter()
        .filter(|tag| !clean(&tag.term).trim().is_empty())
        .map(move |tag| (address(tag.scheme), tag))
}

/// The namespace of GeoRSS-Simple.
pub(super) const GEORSS: &str = "http://www.georss.org/georss";

/// Whether any entry stands on the map.
pub(super) fn has_points(view: &FeedView) -> bool {
    view.entries.iter().any(|entry| entry.point.is_some())
}

/// Writes a document into a string, two blanks a level, an element a line.
pub(super) struct Writer {
    out: String,
    open: Vec<&'static str>,
}

impl Writer {
    pub(super) fn new() -> Writer {
        Writer {
            out: String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"),
            open: Vec::new(),
        }
    }

    /// Starts a tag; nothing stands until the [`Element`] is opened, filled or left empty.
    pub(super) fn element(&mut self, name: &'static str) -> Element<'_> {
        for _ in &self.open {
            self.out.push_str("  ");
        }
        self.out.push('<');
        self.out.push_str(name);
        Element { writer: self, name }
    }

    /// Ends the element opened last.
    pub(super) fn close(&mut self) {
        let name = self.open.pop().expect("as many ends as starts");
        for _ in &self.open {
            self.out.push_str("  ");
        }
        self.end(name);
    }

    pub(super) fn finish(self) -> Vec<u8> {
        assert!(self.open.is_empty(), "as many ends as starts");
        self.out.into_bytes()
    }

    fn end(&mut self, name: &'static str) {
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push_str(">\n");
    }
}

/// A start tag still taking attributes.
#[must_use = "a start tag needs an end"]
pub(super) struct Element<'w> {
    writer: &'w mut Writer,
    name: &'static str,
}

impl Element<'_> {
    /// Tabs and line ends are written as references, or they would be read back as blanks.
    pub(super) fn attr(self, name: &'static str, value: &str) -> Self {
        let out = &mut self.writer.out;
        out.push(' ');
        out.push_str(name);
        out.push_str("=\"");
        out.push_str(&escape(value).replace('\t', "&#9;").replace('\n', "&#10;"));
        out.push('"');
        self
    }

    pub(super) fn attr_if(self, name: &'static str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.attr(name, value),
            None => self,
        }
    }

    pub(super) fn empty(self) {
        self.writer.out.push_str("/>\n");
    }

    pub(super) fn text(self, text: &str) {
        self.writer.out.push('>');
        escape_into(&mut self.writer.out, text);
        self.writer.end(self.name);
    }

    /// Leaves the element open for others until [`Writer::close`].
    pub(super) fn open(self) {
        self.writer.out.push_str(">\n");
        self.writer.open.push(self.name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(raw: &str, expected: &str) {
        assert_eq!(clean(raw), expected, "{raw:?}");
    }

    #[test]
    fn what_xml_cannot_carry_goes() {
        check("Lò gốm\u{0}\u{8}\u{b}\u{1b}[31m", "Lò gốm[31m");
        check("a\u{7f}b\u{85}c\u{9f}d", "abcd");
        check("\u{fffe}a\u{ffff}b\u{1fffe}c\u{10ffff}d\u{fdd0}e", "abcde");
    }

    #[test]
    fn what_it_can_carry_stays() {
        check(
            "Làng nghề\tVạn\nPhúc 🧵 \u{fffd}",
            "Làng nghề\tVạn\nPhúc 🧵 \u{fffd}",
        );
        check("a\r\nb\rc", "a\nb\nc");
    }

    #[test]
    fn an_escaped_string_closes_nothing() {
        assert_eq!(
            escape("\"'><script>]]>&amp;"),
            "&quot;&#39;&gt;&lt;script&gt;]]&gt;&amp;amp;"
        );
    }

    #[test]
    fn only_web_addresses_come_out() {
        for good in ["http://a.vn/", "HTTPS://a.vn/x?y=1#z", "https://bảo.vn/"] {
            assert_eq!(web_address(good), Some(good));
        }
        for bad in [
            "javascript:alert(1)",
            "javascript://a.vn/%0aalert(1)",
            "data:text/html,x",
            "/relative",
            "https://",
            "https://a.vn/ b",
            "https://a.vn/\n",
            "",
        ] {
            assert_eq!(web_address(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn languages_and_media_types_have_their_shape() {
        for good in ["vi", "vi-VN", "zh-Hant-TW", "x-klingon"] {
            assert_eq!(language_tag(good), Some(good));
        }
        for bad in ["", "vi_VN", "tiếng-việt", "vietnamese", "vi-", "1a"] {
            assert_eq!(language_tag(bad), None, "{bad:?}");
        }
        for good in [
            "image/jpeg",
            "application/atom+xml",
            "text/html; charset=utf-8",
        ] {
            assert_eq!(media_type(good), Some(good));
        }
        for bad in [
            "",
            "jpeg",
            "image/",
            "/jpeg",
            "a b/c",
            "image/jp\u{e9}g",
            "a/b;\u{1}",
        ] {
            assert_eq!(media_type(bad), None, "{bad:?}");
        }
    }
}
