//! A guarded item written anew as the small, sound document that feed-rs reads without risk.
//!
//! One document an item: what feed-rs refuses or panics on costs that item alone. Names, versions and
//! namespaces are those feed-rs knows. People and durations are left out: feed-rs panics on some of them, and
//! people are read by [`super::item`].

use super::guard::{Child, Element, local, namespaces};
use super::markup::{escape, html, is_attribute_name};

/// Of one mended item; what does not fit is left out.
const MENDED_BYTES_MAX: usize = 1024 * 1024;

/// A whole document around one item.
pub(super) fn document(item: &Element, is_atom: bool) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    out.push_str(if is_atom {
        "<feed xmlns=\"http://www.w3.org/2005/Atom\""
    } else {
        "<rss version=\"2.0\""
    });
    for (prefix, uri) in namespaces() {
        out.push_str(&format!(" xmlns:{prefix}=\"{uri}\""));
    }
    out.push_str(if is_atom {
        "><entry>"
    } else {
        "><channel><item>"
    });
    for field in item.elements() {
        write_field(field, is_atom, &mut out);
    }
    out.push_str(if is_atom {
        "</entry></feed>"
    } else {
        "</item></channel></rss>"
    });
    out
}

fn write_field(field: &Element, is_atom: bool, out: &mut String) {
    let name = match (field.name.as_str(), is_atom) {
        ("pubdate", false) => "pubDate",
        ("modified" | "lastbuilddate", _) => "updated",
        ("issued" | "created", true) => "published",
        ("copyright", true) => "rights",
        (
            "title" | "link" | "guid" | "id" | "category" | "description" | "enclosure" | "summary"
            | "content" | "updated" | "published" | "content:encoded",
            _,
        ) => field.name.as_str(),
        (other, _) if is_extension(other) => return write_extension(field, out),
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
    if words.is_empty() && is_text || out.len() + words.len() > MENDED_BYTES_MAX {
        return;
    }
    out.push('<');
    out.push_str(name);
    if is_text && is_atom {
        out.push_str(" type=\"html\"");
    } else if !is_text {
        write_attributes(field, out);
    }
    out.push('>');
    out.push_str(&escape(words.trim()));
    out.push_str(&format!("</{name}>"));
}

fn is_extension(name: &str) -> bool {
    ["media:", "itunes:", "podcast:"].iter().any(|prefix| name.starts_with(prefix))
        // Durations and times of captions are numbers that feed-rs multiplies unchecked.
        && !matches!(
            name,
            "itunes:duration" | "itunes:author" | "itunes:owner" | "media:text" | "media:credit"
        )
}

fn write_extension(element: &Element, out: &mut String) {
    if out.len() > MENDED_BYTES_MAX {
        return;
    }
    out.push_str(&format!("<{}", element.name));
    write_attributes(element, out);
    out.push('>');
    for child in &element.children {
        match child {
            Child::Text(text) => out.push_str(&escape(text)),
            Child::Element(inner) if is_extension(&inner.name) => write_extension(inner, out),
            Child::Element(_) => {}
        }
    }
    out.push_str(&format!("</{}>", element.name));
}

fn write_attributes(element: &Element, out: &mut String) {
    for (key, value) in &element.attributes {
        if is_attribute_name(key) && !matches!(local(key), "duration" | "start" | "end") {
            out.push_str(&format!(" {key}=\"{}\"", escape(value)));
        }
    }
}
