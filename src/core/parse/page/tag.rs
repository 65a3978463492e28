//! One tag of a page, read as the HTML standard's tokenizer reads it, and what its name means.

/// Attributes of one tag that are kept, and the bytes of one value; a longer one is an image in the text.
const ATTRIBUTES_MAX: usize = 48;
const VALUE_BYTES_MAX: usize = 8 * 1024;
const NAME_BYTES_MAX: usize = 64;

/// A start tag; values hold character references as written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tag<'a> {
    /// In lower case; empty when it is no name.
    pub(super) name: String,
    attributes: Vec<(String, &'a str)>,
}

impl<'a> Tag<'a> {
    pub(super) fn attribute(&self, name: &str) -> Option<&'a str> {
        let mut named = self.attributes.iter().filter(|(known, _)| known == name);
        named.next().map(|(_, value)| *value)
    }

    pub(super) fn write(&self, out: &mut String) {
        out.push('<');
        out.push_str(&self.name);
        for (name, value) in &self.attributes {
            out.push(' ');
            out.push_str(name);
            out.push_str("=\"");
            if value.contains('"') {
                out.push_str(&value.replace('"', "&quot;"));
            } else {
                out.push_str(value);
            }
            out.push('"');
        }
        out.push('>');
    }
}

fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\n' | b'\r' | 0x0c)
}

fn name_of(raw: &str) -> String {
    let is_name = raw.len() <= NAME_BYTES_MAX
        && raw
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':' | b'.'));
    if is_name {
        raw.to_ascii_lowercase()
    } else {
        String::new()
    }
}

/// The tag that `text`, which follows a `<`, begins with, and its length; none when it never ends.
pub(super) fn start(text: &str) -> Option<(Tag<'_>, usize)> {
    let bytes = text.as_bytes();
    let find = |from: usize, ends: &dyn Fn(u8) -> bool| {
        bytes[from..]
            .iter()
            .position(|b| ends(*b))
            .map(|at| from + at)
    };
    let mut at = find(0, &|b| is_space(b) || matches!(b, b'/' | b'>'))?;
    let mut tag = Tag {
        name: name_of(&text[..at]),
        attributes: Vec::new(),
    };
    loop {
        at = find(at, &|b| !is_space(b) && b != b'/')?;
        if bytes[at] == b'>' {
            return Some((tag, at + 1));
        }
        // The first character belongs to the name even when it is `=`.
        let name_end = find(at + 1, &|b| is_space(b) || matches!(b, b'/' | b'>' | b'='))?;
        let name = text.get(at..name_end).unwrap_or("");
        let sign = find(name_end, &|b| !is_space(b))?;
        let mut value = "";
        at = name_end;
        if bytes[sign] == b'=' {
            let from = find(sign + 1, &|b| !is_space(b))?;
            (value, at) = match bytes[from] {
                quote @ (b'"' | b'\'') => {
                    let end = find(from + 1, &|b| b == quote)?;
                    (&text[from + 1..end], end + 1)
                }
                b'>' => ("", from),
                _ => {
                    let end = find(from, &|b| is_space(b) || b == b'>')?;
                    (&text[from..end], end)
                }
            };
        }
        put(&mut tag.attributes, name, value);
    }
}

fn put<'a>(attributes: &mut Vec<(String, &'a str)>, name: &str, value: &'a str) {
    if attributes.len() >= ATTRIBUTES_MAX {
        return;
    }
    let name = name_of(name);
    let is_of_use = !name.is_empty() && name != "style" && !name.starts_with("on");
    if is_of_use && !attributes.iter().any(|(known, _)| *known == name) {
        let is_short = value.len() <= VALUE_BYTES_MAX;
        attributes.push((name, if is_short { value } else { "" }));
    }
}

