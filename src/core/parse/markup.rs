//! What a text field holds, as HTML: escaped, inline, plain or base64, whatever its type says.

use std::borrow::Cow;

use super::guard::{Child, Element, local};

/// The words of a field as HTML; `is_atom` decides what a missing type means.
pub(super) fn html(field: &Element, is_atom: bool) -> Option<String> {
    let kind = Kind::of(field, is_atom);
    let has_markup = field.elements().next().is_some();
    let raw = if has_markup {
        inline(field)
    } else {
        let text = field.text();
        let text = match kind {
            Kind::Base64 => base64(&text).unwrap_or(text),
            _ => text,
        };
        match kind {
            Kind::Plain => escape(text.trim()).into_owned(),
            Kind::Unsaid if !looks_like_html(&text) => escape(text.trim()).into_owned(),
            _ => text,
        }
    };
    present(&raw)
}

/// A text field's words without markup of any kind: addresses, ids, dates.
pub(super) fn plain(field: &Element) -> Option<String> {
    present(&field.text())
}

/// Trimmed and with old encodings' damage mended; none when nothing is left.
pub(super) fn present(raw: &str) -> Option<String> {
    let trimmed = raw.trim();
    (!trimmed.is_empty()).then(|| settle(trimmed).into_owned())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Html,
    Plain,
    /// Atom's default is plain text, but many write HTML.
    Unsaid,
    Base64,
}

impl Kind {
    fn of(field: &Element, is_atom: bool) -> Kind {
        let mime = field
            .attribute("type")
            .map(|t| t.trim().to_ascii_lowercase());
        if field
            .attribute("mode")
            .is_some_and(|m| m.eq_ignore_ascii_case("base64"))
        {
            return Kind::Base64;
        }
        match mime.as_deref() {
            _ if !is_atom => Kind::Html,
            None | Some("") => Kind::Unsaid,
            Some("text" | "plain" | "text/plain") => Kind::Plain,
            Some("html" | "xhtml") => Kind::Html,
            Some(mime) if mime.starts_with("text/") || mime.ends_with("xml") => Kind::Html,
            Some(_) => Kind::Base64,
        }
    }
}

/// The children written out as HTML; the one `div` that Atom wraps XHTML in is left out.
fn inline(field: &Element) -> String {
    let mut out = String::new();
    let blank = |child: &Child| matches!(child, Child::Text(text) if text.trim().is_empty());
    let mut solid = field.children.iter().filter(|child| !blank(child));
    match (solid.next(), solid.next()) {
        (Some(Child::Element(only)), None) if local(&only.name) == "div" => {
            write_children(only, &mut out);
        }
        _ => write_children(field, &mut out),
    }
    out
}

fn write_children(element: &Element, out: &mut String) {
    for child in &element.children {
        match child {
            // Escaped markup beside real markup: whoever wrote the one meant both.
            Child::Text(text) if looks_like_html(text) => out.push_str(text),
            Child::Text(text) => out.push_str(&escape(text)),
            Child::Element(element) => write(element, out),
        }
    }
}

fn write(element: &Element, out: &mut String) {
    let name = local(&element.name);
    out.push('<');
    out.push_str(name);
    for (key, value) in &element.attributes {
        if is_attribute_name(key) {
            out.push_str(&format!(" {key}=\"{}\"", escape(value)));
        }
    }
    out.push('>');
    write_children(element, out);
    let is_void = matches!(
        name,
        "br" | "hr" | "img" | "input" | "col" | "area" | "wbr" | "embed"
    );
    if !is_void {
        out.push_str(&format!("</{name}>"));
    }
}

pub(super) fn is_attribute_name(key: &str) -> bool {
    key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

pub(super) fn escape(text: &str) -> Cow<'_, str> {
    quick_xml::escape::escape(text)
}

