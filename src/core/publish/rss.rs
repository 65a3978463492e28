//! RSS 2.0 with `content:encoded`, `dc:creator`, `atom:link`, `georss:point` and, from a second enclosure on,
//! `media:content`.

use std::collections::BTreeMap;

use ::rss::extension::dublincore::DublinCoreExtension;
use ::rss::extension::{Extension, ExtensionMap};
use ::rss::{Category, Channel, Guid, Item, Source};

use crate::core::model::{Enclosure, EntryView, FeedView, Point};

use super::xml;

/// The document. An element RSS has no room for (`updated`, a language of an entry's own) is left out.
pub fn rss(view: &FeedView) -> Vec<u8> {
    let channel = Channel {
        title: xml::one_line(&view.title),
        link: xml::clean(&view.page_url).into_owned(),
        description: description(view),
        language: xml::language_tag(&view.language).map(str::to_owned),
        last_build_date: Some(view.updated_at.http_date()),
        generator: Some(format!("langbao {}", view.generator_version)),
        items: view.entries.iter().map(|entry| item(view, entry)).collect(),
        extensions: atom_links(page_links(view)),
        namespaces: namespaces(view),
        ..Channel::default()
    };
    channel
        .write_to(Vec::new())
        .expect("writing into memory fails for no string")
}

fn description(view: &FeedView) -> String {
    let subtitle = xml::one_line(&view.subtitle);
    if subtitle.is_empty() {
        xml::one_line(&view.title)
    } else {
        subtitle
    }
}

fn namespaces(view: &FeedView) -> BTreeMap<String, String> {
    let mut namespaces =
        BTreeMap::from([("atom".to_owned(), "http://www.w3.org/2005/Atom".to_owned())]);
    if view.entries.iter().any(|entry| files(entry).count() > 1) {
        namespaces.insert(
            "media".to_owned(),
            "http://search.yahoo.com/mrss/".to_owned(),
        );
    }
    if xml::has_points(view) {
        namespaces.insert("georss".to_owned(), xml::GEORSS.to_owned());
    }
    namespaces
}

fn page_links(view: &FeedView) -> Vec<Extension> {
    let page = |rel: &str, url: &str| {
        atom_link(&[("rel", rel), ("type", "application/rss+xml"), ("href", url)])
    };
    let mut links = vec![page("self", &view.self_url)];
    links.extend(view.first_url.as_deref().map(|url| page("first", url)));
    links.extend(view.next_url.as_deref().map(|url| page("next", url)));
    links
}

fn item(view: &FeedView, entry: &EntryView) -> Item {
    let copies = entry.copies.iter().filter_map(|copy| {
        let url = xml::web_address(&copy.url)?;
        let title = xml::one_line(&copy.source_title);
        Some(atom_link(&[
            ("rel", "related"),
            ("title", &title),
            ("href", url),
        ]))
    });
    let mut extensions = atom_links(copies.collect());
    extensions.extend(further_files(entry));
    extensions.extend(entry.point.map(point));
    Item {
        title: Some(xml::one_line(&entry.title)),
        link: entry
            .url
            .as_deref()
            .and_then(xml::web_address)
            .map(str::to_owned),
        description: entry.summary.as_deref().map(clean),
        content: entry.content.as_deref().map(clean),
        categories: xml::categories(entry, &view.schemes_url)
            .map(|(domain, tag)| Category {
                name: clean(&tag.term),
                domain: Some(clean(&domain)),
            })
            .collect(),
        enclosure: files(entry).next().map(enclosure),
        guid: Some(Guid {
            value: clean(&entry.id),
            permalink: false,
        }),
        pub_date: Some(entry.published_at.http_date()),
        source: Some(Source {
            url: clean(&entry.source.id),
            title: Some(xml::one_line(&entry.source.title)),
        }),
        dublin_core_ext: Some(DublinCoreExtension {
            creators: xml::authors(entry)
                .iter()
                .map(|name| spaced(name))
                .collect(),
            ..DublinCoreExtension::default()
        }),
        extensions,
        ..Item::default()
    }
}

/// Blanks around an e-mail address in a name: feed-rs 3.0.0 panics on a multi-byte character right beside one.
fn spaced(name: &str) -> String {
    let mut spaced = String::with_capacity(name.len());
    for word in name.split_inclusive(' ') {
        let mut before: Option<char> = None;
        for c in word.chars() {
            let border = before.is_some_and(|before| before.is_ascii() != c.is_ascii());
            if border && word.contains('@') {
                spaced.push(' ');
            }
            spaced.push(c);
            before = Some(c);
        }
    }
    spaced
}

fn files(entry: &EntryView) -> impl Iterator<Item = &Enclosure> {
    entry
        .enclosures
        .iter()
        .filter(|file| xml::web_address(&file.url).is_some())
}

/// RSS demands a length and a type: 0 and the type of any bytes stand for what is not known.
fn enclosure(file: &Enclosure) -> ::rss::Enclosure {
    ::rss::Enclosure {
        url: clean(&file.url),
        length: file.bytes.unwrap_or(0).to_string(),
        mime_type: media_type(file)
            .unwrap_or("application/octet-stream")
            .to_owned(),
    }
}

/// Readers take one enclosure of an item (and many break on a second): the others travel as Media RSS.
fn further_files(entry: &EntryView) -> Option<(String, BTreeMap<String, Vec<Extension>>)> {
    let contents: Vec<Extension> = files(entry)
        .skip(1)
        .map(|file| {
            let bytes = file.bytes.map(|bytes| bytes.to_string());
            let mut attrs = vec![("url", file.url.as_str())];
            attrs.extend(media_type(file).map(|kind| ("type", kind)));
            attrs.extend(bytes.as_deref().map(|bytes| ("fileSize", bytes)));
            extension("media:content", &attrs)
        })
        .collect();
    (!contents.is_empty()).then(|| {
        (
            "media".to_owned(),
            BTreeMap::from([("content".to_owned(), contents)]),
        )
    })
}

fn point(point: Point) -> (String, BTreeMap<String, Vec<Extension>>) {
    let point = Extension {
        value: Some(point.to_string()),
        ..extension("georss:point", &[])
    };
    (
        "georss".to_owned(),
        BTreeMap::from([("point".to_owned(), vec![point])]),
    )
}

fn media_type(file: &Enclosure) -> Option<&str> {
    file.media_type.as_deref().and_then(xml::media_type)
}

fn atom_links(links: Vec<Extension>) -> ExtensionMap {
    if links.is_empty() {
        return ExtensionMap::new();
    }
    BTreeMap::from([(
        "atom".to_owned(),
        BTreeMap::from([("link".to_owned(), links)]),
    )])
}

fn atom_link(attrs: &[(&str, &str)]) -> Extension {
    extension("atom:link", attrs)
}

fn extension(name: &str, attrs: &[(&str, &str)]) -> Extension {
    Extension {
        name: name.to_owned(),
        attrs: attrs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), clean(value)))
            .collect(),
        ..Extension::default()
    }
}

fn clean(raw: &str) -> String {
    xml::clean(raw).into_owned()
}