/// The name of the end tag that `text`, which follows a `</`, begins with, and its length.
pub(super) fn end(text: &str) -> (String, usize) {
    let len = text.find('>').map_or(text.len(), |gt| gt + 1);
    let name_len = text
        .bytes()
        .position(|b| is_space(b) || matches!(b, b'/' | b'>'))
        .unwrap_or(text.len());
    (name_of(&text[..name_len]), len)
}

/// How long the text of a raw element is, and how long with its end tag; all there is when it has none.
pub(super) fn raw_len(text: &str, name: &str) -> (usize, usize) {
    for (at, _) in text.match_indices("</") {
        let rest = &text.as_bytes()[at + 2..];
        let is_end = rest.len() >= name.len()
            && rest[..name.len()].eq_ignore_ascii_case(name.as_bytes())
            && rest
                .get(name.len())
                .is_none_or(|b| is_space(*b) || matches!(b, b'/' | b'>'));
        if is_end {
            let close = text[at..].find('>').map_or(text.len(), |gt| at + gt + 1);
            return (at, close);
        }
    }
    (text.len(), text.len())
}

/// Elements that hold nothing for a reader; the tag alone goes where they never end.
pub(super) fn is_skipped(name: &str) -> bool {
    matches!(
        name,
        "svg" | "math" | "select" | "template" | "object" | "canvas"
    )
}

/// Elements whose text is not markup.
pub(super) fn is_raw(name: &str) -> bool {
    matches!(
        name,
        "script"
            | "style"
            | "title"
            | "textarea"
            | "xmp"
            | "iframe"
            | "noembed"
            | "noframes"
            | "noscript"
    )
}

pub(super) fn is_void(name: &str) -> bool {
    matches!(
        name,
        "area"
            | "base"
            | "basefont"
            | "bgsound"
            | "br"
            | "col"
            | "embed"
            | "hr"
            | "img"
            | "input"
            | "keygen"
            | "link"
            | "meta"
            | "param"
            | "source"
            | "track"
            | "wbr"
    )
}

/// Elements that stand on lines of their own: they end a paragraph, and words do not run over their edges.
pub(in crate::core::parse) fn is_block(name: &str) -> bool {
    matches!(
        name,
        "address"
            | "article"
            | "aside"
            | "blockquote"
            | "body"
            | "center"
            | "dd"
            | "details"
            | "dialog"
            | "div"
            | "dl"
            | "dt"
            | "fieldset"
            | "figcaption"
            | "figure"
            | "footer"
            | "form"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "header"
            | "hgroup"
            | "hr"
            | "li"
            | "main"
            | "menu"
            | "nav"
            | "ol"
            | "p"
            | "pre"
            | "section"
            | "summary"
            | "table"
            | "tbody"
            | "td"
            | "tfoot"
            | "th"
            | "thead"
            | "tr"
            | "ul"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, name: &str, attributes: &[(&str, &str)], len: usize) {
        let (tag, read) = start(text).unwrap();
        let found: Vec<(&str, &str)> = tag
            .attributes
            .iter()
            .map(|(name, value)| (name.as_str(), *value))
            .collect();
        assert_eq!(
            (tag.name.as_str(), found.as_slice(), read),
            (name, attributes, len)
        );
    }

    #[test]
    fn tags_are_read_as_browsers_read_them() {
        check("A HREF=/x>y", "a", &[("href", "/x")], 10);
        check(
            "a href = \"x>y\" b>",
            "a",
            &[("href", "x>y"), ("b", "")],
            17,
        );
        check("img src='a'/>", "img", &[("src", "a")], 13);
        check("p a=1a=2 a=3>", "p", &[("a", "1a=2")], 13);
        check("p =x=y>", "p", &[], 7);
        check("br/>", "br", &[], 4);
        check("p <b c=>", "p", &[("c", "")], 8);
        assert_eq!(start("p a=\"x>"), None);
    }

    #[test]
    fn raw_text_ends_at_its_own_end_tag() {
        assert_eq!(raw_len("a</b></SCRIPT >x", "script"), (5, 15));
        assert_eq!(raw_len("a</scripts>", "script"), (11, 11));
    }
}