/// Whether plain text is evidently HTML: an end tag, a void tag or a character reference.
fn looks_like_html(text: &str) -> bool {
    let has_tag = text.match_indices('<').any(|(at, _)| {
        let tag = &text[at + 1..];
        let tag = tag.strip_prefix('/').unwrap_or(tag);
        let end = tag
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(tag.len());
        let name = tag[..end].to_ascii_lowercase();
        matches!(
            name.as_str(),
            "p" | "br"
                | "a"
                | "b"
                | "i"
                | "u"
                | "em"
                | "strong"
                | "div"
                | "span"
                | "img"
                | "ul"
                | "ol"
                | "li"
                | "table"
                | "tr"
                | "td"
                | "h1"
                | "h2"
                | "h3"
                | "h4"
                | "h5"
                | "h6"
                | "blockquote"
                | "pre"
                | "code"
                | "hr"
                | "font"
                | "figure"
                | "video"
                | "sup"
                | "sub"
        ) && tag[end..].starts_with(['>', ' ', '/'])
    });
    has_tag || has_reference(text)
}

fn has_reference(text: &str) -> bool {
    text.match_indices('&').any(|(at, _)| {
        let rest = &text[at + 1..];
        match rest.bytes().take(12).position(|b| b == b';') {
            Some(end) if end > 1 => {
                let name = &rest[..end];
                name.starts_with('#') || quick_xml::escape::resolve_html5_entity(name).is_some()
            }
            _ => false,
        }
    })
}

/// Undoes two old mishaps: UTF-8 read as Latin-1 and written again, and windows-1252 passed off as Latin-1.
fn settle(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let latin: Option<Vec<u8>> = text
        .chars()
        .map(|c| u8::try_from(u32::from(c)).ok())
        .collect();
    let once = match latin.map(String::from_utf8) {
        Some(Ok(read)) => Cow::Owned(read),
        _ => Cow::Borrowed(text),
    };
    // U+0080 to U+009F are written C2 80 to C2 9F.
    if once
        .as_bytes()
        .windows(2)
        .any(|pair| pair[0] == 0xc2 && pair[1] < 0xa0)
    {
        Cow::Owned(once.chars().map(from_windows_1252).collect())
    } else {
        once
    }
}

fn is_c1(c: char) -> bool {
    matches!(c, '\u{80}'..='\u{9f}')
}

fn from_windows_1252(c: char) -> char {
    match u8::try_from(u32::from(c)) {
        Ok(byte) if is_c1(c) => {
            let bytes = [byte];
            let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(&bytes);
            text.chars().next().unwrap_or(c)
        }
        _ => c,
    }
}

/// Text in base64, if it is that.
fn base64(raw: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(raw.len() / 4 * 3);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for b in raw
        .bytes()
        .filter(|b| !b.is_ascii_whitespace() && *b != b'=')
    {
        let six = match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(six)) & 0xffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from((bits >> held) & 0xff).ok()?);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::super::guard::grow;
    use super::*;

    #[track_caller]
    fn check(field: &str, is_atom: bool, expected: &str) {
        let tree = grow(field);
        let field = tree.top.elements().next().unwrap();
        assert_eq!(html(field, is_atom).as_deref().unwrap_or(""), expected);
    }

    #[test]
    fn the_type_of_a_field_is_heeded_where_it_can_be_believed() {
        check(
            "<description>&lt;p&gt;a&lt;/p&gt;</description>",
            false,
            "<p>a</p>",
        );
        check("<title>1 &lt; 2</title>", true, "1 &lt; 2");
        check("<title type='text'>&lt;b&gt;</title>", true, "&lt;b&gt;");
        check("<summary>&lt;p&gt;a&lt;/p&gt;</summary>", true, "<p>a</p>");
        check("<content type='HTML'>&lt;p&gt;a</content>", true, "<p>a");
        check(
            "<title mode='base64'>TOG7rSBs4bulYw==</title>",
            true,
            "Lử lục",
        );
        check(
            "<content type='application/octet-stream'>PHA+</content>",
            true,
            "<p>",
        );
    }

    #[test]
    fn inline_markup_is_written_out() {
        check(
            "<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p class=\"x\">1 &lt; 2<br/>b</p></div></content>",
            true,
            "<p class=\"x\">1 &lt; 2<br>b</p>",
        );
        check("<title>Lũ <b>lớn</b></title>", false, "Lũ <b>lớn</b>");
    }

    #[test]
    fn damage_of_old_encodings_is_undone() {
        check("<t>LÅ© á»\u{9f} Huáº¿</t>", false, "Lũ ở Huế");
        check("<t>caf&#195;&#169;</t>", false, "café");
        check("<t>it&#146;s</t>", false, "it’s");
    }
}
