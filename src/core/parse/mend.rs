//! Guarded items written anew as the small, sound document that feed-rs reads without risk.
//!
//! Names, versions and namespaces are those feed-rs knows. People, dates and durations are left out: feed-rs
//! panics on some of them, and [`super::item`] reads them; so are texts that it has read already.

use super::guard::{Child, Element, local, namespaces};
use super::item::Place;
use super::markup::{escape, html, is_attribute_name};
use crate::core::model::ParsedItem;

/// Of one mended item; what does not fit is left out.
const MENDED_BYTES_MAX: usize = 1024 * 1024;

/// A whole document around `elements`, of which `items` is what they were read as.
pub(super) fn document(elements: &[&Element], items: &[ParsedItem], place: &Place) -> String {
    let is_atom = place.is_atom;
    let (open, item, close) = if is_atom {
        (
            "<feed xmlns=\"http://www.w3.org/2005/Atom\"",
            "entry",
            "</feed>",
        )
    } else {
        ("<rss version=\"2.0\"", "item", "</channel></rss>")
    };
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    out.push_str(open);
    for (prefix, uri) in namespaces() {
        put(&mut out, &[" xmlns:", prefix, "=\"", uri, "\""]);
    }
    out.push_str(if is_atom { ">" } else { "><channel>" });
    for (element, read) in elements.iter().zip(items) {
        put(&mut out, &["<", item]);
        match read.base.as_deref() {
            Some(base) if base != place.base && url::Url::parse(base).is_ok() => {
                put(&mut out, &[" xml:base=\"", &escape(base), "\""]);
            }
            _ => {}
        }
        out.push('>');
        let has_text = read.summary.is_some() || read.content.is_some();
        let bytes_max = out.len() + MENDED_BYTES_MAX;
        for field in element.elements() {
            write_field(field, is_atom, has_text, bytes_max, &mut out);
        }
        put(&mut out, &["</", item, ">"]);
    }
    out.push_str(close);
    out
}

fn put(out: &mut String, parts: &[&str]) {
    for part in parts {
        out.push_str(part);
    }
}

fn write_field(field: &Element, is_atom: bool, has_text: bool, bytes_max: usize, out: &mut String) {
    let name = match (field.name.as_str(), is_atom) {
        ("copyright", true) => "rights",
        ("description" | "summary" | "content" | "content:encoded", _) if has_text => return,
        (
            "title" | "link" | "guid" | "id" | "category" | "description" | "enclosure" | "summary"
            | "content" | "content:encoded",
            _,
        ) => field.name.as_str(),
        (other, _) if is_extension(other) => return write_extension(field, bytes_max, out),
        _ => return,
    };
    let is_text = matches!(
        name,
        "title" | "description" | "summary" | "content" | "content:encoded"
    );
    let words = if is_text {
        html(field, is_atom).unwrap_or_default()
    } else {
        field.text()
    };
    // An empty text field fails the whole document.
    if words.is_empty() && is_text || out.len() + words.len() > bytes_max {
        return;
    }
    put(out, &["<", name]);
    if is_text && is_atom {
        out.push_str(" type=\"html\"");
    } else if !is_text {
        write_attributes(field, out);
    }
    put(out, &[">", &escape(words.trim()), "</", name, ">"]);
}

fn is_extension(name: &str) -> bool {
    ["media:", "itunes:", "podcast:"].iter().any(|prefix| name.starts_with(prefix))
        // Durations and times of captions are numbers that feed-rs multiplies unchecked.
        && !matches!(
            name,
            "itunes:duration" | "itunes:author" | "itunes:owner" | "media:text" | "media:credit"
        )
}

fn write_extension(element: &Element, bytes_max: usize, out: &mut String) {
    if out.len() > bytes_max {
        return;
    }
    put(out, &["<", &element.name]);
    write_attributes(element, out);
    out.push('>');
    for child in &element.children {
        match child {
            Child::Text(text) => out.push_str(&escape(text)),
            Child::Element(inner) if is_extension(&inner.name) => {
                write_extension(inner, bytes_max, out)
            }
            Child::Element(_) => {}
        }
    }
    put(out, &["</", &element.name, ">"]);
}

fn write_attributes(element: &Element, out: &mut String) {
    for (key, value) in &element.attributes {
        if is_attribute_name(key) && !matches!(local(key), "duration" | "start" | "end") {
            put(out, &[" ", key, "=\"", &escape(value), "\""]);
        }
    }
}
