//! References in text and attributes: what `&…;` stands for.

use super::{ENTITIES_MAX, ENTITY_BYTES_MAX, EXPANSION_BYTES_MAX};
use crate::core::parse::charset::is_legal;

/// The longest name of an HTML entity is 31 bytes.
const NAME_BYTES_MAX: usize = 40;

/// What the document itself declares, and how much of it may still be written out.
#[derive(Default)]
pub(super) struct Entities {
    declared: Vec<(String, String)>,
    expanded_bytes: usize,
}

impl Entities {
    /// Takes the plain entities from a document type; one that refers to others is left out.
    pub(super) fn declare(&mut self, doctype: &str) {
        for part in doctype.split("<!ENTITY").skip(1) {
            let Some((name, value)) = declaration(part) else {
                continue;
            };
            if self.declared.len() < ENTITIES_MAX {
                self.declared.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    /// `raw` with each reference that means something replaced; every other `&` stands for itself.
    pub(super) fn decode(&mut self, raw: &str, out: &mut String) {
        out.reserve(raw.len());
        let mut rest = raw;
        while let Some(at) = rest.find('&') {
            out.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            let end = rest.bytes().take(NAME_BYTES_MAX).position(|b| {
                !(b.is_ascii_alphanumeric() || matches!(b, b'#' | b'_' | b'-' | b'.'))
            });
            match end {
                Some(end) if rest.as_bytes()[end] == b';' && self.resolve(&rest[..end], out) => {
                    rest = &rest[end + 1..];
                }
                _ => out.push('&'),
            }
        }
        out.push_str(rest);
    }

    fn resolve(&mut self, name: &str, out: &mut String) -> bool {
        if let Some(number) = name.strip_prefix('#') {
            return match character(number) {
                Some(c) => {
                    if is_legal(c) {
                        out.push(c);
                    }
                    true
                }
                None => false,
            };
        }
        if let Some((_, value)) = self.declared.iter().find(|(own, _)| own == name) {
            self.expanded_bytes = self.expanded_bytes.saturating_add(value.len());
            if self.expanded_bytes <= EXPANSION_BYTES_MAX {
                out.push_str(value);
            }
            return true;
        }
        let value = match name {
            // By far the most frequent; the others are sought among two thousand.
            "lt" => Some("<"),
            "gt" => Some(">"),
            "amp" => Some("&"),
            "quot" => Some("\""),
            "apos" => Some("'"),
            "nbsp" => Some("\u{a0}"),
            _ => quick_xml::escape::resolve_html5_entity(name),
        };
        if let Some(value) = value {
            out.push_str(value);
        }
        value.is_some()
    }
}

fn character(number: &str) -> Option<char> {
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    char::from_u32(code)
}

fn declaration(part: &str) -> Option<(&str, &str)> {
    let (name, rest) = part.trim_start().split_once(char::is_whitespace)?;
    let rest = rest.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (value, _) = rest[1..].split_once(quote)?;
    let plain = value.len() <= ENTITY_BYTES_MAX && !value.contains(['&', '%', '<']);
    (plain && !name.is_empty() && name.len() <= NAME_BYTES_MAX).then_some((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(raw: &str, expected: &str) {
        let mut out = String::new();
        let mut entities = Entities::default();
        entities.declare("<!DOCTYPE rss [<!ENTITY toa \"Toà soạn\"><!ENTITY lol '&toa;&toa;'>]>");
        entities.decode(raw, &mut out);
        assert_eq!(out, expected);
    }

    #[test]
    fn what_means_something_is_replaced_and_the_rest_stands() {
        check("R&D & Tom&Jerry; A&amp;B", "R&D & Tom&Jerry; A&B");
        check("&eacute;&nbsp;&#7897;&#x1ED9;&#X41;", "é\u{a0}ộộA");
        check("&toa; &lol; &", "Toà soạn &lol; &");
        check(
            "&#0;&#xFFFFFFFF;&#99999999999;&#xd800;",
            "&#xFFFFFFFF;&#99999999999;&#xd800;",
        );
        check("&amp;lt;b&amp;gt;", "&lt;b&gt;");
    }

    #[test]
    fn expansion_ends_at_its_bound() {
        let mut entities = Entities::default();
        entities.declare(&format!("<!ENTITY a \"{}\">", "x".repeat(500)));
        let mut out = String::new();
        entities.decode(&"&a;".repeat(100_000), &mut out);
        assert!(out.len() <= EXPANSION_BYTES_MAX);
    }
}
